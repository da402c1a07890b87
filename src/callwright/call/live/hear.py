"""Hearing: the caller's frames become activity, words and verdicts on whether the turn is over.

One plain function call per frame of 20 ms: decode, detect voice, feed the recogniser. What has to wait (the turn model) is a task.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import islice

from callwright.call.live.boundary import plugin_boundary
from callwright.call.live.metering import usage_reported
from callwright.call.live.runner import CallRunner
from callwright.conversation.effects import AskTurnModel, CloseUtterance, ListenForMachine, SetPatience
from callwright.conversation.events import (
    ActivityBegan,
    ActivityEnded,
    MachineDetected,
    ProviderFailed,
    RecogniserEager,
    RecogniserEnd,
    RecogniserResumed,
    TranscriptFinal,
    TranscriptPartial,
    TurnVerdict,
)
from callwright.domain.limits import MAX_UNHEARD_SECONDS, PROVIDER_CLOSE_SECONDS, TURN_MODEL_SECONDS
from callwright.media.g711 import pcm_of_mulaw
from callwright.media.machine_ear import MachineEar
from callwright.media.vad import ActivityGate
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.speech import (
    FRAME_MS,
    GatheringVadStream,
    TranscriberStream,
    TurnModel,
    UsageAmount,
    VadStream,
)

_LOG = logging.getLogger(__name__)

KEPT_FRAMES = 400
"""8 s of the caller, for the turn model."""
TRACK_FRAMES = 3_000
"""A minute of voice probabilities goes into one entry of the log."""


@dataclass(frozen=True, slots=True)
class Ears:
    """What a call hears with. ``turn_model`` is None where the pause alone decides; names are as the agent has them.

    ``reading_pause_ms``: after so short a pause the recogniser is told of it (0: when the conversation is). One that takes as long to
    read as a pause lasts begins early, and reads again when the caller was only drawing breath.
    """

    vad: VadStream
    turn_model: TurnModel | None
    transcriber_name: str
    turn_model_name: str = ""
    reading_pause_ms: int = 0


class Words:
    """``ports.speech.TranscriberSink`` of one call: what the recogniser says becomes events."""

    def __init__(self, runner: CallRunner, provider: str, billed_as: tuple[str, str] = ("", "")) -> None:
        """``provider``, the one that is at work, is as the agent has it. ``billed_as``: provider and model of the usage that a recogniser
        does not report itself."""
        self._runner = runner
        self.provider = provider
        self._billed_as = billed_as
        self._billed_ms = 0
        self._reported = False
        self.failed_once = False

    def partial(self, segment: int, text: str, audio_ms: int) -> None:
        """Words so far."""
        self._runner.post(TranscriptPartial(self._runner.now_us(), audio_ms, segment, text))

    def final(self, segment: int, text: str, audio_ms: int, language: str) -> None:
        """Words that stay."""
        self._runner.post(TranscriptFinal(self._runner.now_us(), audio_ms, segment, text, language))

    def eager_end(self, audio_ms: int) -> None:
        """Perhaps the caller has finished."""
        self._runner.post(RecogniserEager(self._runner.now_us(), audio_ms))

    def resumed(self, audio_ms: int) -> None:
        """The caller went on."""
        self._runner.post(RecogniserResumed(self._runner.now_us(), audio_ms))

    def end_of_turn(self, audio_ms: int) -> None:
        """The recogniser's own end of turn."""
        self._runner.post(RecogniserEnd(self._runner.now_us(), audio_ms))

    def usage(self, amount: UsageAmount) -> None:
        """Audio billed."""
        self._billed_as = amount.provider, amount.model
        self._billed_ms += amount.amount
        self._reported = True
        self._runner.post(usage_reported(self._runner.now_us(), amount, "hearing"))

    def settle(self, heard_ms: int, closed: bool) -> None:
        """The call is over, and the recogniser was given ``heard_ms`` of audio. What it did not report, because it never does or because it
        did not close, is estimated by that."""
        rest_ms = heard_ms - self._billed_ms
        if rest_ms > 0 and not (closed and self._reported):
            self._runner.fact("core", "usage_estimated", {"kind": "transcriber", "request": 0})
            self.usage(UsageAmount("transcriber", *self._billed_as, rest_ms))

    def failed(self, error: ProviderError) -> None:
        """The stream is over; only the first failure counts."""
        if not self.failed_once:
            self.failed_once = True
            self._runner.post(
                ProviderFailed(self._runner.now_us(), "transcriber", self.provider, error.kind.value, error.message)
            )


class _VoiceTrack:
    """Voice probabilities of a call's frames, which go into its log a minute at a time."""

    def __init__(self, runner: CallRunner) -> None:
        self._runner = runner
        self._from_ms = 0
        self._probabilities = bytearray()

    def add(self, probability: int) -> None:
        """The next frame's. Writes those of a whole entry."""
        self._probabilities.append(probability)
        if len(self._probabilities) >= TRACK_FRAMES:
            self.write()

    def write(self) -> None:
        """Write what is not written."""
        if self._probabilities:
            data = base64.b64encode(self._probabilities).decode()
            self._runner.fact("core", "vad_track", {"from_ms": self._from_ms, "step_ms": FRAME_MS, "data": data})
            self._from_ms += len(self._probabilities) * FRAME_MS
            self._probabilities.clear()


class Hear:
    """The caller's audio of one call, from the answer on.

    The recogniser may open later than the caller talks (``listen_with``): until then everything it is to be told is kept in order, so
    that no word is lost and its position is the call's. One that does not open while ``MAX_UNHEARD_SECONDS`` pass has failed.
    """

    def __init__(self, runner: CallRunner, ears: Ears, words: Words) -> None:
        self._runner = runner
        self._ears = ears
        self._gathering = ears.vad if isinstance(ears.vad, GatheringVadStream) else None
        self._words = words
        self._heard_ms = 0
        self._over = False
        self._gate = ActivityGate()
        self._reading_gate = ActivityGate(hangover_ms=ears.reading_pause_ms) if ears.reading_pause_ms else self._gate
        # As mu-law, half the size of PCM; nothing where no model asks for it.
        self._frames: deque[bytes] = deque(maxlen=KEPT_FRAMES if ears.turn_model is not None else 0)
        self._track = _VoiceTrack(runner)
        self._voiced_us = 0
        self._judging: set[asyncio.Task[None]] = set()
        self._stream: TranscriberStream | None = None
        self._untold: list[Callable[[TranscriberStream], None]] | None = []
        self._untold_frames = 0
        self._closing: set[asyncio.Task[None]] = set()
        self._closed_well = True
        self._given_ms = 0
        self._machine_ear: MachineEar | None = None
        self._agent_speaks = False

    def listen_with(self, stream: TranscriberStream) -> bool:
        """The recogniser is open: tell it what happened so far. False when it comes too late; then whoever opened it closes it."""
        untold, self._untold = self._untold, None
        if untold is None:
            return False
        self._stream = stream
        for tell in untold:
            self._do(tell)
        return True

    def deaf(self) -> None:
        """There will be no recogniser: nothing need be kept for it."""
        self._untold = None

    @property
    def position_ms(self) -> int:
        """How much of the caller was heard."""
        return self._heard_ms

    @property
    def voiced(self) -> bool:
        """Whether the newest frame that was judged is voice, the detector's hangover not included."""
        return self._gate.voiced

    def frame(self, mulaw: bytes, arrived_us: int) -> None:
        """The caller's next 20 ms, and when they came in the call's time."""
        pcm = pcm_of_mulaw(mulaw)
        self._frames.append(mulaw)
        self._heard_ms += FRAME_MS
        if self._gathering is not None:
            self._feed(pcm)
            self._gathering.submit(pcm, partial(self._judged, pcm, arrived_us))
            return
        probability = self._ears.vad.feed(pcm)
        self._feed(pcm)
        self._judged(pcm, arrived_us, probability)

    def leg_is_over(self) -> None:
        """What is judged from now on is no event any more."""
        self._over = True

    def judge(self, effect: AskTurnModel) -> None:
        """Ask the turn model about the caller's turn so far."""
        model = self._ears.turn_model
        if model is None:
            self._fail(effect.request, FailureKind.BAD_REQUEST, "this node has no turn model")
            return
        pcm = self._heard(effect.from_ms, effect.audio_ms)
        task = asyncio.get_running_loop().create_task(self._judge(model, effect.request, pcm))
        self._judging.add(task)
        task.add_done_callback(self._judging.discard)

    def agent_speaks(self, speaks: bool) -> None:
        """The agent can be heard from now on, or no more."""
        self._agent_speaks = speaks
        self._want_partials()

    def listen_for_machine(self, effect: ListenForMachine) -> None:
        """Listen to the cadence of whoever answered, for a beep, and for words before the end of a sentence; or no more."""
        self._machine_ear = MachineEar() if effect.on else None
        self._want_partials()

    def set_patience(self, effect: SetPatience) -> None:
        """How long a pause the caller may make."""
        self._tell_stream(lambda stream: stream.set_patience(effect.silence_ms))

    def close_utterance(self, effect: CloseUtterance) -> None:
        """The turn was taken."""
        self._tell_stream(lambda stream: stream.close_utterance(effect.audio_ms))

    def stop(self) -> None:
        """The agent listens no more; :meth:`aclose` waits until the recogniser is closed."""
        self._drop()

    def let_go(self, stream: TranscriberStream) -> None:
        """Close a stream that is not listened to, in the background; :meth:`aclose` waits for it."""
        task = asyncio.get_running_loop().create_task(self._close(stream))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def aclose(self) -> None:
        """Close the recogniser, which reports its last usage, in PROVIDER_CLOSE_SECONDS, and write the last of the voice track."""
        self._drop()
        for task in self._judging:
            task.cancel()
        under_way = {*self._judging, *self._closing}
        if under_way:
            # Each closing has its own limit; one that does not even heed its cancellation is left behind.
            await asyncio.wait(under_way, timeout=PROVIDER_CLOSE_SECONDS + 1)
        self._words.settle(self._given_ms, self._closed_well and not self._closing)
        self._track.write()

    def _judged(self, pcm: bytes, arrived_us: int, probability: int) -> None:
        """The detector's word on a frame, in the order of the frames."""
        self._track.add(probability)
        if self._over:
            return
        change = self._gate.push(probability)
        if self._gate.voiced:
            self._voiced_us = arrived_us
        if self._machine_ear is not None:
            kind = self._machine_ear.feed(pcm, probability)
            if kind:
                self._runner.post(MachineDetected(self._runner.now_us(), kind, "local"))
        heard = change if self._reading_gate is self._gate else self._reading_gate.push(probability)
        if heard is not None:
            began, audio_ms = heard.began, heard.audio_ms
            self._tell_stream(lambda stream: stream.activity(began, audio_ms))
        if change is not None:
            self._tell(change.began, change.audio_ms)

    async def _close(self, stream: TranscriberStream) -> None:
        def failed(kind: FailureKind, message: str) -> None:
            self._closed_well = False
            _LOG.warning("the recogniser %s did not close: %s", self._ears.transcriber_name, message)

        with plugin_boundary(self._ears.transcriber_name, failed):
            async with asyncio.timeout(PROVIDER_CLOSE_SECONDS):
                await stream.aclose()

    def _drop(self) -> None:
        """Nothing is heard from here on."""
        stream, self._stream, self._untold = self._stream, None, None
        if stream is not None:
            self.let_go(stream)

    def _want_partials(self) -> None:
        wanted = self._agent_speaks or self._machine_ear is not None
        self._tell_stream(lambda stream: stream.want_partials(wanted))

    def _feed(self, pcm: bytes) -> None:
        if self._stream is not None:
            if self._words.failed_once:
                self._drop()
                return
            with plugin_boundary(self._ears.transcriber_name, self._lose):
                self._give(self._stream, pcm)
        elif self._untold is not None:
            self._untold.append(lambda stream: self._give(stream, pcm))
            self._untold_frames += 1
            if self._untold_frames * FRAME_MS >= MAX_UNHEARD_SECONDS * 1000:
                self._lose(FailureKind.UNAVAILABLE, f"it was not open {MAX_UNHEARD_SECONDS} s after the answer")

    def _give(self, stream: TranscriberStream, pcm: bytes) -> None:
        self._given_ms += FRAME_MS
        stream.feed(pcm)

    def _tell_stream(self, tell: Callable[[TranscriberStream], None]) -> None:
        """What the recogniser shall know besides the sound."""
        if self._stream is not None:
            self._do(tell)
        elif self._untold is not None:
            self._untold.append(tell)

    def _do(self, tell: Callable[[TranscriberStream], None]) -> None:
        stream = self._stream
        if stream is not None:
            with plugin_boundary(self._ears.transcriber_name, self._lose):
                tell(stream)

    def _lose(self, kind: FailureKind, message: str) -> None:
        self._drop()
        self._words.failed(ProviderError(kind, self._ears.transcriber_name, message))

    def _tell(self, began: bool, audio_ms: int) -> None:
        if began:
            self._runner.post(ActivityBegan(self._runner.now_us(), audio_ms))
            return
        self._runner.fact("core", "voiced_end", {"audio_ms": audio_ms, "arrived_us": self._voiced_us})
        self._runner.post(ActivityEnded(self._runner.now_us(), audio_ms))

    def _heard(self, from_ms: int, to_ms: int) -> bytes:
        """PCM of the kept audio between two positions."""
        first_ms = self._heard_ms - len(self._frames) * FRAME_MS
        begin = max(0, (from_ms - first_ms) // FRAME_MS)
        end = max(begin, -(-(to_ms - first_ms) // FRAME_MS))
        return pcm_of_mulaw(b"".join(islice(self._frames, begin, end)))

    async def _judge(self, model: TurnModel, request: int, pcm: bytes) -> None:
        with plugin_boundary(self._ears.turn_model_name, partial(self._fail, request)):
            async with asyncio.timeout(TURN_MODEL_SECONDS):
                probability_ppm = await model.judge(pcm)
            self._runner.post(TurnVerdict(self._runner.now_us(), request, probability_ppm))

    def _fail(self, request: int, kind: FailureKind, message: str) -> None:
        self._runner.post(
            ProviderFailed(self._runner.now_us(), "turn", self._ears.turn_model_name, kind.value, message, 0, request)
        )
