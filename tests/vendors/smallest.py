"""Smallest: Pulse and Lightning over websockets, the list of voices."""

from __future__ import annotations

import json
from typing import Any

from tests.vendors.server import Hearing, Line, Route, socket, web


async def _pulse(line: Line) -> None:
    async def report(final: bool) -> None:
        ear = hearing.ear
        await line.send(
            {
                "type": "transcription",
                "session_id": "s-1",
                "transcript": ear.text.strip(),
                "is_final": final,
                "is_last": False,
                "speech_final": final,
                "language": "en",
                "words": ear.words(),
            }
        )

    hearing = Hearing(line, report)
    async for message in line:
        if isinstance(message, bytes):
            await hearing.feed(message)
            continue
        line.visit.messages.append(json.loads(message))
        kind = line.visit.messages[-1]["type"]
        if kind == "finalize":
            await hearing.finish()
        if kind == "close_stream":
            await line.send({"session_id": "s-1", "transcript": "", "is_final": True, "is_last": True})
            return


async def _lightning(line: Line) -> None:
    text = ""
    async for asked in line.objects():
        text += asked.get("text", "")
        if asked.get("continue") or not text.strip():
            continue
        said, text = text.strip(), ""
        async for piece in line.encoded_pieces(said):
            await line.send({"request_id": "r-1", "status": "chunk", "data": {"audio": piece}})
        await line.send({"request_id": "r-1", "status": "complete", "message": "all chunks sent", "done": True})


async def _voices(_line: Line) -> Any:
    sophia = {
        "voiceId": "sophia",
        "displayName": "Sophia",
        "tags": {"language": ["english", "hindi"], "accent": "american", "gender": "female", "age": "young"},
    }
    return web.json_response({"voices": [sophia]})


ROUTES = (
    socket("/waves/v1/stt/live", _pulse),
    socket("/waves/v1/{model}/get_text", _pulse),
    socket("/waves/v1/tts/live", _lightning),
    Route("GET", "/waves/v1/{model}/get_voices", _voices, quiet=True),
)
