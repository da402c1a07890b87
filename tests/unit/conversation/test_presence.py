"""A caller who asks whether somebody is there, or makes a sound, while a reply is made."""

from tests.unit.conversation.call_builder import Call

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.ports.model import Tool


def test_a_guess_is_committed_only_when_nothing_was_said_behind_it() -> None:
    call = Call(speculate=True)
    call.begins()
    call.wait(600)
    call.pauses()
    call.finishes("w1 w2")
    assert call.all(fx.Speculative)
    call.judges()
    assert call.all(fx.Committed)


def test_any_word_takes_such_a_reply_back_of_which_nobody_has_heard_anything() -> None:
    call = Call(tools=(Tool("book", "Book a table", "{}"),), words_to_interrupt=3, incremental_delay_ms=0)
    call.caller_says("w1 w2")
    call.model_calls("book")
    call.model_ends()
    call.wait(1_000)
    call.give(ev.ToolResult, call.last(fx.CallTool).request, True, "done")
    call.caller_says("are you there?")
    call.model_says("a1 a2.")
    call.voice_speaks()
    call.wait(900)
    assert call.last(fx.Release).turn == 2
    call.begins()
    call.wait(200)
    call.tells("w5")
    assert call.all(fx.Clear)


def test_a_short_sound_cuts_no_filler() -> None:
    call = Call(fillers=True, hangup_after_silence_ms=0)
    call.caller_says("w1 w2 w3")
    call.wait(2_000)
    assert call.all(fx.PlayAsset)
    call.begins()
    call.wait(200)
    call.pauses()
    assert not call.all(fx.StopAsset)
