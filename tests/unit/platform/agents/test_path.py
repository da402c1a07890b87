"""Single values of an agent, changed by path."""

import pytest

from callwright.domain.errors import BadInputError
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.path import with_changes

AGENT = {
    "agent_welcome_message": "Hello",
    "tasks": [
        {"task_config": {"call_terminate": 90}, "tools_config": {"llm_agent": {"provider": "scripted"}, "output": {}}}
    ],
    "empty": [],
}


def test_values_are_json_or_else_text_and_the_agent_itself_stays():
    changed = with_changes(
        AGENT,
        [
            "agent.agent_welcome_message=Hi, I am Maya = new",
            "agent.tasks.0.task_config.call_terminate=120",
            'agent.tasks.0.tools_config.llm_agent.rules=[{"say": "No."}]',
        ],
    )
    assert changed["agent_welcome_message"] == "Hi, I am Maya = new"
    assert changed["tasks"][0]["task_config"]["call_terminate"] == 120
    assert changed["tasks"][0]["tools_config"]["llm_agent"]["rules"] == [{"say": "No."}]
    assert AGENT["agent_welcome_message"] == "Hello"


def test_settings_that_have_their_default_may_be_set():
    changed = with_changes(AGENT, ["agent.tasks.0.task_config.incremental_delay=800"])
    assert changed["tasks"][0]["task_config"] == {"call_terminate": 90, "incremental_delay": 800}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("agent.tasks", "is not written as agent.path=value"),
        ("call.tasks=1", "is not written as agent.path=value"),
        ("agent=1", "is not written as agent.path=value"),
        ("agent..x=1", "is not written as agent.path=value"),
        ("agent.tasks.0.task_config.incremental_dela=1", "did you mean incremental_delay?"),
        (
            "agent.tasks.0.tools_config.zzz=1",
            "agent.tasks.0.tools_config has no 'zzz'; it may have ",
        ),
        ("agent.tasks.0.tools_config.output.zzz=1", "it may have nothing"),
        ("agent.tasks.0.tools_confg.llm_agent.model=m", "did you mean tools_config"),
        ("agent.agent_prompts.first.system_prompt=Hi", "agent.agent_prompts has no 'first'"),
        ("agent.agent_prompts.task_1.prompt=Hi", "did you mean system_prompt?"),
        ("agent.tasks.0.tools_config.llm_agent.llm_config.model=m", "use agent.tasks.0.tools_config.llm_agent.model"),
        ("agent.tasks.4.task_config.call_terminate=1", "agent.tasks has no '4': it is a list of 1; use agent.tasks.0"),
        (
            "agent.tasks.².task_config=1",
            "agent.tasks has no '(a name of 1 characters)': it is a list of 1; use agent.tasks.0",
        ),
        ("agent.empty.0=1", "it is an empty list"),
        ("agent.agent_welcome_message.en=1", "agent.agent_welcome_message is a string of 5 characters and has nothing"),
    ],
)
def test_what_is_wrong_with_a_path_is_said(change, told):
    with pytest.raises(BadInputError) as refused:
        with_changes(AGENT, [change])
    assert told in refused.value.message


def test_a_number_and_a_value_beyond_what_python_reads_are_refused():
    with pytest.raises(BadInputError, match=r"it is a list of 1; use agent\.tasks\.0"):
        with_changes(AGENT, [f"agent.tasks.{'9' * 5_000}.task_config=1"])
    with pytest.raises(BadInputError, match=r"the value of 'agent\.agent_name' is nested deeper than can be read"):
        with_changes(AGENT, [f"agent.agent_name={'[' * 20_000}"])


@pytest.mark.parametrize(
    "change",
    [
        "agnet.agent_prompts.task_1.system_prompt=pwcanary77",
        "agent.webhook_headers.Authorization pwcanary77",
        "Bearer sk-live-pwcanary77==",
        "agent.tasks.0.task_config.sk-live-pwcanary77=1",
        "agent.tasks.sk-live-pwcanary77.task_config=1",
        "agent.token.below=1",
        "agent.tasks.sk-live-pwcanary77=1",
    ],
)
def test_nothing_of_a_change_that_may_be_a_secret_is_told(change):
    with pytest.raises(BadInputError) as refused:
        with_changes({**AGENT, "token": "pwcanary77"}, [change])
    assert "pwcanary77" not in f"{refused.value.message} {refused.value.field}"


PLAIN = {"agent_name": "Ava", "tasks": [{"task_type": "conversation", "tools_config": None}]}
"""An agent that leaves out what it may."""


@pytest.mark.parametrize(
    ("change", "made"),
    [
        ("task_config.incremental_delay=800", {"task_config": {"incremental_delay": 800}, "tools_config": None}),
        ("task_config.end_call_tool_mode=any", {"task_config": {"end_call_tool_mode": "any"}, "tools_config": None}),
        ("tools_config.llm_agent.provider=scripted", {"tools_config": {"llm_agent": {"provider": "scripted"}}}),
        ("tools_config.llm_agent.llm_config.model=m", {"tools_config": {"llm_agent": {"llm_config": {"model": "m"}}}}),
        ("tools_config.synthesizer.voice=v", {"tools_config": {"synthesizer": {"voice": "v"}}}),
        ("tools_config.transcriber.endpointing=90", {"tools_config": {"transcriber": {"endpointing": 90}}}),
        (
            "tools_config.synthesizer.provider_config.voice=v",
            {"tools_config": {"synthesizer": {"provider_config": {"voice": "v"}}}},
        ),
    ],
)
def test_sections_that_an_agent_may_leave_out_need_not_be_there(change, made):
    changed = with_changes(PLAIN, [f"agent.tasks.0.{change}"])
    assert changed["tasks"] == [{"task_type": "conversation", **made}]
    assert "task_config" not in PLAIN["tasks"][0]
    parse_agent(changed)


def test_prompt_and_welcome_may_be_left_out():
    changed = with_changes(PLAIN, ["agent.agent_prompts.task_1.system_prompt=Hi", "agent.agent_welcome_message=Yes?"])
    assert parse_agent(changed).system_prompt == "Hi"
    assert parse_agent(changed).welcome_message == "Yes?"


def test_where_the_voice_has_a_section_of_its_own_a_setting_beside_it_is_refused():
    agent = with_changes(PLAIN, ["agent.tasks.0.tools_config.synthesizer.provider_config.voice=v"])
    with pytest.raises(BadInputError, match=r"synthesizer\.voice would not be read: use .*\.provider_config\.voice"):
        with_changes(agent, ["agent.tasks.0.tools_config.synthesizer.voice=Ann"])


def test_where_the_model_has_a_section_of_its_own_a_setting_beside_it_is_refused():
    agent = with_changes(PLAIN, ["agent.tasks.0.tools_config.llm_agent.llm_config.provider=openai"])
    with pytest.raises(BadInputError, match=r"llm_agent\.provider would not be read: use .*\.llm_config\.provider"):
        with_changes(agent, ["agent.tasks.0.tools_config.llm_agent.provider=scripted"])
    for beside in ("agent_type=graph_agent", "agent_flow_type=streaming", 'rules=[{"say": "No."}]'):
        assert with_changes(agent, [f"agent.tasks.0.tools_config.llm_agent.{beside}"])
