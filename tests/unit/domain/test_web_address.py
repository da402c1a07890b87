"""Which addresses name a host that can be asked."""

from __future__ import annotations

import pytest

from callwright.domain.web_address import names_host, place_of


@pytest.mark.parametrize(
    "url",
    ["http://h", "https://h:65535/a b?c={d}", "http://[::1]:80/", "https://user:word@h/", "https://bücher.example"],
)
def test_a_host_is_named(url: str) -> None:
    assert names_host(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "h",
        "http://",
        "http:///path",
        "http://[bad",
        "http://[::1",
        "http://h:0/",
        "http://h:65536",
        "http://h:x/",
        "http://a b/",
    ],
)
def test_a_host_is_not_named_or_cannot_be_read(url: str) -> None:
    assert not names_host(url)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://hooks.example/a/secret?token=1#x", "hooks.example"),
        ("http://user:word@hooks.example:8080/", "hooks.example:8080"),
        ("http://[2001:db8::1]:9000/", "[2001:db8::1]:9000"),
        ("http://[broken/secret", "?"),
        ("secret", "?"),
        ("http://a.example:port/", "?"),
    ],
)
def test_the_place_of_an_address_is_its_host_and_port_alone(url: str, place: str) -> None:
    assert place_of(url) == place
