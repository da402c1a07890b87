"""Gemini: speech as events of Base64, transcripts of files, and the Live API, by the Gemini API.

Judged by the vendor's client: google-genai 3.6.1 spoke and had a file transcribed (2026-11-30). A test has it heard by the Live API.
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

from tests.vendors.server import Hearing, Line, Route, socket, web

from callwright.media.wav import read_wav

_VOICES = ("Kore", "Puck")
_MODALITIES = {"gemini-3.5-transcribe-live": "TEXT", "gemini-2.5-flash-native-audio-preview-12-2025": "AUDIO"}
"""The models of the Live API, and how each answers."""
_LONGEST_REASON = 123
LEAVING = "canary-vendor-asks-to-reconnect"
"""With this key, the first session is told to go after its first utterance that is final."""
LEAVING_UNHEARD = "canary-vendor-asks-to-reconnect-in-mid-speech"
"""With this key, the first session is told to go in place of its first words."""
TOO_OLD = "canary-vendor-ends-a-session-in-mid-speech"
"""With this key, the first session ends behind its first words so far."""
WRONG = "canary-vendor-wrong-key"
LATE_WORDS = "canary-vendor-tells-words-twice"
"""With this key, the words so far of an utterance are told once more behind its final words, as seen of the real one."""
_STANDARD = str.maketrans("-_", "+/")


async def _content(line: Line) -> Any:
    asked = await line.request.json()
    part = asked["contents"][0]["parts"][0]
    if line.request.match_info["model"].endswith(":generateContent"):
        return await _transcription(line, asked, part["inlineData"])
    line.visit.messages.append({**asked, "text": part["text"]})
    config = asked["generationConfig"]
    assert config["responseModalities"] == ["AUDIO"], "a voice"
    if config["speechConfig"]["voiceConfig"]["prebuiltVoiceConfig"]["voiceName"] not in _VOICES:
        return web.json_response({"error": {"code": 400, "status": "INVALID_ARGUMENT"}}, status=400)
    words = part["text"].removesuffix('"').rpartition('"')[2]
    return await line.stream(_events(line.encoded_pieces(words, 24_000)), "text/event-stream")


async def _transcription(line: Line, asked: dict[str, Any], audio: dict[str, str]) -> Any:
    line.visit.messages.append({"instruction": asked["systemInstruction"]["parts"][0]["text"]})
    # The vendor takes both spellings, and both alphabets of Base64. Its own client writes the second of each.
    assert (audio.get("mimeType") or audio["mime_type"]) == "audio/wav", "a file"
    file = read_wav(base64.b64decode(audio["data"].translate(_STANDARD)))
    return await line.words(
        file.channel(0), lambda text: {"candidates": [{"content": {"parts": [{"text": text or "-"}]}}]}
    )


async def _events(pieces: AsyncIterator[str]) -> AsyncIterator[bytes]:
    async for piece in pieces:
        data = {"inlineData": {"mimeType": "audio/L16;codec=pcm;rate=24000", "data": piece}}
        yield f"data: {json.dumps({'candidates': [{'content': {'parts': [data]}}]})}\n\n".encode()
    last = {"candidates": [{"finishReason": "STOP"}], "usageMetadata": {"totalTokenCount": 9}}
    yield f"data: {json.dumps(last)}\n\n".encode()


async def _live(line: Line) -> None:
    """A session: a setup, then audio. What it sends is JSON in binary messages."""
    messages = line.objects()
    setup = (await anext(messages))["setup"]
    refused = _refusal(line.visit.key, setup)
    if refused:
        code, reason = refused
        await line.close(code, reason[:_LONGEST_REASON])
        return
    await line.send(_packed({"setupComplete": {}}))
    session = _Session(line, "interim" if "transcribe" in setup["model"] else "deltas")
    async for asked in messages:
        told = asked.get("realtimeInput") or asked["realtime_input"]
        if told.get("audioStreamEnd") or told.get("audio_stream_end"):
            await session.hearing.finish()
            continue
        audio = told["audio"]
        assert (audio.get("mimeType") or audio["mime_type"]) == "audio/pcm;rate=16000", "what the API takes"
        # What was said is kept, not how it sounded.
        line.visit.messages.pop()
        await session.hearing.feed(base64.b64decode(audio["data"].translate(_STANDARD)))


def _refusal(key: str, setup: dict[str, Any]) -> tuple[int, str] | None:
    """Code and reason of the closing by which the API refuses a session."""
    if key == WRONG:
        return 1007, "API key not valid. Please pass a valid API key."
    name = setup["model"].removeprefix("models/")
    if name not in _MODALITIES:
        return 1008, f"models/{name} is not found for API version v1beta, or is not supported for bidiGenerateContent."
    if setup["generationConfig"]["responseModalities"] != [_MODALITIES[name]]:
        return 1007, "Request contains an invalid argument."
    return None


class _Session:
    """Tells words so far and final words (``interim``), or pieces of them and then its own answer (``deltas``)."""

    def __init__(self, line: Line, manner: str) -> None:
        self._line = line
        self._report = getattr(self, f"_{manner}")
        self._told = ""
        self._visits = line.place.visits if line.place else []
        self.hearing = Hearing(line, self._heard, 16_000)

    async def _heard(self, final: bool) -> None:
        ends_as = self._line.visit.key if len(self._visits) == 1 else ""
        if ends_as != LEAVING_UNHEARD:
            await self._report(self.hearing.ear.text, final)
        if ends_as == LEAVING_UNHEARD or (final and ends_as == LEAVING):
            await self._line.send(_packed({"goAway": {"timeLeft": "60s"}}))
        if ends_as == TOO_OLD:
            await self._line.close(1008, "Session duration limit reached.")

    async def _interim(self, text: str, final: bool) -> None:
        if not final:
            await self._tell(interimInputTranscription={"text": text.strip()})
            return
        await self._tell(inputTranscription={"text": text.strip(), "languageCode": "en"})
        if self._line.visit.key == LATE_WORDS:
            await self._tell(interimInputTranscription={"text": text.strip().lower() + ","})
        await self._tell(generationComplete=True)

    async def _deltas(self, text: str, final: bool) -> None:
        piece, self._told = text.removeprefix(self._told), "" if final else text
        if piece.strip():
            await self._tell(inputTranscription={"text": piece})
        if final:
            sound = {"mimeType": "audio/pcm;rate=24000", "data": base64.b64encode(bytes(960)).decode()}
            await self._tell(modelTurn={"parts": [{"inlineData": sound}]})
            await self._tell(generationComplete=True)
            usage = {"promptTokenCount": 90, "responseTokenCount": 1, "totalTokenCount": 91}
            await self._line.send(_packed({"serverContent": {"turnComplete": True}, "usageMetadata": usage}))

    async def _tell(self, **content: Any) -> None:
        await self._line.send(_packed({"serverContent": content}))


def _packed(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode()


ROUTES = (
    Route("POST", "/v1beta/models/{model}", _content),
    # Its client asks for v1, its documentation for v1beta.
    socket("/ws/google.ai.generativelanguage.{version}.GenerativeService.BidiGenerateContent", _live),
)
