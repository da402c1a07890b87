"""A yes or no is all of an answer only where it was asked for."""

from tests.unit.conversation.call_builder import Call

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.ports.model import Tool

BOOK = Tool("book", "Book a table", "{}")
ASKED = "a1 a2. shall I book it?"


def asks(reply: str) -> Call:
    """The agent has said ``reply``, and its caller hears it to the end."""
    call = Call(incremental_delay_ms=0, hangup_after_silence_ms=0, turn_model=True)
    call.caller_says("w1")
    call.agent_replies(reply)
    call.wait(500)
    return call


def begins_with(call: Call, text: str) -> None:
    """The caller says so much and pauses; the turn model has not answered when the words are final."""
    call.begins()
    call.wait(300)
    call.pauses()
    call.wait(50)
    call.finishes(text)


def test_a_yes_that_was_asked_for_may_be_answered_at_once() -> None:
    call = asks(ASKED)
    begins_with(call, "yes please.")
    assert call.core.state == "thinking"


def silenced_by_nothing(call: Call, played_ms: int) -> None:
    """Words silence the agent, turn out to be none, and it goes on behind them."""
    call.begins()
    call.wait(300)
    call.tells("w2 w3 w4")
    call.clears(played_ms)
    call.pauses()
    call.finishes("")
    call.wait(3_000)


def test_a_question_that_is_said_in_three_pieces_is_the_whole_question() -> None:
    call = Call(incremental_delay_ms=0, hangup_after_silence_ms=0, turn_model=True)
    call.caller_says("w1")
    call.model_says(ASKED)
    call.starts_playing()
    call.wait(600)
    silenced_by_nothing(call, 600)
    assert [one.text for one in call.clauses()] == ["I book it?"]
    silenced_by_nothing(call, 0)
    call.plays()
    assert [one.text for one in call.all(fx.AgentSaid)] == ["a1 a2. shall", "I book it?"]
    begins_with(call, "yes please.")
    assert call.core.state == "thinking"


def test_a_yes_that_is_read_as_other_words_when_its_pause_is_over_may_be_gone_on_with() -> None:
    call = asks(ASKED)
    call.begins()
    call.wait(300)
    call.tells("yes,")
    call.pauses()
    call.judges(100_000)
    call.wait(650)
    call.finishes("yes,")
    assert call.core.state == "thinking"
    call.wait(100)
    call.give(ev.TranscriptFinal, call.audio_ms, call.segment, "w2")
    assert call.core.state == "hearing"
    call.wait(400)
    assert call.core.state == "thinking"


def test_who_says_no_while_the_agent_goes_on_behind_its_question_has_answered() -> None:
    call = Call(incremental_delay_ms=0, hangup_after_silence_ms=0, turn_model=True, words_to_interrupt=0, tools=(BOOK,))
    call.caller_says("w1")
    call.model_says(ASKED, ended=False)
    call.model_calls("book")
    call.model_ends("tool")
    call.plays()
    call.give(ev.ToolResult, call.last(fx.CallTool).request, True, "{}")
    call.model_says("a3 a4 a5 a6 a7 a8 a9 a10 a11 a12 a13 a14.")
    call.starts_playing()
    begins_with(call, "no,")
    call.clears(350)
    assert call.core.state == "thinking"
