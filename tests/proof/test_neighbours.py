"""One organisation attacks, another one goes on: what the proof judges. It runs against a server in ``tests/phone``, which runs alone."""

from __future__ import annotations

import pytest
from proof.neighbours import ATTACKERS, Report, Times


def report(**attack: list[float]) -> Report:
    """A run in which nothing was broken, except for what ``attack`` says."""
    peace = {"gaps_ms": [20.0] * 1_000, "chats_s": [0.3], "calls_s": [1.0]}
    did = {way: {"200": least} for way, least in ATTACKERS.items()}
    return Report(times(peace), times({**peace, **attack}), did)


def times(of: dict[str, list[float]]) -> Times:
    return Times(gaps_ms=of["gaps_ms"], chats_s=of["chats_s"], calls_s=of["calls_s"])


def judged(one: Report) -> list[str]:
    one.judge()
    return one.broken


def test_a_run_like_the_peace_before_it_breaks_no_rule() -> None:
    assert judged(report()) == []


@pytest.mark.parametrize(
    ("attack", "told"),
    [
        ({"gaps_ms": [20.0] * 980 + [41.0] * 20}, "frames 41 ms apart"),
        ({"gaps_ms": []}, "no frames"),
        ({"chats_s": [0.3, 2.4]}, "a chat took 2.4 s"),
        ({"calls_s": []}, "never came to its end"),
        ({"calls_s": [3.1]}, "a call to its last webhook took 3.1 s"),
    ],
)
def test_what_comes_late_or_not_at_all_is_broken(attack: dict[str, list[float]], told: str) -> None:
    (broken,) = judged(report(**attack))
    assert told in broken


def test_frames_may_be_as_late_as_timers_of_a_busy_machine() -> None:
    busy = report(gaps_ms=[20.0] * 980 + [55.0] * 20)
    busy.attack.timer_late_ms = [1.0] * 980 + [16.0] * 20
    assert judged(busy) == []


def test_an_attack_that_did_not_happen_proves_nothing() -> None:
    one = report()
    one.did["invites"] = {}
    assert "invites had 0 tries" in judged(one)[0]
