"""How many calls a machine holds, from what a server used at some numbers of calls. Pure.

A step holds while every reply came in time. Other limits are computed from what a call uses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MOST_ADDED_MS = 100.0
"""Most that the server may add to the wait for a reply, 95th percentile."""
MOST_OWN_LATE_MS = 40.0
"""Where our callers send later than this (99th percentile), they are measured and not the server."""
USABLE_CORE = 0.85
"""Share of a core that a loop may use before replies come late."""
USABLE_MEMORY = 0.8
USABLE_DESCRIPTORS = 0.9
_WITH_ARTICLE = {
    "processor": "the processor",
    "pacing": "the pacing of replies",
    "file descriptors": "the number of file descriptors",
}


@dataclass(frozen=True, slots=True)
class Step:
    """What was measured with ``calls`` at once. ``core``: cores that the server used. ``late``: replies with gaps, missed turns and broken
    calls together."""

    calls: int
    core: float
    database_core: float
    memory_mb: float
    descriptors: int
    connections: int
    turns: int
    added_p95_ms: float
    late: int
    callers_late_ms: float

    @property
    def is_judged(self) -> bool:
        """Whether the step says something about the server."""
        return self.turns > 0 and not (self.callers_late_ms > MOST_OWN_LATE_MS)

    @property
    def holds(self) -> bool:
        """Whether every caller was served in time."""
        return self.is_judged and not self.late and self.added_p95_ms < MOST_ADDED_MS


@dataclass(frozen=True, slots=True)
class Machine:
    """What the server can have. ``free_mb``: memory that is free with the server at rest."""

    cores: int
    free_mb: float
    descriptors: int
    connections: int


@dataclass(frozen=True, slots=True)
class Bound:
    """``calls`` that one resource allows; None where calls do not use it up. ``said``: the figures behind."""

    name: str
    calls: int | None
    said: str


@dataclass(frozen=True, slots=True)
class Capacity:
    """``calls`` at once in one process, ``by`` the resource that ends first. ``proved``: the most that were held in a measured step."""

    calls: int
    by: str
    proved: int
    bounds: tuple[Bound, ...]


def next_calls(steps: Sequence[Step], most: int) -> int:
    """How many calls the next step should have: towards the expected limit of the processor, at most three times as many. 0 when enough is
    known."""
    last = steps[-1]
    held = max((step.calls for step in steps if step.holds), default=0)
    failed = min((step.calls for step in steps if not step.holds), default=0)
    if failed:
        between = (held + failed) // 2
        return between if between - held > max(2, held // 8) else 0
    if last.calls >= most:
        return 0
    expected = _by_processor(steps) or 3 * last.calls
    return min(most, max(last.calls + last.calls // 2 + 1, min(3 * last.calls, expected)))


def capacity(rest: Step, steps: Sequence[Step], machine: Machine) -> Capacity:
    """What the measured steps say. ``rest`` is the server without calls; ``steps`` is not empty."""
    held = [step for step in steps if step.holds]
    proved = max((step.calls for step in held), default=0)
    bounds = [
        _processor(rest, held or steps[:1], proved),
        _of_memory(rest, held or steps[:1], machine),
        _of_descriptors(rest, held or steps[:1], machine),
        _of_connections(rest, steps, machine),
        _pacing(steps, proved),
    ]
    known = [bound for bound in bounds if bound.calls is not None]
    least = min(known, key=lambda bound: bound.calls or 0)
    return Capacity(least.calls or 0, least.name, proved, tuple(bounds))


def _per_call(rest: Step, step: Step, what: str) -> float:
    return max(0.0, float(getattr(step, what)) - float(getattr(rest, what))) / step.calls


def _by_processor(steps: Sequence[Step]) -> int:
    last = max(steps, key=lambda step: step.calls)
    return int(USABLE_CORE * last.calls / last.core) if last.core and last.calls else 0


def _processor(rest: Step, held: Sequence[Step], proved: int) -> Bound:
    each = _per_call(rest, max(held, key=lambda step: step.calls), "core")
    calls = max(proved, int((USABLE_CORE - rest.core) / each)) if each else None
    return Bound(
        "processor", calls, f"{100 * each:.2f} % of a core for each call, {USABLE_CORE:.0%} of one core usable"
    )


def _of_memory(rest: Step, held: Sequence[Step], machine: Machine) -> Bound:
    each = _per_call(rest, max(held, key=lambda step: step.calls), "memory_mb")
    calls = int(USABLE_MEMORY * machine.free_mb / each) if each else None
    return Bound("memory", calls, f"{each:.2f} MB for each call, {machine.free_mb:,.0f} MB free")


def _of_descriptors(rest: Step, held: Sequence[Step], machine: Machine) -> Bound:
    each = _per_call(rest, max(held, key=lambda step: step.calls), "descriptors")
    free = USABLE_DESCRIPTORS * machine.descriptors - rest.descriptors
    calls = int(free / each) if each else None
    return Bound("file descriptors", calls, f"{each:.1f} for each call, {machine.descriptors:,} allowed")


def _of_connections(rest: Step, steps: Sequence[Step], machine: Machine) -> Bound:
    used = max(rest.connections, *(step.connections for step in steps))
    processes = max(1, machine.connections // used) if used else 1
    return Bound(
        "database connections",
        None,
        f"{used} at most, however many calls; {machine.connections} allow {processes} processes",
    )


def _pacing(steps: Sequence[Step], proved: int) -> Bound:
    failed = [step for step in steps if step.is_judged and not step.holds]
    if failed:
        first = min(failed, key=lambda step: step.calls)
        said = f"at {first.calls} calls: {first.late} late or lost, p95 {first.added_p95_ms:.0f} ms added"
        return Bound("pacing", proved, said)
    slowest = max((step.added_p95_ms for step in steps), default=0.0)
    return Bound("pacing", None, f"no reply late up to {proved} calls, p95 at most {slowest:.0f} ms added")


def table(rest: Step, steps: Sequence[Step], found: Capacity) -> str:
    """The measured steps and the bounds, as text."""
    lines = ["calls   core %  database %       MB  descriptors  added p95 ms  late or lost"]
    for step in (rest, *sorted(steps, key=lambda step: step.calls)):
        added = f"{step.added_p95_ms:12.1f}" if step.turns else f"{'-':>12}"
        note = "" if step.calls == 0 or step.holds else ("  too many" if step.is_judged else "  callers too slow")
        lines.append(
            f"{step.calls:5d} {100 * step.core:8.1f} {100 * step.database_core:11.1f} {step.memory_mb:8.0f} {step.descriptors:12d}"
            f"  {added}  {step.late:12d}{note}"
        )
    lines.append("")
    lines += [
        f"{bound.name:20s}  {bound.calls if bound.calls is not None else '-':>7}  {bound.said}"
        for bound in found.bounds
    ]
    return "\n".join(lines)


def sentence(found: Capacity, machine: Machine) -> str:
    """The answer in words."""
    if not found.proved:
        return (
            "Nothing could be measured: the callers themselves were late, or replies were, with the fewest calls. Run it again when the"
            " machine does nothing else."
        )
    how = "measured" if found.proved >= found.calls else f"computed; {found.proved} were measured"
    by = _WITH_ARTICLE.get(found.by, found.by)
    more = f" Each further process can use another of the {machine.cores} cores." if machine.cores > 1 else ""
    return (
        f"One `callwright serve` on this machine holds about {found.calls} calls at once ({how}); the limit is {by}."
        f" Speech and language models on this machine come on top.{more}"
    )
