"""How many calls a machine holds, from measured steps."""

from dataclasses import replace

import pytest

from callwright.lab.capacity import Machine, Step, capacity, next_calls, sentence, table

REST = Step(0, 0.01, 0.01, 100.0, 30, 12, 0, 0.0, 0, 0.0)
MACHINE = Machine(cores=2, free_mb=8_000.0, descriptors=4_096, connections=100)


def step(calls: int, *, late: int = 0, added_ms: float = 10.0, core: float = 0.003) -> Step:
    """A step with linear use: half a megabyte and two descriptors for each call."""
    return Step(calls, 0.01 + core * calls, 0.01, 100.0 + calls / 2, 30 + 2 * calls, 14, calls * 2, added_ms, late, 3.0)


def test_the_processor_ends_first() -> None:
    found = capacity(REST, [step(8), step(24)], MACHINE)
    assert (found.by, found.proved) == ("processor", 24)
    assert 279 <= found.calls <= 280
    said = f"about {found.calls} calls at once (computed; 24 were measured); the limit is the processor"
    assert said in sentence(found, MACHINE)


def test_late_replies_end_before_the_processor() -> None:
    found = capacity(REST, [step(8), step(24), step(72, late=3)], MACHINE)
    assert (found.calls, found.by) == (24, "pacing")
    assert "too many" in table(REST, [step(8), step(24), step(72, late=3)], found)


def test_replies_that_wait_too_long_are_too_many_as_well() -> None:
    assert step(72, added_ms=99.9).holds
    assert not step(72, added_ms=100.0).holds


@pytest.mark.parametrize(
    ("machine", "calls", "by"),
    [
        (replace(MACHINE, free_mb=50.0), 80, "memory"),
        (replace(MACHINE, descriptors=256), 100, "file descriptors"),
    ],
)
def test_small_machines(machine: Machine, calls: int, by: str) -> None:
    found = capacity(REST, [step(8)], machine)
    assert (found.calls, found.by) == (calls, by)


def test_connections_bound_processes_and_not_calls() -> None:
    bounds = {bound.name: bound for bound in capacity(REST, [step(8)], MACHINE).bounds}
    assert bounds["database connections"].calls is None
    assert "100 allow 7 processes" in bounds["database connections"].said


def test_a_step_whose_callers_were_late_says_nothing_of_the_server() -> None:
    late = replace(step(8), callers_late_ms=60.0)
    assert not late.is_judged
    found = capacity(REST, [late], MACHINE)
    assert found.proved == 0
    assert "Run it again" in sentence(found, MACHINE)


def test_steps_grow_towards_the_expected_limit_and_halve_after_a_failure() -> None:
    assert next_calls([step(8)], 600) == 24
    assert next_calls([step(8), step(24), step(72), step(216)], 600) == 325
    assert next_calls([step(8), step(24, late=1)], 600) == 16
    assert next_calls([step(8), step(24, late=1), step(16, late=1)], 600) == 12
    assert next_calls([step(100), step(110, late=1)], 600) == 0
    assert next_calls([step(8)], 8) == 0
    assert next_calls([step(8)], 12) == 12
