"""The model writes the welcome (``use_llm_for_initial_message``)."""

from typing import Any

import pytest
from tests.unit.conversation.call_builder import Call

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import WELCOME_MORE_MS, WELCOME_WAIT_MS
from callwright.ports.model import Tool

OWN = "Hill Clinic for {name}."


def greeting(**plan: Any) -> Call:
    return Call(**{"welcome_by_model": True, "welcome_message": OWN, **plan})


def spoken(call: Call) -> list[str]:
    return [speak.text for speak in call.all(fx.Speak)]


@pytest.mark.proves("task_config.use_llm_for_initial_message")
def test_the_model_is_asked_when_the_call_is_answered_and_its_words_are_the_welcome() -> None:
    call = greeting(tools=(Tool("book", "Book", "{}"),))
    ask = call.last(fx.AskModel)
    assert (ask.purpose, ask.turn, ask.tools) == ("welcome", 0, ())
    assert [m.role for m in ask.messages] == ["system", "user"]
    call.model_says("Good morning Ada.")
    call.plays()
    assert call.said() == ["agent: Good morning Ada."]
    assert call.last(fx.AgentSaid).purpose == "welcome"
    call.caller_says("hello")
    assert call.told() == ["assistant: Good morning Ada.", "user: hello"]


def test_a_model_that_takes_too_long_is_replaced_by_the_agents_own_message() -> None:
    call = greeting()
    call.wait(WELCOME_WAIT_MS - 1)
    assert spoken(call) == []
    call.wait(1)
    assert call.last(fx.Withdrawn).reason == "welcome_late"
    assert spoken(call) == ["Hill Clinic for Ada."]
    call.model_says("Good morning.")
    assert spoken(call) == ["Hill Clinic for Ada."]


@pytest.mark.parametrize("fails", ["failure", "empty", "voice"])
def test_a_welcome_that_fails_is_replaced_at_once_and_counts_for_nothing(fails: str) -> None:
    call = greeting()
    if fails == "failure":
        call.model_fails("refused_credentials")
    elif fails == "empty":
        call.model_ends()
    else:
        call.model_says("Good morning.")
        call.give(ev.ProviderFailed, "voice", "x", "broken_stream", "failed", call.last(fx.Speak).generation)
    assert spoken(call)[-1] == "Hill Clinic for Ada."
    call.plays()
    assert call.said() == ["agent: Hill Clinic for Ada."]


def test_a_caller_who_speaks_first_is_answered_instead() -> None:
    call = greeting(incremental_delay_ms=0)
    call.caller_says("hello is anybody there")
    assert call.last(fx.AskModel).purpose == "reply"
    call.agent_replies("Yes, hello.")
    call.wait(WELCOME_WAIT_MS)
    assert OWN.format(name="Ada") not in spoken(call)


def test_words_before_a_welcome_behind_which_the_call_begins_do_not_take_it_back() -> None:
    call = greeting(discard_pre_welcome=True)
    call.caller_says("hello is anybody there")
    call.model_says("Good morning Ada.")
    call.plays()
    assert call.said() == ["agent: Good morning Ada."]
    assert call.last(fx.Note) == fx.Note("discarded_words", "hello is anybody there")


def test_a_late_welcome_is_waited_for_when_there_is_none_to_say_instead() -> None:
    call = greeting(welcome_message="{unknown}")
    call.wait(WELCOME_WAIT_MS + 2_000)
    assert not call.all(fx.Withdrawn)
    call.model_says("Good morning Ada.")
    call.plays()
    assert call.said() == ["agent: Good morning Ada."]


def test_a_welcome_that_never_comes_is_not_waited_for_as_long_as_an_answer() -> None:
    call = greeting(welcome_message="")
    call.wait(WELCOME_WAIT_MS + WELCOME_MORE_MS)
    assert call.last(fx.Withdrawn).reason == "welcome_late"
    assert call.core.state == "listening"


def test_an_entry_before_a_welcome_of_the_models_is_answered() -> None:
    call = greeting(discard_pre_welcome=True, keys=True)
    call.types("12#")
    assert call.told()[-1] == "user: dtmf_number: 12"


@pytest.mark.parametrize("late", [True, False])
def test_behind_a_late_welcome_whoever_has_spoken_is_answered(late: bool) -> None:
    call = greeting(welcome_message="", discard_pre_welcome=True, reply_timeout_ms=20_000)
    if late:
        call.wait(WELCOME_WAIT_MS)
    call.caller_says("hello is anybody there")
    call.wait(WELCOME_WAIT_MS)
    assert call.all(fx.Withdrawn)
    assert call.told() == ["user: hello is anybody there"]


def test_without_a_message_of_its_own_the_agent_waits_for_the_caller() -> None:
    call = Call(welcome_by_model=True, welcome_message="")
    call.model_fails("bad_request")
    assert spoken(call) == []
    assert call.core.state == "listening"
    assert len(call.all(fx.AskModel)) == 1


def test_without_a_message_of_its_own_a_model_that_fails_for_a_moment_is_asked_once_more() -> None:
    call = Call(welcome_by_model=True, welcome_message="")
    call.model_fails()
    assert [one.purpose for one in call.all(fx.AskModel)] == ["welcome", "welcome"]
    call.model_says("Good morning.")
    call.plays()
    assert call.said() == ["agent: Good morning."]


def test_a_model_that_fails_twice_at_a_welcome_leaves_the_word_to_the_caller() -> None:
    call = Call(welcome_by_model=True, welcome_message="")
    call.model_fails()
    call.model_fails()
    assert len(call.all(fx.AskModel)) == 2
    assert call.core.state == "listening"
    call.caller_says("hello")
    assert call.told() == ["user: hello"]


def test_a_welcome_that_was_asked_for_again_leaves_the_first_turn_its_own_retry() -> None:
    call = Call(welcome_by_model=True, welcome_message="")
    call.model_fails()
    call.model_fails()
    call.caller_says("hello")
    call.model_fails()
    assert [one.purpose for one in call.all(fx.AskModel)] == ["welcome", "welcome", "reply", "reply"]


def test_a_voice_that_fails_at_the_models_welcome_has_it_asked_for_once_more() -> None:
    call = Call(welcome_by_model=True, welcome_message="")
    call.model_says("Good morning.")
    call.give(ev.ProviderFailed, "voice", "x", "unavailable", "no", call.last(fx.Speak).generation)
    assert [one.purpose for one in call.all(fx.AskModel)] == ["welcome", "welcome"]
    call.model_says("Good morning.")
    call.plays()
    assert call.said() == ["agent: Good morning."]


def test_a_welcome_that_was_late_and_fails_then_is_asked_for_once_more() -> None:
    call = Call(welcome_by_model=True, welcome_message="")
    call.wait(WELCOME_WAIT_MS + 1_000)
    call.model_fails()
    assert [one.purpose for one in call.all(fx.AskModel)] == ["welcome", "welcome"]


def test_whoever_has_spoken_is_answered_and_not_welcomed_anew() -> None:
    call = Call(welcome_by_model=True, welcome_message="", discard_pre_welcome=True)
    call.begins()
    call.wait(600)
    call.finishes("hello")
    call.model_fails()
    assert [one.purpose for one in call.all(fx.AskModel)] == ["welcome"]


def test_a_welcome_in_the_making_ends_with_the_call() -> None:
    call = greeting()
    call.ends()
    assert call.last(fx.Withdrawn).reason == "call_ended"
    assert spoken(call) == []
