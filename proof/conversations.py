"""Random conversations against the core: `python -m proof conversations --count N --seed S [--jobs J]`.

Each seed is a world of its own (settings, caller, model, voice, faults). Invariants are on; afterwards the whole conversation is
audited, and for a part of them the log is replayed and the runner's lateness taken out, which must change nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from callwright.conversation import events as ev
from callwright.conversation.log import canonical, values_of
from callwright.conversation.plan import CallPlan, ToolWords, TransferTool
from callwright.conversation.replay import replay
from callwright.lab.arguments import UNDECIDED, at_least_one, from_zero
from callwright.lab.processes import shared_out
from callwright.lab.trace import Trace, run_core
from callwright.ops.clock import SystemClock
from callwright.ports.model import Tool
from proof.audit import audit, same_effects
from proof.beside import Answerer, Sounds, sounds_of
from proof.confirming import Confirming
from proof.coverage import impossible, reachable, unseen
from proof.impatience import Impatience
from proof.pace import Pace
from proof.random_world import RandomWorld
from proof.services import Line, Speaker, Thinker
from proof.shrink import shrink
from proof.talker import LANGUAGES, Talker, habits_of
from proof.weather import weather_of

CHECK_REPLAY_EVERY = 20
"""One conversation in so many is also replayed from its log, and run again without the runner's lateness."""

CHUNK = 100
MOST_SHOWN = 5
"""So many broken seeds are shown with the events that break the rule; the others in a line each."""

TRANSFERS = (
    (),
    (TransferTool("transfer_call_sales", "loopback:%(name)s", False, "I put you through to sales, {name}.", True),),
    (
        TransferTool("transfer_call_desk", "sip:%(desk)s@127.0.0.1", True, "One moment."),
        TransferTool("transfer_call_police", "112"),
        TransferTool("transfer_call_lost", "{missing}", True),
    ),
    (TransferTool("transfer_call_service", "", message="I have you connected.", by_request=True),),
)
"""Transfer tools of an agent: none, one to whom the call's own variable says, three of which the model may choose a desk of one and two can
never work, or one whose transfers a service makes."""

_TRANSFER_SCHEMAS = {
    "transfer_call_sales": '{"properties":{"name":{"type":"string"},"reason":{"type":"string"}},"required":["reason"],"type":"object"}',
    "transfer_call_desk": '{"properties":{"desk":{"enum":["front","back"],"type":"string"}},"required":["desk"],"type":"object"}',
}

_NEEDY = '{"properties":{"day":{"enum":["monday"],"type":"string"}},"required":["day"],"type":"object"}'

TOOLS = (
    Tool("book", "Book a table", "{}"),
    Tool("lookup", "Look a name up", _NEEDY),
    Tool("press_keys", "Press keys", '{"properties":{"keys":{"type":"string"}},"required":["keys"],"type":"object"}'),
)

TOOL_WORDS = ((), (ToolWords("book", "I book it {name}.", own_message=True), ToolWords("lookup", "Let me see.")))


@dataclass(slots=True)
class Broken:
    """A seed whose conversation breaks a rule, and the fewest events that still do."""

    seed: int
    rule: str
    events: list[str]


@dataclass(slots=True)
class Report:
    """What a run found. ``coverage`` counts state x event.

    ``stopped_of``: how many conversations there should have been, if it was stopped before its end.
    """

    conversations: int = 0
    events: int = 0
    seconds: float = 0.0
    replayed: int = 0
    stopped_of: int = 0
    broken: list[Broken] = field(default_factory=list)
    coverage: Counter[tuple[str, str]] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """Conversations per second."""
        return self.conversations / self.seconds if self.seconds else 0.0

    @property
    def mean_events(self) -> float:
        """Events per conversation."""
        return self.events / self.conversations if self.conversations else 0.0

    def add(self, other: Report) -> None:
        """Take in the report of a part of the run."""
        self.conversations += other.conversations
        self.events += other.events
        self.replayed += other.replayed
        self.broken.extend(other.broken)
        self.coverage.update(other.coverage)
        self.endings.update(other.endings)

    def lines(self) -> list[str]:
        """The report for people."""
        pairs = len(reachable())
        stopped = f"stopped after {self.conversations} of {self.stopped_of}; " if self.stopped_of else ""
        size = f"{stopped}{self.conversations} conversations, {self.events} events ({self.mean_events:.0f} each)"
        lines = [
            f"{size} in {self.seconds:.1f} s: {self.rate:.0f} conversations/s",
            f"replayed exactly: {self.replayed}; state x event pairs seen: {len(self.coverage)} of {pairs}",
            "endings: " + ", ".join(f"{name} {count}" for name, count in self.endings.most_common()),
            f"broken: {len(self.broken)}",
        ]
        for number, broken in enumerate(self.broken):
            lines.append(f"seed {broken.seed}: {broken.rule}")
            if number < MOST_SHOWN:
                lines.append(f"  again: python -m proof conversations --count 1 --seed {broken.seed}")
                lines.extend(f"  {event}" for event in broken.events)
        return lines


def plan_of(random: Random) -> CallPlan:
    """Settings drawn at random, the extreme ones included."""
    transfers, written = random.choice(TRANSFERS), random.random() < 0.1
    tools = (*TOOLS, *(Tool(one.name, "Transfer the call", _TRANSFER_SCHEMAS.get(one.name, "{}")) for one in transfers))
    return CallPlan(
        system_prompt=random.choice(("You are {name}.", "")),
        welcome_message=random.choice(("Hello {name}, how can I help you?", "Hi!", "")),
        welcome_by_model=random.random() < 0.15,
        welcome_delay_ms=random.choice((0, 0, 500, 2_500)),
        discard_pre_welcome=random.random() < 0.2,
        incremental_delay_ms=random.choice((0, 100, 400, 900)),
        words_to_interrupt=random.choice((0, 1, 2, 3)),
        backoff_ms=random.choice((0, 0, 300, 2_500)),
        hangup_after_silence_ms=random.choice((0, 5_000, 10_000)),
        check_if_user_online=random.random() < 0.7,
        user_online_after_ms=random.choice((3_000, 6_000, 10_000)),
        call_terminate_ms=random.choice((20_000, 60_000, 90_000, 90_000)),
        hangup_message=random.choice(("", "Thank you for calling, goodbye!")),
        interruptible_goodbye=random.random() < 0.7,
        hangup_by_prompt=random.random() < 0.3,
        end_call_tool=random.random() < 0.4,
        turn_model=random.random() < 0.7,
        speculate=random.random() < 0.6,
        tools=tools if random.random() < 0.5 else (),
        transfers=transfers,
        tool_words=random.choice(TOOL_WORDS),
        waiting_messages=random.choice(((), ("Still on it.",), ("Still on it.", "Thank you for waiting."))),
        key_tools=("press_keys",),
        keys=random.random() < 0.5,
        keys_end=random.choice(("#", "")),
        keys_most=random.choice((0, 0, 4)),
        keys_interrupt=random.random() < 0.7,
        reply_timeout_ms=random.choice((4_000, 20_000)),
        language=random.choice(LANGUAGES),
        written=written,
        opt_out=random.random() < 0.7,
        opt_out_message=random.choice(("We will not call {name} again. Goodbye.", "")),
        **sounds_of(random, written),
    )


def converse(seed: int) -> Trace:
    """The conversation of ``seed``."""
    random = Random(seed)
    confirming, pace = Confirming(seed), Pace(seed)
    world = RandomWorld(random, weather_of(random), confirming)
    talker = Talker(world, habits_of(random))
    Impatience(seed, world, talker)
    Thinker(world)
    Speaker(world, talker, pace)
    Sounds(world)
    Answerer(world)
    line = Line(world, talker)
    plan = plan_of(random)
    plan = replace(
        plan,
        welcome_message=confirming.welcome(plan.welcome_message),
        hangup_message=pace.goodbye(plan.hangup_message),
    )
    started = ev.Started(0, plan, (("current_date", "Monday"), ("name", "Ada")), seed)
    world.after_ms(0, world.take, started)
    world.after_ms(1, line.ring)
    return world.run()


def examine(trace: Trace, whole: bool) -> str:
    """The rule a conversation breaks, or nothing. ``whole``: also replay it from its log and without the runner's lateness."""
    rule = audit(trace)
    if rule or not whole:
        return rule
    replayed = replay(trace.log())
    if not replayed.exact:
        return f"a log replays to the same effects: {replayed.difference}"
    punctual = run_core([event for event in trace.inputs() if not isinstance(event, ev.DeadlineReached)])
    return _lateness_changes(trace, punctual)


def _lateness_changes(trace: Trace, punctual: Trace) -> str:
    last_us = max((step[0].at_us for step in punctual.steps), default=0)
    final = run_core([*punctual.inputs(), ev.DeadlineReached(max(last_us, trace.steps[-1][0].at_us))])
    difference = same_effects(trace, final)
    return f"a late runner changes nothing: {difference}" if difference else ""


def run(count: int, seed: int, jobs: int = 1, tell: Callable[[Broken], None] = lambda broken: None) -> Report:
    """``count`` conversations with the seeds from ``seed`` on, in ``jobs`` processes. ``tell`` hears of a broken one when it is found."""
    clock = SystemClock()
    began_us = clock.monotonic_us()
    report = Report()
    try:
        if jobs > 1:
            chunks = [(first, min(CHUNK, seed + count - first)) for first in range(seed, seed + count, CHUNK)]
            with shared_out(jobs, _run_chunk, chunks) as parts:
                for part in parts:
                    report.add(part)
                    for broken in part.broken:
                        tell(broken)
        else:
            for one in range(seed, seed + count):
                found = _add(report, one, count == 1)
                if found is not None:
                    tell(found)
    except KeyboardInterrupt:
        # A long run that is stopped tells what it has found so far.
        report.stopped_of = count
    report.seconds = (clock.monotonic_us() - began_us) / 1e6
    return report


def _run_chunk(chunk: tuple[int, int]) -> Report:
    first, count = chunk
    report = Report()
    for seed in range(first, first + count):
        _add(report, seed, count == 1)
    return report


def _add(report: Report, seed: int, alone: bool) -> Broken | None:
    """One conversation more, and what it breaks."""
    trace = converse(seed)
    whole = alone or seed % CHECK_REPLAY_EVERY == 0
    rule = examine(trace, whole)
    report.conversations += 1
    report.events += len(trace.steps)
    report.replayed += whole and not rule
    report.coverage.update(trace.coverage)
    report.endings[trace.ending()] += 1
    if not rule:
        return None
    shown = shrink(trace, rule) if len(report.broken) < MOST_SHOWN else []
    broken = Broken(seed, rule, [describe(event) for event in shown])
    report.broken.append(broken)
    return broken


def describe(event: ev.Event) -> str:
    """An event in one readable line."""
    values = values_of(event)
    if isinstance(event, ev.Started):
        standard = values_of(ev.Started(0, CallPlan(), (), 0))["plan"]
        values = {"plan": {name: value for name, value in values["plan"].items() if value != standard[name]}}
    return f"{event.at_us / 1000:>12.3f} ms  {type(event).__name__} {canonical(values)}"


def print_broken(broken: Broken) -> None:
    """Reports a broken seed on standard error as soon as it is found."""
    sys.stderr.write(f"seed {broken.seed}: {broken.rule}\n")


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Exit status 1 when a conversation breaks a rule, UNDECIDED when it was stopped before one did."""
    parser = argparse.ArgumentParser(prog="python -m proof conversations", description=__doc__)
    parser.add_argument("--count", type=at_least_one, default=1_000, help="how many conversations")
    parser.add_argument("--seed", type=from_zero, default=1, help="the first seed; the others follow it")
    parser.add_argument("--jobs", type=at_least_one, default=1, help="processes")
    parser.add_argument(
        "--coverage", action="store_true", help="print the state x event pairs never seen that could be"
    )
    options = parser.parse_args(argv)
    report = run(options.count, options.seed, options.jobs, print_broken)
    lines = report.lines()
    if options.coverage:
        lines.append("never seen: " + ", ".join(map("+".join, unseen(report.coverage))))
        lines.append("seen although it cannot be: " + ", ".join(map("+".join, impossible(report.coverage))))
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if report.broken else UNDECIDED if report.stopped_of else 0
