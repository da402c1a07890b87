"""When the caller has finished, and what happens until the agent is heard."""

from typing import Any

import pytest
from tests.unit.conversation.call_builder import Call

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import MS_PER_CHARACTER, VERDICT_WAIT_MS
from callwright.conversation.words import KEPT_SEGMENTS, Words


def test_a_finished_caller_is_answered_at_once_but_heard_only_after_the_floor() -> None:
    call = Call(incremental_delay_ms=400)
    call.begins()
    call.wait(600)
    call.pauses()
    voiced_end_ms = call.now_ms
    call.finishes("a table for two")
    assert not call.all(fx.AskModel)
    call.judges()
    assert call.last(fx.CloseUtterance).audio_ms == 600
    call.model_says("Of course. For when?")
    call.voice_speaks()
    assert not call.all(fx.Release)
    effects = call.wait(voiced_end_ms + 400 - call.now_ms)
    assert effects == [fx.UserSaid(1, "a table for two", 0, 600), fx.Release(1, 1)]


@pytest.mark.proves("task_config.incremental_delay")
def test_the_floor_is_counted_from_the_voice_not_from_its_arrival() -> None:
    """Frames that arrive 300 ms late: position 0 is learnt from the smallest distance seen."""
    call = Call(incremental_delay_ms=650)
    call.give(ev.ActivityBegan, max(call.audio_ms - 300, 0))
    call.wait(1_000)
    call.give(ev.ActivityEnded, call.audio_ms - 300)
    call.finishes("yes please")
    call.judges()
    call.model_says("Good.")
    call.voice_speaks()
    assert not call.wait(349), "it was silent for 300 ms already"
    assert [type(effect) for effect in call.wait(1)] == [fx.UserSaid, fx.Release]


@pytest.mark.proves("task_config.patience")
def test_an_unfinished_caller_is_given_patience() -> None:
    call = Call(patience_ms=1_200)
    call.begins()
    call.wait(500)
    call.pauses()
    call.finishes("good morning")
    call.judges(100_000)
    assert not call.wait(1_199)
    assert fx.AskModel in [type(effect) for effect in call.wait(1)]


def test_each_further_pause_asks_the_turn_model_again() -> None:
    call = Call()
    call.begins()
    call.wait(500)
    call.pauses()
    call.finishes("I would like")
    call.judges(100_000)
    call.begins()
    call.wait(500)
    call.pauses()
    call.finishes("a pizza")
    assert len(call.all(fx.AskTurnModel)) == 2
    call.judges()
    assert call.told() == ["user: I would like a pizza"]


def test_a_verdict_about_an_older_pause_counts_for_nothing() -> None:
    call = Call()
    call.begins()
    call.wait(500)
    call.pauses()
    call.finishes("I would like")
    older = call.last(fx.AskTurnModel).request
    call.begins()
    call.give(ev.TurnVerdict, older, 1_000_000)
    call.wait(100)
    call.pauses()
    call.finishes("a pizza")
    call.give(ev.TurnVerdict, older, 1_000_000)
    assert not call.all(fx.AskModel)


def test_a_turn_model_that_does_not_answer_is_not_waited_for() -> None:
    call = Call()
    call.begins()
    call.wait(500)
    call.pauses()
    call.finishes("hello there")
    assert not call.wait(599)
    assert fx.AskModel in [type(effect) for effect in call.wait(1)]


def test_a_turn_model_that_fails_leaves_it_to_silence() -> None:
    call = Call()
    call.begins()
    call.wait(500)
    call.pauses()
    call.finishes("hello there")
    call.give(ev.ProviderFailed, "turn", "x", "unavailable", "busy")
    assert call.all(fx.AskModel)
    call.give(ev.ProviderFailed, "turn", "x", "unavailable", "busy")  # once more changes nothing
    assert len(call.all(fx.AskModel)) == 1


@pytest.mark.proves("transcriber.endpointing")
def test_without_a_turn_model_silence_decides() -> None:
    call = Call(turn_model=False, endpointing_ms=430)
    call.begins()
    call.wait(500)
    call.pauses()
    call.finishes("hello there")
    assert not call.wait(429)
    assert fx.AskModel in [type(effect) for effect in call.wait(1)]


def test_the_recognisers_own_end_is_enough() -> None:
    call = Call()
    call.begins()
    call.wait(500)
    call.pauses()
    call.finishes("hello there")
    call.give(ev.RecogniserEnd, call.audio_ms)
    assert call.all(fx.AskModel)


def test_the_recognisers_end_counts_though_noise_keeps_the_detector_active() -> None:
    call = Call()
    call.begins()
    call.wait(800)
    call.finishes("hello there")
    call.give(ev.RecogniserEnd, call.audio_ms)
    assert call.all(fx.AskModel)


def test_a_recognisers_end_before_later_speech_counts_for_nothing() -> None:
    call = Call()
    call.begins()
    call.wait(500)
    call.pauses()
    ended_ms = call.audio_ms
    call.finishes("hello")
    call.wait(300)
    call.begins()
    call.give(ev.RecogniserEnd, ended_ms)
    assert call.core.state == "hearing"
    assert not call.all(fx.AskModel)


def test_an_end_the_recogniser_takes_back_withdraws_the_reply() -> None:
    call = Call()
    call.begins()
    call.wait(500)
    call.pauses()
    call.finishes("hello")
    call.give(ev.RecogniserEager, call.audio_ms)
    call.give(ev.RecogniserEnd, call.audio_ms)
    call.give(ev.RecogniserResumed, call.audio_ms)
    assert call.last(fx.Withdrawn).reason == "caller_continued"
    call.wait(1_200)
    assert len(call.all(fx.AskModel)) == 2
    call.give(ev.RecogniserResumed, call.audio_ms)
    call.ends()
    assert call.said() == ["caller: hello"]


def test_words_are_waited_for_until_they_cover_the_voice() -> None:
    call = Call()
    call.begins()
    call.wait(500)
    call.finishes("hello")
    call.wait(1_000)
    call.pauses()
    call.judges()
    assert not call.all(fx.AskModel)
    call.finishes("there")
    assert call.told() == ["user: hello there"]


def test_words_that_never_become_final_are_taken_as_they_are() -> None:
    call = Call(patience_ms=1_000)
    call.begins()
    call.wait(500)
    call.hears("hello there")
    call.pauses()
    call.judges()
    assert not call.all(fx.AskModel)
    call.wait(2_500)
    assert call.told() == ["user: hello there"]


def test_a_final_after_its_words_were_taken_adds_only_what_is_new() -> None:
    call = Call()
    call.begins()
    call.wait(500)
    call.hears("hello")
    call.pauses()
    call.wait(3_000)
    call.model_says("Hi.")
    call.voice_speaks()
    call.give(ev.TranscriptFinal, call.audio_ms, 1, "hello you")
    call.wait(2_000)
    call.ends()
    assert call.said()[0] == "caller: hello"
    assert call.said()[-1] == "caller: you"


def test_a_final_that_changes_taken_words_is_noted() -> None:
    call = Call()
    call.begins()
    call.wait(500)
    call.hears("yellow")
    call.pauses()
    call.wait(3_000)
    call.model_says("Hi.")
    call.voice_speaks()
    call.give(ev.TranscriptFinal, call.audio_ms, 1, "hello")
    assert fx.Note("words_revised", "hello") in call.effects


def test_a_partial_overtaken_by_its_final_changes_nothing() -> None:
    call = Call()
    call.begins()
    call.wait(500)
    call.finishes("hello there")
    call.hears("hello")
    call.pauses()
    call.judges()
    assert call.told() == ["user: hello there"]


def test_segments_follow_each_other_by_number_whatever_the_order_of_arrival() -> None:
    call = Call()
    call.begins()
    call.wait(900)
    call.pauses()
    call.give(ev.TranscriptFinal, 900, 2, "for two")
    call.give(ev.TranscriptFinal, 500, 1, "a table")
    call.judges()
    assert call.told() == ["user: a table for two"]


def test_noise_gets_no_answer() -> None:
    call = Call(hangup_after_silence_ms=0, check_if_user_online=False)
    call.begins()
    call.wait(300)
    call.pauses()
    call.finishes("")
    call.wait(10_000)
    assert call.notes() == ["noise"]
    assert not call.all(fx.AskModel)
    assert call.core.state == "listening"


def in_an_endless_sound(*words: str, **plan: Any) -> Call:
    """A caller whose words are told as they are spoken, in a sound that does not end with them."""
    call = Call(**plan)
    call.begins()
    call.wait(500)
    for text in words:
        call.hears(text)
        call.finishes(text)
    return call


def test_a_sound_that_goes_on_without_new_words_is_not_waited_for() -> None:
    call = in_an_endless_sound("hello")
    call.wait(1_999)
    assert not call.all(fx.AskTurnModel)
    call.wait(1)
    assert call.last(fx.AskTurnModel).audio_ms == 500, "the turn model hears nothing behind the words"
    call.judges()
    assert call.told() == ["user: hello"]


def test_in_a_sound_that_goes_on_a_caller_who_may_not_have_finished_gets_the_whole_pause_again() -> None:
    call = in_an_endless_sound("hello")
    call.wait(2_000)
    call.judges(100_000)
    assert call.answered_in(1_000)


def test_in_a_sound_that_goes_on_a_number_keeps_its_longer_pause() -> None:
    call = in_an_endless_sound("my number is 1 2 3")
    call.wait(2_000)
    call.judges(100_000)
    assert call.answered_in(2_000)


def test_without_a_turn_model_a_sound_that_goes_on_is_waited_for_as_long() -> None:
    assert in_an_endless_sound("hello", turn_model=False).answered_in(2_000)


def test_a_caller_who_goes_on_in_one_sound_is_not_cut() -> None:
    call = in_an_endless_sound("hello")
    call.segment = 2
    for count in range(1, 6):
        call.wait(1_900)
        call.hears(" ".join(["word"] * count))
    call.give(ev.TranscriptFinal, call.audio_ms, 2, "word word word word word")
    assert call.answered_in(2_000 + VERDICT_WAIT_MS)
    assert call.told() == ["user: hello word word word word word"]


def test_words_behind_their_own_segment_s_final_say_that_the_caller_goes_on() -> None:
    call = in_an_endless_sound("hello")
    call.wait(1_900)
    call.hears("hello there")
    call.wait(1_900)
    assert not call.all(fx.AskTurnModel)


def test_a_sound_that_begins_anew_behind_the_words_is_not_waited_for_longer() -> None:
    call = Call()
    call.begins()
    call.wait(500)
    call.hears("hello")
    call.pauses()
    call.finishes("hello")
    call.wait(100)
    call.begins()
    call.wait(2_000)
    assert len(call.all(fx.AskTurnModel)) == 2


def test_a_recogniser_that_tells_finals_alone_is_waited_for() -> None:
    call = Call()
    call.begins()
    call.wait(500)
    call.finishes("hello")
    call.wait(9_999)
    assert not call.all(fx.AskModel)
    call.wait(1_000)
    assert call.told() == ["user: hello"]


def test_a_late_final_of_a_turn_does_not_say_that_its_words_were_read_at_once() -> None:
    call = Call()
    call.begins()
    call.wait(500)
    call.hears("hello")
    call.pauses()
    call.judges()
    call.wait(3_000)
    call.agent_replies("Yes?")
    call.begins()
    call.finishes("hello there")
    asked = len(call.all(fx.AskTurnModel))
    call.wait(2_000)
    assert len(call.all(fx.AskTurnModel)) == asked + 1


def test_words_told_only_over_the_agent_do_not_say_that_others_would_be() -> None:
    call = Call(welcome_message="Welcome to the Grand Hotel of this town.")
    call.starts_playing()
    call.wait(300)
    call.begins()
    call.wait(900)
    call.hears("wait I would like")
    call.clears(1_200)
    call.finishes("wait I would like")
    call.wait(9_000)
    assert not call.all(fx.AskTurnModel)


def test_an_echo_in_a_sound_that_goes_on_leaves_nothing_to_judge() -> None:
    call = Call(welcome_message="Welcome to the Grand Hotel.")
    call.starts_playing()
    call.begins()
    call.wait(1_000)
    call.give(ev.MarkPlayed, 1, 0)
    call.wait(100)
    call.hears("welcome to the grand hotel")
    call.finishes("welcome to the grand hotel")
    assert "echo" in call.notes()
    call.wait(5_000)
    assert not call.all(fx.AskTurnModel)


def test_endless_sound_whose_words_are_not_final_counts_as_silence() -> None:
    call = Call()
    call.begins()
    call.wait(500)
    call.hears("hello")
    call.wait(9_999)
    assert not call.all(fx.AskTurnModel)
    call.wait(1)
    assert call.all(fx.AskTurnModel)


def test_words_without_voice_activity_are_a_turn_too() -> None:
    call = Call()
    call.wait(1_500)
    call.hears("hello")
    call.finishes("hello")
    call.judges()
    assert call.told() == ["user: hello"]
    call.model_says("Hi.")
    call.voice_speaks()
    call.wait(1_000)
    assert call.last(fx.UserSaid) == fx.UserSaid(1, "hello", 1_500 - 5 * MS_PER_CHARACTER, 1_500)


def test_patience_begins_anew_with_each_word_that_the_detector_does_not_hear() -> None:
    call = Call(turn_model=False, endpointing_ms=700)
    call.segment = 1
    for count in range(1, 6):
        call.wait(500)
        call.hears(" ".join(["word"] * count))
    call.wait(699)
    call.give(ev.TranscriptFinal, 2_500, 1, "word word word word word")
    assert not call.all(fx.AskModel)
    call.wait(1)
    assert call.last(fx.CloseUtterance).audio_ms == 2_500
    call.model_says("Good.")
    call.starts_playing()
    said = call.last(fx.UserSaid)
    assert (said.from_ms, said.to_ms) == (500 - 4 * MS_PER_CHARACTER, 2_500)


def test_the_turn_model_is_asked_about_words_that_the_detector_does_not_hear() -> None:
    call = Call()
    call.wait(1_000)
    call.hears("I would like")
    call.judges(100_000)
    call.wait(900)
    call.hears("I would like a table")
    assert call.last(fx.AskTurnModel).audio_ms == 1_900
    call.finishes("I would like a table")
    assert not call.all(fx.AskModel)
    call.judges()
    assert call.told() == ["user: I would like a table"]


def test_a_caller_whom_the_detector_loses_in_mid_sentence_is_not_cut_off() -> None:
    call = Call(turn_model=False, endpointing_ms=700)
    call.begins()
    call.wait(400)
    call.hears("good morning")
    call.pauses()
    call.wait(650)
    call.hears("good morning I would")
    call.wait(400)
    call.hears("good morning I would like to")
    call.wait(400)
    call.hears("good morning I would like to book a table")
    call.segment = 0
    call.finishes("good morning I would like to book a table")
    assert call.answered_in(700)
    assert call.told() == ["user: good morning I would like to book a table"]


def test_the_end_that_the_recogniser_hears_is_believed_where_the_detector_is_silent() -> None:
    call = Call()
    call.wait(1_000)
    call.hears("a table")
    call.wait(300)
    call.give(ev.RecogniserEnd, call.audio_ms)
    call.give(ev.TranscriptFinal, call.audio_ms, 1, "a table for two")
    assert call.told() == ["user: a table for two"]


def test_a_sound_that_is_told_late_is_one_though_its_words_were_heard() -> None:
    call = Call()
    call.wait(1_000)
    call.hears("I would")
    call.give(ev.ActivityBegan, 600)
    call.judges()
    call.wait(500)
    call.pauses()
    call.finishes("I would like")
    assert not call.all(fx.AskModel)


def test_words_of_a_later_turn_do_not_begin_with_the_one_before() -> None:
    call = Call()
    call.caller_says("a table")
    call.agent_replies("For when?")
    call.wait(5_000)
    heard_ms = call.audio_ms
    call.finishes("tomorrow")
    call.judges()
    call.agent_replies("Good.")
    said = call.last(fx.UserSaid)
    assert (said.from_ms, said.to_ms) == (heard_ms - 8 * MS_PER_CHARACTER, heard_ms)


def test_words_that_come_late_move_nothing() -> None:
    """A recogniser may say that it knows the words up to a while after the voice."""
    call = Call(turn_model=False, endpointing_ms=700)
    call.begins()
    call.wait(600)
    call.pauses()
    call.wait(650)
    call.finishes("a table")
    assert not call.all(fx.AskModel)
    call.wait(50)
    assert call.all(fx.AskModel)


def test_new_partial_words_after_all_waiting_are_waited_for_again() -> None:
    call = Call(welcome_message="Welcome to the shop.")
    call.starts_playing()
    call.begins()
    call.wait(200)
    call.hears("well")
    call.pauses()
    call.wait(3_000)
    call.hears("well well")
    call.give(ev.MarkPlayed, 1, 0)
    assert not call.all(fx.AskModel)
    call.finishes("well well")
    call.judges()
    assert call.told()[-1] == "user: well well"


def test_sounds_that_arrive_out_of_order_do_not_turn_time_back() -> None:
    call = Call()
    call.wait(3_000)
    call.begins()
    call.wait(500)
    call.pauses()
    asked = len(call.all(fx.AskTurnModel))
    call.give(ev.ActivityBegan, 100)
    call.give(ev.ActivityEnded, 200)
    call.give(ev.ActivityEnded, 3_400)
    assert len(call.all(fx.AskTurnModel)) == asked
    call.step(ev.TranscriptFinal(0, 3_500, 1, "late clock"))  # counts as of now
    call.judges()
    assert call.told() == ["user: late clock"]


def test_an_end_of_sound_alone_opens_a_turn() -> None:
    call = Call()
    call.wait(1_000)
    call.pauses()
    call.finishes("yes")
    call.judges()
    assert call.told() == ["user: yes"]


def test_a_withdrawn_word_leaves_no_turn() -> None:
    """A segment whose final text is empty takes its partial words back."""
    call = Call()
    call.begins()
    call.wait(300)
    call.hears("uh")
    call.pauses()
    call.finishes("")
    call.wait(4_000)
    assert call.notes() == ["noise"]
    assert not call.all(fx.AskModel)


def test_words_that_the_recogniser_took_back_do_not_come_back_with_a_late_partial() -> None:
    call = Call()
    call.begins()
    call.wait(300)
    call.hears("uh")
    call.pauses()
    heard_ms = call.audio_ms
    call.finishes("")
    call.wait(200)
    call.give(ev.TranscriptPartial, heard_ms, call.segment, "uh")
    call.wait(4_000)
    assert call.core.state == "listening"
    assert not call.all(fx.AskModel)
    call.ends()
    assert not call.said()


def test_words_that_an_answered_final_left_out_are_no_turn_of_their_own() -> None:
    call = Call()
    call.begins()
    call.wait(600)
    heard_ms = call.audio_ms
    call.wait(100)
    call.pauses()
    call.finishes("a table")
    call.judges()
    call.agent_replies("For when?")
    call.give(ev.TranscriptPartial, heard_ms, call.segment, "uh able today")
    call.wait(4_000)
    call.ends()
    assert call.said() == ["caller: a table", "agent: For when?"]


def test_words_behind_an_empty_final_of_the_same_segment_are_heard() -> None:
    call = Call()
    call.begins()
    call.wait(300)
    call.finishes("")
    call.wait(400)
    call.hears("a table")
    call.pauses()
    call.wait(4_000)
    assert call.told() == ["user: a table"]


def test_a_late_repetition_of_a_taken_segment_is_not_heard_twice_until_long_after() -> None:
    words = Words()
    for segment in range(KEPT_SEGMENTS + 1):
        words.hear(segment, f"word{segment}", True, segment)
        words.take()
    assert not words.hear(KEPT_SEGMENTS, f"word{KEPT_SEGMENTS}", True, KEPT_SEGMENTS)
    assert words.hear(0, "word0", True, 0)
    assert words.text() == "word0"


def test_the_recogniser_s_resume_without_a_reply_only_waits() -> None:
    call = Call(welcome_message="Welcome to the shop.")
    call.starts_playing()
    call.caller_says("hello")
    call.give(ev.RecogniserResumed, call.audio_ms)
    call.give(ev.MarkPlayed, 1, 0)
    assert not call.all(fx.AskModel)
    call.wait(1_500)
    assert call.all(fx.AskModel)


def test_words_taken_as_they_are_and_then_read_as_none_leave_nobody_waiting() -> None:
    """Their final text is empty and reaches less far than the sound: nothing else would end the wait."""
    call = Call(welcome_message="Hello.", hangup_after_silence_ms=5_000, user_online_after_ms=3_000)
    call.plays()
    call.wait(500)
    call.begins()
    call.wait(300)
    call.segment += 1
    call.hears("are you there")
    call.wait(600)
    call.pauses()
    call.judges(100_000)
    call.wait(4_000)
    assert len(call.all(fx.AskModel)) == 1, "patience is over, and the words are taken as they are"
    call.give(ev.TranscriptFinal, call.audio_ms - 4_600, call.segment, "")
    assert call.last(fx.Withdrawn).reason == "caller_continued"
    call.wait(10_000)
    assert call.last(fx.Speak).purpose == "silence", "which is asked about"


def test_the_recognisers_end_of_a_number_waits_no_longer_than_the_number_does() -> None:
    """The recogniser says that the turn is over while the detector still hears a voice: the pause runs all the same."""
    call = Call(welcome_message="What is your phone number?")
    call.plays()
    call.wait(500)
    call.begins()
    call.wait(800)
    call.finishes("five five five")
    call.give(ev.RecogniserEnd, call.audio_ms)
    assert call.answered_in(900)


def test_a_partial_that_takes_the_last_words_away_leaves_nobody_waiting() -> None:
    call = Call(hangup_after_silence_ms=5_000, user_online_after_ms=3_000)
    call.begins()
    call.wait(600)
    call.pauses()
    call.segment = 1
    call.hears("I want a pizza")
    call.judges()
    call.wait(5_000)
    call.model_says("Sure.")
    call.plays()
    call.begins()
    call.wait(300)
    call.pauses()
    call.hears("I want a pizza uh")
    call.judges()
    call.wait(5_000)
    call.hears("I want a pizza")
    assert call.last(fx.Withdrawn).reason == "caller_continued"
    call.wait(5_000)
    assert call.last(fx.Speak).purpose == "silence"
