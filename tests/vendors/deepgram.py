"""Deepgram: Nova and Flux over websockets, Aura over a websocket, the list of models.

Judged by the vendor's client: deepgram-sdk 7.17.0 heard through both recognisers, spoke, and read the list of models (2026-11-29).
"""

from __future__ import annotations

import json
from typing import Any

from tests.vendors.server import Hearing, Line, Route, socket, web


async def _nova(line: Line) -> None:
    async def report(final: bool, finalized: bool = False) -> None:
        ear = hearing.ear
        alternative = {"transcript": ear.text.strip(), "confidence": 0.99, "words": ear.words()}
        await line.send(
            {
                "type": "Results",
                "channel_index": [0, 1],
                "start": ear.began_s,
                "duration": ear.at_s - ear.began_s,
                "is_final": final,
                "speech_final": final and not finalized,
                "from_finalize": finalized,
                "channel": {"alternatives": [alternative]},
                "metadata": {"request_id": "r-1", "model_uuid": "m-1"},
            }
        )

    hearing = Hearing(line, report)
    async for message in line:
        if isinstance(message, bytes):
            await hearing.feed(message)
            continue
        line.visit.messages.append(json.loads(message))
        kind = line.visit.messages[-1].get("type")
        if kind == "Finalize" and hearing.ear.text.strip():
            await report(True, finalized=True)
            hearing.ear.take()
        if kind == "CloseStream":
            await line.send({"type": "Metadata", "request_id": "r-1", "duration": hearing.ear.at_s})
            return


async def _flux(line: Line) -> None:
    turn, began = 0, False

    async def tell(event: str) -> None:
        ear = hearing.ear
        await line.send(
            {
                "type": "TurnInfo",
                "request_id": "r-1",
                "sequence_id": 0,
                "event": event,
                "turn_index": turn,
                "audio_window_start": ear.began_s,
                "audio_window_end": ear.at_s,
                "transcript": ear.text.strip(),
                "words": ear.words(),
                "end_of_turn_confidence": 0.9,
            }
        )

    async def report(final: bool) -> None:
        nonlocal turn, began
        if not final:
            await tell("Update" if began else "StartOfTurn")
            began = True
            return
        if "eager_eot_threshold" in line.visit.query:
            await tell("EagerEndOfTurn")
        await tell("EndOfTurn")
        turn, began = turn + 1, False

    await line.send({"type": "Connected", "request_id": "r-1", "sequence_id": 0})
    hearing = Hearing(line, report)
    async for message in line:
        if isinstance(message, bytes):
            await hearing.feed(message)
            continue
        line.visit.messages.append(json.loads(message))
        if line.visit.messages[-1].get("type") == "CloseStream":
            return


async def _aura(line: Line) -> None:
    text = ""
    await line.send({"type": "Metadata", "request_id": "r-1", "model_name": line.visit.query["model"][0]})
    async for asked in line.objects():
        if asked["type"] == "Speak":
            text += asked["text"]
        if asked["type"] == "Close":
            return
        if asked["type"] == "Flush":
            async for piece in line.pieces(text.strip()):
                await line.send(piece)
            text = ""
            await line.send({"type": "Flushed", "sequence_id": 0})


async def _models(_line: Line) -> Any:
    thalia = {
        "name": "thalia",
        "canonical_name": "aura-2-thalia-en",
        "architecture": "aura-2",
        "languages": ["en", "en-US"],
        "metadata": {"accent": "American", "tags": ["feminine", "clear"], "age": "Adult", "use_cases": ["IVR"]},
    }
    return web.json_response({"stt": [{"name": "general"}], "tts": [thalia]})


ROUTES = (
    socket("/v1/listen", _nova),
    socket("/v2/listen", _flux),
    socket("/v1/speak", _aura),
    Route("GET", "/v1/models", _models, quiet=True),
)
