"""A few hundred random conversations: none may break a rule of the core. A failure prints the seed, the command and the fewest events.

`make prove` runs 20,000.
"""

import os

import pytest
from proof.conversations import run
from proof.coverage import impossible, unseen

CONVERSATIONS = 400
FIRST_SEED = int(os.environ.get("CALLWRIGHT_SIMULATION_SEED", "1"))
LEAST_EVENTS = 60
UNSEEN_MOST = 60
"""Reachable pairs of state and event that a run of this size may miss."""


@pytest.mark.parametrize("conversations", [CONVERSATIONS, pytest.param(20_000, marks=pytest.mark.long)])
def test_random_conversations_break_no_rule(conversations: int) -> None:
    report = run(conversations, FIRST_SEED, jobs=2)
    assert not report.broken, "\n".join(report.lines())
    assert report.conversations == conversations
    assert report.mean_events >= LEAST_EVENTS
    assert report.replayed >= conversations // 25
    assert not impossible(report.coverage), "proof/coverage.py says that these cannot be"
    assert len(unseen(report.coverage)) <= UNSEEN_MOST, unseen(report.coverage)
