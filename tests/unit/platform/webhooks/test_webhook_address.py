"""Variables in a webhook's address: what fills them stays where the agent put it."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from callwright.domain.limits import MAX_URL_CHARACTERS
from callwright.platform.webhooks.rules.address import has_blanks, has_fixed_host, webhook_address

HOOK = "https://hooks.example:8443/crm/{account}/calls?who={name}&in=v1"


@pytest.mark.parametrize("url", ["https://h.example/a?b=c#d", "https://h.example/{}/{1}", "http://h.example"])
def test_an_address_without_variables_stays_as_it_is(url: str) -> None:
    assert webhook_address(url, {"b": "x"}) == url


def test_variables_fill_path_and_query() -> None:
    assert webhook_address(HOOK, {"account": "a 7", "name": "Zoë & Co"}) == (
        "https://hooks.example:8443/crm/a%207/calls?who=Zo%C3%AB%20%26%20Co&in=v1"
    )


def test_a_variable_without_a_value_is_nothing() -> None:
    assert webhook_address(HOOK, {}) == "https://hooks.example:8443/crm//calls?who=&in=v1"


@pytest.mark.parametrize(
    "said",
    [
        *("@evil.example", "//evil.example", "/../../admin", "\\evil.example", ":9@evil.example/", "..", ".", "%2e%2e"),
        *("x?y=1&z", "#", "a\r\nHost: evil.example", "{name}", "\ud800", "evil.example/"),
    ],
)
def test_what_a_caller_says_changes_neither_the_host_nor_the_shape_of_the_address(said: str) -> None:
    filled = urlsplit(webhook_address(HOOK, {"account": said, "name": said}))
    assert (filled.scheme, filled.netloc, filled.fragment) == ("https", "hooks.example:8443", "")
    assert [part for at, part in enumerate(filled.path.split("/")) if at != 2] == ["", "crm", "calls"]
    assert filled.path.split("/")[2] not in (".", "..")
    assert list(parse_qs(filled.query)) == ["who", "in"]
    at_once = webhook_address("https://hooks.example/{said}", {"said": said})
    assert urlsplit(at_once).netloc == "hooks.example"


def test_names_of_any_letters_stand_in_an_address_too() -> None:
    values = {"Prénom": "Zoë", "1st": "a/b", "name (first)": "..", "Kunde 1": "x y"}
    assert webhook_address("https://h.example/{Prénom}/{1st}/{name (first)}?k={Kunde 1}", values) == (
        "https://h.example/Zo%C3%AB/a%2Fb/?k=x%20y"
    )
    assert webhook_address("https://h.example/{2 nd}?{Prénom}", values) == "https://h.example/{2%20nd}?Zo%C3%AB"
    assert webhook_address("https://h.example/{2 nd}", values) == "https://h.example/{2%20nd}"
    assert webhook_address("https://h.example/{1st}", {"1st": "a" * MAX_URL_CHARACTERS}) == "https://h.example/"
    assert not has_fixed_host("https://{Prénom}.example/")


@pytest.mark.parametrize(
    ("url", "blanks"),
    [
        ("https://h.example/{Kunde 1}?a={name (first)}", False),
        ("https://h.example/a b", True),
        ("https://h.example/{a} ", True),
        ("https://h.example/{a\nb}", True),
    ],
)
def test_only_names_hold_blanks(url: str, blanks: bool) -> None:
    assert has_blanks(url) is blanks


def test_two_values_do_not_make_a_step_to_another_folder() -> None:
    assert webhook_address("https://h.example/a/{x}{y}", {"x": ".", "y": "."}) == "https://h.example/a/"


def test_values_that_make_the_address_too_long_are_left_out() -> None:
    room = MAX_URL_CHARACTERS - len("https://h.example/")
    assert len(webhook_address("https://h.example/{x}", {"x": "a" * room})) == MAX_URL_CHARACTERS
    assert webhook_address("https://h.example/{x}", {"x": "a" * (room + 1)}) == "https://h.example/"


@pytest.mark.parametrize(
    "url",
    ["https://{region}.example/x", "https://{user}@h.example/", "https://h.example:{port}", "https://h.example\\{x}/y"],
)
def test_a_variable_before_the_path_is_seen(url: str) -> None:
    assert not has_fixed_host(url)
    assert webhook_address(url, {"region": "evil", "user": "evil", "port": "1", "x": "evil"}).startswith(url[:15])


@pytest.mark.parametrize("url", [HOOK, "https://h.example?{x}=1", "https://h.example/#{x}"])
def test_a_variable_behind_the_host_is_allowed(url: str) -> None:
    assert has_fixed_host(url)
