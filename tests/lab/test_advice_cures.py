"""The value of the call doctor's advice, tried on the recorded call: what it was given for is gone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from callwright.insight.doctor import diagnose
from callwright.insight.doctor_finding import Finding
from callwright.insight.view import CallView, view_of
from callwright.lab.packed_log import unpack
from callwright.lab.whatif import what_if
from callwright.lab.whatif_answers import RecordedAnswers

FIELDS = {
    "task_config.incremental_delay": ("incremental_delay_ms", 1),
    "task_config.patience": ("patience_ms", 1),
    "task_config.interruption_backoff_period": ("backoff_ms", 1),
    "task_config.dtmf_timeout": ("keys_pause_ms", 1_000),
    "task_config.welcome_message_delay": ("welcome_delay_ms", 1),
    "task_config.number_of_words_for_interruption": ("words_to_interrupt", 1),
    "tools_config.transcriber.endpointing": ("endpointing_ms", 1),
}
"""What of a plan an advice changes, and in how many of its units the setting counts."""


def found_in(view: CallView, rule: str, turn: int | None) -> list[Finding]:
    """The findings of a rule in a turn."""
    return [one for one in diagnose(view, over=True).findings if (one.rule, one.turn) == (rule, turn)]


@pytest.mark.parametrize(
    ("name", "rule", "turn"),
    [
        ("call-00041", "early_cut", 1),
        ("call-00063", "early_cut", 2),
        ("call-00349", "early_cut", 1),
        ("conversation-00421", "early_cut", 1),
        ("conversation-01341", "early_cut", 3),
        ("call-00400", "slow_reply", 1),
        ("conversation-00185", "slow_reply", 2),
        ("conversation-00188", "slow_reply", 1),
        ("conversation-00773", "slow_reply", 2),
        ("conversation-01438", "slow_reply", 2),
        ("conversation-01438", "false_interruption", 4),
        ("conversation-01263", "dead_air", None),
    ],
)
def test_the_first_value_cures(name: str, rule: str, turn: int | None) -> None:
    view = view_of(unpack(Path(f"tests/golden/{name}.log.xz").read_bytes()))
    (finding,) = found_in(view, rule, turn)
    cause, advice = next((c, a) for c, a in zip(finding.causes, finding.advice, strict=True) if c in finding.values)
    field, times = FIELDS[advice.setting]
    change: dict[str, Any] = {field: int(finding.values[cause] * times)}
    tried = what_if(view, 0, lambda plan: replace(plan, **change), RecordedAnswers(view, 0))
    assert found_in(view_of(tried.log), rule, turn) == []


def test_a_pause_that_patience_did_not_end_is_not_mended_by_patience() -> None:
    view = view_of(unpack(Path("tests/golden/call-00063.log.xz").read_bytes()))
    (finding,) = found_in(view, "early_cut", 2)
    assert [a.setting for a in finding.advice] == [
        "task_config.incremental_delay",
        "tools_config.transcriber.endpointing",
    ]
    assert finding.values == {"floor": 1_800}
