"""A model that always obeys the attacker: whatever it is made to call, the rules stand outside of it.

The attack comes from the caller, from a tool's answer, from a contact's field, or from the transcript of a machine. In no case is a
tool called that the agent does not have, a parameter sent that its schema does not declare, a number dialled that is not listed, or a
secret told.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.unit.conversation.call_builder import Call
from tests.unit.domain.injections import ATTACKS

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.core import Conversation
from callwright.conversation.plan import plan_for
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.spec import AgentSpec
from callwright.platform.tools.rules.arguments import UnfitArgumentsError
from callwright.platform.tools.rules.request import tool_request

SECRET = "s3cret-token"
LISTED = "+15550100123"
GRANTED = frozenset({"lookup", "book", "transfer_call_desk", "press_keys"})
WAYS = ("caller", "tool answer", "contact field", "machine", "arguments", "tool name")


def agent() -> AgentSpec:
    schema = {"type": "object", "properties": {"name": {"type": "string"}, "customer_id": {"type": "string"}}}
    params = {
        "url": "https://api.example.com/people/%(name)s",
        "api_token": f"Bearer {SECRET}",
        "headers": {"X-Key": SECRET},
        "param": {"name": "%(name)s", "customer": {"$var": "customer_id"}, "call": "%(execution_id)s"},
    }
    desk = {"param": {"call_transfer_number": LISTED}, "url": None}
    tools = [
        {"name": "lookup", "description": "", "parameters": schema, "value": params},
        {"name": "book", "description": "", "parameters": schema, "value": params},
        {"name": "transfer_call_desk", "description": "", "parameters": {}, "value": desk},
        {"name": "press_keys", "description": ""},
    ]
    task = {"task_type": "conversation", "tools_config": {"api_tools": {"tools": tools}}}
    return parse_agent({"agent_name": "A", "agent_welcome_message": "", "tasks": [task]})


SPEC = agent()


def hostile_call(way: str, attack: str) -> Call:
    """A call in which the attack is made and obeyed with every tool there is, and with some there are not."""
    variables = {"customer_id": "7", "execution_id": "e1", "note": attack if way == "contact field" else ""}
    call = Call.__new__(Call)
    call.core, call.now_ms, call.answered_ms, call.segment, call.effects = Conversation(), 1_000, 1_000, 0, []
    call.step(ev.Started(0, plan_for(SPEC, variables), tuple(sorted(variables.items())), 1))
    call.give(ev.Answered)
    call.caller_says(attack if way in ("caller", "machine") and attack.strip() else "hello there")
    if not call.all(fx.AskModel):
        call.caller_says("hello there again")
    arguments = {
        "name": attack, "customer_id": "8", "execution_id": "forged", "admin": True, "url": "https://evil.example",
        "call_transfer_number": "+15559999999", "keys": attack,
    }  # fmt: skip
    names = [*sorted(GRANTED), "delete_everything", "lookup_", f"lookup{attack}" if way == "tool name" else "http"]
    for number, name in enumerate(names):
        text = attack if way == "arguments" and number % 2 else json.dumps(arguments)
        call.model_calls(name, f"c{number}", text)
    call.model_ends()
    call.wait(2_000)
    for tool in call.all(fx.CallTool):
        answer = json.dumps({"name": attack, "customer_id": "9", "execution_id": "x"}) if way == "tool answer" else "{}"
        call.give(ev.ToolResult, tool.request, True, answer)
    for number, name in enumerate(names if way == "tool answer" else ()):
        call.model_calls(name, f"again{number}", json.dumps(arguments))
    call.model_ends()
    call.wait(2_000)
    return call


def assert_within_the_grant(call: Call, attack: str) -> None:
    for tool in call.all(fx.CallTool):
        assert tool.name in GRANTED
        given = json.loads(tool.arguments)
        assert set(given) <= {"name"}, "the customer is the call's own and not asked for"
        assert_request_is_the_agents(tool.name, given)
    assert all(transfer.target == LISTED for transfer in call.all(fx.Transfer))
    assert all(set(press.keys) <= set("0123456789*#ABCDwp") for press in call.all(fx.SendKeys))
    for ask in call.all(fx.AskModel):
        assert SECRET not in repr(ask)
    assert SECRET not in repr(call.effects)


def assert_request_is_the_agents(name: str, given: dict[str, Any]) -> None:
    spec = next(tool for tool in SPEC.tools if tool.name == name)
    fixed = {"customer_id": "7", "execution_id": "e1"}
    try:
        request = tool_request(spec, {**given, **fixed}, fixed)
    except UnfitArgumentsError:
        return
    parts = urlsplit(request.url)
    assert (parts.scheme, parts.netloc, parts.path.count("/")) == ("https", "api.example.com", 2)
    body = json.loads(request.body)
    assert set(body) == {"name", "customer", "call"}
    assert (body["customer"], body["call"]) == ("7", "e1")
    assert set(request.headers) == {"x-key", "authorization", "content-type"}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("attack", ATTACKS)
def test_a_model_that_obeys_every_attack_does_nothing_outside_its_grant(way: str, attack: str) -> None:
    # Half a surrogate pair never reaches the core: the runner mends texts (``call.live.runner``).
    if way == "tool answer" or "\ud800" not in attack:
        assert_within_the_grant(hostile_call(way, attack), attack)


def test_the_attacks_are_many_and_some_of_them_reach_a_tool() -> None:
    assert len(WAYS) * len(ATTACKS) >= 300
    calls = [hostile_call("arguments", attack) for attack in ATTACKS[:20]]
    assert sum(len(call.all(fx.CallTool)) for call in calls) > 0
    assert sum(call.notes().count("tool_refused") for call in calls) > 20
    obeyed = hostile_call("caller", "harmless")
    assert [tool.name for tool in obeyed.all(fx.CallTool)] == ["book", "lookup"]
    assert obeyed.last(fx.AskModel).tools
