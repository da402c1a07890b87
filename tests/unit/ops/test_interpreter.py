"""The garbage collector looks at everything only when no call hears it, or rarely."""

from __future__ import annotations

import gc
import sys

import pytest

from callwright.ops import interpreter
from callwright.ops.interpreter import (
    CALLS_ENDED_FOR_EACH_LIVE,
    MOST_CALLS_BETWEEN_LOOKS,
    YOUNG_LOOKS_AT_REST,
    WholeLooks,
)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    made: list[int] = []
    monkeypatch.setattr(gc, "collect", lambda: made.append(1))
    return made


def _after(calls: int) -> WholeLooks:
    whole = WholeLooks()
    for _ in range(calls):
        whole.call_ended()
    return whole


def _young(monkeypatch: pytest.MonkeyPatch, looks: int) -> None:
    monkeypatch.setattr(gc, "get_count", lambda: (0, looks, 0))


def test_nothing_is_looked_at_before_a_call_has_ended(looks: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    _young(monkeypatch, YOUNG_LOOKS_AT_REST - 1)
    assert not WholeLooks().look(live=0)
    assert not looks


def test_a_process_without_calls_looks_after_its_young_looks(looks: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    _young(monkeypatch, YOUNG_LOOKS_AT_REST)
    assert not WholeLooks().look(live=1)
    assert WholeLooks().look(live=0)
    assert len(looks) == 1


def test_an_idle_process_looks_once_after_its_calls(looks: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    _young(monkeypatch, 0)
    whole = _after(3)
    assert whole.look(live=0)
    assert not whole.look(live=0)
    assert len(looks) == 1


@pytest.mark.parametrize(("live", "most"), [(1, CALLS_ENDED_FOR_EACH_LIVE), (300, MOST_CALLS_BETWEEN_LOOKS)])
def test_live_calls_are_not_stopped_for_a_few_that_ended(looks: list[int], live: int, most: int) -> None:
    whole = _after(most - 1)
    assert not whole.look(live)
    whole.call_ended()
    assert whole.look(live)
    assert not whole.look(live)
    assert len(looks) == 1


def test_the_start_is_left_out_and_the_portions_are_set(looks: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    set_to: list[tuple[int, ...]] = []
    monkeypatch.setattr(gc, "freeze", lambda: looks.append(2))
    monkeypatch.setattr(gc, "set_threshold", lambda *portions: set_to.append(portions))
    switches: list[float] = []
    monkeypatch.setattr(sys, "setswitchinterval", switches.append)
    interpreter.set_for_calls()
    assert looks == [1, 2]
    assert set_to == [(5_000, 1_000_000, 1_000_000)]
    assert switches == [0.0005]
