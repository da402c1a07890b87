"""Nobody speaks."""

from typing import Any

import pytest
from tests.unit.conversation.call_builder import Call

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.ports.model import Tool


@pytest.mark.proves("task_config.check_if_user_online", "task_config.check_user_online_message")
def test_the_question_is_asked_once_and_its_playout_restarts_the_clock() -> None:
    call = Call(user_online_after_ms=4_000, hangup_after_silence_ms=6_000, user_online_message="{name}, are you there?")
    call.wait(4_000)
    assert [speak.purpose for speak in call.all(fx.Speak)] == ["silence", "silence"]
    call.plays()
    assert call.said() == ["agent: Ada, are you there?"]
    assert not call.wait(5_999)
    call.wait(1)
    assert call.hung_up() == "inactivity_timeout"
    assert call.last(fx.HangUp).by == "Agent"


@pytest.mark.proves("task_config.trigger_user_online_message_after")
def test_the_question_comes_first_at_the_same_time() -> None:
    call = Call(user_online_after_ms=5_000, hangup_after_silence_ms=5_000)
    call.wait(5_000)
    assert call.all(fx.Speak)
    assert not call.hung_up()


@pytest.mark.proves("task_config.trigger_user_online_message_after")
def test_a_question_after_no_time_is_asked_at_once_after_every_reply() -> None:
    call = Call(user_online_after_ms=0, hangup_after_silence_ms=5_000, welcome_message="")
    call.wait(1)
    asked = [speak.purpose for speak in call.all(fx.Speak)].count("silence")
    assert asked
    call.plays()
    for _ in range(2):
        call.caller_says("what is the price of it")
        call.agent_replies("Ten euros.")
        call.wait(1)
        assert [speak.purpose for speak in call.all(fx.Speak)].count("silence") > asked
        asked = [speak.purpose for speak in call.all(fx.Speak)].count("silence")
        call.plays()
    call.wait(5_000)
    assert call.hung_up() == "inactivity_timeout"


@pytest.mark.proves("task_config.trigger_user_online_message_after")
def test_hanging_up_sooner_than_the_question_hangs_up() -> None:
    call = Call(user_online_after_ms=5_000, hangup_after_silence_ms=3_000)
    call.wait(3_000)
    assert call.hung_up() == "inactivity_timeout"
    assert not call.all(fx.Speak)


@pytest.mark.proves("task_config.hangup_after_silence", "task_config.call_hangup_message")
def test_the_goodbye_is_spoken_before_hanging_up() -> None:
    call = Call(check_if_user_online=False, hangup_after_silence_ms=3_000, hangup_message="Goodbye {name}.")
    call.wait(2_999)
    assert call.core.state != "closing", "not before"
    call.wait(1)
    assert call.core.state == "closing"
    assert not call.hung_up()
    call.plays()
    assert call.said() == ["agent: Goodbye Ada."]
    assert call.last(fx.AgentSaid).purpose == "goodbye"
    assert call.hung_up() == "inactivity_timeout"


GOODBYE = "Goodbye now, have a nice day."


def silent(**plan: Any) -> Call:
    """A caller to whom the agent says goodbye because of a silence."""
    call = Call(**{"check_if_user_online": False, "hangup_after_silence_ms": 3_000, "hangup_message": GOODBYE, **plan})
    call.wait(3_000)
    assert call.core.state == "closing"
    return call


def begins_over_goodbye(after_ms: int, **plan: Any) -> Call:
    """The caller makes a sound so long after that goodbye was begun."""
    call = silent(**plan)
    call.starts_playing()
    call.wait(after_ms)
    call.begins()
    return call


def goodbye_ends(call: Call) -> None:
    """The goodbye was played to its end."""
    for index in range(len(call.clauses())):
        call.give(ev.MarkPlayed, 1, index)


@pytest.mark.proves("task_config.interruptible_hangup_message")
def test_words_over_the_goodbye_of_a_silence_take_it_back() -> None:
    call = begins_over_goodbye(400)
    call.wait(600)
    call.hears("hello I am still here")
    assert call.all(fx.Clear)
    assert "goodbye_taken_back" in call.notes()
    call.clears(1_000)
    call.pauses()
    call.finishes("hello I am still here")
    call.judges()
    assert call.told() == ["assistant: Goodbye now, have a nice", "user: hello I am still here"]
    call.agent_replies("Good.")
    assert not call.hung_up()
    call.wait(2_999)
    assert call.core.state == "listening", "the silence counts anew"
    call.wait(1)
    assert call.core.state == "closing"


def test_the_recogniser_is_told_how_long_who_takes_a_goodbye_back_may_pause() -> None:
    call = begins_over_goodbye(400)
    call.finishes("wait I am still here and")
    assert "goodbye_taken_back" in call.notes()
    assert call.last(fx.SetPatience).silence_ms == 900


@pytest.mark.proves("task_config.interruptible_hangup_message")
def test_an_agent_may_say_the_goodbye_of_a_silence_to_its_end() -> None:
    call = begins_over_goodbye(0, interruptible_goodbye=False)
    call.wait(600)
    call.finishes("hello I am still here")
    call.pauses()
    goodbye_ends(call)
    assert call.hung_up() == "inactivity_timeout"
    call.ends()
    assert call.said() == [f"agent: {GOODBYE}", "caller: hello I am still here"]


@pytest.mark.parametrize("words", ["sorry I was looking", "yes"])
def test_a_goodbye_nobody_has_heard_any_of_is_taken_back_whatever_the_setting(words: str) -> None:
    call = silent(interruptible_goodbye=False)
    call.begins()
    call.wait(300)
    call.finishes(words)
    assert call.core.state == "clearing"
    call.clears(0)
    call.pauses()
    call.judges()
    assert call.told() == [f"user: {words}"]


def begins_before_goodbye_sounds() -> Call:
    """The caller begins just before a goodbye that may not be interrupted is heard."""
    call = silent(interruptible_goodbye=False)
    call.begins()
    call.wait(100)
    call.starts_playing()
    return call


@pytest.mark.parametrize("words", ["sorry I was looking", "yes"])
def test_who_began_before_the_goodbye_sounded_takes_it_back_though_it_is_read_later(words: str) -> None:
    call = begins_before_goodbye_sounds()
    call.wait(500)
    call.finishes(words)
    assert call.core.state == "clearing"
    call.clears(500)
    call.pauses()
    call.judges()
    assert call.told() == ["assistant: Goodbye now,", f"user: {words}"]


def test_who_began_before_the_goodbye_sounded_is_waited_for_at_its_end() -> None:
    call = begins_before_goodbye_sounds()
    call.wait(1_200)
    goodbye_ends(call)
    call.wait(1_900)
    assert not call.hung_up()
    call.finishes("sorry I was looking")
    assert call.core.state == "hearing"


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


@pytest.mark.parametrize("words", ["okay", "the news at nine"])
def test_a_cough_before_the_goodbye_sounds_is_not_the_beginning_of_words_over_it(words: str) -> None:
    call = coughs_before_goodbye_sounds(interruptible_goodbye=False)
    call.finishes(words)
    call.pauses()
    assert "goodbye_taken_back" not in call.notes()
    assert not call.all(fx.Clear)
    goodbye_ends(call)
    call.wait(2_000)
    assert call.hung_up() == "inactivity_timeout"


def test_an_okay_over_the_goodbye_is_a_nod_after_a_cough_too() -> None:
    call = coughs_before_goodbye_sounds()
    call.finishes("okay")
    assert "goodbye_taken_back" not in call.notes()


def test_words_over_the_goodbye_that_the_detector_misses_are_not_begun_by_a_cough() -> None:
    call = silent(interruptible_goodbye=False)
    call.begins()
    call.wait(100)
    call.pauses()
    call.wait(50)
    call.starts_playing()
    call.wait(1_400)
    call.hears("the news")
    call.wait(100)
    call.hears("the news at")
    assert "goodbye_taken_back" not in call.notes()


def test_a_word_before_the_goodbye_sounds_is_read_late() -> None:
    call = coughs_before_goodbye_sounds(interruptible_goodbye=False)
    call.give(ev.TranscriptFinal, 100, 1, "yes")
    assert "goodbye_taken_back" in call.notes()


def test_words_for_which_the_last_sound_is_too_short_were_begun_before_the_goodbye_sounded() -> None:
    call = coughs_before_goodbye_sounds(interruptible_goodbye=False)
    call.finishes("sorry I was looking for my glasses")
    assert "goodbye_taken_back" in call.notes()


def test_who_stops_when_the_goodbye_sounds_and_goes_on_takes_it_back() -> None:
    call = begins_before_goodbye_sounds()
    call.wait(200)
    call.pauses()
    call.wait(400)
    call.begins()
    call.wait(900)
    call.finishes("sorry I was looking")
    assert "goodbye_taken_back" in call.notes()


def goes_on_over_goodbye(spoke_ms: int, pause_ms: int, speaks_ms: int, **plan: Any) -> Call:
    """The caller begins before that goodbye is heard, which begins in the pause, and goes on over it."""
    call = silent(**plan)
    call.begins()
    call.wait(spoke_ms)
    call.pauses()
    call.wait(50)
    call.starts_playing()
    call.wait(pause_ms - 50)
    call.begins()
    call.wait(speaks_ms)
    return call


@pytest.mark.parametrize(
    ("spoke_ms", "pause_ms", "speaks_ms", "words"),
    [
        (500, 200, 900, "hello sorry I was away"),
        (500, 350, 700, "yes I am here"),
        (500, 350, 900, "hello hello sorry I was just away"),
        (500, 600, 900, "hello sorry I was away"),
    ],
)
def test_words_in_two_sounds_were_begun_in_the_one_before_the_goodbye_sounded(
    spoke_ms: int, pause_ms: int, speaks_ms: int, words: str
) -> None:
    call = goes_on_over_goodbye(spoke_ms, pause_ms, speaks_ms, interruptible_goodbye=False)
    call.finishes(words)
    assert "goodbye_taken_back" in call.notes()


def test_a_yes_begun_before_the_goodbye_sounded_takes_it_back_though_an_okay_follows_over_it() -> None:
    call = goes_on_over_goodbye(300, 300, 400)
    call.finishes("yes okay")
    assert "goodbye_taken_back" in call.notes()


def test_a_word_the_recogniser_takes_back_was_not_begun_before_the_goodbye_sounded() -> None:
    call = silent(interruptible_goodbye=False)
    call.begins()
    call.wait(100)
    call.hears("bye")
    call.pauses()
    call.finishes("")
    call.starts_playing()
    call.wait(600)
    call.begins()
    call.wait(900)
    call.finishes("the news at nine")
    assert "goodbye_taken_back" not in call.notes()


def test_a_new_stretch_of_words_was_not_begun_with_the_one_before_the_goodbye_sounded() -> None:
    call = silent(interruptible_goodbye=False)
    call.begins()
    call.wait(100)
    call.finishes("bye")
    call.pauses()
    call.starts_playing()
    call.wait(1_100)
    call.begins()
    call.wait(900)
    call.finishes("the news at nine")
    assert "goodbye_taken_back" not in call.notes()


def test_who_only_says_go_on_over_the_goodbye_is_hung_up_on() -> None:
    call = begins_over_goodbye(0)
    call.wait(300)
    call.pauses()
    call.finishes("okay")
    goodbye_ends(call)
    assert call.hung_up() == "inactivity_timeout"


@pytest.mark.parametrize("words", ["bye", "Okay, bye!", "thank you, goodbye", "you too"])
def test_who_returns_the_goodbye_is_hung_up_on(words: str) -> None:
    call = begins_over_goodbye(400)
    call.hears(words)
    call.pauses()
    call.finishes(words)
    assert "goodbye_taken_back" not in call.notes()
    goodbye_ends(call)
    assert call.hung_up() == "inactivity_timeout"


def test_an_echo_of_the_goodbye_does_not_take_it_back() -> None:
    call = begins_over_goodbye(0)
    call.wait(1_200)
    call.hears("goodbye now have a nice day")
    call.finishes("goodbye now have a nice day")
    call.pauses()
    assert call.core.state == "closing"
    goodbye_ends(call)
    assert call.hung_up() == "inactivity_timeout"


def test_a_caller_whose_words_are_not_read_yet_at_the_end_of_the_goodbye_is_waited_for() -> None:
    call = begins_over_goodbye(1_000)
    goodbye_ends(call)
    call.wait(1_900)
    assert not call.hung_up()
    call.finishes("hello I am still here")
    assert call.core.state == "hearing"


def test_a_caller_whose_words_are_taken_for_an_echo_at_the_end_of_the_goodbye_is_waited_for() -> None:
    call = begins_over_goodbye(600)
    call.wait(600)
    call.give(ev.TranscriptPartial, call.audio_ms, 1, "have a nice")
    call.give(ev.TranscriptPartial, call.audio_ms, 2, "wait")
    assert call.core.state == "closing"
    goodbye_ends(call)
    call.wait(500)
    assert not call.hung_up()
    call.give(ev.TranscriptPartial, call.audio_ms, 2, "wait I am here")
    assert "goodbye_taken_back" in call.notes()


def test_an_echo_is_waited_for_until_it_is_read() -> None:
    call = begins_over_goodbye(600)
    call.wait(600)
    call.hears("have a nice day")
    goodbye_ends(call)
    call.wait(100)
    call.pauses()
    assert not call.hung_up()
    call.finishes("have a nice day")
    assert call.hung_up() == "inactivity_timeout"


def test_a_sound_over_the_goodbye_without_words_is_not_waited_for_longer() -> None:
    call = begins_over_goodbye(1_000)
    goodbye_ends(call)
    call.wait(2_000)
    assert call.hung_up() == "inactivity_timeout"
    assert "goodbye_cut" not in call.notes()


def test_a_goodbye_in_which_the_maximum_is_reached_is_not_taken_back() -> None:
    call = silent(call_terminate_ms=3_500)
    call.starts_playing()
    call.wait(1_000)
    call.finishes("hello I am still here")
    assert call.core.state == "closing"


def test_a_call_that_goes_on_after_its_goodbye_ends_at_its_maximum() -> None:
    call = begins_over_goodbye(0, call_terminate_ms=4_000)
    call.finishes("hello I am still here")
    call.clears(0)
    call.pauses()
    call.judges()
    assert call.core.state == "thinking"
    call.wait(1_000)
    call.plays()
    assert call.hung_up() == "max_duration_reached"


def test_a_line_that_is_written_takes_the_goodbye_back() -> None:
    call = silent(written=True)
    call.starts_playing()
    call.hears("ok")
    assert call.core.state == "closing"
    call.finishes("ok")
    assert "goodbye_taken_back" in call.notes()


def test_words_of_the_caller_begin_a_new_silence_with_its_own_question() -> None:
    call = Call(user_online_after_ms=3_000)
    call.wait(3_000)
    call.plays()
    call.caller_says("yes I am")
    call.agent_replies("Good.")
    call.wait(3_000)
    assert [said.purpose for said in call.all(fx.AgentSaid)] == ["silence", "reply"]
    assert call.last(fx.Speak).purpose == "silence"


def test_a_question_without_words_is_passed_over() -> None:
    call = Call(user_online_message="", user_online_after_ms=3_000, hangup_after_silence_ms=5_000)
    call.wait(8_000)
    assert call.hung_up() == "inactivity_timeout"


@pytest.mark.parametrize("message", ["", "  ", "{unknown}"])
def test_a_question_without_words_does_not_begin_the_silence_anew(message: str) -> None:
    call = Call(user_online_message=message, user_online_after_ms=3_000, hangup_after_silence_ms=5_000)
    call.wait(4_999)
    assert not call.hung_up()
    call.wait(1)
    assert call.hung_up() == "inactivity_timeout"


@pytest.mark.proves("task_config.check_if_user_online")
def test_an_agent_may_not_ask_at_all() -> None:
    for asks in (True, False):
        call = Call(check_if_user_online=asks, user_online_after_ms=3_000, hangup_after_silence_ms=0)
        call.wait(5_000)
        assert {speak.purpose for speak in call.all(fx.Speak)} == ({"silence"} if asks else set())


@pytest.mark.proves("task_config.hangup_after_silence")
def test_zero_disables_hanging_up() -> None:
    call = Call(check_if_user_online=False, hangup_after_silence_ms=0)
    assert not call.wait(60_000)


def test_the_clock_does_not_run_while_the_model_thinks() -> None:
    call = Call(user_online_after_ms=2_000, hangup_after_silence_ms=2_000)
    call.caller_says("what is the weather")
    call.wait(5_000)
    assert not call.hung_up()
    assert not call.all(fx.Speak)


def test_the_clock_does_not_run_while_a_tool_runs() -> None:
    book = (Tool("book", "Book a table", "{}"),)
    call = Call(user_online_after_ms=2_000, hangup_after_silence_ms=2_000, incremental_delay_ms=0, tools=book)
    call.caller_says("book it please")
    call.model_calls("book")
    call.model_ends()
    assert call.core.state == "working"
    call.wait(9_000)
    assert not call.all(fx.Speak)
    assert not call.hung_up()


def test_the_clock_does_not_run_while_the_caller_makes_sound() -> None:
    call = Call(user_online_after_ms=2_000, hangup_after_silence_ms=2_000)
    call.wait(1_000)
    call.begins()
    call.wait(5_000)
    assert not call.hung_up()
    call.pauses()
    call.finishes("")
    call.wait(5_000)
    assert call.all(fx.Speak)
    call.give(ev.KeyPressed, "5")
    assert call.last(fx.Note) == fx.Note("key", "5")
