"""Which custom headers a call of ours may carry."""

import pytest

from callwright.domain.errors import BadInputError
from callwright.domain.limits import MAX_SIP_HEADER_CHARACTERS, MAX_SIP_HEADERS, MAX_SIP_HEADERS_BYTES
from callwright.domain.sip_headers import custom_headers


def test_headers_are_passed_as_they_are():
    assert custom_headers(None) == custom_headers({}) == {}
    assert custom_headers({"X-One": "a b", "p-two": ""}) == {"X-One": "a b", "p-two": ""}


@pytest.mark.parametrize(
    ("headers", "match"),
    [
        (["X-One"], "must be an object"),
        ({5: "a"}, "begin with X- or P-"),
        ({"From": "a"}, "begin with X- or P-"),
        ({"X": "a"}, "begin with X- or P-"),
        ({"X-": "a"}, "begin with X- or P-"),
        ({"X-Ä": "a"}, "begin with X- or P-"),
        ({"X-One: a\r\nVia": "b"}, "begin with X- or P-"),
        ({"X-One\n": "b"}, "begin with X- or P-"),
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
