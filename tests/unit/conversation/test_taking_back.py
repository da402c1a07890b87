"""The caller goes on before the agent was heard."""

from tests.unit.conversation.call_builder import Call

from callwright.conversation import effects as fx
from callwright.conversation import events as ev


def asked() -> Call:
    call = Call()
    call.caller_says("I want a pizza")
    call.model_says("Sure, which", ended=False)
    return call


def test_more_words_withdraw_the_reply_and_join_the_turn() -> None:
    call = asked()
    call.begins()
    call.wait(300)
    call.segment += 1
    call.hears("with")
    assert call.last(fx.Withdrawn) == fx.Withdrawn(1, 1, "caller_continued")
    assert call.all(fx.CancelModel)
    assert call.all(fx.CancelVoice)
    call.segment -= 1
    call.finishes("with ham")
    call.pauses()
    call.judges()
    assert call.told() == ["user: I want a pizza with ham"]
    assert call.last(fx.AskModel).turn == 1
    call.agent_replies("With ham then.")
    assert call.said() == ["caller: I want a pizza with ham", "agent: With ham then."]


def test_a_short_sound_only_holds_the_reply_back() -> None:
    call = asked()
    call.model_ends()
    call.voice_speaks()
    call.begins()
    call.wait(490)
    assert not call.all(fx.Release)
    call.pauses()
    call.wait(400)
    assert call.last(fx.Release).generation == 1
    assert not call.all(fx.Withdrawn)


def test_a_long_sound_withdraws_the_reply_and_the_turn_is_asked_again() -> None:
    call = asked()
    call.begins()
    call.wait(500)
    assert call.last(fx.Withdrawn).reason == "caller_continued"
    call.wait(500)
    call.pauses()
    call.finishes("")
    call.judges()
    assert call.told() == ["user: I want a pizza"]
    assert len(call.all(fx.AskModel)) == 2


def test_the_end_of_an_earlier_sound_does_not_end_the_present_one() -> None:
    call = Call()
    call.caller_says("a table please")
    call.model_says("For how many?", ended=False)
    call.begins()
    call.give(ev.ActivityEnded, call.audio_ms - 200)
    call.wait(600)
    assert call.last(fx.Withdrawn).reason == "caller_continued"


def test_a_corrected_transcript_is_asked_again() -> None:
    call = asked()
    call.give(ev.TranscriptFinal, call.audio_ms, 1, "I want a visa")
    assert call.told() == ["user: I want a visa"]
    assert len(call.all(fx.AskModel)) == 2


def test_a_transcript_corrected_in_its_commas_changes_nothing() -> None:
    call = asked()
    call.give(ev.TranscriptFinal, call.audio_ms, 1, "I want a pizza.")
    assert len(call.all(fx.AskModel)) == 1


def test_text_of_a_withdrawn_reply_is_dropped() -> None:
    call = asked()
    first = call.last(fx.AskModel)
    call.give(ev.TranscriptFinal, call.audio_ms, 1, "I want a visa")
    spoken = len(call.all(fx.Speak))
    call.give(ev.ReplyText, first.generation, first.request, "pizza would you like? ")
    call.give(ev.ReplyTool, first.generation, first.request, "c9", "book", "{}")
    call.give(ev.ReplyEnded, first.generation, first.request, "stop")
    call.give(ev.VoiceReady, first.generation, 0)
    call.give(ev.VoiceFinished, first.generation, 0, 100)
    assert len(call.all(fx.Speak)) == spoken
    assert not call.all(fx.CallTool)
