"""Which addresses a call can be placed to."""

from __future__ import annotations

import pytest

from callwright.domain.errors import InvalidNumberError
from callwright.domain.limits import MAX_NUMBER_CHARACTERS
from callwright.domain.number import EMERGENCY, Destination, is_emergency, parse_destination, parse_e164


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("+15550100123", "e164", "+15550100123"),
        (" +1 (555) 010-0123 ", "e164", "+15550100123"),
        ("+49 (0)30 901820", "e164", "+4930901820"),
        ("(+49) ( 0 ) 30/901820", "e164", "+4930901820"),
        ("+49\u00a0(0)\u00a030 901820", "e164", "+4930901820"),
        ("+49 (030) 901820", "e164", "+4930901820"),
        ("\u202a+49\u200930\u2011901820\u202c", "e164", "+4930901820"),
        ("+39 (06) 69812345", "e164", "+390669812345"),
        # What belongs to the number stays, and so does what nobody said is a prefix.
        ("+39 (0)6 69812345", "e164", "+390669812345"),
        ("+225 (0)7 01234567", "e164", "+2250701234567"),
        ("+49 030 901820", "e164", "+49030901820"),
        ("+91.98765.43210", "e164", "+919876543210"),
        ("+1234567", "e164", "+1234567"),
        ("+123456789012345", "e164", "+123456789012345"),
        ("tel:+1-555-010-0123", "e164", "+15550100123"),
        ("TEL:+15550100123", "e164", "+15550100123"),
        ("loopback:demo", "loopback", "loopback:demo"),
        ("LOOPBACK:busy-2.x_y", "loopback", "loopback:busy-2.x_y"),
        ("sip:ada@phone.example", "sip", "sip:ada@phone.example"),
        ("SIPS:+15550100123@10.0.0.7:5061;transport=tls", "sip", "sips:+15550100123@10.0.0.7:5061;transport=tls"),
        ("sip:7@[2001:db8::1]", "sip", "sip:7@[2001:db8::1]"),
    ],
)
def test_addresses_are_read_into_their_normal_form(text: str, kind: str, value: str) -> None:
    found = parse_destination(text)
    assert found == Destination(kind, value)
    assert parse_destination(found.value) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        None,
        15550100123,
        ["+15550100123"],
        "15550100123",
        "0015550100123",
        "+05550100123",
        "+123456",
        "+1234567890123456",
        "+1555O100123",
        "+1555٠100123",
        "++15550100123",
        "+15550100123;rm",
        "+1555010012\x00",
        "tel:",
        "tel:15550100123",
        "tel:+15550100123;ext=7",
        "tel:tel:+15550100123",
        "loopback:",
        "loopback:a b",
        "loopback:../etc",
        "loopback:" + "a" * 65,
        "sip:",
        "sip:phone.example",
        "sip:ada@",
        "sip:ada:secret@phone.example",
        "sip:ada@phone.example?Replaces=x",
        "sip:ada@phone..example",
        "sip:ada@phone.example:0",
        "sip:ada@phone.example:65536",
        "sip:ada@phone.example\r\nVia: x",
        "sip:ada@pho ne.example",
        "sip:<ada>@phone.example",
        "http://phone.example",
        "+" + "1" * MAX_NUMBER_CHARACTERS,
    ],
)
def test_what_cannot_be_called_is_refused_by_name(text: object) -> None:
    with pytest.raises(InvalidNumberError, match="recipient_phone_number") as refused:
        parse_destination(text)
    assert refused.value.field == "recipient_phone_number"


@pytest.mark.parametrize(
    "text",
    ["911", "112", "+112", "tel:911", "tel:+112", "9-1-1", "0112", "9911", "sip:911@gw.example", "sip:+999@gw.example",
     "sip:%39%31%31@gw.example", "loopback:112", "sips:9112@gw.example"],
)  # fmt: skip
def test_emergency_numbers_are_never_called(text: str) -> None:
    with pytest.raises(InvalidNumberError, match="emergency"):
        parse_destination(text)


@pytest.mark.parametrize(
    "user",
    ["9,911", "9,,911", "9,0,112", "911,", "911,5", "911&x", "911=x", "91!1", "'911", "%2C911", "911%3Bx=y", "911%40x", "9%C2%A011",
     "9%0011", "9w911", "911p", "911X5", "00112", "001112", "99911", "+1911", "+49112", "+353999", "+490112", "0049112", "0111911",
     "+1,911", "*67911", "*67*911", "*67,911", "%2331%23112", "*911", "911*5",
     "9,+112", "9w+49112", "*670*112", "*67,9,112", "++49112", "00049112", "+0049112", "0011353999", "+49%280%29112"],
)  # fmt: skip
def test_an_emergency_number_behind_a_prefix_a_pause_or_a_code_is_one(user: str) -> None:
    with pytest.raises(InvalidNumberError, match="is an emergency number"):
        parse_destination(f"sip:{user}@gw.example")


@pytest.mark.parametrize("user", ["%2531%2531%2532", "9%2531%2531", "%2b%2531"])
def test_an_escape_within_an_escape_is_refused_because_nobody_knows_what_it_dials(user: str) -> None:
    with pytest.raises(InvalidNumberError, match="an escape within an escape"):
        parse_destination(f"sip:{user}@gw.example")


@pytest.mark.parametrize(
    "number", ["+49112345678", "+15559110000", "+1 911-555-0100", "+911123456789", "+4411112222", "+1555000112"]
)
def test_a_number_that_only_contains_an_emergency_number_is_called(number: str) -> None:
    plain = parse_destination(number).value
    for user in (plain, plain[1:], f"00{plain[1:]}", f"9,{plain[1:]}", f"*67{plain}", plain.replace("+", "%2B")):
        assert parse_destination(f"sip:{user}@gw.example").value == f"sip:{user}@gw.example"


@pytest.mark.parametrize(
    "user",
    ["joe911", "911desk", "room-112", "112.desk", "112_desk", "desk,112", "j%C3%BCrgen", "1911", "112345", "91123", "49112", "0015", "9015",
     "+15550100,911", "5551000*112", "*97", "1000,112"],
)  # fmt: skip
def test_names_extensions_and_keys_that_are_dialled_later_are_no_emergency(user: str) -> None:
    assert parse_destination(f"sip:{user}@gw.example").value == f"sip:{user}@gw.example"


def test_ordinary_short_extensions_are_no_emergency() -> None:
    assert not any(is_emergency(digits) for digits in ("7", "1000", "200", "4711", "91123", "", "ada"))
    assert all(is_emergency(digits) and is_emergency(f"+{digits}") for digits in EMERGENCY)


def test_a_number_longer_than_the_limit_is_not_even_looked_at() -> None:
    with pytest.raises(InvalidNumberError, match="more than 200 characters"):
        parse_destination("sip:" + "a" * MAX_NUMBER_CHARACTERS)


def test_where_only_a_phone_number_will_do_addresses_are_refused() -> None:
    assert parse_e164("+1 555 0100 123", what="number") == "+15550100123"
    with pytest.raises(InvalidNumberError, match=r"number must be a phone number in E\.164"):
        parse_e164("sip:ada@phone.example", what="number")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("12345", '"12345"'),
        ("0151 23456", '"0151 23456"'),
        ("4111 1111 1111 1111", "a string of 19 characters, 16 of them digits"),
        ("pwcanary77", "a string of 10 characters, 2 of them digits"),
        ("loopback:pw canary", "a string of 9 characters"),
    ],
)
def test_what_is_no_number_is_told_only_where_it_can_be_nothing_else(text: str, told: str) -> None:
    with pytest.raises(InvalidNumberError) as refused:
        parse_destination(text)
    assert f": {told}; use" in refused.value.message
