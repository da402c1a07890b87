"""How often an organisation may ask: never more than the limit within any minute."""

from __future__ import annotations

import pytest

from callwright.domain.rates import (
    AGENT,
    BAD_KEY,
    CALL,
    EXECUTIONS,
    LIMITS,
    OTHER,
    WINDOW_SECONDS,
    Window,
    caller_of,
    class_of,
    rates_text,
    read_rates,
)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v2/agent/7/executions", EXECUTIONS),
        ("/v2/agent/7", AGENT),
        ("/v2/agent/all", OTHER),
        ("/v2/agent", OTHER),
        ("/call", CALL),
        ("/call/7/stop", OTHER),
        ("/executions/7", OTHER),
    ],
)
def test_each_route_has_its_class(path: str, name: str) -> None:
    assert class_of(path) == name


def test_as_many_as_the_limit_pass_and_the_next_waits_for_the_oldest_to_be_a_minute_old() -> None:
    window = Window(3)
    assert [window.take(10), window.take(10), window.take(40)] == [0, 0, 0]
    assert window.take(41) == 29
    assert window.take(69) == 1
    assert [window.take(70), window.take(70)] == [0, 0]
    assert window.take(70) == 30


def test_no_minute_ever_holds_more_than_the_limit() -> None:
    window = Window(20)
    passed = [second for second in range(300) for _ in range(3) if window.take(second) == 0]
    for start in range(300 - WINDOW_SECONDS):
        assert sum(start <= second < start + WINDOW_SECONDS for second in passed) <= 20
    assert len(passed) == 100


def test_what_is_refused_is_not_counted() -> None:
    window = Window(1)
    assert window.take(0) == 0
    assert all(window.take(second) for second in range(1, 60))
    assert window.take(60) == 0


def test_limits_are_written_by_class_and_the_others_keep_theirs() -> None:
    assert read_rates("call=10, other=0") == {EXECUTIONS: 500, AGENT: 500, CALL: 10, OTHER: 0, BAD_KEY: 100}
    for none in ("Off", "0"):
        assert read_rates(none) == {EXECUTIONS: 0, AGENT: 0, CALL: 0, OTHER: 0, BAD_KEY: 0}
    assert read_rates(rates_text(LIMITS)) == LIMITS


@pytest.mark.parametrize("text", ["", "call", "call=", "call=-1", "calls=5", "call=1;other=2", "call=12345678"])
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="or off"):
        read_rates(text)


@pytest.mark.parametrize(
    ("address", "caller"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("a proxy", "a proxy"),
    ],
)
def test_the_addresses_of_one_subscriber_count_as_one(address: str, caller: str) -> None:
    assert caller_of(address) == caller


def test_looking_whether_one_more_may_pass_counts_nothing() -> None:
    window = Window(1)
    assert [window.full(0), window.full(0), window.take(0)] == [0, 0, 0]
    assert [window.full(1), window.full(60)] == [59, 0]
