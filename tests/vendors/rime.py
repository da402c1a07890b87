"""Rime: speech over HTTP, the list of voices."""

from __future__ import annotations

from typing import Any

from tests.vendors.server import Line, Route, web


async def _speech(line: Line) -> Any:
    asked = await line.request.json()
    line.visit.messages.append(asked)
    assert line.request.headers["Accept"] == "audio/pcm", "the format that is asked for"
    return await line.stream(line.pieces(asked["text"], int(asked["samplingRate"])), "audio/pcm")


async def _voices(_line: Line) -> Any:
    voices = [
        {
            "speaker": "astra",
            "modelId": "mistv2",
            "lang": "eng",
            "language": "English",
            "gender": "Female",
            "age": "Young adult",
        },
        {
            "speaker": "luna",
            "modelId": "arcana",
            "lang": "hin",
            "language": "Hindi",
            "gender": "Female",
            "age": "Adult",
        },
    ]
    return web.json_response(voices)


ROUTES = (
    Route("POST", "/v1/rime-tts", _speech),
    Route("GET", "/data/voices/voice_details.json", _voices, quiet=True),
)
