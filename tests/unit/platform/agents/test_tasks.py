"""The tasks of a stored agent: completed for a read, changed one by one by a patch."""

from __future__ import annotations

from typing import Any

import pytest

from callwright.domain.errors import InvalidAgentError
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.tasks import changed_tasks, with_defaults

DOCUMENTED = {
    "hangup_after_silence": 10,
    "call_terminate": 90,
    "hangup_after_LLMCall": False,
    "call_cancellation_prompt": None,
    "call_hangup_message": None,
    "incremental_delay": 400,
    "number_of_words_for_interruption": 2,
    "backchanneling": False,
    "backchanneling_message_gap": 5,
    "backchanneling_start_delay": 5,
    "ambient_noise": False,
    "ambient_noise_track": None,
    "noise_cancellation_level": None,
    "check_if_user_online": True,
    "trigger_user_online_message_after": 10,
    "voicemail": False,
    "voicemail_detection_duration": 30,
    "voicemail_check_interval": 7,
    "voicemail_min_transcript_length": 7,
    "voicemail_detection_time": None,
    "welcome_message_delay": 0,
    "dtmf_enabled": False,
    "auto_reschedule": False,
    "inbound_limit": -1,
    "whitelist_phone_numbers": None,
    "disallow_unknown_numbers": False,
}
"""The column "Default in docs" of the contract, 4.7."""

TALK = [["transcriber", "llm", "synthesizer"]]


def test_a_conversation_has_the_documented_defaults() -> None:
    (task,) = with_defaults([{"tools_config": {"llm_agent": {}}}])
    assert task == {
        "task_type": "conversation",
        "tools_config": {"llm_agent": {}},
        "toolchain": {"execution": "parallel", "pipelines": TALK},
        "task_config": DOCUMENTED,
    }


def test_a_task_after_the_call_has_the_model_alone() -> None:
    after = [{"task_type": "extraction"}, {"task_type": "summarization"}]
    toolchain = {"execution": "parallel", "pipelines": [["llm"]]}
    assert with_defaults(after) == [{**task, "toolchain": toolchain} for task in after]
    assert with_defaults([{"task_type": "webhook"}]) == [{"task_type": "webhook"}]


def test_what_was_sent_stays_as_it_came() -> None:
    sent: dict[str, Any] = {
        "task_type": None,
        "toolchain": {"execution": "sequential", "pipelines": [["llm"]]},
        "task_config": {"call_terminate": "300", "voicemail": None, "colour": "blue"},
    }
    (task,) = with_defaults([sent])
    assert task == {**sent, "task_config": {**DOCUMENTED, **sent["task_config"]}}
    assert with_defaults([{"task_config": None, "toolchain": None}])[0]["task_config"] is None
    assert sent["task_config"] == {"call_terminate": "300", "voicemail": None, "colour": "blue"}


def test_defaults_that_are_sent_back_change_no_call() -> None:
    for task in ({}, {"task_config": {"voicemail": True, "ambient_noise": True}}, {"task_config": None}):
        body: dict[str, Any] = {"agent_name": "Ada", "tasks": [task, {"task_type": "summarization"}]}
        assert parse_agent({**body, "tasks": with_defaults(body["tasks"])}) == parse_agent(body)


BEFORE: list[Any] = [
    {
        "tools_config": {
            "transcriber": {"provider": "deepgram", "model": "nova-3", "language": "en"},
            "synthesizer": {"provider": "polly", "provider_config": {"voice": "Kajal", "engine": "neural"}},
            "api_tools": {"tools": [{"name": "end_call"}], "tools_params": {"end_call": {}}},
        },
        "task_config": {"call_terminate": 90, "voicemail": True},
    },
    {"task_type": "extraction", "tools_config": {"llm_agent": {"llm_config": {"model": "m"}}}},
]


POLLY = {"provider": "polly", "provider_config": {"voice": "Aditi", "engine": "neural"}}


def merged(*changes: Any) -> list[Any]:
    return changed_tasks(BEFORE, list(changes))


def test_a_change_is_merged_key_by_key_and_leaves_the_rest() -> None:
    first, second = merged({"task_config": {"call_terminate": 300}, "note": {"a": {"b": None, "c": 1}}})
    assert first["task_config"] == {"call_terminate": 300, "voicemail": True}
    assert first["tools_config"] == BEFORE[0]["tools_config"]
    assert first["note"] == {"a": {"c": 1}}
    assert second == BEFORE[1]
    assert BEFORE[0]["task_config"] == {"call_terminate": 90, "voicemail": True}


def test_null_removes_and_a_list_replaces() -> None:
    tools = {"tools": [{"name": "end_call_now"}], "tools_params": {"end_call": None, "end_call_now": {}}}
    first, _ = merged({"task_config": None, "tools_config": {"api_tools": tools}})
    assert "task_config" not in first
    api_tools = {"tools": [{"name": "end_call_now"}], "tools_params": {"end_call_now": {}}}
    assert first["tools_config"] == {**BEFORE[0]["tools_config"], "api_tools": api_tools}


def test_tasks_are_those_in_the_same_place_and_further_ones_are_added() -> None:
    first, second, third = merged({}, {"tools_config": {"llm_agent": {"llm_config": {"temperature": 0}}}}, {"a": None})
    assert first == BEFORE[0]
    assert second["tools_config"]["llm_agent"]["llm_config"] == {"model": "m", "temperature": 0}
    assert third == {}
    assert changed_tasks(BEFORE, []) == changed_tasks(BEFORE, None) == BEFORE


def test_another_kind_of_task_replaces_it() -> None:
    assert merged({}, {"task_type": "summarization"})[1] == {"task_type": "summarization"}
    assert merged({"task_type": "conversation"})[0] == {**BEFORE[0], "task_type": "conversation"}
    assert merged({"task_type": None}, {"task_type": None}) == [BEFORE[0], {}]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"transcriber": {"provider": "sarvam"}}, {"provider": "sarvam", "language": "en"}),
        ({"transcriber": {"provider": "sarvam", "model": "saaras:v3"}}, {"provider": "sarvam", "model": "saaras:v3", "language": "en"}),
        ({"transcriber": {"provider": "deepgram"}}, BEFORE[0]["tools_config"]["transcriber"]),
        ({"synthesizer": {"provider": "local", "stream": True}}, {"provider": "local", "stream": True}),
        ({"synthesizer": {"provider_config": {"voice": "Aditi"}}}, POLLY),
    ],
)  # fmt: skip
def test_another_provider_takes_the_model_and_the_voice_of_the_former_away(change: Any, expected: Any) -> None:
    (section,) = change
    assert merged({"tools_config": change})[0]["tools_config"][section] == expected


@pytest.mark.parametrize(
    ("changes", "field"),
    [({}, "agent_config.tasks"), ("x", "agent_config.tasks"), ([{}, None], "agent_config.tasks[1]")],
)
def test_a_change_that_is_no_list_of_objects_is_refused(changes: Any, field: str) -> None:
    with pytest.raises(InvalidAgentError) as refused:
        changed_tasks(BEFORE, changes)
    assert refused.value.field == field
