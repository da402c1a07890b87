"""One call in progress: the leg's listener, and the parts that perform the core's effects on it.

The session lives from the dialling to the moment all of its parts have reported what they used. It knows nothing of the ledger;
whoever made it hears of ringing, answer and end through ``SessionObserver``.
"""

from __future__ import annotations

import asyncio
import json
import weakref
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from callwright.call.live.boundary import plugin_boundary
from callwright.call.live.briefing import Briefer
from callwright.call.live.caller_sound import CallerSound
from callwright.call.live.failover import ConnectedProvider, Failover, Switch, connection_at_work
from callwright.call.live.hear import Ears, Hear, Words
from callwright.call.live.pacer_clock import PacerClock
from callwright.call.live.recorder import Recorder
from callwright.call.live.runner import CallRunner
from callwright.call.live.say import Position, Say, Speaker
from callwright.call.live.sounds import SoundLibrary, Sounds
from callwright.call.live.think import Think, Thinker
from callwright.call.live.timers import Timer, Timers
from callwright.call.live.tools import ToolOutcome, ToolRunner, Tools
from callwright.call.live.transfer import TransferMeans, Transfers
from callwright.call.live.warm_transfer import CallParts
from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.ending import AGENT, TRANSFERRED
from callwright.conversation.plan import CallPlan
from callwright.domain.limits import FIXED_SPEECH_AFTER_SECONDS, LEG_END_SECONDS, TOOL_REQUEST_SECONDS
from callwright.media.tones import KEY_MS
from callwright.platform.agents.rules.availability import TRANSCRIBER
from callwright.platform.dialling.actions import transfer_decision
from callwright.platform.dialling.rules import Rules
from callwright.platform.executions.rules.causes import CAUSES
from callwright.platform.tools.rules.keypad import runs_of
from callwright.ports.billing import billed_as
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import CapturesPackets, Leg, LegClosed, PacketCapture, PlaysLater, PlaysPieces, TakesTogether
from callwright.ports.speech import FRAME_MS, Transcriber, TranscriberSettings, TranscriberStream
from callwright.ports.world import Clock

TOOL_GRACE_SECONDS = TOOL_REQUEST_SECONDS + 0.5
"""After the end of a call: what a tool did belongs to the record, and a request has its own limit."""

UNCONFIRMED_CODE = 0

SYNTHESIZER_ERROR = "synthesizer_error"
"""The reason of the hang-up when no voice can speak any more."""


class SessionObserver(Protocol):
    """Hears of the stages of a call. Called from the event loop; returns at once."""

    def ringing(self) -> None:
        """The far end rings."""

    def answered(self) -> None:
        """The far end took the call."""

    def ended(self, closed: LegClosed) -> None:
        """The leg is over."""


@dataclass(frozen=True, slots=True)
class Listening:
    """The recogniser of a call: the plugin, the provider's name as the agent has it, and its settings."""

    transcriber: Transcriber
    provider: str
    settings: TranscriberSettings


@dataclass(frozen=True, slots=True)
class Equipment:
    """What a call works with, chosen by the agent. Without ``sound`` it is written: there is no line to measure and nothing to record."""

    listening: Listening
    ears: Ears
    thinker: Thinker
    speaker: Speaker
    tools: ToolRunner
    sound: bool = True
    failover: Failover | None = None


@dataclass(frozen=True, slots=True)
class Workplace:
    """What all calls of a process share."""

    clock: Clock
    timers: Timers
    pacer: PacerClock
    sounds: SoundLibrary = field(default_factory=SoundLibrary)


class _Line:
    """The way to the caller's ear: the leg and the recording."""

    def __init__(self, recorder: Recorder, sound: bool) -> None:
        self._recorder = recorder
        self._sound = sound
        self.leg: Leg | None = None
        self._later: PlaysLater | None = None
        self._pieces: PlaysPieces | None = None
        self._together: TakesTogether | None = None
        self.frames_out = 0

    def take(self, leg: Leg | None) -> None:
        """Write to ``leg`` from now on, or to nobody."""
        self.leg = leg
        self._later = leg if isinstance(leg, PlaysLater) else None
        self._pieces = leg if isinstance(leg, PlaysPieces) else None
        self._together = leg if isinstance(leg, TakesTogether) else None

    @property
    def open(self) -> bool:
        return self.leg is not None

    @property
    def ahead_ms(self) -> int:
        return FRAME_MS if self.leg is None else self.leg.ahead_ms

    @property
    def delay_ms(self) -> int:
        return 0 if self._later is None else self._later.delay_ms

    @property
    def continuous(self) -> bool:
        return self._pieces is None or not self._pieces.piecewise

    def write(self, frames: Sequence[bytes], plays_at_us: int) -> None:
        if self.leg is None:
            return
        if self._together is not None:
            self._together.write_together(frames)
        else:
            for frame in frames:
                self.leg.write(frame)
        self.frames_out += len(frames)
        if self._sound:
            self._recorder.agent(frames, plays_at_us)

    def clear(self, now_us: int) -> None:
        if self.leg is not None:
            self.leg.clear()
        self._recorder.cleared(now_us)


class CallSession:
    """The call. ``ports.leg.LegListener`` for its leg."""

    def __init__(
        self,
        runner: CallRunner,
        equipment: Equipment,
        place: Workplace,
        recorder: Recorder,
        observer: SessionObserver,
        sounds: Sounds | None = None,
        means: TransferMeans | None = None,
    ) -> None:
        """``sounds``: those of the call's account; else those of the process. ``means`` is how the call transfers; without it the leg does,
        by the default policy."""
        self._runner = runner
        self._equipment = equipment
        self._place = place
        self._recorder = recorder
        self._observer = observer
        self._line = _Line(recorder, equipment.sound)
        listening = equipment.listening
        self._words = Words(runner, listening.provider, billed_as(listening.transcriber, listening.settings))
        self._hear = Hear(runner, equipment.ears, self._words)
        self._think = Think(runner, equipment.thinker)
        self._say = Say(runner, equipment.speaker, self._line, place.pacer, place.clock, sounds or place.sounds)
        self._tools = Tools(runner, equipment.tools)
        self._tasks: set[asyncio.Task[None]] = set()
        self._leg_timer: Timer | None = None
        self._answered = False
        # A tie of a part to its session keeps the memory of both until the garbage collector looks.
        ours, think, say, hear, tools = weakref.proxy(self), self._think, self._say, self._hear, self._tools

        def fall_silent() -> None:
            say.end_bed()
            hear.stop()

        self._transfers = Transfers(
            CallParts(
                runner,
                place.timers,
                place.pacer,
                self._line,
                Briefer(runner, equipment.thinker, equipment.speaker, lambda: think.heard, lambda: tools.learned),
                say.early_media,
                fall_silent,
                lambda: ours._hang_up(fx.HangUp(AGENT, TRANSFERRED)),
            ),
            means or TransferMeans(lambda target: transfer_decision(target, place.clock.now(), Rules())),
        )
        self._sound = CallerSound(runner, place.timers)
        self.end: LegClosed | None = None
        self.hang_up_wanted: fx.HangUp | None = None
        if equipment.failover is not None:
            equipment.failover.switched = self._switched
        runner.performers = self._performers()

    def _performers(self) -> dict[type, Callable[[Any], None]]:
        return {
            fx.AskModel: self._think.ask,
            fx.CancelModel: self._think.cancel,
            fx.AskClassifier: self._think.classify,
            fx.Speak: self._say.speak,
            fx.EndSpeech: self._say.end_speech,
            fx.Release: self._release,
            fx.AgentSaid: lambda _: self._hear.agent_speaks(False),
            fx.CancelVoice: self._say.cancel,
            fx.Clear: self._say.clear,
            fx.PlayAsset: self._say.play,
            fx.StopAsset: self._say.stop,
            fx.ListenForMachine: self._hear.listen_for_machine,
            fx.AskTurnModel: self._hear.judge,
            fx.SetPatience: self._hear.set_patience,
            fx.CloseUtterance: self._hear.close_utterance,
            fx.CallTool: self._tools.call,
            fx.SendKeys: lambda effect: self._start(self._press(effect)),
            fx.Transfer: self._transfer,
            fx.HangUp: self._hang_up,
            fx.StartRecording: lambda _: self._recorder.switch(True),
            fx.StopRecording: lambda _: self._recorder.switch(False),
        }

    def _release(self, effect: fx.Release) -> None:
        self._hear.agent_speaks(True)
        self._say.release(effect)

    # -- before the answer -------------------------------------------------------------------------------------------------

    async def open_ears(self) -> None:
        """Open the recogniser. A failure is an event of the call."""
        listening = self._equipment.listening
        began_us = self._place.clock.monotonic_us()
        stream: TranscriberStream | None = None
        with plugin_boundary(listening.provider, self._ears_failed):
            stream = await listening.transcriber.open(listening.settings, self._words)
        if stream is None:
            return
        if self.end is not None or not self._hear.listen_with(stream):
            self._hear.let_go(stream)
            return
        ms = (self._place.clock.monotonic_us() - began_us) // 1000
        settings = listening.settings
        asked = ConnectedProvider(TRANSCRIBER, listening.provider, settings.model, language=settings.language)
        self._runner.fact("core", "provider_connected", connection_at_work(listening.transcriber, asked).fact(ms))

    def prepare(self, plan: CallPlan) -> None:
        """Begin to make what the call may want heard beside its replies; nothing waits for it."""
        if plan.fillers or plan.backchannels or plan.ambient:
            self._start(self._say.prepare(plan))
        fixed = self._equipment.speaker.fixed
        if fixed is not None:
            # Not at once: the voice has the welcome to make.
            self._start(self._say.prepare_fixed(fixed, FIXED_SPEECH_AFTER_SECONDS))

    def _switched(self, switch: Switch) -> None:
        """A provider took over from another."""
        runner, link = self._runner, switch.after
        if switch.kind == TRANSCRIBER:
            self._words.provider = link.provider
        runner.post(ev.ProviderSwitched(runner.now_us(), switch.kind, switch.before, link.label, switch.reason))
        runner.fact("core", "provider_connected", link.connection.fact(0))

    def _ears_failed(self, kind: FailureKind, message: str) -> None:
        self._hear.deaf()
        self._words.failed(ProviderError(kind, self._words.provider, message))

    def take_leg(self, leg: Leg) -> None:
        """The carrier has asked for the call; ``leg`` is where to write and to hang up. The leg may have reported already."""
        self._line.take(leg)
        if self.hang_up_wanted is not None and self.end is None:
            self._start(leg.hang_up(self.hang_up_wanted.reason))

    def capture(self, wanted: PacketCapture) -> bool:
        """Write the packets of the leg. False while there is no leg; one that cannot is noted."""
        leg = self._line.leg
        if leg is None or self.end is not None:
            return False
        if isinstance(leg, CapturesPackets):
            leg.capture(wanted)
        else:
            self._runner.fact("leg", "capture", {"state": "refused", "why": "the carrier cannot capture packets"})
        return True

    # -- ports.leg.LegListener ---------------------------------------------------------------------------------------------

    def ringing(self) -> None:
        """The far end rings."""
        if self.end is None and not self._answered:
            self._observer.ringing()
            self._runner.post(ev.Ringing(self._runner.now_us()))

    def early_media(self) -> None:
        """Audio before the answer is not listened to."""
        self._runner.fact("leg", "early_media", {})

    def early_sound(self, frame: bytes) -> None:
        """The next 20 ms of a transfer's target before it answers. Those of the far end itself are not listened to."""
        if self._answered and self.end is None:
            self._transfers.early_media(self._transfers.latest, frame)

    def answered(self) -> None:
        """The far end took the call: position 0 of the caller's audio and of the recording."""
        if self._answered or self.end is not None:
            return
        self._answered = True
        self._recorder.answered(self._place.clock.monotonic_us())
        if self._equipment.sound:
            self._sound.answered()
        self._observer.answered()
        self._runner.post(ev.Answered(self._runner.now_us()))

    def audio(self, frame: bytes) -> None:
        """The caller's next 20 ms."""
        if not self._answered or self.end is not None:
            return
        now_us = self._place.clock.monotonic_us()
        self._recorder.caller(frame, now_us)
        if self._transfers.joined:
            self._transfers.caller_said(frame)
            self._sound.frames += 1
            return
        self._hear.frame(frame, self._runner.call_us(now_us))
        self._sound.frame(frame, self._hear.voiced)

    def key(self, key: str) -> None:
        """The caller pressed a key."""
        self._runner.post(ev.KeyPressed(self._runner.now_us(), key))
        self._transfers.caller_pressed(key)

    def machine(self, kind: str) -> None:
        """What the carrier thinks has answered."""
        self._runner.post(ev.MachineDetected(self._runner.now_us(), kind, "carrier"))

    def noted(self, what: str, values: Mapping[str, Any]) -> None:
        """A fact of the line, for the log."""
        if self.end is None:
            self._runner.fact("leg", what, dict(values))
            if what == "held":
                self._runner.post(ev.LineHeld(self._runner.now_us(), bool(values.get("on"))))
            if what == "transfer":
                self._transfers.progress(self._transfers.latest, str(values.get("state") or ""))
            if what in ("dialog", "target_dialog"):
                # What a successor needs to tell the far end that we died must survive our death.
                self._runner.flush()

    def closed(self, closed: LegClosed) -> None:
        """The leg is over."""
        if self.end is not None:
            return
        self.end = closed
        self._transfers.end(CAUSES["caller_hung_up" if self.hang_up_wanted is None else "hung_up_by_us"])
        if self._leg_timer is not None:
            self._leg_timer.cancel()
        heard = Position()
        try:
            self._sound.over()
            self._hear.leg_is_over()
            heard = self._say.hush()
            self._runner.fact("leg", "closed", {"outcome": closed.outcome, "provider_code": closed.provider_code})
            self._recorder.finish(self._place.clock.monotonic_us())
        finally:
            self._tell_end(closed, heard)

    def _tell_end(self, closed: LegClosed, heard: Position) -> None:
        told = (closed.outcome, closed.by, closed.reason, closed.code)
        try:
            # In one event: of two, the first would settle what was heard without the other.
            self._runner.post(ev.LegEnded(self._runner.now_us(), *told, heard.generation, heard.played_ms))
        finally:
            # Whatever the parts and the conversation make of it, the call is over: its row must not wait for ever.
            self._observer.ended(closed)

    # -- from outside ------------------------------------------------------------------------------------------------------

    def stop(self, by: str, reason: str) -> None:
        """Somebody wants the call to end."""
        if self.end is None:
            self._runner.post(ev.StopRequested(self._runner.now_us(), by, reason))
            if self._transfers.joined:
                # The conversation is over: nobody but the two is there to end the call.
                self._hang_up(fx.HangUp(by, reason))

    def tell(self, name: str, properties: str) -> None:
        """Something happened outside that the call is to know; ``properties`` is JSON text."""
        if self.end is None:
            self._runner.post(ev.ExternalEvent(self._runner.now_us(), name, properties))

    def abandon(self, by: str, reason: str) -> None:
        """The leg is to go whatever the conversation thinks: the call is no longer ours, or there never was a leg."""
        if self.end is None:
            self._hang_up(fx.HangUp(by, reason))

    async def aclose(self) -> None:
        """After the end: wait until every part has reported what it used, then write the last facts."""
        await self._think.aclose()
        await self._say.aclose()
        await self._hear.aclose()
        await self._tools.aclose(TOOL_GRACE_SECONDS)
        await self._transfers.aclose()
        if self._equipment.failover is not None:
            await self._equipment.failover.aclose()
            self._equipment.failover.switched = None
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._write_line_facts()
        self._runner.close()
        # The leg has this session as its listener.
        self._line.take(None)

    def _write_line_facts(self) -> None:
        if not self._answered or not self._equipment.sound:
            return
        quality = self._say.quality
        self._runner.fact(
            "leg",
            "line",
            {
                "frames_in": self._sound.frames,
                "caller_sound_from_ms": self._sound.from_ms,
                "frames_out": self._line.frames_out,
                "starved_frames": quality.starved_frames,
                "late_frames": quality.late_frames,
                "late_p99_ms": self._say.lateness.percentile_ms(990),
                **self._sound.measured(),
            },
        )
        self._runner.fact(
            "leg",
            "recording",
            {
                "caller_from_us": self._recorder.caller_from_us,
                "duration_ms": self._recorder.duration_ms,
                "gaps_ms": self._recorder.gaps_ms,
                "lost": self._recorder.lost,
            },
        )

    # -- effects on the leg ------------------------------------------------------------------------------------------------

    def _hang_up(self, effect: fx.HangUp) -> None:
        if self.hang_up_wanted is not None or self.end is not None:
            return
        self.hang_up_wanted = effect
        self._transfers.end(CAUSES["hung_up_by_us"])
        self._say.end_bed()
        parting_ms = self._say.part() if effect.reason == SYNTHESIZER_ERROR else 0
        self._leg_timer = self._place.timers.after_us(
            LEG_END_SECONDS * 1_000_000 + parting_ms * 1_000, self._leg_missing
        )
        if self._runner.broken:
            self._say.hush()
            self._line.clear(self._place.clock.monotonic_us())
        if self._line.leg is not None:
            self._start(_leave(self._line.leg, effect.reason, self._place.clock, parting_ms))

    def _leg_missing(self) -> None:
        """The leg was hung up and does not say so."""
        wanted = self.hang_up_wanted
        if wanted is not None and self.end is None:
            outcome = "answered" if self._answered else "failed"
            self._runner.fact("leg", "unconfirmed_end", {"seconds": LEG_END_SECONDS})
            self.closed(LegClosed(outcome, wanted.by, wanted.reason, UNCONFIRMED_CODE, "unconfirmed"))
            if self._line.leg is not None:
                # For all we know the line is still up: what was written ahead must not sound after the end of the record.
                self._line.leg.clear()

    async def _press(self, effect: fx.SendKeys) -> None:
        """Press the keys, and tell what became of it."""
        outcome = ToolOutcome(False, "there is no line any more to press keys on")

        def failed(kind: FailureKind, message: str) -> None:
            nonlocal outcome
            outcome = ToolOutcome(False, message)

        leg = self._line.leg
        try:
            with plugin_boundary("carrier", failed):
                for keys, pause_ms in runs_of(effect.keys) if leg is not None else ():
                    if keys and leg is not None:
                        await leg.send_keys(keys)
                        # They sound after this: a pause begins behind the last one, and so does what the agent says.
                        pause_ms = len(keys) * KEY_MS
                    await self._place.clock.sleep(pause_ms / 1000)
                if leg is not None:
                    outcome = ToolOutcome(True, json.dumps({"pressed": effect.keys}))
        finally:
            self._runner.post(ev.ToolResult(self._runner.now_us(), effect.request, outcome.ok, outcome.text))

    def _transfer(self, effect: fx.Transfer) -> None:
        self._tools.announce(effect.name, effect.arguments)
        self._transfers.ask(effect, self._line.leg)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        with plugin_boundary("carrier", partial(_carrier_failed, self._runner)):
            await work


async def _leave(leg: Leg, reason: str, clock: Clock, parting_ms: int) -> None:
    """Hang up, after what is said to somebody whose agent has lost its voice."""
    if parting_ms:
        await clock.sleep(parting_ms / 1_000)
    await leg.hang_up(reason)


def _carrier_failed(runner: CallRunner, kind: FailureKind, message: str) -> None:
    """The timer of a missing end settles the call."""
    runner.fact("leg", "carrier_failed", {"kind": kind.value, "message": message})
