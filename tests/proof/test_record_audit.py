"""The judge of a call's record: waits and costs are the sum of their parts."""

from __future__ import annotations

from dataclasses import replace
from operator import itemgetter
from pathlib import Path

import pytest
from proof.shell_audit import audit_record

from callwright.insight.cost import cost_of
from callwright.insight.waterfall import waterfall
from callwright.lab.packed_log import unpack
from proof import shell_audit

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
LOG = unpack((GOLDEN / "scenario-angry.log.xz").read_bytes())


def test_a_record_that_adds_up_is_right() -> None:
    assert audit_record(LOG) == ""


def test_a_part_of_a_wait_that_is_left_out_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_the_longest_part(view):
        return [
            replace(turn, steps_us=tuple(sorted(turn.steps_us, key=itemgetter(1))[:-1])) for turn in waterfall(view)
        ]

    monkeypatch.setattr(shell_audit, "waterfall", without_the_longest_part)
    assert audit_record(LOG).startswith("the parts of a latency are the whole wait: turn ")


def test_a_nano_cent_that_no_turn_costs_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def with_one_more(view, book, carrier):
        cost = cost_of(view, book, carrier)
        return replace(cost, legs={**cost.legs, "llm": cost.legs["llm"] + 1})

    monkeypatch.setattr(shell_audit, "cost_of", with_one_more)
    assert audit_record(LOG).startswith("turns cost what the call costs: ")
