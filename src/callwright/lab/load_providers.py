"""Providers with nothing to compute, a plugin of a server under load, so that what is measured is the server.

The recogniser goes by loudness and by the audio's own clock: its final words are due with the fifth silent frame, its first partial words
with the tenth frame of speech. The model answers at once. The voice says a word in 100 ms, at a constant level that names the reply, so
that the far end can tell the sound of one reply from that of the next. The server's event loop is watched: the longest pause of each second
goes into the file ``LOAD_TEST_PAUSES``.
"""

from __future__ import annotations

import asyncio
import gc
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

from callwright.media.g711 import loudness
from callwright.ops.clock import SystemClock
from callwright.ports.model import ModelDelta, ModelRequest
from callwright.ports.registry import Plugin
from callwright.ports.speech import (
    TranscriberSettings,
    TranscriberSink,
    TranscriberStream,
    UsageAmount,
    VadStream,
    VoiceChunk,
    VoiceSettings,
)

NAME = "bench"
FINAL_FRAMES, PARTIAL_FRAMES = 5, 10
LEVELS = 8
_LOUD = 300
_WORD_MS = 100
_PIECE_MS = int(os.environ.get("LOAD_TEST_PIECE_MS", "20"))
_NUMBER = re.compile(r"\d+")
_SENTENCES = (
    "Answer {0} says order {0} left house {0} by van {0}.",
    "Number {0} of vans, {0} of them, has parcel {0} aboard.",
    "Van {0} calls at door {0} by hour {0} or {0}.",
    "Stop {0} of tour {0} is yours, {0}, so wait {0}.",
)
"""The number is in every part into which a sentence may be cut: a voice is not told which reply it speaks."""


def level_of(reply: int) -> int:
    """The sample value of a reply's sound."""
    return 2_000 + 2_000 * (reply % LEVELS)


class Pauses:
    """How late a timer of 10 ms fires on the server's loop, and how long its garbage collector looked, for each second. A line has the
    second, both in milliseconds, the frames heard so far and the tasks of the loop."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._loop_ms = self._gc_ms = 0.0
        self._second = 0
        self._began_us = 0
        self._heard = 0
        self._clock = SystemClock()

    def start(self) -> None:
        """Watch from now on."""
        self._loop = asyncio.get_running_loop()
        gc.callbacks.append(self._looked)
        self._due_us = self._clock.monotonic_us() + 10_000
        self._loop.call_later(0.01, self._tick)

    def heard(self) -> None:
        """A frame came to the recogniser."""
        self._heard += 1

    def _looked(self, phase: str, _: object) -> None:
        if phase == "start":
            self._began_us = self._clock.monotonic_us()
        else:
            self._gc_ms = max(self._gc_ms, (self._clock.monotonic_us() - self._began_us) / 1_000)

    def _tick(self) -> None:
        now_us = self._clock.monotonic_us()
        self._loop_ms = max(self._loop_ms, (now_us - self._due_us) / 1_000)
        second = int(self._clock.now().timestamp())
        if second != self._second:
            self._second = second
            with self._path.open("a") as file:
                file.write(
                    f"{self._second} {self._loop_ms:.1f} {self._gc_ms:.1f} {self._heard} {len(asyncio.all_tasks())}\n"
                )
            self._loop_ms = self._gc_ms = 0.0
        self._due_us = now_us + 10_000
        self._loop.call_later(0.01, self._tick)


class Ear:
    """The recogniser."""

    name = NAME

    def __init__(self) -> None:
        self._pauses: Pauses | None = None

    async def open(self, settings: TranscriberSettings, sink: TranscriberSink) -> TranscriberStream:
        """A call's stream."""
        if self._pauses is None:
            self._pauses = Pauses(Path(os.environ["LOAD_TEST_PAUSES"]))
            self._pauses.start()
        return EarStream(sink, self._pauses)


class EarStream:
    """Words by loudness."""

    def __init__(self, sink: TranscriberSink, pauses: Pauses) -> None:
        self._sink = sink
        self._pauses = pauses
        self._turn = self._speech = self._silent = self._ms = 0

    def feed(self, pcm: bytes) -> None:
        """The next 20 ms."""
        self._ms += 20
        self._pauses.heard()
        if loudness(pcm) > _LOUD:
            if not self._speech:
                self._turn += 1
            self._speech, self._silent = self._speech + 1, 0
            if self._speech % PARTIAL_FRAMES == 0:
                self._sink.partial(self._turn, self._words(), self._ms)
        elif self._speech:
            self._silent += 1
            if self._silent == FINAL_FRAMES:
                self._speech = 0
                self._sink.final(self._turn, self._words() + " today?", self._ms, "en")
                self._sink.end_of_turn(self._ms)

    def _words(self) -> str:
        return f"question {self._turn} please tell me where my order is"

    def activity(self, active: bool, audio_ms: int) -> None:
        """Nothing."""

    def close_utterance(self, audio_ms: int) -> None:
        """Nothing."""

    def set_patience(self, silence_ms: int) -> None:
        """Nothing."""

    def want_partials(self, wanted: bool) -> None:
        """Nothing."""

    async def aclose(self) -> None:
        """Bill what was heard."""
        self._sink.usage(UsageAmount("transcriber", NAME, NAME, self._ms))


class Answers:
    """The model. A question is answered by a reply with its number, in four sentences."""

    name = NAME

    async def answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        """Word by word, at once."""
        number = sum(message.role == "user" for message in request.messages)
        for word in " ".join(_SENTENCES).format(number).split(" "):
            yield ModelDelta(text=word + " ")
        yield ModelDelta(ended="stop", usage=UsageAmount("model", NAME, NAME, 100, 40))

    async def warm(self, request: ModelRequest) -> None:
        """Nothing to load."""


class Tones:
    """The voice."""

    name = NAME

    async def speak(self, text: str, settings: VoiceSettings) -> AsyncIterator[VoiceChunk]:
        """Pieces of LOAD_TEST_PIECE_MS."""
        number = _NUMBER.search(text)
        frame = level_of(int(number[0]) if number else 0).to_bytes(2, "little", signed=True) * (8 * _PIECE_MS)
        for _ in range(max(1, len(text.split()) * _WORD_MS // _PIECE_MS)):
            yield VoiceChunk(frame)
        yield VoiceChunk(last=True, usage=UsageAmount("voice", NAME, NAME, len(text)))

    async def warm(self, settings: VoiceSettings) -> None:
        """Nothing to load."""


class Deaf:
    """A detector of voice that hears none."""

    name = "deaf"

    def open(self) -> VadStream:
        """Itself: it keeps nothing."""
        return self

    def feed(self, pcm: bytes) -> int:
        """Never voice."""
        return 0


PLUGINS = (
    Plugin("transcriber", NAME, "hears words by loudness", lambda _: Ear()),
    Plugin("model", NAME, "answers at once", lambda _: Answers()),
    Plugin("voice", NAME, "says words at constant levels", lambda _: Tones()),
    Plugin("vad", "deaf", "hears no voice", lambda _: Deaf()),
)
