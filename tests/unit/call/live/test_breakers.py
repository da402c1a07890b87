"""Breakers of providers, at times given by hand."""

from __future__ import annotations

import pytest

from callwright.call.live.breakers import Breakers, Service
from callwright.domain.limits import (
    BREAKER_CLOSED_AT,
    BREAKER_FAILURES,
    BREAKER_REST_SECONDS,
    BREAKER_SECONDS,
    BREAKER_TRIAL_SECONDS,
    MAX_BREAKERS,
)
from callwright.ports.failures import FailureKind

S = 1_000_000
VENDOR = Service("voice", "mouth", account="one")
SAME_VENDOR = Service("voice", "mouth", account="two")


def opened(kind: FailureKind = FailureKind.UNAVAILABLE) -> Breakers:
    """Breakers in which VENDOR has just failed often enough, at second 0."""
    breakers = Breakers()
    for _ in range(BREAKER_FAILURES):
        breakers.failed(VENDOR, kind, 0)
    return breakers


def admitted(breakers: Breakers, at_s: float, calls: int) -> int:
    return sum(breakers.admit(VENDOR, round(at_s * S)) for _ in range(calls))


def test_new_calls_avoid_a_provider_at_once_after_five_failures_in_thirty_seconds() -> None:
    breakers = Breakers()
    for number in range(BREAKER_FAILURES - 1):
        breakers.failed(VENDOR, FailureKind.UNAVAILABLE, number * S)
    assert breakers.admit(VENDOR, 5 * S)
    breakers.failed(VENDOR, FailureKind.BROKEN_STREAM, 5 * S)
    assert breakers.is_open(VENDOR)
    assert not breakers.admit(VENDOR, 5 * S)


def test_failures_that_lie_further_apart_open_nothing() -> None:
    breakers = Breakers()
    for number in range(20):
        breakers.failed(VENDOR, FailureKind.UNAVAILABLE, number * (BREAKER_SECONDS // 4 + 1) * S)
    assert not breakers.is_open(VENDOR)


@pytest.mark.parametrize("kind", [FailureKind.REFUSED, FailureKind.LIMIT])
def test_one_accounts_bad_key_or_limit_opens_only_its_own_breaker(kind: FailureKind) -> None:
    breakers = opened(kind)
    assert breakers.is_open(VENDOR)
    assert not breakers.is_open(SAME_VENDOR)


@pytest.mark.parametrize("kind", [FailureKind.UNAVAILABLE, FailureKind.BROKEN_STREAM])
def test_a_provider_that_is_down_is_down_for_every_account(kind: FailureKind) -> None:
    assert opened(kind).is_open(SAME_VENDOR)


def test_an_endpoint_and_a_kind_have_breakers_of_their_own() -> None:
    breakers = opened()
    assert not breakers.is_open(Service("voice", "mouth", "https://elsewhere.example"))
    assert not breakers.is_open(Service("model", "mouth"))


def test_a_request_the_provider_finds_wrong_counts_for_nobody() -> None:
    assert not opened(FailureKind.BAD_REQUEST).is_open(VENDOR)


def test_one_call_tries_it_after_the_rest_and_more_return_with_each_success() -> None:
    breakers = opened()
    assert admitted(breakers, BREAKER_REST_SECONDS - 0.1, 100) == 0
    at_s, shares = float(BREAKER_REST_SECONDS), []
    while breakers.is_open(VENDOR):
        shares.append(admitted(breakers, at_s, 100))
        breakers.worked(VENDOR, round(at_s * S))
        at_s += BREAKER_TRIAL_SECONDS
    # Nobody thunders back, and all is as before within half a minute of the failure.
    assert shares == [1, 2, 4, 8, 16]
    assert shares[-1] * 2 == BREAKER_CLOSED_AT
    assert at_s < 30
    assert admitted(breakers, at_s, 100) == 100


def test_a_call_that_tries_it_and_fails_sends_it_back_to_its_rest() -> None:
    breakers = opened()
    assert admitted(breakers, BREAKER_REST_SECONDS, 100) == 1
    breakers.failed(VENDOR, FailureKind.UNAVAILABLE, BREAKER_REST_SECONDS * S)
    assert admitted(breakers, 2 * BREAKER_REST_SECONDS - 0.1, 100) == 0
    assert admitted(breakers, 2 * BREAKER_REST_SECONDS, 100) == 1


def test_a_trial_of_which_nothing_is_heard_is_followed_by_another() -> None:
    breakers = opened()
    assert admitted(breakers, BREAKER_REST_SECONDS, 100) == 1
    assert admitted(breakers, BREAKER_REST_SECONDS + BREAKER_TRIAL_SECONDS, 100) == 1


def test_a_success_from_before_it_opened_closes_nothing() -> None:
    breakers = opened()
    for _ in range(20):
        breakers.worked(VENDOR, 1 * S)
    assert breakers.is_open(VENDOR)


def test_the_breakers_of_a_process_are_bounded() -> None:
    breakers = opened()
    for number in range(MAX_BREAKERS - 1):
        breakers.failed(Service("model", f"m{number}"), FailureKind.UNAVAILABLE, 0)
    assert breakers.is_open(VENDOR)
    breakers.failed(Service("model", "one more"), FailureKind.UNAVAILABLE, 0)
    assert not breakers.is_open(VENDOR)
