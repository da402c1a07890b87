"""The link that signs in to the dashboard."""

from __future__ import annotations

import pytest

from callwright.cli.addresses import platform_url, sign_in_link
from callwright.domain.errors import BadInputError
from callwright.ops.settings import Settings


@pytest.mark.parametrize(
    ("base", "link"),
    [
        ("http://127.0.0.1:8700", "http://127.0.0.1:8700/dashboard/enter?code=c"),
        ("https://voice.example/", "https://voice.example/dashboard/enter?code=c"),
        ("http://0.0.0.0:8700", "http://127.0.0.1:8700/dashboard/enter?code=c"),
        ("http://[::]:8700", "http://[::1]:8700/dashboard/enter?code=c"),
    ],
)
def test_the_link_leads_to_where_a_browser_reaches_the_platform(base: str, link: str) -> None:
    assert sign_in_link(base, "c") == link


def test_the_link_may_name_a_page() -> None:
    link = sign_in_link("http://127.0.0.1:8700", "c", "/dashboard/calls/7")
    assert link == "http://127.0.0.1:8700/dashboard/enter?code=c&to=/dashboard/calls/7"


def test_the_address_is_that_of_the_option_else_of_the_settings() -> None:
    settings = Settings(host="::1", port=8710)
    assert platform_url(settings) == "http://[::1]:8710"
    assert platform_url(Settings(public_url="https://voice.example")) == "https://voice.example"
    assert platform_url(settings, "http://other:1") == "http://other:1"


@pytest.mark.parametrize("url", ["voice.example", "ftp://x", "http://", "http://x:0", "http://[x"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(BadInputError, match="--url"):
        platform_url(Settings(), url)
