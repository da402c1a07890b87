"""The conversation as the model sees it."""

import pytest
from tests.unit.conversation.call_builder import Call

from callwright.conversation import effects as fx
from callwright.conversation.history import History, stable_characters, system_text
from callwright.conversation.plan import CallPlan
from callwright.domain.limits import MAX_HISTORY_MESSAGES
from callwright.ports.model import Message, ToolCall


def test_the_system_prompt_has_the_variables_and_the_date() -> None:
    variables = {
        "name": "Ada",
        "current_date": "Monday, March 2, 2026",
        "current_time": "09:00:00 AM",
        "timezone": "UTC",
    }
    assert (
        system_text(CallPlan(system_prompt="You call {name}."), variables)
        == "You call Ada.\n\nCurrent date and time: Monday, March 2, 2026 09:00:00 AM (UTC)"
    )
    assert system_text(CallPlan(system_prompt="Plain."), {}) == "Plain."
    assert system_text(CallPlan(), {"current_time": "noon"}) == "Current date and time: noon"


@pytest.mark.proves("agent.agent_prompts")
def test_the_model_is_told_the_prompt_with_the_calls_variables() -> None:
    call = Call(system_prompt="You call {name}.")
    call.caller_says("hello there")
    assert call.last(fx.AskModel).messages[0] == Message("system", "You call Ada.")


def test_what_is_the_same_in_every_call_ends_at_the_first_variable_or_the_date() -> None:
    dated = {"name": "Ada", "current_date": "Monday"}
    assert stable_characters(CallPlan(system_prompt="You call {name} today."), dated) == len("You call ")
    assert stable_characters(CallPlan(system_prompt="You call {name} today."), {}) == len("You call ")
    assert stable_characters(CallPlan(system_prompt="You are Ava."), dated) == len("You are Ava.")
    assert stable_characters(CallPlan(system_prompt="You are Ava."), {}) == len("You are Ava.")
    assert stable_characters(CallPlan(), dated) == 0


def test_without_a_system_prompt_there_is_no_system_message() -> None:
    history = History("")
    history.agent("")
    assert history.messages("hi") == (Message("user", "hi"),)
    history.begin("Be kind.")
    assert history.messages() == (Message("system", "Be kind."),)


def test_a_tool_has_a_place_until_its_result_comes() -> None:
    history = History("s")
    history.user("book")
    said = history.calls("One moment.", (ToolCall("c1", "book", "{}"),))
    assert history.messages()[-1] == Message("tool", '{"status": "in progress"}', (), "c1")
    history.result("c1", "")
    said.content = "One"
    assert [m.content for m in history.messages()] == ["s", "book", "One", "{}"]
    assert history.transcript() == "user: book\nassistant: One\ntool: {}"


def test_the_oldest_turn_is_dropped_whole() -> None:
    history = History("s")
    history.user("first")
    history.calls("", (ToolCall("c1", "book", "{}"),))
    history.user("second")
    for number in range(MAX_HISTORY_MESSAGES - 4):
        history.agent(f"more {number}")
    assert history.messages()[1].content == "first"
    history.agent("one more")
    assert history.messages()[1].content == "second"
    history.result("c1", "late")  # its place is gone, which is no error


def test_a_history_of_the_agent_alone_is_dropped_one_by_one() -> None:
    history = History("s")
    for number in range(MAX_HISTORY_MESSAGES + 2):
        history.agent(str(number))
    assert [m.content for m in history.messages()[:2]] == ["s", "2"]
