"""Whole calls in which a vendor dies: `python -m proof outages [--each N] [--seed S] [--jobs J]`.

A grid of calls of the real shell under the virtual clock: {recogniser, model, voice} x {refuse, hang, trickle, garbage, reset, 401, 429,
5xx} x {start, first byte, middle}. In each the first provider dies by seed and its fallback works. The caller knows what it should hear.

What is measured is what the caller notices: silence of the agent from the fault on, without the time in which the caller itself speaks.
Sound that was on its way already counts as sound.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from callwright.bootstrap.rehearsal import Cast, Rehearsal, Shelf, left_over
from callwright.call.live.breakers import Breakers, Service
from callwright.call.live.failover import ConnectedProvider, Failover, Link, ModelChain, VoiceChain
from callwright.call.live.hear import Ears
from callwright.call.live.say import Speaker
from callwright.call.live.session import Equipment, Listening
from callwright.call.live.think import Thinker
from callwright.call.live.tools import NoTools
from callwright.call.live.transcriber_chain import TranscriberChain
from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.plan import CallPlan
from callwright.domain.limits import MAX_RING_SECONDS
from callwright.lab.arguments import at_least_one, from_zero
from callwright.lab.caller_scenario import Persona, Rule, Scenario
from callwright.lab.processes import shared_out
from callwright.lab.trace import Trace
from callwright.lab.virtual_loop import VirtualClock, VirtualLoop
from callwright.media.tonetext import ToneTextDecoder
from callwright.media.vad import EnergyVad
from callwright.ops.clock import SystemClock
from callwright.platform.agent_settings.rules.providers import MODEL_CHAIN, TRANSCRIBER_CHAIN, VOICE_CHAIN
from callwright.ports.leg import DialRequest
from callwright.ports.model import ModelSettings
from callwright.ports.speech import FRAME_MS, TranscriberSettings, TranscriberSink, TranscriberStream, VoiceSettings
from callwright.providers.scripted.transcriber import ScriptedTranscriber
from callwright.providers.scripted.turn import ScriptedTurnModel
from callwright.providers.scripted.voice import ScriptedVoice
from callwright.telephony.loopback.carrier import LoopbackCarrier
from proof.audit import audit
from proof.faulty_providers import NAME, complaints_in
from proof.outage_faults import (
    COMPONENTS,
    FAULTS,
    FIRST,
    MIDDLE,
    MOMENTS,
    RECOGNISER,
    SPARE,
    START,
    VOICE,
    MortalTranscriber,
    MortalVoice,
    Outage,
    ReadingModel,
    SpareTranscriber,
    SpareVoice,
)
from proof.shell_audit import Witness, audit_log, audit_shell, audit_sound, trace_of_log

HEARD_MS = 1_500
"""Longest silence at the 95th percentile (reliability goal O1)."""
SURVIVED_PERMILLE = 995
SWITCH_MS = 50
"""Our own share of a switch at the 99th percentile (O2)."""

_LINES = ("My first wish is v101 v102.", "The second wish is v201 v202.", "Last wish is v301 v302. Thanks.")
_WELCOME = "Good day, this is the desk of wishes. Please tell me the first wish now."
_REPLIES = (
    "Noted a101 a102 a103 a104 a105 a106. It costs a107 a108. Please tell me the second wish now.",
    "Noted a201 a202 a203 a204 a205 a206. It costs a207 a208. Please tell me the last wish now.",
    "Noted a301 a302 a303 a304 a305 a306. It costs a307 a308. That was all for today.",
)
_CALLER = Persona(
    "wisher",
    "Has three wishes.",
    patience_ms=0,
    fallback=(),
    rules=(
        Rule(heard="the first wish now", say=_LINES[0]),
        Rule(heard="the second wish now", say=_LINES[1]),
        Rule(heard="the last wish now", say=_LINES[2]),
        Rule(heard="all for today", say="Goodbye.", hang_up=True),
    ),
)
_EXECUTION = "00000000-0000-4000-8000-000000000000"
_BREATH_FRAMES = 5
"""A shorter pause is part of a sound."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A place of the grid."""

    component: str
    fault: str
    moment: str

    def __str__(self) -> str:
        return f"{self.component}, {self.fault}, {self.moment}"


CELLS = tuple(Cell(component, fault, moment) for component in COMPONENTS for fault in FAULTS for moment in MOMENTS)


@dataclass(slots=True)
class Outcome:
    """What became of one call. ``heard_ms``: the silence after the fault, None where the agent had nothing more to say. ``switch_us``:
    processor time from a failure to the request to the fallback, None where the failure was one of waiting. ``struck``: whether
    anything failed."""

    cell: Cell
    seed: int
    heard_ms: int | None = None
    switch_us: int | None = None
    struck: bool = False
    survived: bool = False
    said_twice: int = 0
    switches: int = 0
    rule: str = ""


class _Ear:
    """The caller's ears, and every frame they were given."""

    name = NAME

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.frames: list[bytes] = []
        self.at_us: list[int] = []

    async def open(self, settings: TranscriberSettings, sink: TranscriberSink) -> TranscriberStream:
        """The scripted recogniser, with the frames kept."""
        stream = await ScriptedTranscriber().open(settings, sink)
        feed = stream.feed

        def kept(pcm: bytes) -> None:
            self.frames.append(pcm)
            self.at_us.append(self._clock.monotonic_us())
            feed(pcm)

        stream.feed = kept  # type: ignore[method-assign]
        return stream


def perform(cell: Cell, seed: int) -> Outcome:
    """One call of a cell."""
    loop = VirtualLoop()
    loop.does_work_itself = True
    witness = Witness()
    loop.set_exception_handler(lambda _, context: witness.defects.append(str(context.get("message"))))
    outcome = Outcome(cell, seed)
    with complaints_in(witness.defects), asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(_call(outcome, witness, loop))
    return outcome


async def _call(outcome: Outcome, witness: Witness, loop: VirtualLoop) -> None:
    cell, random = outcome.cell, Random(f"{outcome.cell} {outcome.seed}")
    clock = VirtualClock(loop)
    # The welcome is the first request of the voice, and no request of the others.
    request = 1 if cell.moment == START else random.randint(2, 6) if cell.component == VOICE else random.randint(1, 3)
    outage = Outage(cell.component, cell.fault, cell.moment, request, random, clock.monotonic_us, _spent_us)
    ear, shelf = _Ear(clock), Shelf()
    plugins: dict[tuple[str, str], Any] = {("voice", NAME): ScriptedVoice(), ("transcriber", NAME): ear}
    scenario = Scenario({_CALLER.name: _CALLER}, {}, _CALLER.name)
    carrier = LoopbackCarrier(lambda kind, name: plugins[kind, name], scenario)
    plan = CallPlan(welcome_message=_WELCOME, system_prompt="Take three wishes.", fillers=True, incremental_delay_ms=0)
    cast = Cast(
        plan=plan,
        equipment=_equipment(outage, clock),
        carrier=carrier,
        request=DialRequest(f"{_EXECUTION}.1", "+15550123", "", MAX_RING_SECONDS),
        variables={},
        seed=outcome.seed,
    )
    rehearsal = Rehearsal(cast, clock, shelf)
    await rehearsal.run()
    await carrier.aclose()
    witness.left_over = [*await left_over(), *loop.armed_timers()]
    witness.log = shelf.log.decode()
    witness.agent, witness.caller = shelf.agent, shelf.caller
    witness.passed = list(_frames(shelf.caller))
    witness.heard = ear.frames
    witness.heard_us = [at_us - rehearsal.answered_us for at_us in ear.at_us]
    witness.overdue, witness.broken = rehearsal.overdue, rehearsal.broken
    trace = trace_of_log(witness.log)
    outcome.struck = outage.struck_us >= 0
    outcome.switches = sum(isinstance(event, ev.ProviderSwitched) for event, _ in trace.steps)
    outcome.survived = _survived(trace)
    outcome.said_twice = _said_twice(ear.frames)
    outcome.rule = _rule(witness, trace)
    # What breaks off in a clause or an answer goes on when the conversation wants it, not at once.
    at_once = cell.moment != MIDDLE or cell.component == RECOGNISER
    if at_once and outage.seen_us >= 0 and outage.asked_us >= 0:
        outcome.switch_us = outage.asked_us - outage.seen_us
    if outcome.struck:
        outcome.heard_ms = silence_ms(
            [bool(frame.strip(b"\0")) for frame in ear.frames],
            [bool(frame.strip(b"\xff")) for frame in _frames(shelf.caller)],
            max(0, outage.struck_us - rehearsal.answered_us) // 1_000,
        )


def _spent_us() -> int:
    """Processor time: what a busy machine does meanwhile is not ours."""
    return time.thread_time_ns() // 1_000


def _equipment(outage: Outage, clock: VirtualClock) -> Equipment:
    failover = Failover(Breakers(), clock)
    voice = VoiceChain(
        [
            _link("voice", FIRST, MortalVoice(outage), VoiceSettings("v")),
            _link("voice", SPARE, SpareVoice(outage), VoiceSettings("v")),
        ],
        failover,
        VOICE_CHAIN[1].default,
    )
    models = [_link("model", name, ReadingModel(name, outage, _REPLIES), ModelSettings("m")) for name in (FIRST, SPARE)]
    settings = TranscriberSettings(endpointing_ms=250)
    ears = [
        _link("transcriber", FIRST, MortalTranscriber(outage), settings),
        _link("transcriber", SPARE, SpareTranscriber(outage), settings),
    ]
    return Equipment(
        Listening(TranscriberChain(ears, failover, TRANSCRIBER_CHAIN[1].default), FIRST, settings),
        Ears(EnergyVad(), ScriptedTurnModel(), FIRST, FIRST),
        Thinker(ModelChain(models, failover, MODEL_CHAIN[1].default), FIRST, ModelSettings("m"), {}),
        Speaker(voice, FIRST, VoiceSettings("v")),
        NoTools(),
        failover=failover,
    )


def _link(kind: str, name: str, plugin: Any, settings: Any) -> Link[Any, Any]:
    return Link(ConnectedProvider(kind, name), plugin, settings, Service(kind, name), name)


def _frames(mulaw: bytes) -> Iterator[bytes]:
    size = FRAME_MS * 8
    return (mulaw[at : at + size] for at in range(0, len(mulaw), size))


def silence_ms(agent: Sequence[bool], caller: Sequence[bool], fault_ms: int) -> int | None:
    """How long the agent was silent from a moment on, without what the caller said. ``agent`` and ``caller``: whether each of their frames
    sounds. None where the agent is not heard again."""
    at = fault_ms // FRAME_MS
    while any(agent[at : at + _BREATH_FRAMES]):
        at += 1
    begun = at
    heard = next((number for number in range(at, len(agent)) if agent[number]), None)
    if heard is None:
        return None
    spoken = [number for number in range(begun, min(heard, len(caller))) if caller[number]]
    return (heard - (spoken[-1] + 1 if spoken else begun)) * FRAME_MS


def _survived(trace: Trace) -> bool:
    """Whether the caller said everything, each word once, and hung up itself."""
    ends = [event for event, _ in trace.steps if isinstance(event, ev.LegEnded)]
    effects = [effect for _, made in trace.steps for effect in made]
    turns: dict[int, str] = {effect.turn: effect.text for effect in effects if isinstance(effect, fx.UserSaid)}
    said = " ".join(turns.values()).split()
    expected = [word.strip(".") for line in _LINES for word in line.split() if word.startswith("v")]
    understood = [word.strip(".") for word in said if word.startswith("v")]
    return bool(ends) and ends[-1].by == "Callee" and understood == expected


def _said_twice(frames: Sequence[bytes]) -> int:
    """Sentences of the agent that the caller heard more than once, from the first word to the last."""
    decoder = ToneTextDecoder()
    text = "".join(heard.text for frame in frames for heard in decoder.feed(frame))
    sentences = [f"{one.strip(' .')}." for reply in (_WELCOME, *_REPLIES) for one in reply.split(". ")]
    return sum(text.count(sentence) > 1 for sentence in sentences)


def _rule(witness: Witness, trace: Trace) -> str:
    """The first rule of whole calls that is broken, or nothing: the history is what was heard, and no part of the shell raises."""
    return audit_shell(witness) or audit(trace) or audit_log(witness.log) or audit_sound(witness, trace)


@dataclass(slots=True)
class Report:
    """What the grid found."""

    outcomes: list[Outcome] = field(default_factory=list)
    seconds: float = 0.0

    def heard(self, fits: Callable[[Cell], bool] = lambda _: True) -> list[int]:
        """The silences of the cells that fit, shortest first."""
        return sorted(one.heard_ms for one in self.outcomes if one.heard_ms is not None and fits(one.cell))

    @property
    def broken(self) -> list[str]:
        """The goals that are missed, and the calls that broke a rule."""
        found = [f"{one.cell}, seed {one.seed}: {one.rule}" for one in self.outcomes if one.rule]
        found += [f"{one.cell}, seed {one.seed}: a sentence was said twice" for one in self.outcomes if one.said_twice]
        found += [
            f"{one.cell}, seed {one.seed}: nobody took over" for one in self.outcomes if one.struck and not one.switches
        ]
        survived = sum(one.survived for one in self.outcomes)
        if survived * 1_000 < len(self.outcomes) * SURVIVED_PERMILLE:
            lost = ", ".join(f"{one.cell} (seed {one.seed})" for one in self.outcomes if not one.survived)
            found.append(f"{survived} of {len(self.outcomes)} calls survived; lost: {lost}")
        if (p95 := percentile(self.heard(), 95)) > HEARD_MS:
            found.append(f"the 95th percentile of the silence is {p95} ms, more than {HEARD_MS}")
        if (p99 := percentile(self.switched(), 99)) > SWITCH_MS * 1_000:
            found.append(f"a switch takes {p99 / 1_000:.1f} ms of our own, more than {SWITCH_MS}")
        return found

    def switched(self) -> list[int]:
        """Our own share of each switch in microseconds, the shortest first."""
        return sorted(one.switch_us for one in self.outcomes if one.switch_us is not None)

    def lines(self) -> list[str]:
        """The report for people."""
        head = f"{'':24}" + "".join(f"{moment:>22}" for moment in MOMENTS)
        lines = ["silence after the fault in ms, p50 / p95 / longest", head]
        for component in COMPONENTS:
            for fault in FAULTS:
                row = f"{component:12}{fault:12}"
                for moment in MOMENTS:
                    cell = Cell(component, fault, moment)
                    heard = self.heard(lambda one, wanted=cell: one == wanted)  # type: ignore[misc]
                    shown = " / ".join(str(percentile(heard, share)) for share in (50, 95, 100)) if heard else "-"
                    row += f"{shown:>22}"
                lines.append(row)
        for component in (*COMPONENTS, ""):
            heard = self.heard(lambda one, name=component: not name or one.component == name)  # type: ignore[misc]
            of = [one for one in self.outcomes if not component or one.cell.component == component]
            lines.append(
                f"{component or 'all':12}{len(of)} calls: silence p50 {percentile(heard, 50)} ms, p95 {percentile(heard, 95)} ms;"
                f" survived {sum(one.survived for one in of)}; sentences said twice {sum(one.said_twice for one in of)}"
            )
        switched = self.switched()
        lines.append(
            f"from a failure to the request to the fallback, our own share: p50 {percentile(switched, 50) / 1_000:.1f} ms,"
            f" p99 {percentile(switched, 99) / 1_000:.1f} ms of {len(switched)}"
        )
        lines.append(f"{len(self.outcomes)} calls in {self.seconds:.0f} s; broken: {len(self.broken)}")
        return [*lines, *self.broken]


def percentile(values: Sequence[int], share: int) -> int:
    """The value at this share of sorted ones; 0 of none."""
    return values[min(len(values) - 1, -(-len(values) * share // 100) - 1 if share else 0)] if values else 0


def run(each: int, seed: int, jobs: int = 1, cells: Sequence[Cell] = CELLS) -> Report:
    """``each`` calls of every cell, with the seeds from ``seed`` on."""
    clock = SystemClock()
    began_us = clock.monotonic_us()
    report = Report()
    work = [(cell, one) for one in range(seed, seed + each) for cell in cells]
    if jobs > 1:
        with shared_out(jobs, _perform, work) as outcomes:
            report.outcomes.extend(outcomes)
    else:
        report.outcomes.extend(_perform(one) for one in work)
    report.seconds = (clock.monotonic_us() - began_us) / 1e6
    return report


def _perform(one: tuple[Cell, int]) -> Outcome:
    return perform(*one)


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Exit status 1 when a goal is missed or a call breaks a rule."""
    parser = argparse.ArgumentParser(prog="python -m proof outages", description=__doc__)
    parser.add_argument("--each", type=at_least_one, default=3, help="how many calls of each cell")
    parser.add_argument("--seed", type=from_zero, default=1, help="the first seed; the others follow it")
    parser.add_argument("--jobs", type=at_least_one, default=1, help="processes")
    options = parser.parse_args(argv)
    report = run(options.each, options.seed, options.jobs)
    sys.stdout.write("\n".join(report.lines()) + "\n")
    return 1 if report.broken else 0
