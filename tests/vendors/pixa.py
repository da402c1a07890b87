"""Pixa: recognition over a websocket at 16,000 Hz, speech over HTTP as events of Base64 at 32,000 Hz."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from tests.vendors.server import Hearing, Line, Route, socket


async def _recognition(line: Line) -> None:
    async def report(final: bool) -> None:
        ear = hearing.ear
        await line.send(
            {
                "type": "Results",
                "transcript": ear.text.strip(),
                "is_final": final,
                "start": ear.began_s,
                "duration": ear.ended_s - ear.began_s,
            }
        )

    hearing = Hearing(line, report, int(line.visit.query["sample_rate"][0]))
    await line.send({"type": "Metadata", "request_id": "r-1", "created": "2026-01-15T10:30:00Z", "channels": 1})
    async for message in line:
        if isinstance(message, bytes):
            await hearing.feed(message)
            continue
        line.visit.messages.append(json.loads(message))
        kind = line.visit.messages[-1]["type"]
        if kind == "Finalize":
            await hearing.finish()
        if kind == "CloseStream":
            return


async def _speech(line: Line) -> Any:
    asked = await line.request.json()
    line.visit.messages.append(asked)
    return await line.stream(_events(line.encoded_pieces(asked["text"], 32_000)), "text/event-stream")


async def _events(pieces: AsyncIterator[str]) -> AsyncIterator[bytes]:
    async for piece in pieces:
        yield f"data: {json.dumps({'audio': piece})}\n\n".encode()
    yield b"data: [DONE]\n\n"


ROUTES = (
    socket("/v1/listen", _recognition, header="X-Pixa-Key"),
    Route("POST", "/api/v1/synthesize", _speech),
)
