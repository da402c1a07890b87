"""The calling policy of an organisation: its sections, their defaults, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from callwright.domain.errors import BadInputError
from callwright.platform.dialling.rules.policy import (
    CallingPolicy,
    HoursPolicy,
    NumbersPolicy,
    parse_policy,
    policy_wire,
    stored_policy,
)


def test_the_default_policy_is_what_an_empty_one_means():
    assert parse_policy({}) == CallingPolicy() == stored_policy({})


def test_a_policy_comes_back_as_it_was_given():
    given: dict[str, Any] = {
        "hours": {"start_hour": 9, "end_hour": 20, "days": ["sat", "mon"], "default_time_zone": "europe/berlin"},
        "country_rules": {"enabled": True, "hours": True, "holidays": False, "consent": True},
        "numbers": {"countries": ["US", "DE", "US"], "refused_kinds": ["unknown"]},
        "attempts": {"per_number": 3, "period_hours": 48},
        "consent": {"required": True, "field": "agreed"},
    }
    wire = json.loads(json.dumps(policy_wire(parse_policy(given))))
    assert wire["hours"] == {
        "start_hour": 9,
        "end_hour": 20,
        "days": ["mon", "sat"],
        "default_time_zone": "Europe/Berlin",
    }
    assert wire["numbers"] == {"countries": ["US", "DE"], "refused_kinds": ["unknown"]}
    assert {name: wire[name] for name in ("country_rules", "attempts", "consent")} == {
        name: given[name] for name in ("country_rules", "attempts", "consent")
    }
    assert policy_wire(stored_policy(wire)) == wire


def test_a_stored_policy_of_a_later_release_is_read():
    wire = {**policy_wire(CallingPolicy(hours=HoursPolicy(8, 21))), "moods": {"good": True}}
    assert stored_policy(wire).hours == HoursPolicy(8, 21)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"hour": {}}, "hour"),
        ({"hours": {"begin_hour": 9}}, "hours.begin_hour"),
        ({"hours": {"start_hour": 20, "end_hour": 20}}, "hours.end_hour"),
        ({"hours": {"end_hour": 25}}, "hours.end_hour"),
        ({"hours": {"days": ["monday"]}}, "hours.days[0]"),
        ({"hours": {"default_time_zone": "Mars/Olympus"}}, "hours.default_time_zone"),
        ({"hours": []}, "hours"),
        ({"numbers": {"countries": []}}, "numbers.countries"),
        ({"numbers": {"countries": ["us"]}}, "numbers.countries"),
        ({"numbers": {"refused_kinds": ["mobile"]}}, "numbers.refused_kinds[0]"),
        ({"attempts": {"per_number": -1}}, "attempts.per_number"),
        ({"attempts": {"period_hours": 0}}, "attempts.period_hours"),
        ({"consent": {"field": " "}}, "consent.field"),
        ({"country_rules": {"enabled": "perhaps"}}, "country_rules.enabled"),
    ],
)
def test_a_rule_that_would_hold_nothing_is_refused(body: dict[str, Any], field: str):
    with pytest.raises(BadInputError) as refused:
        parse_policy(body)
    assert refused.value.field == field


def test_a_misspelt_rule_is_told_what_it_may_have_been():
    with pytest.raises(BadInputError, match="did you mean countries"):
        parse_policy({"numbers": {"countrys": ["US"]}})


def test_without_a_list_no_country_is_left_out():
    assert parse_policy({"numbers": {"countries": None}}).numbers == NumbersPolicy()
