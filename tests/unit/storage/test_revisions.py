"""The revisions and the rules that are written beside them."""

from __future__ import annotations

from callwright.platform.executions.rules.execution import PHASES, STATUS_OF, TRANSITIONS
from callwright.storage import migrate, rules
from callwright.storage.migrations import REVISIONS


def test_the_rules_are_the_tables_of_the_domain():
    assert len(rules.states()) == len(STATUS_OF)
    assert len(rules.status_transitions()) == sum(len(afters) for afters in TRANSITIONS.values())
    assert len(rules.phase_transitions()) == sum(len(afters) for afters, _ in PHASES.values())
    assert ("live", "", "in-progress", True) in rules.states()
    assert ("busy", "scheduled") in rules.status_transitions()


def test_revisions_are_in_order_and_the_last_one_is_the_head():
    assert list(REVISIONS) == sorted(REVISIONS)
    assert migrate.wanted()["revision"] == migrate.head() == list(REVISIONS)[-1]
