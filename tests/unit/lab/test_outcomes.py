"""The assertions of call scenarios: what meets them, what does not, and what is said then."""

from __future__ import annotations

from typing import Any

import pytest

from callwright.domain.errors import ConfigurationError
from callwright.lab.outcomes import CHECKS, CallFacts, ToolUse, expectation_of, judge

FACTS = CallFacts(
    agent_said=["Hello, this is", "You are booked."],
    agent_heard=["I need a cleaning", "On Tuesday"],
    far_end_heard=["Hello, this is Ava."],
    caller_said=["I need a cleaning.", "On Tuesday, please."],
    tools=[ToolUse("book", {"day": "Tuesday", "guests": 2, "name": None, "note": ""}), ToolUse("look", {})],
    keys="12",
    ended_by="agent",
    ended="inactivity_timeout",
    extracted={"day": "Tuesday"},
    latency_ms=[{"total": 400.0, "ask": 1.0}, {"total": 900.0}, {"total": 600.0}],
    turns=2,
    cut=1,
    seconds=31.0,
    silence_ms=2_000,
    overlap_ms=300,
)

MET: dict[str, list[Any]] = {
    "agent_said": ["this is You are", "BOOKED"],
    "agent_never_said": ["goodbye"],
    "agent_heard": ["cleaning.*tuesday"],
    "agent_never_heard": ["friday"],
    "far_end_heard": ["ava"],
    "understood": [0.8],
    "tool_called": [
        "book",
        {"name": "book", "with": {"day": "^tue", "note": "^$"}, "times": 1},
        {"name": "cancel", "times": 0},
    ],
    "keys_sent": ["12", "1[23]"],
    "ended": ["inactivity_timeout", "^INACTIVITY", "timeout"],
    "ended_by": ["agent|far_end", "^agent$", "."],
    "extracted": [{"day": "tuesday"}],
    "latency": [{"at_most_ms": 900}, {"part": "ask", "percentile": 50, "at_most_ms": 1}],
    "turns": [{"at_least": 2}, {"at_least": 1, "at_most": 2}],
    "interruptions": [{"at_most": 1}],
    "seconds": [{"at_most": 31}],
    "silence_ms": [{"at_most": 2_000}],
    "overlap_ms": [{"at_least": 100}],
    "machine": [False],
}
MISSED: dict[str, list[tuple[Any, str]]] = {
    "agent_said": [
        ("goodbye", "the caller did not hear the agent say 'goodbye', but: Hello, this is | You are booked.")
    ],
    "agent_never_said": [("booked", "the agent said 'booked'")],
    "agent_heard": [("friday", "the agent did not hear 'friday'")],
    "agent_never_heard": [("tuesday", "the agent heard 'Tuesday'")],
    "far_end_heard": [("booked", "the far end did not hear 'booked'")],
    "understood": [(1, "6 of the caller's 7 words reached the record, 100% expected")],
    "tool_called": [
        ("cancel", "the tool cancel was not called; called: book, look"),
        (
            {"name": "book", "with": {"day": "friday"}},
            "the tool book was called with day Tuesday, guests 2, name None, note , day friday expected",
        ),
        ({"name": "book", "with": {"surname": ".*"}}, "the tool book was called with day Tuesday"),
        ({"name": "book", "with": {"name": "\\w+"}}, "the tool book was called with day Tuesday"),
        ({"name": "book", "with": {"name": ""}, "times": 1}, "the tool book was called 0 times so, 1 expected"),
        ({"name": "book", "times": 2}, "the tool book was called 1 times so, 2 expected"),
        ({"name": "look", "times": 0}, "the tool look was called 1 times so, 0 expected"),
    ],
    "keys_sent": [("1", "the far end did not get the keys")],
    "ended": [("^inactivity$", "the call ended with 'inactivity_timeout' (agent), '^inactivity$' expected")],
    "ended_by": [("far_end", "the call was ended by agent (inactivity_timeout), 'far_end' expected")],
    "extracted": [({"day": "friday"}, "extracted day is 'Tuesday'"), ({"time": "ten"}, "extracted time is None")],
    "latency": [
        ({"at_most_ms": 899}, "latency total is 900 ms at the 95th percentile of 3 turns, at most 899 expected"),
        ({"part": "hold", "at_most_ms": 1}, "no turn has the latency 'hold'"),
    ],
    "turns": [({"at_least": 3}, "turns: 2, at least 3 expected"), ({"at_most": 1}, "turns: 2, at most 1 expected")],
    "interruptions": [({"at_most": 0}, "interruptions of the agent: 1, at most 0 expected")],
    "seconds": [({"at_most": 30}, "seconds: 31, at most 30 expected")],
    "silence_ms": [({"at_most": 1}, "longest silence in ms: 2000, at most 1 expected")],
    "overlap_ms": [({"at_most": 1}, "longest time both spoke in ms: 300, at most 1 expected")],
    "machine": [(True, "answered by a machine: False, True expected")],
}


def test_every_assertion_is_tried_both_ways() -> None:
    assert set(MET) == set(MISSED) == set(CHECKS)


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in MET.items() for value in values])
def test_what_happened_is_met(kind: str, value: Any) -> None:
    assert judge(expectation_of({kind: value}, "expect[0]"), FACTS) == ""


@pytest.mark.parametrize(("kind", "value", "why"), [(kind, *one) for kind, ones in MISSED.items() for one in ones])
def test_what_did_not_happen_is_missed_and_says_why(kind: str, value: Any, why: str) -> None:
    assert judge(expectation_of({kind: value}, "expect[0]"), FACTS).startswith(why)


def test_a_call_in_which_nothing_was_said_is_judged_too() -> None:
    nothing = CallFacts()
    assert judge(expectation_of({"understood": 1}, "x"), nothing).startswith("the caller said nothing, 100% of their")
    assert judge(expectation_of({"agent_said": "x"}, "x"), nothing).endswith("but: nothing")
    assert judge(expectation_of({"tool_called": "book"}, "x"), nothing).endswith("called: none")


def test_a_long_account_is_shortened() -> None:
    assert judge(expectation_of({"agent_said": "x"}, "x"), CallFacts(agent_said=["la " * 100])).endswith(" ...")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ([], "expect[0]: must be an object"),
        ({}, "an assertion has one key, not 0: none"),
        ({"turns": {"at_most": 1}, "ended": "x"}, "an assertion has one key, not 2: turns, ended"),
        ({"said": "x"}, "expect[0].said: is not known; use agent_heard"),
        ({"agent_said": "("}, "is no regular expression"),
        ({"turns": {}}, "expect[0].turns: needs at_least or at_most"),
        ({"turns": {"at_most": -1}}, "must be a whole number"),
        ({"latency": {"part": "total"}}, "expect[0].latency: needs at_most_ms"),
        ({"latency": {"at_most_ms": 1, "percentile": 101}}, "must be a whole number from 1 to 100"),
        (
            {"latency": {"at_most_ms": 1, "part": "nope"}},
            "expect[0].latency.part: 'nope' is not one of total, end_of_turn",
        ),
        ({"turns": {"at_least": 3, "at_most": 1}}, "expect[0].turns: no number is at_least 3 and at_most 1"),
        ({"extracted": {}}, "expect[0].extracted: needs a value"),
        ({"tool_called": {"times": 0}}, "expect[0].tool_called.name: needs the name"),
        ({"tool_called": ""}, "expect[0].tool_called: needs the name"),
        ({"understood": 2}, "must be a share above 0, at most 1"),
        ({"understood": 0}, "must be a share above 0, at most 1"),
        ({"agent_said": ""}, "expect[0].agent_said: '' is found in every text"),
        ({"far_end_heard": "(booked)?"}, "is found in every text"),
        ({"agent_never_said": ".*"}, "is found in every text"),
        ({"ended": ""}, "expect[0].ended: '' is found in every text"),
        ({"seconds": {"at_least": 0}}, "expect[0].seconds: every number is at_least 0"),
        ({"machine": "yes"}, "must be true or false, not a text"),
        ({"tool_called": {"name": "x", "with": {"day": "("}}}, "expect[0].tool_called.with.day"),
    ],
)
def test_a_wrong_assertion_is_refused_with_its_path(body: Any, why: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        expectation_of(body, "expect[0]")
    assert why in caught.value.message


def test_an_assertion_can_be_shown() -> None:
    assert str(expectation_of({"agent_said": "booked"}, "x")) == "agent_said: booked"
    assert str(expectation_of({"turns": {"at_most": 2}}, "x")) == "turns: at_most 2"
