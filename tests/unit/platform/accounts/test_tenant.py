"""Organisations, sub-accounts and who is asking."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from callwright.domain.errors import BadInputError
from callwright.platform.accounts.rules import Principal, Tenant, expiry_of_new, operator
from callwright.platform.sub_accounts.rules import Places

THEN = datetime(2026, 3, 1, tzinfo=UTC)


def test_what_is_shared_belongs_to_the_organisation() -> None:
    assert Principal("org", "k", "n").organisation_id == "org"
    assert Principal("north", "k", "n", parent_id="org").organisation_id == "org"
    assert operator("org").key_id == "cli"


def test_an_organisation_may_guarantee_all_of_its_places_unless_it_says_otherwise() -> None:
    assert Tenant("org", "", "", 10, THEN).places == Places(10, 10)
    assert Tenant("org", "", "", 10, THEN, min_concurrency=4).places == Places(4, 10)


def test_a_sub_account_is_guaranteed_what_it_was_given() -> None:
    assert Tenant("n", "", "", None, THEN, parent_id="org", min_concurrency=2).places == Places(2, None)
    assert Tenant("n", "", "", 3, THEN, parent_id="org").places == Places(0, 3)


EXPIRING = Principal("org", "k", "n", expires_at=THEN)
LASTING = Principal("org", "k", "n")


def test_a_key_that_expires_makes_none_that_outlives_it() -> None:
    with pytest.raises(
        BadInputError, match="later than 2026-03-01T00:00:00\\+00:00, when the key that makes this one expires"
    ):
        expiry_of_new(EXPIRING, THEN + timedelta(seconds=1))


def test_a_key_without_a_wish_expires_with_the_key_that_makes_it() -> None:
    assert expiry_of_new(EXPIRING, None) == THEN
    assert expiry_of_new(LASTING, None) is None


@pytest.mark.parametrize("maker", [EXPIRING, LASTING])
@pytest.mark.parametrize("wished", [THEN, THEN - timedelta(hours=1)])
def test_a_key_may_expire_with_its_maker_or_earlier(maker: Principal, wished: datetime) -> None:
    assert expiry_of_new(maker, wished) == wished
