"""Cartesia: speech over a websocket with contexts, the list of voices.

Judged by the vendor's client: cartesia 4.2.0 spoke, and read the list until a page was empty (2026-11-29).
"""

from __future__ import annotations

from typing import Any

from tests.vendors.server import SILENT, Line, Route, socket, web

from callwright.media.tonetext import word_times


async def _contexts(line: Line) -> None:
    async for asked in line.objects():
        context, text = asked.get("context_id"), str(asked.get("transcript", "")).strip()
        if asked.get("cancel"):
            continue
        if text:
            await _speak(line, str(context), text)
        if not asked.get("continue") and line.visit.key != SILENT:
            await line.send({"type": "done", "context_id": context, "done": True, "status_code": 200})


async def _speak(line: Line, context: str, text: str) -> None:
    times = word_times(text)
    stamps = {
        "words": [word for word, _, _ in times],
        "start": [start / 1000 for _, start, _ in times],
        "end": [end / 1000 for _, _, end in times],
    }
    if line.visit.key != SILENT:
        await line.send({"type": "timestamps", "context_id": context, "done": False, "word_timestamps": stamps})
    async for data in line.encoded_pieces(text):
        await line.send({"type": "chunk", "context_id": context, "done": False, "status_code": 206, "data": data})


async def _voices(line: Line) -> Any:
    nila = {
        "id": "a0e99841-438c-4a64-b679-ae501e7d6091",
        "name": "Nila",
        "description": "A calm voice",
        "language": "en",
        "gender": "feminine",
        "is_owner": False,
    }
    own = {**nila, "id": "own-2", "name": "Own", "language": "hi", "gender": None, "is_owner": True}
    voices = [nila, own]
    after = (line.visit.query.get("starting_after") or [""])[0]
    rest = voices[1 + next((at for at, one in enumerate(voices) if one["id"] == after), -1) :]
    return web.json_response({"data": rest[:1], "has_more": len(rest) > 1, "next_page": None})


async def _voice(line: Line) -> Any:
    voice = line.request.match_info["voice"]
    if voice != "shared-2":
        return web.json_response({"error": "voice not found"}, status=404)
    return web.json_response(
        {"id": voice, "name": "Harbour", "language": "en", "gender": "masculine", "is_owner": False}
    )


ROUTES = (
    socket("/tts/websocket", _contexts),
    Route("GET", "/voices", _voices, quiet=True),
    Route("GET", "/voices/{voice}", _voice, quiet=True),
)
