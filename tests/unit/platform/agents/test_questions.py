"""Questions of older agents, in every shape they may have."""

from __future__ import annotations

from typing import Any

import pytest

from callwright.domain.limits import MAX_EXTRACTION_KEYS
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.questions import custom_questions
from callwright.platform.agents.rules.spec import ProviderChoice

OWN = ProviderChoice("local")


def asked(*questions: Any) -> dict[str, Any] | None:
    task = custom_questions([{"assistant_id": "a", "custom_questions": one} for one in questions], OWN)
    return None if task is None else dict(task.schema["properties"])


@pytest.mark.proves("agent.gpt_assistants")
@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("name : who called\nday: which day\nnothing", {"name": "who called", "day": "which day"}),
        ({"name": "who called", "day": {"question": "which day"}}, {"name": "who called", "day": "which day"}),
        (["Who called?"], {"Who called?": "Who called?"}),
        ([{"name": "name", "question": "who"}, {"prompt": "why"}, 7], {"name": "who", "why": "why"}),
    ],
)
def test_a_shape_is_understood(given: Any, found: dict[str, Any]) -> None:
    assert asked(given) == found


@pytest.mark.proves("agent.gpt_assistants")
def test_the_questions_in_an_agents_body_are_a_task_after_its_calls() -> None:
    body = {"agent_name": "a", "tasks": [{}], "gpt_assistants": [{"custom_questions": {"name": "who called"}}]}
    task = parse_agent(body).custom_questions
    assert task is not None
    assert task.schema["properties"] == {"name": "who called"}
    assert parse_agent({**body, "gpt_assistants": None}).custom_questions is None


@pytest.mark.parametrize("given", [None, 7, "", [], {}, [{}], [{"custom_questions": 1}]])
def test_what_is_no_question_is_not_asked(given: Any) -> None:
    assert asked(given) is None


@pytest.mark.parametrize("assistants", [None, "x", {}, [None], [{}]])
def test_what_are_no_assistants_ask_nothing(assistants: Any) -> None:
    assert custom_questions(assistants, OWN) is None


def test_several_assistants_ask_together_and_within_the_bound() -> None:
    found = asked({"a": "1"}, {"a": "2", "b": "3"})
    assert found == {"a": "1", "b": "3"}
    many = asked({str(number): "q" for number in range(MAX_EXTRACTION_KEYS + 1)})
    assert many is not None
    assert len(many) == MAX_EXTRACTION_KEYS
