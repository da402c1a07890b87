"""The numbers of an organisation and its sub-accounts: what they must be together, in the contract's words."""

from __future__ import annotations

import pytest

from callwright.domain.errors import BadInputError
from callwright.platform.sub_accounts.rules import Places, check_organisation, check_places

ORGANISATION = Places(50, 100)


def refused(others: list[Places], mine: Places) -> str:
    with pytest.raises(BadInputError) as caught:
        check_places(ORGANISATION, others, mine)
    return caught.value.message


def test_minimums_sum_to_at_most_the_minimum_of_the_organisation() -> None:
    check_places(ORGANISATION, [Places(30, None)], Places(20, None))
    assert refused([Places(30, None)], Places(30, None)) == (
        "Sum of account minimums (60) exceeds the org minimum (50) by 10; lower an account minimum first."
    )


def test_maximums_of_those_that_have_one_sum_to_at_most_its_maximum() -> None:
    check_places(ORGANISATION, [Places(0, 60), Places(0, None)], Places(0, 40))
    assert refused([Places(0, 60), Places(0, None)], Places(0, 60)) == (
        "Sum of capped account maximums (120) exceeds the org maximum (100) by 20;"
        " lower an account maximum or raise the org maximum."
    )


def test_a_minimum_is_not_above_its_maximum_unless_the_account_is_paused() -> None:
    check_places(ORGANISATION, [], Places(5, 5))
    check_places(ORGANISATION, [], Places(5, 0))
    assert refused([], Places(6, 5)) == "min_concurrency (6) must not exceed max_concurrency (5)"


def test_a_paused_account_keeps_its_minimum_in_the_sum_and_holds_no_place() -> None:
    assert Places(5, 0).held == 0
    assert Places(5, None).held == Places(5, 9).held == 5
    assert refused([Places(50, 0)], Places(1, None)).startswith("Sum of account minimums (51)")


def test_an_organisation_has_room_for_what_it_promised() -> None:
    check_organisation(Places(5, 10), [Places(5, 10)])
    for organisation, message in (
        (Places(11, 10), "must not exceed"),
        (Places(4, 10), "are guaranteed 5 places"),
        (Places(5, 9), "sum to 10"),
    ):
        with pytest.raises(BadInputError, match=message):
            check_organisation(organisation, [Places(5, 10)])
