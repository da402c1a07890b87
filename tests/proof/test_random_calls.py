"""Thirty random whole calls of the real shell: none may break a rule. A failure prints the seed and the command."""

import os

import pytest
from proof.runs import run

RUNS = 30
FIRST_SEED = int(os.environ.get("CALLWRIGHT_SIMULATION_SEED", "1"))
LEAST_TIMES_REAL_TIME = 10


@pytest.mark.parametrize("runs", [RUNS, pytest.param(300, marks=pytest.mark.long)])
def test_random_whole_calls_break_no_rule(runs: int) -> None:
    report = run(runs, FIRST_SEED, jobs=2)
    assert not report.broken, "\n".join(report.lines())
    assert report.runs == runs
    assert report.answered > runs * 4 // 5
    assert report.twice >= runs // 30
    assert report.virtual_s / report.seconds > LEAST_TIMES_REAL_TIME
