"""The decision whether a number may be dialled: each rule, alone and against the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from callwright.platform.dialling.rules import Decision, NumberFacts, Question, Rules, Verdict, decide
from callwright.platform.dialling.rules.country_rules import CountryRules
from callwright.platform.dialling.rules.holidays import Holidays
from callwright.platform.dialling.rules.policy import parse_policy


def utc(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2027, 1, day, hour, minute, tzinfo=UTC)


NOON = utc(12, 12)
"""A Tuesday; 13:00 in Berlin."""
BERLIN = NumberFacts("usual", "DE", ("Europe/Berlin",), is_phone=True)
SIP = NumberFacts()
WORKDAYS = tuple(((9 * 60, 20 * 60),) if day < 6 else () for day in range(7))
GERMANY = CountryRules("DE", "2026-11-29", "a source", WORKDAYS, holidays=Holidays(dates=(date(2027, 1, 13),)))
KOLKATA = {"hours": {"default_time_zone": "Asia/Kolkata"}}
TWICE, ONCE = {"attempts": {"per_number": 2}}, {"attempts": {"per_number": 1}}
AGREED = {"consent": "yes"}
LAW = {"country_rules": {"enabled": True}}
NO_HOLIDAYS = {"country_rules": {"enabled": True, "holidays": False}}


def rules(**policy: Any) -> Rules:
    return Rules(parse_policy(policy), 3, {"DE": GERMANY}, "9.0")


def asked(**changes: Any) -> Question:
    return replace(Question(NOON, BERLIN), **changes)


def told(decision: Decision) -> tuple[str, str, datetime | None]:
    return str(decision.verdict), decision.rule, decision.until


def test_by_default_a_call_is_dialled_at_any_hour():
    assert told(decide(asked(now=NOON + timedelta(hours=12)), Rules())) == ("dial", "allowed", None)


@pytest.mark.parametrize(
    ("question", "policy", "rule", "cause"),
    [
        (asked(number=replace(BERLIN, kind="emergency")), {}, "emergency", "not_permitted"),
        (asked(suppressed=True), {}, "suppressed", "suppressed"),
        (asked(number=replace(BERLIN, kind="premium")), {}, "number_kind", "not_permitted"),
        (asked(number=replace(BERLIN, kind="shared-cost")), {}, "number_kind", "not_permitted"),
        (asked(number=replace(BERLIN, kind="satellite")), {}, "number_kind", "not_permitted"),
        (asked(number=replace(BERLIN, kind="unknown")), {"numbers": {"refused_kinds": ["unknown"]}}, "number_kind", "not_permitted"),
        (asked(), {"numbers": {"countries": ["US"]}}, "country", "not_permitted"),
        (asked(number=replace(BERLIN, country="")), {"numbers": {"countries": ["US"]}}, "country", "not_permitted"),
        (asked(number=replace(BERLIN, country="AT"), user_data=AGREED), LAW, "country_rules_missing", "not_permitted"),
        (asked(), LAW, "consent", "not_permitted"),
        (asked(user_data={"consent": "no"}), {"consent": {"required": True}}, "consent", "not_permitted"),
        (asked(user_data={"agreed": 1}), {"consent": {"required": True}}, "consent", "not_permitted"),
        (asked(cap="cap.day", cap_reason="the cap of the day is used up"), {}, "cap.day", "balance_low"),
        (asked(agent_hours=(9, 9)), {}, "no_opening", "not_permitted"),
        (asked(number=replace(BERLIN, zones=()), agent_hours=(9, 10)), {}, "no_time_zone", "not_permitted"),
    ],
)  # fmt: skip
def test_a_number_is_never_dialled(question: Question, policy: dict[str, Any], rule: str, cause: str):
    decision = decide(question, rules(**policy))
    assert (decision.verdict, decision.rule, decision.cause, decision.until) == (Verdict.NEVER, rule, cause, None)
    assert decision.reason


@pytest.mark.parametrize(
    ("question", "policy"),
    [
        (asked(number=replace(BERLIN, kind="premium")), {"numbers": {"refused_kinds": []}}),
        (asked(number=replace(BERLIN, kind="unknown")), {}),
        (asked(), {"numbers": {"countries": ["US", "DE"]}}),
        (asked(number=SIP), {"numbers": {"countries": ["US"]}, **LAW}),
        (asked(user_data=AGREED), LAW),
        (asked(), {"country_rules": {"enabled": True, "consent": False}}),
        (asked(user_data={"agreed": True}), {"consent": {"required": True, "field": "agreed"}}),
        (asked(attempts=(NOON - timedelta(hours=24),)), {"attempts": {"per_number": 1}}),
    ],
)
def test_a_number_is_dialled(question: Question, policy: dict[str, Any]):
    assert told(decide(question, rules(**policy))) == ("dial", "allowed", None)


@pytest.mark.parametrize(
    ("question", "policy", "rule", "until"),
    [
        # Berlin is one hour ahead of UTC.
        (asked(agent_hours=(9, 13)), {}, "agent_hours", utc(13, 8)),
        (asked(agent_hours=(14, 18)), {}, "agent_hours", utc(12, 13)),
        (asked(), {"hours": {"start_hour": 14}}, "policy_hours", utc(12, 13)),
        (asked(), {"hours": {"days": ["mon", "sun"]}}, "policy_hours", utc(16, 23)),
        # Night in Germany, then a holiday.
        (asked(now=NOON + timedelta(hours=8), user_data=AGREED), LAW, "country_hours DE", utc(14, 8)),
        (asked(now=NOON + timedelta(days=1), user_data=AGREED), LAW, "country_holiday DE", utc(14, 8)),
        (asked(now=NOON + timedelta(hours=8), user_data=AGREED), NO_HOLIDAYS, "country_hours DE", utc(13, 8)),
        # The zone of the contact's own column comes before that of the number.
        (asked(agent_hours=(9, 21), user_data={"timezone": "america/los_angeles"}), {}, "agent_hours", utc(12, 17)),
        (asked(agent_hours=(14, 15), user_data={"timezone": "Berlin"}), {}, "agent_hours", utc(12, 13)),
        # An address without a country has the policy's zone.
        (asked(number=SIP, agent_hours=(9, 10)), {}, "agent_hours", utc(13, 9)),
        (asked(number=SIP, agent_hours=(9, 10)), KOLKATA, "agent_hours", utc(13, 3, 30)),
        (asked(attempts=(NOON - timedelta(hours=20), NOON - timedelta(hours=2))), TWICE, "attempts", utc(12, 16)),
        # Free again at 16:00, when the hours are over.
        (asked(attempts=(NOON - timedelta(hours=20),), agent_hours=(9, 17)), ONCE, "attempts", utc(13, 8)),
    ],
)  # fmt: skip
def test_a_call_waits_for_the_next_opening(question: Question, policy: dict[str, Any], rule: str, until: datetime):
    assert told(decide(question, rules(**policy))) == ("wait", rule, until)


def test_the_zone_that_a_contact_gives_does_not_lead_out_of_its_country():
    """Monday 04:00 in Berlin is noon in Tokyo."""
    night = asked(now=utc(11, 3), user_data={**AGREED, "timezone": "Asia/Tokyo"}, agent_hours=(9, 21))
    decision = decide(night, rules(**LAW))
    assert told(decision) == ("wait", "country_hours DE", utc(11, 8))
    assert decision.inputs["time_zones"] == ["Asia/Tokyo"]
    assert decision.inputs["country_time_zones"] == ["Europe/Berlin", "Asia/Tokyo"]
    # 16:00 in Berlin is night in Tokyo.
    assert told(decide(replace(night, now=utc(11, 15)), rules(**LAW))) == ("wait", "country_hours DE", utc(12, 8))
    assert decide(night, rules()).dials


@pytest.mark.parametrize(("given", "unknown"), [("Berlin", True), ("Europe/Berlin", None), ("", None)])
def test_a_decision_says_that_the_contacts_zone_is_unknown(given: str, unknown: bool | None):
    decision = decide(asked(user_data={"timezone": given}), rules())
    assert decision.inputs.get("timezone_unknown") is unknown
    assert decision.inputs["time_zones"] == ["Europe/Berlin"]


def test_the_zone_that_a_contact_gives_is_one_of_its_number():
    either = NumberFacts("usual", "DE", ("Europe/Berlin", "Asia/Tokyo"), is_phone=True)
    in_berlin = asked(number=either, user_data={**AGREED, "timezone": "Europe/Berlin"})
    assert decide(in_berlin, rules(**LAW)).dials
    assert decide(replace(in_berlin, user_data=AGREED), rules(**LAW)).rule == "country_hours DE"
    elsewhere = replace(in_berlin, user_data={**AGREED, "timezone": "Europe/Moscow"})
    assert decide(elsewhere, rules(**LAW)).rule == "country_hours DE"
    # A phone that is away from where its number lies: evening in Berlin is noon in New York, and morning in Berlin is night there.
    away = asked(now=utc(11, 9), user_data={**AGREED, "timezone": "America/New_York"})
    assert decide(away, rules(**LAW)).rule == "country_hours DE"
    assert decide(replace(away, now=utc(11, 15)), rules(**LAW)).dials
    # Where no plan knows a zone, nothing else says where the person is.
    assert decide(replace(in_berlin, number=replace(BERLIN, zones=())), rules(**LAW)).dials


JULY = datetime(2026, 7, 15, 1, 30, tzinfo=UTC)
"""21:30 in New York on the 14th, and 20:30 by EST, which has no summer time."""


def test_an_abbreviation_means_the_zones_of_the_number_with_that_standard_time():
    anywhere = NumberFacts("usual", "US", ("America/New_York", "America/Los_Angeles", "America/Toronto"), is_phone=True)
    late = asked(now=JULY, number=anywhere, user_data={"timezone": "est"}, agent_hours=(9, 21))
    assert told(decide(late, rules())) == ("wait", "agent_hours", datetime(2026, 7, 15, 13, tzinfo=UTC))
    assert decide(late, rules()).inputs["time_zones"] == ["America/New_York", "America/Toronto"]
    # 9:30 in New York, and 6:30 in Los Angeles.
    assert decide(replace(late, now=JULY.replace(hour=13)), rules()).dials


@pytest.mark.parametrize("number", [SIP, BERLIN])
def test_an_abbreviation_that_is_no_standard_time_of_the_number_is_a_zone_itself(number: NumberFacts):
    decision = decide(asked(now=JULY, number=number, user_data={"timezone": "EST"}, agent_hours=(20, 21)), rules())
    assert decision.dials
    assert decision.inputs["time_zones"] == ["EST"]


@pytest.mark.parametrize(
    ("name", "hour"), [("EST5EDT", 21), ("PST8PDT", 18), ("CET", 3), ("W-SU", 4), ("GB", 2), ("UTC", 1)]
)
def test_a_zone_with_a_short_name_is_one_like_any_other(name: str, hour: int):
    """A number of +1 800 has 42 zones, whose clocks share no hour of the day from 9 to 21."""
    everywhere = NumberFacts("usual", "US", ("Pacific/Guam", "America/New_York", "Europe/London"), is_phone=True)
    question = asked(now=JULY, number=everywhere, user_data={"timezone": name}, agent_hours=(hour, hour + 1))
    assert decide(question, rules()).dials
    assert decide(question, rules()).inputs["time_zones"] == [name]


def test_a_call_on_a_holiday_says_which_day_it_is():
    # Midnight in Berlin, while the day before has not ended in UTC.
    decision = decide(replace(asked(user_data=AGREED), now=utc(12, 23)), rules(**LAW))
    assert decision.reason == f"{utc(13, 0).date()} is a holiday by the rules of DE"


def test_the_end_of_the_hours_is_exclusive():
    ends = replace(asked(agent_hours=(9, 13)), now=NOON - timedelta(seconds=1))
    assert decide(ends, Rules()).dials
    assert not decide(replace(ends, now=NOON), Rules()).dials


def test_every_zone_in_which_a_number_may_lie_must_be_inside():
    either = NumberFacts("usual", "US", ("America/New_York", "America/Los_Angeles"), is_phone=True)
    decision = decide(asked(number=either, agent_hours=(9, 21)), Rules())
    assert told(decision) == ("wait", "agent_hours", utc(12, 17))
    assert decide(asked(number=either, agent_hours=(9, 10)), Rules()).rule == "no_opening"


def test_a_transfer_is_asked_for_the_number_only():
    policy = rules(hours={"start_hour": 14}, consent={"required": True}, attempts={"per_number": 1})
    handed = asked(transfer=True, suppressed=True, agent_hours=(9, 9), attempts=(NOON,), cap="cap.day")
    assert decide(handed, policy).dials
    premium = replace(handed, number=replace(BERLIN, kind="premium"))
    assert decide(premium, policy).rule == "number_kind"
    assert decide(handed, rules(numbers={"countries": ["US"]})).rule == "country"
    assert decide(replace(handed, number=replace(BERLIN, kind="emergency")), policy).rule == "emergency"


def test_a_call_that_is_stopped_is_not_dialled_whatever_else_is_asked():
    decision = decide(asked(stopped=True, suppressed=True, attempts=(NOON,)), rules(**ONCE))
    assert told(decision) == ("never", "stopped", None)


@pytest.mark.parametrize(("before", "again"), [(False, ""), (True, " again")])
def test_the_decision_of_a_stop_says_whether_the_call_was_dialled_before(before: bool, again: str):
    decision = decide(asked(stopped=True, dialled_before=before), rules())
    assert decision.reason == f"the call was stopped before it was dialled{again}"
    assert decision.inputs["time_zones"] == ["Europe/Berlin"]


def test_a_decision_says_by_which_rules_and_from_what_it_was_made():
    decision = decide(asked(agent_hours=(9, 21), user_data=AGREED), rules(country_rules={"enabled": True}))
    assert decision.version == "policy 3, DE 2026-11-29, numbers 9.0"
    assert decision.inputs == {
        "number_kind": "usual",
        "country": "DE",
        "time_zones": ["Europe/Berlin"],
        "agent_hours": [9, 21],
    }
