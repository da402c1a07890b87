"""Calls on livekit-agents' ``AgentSession`` over Twilio's media websocket: the peer of ``calls_bench.py --beside livekit``.

    LOAD_TEST_PAUSES=FILE python bench/peer_livekit.py

Prints its name, version and address, and serves until it is terminated. Recogniser, model and voice are those of
``callwright.lab.load_providers``, and Callwright's own code reads and writes the messages: words, delays, sounds and framing are the same.
The websocket is aiohttp's, as livekit-agents has none. Its worker would give each call a process; all calls share one here, which is
cheaper. What serves it best is set:

- No voice activity detector and no turn model: the recogniser's words interrupt, its end of turn ends the turn, nothing waits.
- No generation before the end of a turn: it would only cost, as the last words come with the end.
- No echo canceller, no timer for a caller who is away, no filters of the reply's text.
- The voice takes words as they come. The framework wraps one that takes whole sentences, which costs more.
- The voice's sound is sent at once, 200 ms in a message. A mark tells when it was played.
- uvloop, garbage collector and thread interval are those of ``callwright serve``. Nothing looks at old objects: no call pauses for it, but
  memory grows in rows of many minutes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import uvloop

from callwright.lab.load_providers import Answers, EarStream, Pauses, Tones
from callwright.media.g711 import mulaw_of, pcm_of_mulaw
from callwright.ops.interpreter import set_for_calls
from callwright.ports.model import Message, ModelRequest, ModelSettings
from callwright.ports.speech import VoiceSettings
from callwright.providers.cloud import library
from callwright.telephony.twilio.vendor import FRAMING

if not library.is_installed("deepgram.STT"):
    sys.exit(f"livekit-agents is not installed: {library.install_command()}")
# `make cloud` leaves out packages that livekit-agents imports and calls do not use.
asyncio.run(library.framework())
logging.getLogger("livekit").setLevel(logging.ERROR)

from aiohttp import WSMsgType, web  # noqa: E402
from livekit import rtc  # noqa: E402
from livekit.agents import Agent, AgentSession, llm, stt, tts, utils, version  # noqa: E402
from livekit.agents.voice import io  # noqa: E402

RATE_HZ = 8_000
SETTINGS: dict[str, Any] = {
    "vad": None,
    "turn_handling": {
        "turn_detection": "stt",
        "endpointing": {"min_delay": 0.0, "max_delay": 0.0},
        "interruption": {"mode": "vad", "min_duration": 0.0, "min_words": 0, "resume_false_interruption": False},
        "preemptive_generation": {"enabled": False},
    },
    "tts_text_transforms": None,
    "aec_warmup_duration": None,
    "user_away_timeout": None,
}
PAUSES = Pauses(Path(os.environ["LOAD_TEST_PAUSES"]))
Event = stt.SpeechEventType


class Recogniser(stt.STT):
    """``load_providers.Ear``."""

    def __init__(self) -> None:
        super().__init__(capabilities=stt.STTCapabilities(streaming=True, interim_results=True))

    async def _recognize_impl(self, *_: Any, **__: Any) -> stt.SpeechEvent:
        raise NotImplementedError

    def stream(self, *, conn_options: Any, **_: Any) -> Recognition:
        return Recognition(stt=self, conn_options=conn_options)


class Recognition(stt.RecognizeStream):
    """What an ``EarStream`` reports, as events of livekit-agents."""

    _speaking = False

    async def _run(self) -> None:
        ear = EarStream(self, PAUSES)
        async for frame in self._input_ch:
            if isinstance(frame, rtc.AudioFrame):
                ear.feed(bytes(frame.data))

    def partial(self, segment: int, text: str, audio_ms: int) -> None:
        if not self._speaking:
            self._speaking = True
            self._event_ch.send_nowait(stt.SpeechEvent(Event.START_OF_SPEECH))
        self._event_ch.send_nowait(stt.SpeechEvent(Event.INTERIM_TRANSCRIPT, alternatives=[stt.SpeechData("en", text)]))

    def final(self, segment: int, text: str, audio_ms: int, language: str) -> None:
        found = [stt.SpeechData(language, text)]
        self._event_ch.send_nowait(stt.SpeechEvent(Event.FINAL_TRANSCRIPT, alternatives=found))

    def end_of_turn(self, audio_ms: int) -> None:
        self._speaking = False
        self._event_ch.send_nowait(stt.SpeechEvent(Event.END_OF_SPEECH))


class Model(llm.LLM):
    """``load_providers.Answers``."""

    def chat(self, *, chat_ctx: Any, tools: Any = None, conn_options: Any, **_: Any) -> Answer:
        return Answer(self, chat_ctx=chat_ctx, tools=tools or [], conn_options=conn_options)


class Answer(llm.LLMStream):
    """A reply."""

    async def _run(self) -> None:
        said = (item for item in self._chat_ctx.items if item.type == "message")
        messages = tuple(Message(item.role, item.text_content or "") for item in said)
        async for delta in Answers().answer(ModelRequest(messages, ModelSettings())):
            if delta.text:
                self._event_ch.send_nowait(llm.ChatChunk(id="", delta=llm.ChoiceDelta(content=delta.text)))


class Voice(tts.TTS):
    """``load_providers.Tones``."""

    def __init__(self) -> None:
        super().__init__(capabilities=tts.TTSCapabilities(streaming=True), sample_rate=RATE_HZ, num_channels=1)

    def synthesize(self, text: str, **_: Any) -> tts.ChunkedStream:
        raise NotImplementedError

    def stream(self, *, conn_options: Any) -> Sound:
        return Sound(tts=self, conn_options=conn_options)


class Sound(tts.SynthesizeStream):
    """A reply, a sentence at a time."""

    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        output_emitter.initialize(
            request_id="voice", sample_rate=RATE_HZ, num_channels=1, mime_type="audio/pcm", stream=True
        )
        output_emitter.start_segment(segment_id="reply")
        words: list[str] = []
        async for piece in self._input_ch:
            if isinstance(piece, str):
                words.append(piece)
                if piece.rstrip().endswith("."):
                    self._mark_started()
                    async for chunk in Tones().speak("".join(words), VoiceSettings()):
                        output_emitter.push(chunk.pcm)
                    words.clear()
        output_emitter.end_segment()


class Heard(io.AudioInput):
    """The caller's sound."""

    def __init__(self) -> None:
        super().__init__(label="stream")
        self.frames: utils.aio.Chan[rtc.AudioFrame] = utils.aio.Chan()

    async def __anext__(self) -> rtc.AudioFrame:
        return await self.frames.__anext__()


class Line(io.AudioOutput):
    """The agent's sound, and ``media_streams.framing.StreamFarEnd``. A segment is played when its mark comes back."""

    def __init__(self, socket: web.WebSocketResponse, heard: Heard) -> None:
        capabilities = io.AudioOutputCapabilities(pause=False)
        super().__init__(label="stream", capabilities=capabilities, sample_rate=RATE_HZ)
        self._socket = socket
        self._heard = heard
        self._stream_id = ""
        self._segment = 0
        self._began_s = self._written_s = 0.0
        self._sending: set[asyncio.Task[None]] = set()

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await super().capture_frame(frame)
        if not self._written_s:
            self._began_s = time.time()
            self.on_playback_started(created_at=self._began_s)
        self._written_s += frame.duration
        for message in FRAMING.sound_of(self._stream_id, [mulaw_of(bytes(frame.data))]):
            await self._write(message)

    def flush(self) -> None:
        super().flush()
        if self._written_s:
            self._send(FRAMING.mark_of(self._stream_id, str(self._segment)))

    def clear_buffer(self) -> None:
        if self._written_s:
            self._send(FRAMING.clear_of(self._stream_id))
            self._played(min(self._written_s, time.time() - self._began_s), interrupted=True)

    def _played(self, seconds: float, *, interrupted: bool) -> None:
        self._written_s = 0.0
        self._segment += 1
        self.on_playback_finished(playback_position=seconds, interrupted=interrupted)

    def _send(self, message: str) -> None:
        task = asyncio.ensure_future(self._write(message))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _write(self, message: str) -> None:
        # The caller may have hung up.
        with contextlib.suppress(ConnectionResetError):
            await self._socket.send_str(message)

    def started(self, stream_id: str, call_id: str, parameters: Mapping[str, str]) -> None:
        self._stream_id = stream_id

    def sound(self, mulaw: bytes, number: int = 0) -> None:
        self._heard.frames.send_nowait(rtc.AudioFrame(pcm_of_mulaw(mulaw), RATE_HZ, 1, len(mulaw)))

    def marked(self, name: str) -> None:
        # Marks of what was cleared come back too.
        if self._written_s and name == str(self._segment):
            self._played(self._written_s, interrupted=False)

    def stopped(self) -> None:
        """The caller closes the socket next."""


async def _call(request: web.Request) -> web.WebSocketResponse:
    socket, heard = web.WebSocketResponse(compress=False), Heard()
    await socket.prepare(request)
    session, line = AgentSession(stt=Recogniser(), llm=Model(), tts=Voice(), **SETTINGS), Line(socket, heard)
    session.input.audio, session.output.audio = heard, line
    await session.start(Agent(instructions="Say where orders are."), record=False)
    try:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                FRAMING.take(message.data, line)
    finally:
        await session.aclose()
    return socket


async def _serve() -> None:
    app = web.Application()
    app.router.add_get("/", _call)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1_024).start()
    set_for_calls()
    PAUSES.start()
    print(f"livekit-agents {version.__version__} ws://127.0.0.1:{runner.addresses[0][1]}/", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_serve())
