"""Bodhi of Navana: recognition over a websocket, configured by its first message.

Judged by the vendor's client: bodhi-sdk 1.4.0 was heard with its own configuration (2026-11-30).
"""

from __future__ import annotations

import json

from tests.vendors.server import Hearing, Line, socket


async def _recognition(line: Line) -> None:
    segment = 0

    async def report(final: bool) -> None:
        nonlocal segment
        ear = hearing.ear
        about = {"tokens": [], "timestamps": [ear.ended_s - ear.began_s], "start_time": ear.began_s, "words": []}
        await line.send(
            {
                "call_id": "c-1",
                "segment_id": segment,
                "eos": False,
                "type": "complete" if final else "partial",
                "text": ear.text.strip(),
                "segment_meta": about,
            }
        )
        segment += final

    hearing = Hearing(line, report)
    async for message in line:
        if isinstance(message, str):
            line.visit.messages.append(json.loads(message))
            if "eof" in line.visit.messages[-1]:
                return
        elif line.visit.messages:
            await hearing.feed(message)
        else:
            await line.send({"error": "bad_request", "message": "no config", "code": 400})
            return


ROUTES = (socket("/", _recognition, header="x-customer-id"),)
