"""Random whole calls of the real shell under a virtual clock: `python -m proof runs --count N --seed S [--jobs J]`.

Each seed is a world of its own: settings, caller, line, provider delays and failures, a carrier and a disk with faults. The shell is the
production one, from the leg's frames to the log; the caller and the providers speak two-tone text, so that what was heard is known to the
letter. Every run is audited as simulated conversations are, and its log replayed; a part is run twice, which must give the same bytes.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from callwright.bootstrap.rehearsal import Cast, Rehearsal, Shelf, left_over
from callwright.call.live.equipment import fitting
from callwright.call.live.hear import Ears
from callwright.call.live.say import Speaker
from callwright.call.live.session import CallSession, Equipment, Listening
from callwright.call.live.think import Thinker
from callwright.call.live.tools import ToolOutcome
from callwright.conversation.replay import replay
from callwright.domain.limits import MAX_RING_SECONDS
from callwright.insight.record import build
from callwright.lab.arguments import STANDARD_OUTPUT, UNDECIDED, at_least_one, for_people, from_zero, report_file
from callwright.lab.caller_scenario import BUILT_IN, Scenario
from callwright.lab.processes import shared_out
from callwright.lab.trace import CRASHES, Trace
from callwright.lab.virtual_loop import TimeStandsStillError, VirtualClock, VirtualLoop
from callwright.media.vad import EnergyVad
from callwright.ops.clock import SystemClock
from callwright.platform.prices.rules import PriceBook
from callwright.ports.leg import DialRequest
from callwright.ports.model import ModelSettings
from callwright.ports.speech import Transcriber, TranscriberSettings, TranscriberSink, TranscriberStream, VoiceSettings
from callwright.providers.scripted.transcriber import ScriptedTranscriber
from callwright.providers.scripted.voice import ScriptedVoice
from callwright.telephony.loopback.carrier import LoopbackCarrier
from proof.audit import audit
from proof.conversations import plan_of
from proof.coverage import reachable
from proof.deeds import TOOL, audit_deeds
from proof.faulty_carrier import Asked, WeatheredCarrier
from proof.faulty_providers import (
    NAME,
    Fortune,
    PlantedDefectError,
    WeatheredModel,
    WeatheredTranscriber,
    WeatheredTurnModel,
    WeatheredVoice,
    complaints_in,
    lateness_of,
)
from proof.random_caller import line_of_chance, persona_of_chance
from proof.shell_audit import Witness, audit_log, audit_record, audit_shell, audit_sound, trace_of_log

CHECK_TWICE_EVERY = 20
"""One call in so many is run twice, and its record is built."""
CHUNK = 5
_VARIABLES = {"current_date": "Monday", "name": "Ada"}
_EXECUTION = "00000000-0000-4000-8000-000000000000"


class _Tools:
    """Tools that are slow, fail, or are never heard of again."""

    def __init__(self, fortune: Fortune, asked: Asked) -> None:
        self._fortune = fortune
        self._asked = asked

    async def run(self, name: str, arguments: str) -> ToolOutcome:
        """Book, or not."""
        self._asked(TOOL, name)
        await self._fortune.wait(20, 500, 3_000, 12_000)
        self._fortune.stumble()
        return ToolOutcome(not self._fortune.chance(200), '{"booked":true}')

    async def before(self, name: str, arguments: str) -> Mapping[str, Any] | None:
        """Sometimes somebody is told, or cannot be."""
        if self._fortune.chance(700):
            return None
        await self._fortune.wait(20, 3_000)
        self._fortune.stumble()
        return {"status": 200}


class _Deaf:
    """A voice activity detector that notices nothing."""

    def feed(self, pcm: bytes) -> int:
        """Never speech."""
        return 0


class _Ear:
    """The far end's ears, every frame they were given, and when."""

    name = NAME

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.frames: list[bytes] = []
        self.at_us: list[int] = []

    def hears(self, pcm: bytes) -> None:
        """The next 20 ms, now."""
        self.frames.append(pcm)
        self.at_us.append(self._clock.monotonic_us())

    async def open(self, settings: TranscriberSettings, sink: TranscriberSink) -> TranscriberStream:
        """The scripted recogniser, with the frames kept."""
        return _Kept(await ScriptedTranscriber().open(settings, sink), self.hears)


class _Kept:
    """A stream whose frames are kept."""

    def __init__(self, inner: TranscriberStream, hears: Callable[[bytes], None]) -> None:
        self._inner = inner
        self._hears = hears
        self.activity = inner.activity
        self.close_utterance = inner.close_utterance
        self.set_patience = inner.set_patience
        self.want_partials = inner.want_partials
        self.aclose = inner.aclose

    def feed(self, pcm: bytes) -> None:
        """The next 20 ms."""
        self._hears(pcm)
        self._inner.feed(pcm)


@dataclass(slots=True)
class Run:
    """A whole call and what was noticed of it. ``seconds``: of virtual time; ``answered``: whether there was a conversation."""

    witness: Witness
    seconds: float
    answered: bool


@dataclass(slots=True)
class BrokenRun:
    """A seed whose call breaks a rule."""

    seed: int
    rule: str


@dataclass(slots=True)
class RunReport:
    """What a run found. ``virtual_s`` is the length of all calls, ``seconds`` what it took.

    ``cut_short``: calls whose log is not whole because the disk was full; what there is of it is replayed. ``stopped_of``: how many calls
    there should have been, if it was stopped before its end.
    """

    runs: int = 0
    answered: int = 0
    events: int = 0
    virtual_s: float = 0.0
    seconds: float = 0.0
    replayed: int = 0
    cut_short: int = 0
    twice: int = 0
    stopped_of: int = 0
    broken: list[BrokenRun] = field(default_factory=list)
    coverage: Counter[tuple[str, str]] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)

    def add(self, other: RunReport) -> None:
        """Take in the report of a part of the run."""
        for name in ("runs", "answered", "events", "virtual_s", "replayed", "cut_short", "twice"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.broken.extend(other.broken)
        self.coverage.update(other.coverage)
        self.endings.update(other.endings)

    def lines(self) -> list[str]:
        """The report for people."""
        seconds = self.seconds or 1.0
        stopped = f"stopped after {self.runs} of {self.stopped_of} calls; " if self.stopped_of else ""
        size = stopped + (
            f"{self.runs} calls ({self.answered} answered) of {self.virtual_s / max(self.runs, 1):.0f} s each, {self.events} events,"
            f" in {self.seconds:.1f} s: {self.runs / seconds:.1f} calls/s, {self.virtual_s / seconds:.0f} times real time"
        )
        exact = (
            f"replayed exactly: {self.replayed}; as far as a full disk let them be written: {self.cut_short};"
            f" run twice to the same bytes: {self.twice};"
            f" state x event pairs seen: {len(self.coverage)} of {len(reachable())}"
        )
        lines = [
            size,
            exact,
            "endings: " + ", ".join(f"{name} {count}" for name, count in self.endings.most_common(12)),
            f"broken: {len(self.broken)}",
        ]
        for broken in self.broken:
            lines.append(f"seed {broken.seed}: {broken.rule}")
            lines.append(f"  again: python -m proof runs --count 1 --seed {broken.seed} --log call.log")
        return lines


def perform(seed: int) -> Run:
    """The call of ``seed``, from the first draw to the last task."""
    loop = VirtualLoop(lateness_of(seed))
    loop.does_work_itself = True
    witness = Witness()
    loop.set_exception_handler(lambda _, context: _note_defect(witness.defects, context))
    answered = False
    try:
        with complaints_in(witness.defects), asyncio.Runner(loop_factory=lambda: loop) as runner:
            answered = runner.run(_call(seed, witness, loop))
    except (TimeStandsStillError, PlantedDefectError, *CRASHES) as error:
        witness.defects.append(f"{type(error).__name__}: {error}")
    return Run(witness, loop.now_us / 1e6, answered)


def _note_defect(defects: list[str], context: dict[str, Any]) -> None:
    error = context.get("exception")
    if not isinstance(error, PlantedDefectError):
        defects.append(f"{context.get('message')}: {type(error).__name__}: {error}")


async def _call(seed: int, witness: Witness, loop: VirtualLoop) -> bool:
    clock = VirtualClock(loop)
    fortune = Fortune.of(seed)
    random = fortune.random
    persona, line = persona_of_chance(random), line_of_chance(random)
    ear, shelf = _Ear(clock), Shelf()

    def asked(effect: str, what: str) -> None:
        witness.deeds.ask(effect, what, bytes(shelf.log))

    plugins: dict[tuple[str, str], Any] = {("voice", NAME): ScriptedVoice(), ("transcriber", NAME): ear}
    scenario = Scenario({**BUILT_IN, "chance": persona, "sales": BUILT_IN["silent"]}, {}, "chance")
    inner = LoopbackCarrier(lambda kind, name: plugins[kind, name], scenario, line=line)
    carrier = WeatheredCarrier(inner, fortune, asked)
    equipment = _equipment(fortune, asked)
    cast = Cast(
        plan=fitting(plan_of(random), equipment),
        equipment=equipment,
        carrier=carrier,
        request=DialRequest(f"{_EXECUTION}.1", "+15550123", "", MAX_RING_SECONDS),
        variables=_VARIABLES,
        seed=seed,
        wishes=_wishes(random),
    )
    full_after = random.randint(0, 200_000) if fortune.weather.junk and random.random() < 0.05 else None
    shelf.full_after = full_after
    rehearsal = Rehearsal(cast, clock, shelf)
    await rehearsal.run()
    await carrier.aclose()
    witness.left_over = [*await left_over(), *loop.armed_timers()]
    witness.deeds.failures, witness.deeds.outcomes = fortune.failures, fortune.outcomes
    witness.deeds.work = fortune.work
    witness.log = shelf.log.decode()
    witness.agent, witness.caller = shelf.agent, shelf.caller
    witness.heard = ear.frames
    witness.heard_us = [at_us - rehearsal.answered_us for at_us in ear.at_us]
    witness.late = lateness_of(seed) is not None
    witness.passed = carrier.line.frames if carrier.line is not None and rehearsal.answered_us >= 0 else ()
    # A far end that left without our being told hears nothing of what is said to it.
    witness.perfect_line = line is None and not (carrier.line is not None and carrier.line.forgot_end)
    witness.log_lost, witness.recording_lost = rehearsal.log_lost, full_after is not None
    witness.overdue, witness.broken = rehearsal.overdue, rehearsal.broken
    return rehearsal.answered_us >= 0


def _equipment(fortune: Fortune, asked: Asked) -> Equipment:
    random = fortune.random
    options: dict[str, Any] = {"delay_ms": random.choice((0, 0, 150, 600))}
    if fortune.chance(fortune.weather.lost * 4):
        options["drop"] = [random.randint(1, 4)]
    if fortune.chance(fortune.weather.failing):
        options["fail_at"] = [random.randint(1, 4)]
    transcriber: Transcriber = WeatheredTranscriber(ScriptedTranscriber(), fortune)
    settings = TranscriberSettings(endpointing_ms=random.choice((150, 250, 700)), options=options)
    return Equipment(
        Listening(transcriber, NAME, settings),
        Ears(
            vad=_Deaf() if fortune.chance(50) else EnergyVad(),
            turn_model=WeatheredTurnModel(fortune) if fortune.chance(700) else None,
            transcriber_name=NAME,
            turn_model_name=NAME,
            reading_pause_ms=random.choice((0, 0, 100)),
        ),
        Thinker(WeatheredModel(fortune), NAME, ModelSettings("m"), _VARIABLES),
        Speaker(WeatheredVoice(fortune), NAME, VoiceSettings("v")),
        _Tools(fortune, asked),
    )


def _wishes(random: Random) -> tuple[tuple[float, Callable[[CallSession], None]], ...]:
    """Now and then somebody outside wants the call to end."""
    wishes: list[tuple[float, Callable[[CallSession], None]]] = []
    if random.random() < 0.04:
        wishes.append((random.uniform(0, 60), lambda session: session.stop("API Request", "stopped_by_api")))
    if random.random() < 0.01:
        wishes.append((random.uniform(0, 60), lambda session: session.abandon("Error", "node_lost")))
    return tuple(wishes)


def examine(run: Run) -> tuple[str, Trace | None]:
    """The rule a call breaks, or nothing; and its conversation, if its log is whole."""
    witness = run.witness
    rule = audit_shell(witness)
    if rule or witness.log_lost:
        return rule or _remainder(witness.log), None
    replayed = replay(witness.log)
    trace = trace_of_log(witness.log)
    if not replayed.exact:
        return f"a log replays to the same effects: {replayed.difference}", trace
    rule = (
        audit(trace, voice_tells=True)
        or audit_log(witness.log)
        or audit_record(witness.log)
        or audit_sound(witness, trace)
        or audit_deeds(witness.deeds, trace)
    )
    return rule, trace


def _remainder(log: str) -> str:
    """What is wrong with what a full disk left of a log, or nothing: it replays as far as it goes, and gives a record."""
    if not log:
        return ""
    try:
        replayed = replay(log)
        if not replayed.exact:
            return f"what a full disk left of a log replays to the same effects: {replayed.difference}"
        build(log, PriceBook(), "loopback")
    except CRASHES as error:
        return f"what a full disk left of a log gives a record: {type(error).__name__}: {error}"
    return ""


def again(seed: int, run: Run) -> str:
    """Whether the same seed gives the same call, to the byte, and its record can be built."""
    second = perform(seed)
    first = run.witness
    if first.log != second.witness.log:
        pairs = zip(first.log.splitlines(), second.witness.log.splitlines(), strict=False)
        differing = next((f"{one[:200]} and {other[:200]}" for one, other in pairs if one != other), "one goes on")
        return f"a seed is one call: {differing}"
    if (first.agent, first.caller) != (second.witness.agent, second.witness.caller):
        return "a seed is one call: the recordings differ"
    if not first.log_lost:
        build(first.log, PriceBook(), "loopback")
    return ""


def run(count: int, seed: int, jobs: int = 1) -> RunReport:
    """``count`` calls with the seeds from ``seed`` on, in ``jobs`` processes."""
    clock = SystemClock()
    began_us = clock.monotonic_us()
    report = RunReport()
    try:
        if jobs > 1:
            chunks = [
                (first, min(CHUNK, seed + count - first), count == 1) for first in range(seed, seed + count, CHUNK)
            ]
            with shared_out(jobs, _run_chunk, chunks) as parts:
                for part in parts:
                    report.add(part)
        else:
            for one in range(seed, seed + count):
                _add(report, one, count == 1 or one % CHECK_TWICE_EVERY == 0)
    except KeyboardInterrupt:
        # A long run that is stopped tells what it has found so far.
        report.stopped_of = count
    report.seconds = (clock.monotonic_us() - began_us) / 1e6
    return report


def _run_chunk(chunk: tuple[int, int, bool]) -> RunReport:
    first, count, alone = chunk
    report = RunReport()
    for seed in range(first, first + count):
        _add(report, seed, alone or seed % CHECK_TWICE_EVERY == 0)
    return report


def _add(report: RunReport, seed: int, twice: bool) -> None:
    one = perform(seed)
    rule, trace = examine(one)
    if twice and not rule:
        rule = again(seed, one)
        report.twice += not rule
    report.runs += 1
    report.answered += one.answered
    report.virtual_s += one.seconds
    report.cut_short += one.witness.log_lost
    if trace is not None:
        report.events += len(trace.steps)
        report.replayed += not rule
        report.coverage.update(trace.coverage)
        report.endings[trace.ending()] += 1
    if rule:
        report.broken.append(BrokenRun(seed, rule))


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Exit status 1 when a call breaks a rule, UNDECIDED when it was stopped before one did."""
    parser = argparse.ArgumentParser(prog="python -m proof runs", description=__doc__)
    configure(parser)
    return command(parser.parse_args(argv))


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--count", type=at_least_one, default=200, help="how many calls")
    parser.add_argument("--seed", type=from_zero, default=1, help="the first seed; the others follow it")
    parser.add_argument("--jobs", type=at_least_one, default=1, help="processes")
    parser.add_argument("--coverage", action="store_true", help="print the state x event pairs seen")
    parser.add_argument(
        "--log", default="", metavar="FILE", help="write the log of the (first) call there (-: standard output)"
    )


def command(options: argparse.Namespace) -> int:
    """Run it. Raises BadInputError for a log that cannot be written."""
    people = for_people(options.log)
    with report_file(options.log) as write_log:
        report = run(options.count, options.seed, options.jobs)
        lines = report.lines()
        if options.coverage:
            lines.append("seen: " + ", ".join(f"{state}+{event}" for state, event in sorted(report.coverage)))
        people.write("\n".join(lines) + "\n")
        if options.log:
            write_log(perform(options.seed).witness.log)
            place = "on standard output" if options.log == STANDARD_OUTPUT else f"in {options.log}"
            people.write(f"the log of seed {options.seed} is {place}\n")
    return 1 if report.broken else UNDECIDED if report.stopped_of else 0
