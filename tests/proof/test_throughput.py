"""``make throughput``: its judge finds what it is there to find."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from proof.chaos_evidence import Dial
from proof.throughput import CALLS_OF_A_PROCESS, Figures, Organisation, judge

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def dial(call: str, begun: float, lasts: float = 0.9) -> Dial:
    return Dial(f"{call}.1", "+15550000001", at(begun), ("dialled", "closed"), None, at(begun + lasts))


class Run:
    """A run in which everything holds: two organisations call two a second, and the second one stops its list after three calls."""

    def __init__(self) -> None:
        self.paced = Organisation("paced", 9, 0.5, of_number=2, per_second=2, tenant_id="a", contacts=4)
        stops = Organisation("stops", 2, 0.5, tenant_id="b", contacts=4, stopped_at=at(1.5))
        self.figures = Figures([self.paced, stops], most_of_a_process=CALLS_OF_A_PROCESS)
        self.executions: list[dict[str, Any]] = [
            {"id": f"{tenant}{n}", "tenant_id": tenant, "status": "completed"} for tenant in "ab" for n in range(4)
        ]
        self.dials = {call: dial(call, 0.5 * int(call[1])) for call in ("a0", "a1", "a2", "a3", "b0", "b1", "b2")}

    def broken(self) -> list[str]:
        made = sorted(self.dials.items(), key=lambda one: one[1].at)
        intents = [{"tenant_id": name[0], "initiated_at": one.at} for name, one in made]
        judge(self.figures, self.executions, intents, list(self.dials.values()))
        return self.figures.broken


def test_a_run_in_which_everything_holds_is_not_broken() -> None:
    run = Run()
    assert run.broken() == []
    assert (run.figures.dials, run.paced.most_at_carrier, run.paced.most_in_a_second) == (7, 2, 2)
    assert run.figures.lines()[-1] == "all limits hold"


def _too_many_at_the_carrier(run: Run) -> None:
    run.dials["a0"] = dial("a0", 0, lasts=1.2)


def _too_many_in_the_database(run: Run) -> None:
    run.paced.most_in_database = 3


def _too_many_in_a_second(run: Run) -> None:
    run.dials["a2"] = dial("a2", 0.99)


def _too_many_of_a_process(run: Run) -> None:
    run.figures.most_of_a_process += 1


def _dialled_after_the_stop(run: Run) -> None:
    run.dials["b3"] = dial("b3", 1.6)


def _dialled_twice(run: Run) -> None:
    run.dials["a0 again"] = dial("a0", 9)


def _a_contact_is_lost(run: Run) -> None:
    del run.executions[-1]


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_too_many_at_the_carrier, "paced had more than 2 calls at once"),
        (_too_many_in_the_database, "paced had more than 2 calls at once"),
        (_too_many_in_a_second, "paced began more than 2 calls in a second"),
        (_too_many_of_a_process, "a process had more calls than it may"),
        (_dialled_after_the_stop, "1 calls began after the stop"),
        (_dialled_twice, "1 second dials"),
        (_a_contact_is_lost, "8 contacts are 7 executions"),
    ],
)
def test_what_does_not_hold_is_found_and_nothing_else(spoil: Callable[[Run], None], told: str) -> None:
    run = Run()
    spoil(run)
    assert run.broken() == [f"BROKEN: {told}"]
    assert run.figures.lines()[-1] == f"BROKEN: {told}"
