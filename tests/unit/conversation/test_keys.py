"""Keys the caller presses."""

from typing import Any

import pytest
from tests.unit.conversation.call_builder import Call, planned
from tests.unit.conversation.test_transfers import transferring

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import VERDICT_WAIT_MS
from callwright.domain.limits import MAX_KEY_DIGITS


def listening(**plan: Any) -> Call:
    return Call(**{"keys": True, **plan})


@pytest.mark.proves("task_config.dtmf_enabled")
def test_keys_up_to_the_finishing_key_are_one_turn_of_the_caller() -> None:
    call = Call(**planned(dtmf_enabled=True))
    call.types("4711")
    assert not call.all(fx.AskModel)
    call.types("#")
    assert call.told() == ["user: dtmf_number: 4711"]
    call.agent_replies("Thank you.")
    assert call.said() == ["caller: dtmf_number: 4711", "agent: Thank you."]


def test_an_answer_to_keys_does_not_wait_for_the_floor_time() -> None:
    call = listening(incremental_delay_ms=900)
    call.wait(2_000)
    call.types("1#")
    call.model_says("One.")
    call.voice_speaks()
    assert call.core.state == "speaking"


@pytest.mark.proves("task_config.dtmf_timeout")
def test_a_pause_completes_an_entry() -> None:
    call = listening(**planned(dtmf_timeout=2))
    call.types("12")
    call.wait(1_900)
    assert not call.all(fx.AskModel)
    call.types("3", each_ms=50)
    call.wait(2_000)
    assert call.told() == ["user: dtmf_number: 123"]


@pytest.mark.proves("task_config.dtmf_max_digits")
def test_a_count_completes_an_entry() -> None:
    call = listening(**planned(dtmf_max_digits=4))
    call.types("47112")
    assert call.told() == ["user: dtmf_number: 4711"]
    call.wait(3_000)
    assert call.told()[-1].endswith("dtmf_number: 4711 dtmf_number: 2")


def test_a_finishing_key_out_of_habit_belongs_to_the_counted_entry() -> None:
    call = listening(keys_most=4)
    call.types("4711#")
    assert call.last(fx.Note) == fx.Note("key", "#")
    call.wait(3_000)
    assert call.told() == ["user: dtmf_number: 4711"]
    call.types("#")
    assert call.told()[-1].endswith("dtmf_number: #"), "one that comes later, or a second one, is an answer"


def test_a_second_finishing_key_behind_a_counted_entry_is_an_answer() -> None:
    call = listening(keys_most=4)
    call.types("4711##")
    assert call.told()[-1].endswith("dtmf_number: 4711 dtmf_number: #")


def test_an_entry_is_never_longer_than_the_platform_allows() -> None:
    call = listening()
    call.types("1" * MAX_KEY_DIGITS)
    assert call.told() == ["user: dtmf_number: " + "1" * MAX_KEY_DIGITS]


def test_the_finishing_key_alone_is_an_entry() -> None:
    call = listening()
    call.types("#")
    assert call.told() == ["user: dtmf_number: #"]


@pytest.mark.proves("task_config.dtmf_finish_on_key")
def test_another_finishing_key_or_none() -> None:
    star = listening(**planned(dtmf_finish_on_key="*"))
    star.types("1#2*")
    assert star.told() == ["user: dtmf_number: 1#2"]
    none = listening(**planned(dtmf_finish_on_key=""))
    none.types("1#")
    assert not none.all(fx.AskModel)
    none.wait(3_000)
    assert none.told() == ["user: dtmf_number: 1#"]


def test_without_the_setting_keys_are_notes() -> None:
    call = Call()
    call.types("1#")
    call.wait(5_000)
    assert call.notes() == ["key", "key"]
    assert not call.all(fx.UserSaid)


@pytest.mark.proves("task_config.dtmf_interrupts")
def test_the_first_key_silences_the_agent() -> None:
    call = listening(welcome_message="Please type your number and then hash.")
    call.starts_playing()
    call.wait(500)
    call.types("4")
    assert call.all(fx.Clear)
    call.clears(700)
    call.types("2#")
    assert call.told()[-1] == "user: dtmf_number: 42"
    assert call.said()[0] == "agent: Please type your"


@pytest.mark.proves("task_config.dtmf_interrupts")
def test_keys_may_wait_until_the_agent_has_finished() -> None:
    call = listening(**planned(dtmf_interrupts=False), welcome_message="Please type your number.")
    call.starts_playing()
    call.types("42#")
    assert not call.all(fx.Clear)
    assert not call.all(fx.AskModel)
    for speak in call.clauses():
        call.give(ev.MarkPlayed, speak.generation, speak.index)
    assert call.told()[-1] == "user: dtmf_number: 42"


def test_a_second_key_during_the_clearing_does_not_clear_again() -> None:
    call = listening(keys_most=1, welcome_message="Please type your number.")
    call.starts_playing()
    call.types("4")
    call.types("2", each_ms=10)
    assert len(call.all(fx.Clear)) == 1


def test_a_goodbye_is_not_silenced_by_keys() -> None:
    call = listening(end_call_tool=True)
    call.caller_says("that is all")
    call.model_calls("end_call")
    call.model_says("Goodbye then. ", ended=False)
    call.starts_playing()
    call.types("1")
    assert not call.all(fx.Clear)


def test_typing_takes_a_prepared_reply_back_and_joins_what_was_said() -> None:
    call = listening()
    call.caller_says("here it comes")
    call.model_says("Yes?")
    call.types("42", each_ms=20)
    assert call.last(fx.Withdrawn).reason == "caller_pressed_keys"
    call.wait(1_000)
    assert call.core.state != "speaking"
    call.types("#")
    assert call.told() == ["user: here it comes dtmf_number: 42"]


def test_nobody_is_asked_whether_they_are_there_while_they_type() -> None:
    call = listening(user_online_after_ms=2_000, keys_pause_ms=60_000, hangup_after_silence_ms=3_000)
    call.types("4")
    call.wait(20_000)
    assert not call.all(fx.Speak)
    assert not call.hung_up()


def test_words_in_the_middle_of_an_entry_are_answered_with_it() -> None:
    call = listening()
    call.types("47")
    call.caller_says("wait a moment it is long")
    assert not call.all(fx.AskModel)
    call.types("11#")
    assert call.told() == ["user: wait a moment it is long dtmf_number: 4711"]


def test_what_is_said_behind_an_entry_stands_behind_it() -> None:
    call = listening()
    call.types("1234#")
    call.caller_says("no sorry that was wrong")
    call.wait(2_000)
    assert call.told()[-1] == "user: dtmf_number: 1234 no sorry that was wrong"


def test_entries_and_words_are_told_in_the_order_they_came() -> None:
    call = listening(keys_interrupt=False, welcome_message="Please type your number and say your name.")
    call.starts_playing()
    call.types("42#")
    call.caller_says("Anna")
    call.types("7#")
    for speak in call.clauses():
        call.give(ev.MarkPlayed, speak.generation, speak.index)
    call.wait(2_000)
    assert call.told()[-1] == "user: dtmf_number: 42 Anna dtmf_number: 7"


def test_words_that_were_being_read_when_the_keys_were_pressed_keep_their_place() -> None:
    call = listening()
    call.begins()
    call.wait(400)
    call.hears("my number")
    call.types("42#")
    call.pauses()
    call.finishes("my number is")
    call.judges()
    call.wait(2_000)
    assert call.told()[-1] == "user: my number is dtmf_number: 42"


@pytest.mark.parametrize(
    ("words", "interrupts"), [("stop", True), ("hold on", True), ("mhm okay yeah", False), ("I want another one", True)]
)
def test_an_entry_takes_nothing_from_the_words_that_interrupt(words: str, interrupts: bool) -> None:
    call = listening(keys_interrupt=False, welcome_message="Please type your customer number, or wait while I explain.")
    call.starts_playing()
    call.types("42#")
    call.wait(1_500)
    call.begins()
    call.wait(400)
    call.hears(words)
    assert bool(call.all(fx.Clear)) == interrupts


def test_words_read_after_the_end_stand_behind_an_entry_of_before() -> None:
    call = listening()
    call.types("42")
    call.begins()
    call.ends()
    call.give(ev.TranscriptFinal, call.audio_ms, call.segment + 1, "that is all")
    assert call.said()[-1] == "caller: dtmf_number: 42 that is all"


def test_an_entry_while_the_caller_makes_a_sound_waits_for_the_sound() -> None:
    call = listening()
    call.begins()
    call.types("1#")
    assert not call.all(fx.AskModel)
    call.pauses()
    call.judges()
    call.wait(3_000)
    assert call.told() == ["user: dtmf_number: 1"]


def test_an_entry_in_a_sound_that_goes_on_is_not_waited_for() -> None:
    """A television beside a caller who types, and a recogniser that would tell words as they are spoken."""
    call = listening(keys_end="#")
    call.begins()
    call.wait(300)
    call.hears("hello")
    call.finishes("")
    call.types("42#")
    assert call.answered_in(2_000 + VERDICT_WAIT_MS)
    assert call.told()[-1] == "user: dtmf_number: 42"


def test_an_entry_after_a_pause_ends_the_wait_for_the_caller() -> None:
    call = listening(patience_ms=5_000)
    call.begins()
    call.wait(300)
    call.pauses()
    call.judges(100_000)
    call.finishes("here it comes")
    call.types("12#", each_ms=100)
    assert call.told() == ["user: here it comes dtmf_number: 12"]


def test_a_sound_after_an_entry_does_not_lose_it() -> None:
    call = listening(keys_interrupt=False, welcome_message="Please type your number.")
    call.starts_playing()
    call.types("9#")
    call.begins()
    call.pauses()
    for speak in call.clauses():
        call.give(ev.MarkPlayed, speak.generation, speak.index)
    call.wait(4_000)
    assert call.told()[-1] == "user: dtmf_number: 9"


@pytest.mark.parametrize("ending", ["hangs up", "is stopped"])
def test_an_unfinished_entry_is_in_the_record_when_the_call_ends(ending: str) -> None:
    call = listening()
    call.types("47")
    if ending == "is stopped":
        call.give(ev.StopRequested, "API Request", "stopped")
        call.wait(4_000)
    call.ends()
    assert call.said() == ["caller: dtmf_number: 47"]


def test_keys_before_and_after_the_conversation_are_notes() -> None:
    call = Call(answered=False, keys=True)
    call.types("1")
    call.give(ev.Answered)
    call.give(ev.StopRequested, "API Request", "stopped")
    call.types("2")
    assert [note.text for note in call.all(fx.Note) if note.kind == "key"] == ["1", "2"]


def test_keys_over_the_announcement_of_a_transfer_neither_silence_nor_stop_it() -> None:
    call = transferring(keys=True)
    call.starts_playing()
    call.types("1#")
    assert not call.all(fx.Clear)
    for speak in call.clauses():
        call.give(ev.MarkPlayed, speak.generation, speak.index)
    assert call.core.state == "transferring"
    call.transfer_goes("failed", "busy")
    assert call.told()[-1] == "user: dtmf_number: 1"


def test_a_transfer_waits_for_a_caller_who_is_typing() -> None:
    call = transferring(keys=True)
    call.starts_playing()
    for speak in call.clauses():
        call.wait(300)
        call.types("1")
        call.give(ev.MarkPlayed, speak.generation, speak.index)
    assert not call.all(fx.Transfer)
    call.types("#")
    assert call.core.state == "transferring"


def test_an_entry_in_a_noise_begins_when_it_was_pressed_and_not_with_the_call() -> None:
    call = listening()
    call.wait(4_000)
    call.begins()
    call.wait(200)
    call.pauses()
    call.types("5")
    call.finishes("")
    call.wait(4_000)
    assert "noise" in call.notes()
    call.agent_replies("Five it is.")
    said = call.last(fx.UserSaid)
    assert said.text == "dtmf_number: 5"
    assert said.from_ms >= 4_000
