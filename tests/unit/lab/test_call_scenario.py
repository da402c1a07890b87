"""Call scenarios as data: what a file may say, what is refused, and how runs of it differ."""

from __future__ import annotations

import json
from typing import Any

import pytest

from callwright.domain.errors import ConfigurationError
from callwright.lab.call_scenario import CallScenario, call_scenario_of, read_call_scenario, with_agent

TOOLS = {
    "tools": [
        {"name": name, "description": name, "parameters": {"type": "object"}} for name in ("book", "look", "end_call")
    ],
    "tools_params": {name: {"method": "POST", "url": "https://shop.example/"} for name in ("book", "look")},
}
CONVERSATION = {"task_type": "conversation", "tools_config": {"api_tools": TOOLS}}
EXTRACTION = {
    "task_type": "extraction",
    "tools_config": {"llm_agent": {"llm_config": {"extraction_details": "day : when"}}},
}
AGENT = {"agent_name": "A", "tasks": [CONVERSATION, EXTRACTION]}
MUTE = {"agent_name": "B", "tasks": [{"task_type": "conversation"}]}
LEAST = {"agent": AGENT, "persona": "silent", "expect": [{"turns": {"at_most": 0}}]}


def nobody(name: str) -> Any:
    raise ConfigurationError(f"there is no agent {name}")


def scenario(**changes: Any) -> CallScenario:
    return call_scenario_of({**LEAST, **changes}, "case", nobody)


def test_the_least_a_scenario_says() -> None:
    found = scenario()
    assert (found.name, found.persona.name, found.runs, found.pass_rate) == ("case", "silent", 10, 0.7)
    assert found.agent == AGENT
    assert [one.kind for one in found.expect] == ["turns"]


def test_everything_a_scenario_may_say() -> None:
    found = scenario(
        about="a test",
        persona={"extends": "demo", "goal": "x", "think_ms": 100},
        others={"sales": {"extends": "silent"}},
        line="loss=1,noise=-50",
        user_data={"name": "Ada"},
        tools={"book": {"answer": {"ref": 7}, "ms": 300}, "look": {"answer": "gone", "ok": False}},
        delays={"model_ms": [200, 900], "voice_ms": 100},
        runs=3,
        pass_rate=1,
        needs=["speech"],
    )
    assert found.persona.goal == "x"
    assert list(found.others) == ["sales"]
    assert found.line is not None
    assert found.line.loss_percent == 1
    assert (found.tools["book"].text, found.tools["book"].ms) == ('{"ref": 7}', 300)
    assert (found.tools["look"].text, found.tools["look"].ok) == ("gone", False)
    assert found.delays.model_ms == (200, 900)
    assert found.delays.voice_ms == (100, 100)
    assert (found.runs, found.pass_rate, found.needs) == (3, 1.0, ("speech",))


def test_an_agent_may_be_the_body_of_a_request_or_a_file_beside_the_scenario() -> None:
    posted = {"agent_config": AGENT, "agent_prompts": {"task_1": {"system_prompt": "p"}}}
    assert scenario(agent=posted).agent == {**AGENT, "agent_prompts": posted["agent_prompts"]}
    named = call_scenario_of({**LEAST, "agent": "clerk"}, "case", lambda name: {**AGENT, "agent_name": name})
    assert named.agent["agent_name"] == "clerk"


def test_a_run_differs_from_the_next_and_is_the_same_again() -> None:
    found = scenario(line="loss=1")
    one, other, again = found.of_seed(1), found.of_seed(2), found.of_seed(1)
    assert one == again
    assert one.persona.think_ms != other.persona.think_ms
    assert one.line != other.line
    assert scenario().of_seed(1).line is None


def test_the_line_of_a_persona_is_the_line_of_its_calls() -> None:
    run = scenario(persona={"line": "noise=-50"}).of_seed(1)
    assert run.line is not None
    assert run.line.noise_db == -50
    assert run.persona.line is None


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"expects": []}, "scenario.expects: is not known"),
        ({"agent": "clerk"}, "there is no agent clerk"),
        ({"agent": []}, "agent: must be an object"),
        ({"persona": "nobody"}, "persona: there is no persona 'nobody'; known: busy"),
        ({"persona": {"rules": [{}]}}, "scenario: persona.rules[0]: a rule must do something"),
        ({"expect": [{}]}, "expect[0]: an assertion has one key"),
        ({"runs": 10_001}, "runs: must be a whole number from 1 to 10000"),
        ({"runs": 0}, "runs: must be a whole number from 1"),
        ({"expect": []}, "expect: needs an assertion"),
        ({"pass_rate": 0}, "pass_rate: must be a share above 0"),
        ({"delays": {"model_ms": [2, 1]}}, "delays.model_ms: goes from 2 to 1"),
        ({"delays": {"model_ms": [1]}}, "delays.model_ms: must be a number of milliseconds, or two"),
        ({"tools": {"book": {"answers": 1}}}, "tools.book.answers: is not known"),
        ({"needs": ["luck"]}, "needs[0]: 'luck' is not one of speech, tones"),
        ({"line": "loss=200"}, "loss"),
        ({"persona": {"gaol": "x"}}, "scenario: persona.gaol: is not known"),
        ({"others": {"sales": {"gaol": "x"}}}, "scenario: others.sales.gaol: is not known"),
        ({"tools": {"book": "x"}}, "tools.book: must be an object, not a text"),
        ({"agent": {}}, "scenario: agent: agent_name is required"),
        ({"agent": {"agent_name": "A", "tasks": []}}, "scenario: agent: agent_config.tasks must hold 1 to"),
        ({"tools": {"bok": {}}}, "scenario: tools.bok: the agent has no tool 'bok'; there is book, look"),
        ({"agent": MUTE, "tools": {"book": {}}}, "tools.book: the agent has no tool 'book'; it has none"),
        (
            {"expect": [{"tool_called": "bok"}]},
            "expect[0].tool_called: the agent has no tool 'bok'; there is book, look",
        ),
        (
            {"expect": [{"tool_called": {"name": "bok", "times": 0}}]},
            "the agent has no tool 'bok'; there is book, look",
        ),
        ({"expect": [{"tool_called": "end_call"}]}, "'end_call' ends the call, which is told otherwise"),
        (
            {"expect": [{"extracted": {"color": "red"}}]},
            "expect[0].extracted.color: the agent does not extract 'color'; there is day",
        ),
    ],
)
def test_what_is_wrong_is_refused_with_its_path(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        scenario(**changes)
    assert why in caught.value.message


@pytest.mark.parametrize("missing", ["agent", "persona", "expect"])
def test_what_is_missing_is_named(missing: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{missing}: is missing"):
        call_scenario_of({key: value for key, value in LEAST.items() if key != missing}, "case", nobody)


def test_a_file_is_named_in_what_is_wrong_with_it() -> None:
    with pytest.raises(ConfigurationError, match="case: scenario: runs"):
        read_call_scenario(json.dumps({**LEAST, "runs": -1}), "case", nobody)
    with pytest.raises(ConfigurationError, match="the scenario case is no JSON"):
        read_call_scenario("{", "case", nobody)
    assert read_call_scenario(json.dumps(LEAST), "case", nobody).name == "case"


def test_another_agent_may_miss_what_is_asked_but_not_make_it_void() -> None:
    """That an agent cannot call a tool at all is a finding; that it never calls one it has not is none."""
    other = with_agent(scenario(expect=[{"tool_called": "book"}, {"extracted": {"day": "."}}]), MUTE)
    assert other.agent == MUTE
    never = scenario(expect=[{"tool_called": {"name": "book", "times": 0}}])
    with pytest.raises(
        ConfigurationError, match=r"case: scenario: expect\[0\].tool_called: the agent has no tool 'book'"
    ):
        with_agent(never, MUTE)


def test_an_agent_that_is_wrong_is_told_with_the_name_of_its_scenario() -> None:
    with pytest.raises(ConfigurationError, match="z-bad: scenario: agent: agent_name is required"):
        read_call_scenario(json.dumps({**LEAST, "agent": {}}), "z-bad", nobody)
