"""A goodbye of a silence: which words and sounds take it back."""

from typing import Any

import pytest
from tests.unit.conversation.call_builder import Call

from callwright.conversation import events as ev
from callwright.conversation.plan import TransferTool
from callwright.ports.model import Tool

LOST = TransferTool("transfer_call_lost", "{missing}", message="I put you through.")


def silent(**plan: Any) -> Call:
    """A caller to whom the agent says goodbye because of a silence."""
    call = Call(
        **{
            "check_if_user_online": False,
            "hangup_after_silence_ms": 3_000,
            "hangup_message": "Goodbye now, have a nice day.",
            "incremental_delay_ms": 0,
            **plan,
        }
    )
    call.wait(3_000)
    return call


@pytest.mark.parametrize("tools", [("end_call", LOST.name), (LOST.name, "end_call")])
def test_an_end_beside_a_transfer_that_cannot_be_made_leaves_the_next_goodbye_one_of_a_silence(
    tools: tuple[str, ...],
) -> None:
    call = silent(
        transfers=(LOST,), tools=(Tool(LOST.name, "", "{}"),), end_call_tool=True, hangup_after_silence_ms=9_000
    )
    call.caller_says("w1 w2 w3")
    for number, name in enumerate(tools):
        call.model_calls(name, f"c{number}")
    call.model_ends()
    call.agent_replies("That cannot be done.")
    call.wait(9_000)
    assert call.core.state == "closing"
    call.starts_playing()
    call.wait(400)
    call.begins()
    call.wait(400)
    call.tells("w4 w5 w6 w7")
    assert "goodbye_taken_back" in call.notes()


def begins_before_goodbye_sounds() -> Call:
    """The caller begins when the goodbye is about to sound, which may not be interrupted, and is read when it has begun."""
    call = silent(interruptible_goodbye=False)
    call.begins()
    call.wait(100)
    call.starts_playing()
    call.wait(400)
    return call


def test_who_says_okay_before_the_goodbye_sounded_stays_on_the_line() -> None:
    call = begins_before_goodbye_sounds()
    call.finishes("okay")
    assert "goodbye_taken_back" in call.notes()


def test_a_goodbye_that_may_not_be_interrupted_is_not_taken_back_by_who_began_over_it() -> None:
    call = silent(interruptible_goodbye=False)
    call.starts_playing()
    call.wait(400)
    call.begins()
    call.wait(400)
    call.tells("w1 w2")
    assert "goodbye_taken_back" not in call.notes()


def coughs_before_goodbye_sounds(**plan: Any) -> Call:
    """A short sound before that goodbye is heard, and another one over it."""
    call = silent(**plan)
    call.begins()
    call.wait(100)
    call.pauses()
    call.wait(50)
    call.starts_playing()
    call.wait(800)
    call.begins()
    call.wait(500)
    return call


def test_words_that_may_have_been_begun_in_the_sound_before_excuse_it() -> None:
    call = coughs_before_goodbye_sounds(interruptible_goodbye=False)
    call.give(ev.TranscriptFinal, 100, 1, "w1")
    assert "goodbye_taken_back" in call.notes()


def test_a_sound_that_goes_on_into_the_goodbye_excuses_it() -> None:
    call = silent(interruptible_goodbye=False)
    call.begins()
    call.wait(100)
    call.starts_playing()
    call.wait(200)
    call.pauses()
    call.wait(400)
    call.begins()
    call.wait(900)
    call.tells("w1 w2")
    assert "goodbye_taken_back" in call.notes()


@pytest.mark.parametrize(("pause_ms", "excused"), [(300, True), (700, False)])
def test_a_sound_just_before_that_of_the_words_may_be_their_beginning(pause_ms: int, excused: bool) -> None:
    call = silent(interruptible_goodbye=False)
    call.begins()
    call.wait(200)
    call.pauses()
    call.wait(50)
    call.starts_playing()
    call.wait(pause_ms - 50)
    call.begins()
    call.wait(900)
    call.tells("w1 w2")
    if excused:
        assert "goodbye_taken_back" in call.notes()
    else:
        assert "goodbye_taken_back" not in call.notes()
