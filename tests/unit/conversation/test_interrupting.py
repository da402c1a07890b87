"""Which words over the agent silence it: beside fillers, entries, announcements and words that were read late."""

import pytest
from tests.unit.conversation.call_builder import Call

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import FILLER_AFTER_MS
from callwright.conversation.plan import TransferTool
from callwright.ports.model import Tool


def fills() -> Call:
    """The agent says a filler, and its reply begins to sound before that is over."""
    call = Call(words_to_interrupt=3, incremental_delay_ms=0, fillers=True, hangup_after_silence_ms=0)
    call.caller_says("w1 w2 w3")
    call.wait(FILLER_AFTER_MS + 300)
    assert call.all(fx.PlayAsset)
    call.model_says("a1 a2 a3 a4 a5 a6 a7 a8.")
    call.starts_playing()
    call.wait(100)
    return call


def filler_is_over(call: Call, played_ms: int = 400) -> None:
    filler = call.last(fx.PlayAsset)
    call.give(ev.AssetPlayed, filler.asset, filler.lane, played_ms, True)


def test_words_that_may_be_the_echo_of_a_filler_need_not_silence_the_agent() -> None:
    call = fills()
    filler = call.last(fx.PlayAsset).asset
    call.begins()
    call.wait(100)
    filler_is_over(call)
    call.wait(400)
    call.tells(f"{filler} w4" if len(filler.split()) > 2 else f"{filler} {filler} w4")
    assert not call.all(fx.Clear)


@pytest.mark.parametrize("waits_ms", [0, 900])
def test_other_words_beside_a_filler_or_the_same_ones_later_silence_the_agent(waits_ms: int) -> None:
    call = fills()
    filler = call.last(fx.PlayAsset).asset
    if waits_ms:
        filler_is_over(call)
        call.wait(waits_ms)
    call.begins()
    call.wait(400)
    call.tells(f"{filler} {filler} w4" if waits_ms else "w4 w5 w6 w7")
    assert call.all(fx.Clear)


def test_who_says_no_to_the_announcement_of_a_transfer_is_let_in() -> None:
    desk = TransferTool(
        "transfer_call_desk", "sip:desk@127.0.0.1", message="I connect you with them.", own_message=True
    )
    call = Call(transfers=(desk,), tools=(Tool(desk.name, "To the desk", "{}"),), incremental_delay_ms=0)
    call.caller_says("w1 w2")
    call.model_calls(desk.name)
    call.model_ends()
    call.starts_playing()
    call.wait(100)
    call.begins()
    call.wait(400)
    call.tells("no thanks")
    assert call.all(fx.Clear)


def typed_between(first: int, then: int, words: str = "i see") -> Call:
    """A caller says a word, types, and says ``words``, in segments of these numbers, all over the agent."""
    call = Call(words_to_interrupt=1, incremental_delay_ms=0, keys=True, keys_pause_ms=500, keys_interrupt=False)
    call.caller_says("w1 w2")
    call.model_says("a1 a2 a3 a4 a5 a6 a7 a8 a9 a10 a11 a12 a13 a14 a15 a16 a17 a18 a19 a20.")
    call.starts_playing()
    call.wait(100)
    call.give(ev.TranscriptFinal, call.audio_ms, first, "right")
    call.types("8")
    call.wait(600)
    call.begins()
    call.wait(400)
    call.give(ev.TranscriptPartial, call.audio_ms, then, words)
    return call


def test_words_that_stand_before_an_entry_are_not_what_was_said_last() -> None:
    call = typed_between(5, 3)
    assert call.all(fx.Clear)  # the newest words are the entry's


def test_words_behind_an_entry_silence_the_agent_and_those_that_stand_before_it_need_not() -> None:
    call = typed_between(3, 5, "w3 w4")
    assert call.all(fx.Clear)


def test_who_only_says_go_on_behind_an_entry_does_not_interrupt() -> None:
    call = typed_between(3, 5)
    assert not call.all(fx.Clear)


def stopped_behind(read_late: str) -> Call:
    """A caller says one sentence, which is ``read_late``, and stops the agent in another segment."""
    call = Call(words_to_interrupt=0, incremental_delay_ms=0)
    call.caller_says("w1 w2")
    call.model_says("a1 a2 a3 a4 a5 a6 a7 a8 a9 a10 a11 a12 a13 a14 a15 a16 a17 a18 a19 a20.")
    call.starts_playing()
    call.begins()
    call.wait(600)
    call.give(ev.TranscriptPartial, call.audio_ms, 6, "stop")
    call.wait(200)
    call.give(ev.TranscriptFinal, call.audio_ms - 600, 5, read_late)
    call.give(ev.TranscriptFinal, call.audio_ms, 6, "stop")
    return call


def test_a_stop_phrase_behind_words_that_were_read_late_is_not_alone() -> None:
    call = stopped_behind("w3 w4 w5")
    assert not call.all(fx.Clear)


def test_a_stop_phrase_silences_the_agent() -> None:
    call = stopped_behind("")
    assert call.all(fx.Clear)


def test_a_doubt_that_was_decided_is_not_reopened_by_the_end_of_another_sound() -> None:
    call = Call(turn_model=True, incremental_delay_ms=150)
    call.caller_says("w1 w2")
    call.wait(20)
    call.begins()
    call.model_says("a1 a2.")
    call.wait(600)
    call.voice_speaks()
    call.pauses()
    call.finishes("hello?")
    call.judges()
    call.wait(50)
    call.pauses()  # another sound's
    call.judges(100_000)
    call.wait(200)
    assert call.all(fx.Release)
