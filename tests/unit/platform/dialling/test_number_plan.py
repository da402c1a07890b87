"""What the number plans say of an address: kind, country, zones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import phonenumbers
import pytest
from tests.number_spellings import users_of
from tests.unit.platform.dialling.test_decision import NOON

from callwright.domain.number import parse_destination
from callwright.ops.country_rules import load_country_rules
from callwright.platform.dialling.actions import called_number
from callwright.platform.dialling.rules import Question, Rules, Verdict, decide
from callwright.platform.dialling.rules.decision import NumberFacts
from callwright.platform.dialling.rules.number_plan import VERSION, number_facts
from callwright.platform.dialling.rules.policy import parse_policy

CHRISTMAS = datetime(2026, 12, 25, 12, tzinfo=UTC)
FORMS = phonenumbers.PhoneNumberFormat.E164
KIND = phonenumbers.PhoneNumberType


def examples(kind: int) -> list[str]:
    """The example number of a kind of every region that has one."""
    found = [phonenumbers.example_number_for_type(region, kind) for region in sorted(phonenumbers.SUPPORTED_REGIONS)]
    return [phonenumbers.format_number(one, FORMS) for one in found if one is not None]


def test_no_premium_shared_cost_or_global_number_is_dialled_by_default() -> None:
    codes = [
        phonenumbers.example_number_for_non_geo_entity(code) for code in phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS
    ]
    stateless = [phonenumbers.format_number(one, FORMS) for one in codes if one is not None]
    premium, shared = examples(KIND.PREMIUM_RATE), examples(KIND.SHARED_COST)
    assert (len(premium) >= 150, len(shared) >= 50, len(stateless) >= 9) == (True, True, True)
    for number in (*premium, *shared, *stateless):
        for address in (number, f"sip:{number}@gateway.example"):
            assert decide(Question(NOON, number_facts(address)), Rules()).verdict is Verdict.NEVER, address


def test_every_region_has_mobile_numbers_that_are_dialled_in_zones_that_exist() -> None:
    for number in examples(KIND.MOBILE):
        facts = number_facts(number)
        assert facts.zones, number
        decided = decide(Question(NOON, facts, agent_hours=(0, 23)), Rules())
        assert decided.verdict in (Verdict.DIAL, Verdict.WAIT) or len(facts.zones) > 1, number


@pytest.mark.parametrize(
    ("address", "facts"),
    [
        ("+4930901820", NumberFacts("usual", "DE", ("Europe/Berlin",), is_phone=True)),
        ("+12125551234", NumberFacts("usual", "US", ("America/New_York",), is_phone=True)),
        ("sip:+4930901820@gw.example.org", NumberFacts("usual", "DE", ("Europe/Berlin",), is_phone=True)),
        ("sip:0049-30-901820@pbx.example", NumberFacts("usual", "DE", ("Europe/Berlin",), is_phone=True)),
        ("sips:4930901820@gw.example.org", NumberFacts("usual", "DE", ("Europe/Berlin",), is_phone=True)),
        ("sip:%2B4930901820;phone-context=x@gw", NumberFacts("usual", "DE", ("Europe/Berlin",), is_phone=True)),
        ("sip:+999123456@pbx.example", NumberFacts("unknown", "", (), is_phone=True)),
        # A number whose country nobody knows, and an extension of as many digits as a number.
        ("sip:030901820@gw.example.org", NumberFacts()),
        ("sip:1001234@pbx.example", NumberFacts("unknown")),
        # As a trunk of the United States dials San Francisco; it begins as a number of Switzerland.
        ("sip:4155551234@gw.example.org", NumberFacts("unknown")),
        ("sip:1001@pbx.example", NumberFacts()),
        ("sip:reception@pbx.example", NumberFacts()),
        ("loopback:demo", NumberFacts()),
        ("+999123456", NumberFacts("unknown", "", (), is_phone=True)),
        ("sip:112@pbx.example", NumberFacts("emergency")),
    ],
)
def test_what_is_known_of_an_address(address: str, facts: NumberFacts) -> None:
    assert number_facts(address) == facts


@pytest.mark.parametrize("address", ["+4930901820", "sip:+4930901820@gw.example.org", "sip:004930901820@gw"])
def test_the_law_of_a_country_binds_its_numbers_through_a_gateway_too(address: str) -> None:
    rules = Rules(parse_policy({"country_rules": {"enabled": True}}), countries=load_country_rules())
    facts, agreed = number_facts(address), {"consent": "yes"}
    assert decide(Question(NOON, facts), rules).rule == "consent"
    assert decide(Question(NOON, facts, agreed), rules).dials
    assert decide(Question(NOON + timedelta(hours=12), facts, agreed), rules).rule == "country_hours DE"
    assert decide(Question(CHRISTMAS, facts, agreed), rules).rule == "country_holiday DE"


@pytest.mark.parametrize(
    "number",
    [
        "+4930901820",
        "+12125551234",
        "+390669812345",
        "+919876543210",
        "+442079460018",
        "+298201234",
        "+49900123456",
        "+19005550123",
    ],
)
def test_the_plans_say_the_same_of_a_number_in_every_spelling(number: str) -> None:
    facts = number_facts(number)
    assert facts.is_phone
    assert facts.country
    for user in users_of(number):
        address = f"sip:{user}@gw.example"
        assert number_facts(parse_destination(address).value) == facts, address
        assert called_number(address) == number, address


@pytest.mark.parametrize(
    "user",
    # Johannesburg, Sheffield, Delhi, Buenos Aires, and São Paulo, where nine digits follow the 011.
    ["0115550100", "01144960999", "01126123456", "01149001234", "01129021234", "011987654321", "01155012345"],
)
def test_a_national_number_that_begins_with_011_is_of_no_other_country(user: str) -> None:
    assert number_facts(f"sip:{user}@gw.example") == NumberFacts()


@pytest.mark.parametrize(
    "digits",
    # A premium number and satellites of no country, and Pyongyang.
    ["97912345678", "881612345678", "8835100123456", "85012345678"],
)
def test_a_number_that_no_plan_lists_is_the_same_behind_011(digits: str) -> None:
    assert number_facts(f"sip:011{digits}@gw.example") == number_facts(f"+{digits}")


def test_a_number_that_no_plan_lists_lies_in_every_zone_of_its_prefix() -> None:
    facts = number_facts("+15550123")
    assert (facts.kind, facts.country) == ("unknown", "")
    assert {"America/New_York", "Pacific/Honolulu", "Pacific/Guam"} <= set(facts.zones)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("+49900123456", "premium"),
        ("+4990012345678901", "premium"),
        ("+1900555", "premium"),
        ("+4918012345", "shared-cost"),
        ("+15550123", "unknown"),
        ("+4915123", "unknown"),
        ("+999123456", "unknown"),
    ],
)
def test_a_number_of_the_wrong_length_is_of_the_kind_of_its_beginning(address: str, kind: str) -> None:
    assert number_facts(address).kind == kind
    refused = decide(Question(NOON, number_facts(address)), Rules()).verdict is Verdict.NEVER
    assert refused == (kind != "unknown")


def test_the_version_of_the_plans_is_known() -> None:
    assert VERSION.split(".")[0].isdigit()
