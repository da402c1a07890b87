"""Gemini: speech as events of Base64, and transcripts of files, by the Gemini API.

Judged by the vendor's client: google-genai 3.6.1 spoke and had a file transcribed (2026-11-30).
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

from tests.vendors.server import Line, Route, web

from callwright.media.wav import read_wav

_VOICES = ("Kore", "Puck")
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


ROUTES = (Route("POST", "/v1beta/models/{model}", _content),)
