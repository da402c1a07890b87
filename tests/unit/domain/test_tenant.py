"""Organisations, sub-accounts and who is asking."""

from __future__ import annotations

from datetime import UTC, datetime

from callwright.domain.concurrency import Places
from callwright.domain.tenant import Principal, Tenant, operator

THEN = datetime(2026, 3, 1, tzinfo=UTC)


def test_what_is_shared_belongs_to_the_organisation() -> None:
    assert Principal("org", "k", "n").organisation_id == "org"
    assert Principal("north", "k", "n", parent_id="org").organisation_id == "org"
    assert operator("org").key_id == "cli"


def test_an_organisation_may_guarantee_all_of_its_places_unless_it_says_otherwise() -> None:
    assert Tenant("org", "", "", 10, 0, THEN).places == Places(10, 10)
    assert Tenant("org", "", "", 10, 0, THEN, min_concurrency=4).places == Places(4, 10)


def test_a_sub_account_is_guaranteed_what_it_was_given() -> None:
    assert Tenant("n", "", "", None, 0, THEN, parent_id="org", min_concurrency=2).places == Places(2, None)
    assert Tenant("n", "", "", 3, 0, THEN, parent_id="org").places == Places(0, 3)
