"""Providers fail."""

from typing import Any

import pytest
from tests.unit.conversation.call_builder import Call

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import FAILURES_IN_A_ROW, PLAYOUT_SLACK_MS, SLOW_MS_PER_CHARACTER
from callwright.domain.limits import MAX_REPLY_CHARACTERS
from callwright.ports.model import Tool


def asking(**plan: Any) -> Call:
    call = Call(apology_message="Sorry {name}?", failure_message="Broken, goodbye.", **plan)
    call.caller_says("hello there")
    return call


def test_a_failure_that_may_pass_is_asked_again_once() -> None:
    call = asking()
    call.model_fails()
    assert len(call.all(fx.AskModel)) == 2
    assert call.told() == ["user: hello there"]
    call.agent_replies("Hello.")
    assert call.said() == ["caller: hello there", "agent: Hello."]


def test_the_second_failure_is_apologised_for() -> None:
    call = asking()
    call.model_fails()
    call.model_fails()
    call.plays()
    assert call.said() == ["caller: hello there", "agent: Sorry Ada?"]
    assert call.last(fx.AgentSaid).purpose == "apology"


def test_a_failure_that_will_not_pass_is_apologised_for_at_once() -> None:
    call = asking()
    call.model_fails("refused_credentials")
    assert len(call.all(fx.AskModel)) == 1
    call.plays()
    assert call.said()[-1] == "agent: Sorry Ada?"


def test_three_failures_in_a_row_end_the_call() -> None:
    call = asking()
    call.model_fails()
    call.model_fails()
    call.plays()
    call.caller_says("I said hello")
    call.model_fails()
    assert call.core.state == "closing"
    call.plays()
    assert call.last(fx.HangUp) == fx.HangUp("Error", "llm_error")
    assert call.said()[-2:] == ["caller: I said hello", "agent: Broken, goodbye."]
    assert call.last(fx.AgentSaid).turn == call.last(fx.UserSaid).turn


def test_a_reply_that_was_heard_forgives_failures() -> None:
    call = asking()
    call.model_fails()
    call.agent_replies("Hello.")
    call.caller_says("one more thing")
    call.model_fails()
    call.agent_replies("Yes?")
    call.caller_says("and another thing")
    call.model_fails()
    assert call.core.state == "thinking"


def test_a_model_that_says_nothing_in_time_has_failed() -> None:
    call = asking(reply_timeout_ms=5_000)
    call.wait(5_000)
    assert call.last(fx.Withdrawn).reason == "reply_timeout"
    assert len(call.all(fx.AskModel)) == 2
    assert call.all(fx.CancelModel)


def test_an_empty_reply_is_apologised_for() -> None:
    call = asking()
    call.model_ends()
    assert call.last(fx.Withdrawn).reason == "empty_reply"
    call.plays()
    assert call.said()[-1] == "agent: Sorry Ada?"


def test_a_reply_that_breaks_off_keeps_what_was_said() -> None:
    call = asking()
    call.model_says("I can offer you. Two ", ended=False)
    call.starts_playing()
    call.model_ends("error")
    call.plays()
    assert call.said()[-1] == "agent: I can offer you. Two"


@pytest.mark.parametrize("stalls", [True, False])
def test_a_model_that_breaks_off_in_what_is_heard_is_asked_to_go_on(stalls: bool) -> None:
    call = asking(reply_timeout_ms=5_000)
    call.model_says("I can offer you. Two ", ended=False)
    call.starts_playing()
    if stalls:
        call.wait(5_000)
    else:
        call.model_fails("broken_stream")
    call.plays()
    assert len(call.all(fx.AskModel)) == 2
    assert call.told() == ["user: hello there", "assistant: I can offer you. Two"]
    call.agent_replies("tables.")
    assert call.said()[1:] == ["agent: I can offer you. Two", "agent: tables."]


def test_a_model_that_always_breaks_off_is_not_asked_for_ever() -> None:
    call = asking()
    for _ in range(FAILURES_IN_A_ROW):
        call.model_says("I can offer you. Two ", ended=False)
        call.starts_playing()
        call.model_fails("broken_stream")
        call.plays()
    assert len(call.all(fx.AskModel)) == FAILURES_IN_A_ROW
    call.wait(1_000)
    assert len(call.all(fx.AskModel)) == FAILURES_IN_A_ROW


def test_a_model_whose_failure_will_not_pass_is_not_asked_to_go_on() -> None:
    call = asking()
    call.model_says("I can offer you. Two ", ended=False)
    call.starts_playing()
    call.model_fails("refused_credentials")
    call.plays()
    assert len(call.all(fx.AskModel)) == 1


def test_a_reply_that_breaks_off_unheard_is_asked_again() -> None:
    call = asking()
    call.model_says("I can offer you. Two ", ended=False)
    call.model_ends("error")
    assert call.last(fx.Withdrawn).reason == "model_failed"
    assert len(call.all(fx.AskModel)) == 2


def test_a_reply_that_stalls_while_it_is_heard_ends_there() -> None:
    call = asking(reply_timeout_ms=5_000)
    call.model_says("I can offer you. Two ", ended=False)
    call.starts_playing()
    call.give(ev.MarkPlayed, call.last(fx.Release).generation, 0)
    call.wait(5_000)
    assert call.last(fx.EndSpeech).clauses == 2


def test_no_apology_while_the_caller_goes_on_speaking() -> None:
    call = asking()
    call.begins()
    call.model_fails("bad_request")
    assert not call.all(fx.Speak)
    call.wait(300)
    call.finishes("and goodbye")
    call.pauses()
    call.judges()
    assert call.told() == ["user: hello there and goodbye"]


def test_a_failed_follow_up_behind_audible_words_waits_with_its_apology() -> None:
    call = asking(tools=(Tool("book", "Book a table", "{}"),))
    call.model_says("One moment. ", ended=False)
    call.model_calls("book")
    call.model_ends()
    call.wait(1_000)
    call.starts_playing()
    call.give(ev.ToolResult, call.last(fx.CallTool).request, True, "done")
    call.model_fails("bad_request")
    assert len(call.all(fx.Speak)) == 1
    call.give(ev.MarkPlayed, call.last(fx.Release).generation, 0)
    assert call.last(fx.Speak).purpose == "apology"


def failing_behind_audible_words(**plan: Any) -> Call:
    """The agent speaks, and the model was asked what becomes of a tool and has no answer."""
    call = asking(tools=(Tool("book", "Book a table", "{}"),), words_to_interrupt=5, **plan)
    call.model_says("One moment please, I am looking. ", ended=False)
    call.model_calls("book")
    call.model_ends()
    call.wait(1_000)
    call.starts_playing()
    call.give(ev.ToolResult, call.last(fx.CallTool).request, True, "done")
    call.model_fails("bad_request")
    return call


def heard_to_its_end(call: Call) -> None:
    for speak in call.clauses():
        call.give(ev.MarkPlayed, speak.generation, speak.index)


def test_whoever_says_something_new_meanwhile_is_answered_and_not_apologised_to() -> None:
    call = failing_behind_audible_words()
    call.caller_says("at which time?")
    heard_to_its_end(call)
    assert call.told()[-1] == "user: at which time?"
    call.agent_replies("At six.")
    call.wait(3_000)
    assert "agent: Sorry Ada?" not in call.said()


def test_no_apology_cuts_off_a_caller_who_only_pauses() -> None:
    call = failing_behind_audible_words(opt_out=True)
    call.begins()
    call.wait(600)
    call.give(ev.TranscriptPartial, call.audio_ms, 2, "stop calling me, and")
    call.pauses()
    call.judges(100_000)
    heard_to_its_end(call)
    assert len(call.all(fx.Speak)) == 2
    call.wait(1_000)
    call.finishes("stop calling me, and")
    call.wait(2_000)
    assert call.last(fx.OptedOut).text == "stop calling me, and"
    assert "apology" not in [speak.purpose for speak in call.all(fx.Speak)]


def test_a_too_long_reply_is_cut_and_noted() -> None:
    call = asking()
    call.model_says("word " * MAX_REPLY_CHARACTERS, ended=False)
    assert "reply_cut" in call.notes()
    assert call.all(fx.CancelModel)
    assert sum(len(speak.text) + 1 for speak in call.all(fx.Speak)) <= MAX_REPLY_CHARACTERS
    assert call.all(fx.EndSpeech)


def test_failures_of_nothing_known_change_nothing() -> None:
    call = asking()
    call.give(ev.ProviderFailed, "model", "x", "unavailable", "no", 9, 99)
    call.agent_replies("Hello.")
    call.give(ev.ProviderFailed, "voice", "x", "unavailable", "no", 9)
    assert call.notes() == []


def test_a_voice_that_fails_unheard_is_tried_again() -> None:
    call = asking()
    call.model_says("Hello.")
    call.give(ev.ProviderFailed, "voice", "x", "broken_stream", "no", call.last(fx.Speak).generation)
    assert call.last(fx.Withdrawn).reason == "voice_failed"
    call.agent_replies("Hello again.")
    assert call.said()[-1] == "agent: Hello again."


def test_a_welcome_whose_voice_fails_is_said_again() -> None:
    call = Call(welcome_message="Welcome.")
    call.give(ev.ProviderFailed, "voice", "x", "broken_stream", "no", 1)
    call.clears(0)
    call.plays()
    assert call.said() == ["agent: Welcome."]
    assert call.last(fx.AgentSaid).generation == 2


def test_a_caller_who_silenced_a_welcome_before_it_sounded_is_answered_and_not_greeted_when_its_voice_fails() -> None:
    call = Call(welcome_message="Welcome.")
    call.begins()
    call.wait(900)
    call.hears("hello I need a table for two")
    call.give(ev.ProviderFailed, "voice", "x", "broken_stream", "no", call.last(fx.Clear).generation)
    call.clears(0)
    call.pauses()
    call.finishes("hello I need a table for two")
    call.judges()
    assert {speak.purpose for speak in call.all(fx.Speak)} == {"welcome"}
    assert {speak.generation for speak in call.all(fx.Speak)} == {1}
    assert call.told() == ["user: hello I need a table for two"]


def test_a_voice_that_fails_twice_in_a_row_ends_the_call() -> None:
    call = Call(welcome_message="Welcome.")
    call.give(ev.ProviderFailed, "voice", "x", "broken_stream", "no", 1)
    call.clears(0)
    call.give(ev.ProviderFailed, "voice", "x", "broken_stream", "no", 2)
    assert call.last(fx.HangUp) == fx.HangUp("Error", "synthesizer_error")


def test_a_voice_that_fails_in_mid_sentence_keeps_what_was_heard() -> None:
    call = asking()
    call.model_says("One two three four.")
    call.starts_playing()
    call.wait(400)
    call.give(ev.ProviderFailed, "voice", "x", "broken_stream", "no", call.last(fx.Release).generation)
    call.clears(400)
    assert call.said()[-1] == "agent: One two"
    assert [(speak.text, speak.purpose) for speak in call.clauses()] == [("three four.", "reply")]
    call.plays()
    assert call.said()[-1] == "agent: three four."
    call.caller_says("and five?")
    assert call.told()[-2:] == ["assistant: One two three four.", "user: and five?"]


def voice_fails(call: Call, index: int) -> None:
    """The voice fails at a clause of the newest utterance that was released."""
    generation = call.last(fx.Release).generation
    call.give(ev.ProviderFailed, "voice", "x", "limit_reached", "429", generation, 0, index)


def is_made(call: Call, index: int) -> None:
    """The voice has synthesised a clause of the newest utterance, of 200 ms for each word."""
    speak = call.clauses()[index]
    words = tuple((word, i * 200, (i + 1) * 200) for i, word in enumerate(speak.text.split()))
    call.give(ev.VoiceReady, speak.generation, index)
    call.give(ev.VoiceFinished, speak.generation, index, len(words) * 200, words, False)


def sounding(text: str = "The price is twelve dollars. The next free one is tomorrow.", **plan: Any) -> Call:
    """The first clause of a reply is heard, and the next is not made yet."""
    call = asking(**plan)
    call.model_says(text, ended=not plan.pop("answering", False))
    is_made(call, 0)
    call.wait(1_000)
    call.give(ev.PlayoutStarted, call.last(fx.Release).generation)
    call.wait(400)
    return call


def test_a_voice_that_fails_at_a_later_clause_does_not_cut_the_one_that_is_heard_and_says_the_rest_again() -> None:
    call = sounding()
    first, *rest = [speak.text for speak in call.clauses()]
    voice_fails(call, 1)
    assert not call.all(fx.Clear)
    assert call.last(fx.EndSpeech).clauses == 1
    call.wait(600)
    call.give(ev.MarkPlayed, call.last(fx.Release).generation, 0)
    said = call.last(fx.AgentSaid)
    assert (said.text, said.cut, said.estimated) == (first, True, False)
    assert call.last(fx.Release).resumes == said.generation
    assert " ".join(speak.text for speak in call.clauses()) == " ".join(rest)
    call.plays()
    assert call.last(fx.AgentSaid).text == " ".join(rest)
    assert len(call.all(fx.AskModel)) == 1
    call.caller_says("thank you")
    assert call.told()[-2] == f"assistant: {' '.join((first, *rest))}"


def test_what_the_model_says_behind_a_voice_that_failed_is_said_with_the_rest() -> None:
    call = asking()
    call.model_says("One two three four five. Six seven eight. ", ended=False)
    is_made(call, 0)
    call.wait(1_000)
    call.give(ev.PlayoutStarted, call.last(fx.Release).generation)
    voice_fails(call, 1)
    spoken = len(call.all(fx.Speak))
    call.model_says("Nine ten eleven. ")
    assert len(call.all(fx.Speak)) == spoken, "a voice that failed is asked for the rest as a whole"
    call.give(ev.MarkPlayed, call.last(fx.Release).generation, 0)
    assert " ".join(speak.text for speak in call.clauses()).endswith("Six seven eight. Nine ten eleven.")
    call.plays()
    assert call.core.state == "listening"
    assert len(call.all(fx.AskModel)) == 1


def test_a_model_that_still_speaks_when_what_was_made_is_over_is_asked_to_go_on_behind_the_rest() -> None:
    call = asking()
    call.model_says("One two three four five. Six seven eight. ", ended=False)
    is_made(call, 0)
    call.wait(1_000)
    call.give(ev.PlayoutStarted, call.last(fx.Release).generation)
    voice_fails(call, 1)
    call.give(ev.MarkPlayed, call.last(fx.Release).generation, 0)
    assert call.last(fx.CancelModel).request == call.last(fx.AskModel).request
    call.plays()
    assert call.told()[-1] == "assistant: One two three four five. Six seven eight."


def test_a_voice_that_goes_on_failing_at_a_later_clause_ends_the_call_behind_what_it_had_made() -> None:
    call = sounding()
    first = call.clauses()[0].text
    voice_fails(call, 1)
    call.wait(600)
    call.give(ev.MarkPlayed, call.last(fx.Release).generation, 0)
    voice_fails(call, 0)
    call.clears(0)
    assert call.last(fx.Release).resumes, "it is tried once more"
    voice_fails(call, 0)
    assert call.hung_up() == "synthesizer_error"
    call.clears(0)
    call.ends()
    assert call.said() == ["caller: hello there", f"agent: {first}"]


def test_a_voice_that_breaks_off_in_every_clause_ends_the_call() -> None:
    call = asking()
    call.model_says("One two three four.")
    for _ in range(2):
        call.give(ev.VoiceReady, call.last(fx.Speak).generation, 0)
        call.wait(1_000)
        call.give(ev.PlayoutStarted, call.last(fx.Release).generation)
        voice_fails(call, 0)
        call.clears(0)
    assert call.hung_up() == "synthesizer_error"


def test_a_voice_that_makes_a_clause_after_it_failed_is_forgiven() -> None:
    call = asking()
    call.model_says("One two three four.")
    call.starts_playing()
    voice_fails(call, 0)
    call.clears(400)
    call.starts_playing()
    voice_fails(call, 0)
    call.clears(200)
    assert not call.hung_up()
    call.plays()
    assert call.said()[1:] == ["agent: One two", "agent: three", "agent: four."]


def test_a_failure_that_is_told_twice_counts_once() -> None:
    call = sounding()
    voice_fails(call, 1)
    voice_fails(call, 1)
    voice_fails(call, 2)
    assert call.notes().count("voice_failed") == 1
    assert not call.all(fx.Clear)


def test_a_failure_at_an_earlier_clause_that_is_told_later_leaves_more_to_say() -> None:
    call = asking()
    call.model_says("One two three four five. Six seven eight. Nine ten eleven.")
    is_made(call, 0)
    call.wait(1_000)
    generation = call.last(fx.Release).generation
    call.give(ev.PlayoutStarted, generation)
    rest = " ".join(speak.text for speak in call.clauses()[1:])
    voice_fails(call, 2)
    voice_fails(call, 1)
    call.give(ev.MarkPlayed, generation, 0)
    assert " ".join(speak.text for speak in call.clauses()) == rest
    call.plays()
    assert call.core.state == "listening"


def test_a_caller_who_speaks_over_what_was_made_is_answered_and_hears_no_rest() -> None:
    call = sounding()
    voice_fails(call, 1)
    call.begins()
    call.wait(200)
    call.finishes("wait a moment please")
    call.clears(600)
    call.pauses()
    call.judges()
    assert call.told()[-2:] == ["assistant: The price is", "user: wait a moment please"]
    assert not [release for release in call.all(fx.Release) if release.resumes]


def test_what_is_prepared_behind_a_reply_waits_for_its_rest() -> None:
    call = asking(tools=(Tool("book", "Book a table", "{}"),))
    call.model_says("One two three four five. Six seven eight. ", ended=False)
    call.model_calls("book")
    call.model_ends()
    is_made(call, 0)
    call.wait(1_000)
    call.give(ev.PlayoutStarted, call.last(fx.Release).generation)
    call.give(ev.ToolResult, call.last(fx.CallTool).request, True, "done")
    assert len(call.all(fx.AskModel)) == 2
    voice_fails(call, 1)
    assert call.last(fx.Withdrawn).reason == "voice_failed"
    assert len(call.all(fx.AskModel)) == 2
    call.give(ev.MarkPlayed, call.last(fx.Release).generation, 0)
    assert call.last(fx.Release).resumes
    assert len(call.all(fx.AskModel)) == 3


def test_last_words_whose_voice_fails_in_the_middle_are_said_to_their_end() -> None:
    call = Call(end_call_tool=True)
    call.caller_says("bye")
    call.model_says("It was nice to talk. Goodbye my friend.", ended=False)
    call.model_calls("end_call")
    call.model_ends()
    is_made(call, 0)
    call.wait(1_000)
    call.give(ev.PlayoutStarted, call.last(fx.Release).generation)
    first = call.clauses()[0].text
    voice_fails(call, 1)
    assert not call.hung_up()
    call.give(ev.MarkPlayed, call.last(fx.Release).generation, 0)
    call.plays()
    assert (
        " ".join(line.removeprefix("agent: ") for line in call.said()[1:]) == "It was nice to talk. Goodbye my friend."
    )
    assert call.said()[1] == f"agent: {first}"
    assert call.hung_up() == "end_call_tool"


@pytest.mark.parametrize("again", [True, False])
def test_last_words_that_the_voice_breaks_off_are_said_to_their_end(again: bool) -> None:
    call = Call(end_call_tool=True)
    call.caller_says("bye")
    call.model_says("It was nice to talk to you today. Goodbye my friend.", ended=False)
    call.model_calls("end_call")
    call.model_ends()
    call.starts_playing()
    call.wait(400)
    voice_fails(call, 0)
    assert not call.hung_up()
    call.clears(400)
    if again:
        call.give(ev.VoiceReady, call.last(fx.Speak).generation, 0)
        call.give(ev.PlayoutStarted, call.last(fx.Speak).generation)
        call.wait(100)
        voice_fails(call, 0)
        assert call.hung_up() == "end_call_tool"
        return
    call.plays()
    assert " ".join(line.removeprefix("agent: ") for line in call.said()[1:]) == (
        "It was nice to talk to you today. Goodbye my friend."
    )
    assert call.hung_up() == "end_call_tool"


def test_last_words_that_the_voice_breaks_off_while_the_model_has_not_ended_are_said_to_their_end() -> None:
    call = Call(end_call_tool=True)
    call.caller_says("bye")
    call.model_says("It was nice to talk to you today. ", ended=False)
    call.model_calls("end_call")
    call.starts_playing()
    call.wait(400)
    voice_fails(call, 0)
    call.clears(400)
    call.plays()
    said = " ".join(line.removeprefix("agent: ") for line in call.said()[1:])
    assert said == "It was nice to talk to you today."
    assert call.hung_up() == "end_call_tool"


def test_a_released_reply_whose_voice_never_sounds_is_asked_again() -> None:
    call = asking()
    call.model_says("One two three four.")
    call.give(ev.VoiceReady, call.last(fx.Speak).generation, 0)
    call.wait(1_000)
    assert call.all(fx.Release)
    call.give(ev.ProviderFailed, "voice", "x", "broken_stream", "no", call.last(fx.Release).generation)
    call.clears(0)
    assert len(call.all(fx.AskModel)) == 2
    assert call.told() == ["user: hello there"]


def test_a_voice_without_a_sound_is_given_up() -> None:
    call = Call(welcome_message="Welcome.")
    call.wait(20_000)
    assert "voice_timeout" in call.notes()
    call.wait(20_000)
    assert call.hung_up() == "synthesizer_error"


def test_a_voice_that_fails_at_the_goodbye_hangs_up_for_the_calls_own_reason() -> None:
    call = Call(hangup_after_silence_ms=3_000, check_if_user_online=False, hangup_message="Bye.")
    call.wait(3_000)
    call.give(ev.ProviderFailed, "turn", "x", "unavailable", "no")
    call.give(ev.ProviderFailed, "voice", "x", "unavailable", "no", 1)
    assert call.hung_up() == "inactivity_timeout"


def test_a_model_that_fails_during_its_last_words_ends_them() -> None:
    call = Call(end_call_tool=True)
    call.caller_says("bye")
    call.model_says("Goodbye my ", ended=False)
    call.model_calls("end_call")
    call.model_says("friend. ", ended=False)
    call.starts_playing()
    call.model_fails()
    for speak in call.clauses():
        call.give(ev.MarkPlayed, speak.generation, speak.index)
    assert call.said()[-1] == "agent: Goodbye my friend."
    assert call.hung_up() == "end_call_tool"


def test_a_missing_last_mark_is_made_up_for() -> None:
    call = asking()
    call.model_says("One two three.")
    call.starts_playing()
    call.wait(6_000)
    said = call.last(fx.AgentSaid)
    assert (said.text, said.cut, said.estimated) == ("One two three.", False, True)
    assert "mark_missing" in call.notes()


def test_a_playout_of_unknown_length_that_never_ends_is_cut() -> None:
    call = asking()
    call.model_says("One two three.")
    generation = call.last(fx.Speak).generation
    call.give(ev.VoiceReady, generation, 0)
    call.wait(1_000)
    call.give(ev.PlayoutStarted, generation)
    call.wait(len("One two three.") * SLOW_MS_PER_CHARACTER + PLAYOUT_SLACK_MS)
    assert call.last(fx.Clear).generation == generation


def test_a_reply_whose_slow_voice_makes_it_no_faster_than_it_is_heard_is_not_given_up_by_its_letters() -> None:
    call = asking()
    call.model_says("The number is 4711 2208 3390 5527.")
    call.wait(1_000)
    generation = call.clauses()[0].generation
    for speak in call.clauses():
        call.give(ev.VoiceReady, generation, speak.index)
        if not speak.index:
            call.give(ev.PlayoutStarted, generation)
        call.wait(len(speak.text) * 250)
        call.give(ev.VoiceFinished, generation, speak.index, len(speak.text) * 250)
        call.give(ev.MarkPlayed, generation, speak.index)
    assert call.said()[-1] == "agent: The number is 4711 2208 3390 5527."
    assert not call.notes()


def test_a_first_sound_that_is_told_again_does_not_begin_the_wait_anew() -> None:
    call = asking()
    call.model_says("One two three.")
    call.starts_playing()
    generation = call.last(fx.Speak).generation
    for _ in range(3):
        call.wait(2_000)
        call.give(ev.VoiceReady, generation, 0)
    assert "mark_missing" in call.notes()


def test_stray_reports_of_the_voice_change_nothing() -> None:
    call = asking()
    call.model_says("One two three.")
    generation = call.last(fx.Speak).generation
    call.give(ev.VoiceFinished, generation, 7, 100)
    call.give(ev.MarkPlayed, generation, 0)
    call.give(ev.Cleared, generation, 0)
    call.give(ev.PlayoutStarted, 99)
    call.starts_playing()
    call.give(ev.MarkPlayed, generation, 7)
    call.give(ev.PlayoutStarted, generation)
    assert call.core.state == "speaking"


def test_audio_of_a_clause_that_was_never_asked_for_releases_nothing() -> None:
    call = Call(incremental_delay_ms=0)
    call.caller_says("hello")
    call.give(ev.VoiceReady, call.last(fx.AskModel).generation, 0)
    assert not call.all(fx.UserSaid)
    call.agent_replies("Good morning.")
    assert call.said() == ["caller: hello", "agent: Good morning."]


def test_a_voice_that_fails_at_a_clause_that_nobody_names_silences_what_is_heard_and_the_rest_follows() -> None:
    """As in logs from before the clause was told."""
    call = sounding()
    voice_fails(call, -1)
    call.clears(400)
    assert call.last(fx.AgentSaid).text == "The price"
    assert call.clauses()[0].text.startswith("is twelve")
