"""The address of a tool: host and path segments are the agent's, whatever is said."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.domain.injections import ATTACKS

from callwright.domain.limits import MAX_URL_CHARACTERS
from callwright.platform.tools.rules.address import check_address, filled_address, host_of
from callwright.platform.tools.rules.arguments import UnfitArgumentsError
from callwright.platform.tools.rules.template import BadTemplateError

URL = "https://api.example.com:8443/v1/people/%(who)s/notes/{day}?said=%(who)s&fixed=1#part"


def test_places_in_path_and_query_are_percent_encoded() -> None:
    assert filled_address(URL, {"who": "Ann O'Hara & Söhne", "day": 5}) == (
        "https://api.example.com:8443/v1/people/Ann%20O%27Hara%20%26%20S%C3%B6hne/notes/5"
        "?said=Ann%20O%27Hara%20%26%20S%C3%B6hne&fixed=1"
    )


def test_names_of_any_letters_are_places() -> None:
    url = 'https://h/{Prénom}/%(name (first))s/{1st}?f={"n":"%(1st)s","u":"%(who)s"}&k={Kunde 1}&z=%(Straße)s'
    values = {"Prénom": "Zoë", "name (first)": "Ann", "1st": 5, "who": "x", "Kunde 1": "a b"}
    check_address(url)
    assert filled_address(url, values) == ('https://h/Zo%C3%AB/Ann/5?f={"n":"5","u":"x"}&k=a%20b&z=%(Stra%C3%9Fe)s')
    with pytest.raises(UnfitArgumentsError, match="1st must not hold slashes"):
        filled_address("https://h/{1st}", {"1st": "a/b"})


def test_what_is_no_name_is_sent_as_an_address_can_hold_it() -> None:
    check_address("https://h/{2 nd}?x={a: 1}")
    assert filled_address("https://h/{2 nd}?x={a: 1}", {}) == "https://h/{2%20nd}?x={a:%201}"


def test_an_address_without_places_is_sent_as_written() -> None:
    url = 'https://api.example.com/a%20b/%2e/..?filter={"a":1}&x=%41'
    assert filled_address(url, {}) == url


def test_a_missing_value_is_empty_in_the_query_and_refused_in_the_path() -> None:
    assert filled_address("http://h/?a={x}&b=%(y)s", {}) == "http://h/?a=&b="
    with pytest.raises(UnfitArgumentsError, match="who is missing: it is a part of the address"):
        filled_address("http://h/people/%(who)s", {"who": " "})


@pytest.mark.parametrize("value", ["a/b", "..\\x", "a\nb", "\x00", "..", "."])
def test_what_could_move_the_path_is_refused(value: str) -> None:
    with pytest.raises(UnfitArgumentsError):
        filled_address("http://h/people/%(who)s", {"who": value})
    with pytest.raises(UnfitArgumentsError):
        filled_address("http://h/people/%(a)s%(who)s", {"who": value, "a": "" if value in "..." else "x"})


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("ftp://h/", "http or https"),
        ("{base}/path", "http or https"),
        ("https://{tenant}.example.com/", "placeholder in its host"),
        ("https://%(host)s/", "placeholder in its host"),
        ("https://h:{port}/", "placeholder in its host"),
        ("https://{Prénom}.h/", "placeholder in its host"),
        ("https://h/{a\nb}", "control character"),
        ("https://user:pass@h/", "user name or password"),
        ("https://h/a b", "a space"),
        ("https://h\\@evil/", "user name or password|backslash"),
        ("https://h/a\r\nb", "control character"),
        ("https:///path", "names no host"),
        ("https://[h/", "cannot be read as a URL"),
        ("https://h:99999/", "cannot be read as a URL"),
        ("https://h:0/", "port 0"),
        ("https://[::1", "cannot be read"),
        ("https://h/" + "a" * MAX_URL_CHARACTERS, "longer than"),
    ],
)
def test_addresses_that_are_none_are_refused_when_the_agent_is_saved(url: str, problem: str) -> None:
    with pytest.raises(BadTemplateError, match=problem):
        check_address(url)


@pytest.mark.parametrize("url", [URL, "http://127.0.0.1:8000", "https://h?x={a}", "https://[::1]:8/x/{id}.json"])
def test_good_addresses_pass(url: str) -> None:
    check_address(url)


def assert_stays(said: str) -> None:
    try:
        url = filled_address(URL, {"who": said, "day": "5"})
    except UnfitArgumentsError:
        return
    assert url.isascii()
    assert not any(sign.isspace() for sign in url)
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("https", "api.example.com:8443", "")
    segments = parts.path.split("/")
    assert segments[:4] == ["", "v1", "people", segments[3]]
    assert segments[4:] == ["notes", "5"]
    assert unquote(segments[3]) not in ("", ".", "..")
    query = parse_qsl(parts.query, keep_blank_values=True)
    assert [name for name, _ in query] == ["said", "fixed"]
    assert query[1][1] == "1"


@pytest.mark.parametrize("said", ATTACKS)
def test_no_attack_changes_host_path_or_query(said: str) -> None:
    assert_stays(said)


@given(st.text())
def test_nothing_said_changes_host_path_or_query(said: str) -> None:
    assert_stays(said)


def test_only_the_host_of_an_address_is_told() -> None:
    assert host_of("https://h.example/secret/path?key=1") == "h.example"
    assert host_of("https://[") == ""
    assert host_of("") == ""
