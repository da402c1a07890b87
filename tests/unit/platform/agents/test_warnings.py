"""Warnings about an agent's body: unknown keys, schemas of tools, and places that nothing fills."""

from __future__ import annotations

import json
import time
from itertools import islice
from typing import Any

import pytest
from tests.agent_of_settings import agent_of, another_value

from callwright.domain.limits import MAX_AGENT_WARNINGS, MAX_UNKNOWN_KEYS
from callwright.platform.agent_settings.rules.table import SETTINGS
from callwright.platform.agents.rules.spec import AgentWarning
from callwright.platform.agents.rules.warnings import body_warnings

TASK = "agent_config.tasks[0]"
TOOLS = f"{TASK}.tools_config.api_tools"
SECRET = "sk-0123456789abcdefghijklmnopqrstuv"


def found(**agent: Any) -> list[AgentWarning]:
    return list(body_warnings({"agent_name": "Ada", **agent}))


def in_task(**task: Any) -> list[AgentWarning]:
    return found(tasks=[task])


def of_tool(tool: dict[str, Any], params: dict[str, Any] | None = None) -> list[AgentWarning]:
    api_tools = {"tools": [{"name": "book", **tool}], "tools_params": {"book": params or {}}}
    return in_task(tools_config={"api_tools": api_tools})


def test_no_setting_is_unknown() -> None:
    settings = {row.key: another_value(row) for row in SETTINGS if row.section not in ("agent", "api_tools")}
    assert list(body_warnings(agent_of(settings))) == []
    assert found(**{row.name: None for row in SETTINGS if row.section == "agent"}) == []


def test_what_the_hosted_service_has_besides_is_known() -> None:
    assert (
        found(agent_type="other", custom_analytics=None, agent_names=None, multilingual=None, mip_opt_out=False) == []
    )
    tools_config = {
        "input": {"provider": "twilio", "format": "wav"},
        "output": None,
        "llm_agent": {
            "agent_type": "graph_agent",
            "llm_config": {"nodes": [], "current_node_id": "a", "routing_model": "m", "rag_config": {}},
        },
        "synthesizer": {
            "voice": "v",
            "provider_config": {"stability": 1, "similarity_boost": 0.7, "engine": "neural", "sampling_rate": "8000"},
        },
        "transcriber": {"smart_format": True, "filler_words": False},
        "api_tools": None,
    }
    assert in_task(tools_config=tools_config, toolchain=None, task_config=None) == []


@pytest.mark.parametrize(
    ("section", "key", "remedy"),
    [
        ("task_config", "hangup_after_silense", "Write hangup_after_silence."),
        ("task_config", "hangupAfterSilence", "Write hangup_after_silence."),
        ("task_config", "number_of_words_for_interuptions", "Write number_of_words_for_interruption."),
        ("task_config", "colour", "Remove it, or check its name in docs/reference/agent-settings.md."),
        ("task_config", "temperature", "Move it to llm_config."),
        ("toolchain", "pipeline", "Write pipelines."),
        ("tools_config", "sythesizer", "Write synthesizer."),
        ("tools_config", "llm_config", "Move it to llm_agent."),
        ("tools_config.input", "providr", "Write provider."),
        ("tools_config.llm_agent", "agent_typ", "Write agent_type."),
        ("tools_config.llm_agent.llm_config", "temprature", "Write temperature."),
        ("tools_config.llm_agent.llm_config", "maxTokens", "Write max_tokens."),
        ("tools_config.llm_agent.llm_config", "hangup_after_silence", "Move it to task_config."),
        ("tools_config.synthesizer", "bufer_size", "Write buffer_size."),
        ("tools_config.synthesizer.provider_config", "voiceId", "Write voice_id."),
        ("tools_config.transcriber", "langauge", "Write language."),
        ("tools_config.api_tools", "tool_params", "Write tools_params."),
    ],
)
def test_an_unknown_key_is_named_with_what_was_meant(section: str, key: str, remedy: str) -> None:
    task: dict[str, Any] = {key: 7}
    for name in reversed(section.split(".")):
        task = {name: task}
    (warning,) = in_task(**task)
    assert (warning.path, warning.remedy) == (f"{TASK}.{section}.{key}", remedy)
    assert warning.message == f"Nothing reads {key} here."


def test_unknown_keys_of_the_agent_its_tasks_prompts_and_tools_are_named() -> None:
    assert [(one.path, one.remedy) for one in found(agent_welcome_mesage="Hi", optimize_latency=True)] == [
        ("agent_config.agent_welcome_mesage", "Write agent_welcome_message."),
        ("agent_config.optimize_latency", "Move it to task_config."),
    ]
    (warning,) = in_task(task_tpye="conversation")
    assert (warning.value, warning.remedy) == ("conversation", "Write task_type.")
    (warning,) = found(agent_prompts={"task1": {"system_prompt": "x"}, "task_2": {"system_prompt": "y"}})
    assert warning.path == "agent_prompts.task1"
    (warning,) = found(agent_prompts={"task_1": {"systemprompt": "x"}})
    assert (warning.path, warning.remedy) == ("agent_prompts.task_1.systemprompt", "Write system_prompt.")
    (warning,) = of_tool({"desciption": "Books"})
    assert (warning.path, warning.remedy) == (f"{TOOLS}.tools[0].desciption", "Write description.")
    (warning,) = of_tool({}, {"methd": "GET"})
    assert (warning.path, warning.value) == (f"{TOOLS}.tools_params.book.methd", "GET")


def test_a_setting_beside_llm_config_is_not_read_unless_the_form_is_flat() -> None:
    (warning,) = in_task(tools_config={"llm_agent": {"temperature": 0.3, "llm_config": {"model": "m"}}})
    assert (warning.path, warning.value) == (f"{TASK}.tools_config.llm_agent.temperature", 0.3)
    assert warning.remedy == "Move it to llm_config."
    assert in_task(tools_config={"llm_agent": {"temperature": 0.3, "model": "m"}}) == []
    assert in_task(tools_config={"llm_agent": {"model": "m", "llm_config": {"model": "m"}}}) == []


def test_an_option_of_a_provider_is_its_own_unless_it_is_a_slip() -> None:
    options = {"min_tokens": 5, "top_a": 0.2, "max_output_tokens": 9, "rules": [], "pause_ms": 3}
    assert in_task(tools_config={"llm_agent": {"llm_config": options}, "transcriber": {"partials": True}}) == []


def test_a_value_that_may_be_a_secret_is_told_by_its_kind() -> None:
    warnings = in_task(task_config={"note": SECRET, "api_keys": "abc", SECRET: 1, "deep": {"a": 1}, "list": [SECRET]})
    assert [one.value for one in warnings] == [
        "a string of 35 characters",
        "a string of 3 characters",
        1,
        "an object",
        "an array",
    ]
    assert SECRET not in str(warnings)


def test_tools_are_read_in_every_form() -> None:
    tool = {"name": "book", "parameters": {"day": "string"}}
    wrapped = {"type": "function", "function": tool}
    for api_tools, path in (
        ({"tools": [tool]}, f"{TOOLS}.tools[0].parameters"),
        ({"tools": json.dumps([tool])}, f"{TOOLS}.tools[0].parameters"),
        ({"tools": [wrapped]}, f"{TOOLS}.tools[0].function.parameters"),
        ([tool], f"{TOOLS}[0].parameters"),
    ):
        (warning,) = in_task(tools_config={"api_tools": api_tools})
        assert warning.path == path


@pytest.mark.parametrize(
    ("schema", "path", "remedy"),
    [
        (
            {"day": "string"},
            "",
            'Write {"type": "object", "properties": {"day": {"type": "string"}}}.',
        ),
        ({"type": "string"}, ".type", 'Write "type": "object" and name each parameter in properties.'),
        ({"properties": {"day": "text"}}, ".properties.day", 'Write {"type": "string"}.'),
        ({"properties": {"day": {"type": "int"}}}, ".properties.day.type", "Write integer."),
        ({"properties": {"day": {"type": "stirng"}}}, ".properties.day.type", "Write string."),
        (
            {"properties": {"day": {"type": ["string", "xx"]}}},
            ".properties.day.type",
            "Write one of string, integer, number, boolean, array, object, null.",
        ),
        (
            {"properties": {"a": {"type": "object", "properties": {"b": 1}}}},
            ".properties.a.properties.b",
            'Write {"type": "string"}.',
        ),
        (
            {"properties": {"a": {"type": "array", "items": "string"}}},
            ".properties.a.items",
            'Write {"type": "string"}.',
        ),
        ({"properties": ["day"]}, ".properties", "Write each parameter's name as a key."),
        ({"properties": {"day": {}}, "required": ["dya"]}, ".required", "Write day."),
        (
            {"properties": {"day": {}}, "required": ["slot"]},
            ".required",
            "Add it to properties, or take it out of required.",
        ),
        (
            {"properties": {"day": {"type": "string", "required": True}}},
            ".properties.day.required",
            "List the required names in required of the object that has them as properties.",
        ),
    ],
)
def test_a_wrong_schema_is_named_with_its_place(schema: dict[str, Any], path: str, remedy: str) -> None:
    (warning,) = of_tool({"parameters": schema})
    assert (warning.path, warning.remedy) == (f"{TOOLS}.tools[0].parameters{path}", remedy)


def test_a_right_schema_is_not_warned_of() -> None:
    day = {"type": "string", "enum": ["monday"], "description": "Which"}
    inner = {"type": "array", "items": {"type": "object", "properties": {"n": {"type": ["integer", "null"]}}}}
    assert (
        of_tool({"parameters": {"type": "object", "properties": {"day": day, "a": inner}, "required": ["day"]}}) == []
    )
    assert of_tool({"parameters": {}}) == []
    assert of_tool({"parameters": {"type": "object"}}) == []


DAY = {"parameters": {"type": "object", "properties": {"day": {"type": "string"}}}}


@pytest.mark.parametrize("param", [{"d": "%(dya)s"}, '{"d": "on %(dya)s, %(dya)s"}', {"a": [{"b": "%(dya)s"}]}])
def test_a_place_that_is_no_parameter_is_named_once(param: Any) -> None:
    (warning,) = of_tool(DAY, {"url": "https://x.example", "param": param})
    assert warning.path == f"{TOOLS}.tools_params.book.param"
    assert warning.value == "%(dya)s"
    assert warning.message == "dya is no parameter of the tool, so its place stays empty."
    assert warning.remedy == "Write %(day)s, unless user_data or the answer of an earlier tool has dya."


def test_a_place_in_an_address_is_looked_at_too() -> None:
    (warning,) = of_tool(DAY, {"url": "https://x.example/{branch}/%(dya)s?to=%(day)s"})
    assert (warning.path, warning.value) == (f"{TOOLS}.tools_params.book.url", "%(dya)s")


def test_places_of_parameters_of_the_system_and_of_the_agents_variables_are_filled() -> None:
    param = {"a": "%(day)s", "b": "%(call_sid)s", "c": {"$var": "from_number"}, "d": "%(customer_id)s", "e": "%(crm)s"}
    api_tools = {"tools": [{"name": "book", **DAY, "value": {"param": param}}]}
    warnings = found(
        agent_prompts={"task_1": {"system_prompt": "Serve {customer_id}."}},
        sip_header_variables={"X-Crm": "crm"},
        tasks=[{"tools_config": {"api_tools": api_tools}}],
    )
    assert warnings == []


def test_texts_name_variables_in_braces_only() -> None:
    text = 'Hello {customer_name}, {größe}, {a.b}, {{x}}, {"json": 1}, { } 100 % (sure)'
    assert found(agent_welcome_message=text, agent_prompts={"task_1": {"system_prompt": text}}) == []
    first, second = found(agent_welcome_message="Hello %(name)s, { customer_name }.")
    assert (first.path, first.value) == ("agent_config.agent_welcome_message", "%(name)s")
    assert first.remedy == "Write {name}."
    assert (second.value, second.remedy) == ("{ customer_name }", "Write {customer_name}.")
    (third,) = found(agent_prompts={"task_1": "Say %(day)s"})
    assert third.path == "agent_prompts.task_1"


@pytest.mark.parametrize(
    "body",
    [
        {"tasks": None},
        {"tasks": {}},
        {"tasks": [None, 3, {"tools_config": []}, {"tools_config": {"api_tools": "x", "llm_agent": [], "input": 3}}]},
        {"agent_prompts": [], "sip_header_variables": 3, "agent_welcome_message": 5},
        {"tasks": [{"tools_config": {"api_tools": {"tools": "[[[", "tools_params": 3}}}]},
        {"tasks": [{"tools_config": {"api_tools": {"tools": [{"name": 3, "parameters": "x", "value": 4}, 7]}}}]},
    ],
)
def test_no_shape_of_a_body_stops_the_warnings(body: dict[str, Any]) -> None:
    assert list(body_warnings(body)) == []


def test_what_is_looked_at_is_bounded() -> None:
    for count in (MAX_UNKNOWN_KEYS, MAX_UNKNOWN_KEYS + 1):
        warnings = in_task(task_config={f"unknown_{number}": 1 for number in range(count)})
        assert len(warnings) == MAX_UNKNOWN_KEYS
    properties: dict[str, Any] = {f"name_{number}": {} for number in range(20_000)}
    schema = {"type": "object", "properties": properties, "required": [f"nmae_{n}" for n in range(20_000)]}
    begun = time.process_time()
    api_tools = {"tools": [{"name": "book", "parameters": schema}]}
    body = {"tasks": [{"tools_config": {"api_tools": api_tools}}]}
    assert len(list(islice(body_warnings(body), MAX_AGENT_WARNINGS))) == MAX_AGENT_WARNINGS
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    ("agent", "path"),
    [
        ({"agent_prompts": {"task_1": {"system_prompt": f"Use {SECRET}."}}}, "agent_prompts.task_1.system_prompt"),
        ({"agent_welcome_message": f"Bearer {SECRET}"}, "agent_config.agent_welcome_message"),
        ({"webhook_url": "https://hooks.example/?token=t0ken"}, "agent_config.webhook_url"),
        ({"tasks": [{"tools_config": {"api_tools": [{"name": "b", "value": {"url": f"https://a:{SECRET}@crm.example/"}}]}}]},
         f"{TOOLS}[0].value.url"),
    ],
)  # fmt: skip
def test_a_secret_outside_the_places_for_credentials_is_told_without_it(agent: dict[str, Any], path: str) -> None:
    (warning,) = [one for one in found(**agent) if "secret" in one.message]
    assert warning.path.endswith(path)
    assert SECRET not in repr(warning)
    assert "api_token" in warning.remedy
