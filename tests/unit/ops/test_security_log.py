"""Records of security in the log: bounded for each address and in all, the rest as counts."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable

import pytest

from callwright.domain.limits import (
    MAX_SECURITY_LINE_CHARACTERS,
    MAX_SECURITY_LINES,
    MAX_SECURITY_LINES_OF_SOURCE,
    MAX_SECURITY_SOURCES_COUNTED,
)
from callwright.ops.metrics import Metrics
from callwright.ops.security_log import KINDS, SecurityLog

HERE = "192.0.2.7"


class Minutes:
    """Ends minutes by hand."""

    def __init__(self) -> None:
        self.begun: list[tuple[float, Callable[[], None]]] = []

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        self.begun.append((seconds, call))

    def end(self) -> None:
        self.begun.pop()[1]()


@pytest.fixture
def minutes() -> Minutes:
    return Minutes()


@pytest.fixture
def counted() -> Counter[str]:
    return Counter()


@pytest.fixture
def log(minutes: Minutes, counted: Counter[str], caplog: pytest.LogCaptureFixture) -> SecurityLog:
    caplog.set_level(logging.INFO, "callwright.ops.security_log")
    return SecurityLog(lambda kind: counted.update([kind]), minutes.later)


def test_an_address_gets_so_many_lines_a_minute_and_then_a_count(
    log: SecurityLog, minutes: Minutes, counted: Counter[str], caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(MAX_SECURITY_LINES_OF_SOURCE):
        log.record("bad_key", HERE, "GET /user/me")
    assert caplog.messages == [f"bad_key from {HERE}: GET /user/me"] * MAX_SECURITY_LINES_OF_SOURCE

    caplog.clear()
    log.record("bad_key", HERE, "GET /user/me")
    assert caplog.messages == []
    log.record("rate_limit", "192.0.2.8", "GET /user/me")
    assert caplog.messages == ["rate_limit from 192.0.2.8: GET /user/me"]
    assert counted == {"bad_key": MAX_SECURITY_LINES_OF_SOURCE + 1, "rate_limit": 1}

    caplog.clear()
    assert [seconds for seconds, _ in minutes.begun] == [60.0]
    minutes.end()
    assert caplog.messages == [f"1 more security events from {HERE} within a minute"]

    caplog.clear()
    log.record("bad_key", HERE, "GET /user/me")
    assert caplog.messages == [f"bad_key from {HERE}: GET /user/me"]


def test_all_addresses_together_get_so_many_lines_and_counts(
    log: SecurityLog, minutes: Minutes, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(MAX_SECURITY_LINES + 1 + MAX_SECURITY_SOURCES_COUNTED):
        log.record("no_key", f"10.0.{number // 256}.{number % 256}", "GET /")
    assert len(caplog.messages) == MAX_SECURITY_LINES
    caplog.clear()
    minutes.end()
    assert len(caplog.messages) == MAX_SECURITY_SOURCES_COUNTED + 1
    assert caplog.messages[-1] == "1 more security events from other addresses within a minute"


def test_the_addresses_of_one_ipv6_network_are_one_source(log: SecurityLog, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(MAX_SECURITY_LINES_OF_SOURCE + 1):
        log.record("bad_key", f"2001:db8::{number:x}", "GET /")
    assert len(caplog.messages) == MAX_SECURITY_LINES_OF_SOURCE


def test_no_text_ends_or_fakes_a_line(log: SecurityLog, caplog: pytest.LogCaptureFixture) -> None:
    log.record("bad_key", HERE, "GET /\r\n2026 WARNING fake\x1b[2J" + "x" * MAX_SECURITY_LINE_CHARACTERS)
    (line,) = caplog.messages
    assert line.isprintable()
    assert line.startswith(f"bad_key from {HERE}: GET /\\r\\n2026 WARNING fake\\x1b[2Jxx")
    assert len(line) == len(f"bad_key from {HERE}: ") + MAX_SECURITY_LINE_CHARACTERS


def test_every_kind_is_a_metric_from_the_start() -> None:
    text = Metrics().exposition().decode()
    assert [kind for kind in KINDS if f'callwright_security_events_total{{kind="{kind}"}} 0.0' not in text] == []
