"""How long a session is good, and where a sign-in may lead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from callwright.platform.sessions.rules import HOME, Session, expiry_of_session, page_or_home

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def session(used_at: datetime, expires_at: datetime) -> Session:
    return Session("s", "t", "k", b"d" * 32, "Browser", NOW, used_at, expires_at)


def test_a_session_ends_twelve_hours_after_its_last_use() -> None:
    assert session(NOW, NOW + timedelta(days=7)).ends_at == NOW + timedelta(hours=12)


def test_a_session_in_use_ends_when_it_expires() -> None:
    last = NOW + timedelta(days=7)
    assert session(last - timedelta(minutes=1), last).ends_at == last


@pytest.mark.parametrize(
    ("key_expires_in", "session_expires_in"),
    [(None, timedelta(days=7)), (timedelta(days=8), timedelta(days=7)), (timedelta(hours=1), timedelta(hours=1))],
)
def test_a_session_lasts_seven_days_and_no_longer_than_its_key(
    key_expires_in: timedelta | None, session_expires_in: timedelta
) -> None:
    key_expires_at = None if key_expires_in is None else NOW + key_expires_in
    assert expiry_of_session(NOW, key_expires_at) == NOW + session_expires_in


@pytest.mark.parametrize(
    "page",
    [
        "/dashboard/",
        "/dashboard/calls",
        "/dashboard/calls/",
        "/dashboard/calls/5b1f0c52-7f0e-4a47-9f0a-53a5a3f3a0f1?turn=3&t=12.5",
        "/dashboard/agents/a.b_c~d/versions",
        "/dashboard/calls/..x",
        "/dashboard/?q=a%20b",
    ],
)
def test_a_sign_in_may_lead_to_a_page_of_the_dashboard(page: str) -> None:
    assert page_or_home(page) == page


@pytest.mark.parametrize(
    "page",
    [
        "",
        "/",
        "/dashboard",
        "/dashboards/",
        "/docs",
        "//evil.example/dashboard/",
        "https://evil.example/dashboard/",
        "/dashboard//evil.example",
        "/dashboard/../v2/agent/all",
        "/dashboard/calls/..",
        "/dashboard/./calls",
        "/dashboard/%2e%2e/v2/agent/all",
        "/dashboard/\\evil.example",
        "/dashboard/calls\nSet-Cookie: a=b",
        "/dashboard/calls\n",
        "\t/dashboard/calls",
        "/dashboard/calls#x",
        "javascript:alert(1)",
        "/dashboard/?to=\r\nX: y",
    ],
)
def test_it_leads_nowhere_else(page: str) -> None:
    assert page_or_home(page) == HOME
