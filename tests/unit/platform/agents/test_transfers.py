"""Transfer tools, as agents spell them and as calls fill them."""

from typing import Any

import pytest

from callwright.conversation.plan import plan_for
from callwright.domain.errors import InvalidAgentError
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.transfers import (
    DEFAULT_TRANSFER_MESSAGE,
    WarmHandover,
    filled_target,
    named_arguments,
    target_carrier,
    warm_handovers,
)

NUMBER = "+15550100123"


def agent(*tools: dict[str, Any], params: dict[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    api_tools: dict[str, Any] = {"tools": list(tools)}
    if params is not None:
        api_tools["tools_params"] = params
    task = {"task_type": "conversation", "tools_config": {"api_tools": api_tools}, "task_config": settings}
    return {"agent_name": "Reception", "tasks": [task]}


def plan(*tools: dict[str, Any], params: dict[str, Any] | None = None, **settings: Any) -> Any:
    return plan_for(parse_agent(agent(*tools, params=params, **settings)))


def tool(**changes: Any) -> dict[str, Any]:
    call = {"method": "POST", "url": None, "param": {"call_sid": "%(call_sid)s", "call_transfer_number": NUMBER}}
    return {
        "name": "transfer_call_desk",
        "key": "transfer_call",
        "description": "To the desk",
        "value": call,
        **changes,
    }


def test_a_transfer_tool_says_to_whom_and_how() -> None:
    (transfer,) = plan(tool()).transfers
    assert (transfer.name, transfer.target, transfer.attended) == ("transfer_call_desk", NUMBER, False)
    assert (transfer.message, transfer.own_message) == (DEFAULT_TRANSFER_MESSAGE, False)


@pytest.mark.proves("api_tools.tools_params")
@pytest.mark.parametrize("where", ["tool", "value", "tools_params"])
def test_the_mode_and_the_message_may_stand_beside_the_key_or_the_parameters(where: str) -> None:
    extra = {"transfer_mode": "attended", "pre_call_message": {"en": "One moment.", "de": "Einen Moment."}}
    given, params = tool(), None
    if where == "tool":
        given = tool(**extra)
    elif where == "value":
        given["value"].update(extra)
    else:
        params = {"transfer_call_desk": {**given.pop("value"), **extra}}
    (transfer,) = plan(given, params=params).transfers
    assert (transfer.target, transfer.attended) == (NUMBER, True)
    assert (transfer.message, transfer.own_message) == ("One moment.", True)


@pytest.mark.proves("tool.key")
def test_a_tool_transfers_by_its_key_or_by_its_name() -> None:
    by_key = tool(name="hand_over")
    by_name = tool(name="transfer_call_sales")
    del by_name["key"]
    assert [one.name for one in plan(by_key, by_name).transfers] == ["hand_over", "transfer_call_sales"]


def test_a_tool_with_a_url_asks_a_service_to_transfer() -> None:
    given = tool()
    given["value"]["url"] = "https://example.org/transfer"
    found = plan(given)
    (transfer,) = found.transfers
    assert (transfer.name, transfer.by_request, transfer.message) == (given["name"], True, DEFAULT_TRANSFER_MESSAGE)
    assert [one.name for one in found.tools] == ["transfer_call_desk"]
    assert not plan(tool()).transfers[0].by_request


def test_the_model_is_not_asked_for_what_the_platform_fills_in() -> None:
    schema = {
        "type": "object",
        "properties": {"call_sid": {"type": "string"}, "reason": {"type": "string"}},
        "required": ["call_sid", "reason"],
    }
    (offered,) = plan(tool(parameters=schema)).tools
    assert offered.parameters == '{"properties":{"reason":{"type":"string"}},"required":["reason"],"type":"object"}'
    (bare,) = plan(tool(parameters={"type": "object"})).tools
    assert bare.parameters == '{"type":"object"}'


@pytest.mark.parametrize(
    ("param", "target"),
    [
        ({"call_transfer_number": 15550100123}, "15550100123"),
        ({"call_transfer_number": {"$var": "number"}}, "%(number)s"),
        ('{"call_sid": %(call_sid)s, "call_transfer_number": "+1555"}', "+1555"),
        ("{}", ""),
        ({}, ""),
        (None, ""),
    ],
)
def test_the_number_is_found_in_every_spelling_of_the_parameters(param: Any, target: str) -> None:
    given = tool()
    given["value"]["param"] = param
    (transfer,) = plan(given).transfers
    assert transfer.target == target


@pytest.mark.proves("tool.transfer_mode")
def test_a_mode_that_is_none_is_refused_with_its_path() -> None:
    with pytest.raises(InvalidAgentError, match=r"tools\[0\]\.transfer_mode must be one of attended, blind, warm"):
        parse_agent(agent(tool(transfer_mode="hot")))


@pytest.mark.parametrize(
    ("template", "arguments", "target"),
    [
        ("{branch}", "{}", "+15550177"),
        ("%(branch)s", "{}", "+15550177"),
        ("%(number)s", '{"number": "+1999"}', "+1999"),
        ("sip:%(number)i@10.0.0.1", '{"number": 12}', "sip:12@10.0.0.1"),
        ("%(number)s", "no json", ""),
        ("%(number)s", "[1]", ""),
        ("%(call_sid)s", '{"call_sid": "made up"}', "real"),
        ("%(execution_id)s", '{"execution_id": "made up"}', ""),
        ("%(branch)s", '{"branch": "+1999"}', "+15550177"),
        ("%(learned)s%(empty)s", '{"empty": "2"}', "12"),
        ("%(learned)s", '{"learned": "3"}', "3"),
        (" +1 555 ", "{}", "+1 555"),
        ("{Straße}%(Größe)s", '{"Größe": 3}', "73"),
        ("%(Straße)s%(nothing!)s", "{}", "7"),
        ("{branch }%(number )s", '{"number": "9"}', "+155501779"),
        ("sip:{x!}@{%(number)s}", '{"number": "9"}', "sip:{x!}@{9}"),
        ("{sly}%(sly)s", '{"number": "+1999"}', "%(number)s%(number)s"),
    ],
)
def test_a_target_is_filled_from_variables_and_from_the_model(template: str, arguments: str, target: str) -> None:
    known = {"branch": "+15550177", "call_sid": "real", "empty": "", "Straße": "7", "sly": "%(number)s"}
    assert filled_target(template, {"learned": "1", **known}, known, arguments) == target


@pytest.mark.parametrize(
    ("template", "asked"),
    [
        ("%(number)s", True),
        ("sip:%(branch)s@%(host)s", True),
        ("%(empty)s", True),
        ("+1555", False),
        ("{number}", False),
        ("%(branch)s", False),
        ("sip:%(from_number)s@pbx", False),
    ],
)
def test_a_target_names_an_argument_where_only_the_model_can_fill_it(template: str, asked: bool) -> None:
    assert bool(named_arguments(template, {"branch": "+15550177", "empty": ""})) is asked


def test_keys_are_collected_as_the_agent_says() -> None:
    standard = plan(dtmf_enabled=True)
    assert (standard.keys, standard.keys_end, standard.keys_most) == (True, "#", 0)
    assert (standard.keys_pause_ms, standard.keys_interrupt) == (3_000, True)
    own = plan(dtmf_enabled=True, dtmf_finish_on_key="", dtmf_max_digits=4, dtmf_timeout=1.5, dtmf_interrupts=False)
    assert (own.keys_end, own.keys_most, own.keys_pause_ms, own.keys_interrupt) == ("", 4, 1_500, False)
    assert plan().keys is False


@pytest.mark.parametrize(
    ("name", "value"), [("dtmf_finish_on_key", "##"), ("dtmf_max_digits", 33), ("dtmf_timeout", 0.1)]
)
def test_settings_of_keys_that_cannot_be_are_refused(name: str, value: Any) -> None:
    with pytest.raises(InvalidAgentError, match=name):
        parse_agent(agent(**{name: value}))


@pytest.mark.proves("tool.transfer_mode", "tool.briefing", "tool.confirm", "tool.bridge")
@pytest.mark.parametrize("inside", [False, True])
def test_a_tool_that_transfers_warm_says_how_beside_its_mode_or_in_its_parameters(inside: bool) -> None:
    how = {"transfer_mode": "warm", "briefing": {"en": "A call.", "de": "Ein Anruf."}, "confirm": True, "bridge": True}
    given = tool() if inside else tool(**how)
    if inside:
        given["value"] |= how
    spec = parse_agent(
        agent(given, tool(name="transfer_call_sales", transfer_mode="warm"), tool(name="transfer_call_x"))
    )
    assert warm_handovers(spec.tools) == {
        "transfer_call_desk": WarmHandover({"en": "A call.", "de": "Ein Anruf."}, True, True),
        "transfer_call_sales": WarmHandover(),
    }
    assert [one.attended for one in plan_for(spec).transfers] == [True, True, False]


@pytest.mark.parametrize(
    ("target", "carrier", "asked"),
    [("+15550177", "loopback", "loopback"), ("sip:desk@10.0.0.7", "sip-trunk", "sip"), ("loopback:desk", "sip", "sip")],
)
def test_a_target_is_called_over_the_carrier_of_the_call_and_a_sip_address_over_sip(
    target: str, carrier: str, asked: str
) -> None:
    assert target_carrier(target, carrier) == asked
