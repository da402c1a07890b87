"""The revisions and the rules that are written beside them."""

from __future__ import annotations

from callwright.domain.execution import PHASES, STATUS_OF, TRANSITIONS
from callwright.storage import migrate, rules, upgrade


def test_the_rules_are_the_tables_of_the_domain():
    assert len(rules.states()) == len(STATUS_OF)
    assert len(rules.status_transitions()) == sum(len(afters) for afters in TRANSITIONS.values())
    assert len(rules.phase_transitions()) == sum(len(afters) for afters, _ in PHASES.values())
    assert ("live", "", "in-progress", True) in rules.states()
    assert ("busy", "scheduled") in rules.status_transitions()


def test_the_newest_revision_is_known_from_its_file_name():
    assert migrate.head() == upgrade.scripts().get_current_head()
    assert migrate.wanted()["revision"] == migrate.head()
