"""OpenAI: transcription by the realtime websocket or of a file, speech over HTTP as audio, as a WAV file or as events.

Judged by the vendor's client: openai 3.57.0 heard and spoke in all forms (2026-11-30).
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

from tests.vendors.server import Hearing, Line, Route, socket

from callwright.media.wav import read_wav, write_wav

_RATE_HZ = 24_000


async def _realtime(line: Line) -> None:
    item, told, wanted = 1, "", ""

    async def report(final: bool) -> None:
        nonlocal item, told
        text = hearing.ear.text.strip()
        kind = "conversation.item.input_audio_transcription"
        if not told:
            await line.send(
                {
                    "type": "input_audio_buffer.speech_started",
                    "item_id": f"i-{item}",
                    "audio_start_ms": round(hearing.ear.began_s * 1000),
                }
            )
        if text.startswith(told) and len(text) > len(told):
            await line.send({"type": f"{kind}.delta", "item_id": f"i-{item}", "delta": text[len(told) :]})
            told = text
        if final:
            usage = {"type": "tokens", "input_tokens": 10, "output_tokens": len(text.split()), "total_tokens": 12}
            await line.send({"type": f"{kind}.completed", "item_id": f"i-{item}", "transcript": text, "usage": usage})
            item, told = item + 1, ""

    hearing = Hearing(line, report, _RATE_HZ)
    await line.send({"type": "session.created", "session": {"type": "transcription"}})
    async for message in line:
        asked = json.loads(message)
        if asked["type"] == "session.update":
            line.visit.messages.append(asked)
            wanted = asked["session"]["audio"]["input"]["transcription"]["model"]
            assert wanted, "the model of the transcription is named"
            await line.send({"type": "session.updated", "session": asked["session"]})
        elif asked["type"] == "input_audio_buffer.append":
            await hearing.feed(base64.b64decode(asked["audio"]))
        elif asked["type"] == "input_audio_buffer.commit":
            line.visit.messages.append(asked)
            await hearing.finish()


async def _speech(line: Line) -> Any:
    asked = await line.request.json()
    line.visit.messages.append({**asked, "text": asked["input"]})
    pieces = line.pieces(asked["input"], _RATE_HZ)
    if asked["response_format"] == "wav":
        return await line.stream(_wav(pieces), "audio/wav")
    if asked.get("stream_format") == "sse":
        return await line.stream(_events(pieces), "text/event-stream")
    return await line.stream(pieces, "audio/pcm")


async def _wav(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """As servers write a file while they speak it: in pieces of any length, with a length that nobody knows yet."""
    head = write_wav(b"", rate_hz=_RATE_HZ)
    yield head[:5]
    yield head[5:-4] + b"\xff\xff\xff\xff"
    async for piece in pieces:
        yield piece[:1001]
        yield piece[1001:]


async def _events(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for piece in pieces:
        event = {"type": "speech.audio.delta", "audio": base64.b64encode(piece).decode()}
        yield f"data: {json.dumps(event)}\n\n".encode()
    done = {"type": "speech.audio.done", "usage": {"input_tokens": 5, "output_tokens": 50, "total_tokens": 55}}
    yield f"data: {json.dumps(done)}\n\n".encode()


async def _transcription(line: Line) -> Any:
    form = await line.request.post()
    file = read_wav(form["file"].file.read())
    line.visit.messages.append({name: form[name] for name in form if name != "file"})
    assert form["model"], "the model of the transcription is named"
    return await line.words(file.channel(0), lambda text: {"text": text})


ROUTES = (
    Route("POST", "/v1/audio/transcriptions", _transcription),
    socket("/v1/realtime", _realtime),
    Route("POST", "/v1/audio/speech", _speech),
)
