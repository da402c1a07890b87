"""Soniox: recognition and speech over websockets.

Judged by the vendor's client: soniox 2.10.0 heard through it (2026-11-29).
"""

from __future__ import annotations

import json
from typing import Any

from tests.vendors.server import Hearing, Line, key_of, socket


async def _recognition(line: Line) -> None:
    async def report(ended: bool) -> None:
        ear = hearing.ear
        tokens: list[dict[str, Any]] = [
            {
                "text": f"{one['word']} ",
                "start_ms": round(one["start"] * 1000),
                "end_ms": round(one["end"] * 1000),
                "confidence": 0.99,
                "is_final": ended,
                "language": "en",
            }
            for one in ear.words()
        ]
        if ended:
            tokens.append({"text": "<end>", "is_final": True})
        at_ms = round(ear.at_s * 1000)
        await line.send({"tokens": tokens, "final_audio_proc_ms": at_ms if ended else 0, "total_audio_proc_ms": at_ms})

    hearing = Hearing(line, report)
    async for message in line:
        if isinstance(message, bytes):
            await hearing.feed(message)
        elif message:
            line.visit.messages.append(json.loads(message))
        else:
            await line.send({"tokens": [], "finished": True})
            return


async def _speech(line: Line) -> None:
    assert key_of(line.request.headers), "the key comes with the handshake"
    texts: dict[str, str] = {}
    async for asked in line.objects():
        stream = str(asked.get("stream_id", ""))
        if asked.get("cancel"):
            texts.pop(stream, None)
            await line.send({"stream_id": stream, "terminated": True})
        if "text" in asked:
            texts[stream] = texts.get(stream, "") + asked["text"]
        if not asked.get("text_end") or not texts.get(stream, "").strip():
            continue
        async for piece in line.encoded_pieces(texts.pop(stream).strip()):
            await line.send({"stream_id": stream, "audio": piece})
        await line.send({"stream_id": stream, "audio_end": True})
        await line.send({"stream_id": stream, "terminated": True})


ROUTES = (socket("/transcribe-websocket", _recognition), socket("/tts-websocket", _speech))
