"""Menus before the agent: checked and kept."""

from __future__ import annotations

from typing import Any

import pytest

from callwright.domain.errors import BadInputError
from callwright.domain.limits import MAX_IVR_STEPS
from callwright.platform.inbound.rules.ivr import read_ivr

MENU: dict[str, Any] = {
    "step_id": "language",
    "type": "menu",
    "prompt": "For English press 1.",
    "options": [{"digit": "1", "label": "English", "agent_id": "a"}, {"digit": 2, "context_label": "Hindi"}],
    "conditional_next": {"1": "account"},
}
COLLECT: dict[str, Any] = {
    "step_id": "account",
    "type": "collect",
    "prompt": "Your number?",
    "min_digits": 4,
    "max_digits": 8,
}


def read(**config: Any) -> dict[str, Any] | None:
    return read_ivr({"ivr_config": config})


def test_a_body_may_have_none() -> None:
    assert read_ivr({}) is None
    assert read(enabled=False) == {
        "enabled": False,
        "voice": "Polly.Joanna",
        "timeout": 5,
        "max_retries": 2,
        "invalid_input_message": "Invalid input. Please try again.",
        "no_input_message": "No input received. Goodbye.",
    }


def test_a_menu_is_kept_with_its_unknown_keys() -> None:
    found = read(enabled=True, steps=[MENU, COLLECT], welcome_message="Hello.", colour="red", timeout="7")
    assert found is not None
    assert (found["steps"], found["colour"], found["timeout"]) == ([MENU, COLLECT], "red", 7)
    assert found["welcome_message"] == "Hello."


def without(step: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in step.items() if key != name}


@pytest.mark.parametrize(
    ("steps", "path"),
    [
        ([], "ivr_config.steps"),
        (["menu"], "ivr_config.steps[0]"),
        ([without(MENU, "prompt")], "ivr_config.steps[0].prompt"),
        ([without(MENU, "step_id")], "ivr_config.steps[0].step_id"),
        ([without(COLLECT, "type")], "ivr_config.steps[0].type"),
        ([{**COLLECT, "type": "speech"}], "ivr_config.steps[0].type"),
        ([without(MENU, "options")], "ivr_config.steps[0].options"),
        ([{**MENU, "options": ["1"]}], "ivr_config.steps[0].options[0]"),
        ([{**MENU, "options": [{"digit": "12"}]}], "ivr_config.steps[0].options[0].digit"),
        ([{**MENU, "options": [{"digit": "1"}, {"digit": "1"}]}], "ivr_config.steps[0].options[1].digit"),
        ([{**COLLECT, "min_digits": 9}], "ivr_config.steps[0].min_digits"),
        ([COLLECT, COLLECT], "ivr_config.steps"),
        ([{**COLLECT, "next_step": "nowhere"}], "ivr_config.steps[0].next_step"),
        ([{**MENU, "conditional_next": {"1": "nowhere"}}], "ivr_config.steps[0].conditional_next.1"),
        ([{**COLLECT, "step_id": f"s{n}"} for n in range(MAX_IVR_STEPS + 1)], "ivr_config.steps"),
    ],
)
def test_a_wrong_menu_is_refused_by_path(steps: list[Any], path: str) -> None:
    with pytest.raises(BadInputError) as caught:
        read(enabled=True, steps=steps)
    assert caught.value.field == path


def test_as_many_steps_as_the_limit() -> None:
    assert read(enabled=True, steps=[{**COLLECT, "step_id": f"s{n}"} for n in range(MAX_IVR_STEPS)]) is not None
