"""Single values of an agent, changed by path."""

import pytest

from callwright.domain.agent_path import with_changes
from callwright.domain.errors import BadInputError

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
        ("agent.tasks.0.tools_config.zzz=1", "agent.tasks.0.tools_config has no 'zzz'; it has llm_agent, output"),
        ("agent.tasks.0.tools_config.output.zzz=1", "it has nothing"),
        ("agent.tasks.4.task_config.call_terminate=1", "agent.tasks has no '4': it is a list of 1; use agent.tasks.0"),
        ("agent.empty.0=1", "it is an empty list"),
        ("agent.agent_welcome_message.en=1", 'agent.agent_welcome_message is "Hello" and has nothing below it'),
    ],
)
def test_what_is_wrong_with_a_path_is_said(change, told):
    with pytest.raises(BadInputError) as refused:
        with_changes(AGENT, [change])
    assert told in refused.value.message
