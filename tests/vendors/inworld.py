"""Inworld: speech over a websocket with contexts, the list of voices."""

from __future__ import annotations

from typing import Any

from tests.vendors.server import Line, Route, socket, web

from callwright.media.tonetext import word_times


async def _contexts(line: Line) -> None:
    texts: dict[str, str] = {}
    async for asked in line.objects():
        context = asked["contextId"]
        if "create" in asked:
            texts[context] = ""
            await line.send(
                {"result": {"contextId": context, "contextCreated": asked["create"], "status": {"code": 0}}}
            )
        if "send_text" in asked:
            line.visit.messages[-1] = {**asked, "text": asked["send_text"]["text"]}
            texts[context] += asked["send_text"]["text"]
        if "flush_context" in asked and texts.get(context, "").strip():
            said, texts[context] = texts[context].strip(), ""
            await _speak(line, context, said)
            await line.send({"result": {"contextId": context, "flushCompleted": {}, "status": {"code": 0}}})
        if "close_context" in asked or "cancel_context" in asked:
            texts.pop(context, None)
            await line.send({"result": {"contextId": context, "contextClosed": {}, "status": {"code": 0}}})


async def _speak(line: Line, context: str, text: str) -> None:
    times = word_times(text)
    alignment = {
        "words": [word for word, _, _ in times],
        "wordStartTimeSeconds": [start / 1000 for _, start, _ in times],
        "wordEndTimeSeconds": [end / 1000 for _, _, end in times],
    }
    stamps: dict[str, Any] = {"timestampInfo": {"wordAlignment": alignment}}
    async for piece in line.encoded_pieces(text):
        chunk = {"audioContent": piece, **stamps}
        stamps = {}
        await line.send({"result": {"contextId": context, "audioChunk": chunk, "status": {"code": 0}}})


async def _voices(_line: Line) -> Any:
    ashley = {
        "voiceId": "Ashley",
        "displayName": "Ashley",
        "langCode": "EN_US",
        "description": "A warm voice",
        "tags": ["female", "warm"],
    }
    return web.json_response({"voices": [ashley]})


ROUTES = (
    socket("/tts/v1/voice:streamBidirectional", _contexts),
    Route("GET", "/voices/v1/voices", _voices, quiet=True),
)
