"""How contacts are released: a few ahead for each tenant, shared between its batches."""

from __future__ import annotations

import pytest

from callwright.campaigns.plan import Share, ahead, shares
from callwright.domain.limits import MAX_BATCH_AHEAD


def batch(
    name: str, *, waiting: int = 0, under_way: int = 0, left: bool = True, tenant: str = "t", concurrency: int = 40
) -> Share:
    return Share(name, tenant, concurrency, waiting, waiting + under_way, left)


@pytest.mark.parametrize(
    ("concurrency", "wanted"), [(0, 2), (1, 2), (8, 2), (9, 3), (40, 10), (200, 50), (10_000, MAX_BATCH_AHEAD)]
)
def test_a_quarter_of_the_places_is_kept_ahead(concurrency: int, wanted: int) -> None:
    assert ahead(concurrency) == wanted


def test_nothing_to_do_is_nothing() -> None:
    assert shares([]) == {}
    assert shares([batch("a", left=False)]) == {}
    assert shares([batch("a", waiting=10)]) == {}
    assert shares([batch("a", waiting=99)]) == {}


def test_only_what_is_missing_is_released() -> None:
    assert shares([batch("a", waiting=7)]) == {"a": 3}


def test_batches_of_a_tenant_share_evenly() -> None:
    assert shares([batch("a"), batch("b")]) == {"a": 5, "b": 5}


def test_the_batch_with_the_fewest_calls_under_way_goes_first() -> None:
    assert shares([batch("a", under_way=8), batch("b")]) == {"a": 1, "b": 9}
    assert shares([batch("a", under_way=40), batch("b")]) == {"b": 10}


def test_one_tenant_does_not_take_from_another() -> None:
    found = shares([batch("a", waiting=10), batch("b", tenant="u", concurrency=4)])
    assert found == {"b": 2}


def test_a_batch_without_contacts_counts_but_gets_none() -> None:
    assert shares([batch("a", waiting=4, left=False), batch("b")]) == {"b": 6}
