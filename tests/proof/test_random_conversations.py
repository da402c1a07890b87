"""A few hundred random conversations: none may break a rule of the core. A failure prints the seed, the command and the fewest events.

`make prove` runs 20,000.
"""

import os

from proof.conversations import run
from proof.coverage import impossible, unseen

CONVERSATIONS = 400
FIRST_SEED = int(os.environ.get("CALLWRIGHT_SIMULATION_SEED", "1"))
LEAST_EVENTS = 60
UNSEEN_MOST = 60
"""Reachable pairs of state and event that a run of this size may miss."""


def test_random_conversations_break_no_rule() -> None:
    report = run(CONVERSATIONS, FIRST_SEED, jobs=2)
    assert not report.broken, "\n".join(report.lines())
    assert report.conversations == CONVERSATIONS
    assert report.mean_events >= LEAST_EVENTS
    assert report.replayed >= CONVERSATIONS // 25
    assert not impossible(report.coverage), "proof/coverage.py says that these cannot be"
    assert len(unseen(report.coverage)) <= UNSEEN_MOST, unseen(report.coverage)
