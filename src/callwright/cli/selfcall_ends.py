"""The two ends of a self-call: each sends and hears frames of 20 ms, keeps what came and when, speaks and recognises."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from callwright.media.framing import FRAME_MS, MULAW_FRAME_BYTES, MULAW_SILENCE
from callwright.media.g711 import mulaw_of, pcm_of_mulaw
from callwright.media.vad import ActivityGate, EnergyVad
from callwright.ports.failures import ProviderError
from callwright.ports.leg import SILENCE_FRAME, InboundOffer, Leg, LegClosed, LegListener
from callwright.ports.speech import (
    Transcriber,
    TranscriberSettings,
    TranscriberStream,
    UsageAmount,
    Voice,
    VoiceSettings,
)
from callwright.ports.world import Clock

MOST_FRAMES = 60_000
_US_PER_S = 1_000_000
_NEAR_MS = 300
"""Words known up to this close to the end of the voice are all there are."""
_QUIET_S = 3.0
"""A recogniser that has said something and then nothing for so long has said all, wherever it ended."""
_POLL_S = 0.02


def seconds_of(clock: Clock) -> float:
    """The clock's monotonic time in seconds."""
    return clock.monotonic_us() / _US_PER_S


@dataclass(frozen=True, slots=True)
class Heard:
    """What came within a phase: the sound, and when each of its frames did (seconds of the end's clock)."""

    pcm: bytes
    came_s: tuple[float, ...]


@dataclass(slots=True)
class _Words:
    """Sink of a recogniser: the final texts in the order of their segments."""

    clock: Clock
    texts: dict[int, str] = field(default_factory=dict)
    changed_s: float = 0.0
    known_to_ms: int = 0
    error: ProviderError | None = None

    def partial(self, segment: int, text: str, audio_ms: int) -> None:
        """Only final words count."""

    def final(self, segment: int, text: str, audio_ms: int, language: str) -> None:
        self.texts[segment] = text.strip()
        self.known_to_ms = max(self.known_to_ms, audio_ms)
        self.changed_s = seconds_of(self.clock)

    def eager_end(self, audio_ms: int) -> None:
        """The end of the phase is known."""

    def resumed(self, audio_ms: int) -> None:
        """The end of the phase is known."""

    def end_of_turn(self, audio_ms: int) -> None:
        """The end of the phase is known."""

    def usage(self, amount: UsageAmount) -> None:
        """Nobody pays for a self-call."""

    def failed(self, error: ProviderError) -> None:
        self.error = error

    @property
    def text(self) -> str:
        return " ".join(text for _, text in sorted(self.texts.items()) if text)


class Ears:
    """Recognises one sentence at a time."""

    def __init__(self, stream: TranscriberStream, words: _Words, clock: Clock) -> None:
        self._clock = clock
        self._stream = stream
        self._words = words
        self._vad = EnergyVad()
        self._gate = ActivityGate()
        self.listening = False

    @classmethod
    async def open(cls, transcriber: Transcriber, language: str, clock: Clock) -> Ears:
        """Ears with a stream of their own. Raises ProviderError."""
        words = _Words(clock)
        return cls(await transcriber.open(TranscriberSettings(language=language), words), words, clock)

    def feed(self, pcm: bytes) -> None:
        """The next 20 ms; forgotten while nobody listens."""
        if not self.listening:
            return
        change = self._gate.push(self._vad.feed(pcm))
        self._stream.feed(pcm)
        if change is not None:
            self._stream.activity(change.began, change.audio_ms)

    async def sentence(self, seconds: float) -> str:
        """What was recognised since listening began, at most ``seconds`` waited for. Raises the ProviderError of a stream that broke."""
        began_s = seconds_of(self._clock)
        until_s = began_s + seconds
        while self._words.error is None and seconds_of(self._clock) < until_s and not self._all_said(began_s):  # noqa: ASYNC110 - silence is no event
            await asyncio.sleep(_POLL_S)
        self._stream.close_utterance(self._gate.last_voiced_ms)
        self.listening = False
        if self._words.error is not None:
            raise self._words.error
        text = self._words.text
        self._words.texts.clear()
        return text

    def _all_said(self, since_s: float) -> bool:
        words = self._words
        if not words.text or self._gate.active:
            return False
        known = words.known_to_ms >= self._gate.last_voiced_ms - _NEAR_MS
        return known or seconds_of(self._clock) - max(since_s, words.changed_s) >= _QUIET_S

    async def aclose(self) -> None:
        """End the stream."""
        await self._stream.aclose()


class _Mouth:
    """What one end sends: a frame every 20 ms, as far ahead as its leg allows, until ``over``."""

    def __init__(self, leg: Leg, over: asyncio.Event) -> None:
        self.leg = leg
        self._over = over
        self._ahead = max(1, leg.ahead_ms // FRAME_MS)
        self._waiting: deque[bytes] = deque()
        self._written_s: list[float] = []
        self._ticked = asyncio.Event()

    def tick(self, now_s: float, since_answer_s: float) -> None:
        due = int(since_answer_s * 1000 / FRAME_MS) + self._ahead
        while len(self._written_s) < due and not self._over.is_set():
            self._written_s.append(now_s)
            self.leg.write(self._waiting.popleft() if self._waiting else SILENCE_FRAME)
        self._ticked.set()

    async def play(self, pcm: bytes) -> float:
        mulaw = mulaw_of(pcm)
        first = len(self._written_s) + len(self._waiting)
        for at in range(0, len(mulaw), MULAW_FRAME_BYTES):
            frame = mulaw[at : at + MULAW_FRAME_BYTES]
            self._waiting.append(frame + MULAW_SILENCE[len(frame) :])
        while self._waiting and not self._over.is_set():
            await self._ticked.wait()
            self._ticked.clear()
        return self._written_s[first] if first < len(self._written_s) else 0.0


class End:
    """One end of the call; its leg's listener. ``quality`` is the newest fact of the line, ``closed_as`` how the leg ended."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.answered_s = 0.0
        self.is_answered = asyncio.Event()
        self.closed_as: LegClosed | None = None
        self.is_closed = asyncio.Event()
        self.keys = ""
        self.quality: Mapping[str, Any] = {}
        self.ears: Ears | None = None
        self._mouth: _Mouth | None = None
        self._came: list[tuple[float, bytes]] = []
        self._pressed = asyncio.Event()

    def now_s(self) -> float:
        """Seconds of its clock."""
        return seconds_of(self._clock)

    @property
    def leg(self) -> Leg:
        """The leg, once it is there."""
        return self._speaking.leg

    @property
    def _speaking(self) -> _Mouth:
        assert self._mouth is not None
        return self._mouth

    def takes(self, leg: Leg) -> None:
        """The end's leg."""
        self._mouth = _Mouth(leg, self.is_closed)

    # -- ports.leg.LegListener -------------------------------------------------------------------------------------------------

    def ringing(self) -> None:
        """Set-up counts to the answer."""

    def early_media(self) -> None:
        """Set-up counts to the answer."""

    def answered(self) -> None:
        """The call stands from now on."""
        self.answered_s = self.now_s()
        self.is_answered.set()

    def audio(self, frame: bytes) -> None:
        """A frame came: it is kept with its moment, and the recogniser hears it."""
        if len(self._came) < MOST_FRAMES:
            self._came.append((self.now_s(), frame))
        if self.ears is not None:
            self.ears.feed(pcm_of_mulaw(frame))

    def key(self, key: str) -> None:
        """A key of the other end came."""
        self.keys += key
        self._pressed.set()

    async def pressed(self, seconds: float) -> str:
        """The keys that came, once none has come for so long."""
        try:
            while True:
                self._pressed.clear()
                await asyncio.wait_for(self._pressed.wait(), seconds)
        except TimeoutError:
            return self.keys

    def machine(self, kind: str) -> None:
        """Nobody asks."""

    def noted(self, what: str, values: Mapping[str, Any]) -> None:
        """Of the facts of the line only its quality counts, the newest one."""
        if what == "quality":
            self.quality = dict(values)

    def closed(self, closed: LegClosed) -> None:
        """The call is over; whoever still waits for its answer need not."""
        self.closed_as = closed
        self.is_answered.set()
        self.is_closed.set()

    # -- sending and hearing ---------------------------------------------------------------------------------------------------

    def tick(self, since_answer_s: float) -> None:
        """Write every frame that is due, sound or silence."""
        self._speaking.tick(self.now_s(), since_answer_s)

    async def play(self, pcm: bytes) -> float:
        """Send ``pcm``; returns when its first frame was written (seconds of the end's clock), after its last one was."""
        return await self._speaking.play(pcm)

    @property
    def position(self) -> int:
        """How many frames came so far."""
        return len(self._came)

    def heard(self, since: int) -> Heard:
        """What came since a position."""
        frames: Sequence[tuple[float, bytes]] = self._came[since:]
        return Heard(pcm_of_mulaw(b"".join(frame for _, frame in frames)), tuple(at for at, _ in frames))


class Desk:
    """Answers the one call that ``end`` expects, and refuses every other. ``end`` None: refuses all."""

    def __init__(self, clock: Clock, end: End | None) -> None:
        self._clock = clock
        self._end = end
        self._tasks: set[asyncio.Task[None]] = set()

    def offered(self, offer: InboundOffer, leg: Leg) -> LegListener:
        """A call comes in."""
        end, self._end = self._end, None
        if end is None:
            self._start(leg.reject(486))
            return End(self._clock)
        end.takes(leg)
        self._start(leg.answer())
        return end

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


@asynccontextmanager
async def sound_flows(near: End, far: End) -> AsyncIterator[None]:
    """Both ends send a frame every 20 ms while the block runs."""
    began_s = near.now_s()

    async def run() -> None:
        next_s = began_s
        while True:
            near.tick(near.now_s() - began_s)
            far.tick(near.now_s() - began_s)
            next_s += FRAME_MS / 1000
            await asyncio.sleep(max(0.0, next_s - near.now_s()))

    task = asyncio.get_running_loop().create_task(run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def speech(voice: Voice, text: str, language: str) -> bytes:
    """``text`` as PCM. Raises ProviderError."""
    pcm = bytearray()
    async with aclosing(voice.speak(text, VoiceSettings(language=language))) as chunks:  # type: ignore[type-var]
        async for chunk in chunks:
            pcm += chunk.pcm
    return bytes(pcm)
