"""Maya Research: speech over HTTP."""

from __future__ import annotations

from typing import Any

from tests.vendors.server import Line, Route, web

_VOICES = ("Ananya", "Arjun")


async def _speech(line: Line) -> Any:
    asked = await line.request.json()
    line.visit.messages.append(asked)
    if asked["voice"] not in _VOICES:
        return web.json_response({"error": "invalid 'voice'"}, status=400)
    return await line.stream(line.pieces(asked["text"], 24_000), "application/octet-stream")


ROUTES = (Route("POST", "/v1/tts", _speech),)
