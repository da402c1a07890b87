"""What a caller is known by, and the rules an agent has for callers."""

from __future__ import annotations

import pytest

from callwright.platform.inbound.rules.caller import WITHHELD, CallerRules, caller_number, spellings


@pytest.mark.parametrize(
    ("caller", "number"),
    [
        ("+15550123", "+15550123"),
        ("sip:+15550123@gateway.example:5060;user=phone", "+15550123"),
        ("sips:+1(555)01-23@gateway", "+15550123"),
        ("tel:+15550123", "+15550123"),
        ("sip:%2B1555%30123@gateway", "+15550123"),
        ("sip:0015550123@gateway", "0015550123"),
        ("sip:4711@10.0.0.1", "4711"),
        ("4711", "4711"),
        ("sip:Ann@Phone.Example:5070;transport=udp", "sip:ann@phone.example"),
        ("sip:phone.example", "sip:phone.example"),
        ("sip:10.0.0.1", "sip:10.0.0.1"),
        ("ann", "ann"),
        ("", WITHHELD),
        ("Anonymous", WITHHELD),
        ("sip:anonymous@anonymous.invalid", WITHHELD),
        (" unknown ", WITHHELD),
    ],
)
def test_a_caller_is_known_by_a_number_where_there_is_one(caller: str, number: str) -> None:
    assert caller_number(caller) == number


@pytest.mark.parametrize("caller", ["+15550123", "15550123", "0015550123"])
def test_all_spellings_of_a_number_are_the_same_ones(caller: str) -> None:
    assert spellings(caller) == ("15550123", "+15550123", "0015550123")


@pytest.mark.parametrize("caller", ["+4930901820", "4930901820", "004930901820", "0114930901820"])
def test_a_number_may_also_come_as_north_america_dials_it(caller: str) -> None:
    assert spellings(caller) == ("4930901820", "+4930901820", "004930901820", "0114930901820")


@pytest.mark.parametrize(
    ("caller", "same"),
    [
        ("4711", ("4711", "+4711")),
        ("0170555", ("0170555", "+0170555")),
        ("sip:ann@phone.example", ("sip:ann@phone.example",)),
        (WITHHELD, (WITHHELD,)),
        ("", ("",)),
    ],
)
def test_what_is_no_international_number_is_one_with_itself(caller: str, same: tuple[str, ...]) -> None:
    assert spellings(caller) == same


def test_without_settings_there_are_no_rules() -> None:
    assert not CallerRules.of_settings({}).restrict


def test_a_limit_and_knowing_callers_are_rules() -> None:
    assert CallerRules.of_settings({"inbound_limit": 0}).restrict
    assert CallerRules.of_settings({"disallow_unknown_numbers": True}).restrict


@pytest.mark.parametrize("listed", ["+1 555 0123", "15550123", "0015550123", "sip:%2B15550123@anywhere"])
def test_who_is_on_the_list_always_may_however_the_number_is_spelt(listed: str) -> None:
    rules = CallerRules.of_settings({"inbound_limit": 1, "whitelist_phone_numbers": [listed]})
    assert rules.always_may("+15550123")
    assert not rules.always_may("+15550124")
