"""AssemblyAI: universal streaming, third version of the protocol.

Judged by the vendor's client: assemblyai 1.8.2 heard through it, and wanted whole seconds in the last message (2026-11-29).
"""

from __future__ import annotations

import json

from tests.vendors.server import Hearing, Line, socket


async def _universal(line: Line) -> None:
    turn = 0

    async def report(ended: bool) -> None:
        nonlocal turn
        ear = hearing.ear
        words = [
            {
                "text": one["word"],
                "start": round(one["start"] * 1000),
                "end": round(one["end"] * 1000),
                "confidence": 0.99,
                "word_is_final": True,
            }
            for one in ear.words()
        ]
        await line.send(
            {
                "type": "Turn",
                "turn_order": turn,
                "turn_is_formatted": ended,
                "end_of_turn": ended,
                "end_of_turn_confidence": 0.9 if ended else 0.1,
                "transcript": ear.text.strip(),
                "utterance": ear.text.strip() if ended else "",
                "words": words,
            }
        )
        turn += ended

    await line.send({"type": "Begin", "id": "s-1", "expires_at": 4_000_000_000})
    hearing = Hearing(line, report)
    async for message in line:
        if isinstance(message, bytes):
            await hearing.feed(message)
            continue
        line.visit.messages.append(json.loads(message))
        if line.visit.messages[-1].get("type") == "Terminate":
            await line.send({"type": "Termination", "audio_duration_seconds": round(hearing.ear.at_s)})
            return


ROUTES = (socket("/v3/ws", _universal),)
