"""How calls end."""

from typing import Any

import pytest
from tests.unit.conversation.call_builder import WORD_MS, Call

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import (
    ENDING_MOST_MS,
    GOODBYE_MOST_MS,
    GRACE_MS,
    LEAVE_WAIT_MS,
    PLAYOUT_SLACK_MS,
    SLOW_MS_PER_CHARACTER,
    VOICE_WAIT_MS,
)
from callwright.conversation.ending import DEFAULT_HANGUP_PROMPT


@pytest.mark.proves("task_config.call_terminate", "task_config.call_hangup_message")
def test_a_call_ends_at_its_maximum_with_the_goodbye() -> None:
    call = Call(call_terminate_ms=5_000, hangup_message="Time is up, goodbye.", welcome_message="Hello.")
    call.plays()
    call.wait(4_999 - call.audio_ms)
    assert call.core.state != "closing", "not before"
    call.wait(1)
    assert call.core.state == "closing"
    call.plays()
    assert call.hung_up() == "max_duration_reached"
    assert call.said() == ["agent: Hello.", "agent: Time is up, goodbye."]


def test_what_the_caller_said_last_stands_before_the_goodbye_at_the_maximum() -> None:
    call = Call(call_terminate_ms=5_000, hangup_message="Time is up, goodbye.")
    call.caller_says("I want to book")
    call.wait(5_000 - call.audio_ms)
    call.plays()
    assert call.hung_up() == "max_duration_reached"
    assert call.said() == ["caller: I want to book", "agent: Time is up, goodbye."]


def test_what_the_caller_said_last_stands_before_the_goodbye_of_a_deaf_agent() -> None:
    call = Call(call_terminate_ms=0, failure_message="Sorry, goodbye.")
    call.caller_says("hello there")
    call.give(ev.ProviderFailed, "transcriber", "x", "broken_stream", "gone")
    call.plays()
    assert call.said() == ["caller: hello there", "agent: Sorry, goodbye."]


def test_the_maximum_cuts_what_is_being_said() -> None:
    call = Call(call_terminate_ms=5_000, welcome_message="One two three four five six seven eight nine ten.")
    call.wait(4_000)
    call.starts_playing()
    call.wait(1_000)
    call.clears(1_000)
    assert call.said() == ["agent: One two three four five"]
    assert call.hung_up() == "max_duration_reached"


@pytest.mark.parametrize("message", ["", "Goodbye, and thank you for calling us today."])
def test_a_call_ends_within_its_maximum_even_if_nothing_ever_answers(message: str) -> None:
    call = Call(call_terminate_ms=5_000, hangup_message=message, welcome_message="Hello.")
    call.wait(5_000 + GRACE_MS)
    assert call.core.ended
    assert call.hung_up()


def test_zero_as_maximum_means_the_platforms_own() -> None:
    call = Call(call_terminate_ms=0, hangup_after_silence_ms=0, check_if_user_online=False)
    call.wait(2_399_999)
    assert not call.hung_up()
    call.wait(1)
    assert call.hung_up() == "max_duration_reached"


def test_the_maximum_during_a_goodbye_leaves_the_reason_alone() -> None:
    call = Call(
        call_terminate_ms=5_000, hangup_after_silence_ms=4_000, check_if_user_online=False, hangup_message="Bye now."
    )
    call.wait(4_500)
    call.voice_speaks()
    call.wait(30_000)
    assert call.hung_up() == "inactivity_timeout"


def ends_with(text: str, **plan: Any) -> Call:
    """A call that the model ends with ``text``."""
    call = Call(**{"end_call_tool": True, "call_terminate_ms": 0, **plan})
    call.caller_says("bye")
    call.model_says(text, ended=False)
    call.model_calls("end_call")
    call.model_ends()
    return call


def test_the_models_last_words_are_heard_to_their_end_however_long_they_are() -> None:
    call = ends_with("word " * 100, hangup_message="Never said.")
    call.plays()
    assert call.hung_up() == "end_call_tool"
    assert call.notes() == []
    said = call.last(fx.AgentSaid)
    assert (len(said.text.split()), said.cut, said.heard_ms) == (100, False, 20_000)


def test_last_words_whose_end_is_not_told_are_over_soon_after_their_length() -> None:
    call = ends_with("One two three four.")
    call.starts_playing()
    call.wait(4 * WORD_MS + PLAYOUT_SLACK_MS - 1)
    assert not call.hung_up()
    call.wait(1)
    assert call.hung_up() == "end_call_tool"
    assert call.notes() == ["mark_missing"]


def test_a_call_that_ends_lets_the_model_finish_what_it_says() -> None:
    call = Call(call_terminate_ms=0, failure_message="Sorry, goodbye.")
    call.caller_says("hello")
    call.model_says("One two three four five. ", ended=False)
    call.starts_playing()
    call.give(ev.ProviderFailed, "transcriber", "x", "broken_stream", "gone")
    for _ in range(2):
        call.wait(18_000)
        call.model_says("Six seven. ", ended=False)
        call.voice_speaks()
    call.model_ends()
    for speak in call.clauses():
        call.give(ev.MarkPlayed, speak.generation, speak.index)
    call.plays()
    assert call.hung_up() == "transcriber_error"
    assert call.said()[1:] == ["agent: One two three four five. Six seven. Six seven.", "agent: Sorry, goodbye."]


def test_a_model_that_falls_silent_in_the_last_words_has_its_time_and_no_more() -> None:
    call = Call(call_terminate_ms=0, failure_message="Sorry, goodbye.", reply_timeout_ms=4_000)
    call.caller_says("hello")
    call.model_says("One two three four five. ", ended=False)
    call.starts_playing()
    call.give(ev.ProviderFailed, "transcriber", "x", "broken_stream", "gone")
    call.give(ev.MarkPlayed, call.last(fx.Release).generation, 0)
    call.wait(4_000)
    call.plays()
    assert call.hung_up() == "transcriber_error"
    assert call.said()[1:] == ["agent: One two three four five.", "agent: Sorry, goodbye."]


@pytest.mark.parametrize("last", [False, True])
def test_of_a_failing_voice_the_rest_of_last_words_is_said_and_not_of_a_question(last: bool) -> None:
    call = Call(call_terminate_ms=0, user_online_after_ms=5_000, user_online_message="Hello? Are you still there?")
    if last:
        call.caller_says("goodbye")
        call.model_says("See you soon. Goodbye.")
    else:
        call.wait(5_000)
    spoken = call.clauses()
    generation = spoken[0].generation
    call.give(ev.VoiceReady, generation, 0)
    call.wait(1_000 if last else 0)
    call.give(ev.PlayoutStarted, generation)
    call.give(ev.VoiceFinished, generation, 0, 900, (), True)
    call.give(ev.ProviderFailed, "voice", "x", "broken_stream", "failed", generation, 0, 1)
    call.give(ev.ProviderFailed, "transcriber", "x", "broken_stream", "gone")
    call.wait(900)
    call.give(ev.MarkPlayed, generation, 0)
    assert [speak.text for speak in call.all(fx.Speak)[len(spoken) :]][:1] == ([spoken[1].text] if last else ["Sorry,"])


def test_an_ending_that_never_ends_is_cut() -> None:
    call = Call(call_terminate_ms=0, reply_timeout_ms=20_000)
    call.caller_says("hello")
    call.model_says("One two three four five. ", ended=False)
    call.starts_playing()
    call.give(ev.ProviderFailed, "transcriber", "x", "broken_stream", "gone")
    for _ in range(ENDING_MOST_MS // 10_000):
        assert not call.hung_up()
        call.wait(10_000)
        call.model_says("Word. ", ended=False)
    assert call.hung_up() == "transcriber_error"
    assert "goodbye_cut" in call.notes()


def test_the_maximum_leaves_last_words_a_few_seconds() -> None:
    call = ends_with("word " * 200, call_terminate_ms=10_000)
    call.starts_playing()
    call.wait(10_000 + GOODBYE_MOST_MS - 1 - call.audio_ms)
    assert not call.hung_up()
    call.wait(1)
    assert call.hung_up() == "end_call_tool"
    assert "goodbye_cut" in call.notes()


LONG_GOODBYE = "Thank you for calling, please bring your insurance card with you, the code is 4711 2208. Goodbye."
SLOW_WORD_MS = 900


def says_goodbye(reason: str) -> Call:
    """A call that is about to end with LONG_GOODBYE."""
    call = Call(
        hangup_after_silence_ms=3_000,
        check_if_user_online=False,
        call_terminate_ms=0,
        hangup_message=LONG_GOODBYE,
        failure_message=LONG_GOODBYE,
        opt_out_message=LONG_GOODBYE,
    )
    if reason == "inactivity_timeout":
        call.wait(3_000)
    elif reason == "opted_out":
        call.caller_says("stop calling me")
    else:
        call.give(ev.ProviderFailed, "transcriber", "x", "broken_stream", "gone")
    return call


@pytest.mark.parametrize("reason", ["inactivity_timeout", "opted_out", "transcriber_error"])
def test_a_goodbye_takes_as_long_as_its_voice_told(reason: str) -> None:
    call = says_goodbye(reason)
    call.wait(6_000)  # its first sound is late
    call.plays(SLOW_WORD_MS)
    assert call.hung_up() == reason
    assert call.last(fx.AgentSaid).text == LONG_GOODBYE
    assert not call.last(fx.AgentSaid).cut


def test_a_goodbye_is_not_waited_for_longer_than_its_voice_told() -> None:
    call = says_goodbye("inactivity_timeout")
    call.starts_playing(SLOW_WORD_MS)
    call.wait(len(LONG_GOODBYE.split()) * SLOW_WORD_MS + PLAYOUT_SLACK_MS)
    assert call.hung_up() == "inactivity_timeout"


def test_a_goodbye_whose_voice_tells_no_length_has_the_time_of_a_slow_one() -> None:
    call = says_goodbye("inactivity_timeout")
    for speak in call.clauses():
        call.give(ev.VoiceReady, speak.generation, speak.index)
    call.give(ev.PlayoutStarted, call.last(fx.Release).generation)
    letters = sum(len(speak.text) for speak in call.clauses())
    call.wait(letters * SLOW_MS_PER_CHARACTER + PLAYOUT_SLACK_MS - 1)
    assert not call.hung_up()
    call.wait(1)
    assert call.hung_up() == "inactivity_timeout"


def test_the_maximum_leaves_its_goodbye_a_few_seconds() -> None:
    call = Call(call_terminate_ms=5_000, hangup_message=LONG_GOODBYE)
    call.wait(5_000)
    call.starts_playing(3 * SLOW_WORD_MS)
    call.wait(GOODBYE_MOST_MS - 1)
    assert not call.hung_up()
    call.wait(1)
    assert call.hung_up() == "max_duration_reached"


def test_a_goodbye_is_not_interruptible_but_the_words_are_kept() -> None:
    call = Call(call_terminate_ms=4_000, hangup_message="Bye now.", user_online_after_ms=9_000)
    call.wait(4_000)
    call.starts_playing()
    call.begins()
    call.hears("no wait")
    call.finishes("no wait I have a question")
    assert not call.all(fx.Clear)
    call.give(ev.MarkPlayed, 1, 0)
    assert call.hung_up() == "max_duration_reached"
    call.ends()
    assert call.said() == ["agent: Bye now.", "caller: no wait I have a question"]


@pytest.mark.proves("task_config.end_call_tool_mode")
def test_the_model_ends_the_call_with_its_own_goodbye() -> None:
    call = Call(end_call_tool=True, hangup_message="Never said.")
    call.caller_says("that is all thank you")
    assert [tool.name for tool in call.last(fx.AskModel).tools] == ["end_call"]
    call.model_says("Goodbye then.", ended=False)
    call.model_calls("end_call")
    call.model_ends()
    call.voice_speaks()
    call.wait(1_000)
    assert call.core.state == "closing", "from the moment its goodbye may be heard"
    call.starts_playing()
    assert not call.hung_up()
    call.give(ev.MarkPlayed, call.last(fx.Release).generation, 0)
    assert call.hung_up() == "end_call_tool"
    assert call.said() == ["caller: that is all thank you", "agent: Goodbye then."]


@pytest.mark.proves("task_config.call_hangup_message")
def test_the_model_ends_the_call_without_a_word() -> None:
    call = Call(end_call_tool=True, hangup_message="Goodbye {name}.")
    call.caller_says("that is all thank you")
    call.model_calls("end_call")
    call.model_ends()
    call.wait(1_000)
    call.plays()
    assert call.hung_up() == "end_call_tool"
    assert call.said() == ["caller: that is all thank you", "agent: Goodbye Ada."]


def test_a_call_that_ends_at_a_deadline_ends_as_of_that_deadline_however_late_the_runner_is() -> None:
    call = Call(end_call_tool=True, incremental_delay_ms=0, speculate=True)
    call.begins()
    call.wait(500)
    call.pauses()
    call.finishes("that is all")
    call.judges(100_000)
    call.model_calls("end_call")
    call.model_ends()
    call.now_ms += 3_000  # patience ran out 2 s ago
    call.give(ev.DeadlineReached)
    assert call.hung_up() == "end_call_tool"
    assert call.core.next_deadline() == (call.answered_ms + 500 + 1_000 + LEAVE_WAIT_MS) * 1000


def test_the_model_ends_the_call_while_its_words_are_already_heard() -> None:
    call = Call(end_call_tool=True)
    call.caller_says("that is all thank you")
    call.model_says("Goodbye then. ", ended=False)
    call.starts_playing()
    call.model_calls("end_call")
    call.begins()
    call.segment += 1
    call.hears("oh wait one more thing")
    assert not call.all(fx.Clear)
    call.model_ends()
    assert call.core.state == "closing"
    call.give(ev.MarkPlayed, call.last(fx.Release).generation, 0)
    assert call.hung_up() == "end_call_tool"


def test_an_end_of_call_the_caller_forestalls_is_forgotten() -> None:
    call = Call(end_call_tool=True)
    call.caller_says("that is all")
    call.model_calls("end_call")
    call.finishes("no it is not")
    call.judges()
    call.wait(2_000)
    assert not call.hung_up()


@pytest.mark.proves(
    "task_config.hangup_after_LLMCall", "task_config.call_cancellation_prompt", "task_config.call_hangup_message"
)
def test_a_model_says_after_each_reply_whether_the_call_is_over() -> None:
    call = Call(hangup_by_prompt=True, hangup_prompt="Has {name} said goodbye?", hangup_message="Bye.")
    call.caller_says("bye bye")
    call.agent_replies("See you.")
    question = call.last(fx.AskClassifier)
    assert question.purpose == "hangup"
    assert [m.content for m in question.messages] == [
        "Has Ada said goodbye?",
        "user: bye bye\nassistant: See you.",
    ]
    call.give(ev.ClassifierVerdict, question.request, "hangup", True)
    call.plays()
    assert call.hung_up() == "llm_prompted_hangup"


@pytest.mark.proves("task_config.call_cancellation_prompt")
@pytest.mark.parametrize("wanted", [True, False])
def test_without_a_question_of_the_agents_own_a_model_is_asked_ours_and_only_where_it_is_wanted(wanted: bool) -> None:
    call = Call(hangup_by_prompt=wanted, hangup_prompt="" if wanted else "Is it over?")
    call.caller_says("bye bye")
    call.agent_replies("See you.")
    asked = [question.messages[0].content for question in call.all(fx.AskClassifier)]
    assert asked == ([DEFAULT_HANGUP_PROMPT] if wanted else [])


def test_no_hangs_nothing_up_and_another_answer_counts_for_nothing() -> None:
    call = Call(hangup_by_prompt=True)
    call.caller_says("hello there")
    call.agent_replies("Hello.")
    question = call.last(fx.AskClassifier)
    call.give(ev.ClassifierVerdict, 999, "hangup", True)
    call.give(ev.ClassifierVerdict, question.request, "hangup", False)
    call.give(ev.ClassifierVerdict, question.request, "hangup", True)
    assert not call.hung_up()


def test_a_verdict_nobody_asked_for_ends_nothing() -> None:
    call = Call(hangup_by_prompt=True)
    call.give(ev.ClassifierVerdict, 0, "hangup", True)
    assert not call.hung_up()


def test_an_answer_to_another_question_ends_nothing() -> None:
    call = Call(hangup_by_prompt=True)
    call.caller_says("bye bye")
    call.agent_replies("See you.")
    question = call.last(fx.AskClassifier).request
    call.give(ev.ClassifierVerdict, question, "voicemail", True)
    assert not call.hung_up()
    call.give(ev.ClassifierVerdict, question, "hangup", True)
    assert call.hung_up() == "llm_prompted_hangup"


def test_a_caller_who_goes_on_voids_the_verdict() -> None:
    call = Call(hangup_by_prompt=True)
    call.caller_says("bye bye")
    call.agent_replies("See you.")
    call.begins()
    call.give(ev.ClassifierVerdict, call.last(fx.AskClassifier).request, "hangup", True)
    assert not call.hung_up()
    assert "hangup_voided" in call.notes()


@pytest.mark.parametrize("words", ["and one more question please", ""])
def test_a_sound_that_is_not_read_yet_voids_the_verdict_and_the_question_is_put_again_when_it_was_none(
    words: str,
) -> None:
    call = Call(hangup_by_prompt=True)
    call.caller_says("what time do you open")
    call.agent_replies("At nine.")
    call.begins()
    call.wait(900)
    call.pauses()
    call.give(ev.ClassifierVerdict, call.last(fx.AskClassifier).request, "hangup", True)
    assert not call.hung_up()
    call.finishes(words)
    call.judges()
    assert call.notes().count("hangup_voided") == 1
    if words:
        assert call.told()[-1] == f"user: {words}"
        assert len(call.all(fx.AskClassifier)) == 1
        return
    assert len(call.all(fx.AskClassifier)) == 2
    call.give(ev.ClassifierVerdict, call.last(fx.AskClassifier).request, "hangup", True)
    assert call.hung_up() == "llm_prompted_hangup"


def test_nobody_who_holds_the_line_is_hung_up_on_by_a_verdict() -> None:
    call = Call(hangup_by_prompt=True)
    call.caller_says("one moment please")
    call.agent_replies("Take your time.")
    call.give(ev.LineHeld, True)
    call.give(ev.ClassifierVerdict, call.last(fx.AskClassifier).request, "hangup", True)
    assert not call.hung_up()
    assert "hangup_voided" in call.notes()


def test_a_question_whose_model_fails_is_forgotten() -> None:
    call = Call(hangup_by_prompt=True)
    call.caller_says("bye bye")
    call.agent_replies("See you.")
    question = call.last(fx.AskClassifier).request
    call.give(ev.ProviderFailed, "model", "x", "unavailable", "no", 0, question)
    call.give(ev.ClassifierVerdict, question, "hangup", True)
    assert not call.hung_up()


def test_a_stop_request_silences_the_agent_and_hangs_up() -> None:
    call = Call(welcome_message="One two three four.")
    call.starts_playing()
    call.wait(400)
    effects = call.give(ev.StopRequested, "API Request", "stopped")
    assert [type(effect) for effect in effects] == [fx.Clear, fx.CancelVoice, fx.HangUp]
    assert call.last(fx.HangUp) == fx.HangUp("API Request", "stopped")
    call.clears(400)
    assert call.said() == ["agent: One two"]
    call.ends()
    assert call.core.ended


def test_a_stop_request_while_it_rings_hangs_up() -> None:
    call = Call(answered=False)
    call.give(ev.StopRequested, "API Request", "stopped")
    call.give(ev.StopRequested, "API Request", "again")
    assert call.all(fx.HangUp) == [fx.HangUp("API Request", "stopped")]


def test_a_caller_who_hangs_up_in_mid_word_leaves_a_true_record() -> None:
    call = Call()
    call.caller_says("hello")
    call.model_says("One two three four.")
    call.starts_playing()
    call.wait(450)
    call.begins()
    call.segment += 1
    call.hears("I must")
    call.ends()
    assert call.said() == ["caller: hello", "agent: One two", "caller: I must"]
    assert call.last(fx.AgentSaid).estimated
    assert call.core.next_deadline() is None


def test_a_prepared_reply_is_withdrawn_when_the_caller_hangs_up() -> None:
    call = Call()
    call.caller_says("hello")
    call.ends()
    assert call.last(fx.Withdrawn).reason == "call_ended"
    assert call.said() == ["caller: hello"]
    assert not call.all(fx.CancelModel)


def test_after_the_end_nothing_but_notes() -> None:
    call = Call(answered=False)
    call.ends()
    seen = len(call.effects)
    call.give(ev.TranscriptFinal, 100, 9, "too late")
    call.give(ev.TranscriptFinal, 100, 10, "")
    call.give(ev.ToolResult, 3, True, "{}")
    call.give(ev.StopRequested, "x", "y")
    assert [type(effect) for effect in call.effects[seen:]] == [fx.Note, fx.Note, fx.Note]
    assert call.effects[seen] == fx.Note("words_after_end", "too late")


def test_words_cut_off_by_the_end_are_told_again_when_they_are_read_whole() -> None:
    call = Call()
    call.begins()
    call.hears("tor")
    call.wait(300)
    call.ends()
    assert call.said() == ["caller: tor"]
    call.give(ev.TranscriptFinal, 300, 1, "sorry could you")
    told = call.last(fx.UserSaid)
    assert (told.turn, told.text) == (1, "sorry could you")


def test_words_read_only_after_the_end_are_a_turn_of_their_own() -> None:
    call = Call()
    call.caller_says("hello")
    call.model_says("Hi.")
    call.plays()
    call.begins()
    call.wait(300)
    call.ends()
    call.give(ev.TranscriptFinal, 5_000, 2, "bye now")
    told = call.last(fx.UserSaid)
    assert (told.turn, told.text) == (2, "bye now")


def test_words_of_earlier_turns_are_not_told_again_after_the_end() -> None:
    call = Call()
    call.caller_says("hello")
    call.model_says("Hi.")
    call.plays()
    call.ends()
    seen = len(call.effects)
    call.give(ev.TranscriptFinal, 1_000, 1, "hello")
    assert call.effects[seen:] == [fx.Note("words_after_end", "hello")]


def test_the_same_words_after_the_end_change_nothing() -> None:
    call = Call()
    call.begins()
    call.hears("bye")
    call.ends()
    seen = len(call.effects)
    call.give(ev.TranscriptFinal, 300, 1, "bye")
    assert call.effects[seen:] == []


def test_a_deaf_agent_says_so_and_hangs_up() -> None:
    call = Call(failure_message="Sorry, goodbye.")
    call.give(ev.ProviderFailed, "transcriber", "x", "broken_stream", "gone")
    call.plays()
    assert call.hung_up() == "transcriber_error"
    assert call.last(fx.HangUp).by == "Error"


def test_a_voice_that_is_waited_for_is_not_waited_for_longer_because_the_call_ends() -> None:
    call = Call(welcome_message="Hello, this is reception.", failure_message="Sorry, goodbye.")
    call.wait(8_000)
    call.give(ev.ProviderFailed, "transcriber", "x", "broken_stream", "gone")
    call.wait(VOICE_WAIT_MS - 8_000)
    assert call.hung_up() == "transcriber_error"


def test_a_voice_that_was_cut_at_the_maximum_is_not_waited_for_and_the_goodbye_is_said() -> None:
    call = Call(
        welcome_message="Hello, this is reception.", hangup_message="Goodbye.", call_terminate_ms=VOICE_WAIT_MS - 100
    )
    call.wait(VOICE_WAIT_MS)
    call.clears(0)
    call.plays()
    assert call.last(fx.AgentSaid).text == "Goodbye."
    assert call.hung_up() == "max_duration_reached"


def test_taken_words_that_are_read_differently_after_the_call_are_noted() -> None:
    call = Call()
    call.caller_says("a table")
    call.agent_replies("For how many?")
    call.hears("a table for four")
    call.ends()
    seen = len(call.effects)
    call.give(ev.TranscriptFinal, call.audio_ms, 1, "the table for four")
    assert fx.Note("words_revised", "the table for four") in call.effects[seen:]


def speaking() -> Call:
    """The agent is saying two clauses of 1,400 and 2,000 ms, and the second begins 4 s after the end of the first."""
    call = Call(incremental_delay_ms=0)
    call.caller_says("What is the price?")
    call.model_says("The price is twelve dollars a month. ", ended=False)
    call.starts_playing()
    generation = call.clauses()[0].generation
    for speak in call.clauses():
        call.wait(len(speak.text.split()) * WORD_MS)
        call.give(ev.MarkPlayed, generation, speak.index)
    call.wait(4_000)
    call.model_says("And the next free appointment is tomorrow at nine.")
    return call


def heard_last(call: Call) -> tuple[str, bool, int]:
    said = call.last(fx.AgentSaid)
    return said.text, said.estimated, said.heard_ms


@pytest.mark.parametrize(
    ("second_ms", "text"),
    [
        (0, "The price is twelve dollars a month."),
        (450, "The price is twelve dollars a month. And the"),
        (1_800, "The price is twelve dollars a month. And the next free appointment is tomorrow at nine."),
    ],
)
def test_what_a_caller_heard_who_hangs_up_is_what_the_pacer_says(second_ms: int, text: str) -> None:
    call = speaking()
    call.voice_speaks()
    call.wait(100)
    call.ends(call.last(fx.Release).generation, 1_400 + second_ms)
    assert heard_last(call) == (text, False, 1_400 + second_ms)
    assert call.last(fx.AgentSaid).cut is (second_ms < 1_800)


def test_a_caller_who_hangs_up_behind_a_clear_heard_what_the_pacer_says_with_the_end() -> None:
    call = speaking()
    call.voice_speaks()
    generation = call.last(fx.Release).generation
    call.give(ev.StopRequested, "API Request", "stopped")
    call.ends(generation, 1_850)
    assert heard_last(call) == ("The price is twelve dollars a month. And the", False, 1_850)
    call.clears(1_700)
    assert len(call.all(fx.AgentSaid)) == 1, "the answer to the clear comes late and changes nothing"


def test_how_far_another_reply_got_is_not_how_far_this_one_did() -> None:
    call = speaking()
    call.ends(call.last(fx.Release).generation - 1, 3_000)
    assert heard_last(call) == ("The price is twelve dollars a month.", True, 1_400)


def test_where_nobody_tells_a_pause_of_the_model_is_no_speech() -> None:
    call = speaking()
    call.voice_speaks()
    call.wait(450)
    call.ends()
    assert heard_last(call) == ("The price is twelve dollars a month. And the", True, 1_850)


def test_where_nobody_tells_nothing_is_heard_of_a_clause_without_any_sound() -> None:
    call = speaking()
    call.wait(6_000)
    call.ends()
    assert heard_last(call) == ("The price is twelve dollars a month.", True, 1_400)
