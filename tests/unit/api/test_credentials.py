"""Which requests that come with a session count: those of our own pages alone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from callwright.api.credentials import check_sender, session_cookie, session_token
from callwright.api.services import ApiServices
from callwright.domain.errors import CrossSiteError

TOKEN = "0123456789abcdef" * 4
HERE = "http://127.0.0.1:8700"
OURS = {"host": "127.0.0.1:8700", "origin": HERE, "x-callwright-csrf": "1"}


def services(public_url: str = HERE) -> ApiServices:
    return cast(ApiServices, SimpleNamespace(public_url=public_url))


def scope(method: str = "POST", kind: str = "http", scheme: str = "http", **headers: str) -> dict[str, Any]:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": kind, "method": method, "scheme": scheme, "path": "/v2/agent", "headers": named}


def is_ours(asked: dict[str, Any], public_url: str = HERE) -> bool:
    try:
        check_sender(services(public_url), asked)
    except CrossSiteError:
        return False
    return True


@pytest.mark.parametrize(
    ("changed", "ours"),
    [
        ({}, True),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "same-origin", "origin": ""}, True),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"origin": "http://127.0.0.1:3000"}, False),
        ({"origin": "https://127.0.0.1:8700"}, False),
        ({"origin": "null"}, False),
        ({"origin": "http://evil.example"}, False),
        ({"origin": ""}, False),
        ({"x-callwright-csrf": ""}, False),
        ({"sec-fetch-site": "same-origin", "x-callwright-csrf": ""}, False),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_what_changes_something_comes_from_our_page_and_has_the_header(
    method: str, changed: dict[str, str], ours: bool
) -> None:
    headers = {name: value for name, value in {**OURS, **changed}.items() if value}
    assert is_ours(scope(method, **headers)) is ours


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({}, True),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"origin": HERE}, True),
        ({"origin": "http://evil.example"}, False),
    ],
)
def test_reading_needs_no_header_and_no_other_site_may(headers: dict[str, str], ours: bool) -> None:
    assert is_ours(scope("GET", host="127.0.0.1:8700", **headers)) is ours


@pytest.mark.parametrize(
    ("origin", "ours"),
    [(HERE, True), ("http://evil.example", False), ("", False), ("null", False), ("https://127.0.0.1:8700", False)],
)
def test_a_websocket_names_a_page_of_ours(origin: str, ours: bool) -> None:
    headers = {"host": "127.0.0.1:8700", **({"origin": origin} if origin else {})}
    assert is_ours(scope(kind="websocket", scheme="ws", **headers)) is ours


def test_a_websocket_under_https_names_an_https_page() -> None:
    asked = scope(kind="websocket", scheme="wss", host="voice.example", origin="https://voice.example")
    assert is_ours(asked)
    assert not is_ours({**asked, "scheme": "ws"}, "")


def test_behind_a_proxy_that_renames_the_host_the_public_address_is_ours() -> None:
    asked = scope(**{**OURS, "host": "10.0.0.7:8700", "origin": "https://voice.example"})
    assert is_ours(asked, "https://voice.example")
    assert not is_ours(asked, "https://other.example")


def test_the_cookie_is_read_where_it_is_there_once_and_whole() -> None:
    def read(*cookies: str, **more: Any) -> str:
        headers = [(b"cookie", cookie.encode()) for cookie in cookies]
        return session_token(services(), {**scope(**more), "headers": [(b"host", b"127.0.0.1:8700"), *headers]})

    assert read(f"a=b; callwright_session={TOKEN}; c=d") == TOKEN
    assert read(f"callwright_session={TOKEN}; callwright_session={TOKEN}") == ""
    assert read(f"callwright_session={TOKEN}", f"callwright_session={TOKEN}") == ""
    assert read("callwright_session=") == ""
    assert read(f"callwright_session={TOKEN}0") == ""
    assert read(f"callwright_session={TOKEN.upper()}") == ""
    assert read(f"Callwright_session={TOKEN}") == ""


def test_under_https_only_a_cookie_of_this_very_host_counts() -> None:
    cookie = {"cookie": f"callwright_session={TOKEN}"}
    host_cookie = {"cookie": f"__Host-callwright_session={TOKEN}"}
    assert session_token(services(), scope(scheme="https", **cookie)) == ""
    assert session_token(services(), scope(scheme="https", **host_cookie)) == TOKEN
    assert session_token(services(), scope(**host_cookie)) == ""


@pytest.mark.parametrize(
    ("asked", "public_url"),
    [
        (scope(scheme="https", host="x"), HERE),
        # The proxy ends HTTPS and is not trusted to say so.
        (scope(host="voice.example"), "https://voice.example"),
    ],
)
def test_under_https_the_cookie_is_sent_over_https_alone(asked: dict[str, Any], public_url: str) -> None:
    assert session_cookie(services(public_url), asked, TOKEN) == (
        f"__Host-callwright_session={TOKEN}; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict; Secure"
    )


def test_on_this_machine_the_cookie_needs_no_https() -> None:
    for public_url in (HERE, "https://voice.example"):
        made = session_cookie(services(public_url), scope(host="127.0.0.1:8700"), TOKEN)
        assert made == f"callwright_session={TOKEN}; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict"


def test_a_cookie_is_removed_under_the_name_it_was_set() -> None:
    removed = session_cookie(services(), scope(scheme="https"), "")
    assert removed.startswith("__Host-callwright_session=; Path=/; Max-Age=0;")
