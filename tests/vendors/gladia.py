"""Gladia: a request that opens a session, and the session's websocket of Base64."""

from __future__ import annotations

import base64
from typing import Any

from tests.vendors.server import Hearing, Line, Route, socket, web


async def _open(line: Line) -> Any:
    assert line.place is not None, "it has the tokens"
    line.visit.messages.append(await line.request.json())
    token = f"t-{len(line.place.tokens) + 1}"
    line.place.tokens[token] = line.visit.key
    address = line.place.origin.replace("http", "ws", 1)
    return web.json_response({"id": "s-1", "url": f"{address}/v2/live?token={token}"}, status=201)


async def _session(line: Line) -> None:
    async def report(final: bool) -> None:
        ear = hearing.ear
        utterance = {
            "text": ear.text.strip(),
            "start": ear.began_s,
            "end": ear.at_s,
            "language": "en",
            "confidence": 0.99,
            "channel": 0,
            "words": ear.words(),
        }
        data = {"id": "u-1", "is_final": final, "utterance": utterance}
        await line.send({"type": "transcript", "session_id": "s-1", "data": data})

    hearing = Hearing(line, report)
    async for asked in line.objects():
        if asked["type"] == "audio_chunk":
            line.visit.messages.pop()
            await hearing.feed(base64.b64decode(asked["data"]["chunk"]))
        if asked["type"] == "stop_recording":
            await hearing.finish()
            await line.send({"type": "post_final_transcript", "session_id": "s-1", "data": {}})
            return


ROUTES = (Route("POST", "/v2/live", _open, quiet=True), socket("/v2/live", _session))
