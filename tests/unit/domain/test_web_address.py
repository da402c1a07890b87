"""Which addresses name a host that can be asked."""

from __future__ import annotations

import pytest

from callwright.domain.web_address import names_host


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
