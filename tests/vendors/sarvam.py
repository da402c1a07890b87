"""Sarvam: Saarika and Saaras over a websocket of Base64, Bulbul over another.

Judged by the vendor's client: sarvamai 0.1.39 heard and spoke (2026-11-29).
"""

from __future__ import annotations

import base64

from tests.vendors.server import Hearing, Line, socket


async def _recognition(line: Line) -> None:
    speaking = False

    async def signal(what: str) -> None:
        await line.send({"type": "events", "data": {"event_type": "vad", "signal_type": what}})

    async def report(final: bool) -> None:
        nonlocal speaking
        if not speaking:
            speaking = True
            await signal("START_SPEECH")
        if not final:
            return
        speaking = False
        data = {
            "request_id": "r-1",
            "transcript": hearing.ear.text.strip(),
            "language_code": line.visit.query["language-code"][0],
            "metrics": {"audio_duration": hearing.ear.at_s, "processing_latency": 0.1},
        }
        await line.send({"type": "data", "data": data})
        await signal("END_SPEECH")

    hearing = Hearing(line, report)
    async for asked in line.objects():
        if "audio" in asked and asked["audio"]["data"]:
            line.visit.messages.pop()
            await hearing.feed(base64.b64decode(asked["audio"]["data"]))
        if asked.get("type") == "flush":
            await hearing.finish()
        if asked.get("type") == "end_of_stream":
            return


async def _speech(line: Line) -> None:
    text = ""
    async for asked in line.objects():
        if isinstance(asked.get("data"), dict):
            line.visit.messages[-1] = {**asked, **asked["data"]}
        if asked["type"] == "text":
            text += asked["data"]["text"]
        if asked["type"] != "flush" or not text.strip():
            continue
        said, text = text.strip(), ""
        async for piece in line.encoded_pieces(said):
            data = {"request_id": "r-1", "content_type": "audio/pcm", "audio": piece}
            await line.send({"type": "audio", "data": data})
        await line.send({"type": "event", "data": {"event_type": "final"}})


ROUTES = (
    socket("/speech-to-text/ws", _recognition),
    socket("/speech-to-text-translate/ws", _recognition),
    socket("/text-to-speech/ws", _speech),
)
