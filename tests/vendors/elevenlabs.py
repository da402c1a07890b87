"""ElevenLabs: Scribe over a websocket, speech over one with contexts, the list of voices.

Judged by the vendor's client: elevenlabs 2.78.0 heard through Scribe and read the list; it has no client for contexts (2026-11-29).
"""

from __future__ import annotations

import base64
from typing import Any

from tests.vendors.server import Hearing, Line, Route, socket, web


async def _scribe(line: Line) -> None:
    async def report(final: bool) -> None:
        text = hearing.ear.text.strip()
        if not final:
            await line.send({"message_type": "partial_transcript", "text": text})
            return
        words = [{"text": w["punctuated_word"], "start": w["start"], "end": w["end"]} for w in hearing.ear.words()]
        await line.send({"message_type": "committed_transcript", "text": text})
        if "include_timestamps" in line.visit.query or "include_language_detection" in line.visit.query:
            kind = "committed_transcript_with_timestamps"
            await line.send({"message_type": kind, "text": text, "words": words, "language_code": "en"})

    await line.send({"message_type": "session_started", "session_id": "s-1", "config": {}})
    hearing = Hearing(line, report)
    async for asked in line.objects():
        line.visit.messages.pop()
        await hearing.feed(base64.b64decode(asked["audio_base_64"]))
        if asked["commit"]:
            await hearing.finish()


async def _contexts(line: Line) -> None:
    pending: dict[str, str] = {}

    async def speak(context: str, text: str) -> None:
        first = True
        async for piece in line.encoded_pieces(text):
            answer: dict[str, Any] = {"contextId": context, "audio": piece, "isFinal": False}
            if first:
                answer["normalizedAlignment"] = {
                    "chars": [*text, " "],
                    "charStartTimesMs": [60 * place for place in range(len(text) + 1)],
                    "charDurationsMs": [60] * (len(text) + 1),
                }
            first = False
            await line.send(answer)

    async for asked in line.objects():
        context = str(asked.get("context_id", ""))
        if asked.get("close_context") or asked.get("close_socket"):
            await line.send({"contextId": context, "isFinal": True})
            continue
        pending[context] = pending.get(context, "") + asked.get("text", "")
        if asked.get("flush") and pending[context].strip():
            await speak(context, pending.pop(context).strip())


_RACHEL = {
    "voice_id": "21m00Tcm4TlvDq8ikWAM",
    "name": "Rachel",
    "category": "premade",
    "labels": {"accent": "american", "gender": "female", "age": "young", "use_case": "narration"},
    "preview_url": "https://example.org/rachel.mp3",
    "verified_languages": [{"language": "en", "model_id": "eleven_flash_v2_5"}, {"language": "hi"}],
}
_SHARED = {**_RACHEL, "voice_id": "shared-1", "name": "Ferry", "category": "professional"}
"""Of the vendor's public library: no account's list has it."""


async def _voices(line: Line) -> Any:
    page = line.visit.query.get("next_page_token")
    mine = {**_RACHEL, "voice_id": "own-1", "name": "Front desk", "category": "cloned", "verified_languages": []}
    if page:
        return web.json_response({"voices": [mine], "has_more": False, "next_page_token": None})
    return web.json_response({"voices": [_RACHEL], "has_more": True, "next_page_token": "2"})


async def _voice(line: Line) -> Any:
    known = {str(voice["voice_id"]): voice for voice in (_RACHEL, _SHARED)}
    found = known.get(line.request.match_info["voice"])
    if found is None:
        return web.json_response({"detail": {"status": "voice_not_found"}}, status=404)
    return web.json_response(found)


ROUTES = (
    socket("/v1/speech-to-text/realtime", _scribe),
    socket("/v1/text-to-speech/{voice}/multi-stream-input", _contexts),
    Route("GET", "/v2/voices", _voices, quiet=True),
    Route("GET", "/v1/voices/{voice}", _voice, quiet=True),
)
