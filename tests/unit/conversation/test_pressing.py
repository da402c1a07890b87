"""The model presses keys."""

from typing import Any

import pytest
from tests.unit.conversation.call_builder import Call

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import TOOL_WAIT_MS
from callwright.domain.limits import MAX_KEYS_SENT
from callwright.ports.model import Tool

PRESS = Tool(
    "press_keys", "Press keys", '{"type":"object","properties":{"keys":{"type":"string"}},"required":["keys"]}'
)


def menu(keys: str = "1", words: str = "", **plan: Any) -> Call:
    """A telephone menu was heard, and the model presses ``keys`` after ``words``."""
    call = Call(tools=(PRESS,), key_tools=("press_keys",), incremental_delay_ms=0, **plan)
    call.caller_says("press one for sales")
    if words:
        call.model_says(words, ended=False)
    call.model_calls("press_keys", arguments=f'{{"keys": "{keys}"}}')
    call.model_ends()
    return call


def answers(call: Call, ok: bool = True, result: str = '{"pressed": "1"}') -> None:
    call.give(ev.ToolResult, call.last(fx.SendKeys).request, ok, result)


def test_keys_are_pressed_and_the_agent_listens() -> None:
    call = menu()
    press = call.last(fx.SendKeys)
    assert (press.keys, press.call_id, press.name, press.turn) == ("1", "c1", "press_keys", 1)
    assert call.core.state == "working"
    answers(call)
    assert call.core.state == "listening"
    assert len(call.all(fx.AskModel)) == 1
    call.caller_says("you have reached sales")
    assert call.told()[-2:] == ['tool: {"pressed": "1"}', "user: you have reached sales"]


def test_words_before_the_keys_are_said_to_their_end_first() -> None:
    call = menu(words="One moment.")
    call.starts_playing()
    assert not call.all(fx.SendKeys)
    call.plays()
    assert call.last(fx.SendKeys).keys == "1"
    assert call.said()[-1] == "agent: One moment."


def test_several_calls_press_one_after_the_other() -> None:
    call = menu(words="Yes.")
    call.model_calls("press_keys", "late", '{"keys": "9"}')
    call = Call(tools=(PRESS,), key_tools=("press_keys",), incremental_delay_ms=0)
    call.caller_says("press one then two")
    call.model_calls("press_keys", "c1", '{"keys": "1"}')
    call.model_calls("press_keys", "c2", '{"keys": "2"}')
    call.model_ends()
    assert [press.keys for press in call.all(fx.SendKeys)] == ["1"]
    answers(call)
    assert [press.keys for press in call.all(fx.SendKeys)] == ["1", "2"]
    answers(call)
    assert call.core.state == "listening"


def test_keys_that_could_not_be_pressed_are_told_and_answered() -> None:
    call = menu()
    answers(call, False, "the line takes no keys")
    assert call.told()[-1] == "tool: The tool failed: the line takes no keys"


def test_a_line_that_does_not_answer_is_given_up() -> None:
    call = menu(hangup_after_silence_ms=0, check_if_user_online=False)
    call.wait(TOOL_WAIT_MS)
    assert call.all(fx.CancelTool)
    assert call.core.state == "listening"
    answers(call, False, "too late")
    assert "result_late" in call.notes()


@pytest.mark.parametrize("keys", ["", "call sales", "w", "1" * (MAX_KEYS_SENT + 1), "1" + "p" * 6])
def test_what_are_no_keys_is_told_to_the_model(keys: str) -> None:
    call = menu(keys)
    assert not call.all(fx.SendKeys)
    assert call.told()[-1].startswith("tool: The tool was not called: ")


def test_keys_are_taken_in_their_normal_form_from_whatever_the_parameter_is_called() -> None:
    tool = Tool("dial", "Dial", '{"type":"object","properties":{"digits":{"type":"string"}}}')
    call = Call(tools=(tool,), key_tools=("dial",), incremental_delay_ms=0)
    call.caller_says("dial the extension")
    call.model_calls("dial", arguments='{"digits": "12-34 W a#"}')
    call.model_ends()
    assert call.last(fx.SendKeys).keys == "1234wA#"


def test_keys_that_wait_when_the_call_ends_are_not_pressed() -> None:
    call = menu(words="One moment.")
    call.starts_playing()
    call.ends()
    assert not call.all(fx.SendKeys)
    assert "keys_dropped" in call.notes()


def test_whether_the_call_is_over_is_not_asked_while_keys_wait() -> None:
    call = menu(words="One moment.", hangup_by_prompt=True)
    call.plays()
    assert call.all(fx.SendKeys)
    assert not call.all(fx.AskClassifier)


def test_a_line_on_hold_gets_no_keys() -> None:
    call = menu(words="One moment.")
    call.starts_playing()
    call.give(ev.LineHeld, True)
    call.clears(200)
    assert not call.all(fx.SendKeys)
    call.give(ev.LineHeld, False)
    assert call.last(fx.SendKeys).keys == "1"
