"""An agent as it is read, which can always be put back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.agent_of_settings import agent_of, another_value, is_within

from callwright.insight.wire import encode
from callwright.platform.agent_settings.rules.table import SETTINGS
from callwright.platform.agents.actions.agents import flat_body
from callwright.platform.agents.mapping import agent_view
from callwright.platform.agents.rules.credentials import kept_credentials, shown_body, with_credentials
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.provider_keys.rules.sealing import sealed_bytes, sealed_text

THEN = datetime(2026, 3, 1, tzinfo=UTC)
HOURS = {"call_start_hour": 9, "call_end_hour": 17}
ALTERNATIVES: dict[str, list[Any]] = {
    "agent_prompts": [None, {}, {"task_1": {}}, {"task_1": None}, {"task_1": {"system_prompt": "Hi", "note": 1}}, {"task_1": "Hi"}],
    "agent_welcome_message": [None, "", "Hello {name}."],
    "agent_type": [None, "sales"],
    "webhook_url": [None, "https://hooks.example.org/{id}"],
    "webhook_headers": [None, {"X-One": 1}],
    "webhook_config": [None, ["completed"], {"statuses": None}],
    "telephony_provider": [None, "default", "twilio"],
    "calling_guardrails": [None, HOURS, "null", "", '{"call_start_hour": 9}'],
    "ingest_source_config": [
        None,
        "null",
        {"source_type": "api", "source_url": "https://crm.example", "source_auth_token": "Bearer x"},
        '{"source_type": "csv", "source_name": "f"}',
    ],
    "sip_header_variables": [None, {"X-A": "a"}],
    "gpt_assistants": [None, [{"custom_questions": "a: b"}]],
    "colour": [None, {"of": [1, None]}],
    "created_by": ["a client's own"],
    "dispositions": [None, []],
}  # fmt: skip
"""Forms of what stands beside the tasks."""

TOOL = {"name": "book", "description": "Books.", "parameters": {"type": "object"}}
CALL = {"method": "POST", "url": "https://api.example/", "param": '{"id": %(id)d}'}
TOOLS: list[Any] = [
    None,
    [],
    {},
    {"tools": "[]"},
    [{**TOOL, "value": CALL}],
    [{**TOOL, **CALL}],
    {"tools": [TOOL], "tools_params": {"book": CALL}},
]
VOICES: list[Any] = [
    None,
    {},
    {"provider": "elevenlabs", "voice_id": "V9", "model": "m"},
    {"provider": "polly", "provider_config": {"voice": "Kajal"}},
    {"provider": "cartesia", "voice": "a", "provider_config": None},
]
MODELS: list[Any] = [None, {"provider": "openai"}, {"agent_type": "graph_agent", "llm_config": {"nodes": []}}]


def some_of(values: dict[str, list[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Some of the names, each with one of its values."""
    return st.fixed_dictionaries({}, optional={name: st.sampled_from(each) for name, each in values.items()})


OF_THE_CALL = {
    one.name: [None, one.default, another_value(one)]
    for one in SETTINGS
    if one.section == "task_config" and (isinstance(one.default, bool) or one.most is not None)
}
TASKS = some_of(
    {
        "task_type": [None, "conversation"],
        "toolchain": [None, {}, {"execution": "sequential"}, {"pipelines": [["llm"]]}],
        "tools_config": [None, *({"api_tools": t, "synthesizer": v, "llm_agent": m} for t in TOOLS for v in VOICES for m in MODELS)],
    }
)  # fmt: skip
CONFIGS = st.none() | some_of(OF_THE_CALL)
LATER = st.sampled_from([{"task_type": "extraction"}, {"task_type": "summarization", "odd": 1.5}, {"task_type": "webhook"}])  # fmt: skip


@st.composite
def stored(draw: st.DrawFn) -> dict[str, Any]:
    """A body that is stored: some settings in one of their forms, others not there."""
    task = draw(TASKS)
    if draw(st.booleans()):
        task["task_config"] = draw(CONFIGS)
    body = {"agent_name": "Ada", **draw(some_of(ALTERNATIVES)), "tasks": [task, *draw(st.lists(LATER, max_size=2))]}
    return flat_body({"agent_config": body})


def of(body: dict[str, Any]) -> StoredAgent:
    return StoredAgent(id="a", tenant_id="t", name="Ada", body=body, revision=1, created_at=THEN, updated_at=THEN)


def assert_can_be_put_back(body: dict[str, Any]) -> None:
    spec = parse_agent(body, lambda kind: ())
    body = with_credentials(body, lambda one: sealed_text(one.text, one.text.encode()))
    read = agent_view(of(body))
    assert is_within(shown_body(body), read)
    for wire in (read, {"agent_config": read, "agent_prompts": read["agent_prompts"]}):
        again = kept_credentials(flat_body(wire, allow_flat=True), body)
        opened = with_credentials(again, lambda one: (sealed_bytes(one.text) or b"").decode())
        assert parse_agent(opened, lambda kind: ()) == spec, "a call does the same"
        assert encode(agent_view(of(again))) == encode({**read, **shown_body(again)}), "and it reads the same"


@given(stored())
def test_what_is_read_can_be_put_back_and_changes_no_call(body: dict[str, Any]) -> None:
    assert_can_be_put_back(body)


def test_an_agent_with_another_value_for_each_setting_can_be_put_back() -> None:
    for one in SETTINGS:
        if one.kept or isinstance(one.default, bool) or one.most is not None:
            assert_can_be_put_back(agent_of({one.key: another_value(one)}))


def test_without_prompts_it_reads_as_the_hosted_service_has_it() -> None:
    agent = of({"agent_name": "Ada", "tasks": [{}]})
    assert agent_view(agent)["agent_prompts"] == {}
    assert agent_view(replace(agent, body={**agent.body, "agent_prompts": None}))["agent_prompts"] is None
