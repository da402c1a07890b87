"""All errors of an agent at once, each at its path in the body as it came."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from callwright.domain.errors import TooLargeError
from callwright.domain.limits import MAX_AGENT_ERRORS, MAX_AGENT_TASKS
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.validation import errors_of


def agent(**changed: Any) -> dict[str, Any]:
    return {"agent_name": "A", "tasks": [{"task_type": "conversation"}], **changed}


def paths(body: dict[str, Any]) -> list[str]:
    found = errors_of(body, parse_agent)
    assert found.complete
    return [error.path for error in found.found]


def with_config(**config: Any) -> dict[str, Any]:
    return agent(tasks=[{"task_type": "conversation", "task_config": config}])


def test_an_agent_without_errors_has_none() -> None:
    assert paths(agent()) == []


def test_every_wrong_setting_is_named_and_the_body_stays() -> None:
    body = with_config(hangup_after_silence="soon", call_terminate="long", voicemail="perhaps")
    body["webhook_url"] = "ftp://x"
    before = copy.deepcopy(body)
    task = "agent_config.tasks[0].task_config"
    assert set(paths(body)) == {
        f"{task}.hangup_after_silence",
        f"{task}.call_terminate",
        f"{task}.voicemail",
        "agent_config.webhook_url",
    }
    assert body == before


def test_errors_say_what_the_parser_says() -> None:
    body = with_config(hangup_after_silence="soon")
    (found,) = errors_of(body, parse_agent).found
    with pytest.raises(Exception) as refused:
        parse_agent(body)
    assert (found.message, found.code) == (str(refused.value), "invalid_agent")


def test_members_of_lists_keep_the_numbers_they_came_with() -> None:
    tasks = [7, {"task_type": "conversation", "task_config": {"voicemail": "x"}}, 8, {"task_type": "nothing"}]
    assert paths(agent(tasks=tasks)) == [
        "agent_config.tasks[0]",
        "agent_config.tasks[2]",
        "agent_config.tasks[3].task_type",
        "agent_config.tasks[1].task_config.voicemail",
    ]
    (_, second, *_) = errors_of(agent(tasks=tasks), parse_agent).found
    assert second.message.startswith("agent_config.tasks[2] must be")


@pytest.mark.parametrize("name", [None, "", "  ", 7, "x" * 1000])
def test_a_missing_name_hides_nothing_else(name: Any) -> None:
    body = {**with_config(voicemail="x"), "agent_name": name}
    assert paths(body) == ["agent_config.agent_name", "agent_config.tasks[0].task_config.voicemail"]


@pytest.mark.parametrize("tasks", [None, [], "x", [{"task_type": "extraction"}]])
def test_missing_tasks_hide_nothing_else(tasks: Any) -> None:
    assert paths(agent(tasks=tasks, webhook_url=7)) == ["agent_config.tasks", "agent_config.webhook_url"]


def test_too_many_tasks_hide_nothing_of_those_that_may_be() -> None:
    tasks = [{"task_config": {"voicemail": "x"}}, *({} for _ in range(MAX_AGENT_TASKS))]
    assert paths(agent(tasks=tasks)) == ["agent_config.tasks", "agent_config.tasks[0].task_config.voicemail"]


def test_a_prompt_under_a_wrong_name_is_named_once() -> None:
    assert paths(agent(agent_prompts={"tsk_1": {"system_prompt": "Hi"}}, webhook_url=7)) == [
        "agent_config.webhook_url",
        "agent_prompts.task_1.system_prompt",
    ] or paths(agent(agent_prompts={"tsk_1": {"system_prompt": "Hi"}}, webhook_url=7)) == [
        "agent_prompts.task_1.system_prompt",
        "agent_config.webhook_url",
    ]


def test_a_name_may_hold_dots_and_brackets() -> None:
    body = agent(webhook_headers={"X.Y": None, "X": "fine", "Z": None})
    assert paths(body) == ["agent_config.webhook_headers.X.Y", "agent_config.webhook_headers.Z"]


def test_what_is_wrong_inside_a_text_of_json_stands_at_the_text() -> None:
    body = agent(calling_guardrails=json.dumps({"call_start_hour": 99}), webhook_url=7)
    assert set(paths(body)) == {"agent_config.calling_guardrails.call_start_hour", "agent_config.webhook_url"}


def test_an_error_that_names_nothing_ends_the_search() -> None:
    def too_large(_: object) -> None:
        raise TooLargeError("the agent is too large", field="agent_config")

    found = errors_of(agent(), too_large)
    assert [error.path for error in found.found] == ["agent_config"]
    assert not found.complete


@pytest.mark.parametrize(("wrong", "complete"), [(MAX_AGENT_ERRORS - 1, True), (MAX_AGENT_ERRORS, False)])
def test_only_so_many_errors_are_looked_for(wrong: int, complete: bool) -> None:
    headers = {f"X-{number}": None for number in range(wrong)}
    found = errors_of({"headers": headers}, _first_null)
    assert (len(found.found), found.complete) == (wrong, complete)


def _first_null(body: Any) -> None:
    for name, value in body["headers"].items():
        if value is None:
            raise TooLargeError("null", field=f"agent_config.headers.{name}")
