"""An agent that was silenced by nothing goes on; one that was interrupted does not."""

from typing import Any

import pytest
from tests.unit.conversation.call_builder import Call

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import FALSE_WAIT_MS, RESUMES_MOST
from callwright.conversation.plan import ToolWords
from callwright.ports.model import Tool

REPLY = "We have tables at six, at seven and at eight. Which one suits you?"


def speaking(ended: bool = True, **plan: Any) -> Call:
    call = Call(turn_model=False, **plan)
    call.caller_says("a table please")
    call.wait(300)
    call.model_says(REPLY, ended)
    call.starts_playing()
    return call


def is_cut_by(call: Call, text: str, played_ms: int = 1_050, sound: bool = True) -> None:
    """A sound, partial words that interrupt the agent, silence."""
    if sound:
        call.begins()
    call.wait(400)
    call.segment += 1
    call.hears(text)
    assert call.core.state == "clearing"
    call.clears(played_ms)
    call.wait(100)
    if sound:
        call.pauses()


def turns_out_to_be(call: Call, text: str) -> None:
    """The final text of what interrupted."""
    call.give(ev.TranscriptFinal, call.audio_ms, call.segment, text)


def plays_rest(call: Call) -> None:
    call.plays()
    call.wait(10)


def test_the_agent_goes_on_where_it_was_cut_without_asking_the_model() -> None:
    call = speaking()
    cut = call.last(fx.Release).generation
    is_cut_by(call, "the uh and")
    assert call.last(fx.AgentSaid).text == "We have tables at six,"
    turns_out_to_be(call, "")
    released = call.last(fx.Release)
    assert (released.resumes, released.turn) == (cut, 1)
    assert call.clauses()[0].text.startswith("at seven and at eight.")
    plays_rest(call)
    assert call.last(fx.AgentSaid) == fx.AgentSaid(
        1, released.generation, "reply", "at seven and at eight. Which one suits you?", False, False, 1_800, cut
    )
    assert len(call.all(fx.AskModel)) == 1


def test_the_model_is_told_of_one_sentence() -> None:
    call = speaking()
    is_cut_by(call, "the uh and")
    turns_out_to_be(call, "")
    plays_rest(call)
    call.caller_says("at eight")
    call.wait(300)
    assert call.told() == ["user: a table please", f"assistant: {REPLY}", "user: at eight"]


def test_a_reply_of_which_nothing_was_heard_is_said_from_its_beginning() -> None:
    call = speaking()
    is_cut_by(call, "the uh and", played_ms=0)
    turns_out_to_be(call, "")
    plays_rest(call)
    assert call.said()[-1] == f"agent: {REPLY}"
    call.caller_says("at eight")
    call.wait(300)
    assert call.told()[-2] == f"assistant: {REPLY}"


def test_words_revised_to_a_back_channel_are_noted_and_the_agent_goes_on() -> None:
    call = speaking()
    is_cut_by(call, "yeah yeah it")
    turns_out_to_be(call, "yeah yeah")
    call.wait(300)
    assert fx.Note("back_channel", "yeah yeah") in call.effects
    assert call.last(fx.Release).resumes


def test_words_that_turn_out_to_be_an_echo_are_noted_and_the_agent_goes_on() -> None:
    call = speaking()
    call.wait(150)
    is_cut_by(call, "he gave fables")
    turns_out_to_be(call, "we have tables")
    assert "echo" in call.notes()
    assert call.last(fx.Release).resumes


def test_sound_without_words_does_not_keep_the_agent_silent() -> None:
    call = speaking()
    call.begins()
    call.wait(400)
    call.segment += 1
    call.hears("the uh and")
    call.clears(1_050)
    turns_out_to_be(call, "")  # and the sound goes on
    assert not call.wait(FALSE_WAIT_MS - 1)
    call.wait(1)
    assert call.last(fx.Release).resumes


def test_words_nobody_confirms_are_noted_and_the_agent_goes_on() -> None:
    call = speaking(patience_ms=1_000)
    is_cut_by(call, "the uh and", sound=False)
    call.wait(4_000)
    assert fx.Note("words_unconfirmed", "the uh and") in call.effects
    assert call.last(fx.Release).resumes
    turns_out_to_be(call, "the other one")
    assert call.core.state == "clearing"  # late, and yet the caller's


def test_partial_words_with_a_sound_are_the_callers_though_no_final_text_comes() -> None:
    call = speaking(patience_ms=1_000)
    is_cut_by(call, "at eight please")
    call.wait(3_000)
    assert call.told()[-1] == "user: at eight please"
    assert not call.last(fx.Release).resumes


def test_a_caller_who_did_say_something_is_answered() -> None:
    call = speaking()
    is_cut_by(call, "no not today")
    turns_out_to_be(call, "no not today")
    call.wait(300)
    call.model_says("Tomorrow then?")
    call.plays()
    assert call.said()[-2:] == ["caller: no not today", "agent: Tomorrow then?"]
    call.wait(3_000)
    assert not [release for release in call.all(fx.Release) if release.resumes]


def test_the_agent_waits_for_its_backoff_period_before_it_goes_on() -> None:
    call = speaking(backoff_ms=1_500)
    is_cut_by(call, "the uh and")
    turns_out_to_be(call, "")
    assert not call.wait(1_499)
    call.wait(1)
    assert call.last(fx.Release).resumes


@pytest.mark.proves("task_config.interruption_backoff_period")
def test_an_interrupted_agent_answers_only_after_its_backoff_period() -> None:
    call = speaking(backoff_ms=1_500, incremental_delay_ms=0)
    is_cut_by(call, "no not today")
    turns_out_to_be(call, "no not today")
    call.wait(300)
    call.model_says("Tomorrow then?")
    call.voice_speaks()
    assert call.core.state == "thinking"
    call.wait(1_199)
    assert call.core.state == "thinking"
    call.wait(1)
    assert call.core.state == "speaking"


def test_an_interrupted_agent_fills_no_wait_within_its_backoff_period() -> None:
    call = speaking(backoff_ms=5_000, incremental_delay_ms=0, fillers=True, hangup_after_silence_ms=0)
    is_cut_by(call, "no I want ham")
    turns_out_to_be(call, "no I want ham")
    call.pauses()
    call.wait(4_900)
    assert not [one for one in call.all(fx.PlayAsset) if one.lane == "filler"]
    call.wait(1_000)
    assert [one for one in call.all(fx.PlayAsset) if one.lane == "filler"]


def test_who_goes_on_within_the_backoff_period_begins_it_anew_for_the_filler() -> None:
    call = speaking(backoff_ms=5_000, incremental_delay_ms=0, fillers=True, hangup_after_silence_ms=0)
    is_cut_by(call, "no I want ham")
    turns_out_to_be(call, "no I want ham")
    call.wait(3_000)
    call.caller_says("and cheese please")
    call.wait(4_500)
    assert not [one for one in call.all(fx.PlayAsset) if one.lane == "filler"]
    call.wait(1_500)
    assert [one for one in call.all(fx.PlayAsset) if one.lane == "filler"]


def test_an_echo_that_is_read_before_its_sound_is_over_keeps_the_agent_silent_no_longer() -> None:
    call = speaking()
    call.wait(150)
    is_cut_by(call, "he gave fables")
    call.wait(300)
    turns_out_to_be(call, "we have tables")
    call.wait(100)
    call.give(ev.ActivityEnded, call.audio_ms - 200)
    call.wait(700)
    assert call.last(fx.Release).resumes


def test_a_final_text_of_an_earlier_sound_says_nothing_of_a_later_one() -> None:
    call = speaking()
    is_cut_by(call, "uh the and")
    call.begins()
    call.wait(350)
    turns_out_to_be(call, "")
    call.wait(50)
    call.pauses()
    call.wait(300)
    assert len(call.all(fx.Release)) == 1, "its words may come yet"


def test_an_agent_that_a_key_interrupts_answers_only_after_its_backoff_period() -> None:
    call = speaking(backoff_ms=1_500, incremental_delay_ms=0, keys=True)
    call.wait(600)
    call.types("#")
    call.clears(800)
    call.model_says("You chose none.")
    call.voice_speaks()
    call.wait(1_499)
    assert call.core.state == "thinking"
    call.wait(1)
    assert call.core.state == "speaking"


def test_an_agent_whose_words_about_a_tool_are_interrupted_answers_only_after_its_backoff_period() -> None:
    words = ToolWords("book", "Let me look that up for you.", own_message=True)
    call = Call(turn_model=False, backoff_ms=1_500, tools=(Tool("book", "Book", "{}"),), tool_words=(words,))
    call.caller_says("a table please")
    call.wait(300)
    call.model_calls("book")
    call.model_ends("tool")
    call.wait(500)
    call.starts_playing()
    is_cut_by(call, "and for four people", played_ms=300)
    turns_out_to_be(call, "and for four people")
    call.give(ev.ToolResult, call.last(fx.CallTool).request, True, "done")
    call.wait(1_000)
    call.model_says("It is booked.")
    call.voice_speaks()
    call.wait(499)
    assert call.core.state == "thinking"
    call.wait(1)
    assert call.core.state == "speaking"


def test_noises_do_not_hold_the_answer_of_an_agent_that_was_interrupted_back_again() -> None:
    call = speaking(backoff_ms=3_000, incremental_delay_ms=0, keys=True)
    call.wait(600)
    call.types("#")
    call.clears(800)
    call.model_says("You chose none.")
    call.voice_speaks()
    for _ in range(2):
        call.wait(1_200)
        call.begins()
        call.wait(200)
        call.pauses()
    assert call.core.state == "thinking"
    call.wait(200)
    assert call.core.state == "speaking"


def test_an_answer_of_keys_alone_is_the_answer_behind_which_there_is_no_backoff_period() -> None:
    schema = '{"type":"object","properties":{"keys":{"type":"string"}}}'
    call = speaking(backoff_ms=3_000, tools=(Tool("press", "Press", schema),), key_tools=("press",))
    is_cut_by(call, "for sales press one")
    turns_out_to_be(call, "for sales press one")
    call.wait(300)
    call.model_calls("press", "c1", '{"keys": "1"}')
    call.model_ends("tool_calls")
    call.wait(3_000)
    call.give(ev.ToolResult, call.last(fx.SendKeys).request, True, "pressed")
    call.caller_says("for departments press two")
    call.wait(300)
    call.model_calls("press", "c2", '{"keys": "2"}')
    call.model_ends("tool_calls")
    call.wait(500)
    assert [one.keys for one in call.all(fx.SendKeys)] == ["1", "2"]


def test_the_next_answer_of_an_agent_that_was_interrupted_has_no_backoff_period() -> None:
    call = speaking(backoff_ms=5_000, incremental_delay_ms=0)
    is_cut_by(call, "no not today")
    turns_out_to_be(call, "no not today")
    call.wait(300)
    call.model_says("Tomorrow then?")
    call.wait(5_000)
    call.plays()
    call.caller_says("at eight")
    call.wait(1_000)
    call.model_says("It is booked.")
    call.voice_speaks()
    assert call.core.state == "speaking"


def test_new_words_while_it_waits_are_a_turn() -> None:
    call = speaking(backoff_ms=1_500)
    is_cut_by(call, "the uh and")
    turns_out_to_be(call, "")
    call.wait(500)
    call.caller_says("at eight")
    call.wait(2_000)
    assert call.told()[-1] == "user: at eight"
    assert not call.last(fx.Release).resumes


def test_an_utterance_is_resumed_only_so_often() -> None:
    call = speaking()
    for _ in range(RESUMES_MOST):
        is_cut_by(call, "the uh and", played_ms=400)
        turns_out_to_be(call, "")
        call.voice_speaks()
        call.give(ev.PlayoutStarted, call.last(fx.Release).generation)
    is_cut_by(call, "the uh and", played_ms=400)
    turns_out_to_be(call, "")
    assert "resume_given_up" in call.notes()
    assert call.core.state == "listening"


def test_what_the_model_had_not_said_yet_is_asked_for_after_the_rest() -> None:
    call = speaking(ended=False)
    is_cut_by(call, "the uh and")
    turns_out_to_be(call, "")
    assert call.last(fx.Release).resumes
    assert len(call.all(fx.AskModel)) == 1
    call.voice_speaks()
    call.plays()
    assert len(call.all(fx.AskModel)) == 2
    assert call.told()[-1].startswith("assistant: We have tables at six, at seven")


def test_where_all_was_heard_that_there_was_the_model_goes_on() -> None:
    call = speaking(ended=False)
    is_cut_by(call, "the uh and", played_ms=60_000)
    turns_out_to_be(call, "")
    assert len(call.all(fx.AskModel)) == 2
    assert not call.last(fx.Release).resumes


def test_after_the_last_word_nothing_is_left_to_go_on_with() -> None:
    call = speaking()
    is_cut_by(call, "the uh and", played_ms=60_000)
    turns_out_to_be(call, "")
    call.wait(3_000)
    assert len(call.all(fx.Release)) == 1


def test_a_sentence_with_a_tool_stays_one_message() -> None:
    call = Call(turn_model=False, tools=(Tool("book", "Book", "{}"),))
    call.caller_says("book it")
    call.wait(300)
    call.model_says("I am booking the table for you now.", ended=False)
    call.model_calls("book")
    call.model_ends()
    call.starts_playing()
    is_cut_by(call, "the uh and", played_ms=650)
    turns_out_to_be(call, "")
    assert call.last(fx.Release).resumes
    call.plays()
    call.give(ev.ToolResult, call.last(fx.CallTool).request, True, "{}")
    call.wait(300)
    assert call.told() == ["user: book it", "assistant: I am booking the table for you now.", "tool: {}"]


def test_what_the_agent_goes_on_with_and_what_it_asks_meanwhile_do_not_wait_for_the_next_event() -> None:
    """A tool that does not exist was called: the model is told so while the rest is heard."""
    call = Call(turn_model=False)
    call.caller_says("book it")
    call.wait(300)
    call.model_says("I am booking the table for you now.", ended=False)
    call.model_calls("book")
    call.model_ends()
    call.starts_playing()
    is_cut_by(call, "the uh and", played_ms=650)
    did = call.give(ev.TranscriptFinal, call.audio_ms, call.segment, "")
    assert {fx.Release, fx.AskModel} <= set(map(type, did))


def test_what_is_said_while_a_tool_runs_is_not_resumed() -> None:
    call = Call(
        turn_model=False, tools=(Tool("book", "Book", "{}"),), waiting_messages=("Still looking for you, please wait.",)
    )
    call.caller_says("book it")
    call.wait(300)
    call.model_calls("book")
    call.model_ends()
    call.wait(6_000)
    call.starts_playing()
    is_cut_by(call, "the uh and", played_ms=450)
    turns_out_to_be(call, "")
    call.wait(1_000)
    assert not call.last(fx.Release).resumes


def test_what_was_left_unsaid_is_out_of_date_when_something_else_was_said() -> None:
    """The words are still partial when the wait for the tool is filled; then they turn out to be nothing."""
    message = "Still looking for you, please wait."
    call = Call(turn_model=False, tools=(Tool("book", "Book", "{}"),), waiting_messages=(message,))
    call.caller_says("book it")
    call.wait(300)
    call.model_says("I am booking the table for you now.", ended=False)
    call.model_calls("book")
    call.model_ends()
    call.starts_playing()
    is_cut_by(call, "at eight please", played_ms=650)
    call.wait(7_000)
    assert " ".join(speak.text for speak in call.clauses()) == message
    call.plays()
    turns_out_to_be(call, "")
    call.wait(3_000)
    assert not [release for release in call.all(fx.Release) if release.resumes]


def test_a_voice_that_fails_at_the_rest_says_it_again_in_the_same_message() -> None:
    call = speaking()
    is_cut_by(call, "the uh and")
    turns_out_to_be(call, "")
    generation = call.last(fx.Release).generation
    call.give(ev.ProviderFailed, "voice", "x", "broken_stream", "gone", generation)
    call.clears(0)
    call.plays()
    call.caller_says("at eight")
    call.wait(300)
    assert call.told()[-2] == f"assistant: {REPLY}"


def test_a_voice_that_fails_at_the_rest_while_a_tool_runs_says_it_again_before_anything_else() -> None:
    call = Call(turn_model=False, tools=(Tool("book", "Book", "{}"),), waiting_messages=("Still on it.",))
    call.caller_says("book it")
    call.wait(300)
    call.model_says("I am booking the table for you now.", ended=False)
    call.model_calls("book")
    call.model_ends()
    call.starts_playing()
    is_cut_by(call, "the uh and", played_ms=650)
    turns_out_to_be(call, "")
    generation = call.last(fx.Release).generation
    call.give(ev.ProviderFailed, "voice", "x", "broken_stream", "gone", generation)
    call.clears(0)
    assert call.last(fx.Release).resumes == generation
    call.plays()
    assert call.last(fx.AgentSaid).text == "the table for you now."


def test_a_rest_whose_voice_fails_late_goes_on_behind_what_was_heard_of_it_after_all() -> None:
    """The report that its first frame went out comes too late; the answer to the clear tells."""
    call = speaking()
    is_cut_by(call, "the uh and")
    turns_out_to_be(call, "")
    call.voice_speaks()
    generation = call.last(fx.Release).generation
    call.give(ev.ProviderFailed, "voice", "x", "broken_stream", "gone", generation)
    call.clears(450)
    assert call.last(fx.AgentSaid).text == "at seven"
    call.plays()
    assert call.last(fx.AgentSaid).text == "and at eight. Which one suits you?"
    call.caller_says("at eight")
    call.wait(300)
    assert call.told()[-2] == f"assistant: {REPLY}"


def test_a_caller_who_speaks_when_the_voice_fails_at_the_rest_is_not_talked_over_with_it() -> None:
    call = speaking()
    is_cut_by(call, "the uh and")
    turns_out_to_be(call, "")
    generation = call.last(fx.Release).generation
    call.begins()
    call.give(ev.ProviderFailed, "voice", "x", "broken_stream", "gone", generation)
    call.clears(0)
    call.wait(400)
    assert call.last(fx.Release).generation == generation
    call.pauses()
    call.finishes("")
    assert call.last(fx.Release).resumes == generation


def test_the_rest_of_a_sentence_comes_though_the_model_has_failed_at_what_follows_it() -> None:
    """A tool that does not exist was called, and the model is refused when it is told so. The caller keeps the line on hold, and then makes
    a sound."""
    call = Call(turn_model=False)
    call.caller_says("book it")
    call.wait(300)
    call.model_says("I am booking the table for you now.", ended=False)
    call.model_calls("book")
    call.model_ends()
    call.starts_playing()
    call.model_fails("refused_credentials")
    call.begins()
    call.wait(400)
    call.segment += 1
    call.hears("the uh and")
    call.give(ev.LineHeld, True)
    call.clears(650)
    turns_out_to_be(call, "")
    call.give(ev.LineHeld, False)
    call.wait(FALSE_WAIT_MS)
    assert call.last(fx.Release).resumes


def test_a_caller_who_puts_the_line_on_hold_hears_the_rest_afterwards() -> None:
    call = speaking()
    is_cut_by(call, "the uh and")
    call.give(ev.LineHeld, True)
    turns_out_to_be(call, "")
    call.wait(5_000)
    assert not call.last(fx.Release).resumes
    call.give(ev.LineHeld, False)
    assert call.last(fx.Release).resumes


def test_a_call_that_ends_leaves_it_unsaid() -> None:
    call = speaking(call_terminate_ms=5_000)
    is_cut_by(call, "the uh and")
    call.wait(5_000)
    assert call.hung_up() == "max_duration_reached"
    assert not call.last(fx.Release).resumes


def test_keys_that_silence_the_agent_are_no_false_interruption() -> None:
    call = speaking(keys=True)
    call.types("1")
    call.clears(400)
    call.wait(10)
    call.types("#")
    assert call.told()[-1] == "user: dtmf_number: 1"


@pytest.mark.parametrize(("text", "taken_back"), [("with ham", True), ("mhm", False)])
def test_a_reply_released_and_not_yet_heard_is_taken_back_by_any_word(text: str, taken_back: bool) -> None:
    call = Call(turn_model=False, incremental_delay_ms=0)
    call.caller_says("I want a pizza")
    call.wait(300)
    call.model_says("Sure, which size would you like?")
    call.voice_speaks()
    assert call.last(fx.Release).generation == 1
    call.begins()
    call.wait(50)
    call.segment += 1
    call.hears(text)
    assert bool(call.all(fx.Clear)) is taken_back
    if taken_back:
        call.clears(0)
        turns_out_to_be(call, text)
        call.wait(100)
        call.pauses()
        call.wait(300)
        assert call.told() == ["user: I want a pizza", "user: with ham"]


@pytest.mark.parametrize(
    ("welcome", "heard_ms", "at_once"),
    [
        ("How can I help you?", 200, False),  # the rest alone would ask for yes or no
        ("Shall I book the table?", 400, True),
    ],
)
def test_the_rest_of_a_question_asks_for_what_the_whole_of_it_asks_for(
    welcome: str, heard_ms: int, at_once: bool
) -> None:
    call = Call(welcome_message=welcome, patience_ms=1_500)
    call.starts_playing()
    is_cut_by(call, "the uh and", heard_ms)
    first = call.last(fx.AgentSaid).text
    turns_out_to_be(call, "")
    call.wait(FALSE_WAIT_MS + 1_000)
    plays_rest(call)
    assert f"{first} {call.last(fx.AgentSaid).text}" == welcome
    call.begins()
    call.wait(300)
    call.pauses()
    call.judges(10_000)
    call.finishes("yes")
    assert bool(call.all(fx.AskModel)) is at_once
