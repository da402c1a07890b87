"""Which custom headers a call of ours may carry."""

import pytest

from callwright.domain.errors import BadInputError
from callwright.domain.limits import MAX_SIP_HEADER_CHARACTERS, MAX_SIP_HEADERS, MAX_SIP_HEADERS_BYTES
from callwright.domain.sip_headers import custom_headers


def test_headers_are_passed_as_they_are():
    assert custom_headers(None) == custom_headers({}) == {}
    assert custom_headers({"X-One": "a b", "x-two": ""}) == {"X-One": "a b", "x-two": ""}


@pytest.mark.parametrize(
    "name",
    [
        "P-Preferred-Identity", "P-Asserted-Identity", "P-Charge-Info", "p-charging-vector", "Remote-Party-ID", "Privacy", "Diversion",
        "History-Info", "Identity",
    ],
)  # fmt: skip
def test_who_calls_and_who_pays_is_said_only_by_leave_of_the_operator(name: str):
    with pytest.raises(BadInputError, match=f"{name} cannot be set; use names that begin with X-$"):
        custom_headers({name: "<sip:+18005551212@bank.example>"})
    assert custom_headers({name: "a"}, [name.upper()]) == {name: "a"}
    with pytest.raises(BadInputError, match=r"use names that begin with X-, or P-One$"):
        custom_headers({name: "a"}, ["P-One"])


@pytest.mark.parametrize(
    ("headers", "match"),
    [
        (["X-One"], "must be an object"),
        ({5: "a"}, "begin with X-"),
        ({"From": "a"}, "begin with X-"),
        ({"X": "a"}, "begin with X-"),
        ({"X-": "a"}, "begin with X-"),
        ({"X-Ä": "a"}, "begin with X-"),
        ({"X-One: a\r\nVia": "b"}, "begin with X-"),
        ({"X-One\n": "b"}, "begin with X-"),
        ({"X-One": "a\r\nVia: b"}, "printable"),
        ({"X-One": "ä"}, "printable"),
        ({"X-One": 5}, "printable"),
        ({"x-callwright-call": "a"}, "is ours or is there twice"),
        ({"X-One": "a", "x-one": "b"}, "is ours or is there twice"),
    ],
)
def test_headers_that_could_do_harm_are_refused(headers, match):
    with pytest.raises(BadInputError, match=match) as refused:
        custom_headers(headers)
    assert refused.value.field == "sip_headers"


def test_headers_are_limited_in_length_number_and_size():
    longest = "a" * MAX_SIP_HEADER_CHARACTERS
    assert custom_headers({"X-One": longest})
    with pytest.raises(BadInputError, match="512"):
        custom_headers({"X-One": longest + "a"})
    most = {f"X-{number:03}": "" for number in range(MAX_SIP_HEADERS)}
    assert custom_headers(most)
    with pytest.raises(BadInputError, match="21 headers"):
        custom_headers({**most, "X-One": ""})
    # Seven long ones; the eighth fills up to the limit.
    large = {f"X-{number}": longest for number in range(7)}
    rest = MAX_SIP_HEADERS_BYTES - 7 * (MAX_SIP_HEADER_CHARACTERS + 7) - 7
    assert custom_headers({**large, "X-8": "a" * rest})
    with pytest.raises(BadInputError, match="4097 bytes"):
        custom_headers({**large, "X-8": "a" * (rest + 1)})
