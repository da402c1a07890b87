"""Answering machines: what the agent hears of them, and what it does."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.conversation.call_builder import Call

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import (
    VOICEMAIL_ANSWER_MS,
    VOICEMAIL_BEEP_MS,
    VOICEMAIL_QUIET_MS,
    VOICEMAIL_REPEATED_MS,
)
from callwright.conversation.plan import TransferTool
from callwright.ports.model import Tool

MESSAGE = "Hello {name}, please call us back."
GREETING = "Hi, leave a message after the tone."


def watching(**plan: Any) -> Call:
    """An answered call whose agent watches for machines and has greeted."""
    settings = {"voicemail": True, "welcome_message": "Hello, this is reception.", "check_if_user_online": False}
    return Call(**{**settings, **plan})


def senses(call: Call, kind: str, source: str = "local") -> None:
    call.give(ev.MachineDetected, kind, source)


def leaves_message(call: Call) -> bool:
    return any(speak.purpose == "voicemail" for speak in call.all(fx.Speak))


def settled(call: Call) -> None:
    """The shell says how far a cleared sound got."""
    if call.all(fx.Clear):
        call.clears(200)


def test_nothing_is_listened_for_unless_the_agent_says_so() -> None:
    call = watching(voicemail=False)
    senses(call, "machine", "carrier")
    call.finishes(GREETING)
    assert not call.all(fx.ListenForMachine)
    assert call.hung_up() == ""


@pytest.mark.proves("task_config.voicemail")
@pytest.mark.parametrize("final", [True, False])
def test_a_machine_is_known_by_its_words_and_hung_up_on(final: bool) -> None:
    call = watching()
    call.starts_playing()
    call.begins()
    if final:
        call.finishes(GREETING)
    else:
        call.hears(GREETING)
    settled(call)
    assert call.hung_up() == "voicemail_detected"
    assert call.last(fx.HangUp).by == "Agent"
    assert not call.all(fx.AskModel)


def test_the_model_is_asked_about_words_without_spaces_when_they_are_enough() -> None:
    call = watching(language="zh-CN")
    call.starts_playing()
    call.begins()
    call.finishes("您好我现在无法")
    assert not call.all(fx.AskClassifier)
    call.finishes("接听您的电话请稍后再拨")
    assert call.last(fx.AskClassifier).purpose == "voicemail"


def test_a_beep_behind_words_without_spaces_is_a_machine_s() -> None:
    call = watching(language="zh-CN")
    call.starts_playing()
    call.begins()
    call.finishes("您好我现在无法")
    call.pauses()
    senses(call, "beep")
    settled(call)
    assert call.hung_up() == "voicemail_detected"


def test_what_the_carrier_says_counts() -> None:
    call = watching()
    senses(call, "machine", "carrier")
    settled(call)
    assert call.hung_up() == "voicemail_detected"


def test_a_voice_that_speaks_on_silences_the_welcome_and_a_person_hears_it_again() -> None:
    call = watching()
    call.starts_playing()
    call.begins()
    call.wait(1_800)
    senses(call, "likely")
    call.clears(1_000)
    assert call.core.state == "greeting"
    call.pauses()
    call.finishes("Good morning, Hill Clinic, Mary speaking.")
    call.wait(400)
    assert len(call.all(fx.Release)) == 1, "the agent listens"
    senses(call, "human")
    assert call.clauses()[0].purpose == "welcome"
    call.plays()
    assert call.core.state == "thinking", "and what the person said is answered after it"
    assert call.hung_up() == ""


def test_words_that_may_be_a_machines_decide_only_in_an_unbroken_speech() -> None:
    words = "You have reached the Smiths. We can't come to the phone."
    polite, machine = watching(), watching()
    for call in (polite, machine):
        call.starts_playing()
        call.begins()
    senses(machine, "likely")
    machine.clears(800)
    for call in (polite, machine):
        call.finishes(words)
    assert polite.hung_up() == ""
    assert machine.hung_up() == "voicemail_detected"


def test_a_long_answer_to_a_welcome_that_was_heard_is_no_suspicion() -> None:
    call = watching()
    call.plays()
    call.begins()
    senses(call, "likely")
    call.pauses()
    call.finishes("I would like to book a table for two")
    call.judges()
    assert call.core.state == "thinking"


def test_the_welcome_waits_for_whoever_answers_and_goes_ahead_when_they_listen() -> None:
    call = watching(voicemail_listen_ms=2_500)
    assert call.core.state == "greeting"
    call.wait(1_000)
    senses(call, "human")
    assert call.last(fx.Speak).purpose == "welcome"


@pytest.mark.proves("task_config.voicemail_detection_time")
def test_the_welcome_of_an_agent_that_listens_first_waits_no_longer_than_it_says() -> None:
    call = watching(voicemail_listen_ms=2_500)
    call.wait(2_400)
    assert not call.all(fx.Speak)
    call.wait(200)
    assert call.last(fx.Speak).purpose == "welcome"


@pytest.mark.proves("task_config.voicemail_detection_time")
def test_the_welcome_waits_for_nobody_where_machines_are_not_watched_for() -> None:
    call = watching(voicemail=False, voicemail_listen_ms=2_500)
    assert call.last(fx.Speak).purpose == "welcome"


def test_a_person_is_not_greeted_before_the_welcome_delay() -> None:
    call = watching(voicemail_listen_ms=2_500, welcome_delay_ms=2_000)
    call.wait(1_000)
    senses(call, "human")
    assert not call.all(fx.Speak)
    call.wait(1_100)
    assert call.last(fx.Speak).purpose == "welcome"


@pytest.mark.proves("task_config.voicemail_detection_duration")
def test_a_suspicion_before_the_welcome_ends_with_the_window() -> None:
    call = watching(voicemail_listen_ms=2_500, voicemail_window_ms=5_000)
    call.begins()
    call.wait(2_000)
    senses(call, "likely")
    call.wait(2_900)
    assert not call.all(fx.Speak)
    assert call.last(fx.ListenForMachine) == fx.ListenForMachine(True), "not before"
    call.wait(200)
    assert call.last(fx.ListenForMachine) == fx.ListenForMachine(False)
    assert not call.all(fx.Speak), "whoever still speaks is let finish"
    call.pauses()
    assert call.last(fx.Speak).purpose == "welcome"
    call.finishes(GREETING)
    assert call.hung_up() == "", "after the window nothing is a machine any more"


def test_a_beep_behind_words_is_a_machines_and_one_behind_hello_is_not() -> None:
    machine, person = watching(), watching()
    for call, words in ((machine, "Ada Stone, I am out."), (person, "Hello?")):
        call.plays()
        call.begins()
        call.wait(300)
        call.pauses()
        call.finishes(words)
        senses(call, "beep")
    assert machine.hung_up() == "voicemail_detected"
    assert person.hung_up() == ""
    assert "beep" in person.notes()
    assert person.last(fx.AskClassifier).messages[-1].content.endswith("Hello? [a beep]")


def test_a_beep_behind_a_suspicion_or_told_by_the_carrier_is_enough() -> None:
    for source in ("local", "carrier"):
        call = watching()
        call.starts_playing()
        if source == "local":
            senses(call, "likely")
            call.clears(300)
        senses(call, "beep", source)
        settled(call)
        assert call.hung_up() == "voicemail_detected"


@pytest.mark.proves("task_config.voicemail_message")
def test_a_message_is_left_after_the_beep_and_then_the_call_ends() -> None:
    call = watching(voicemail_message=MESSAGE)
    call.starts_playing()
    call.begins()
    call.hears(GREETING)
    assert call.core.state == "machine"
    call.clears(400)
    call.wait(2_000)
    assert not leaves_message(call), "not before the beep"
    call.pauses()
    call.finishes(GREETING)
    senses(call, "beep")
    assert [speak.text for speak in call.clauses()] == ["Hello Ada,", "please call us back."]
    call.hears("anything the machine still says at all")
    assert call.core.state == "machine", "nothing interrupts the message"
    call.plays()
    assert call.hung_up() == "voicemail_detected"
    assert call.said()[-2:] == [f"caller: {GREETING}", "agent: Hello Ada, please call us back."]


def test_a_message_is_left_to_its_end_however_slowly_it_is_said() -> None:
    message = "Hello Ada, your appointment is on the twelfth at half past nine, the code of the gate is 4711 2208."
    call = watching(voicemail_message=message, call_terminate_ms=0)
    senses(call, "machine", "carrier")
    call.clears(0)
    call.wait(VOICEMAIL_QUIET_MS)
    call.wait(6_000)  # its first sound is late
    call.plays(1_200)
    assert call.said() == [f"agent: {message}"]
    assert call.hung_up() == "voicemail_detected"
    assert "voice_failed" not in call.notes()


def test_a_welcome_that_the_machines_words_had_cut_is_not_gone_on_with() -> None:
    call = watching(voicemail_message=MESSAGE, voicemail_words=2)
    call.starts_playing()
    call.begins()
    call.segment += 1
    call.hears("Welcome to the Stones")
    assert call.core.state == "clearing"
    call.give(ev.ClassifierVerdict, call.last(fx.AskClassifier).request, "voicemail", True)
    call.clears(400)
    call.pauses()
    call.give(ev.TranscriptFinal, call.audio_ms, call.segment, "")
    call.wait(VOICEMAIL_BEEP_MS)
    assert [release for release in call.all(fx.Release) if release.resumes] == []
    assert leaves_message(call)


def test_a_machine_that_is_found_over_the_models_goodbye_is_left_the_message_all_the_same() -> None:
    call = watching(voicemail_message=MESSAGE, end_call_tool=True)
    call.plays()
    call.caller_says("Welcome to the home of the Stone family")
    question = call.last(fx.AskClassifier).request
    call.model_says("Goodbye then. ", ended=False)
    call.starts_playing()
    call.model_calls("end_call")
    call.give(ev.ClassifierVerdict, question, "voicemail", True)
    call.clears(200)
    assert call.core.state == "machine"
    call.wait(VOICEMAIL_QUIET_MS)
    assert leaves_message(call)
    call.plays()
    assert call.hung_up() == "voicemail_detected"


def test_a_machine_that_was_suspected_before_may_yet_beep_when_it_is_found() -> None:
    call = watching(voicemail_message=MESSAGE)
    call.starts_playing()
    senses(call, "likely")
    call.clears(300)
    call.wait(2_400)
    senses(call, "machine", "carrier")
    call.wait(VOICEMAIL_REPEATED_MS - 100)
    assert not leaves_message(call)
    call.wait(200)
    assert leaves_message(call)


def test_an_opinion_on_something_else_makes_no_machine() -> None:
    call = watching()
    call.plays()
    call.hears("Welcome to the home of the Stone family")
    call.give(ev.ClassifierVerdict, call.last(fx.AskClassifier).request, "hangup", True)
    assert call.hung_up() == ""


def test_a_machine_known_by_its_beep_is_left_the_message_at_once() -> None:
    call = watching(voicemail_message=MESSAGE)
    call.plays()
    call.finishes("Ada Stone, I am out.")
    senses(call, "beep")
    assert leaves_message(call)


def test_a_machine_whose_beep_was_not_heard_is_left_the_message_when_it_is_silent() -> None:
    call = watching(voicemail_message=MESSAGE)
    call.plays()
    call.begins()
    call.finishes(GREETING)
    call.wait(4_000)
    assert not leaves_message(call), "it still makes a sound"
    call.pauses()
    call.wait(VOICEMAIL_QUIET_MS)
    assert leaves_message(call)


def test_the_silence_behind_a_machine_is_counted_from_its_last_sound_however_late_that_is_reported() -> None:
    call = watching(voicemail_message=MESSAGE)
    call.plays()
    call.begins()
    call.finishes(GREETING)
    call.pauses()
    call.wait(2_000)
    call.give(ev.ActivityEnded, call.audio_ms - 200)
    call.wait(VOICEMAIL_QUIET_MS - 300)
    assert not leaves_message(call)
    call.wait(200)
    assert leaves_message(call)


def test_a_machine_that_never_stops_is_left_the_message_all_the_same() -> None:
    call = watching(voicemail_message=MESSAGE)
    call.plays()
    call.begins()
    call.finishes(GREETING)
    for _ in range(VOICEMAIL_BEEP_MS // 1_000):
        call.wait(1_000)
        call.begins()
        call.finishes("and on")
    assert leaves_message(call)


def test_a_person_who_was_taken_for_a_machine_and_calls_out_is_talked_to() -> None:
    call = watching(voicemail_message=MESSAGE, voicemail_listen_ms=2_500)
    call.finishes("The person you are calling is me.")
    assert call.core.state == "machine"
    call.caller_says("Hello? Are you there?")
    assert "voicemail_taken_back" in call.notes()
    assert call.last(fx.Speak).purpose == "welcome"
    call.plays()
    assert call.core.state == "thinking"
    call.wait(VOICEMAIL_BEEP_MS)
    assert not leaves_message(call)


def test_a_person_who_was_taken_for_a_machine_is_not_greeted_before_the_welcome_delay() -> None:
    call = watching(voicemail_message=MESSAGE, welcome_delay_ms=10_000)
    senses(call, "machine", "carrier")
    call.caller_says("Hello?")
    assert "voicemail_taken_back" in call.notes()
    assert call.audio_ms < 9_000
    assert not call.all(fx.Speak)
    call.wait(10_000 - call.audio_ms)
    assert call.last(fx.Speak).purpose == "welcome"


def test_enough_words_are_shown_to_a_model_and_its_yes_ends_the_call() -> None:
    call = watching()
    call.plays()
    call.hears("Welcome to the home of")
    assert not call.all(fx.AskClassifier)
    call.hears("Welcome to the home of the Stone family")
    question = call.last(fx.AskClassifier)
    assert question.purpose == "voicemail"
    assert question.messages[-1].content.endswith("user: Welcome to the home of the Stone family")
    call.give(ev.ClassifierVerdict, question.request, "voicemail", True)
    assert call.hung_up() == "voicemail_detected"


@pytest.mark.proves("task_config.voicemail_min_transcript_length")
@pytest.mark.parametrize("words", [1, 3, 6])
def test_a_model_is_shown_no_fewer_words_than_the_agent_says(words: int) -> None:
    call = watching(voicemail_words=words)
    call.plays()
    greeting = ["Welcome", "to", "the", "home", "of", "the", "Stones"]
    call.hears(" ".join(greeting[: words - 1]))
    assert not call.all(fx.AskClassifier)
    call.hears(" ".join(greeting[:words]))
    assert call.last(fx.AskClassifier).purpose == "voicemail"


@pytest.mark.proves("task_config.voicemail_check_interval")
def test_partial_words_are_asked_about_at_the_interval_and_final_ones_at_once() -> None:
    call = watching(voicemail_check_ms=5_000, voicemail_words=2, patience_ms=20_000)
    call.plays()
    call.begins()
    call.hears("one two")
    first = call.last(fx.AskClassifier)
    call.give(ev.ClassifierVerdict, first.request, "voicemail", False)
    call.hears("one two three")
    call.wait(4_000)
    assert call.last(fx.AskClassifier) is first, "not before"
    call.wait(1_000)
    second = call.last(fx.AskClassifier)
    assert second is not first
    call.give(ev.ClassifierVerdict, second.request, "voicemail", False)
    call.finishes("one two three four")
    assert call.last(fx.AskClassifier) is not second


def test_one_question_at_a_time_until_its_answer_is_given_up() -> None:
    call = watching(voicemail_words=1, patience_ms=20_000)
    call.plays()
    call.begins()
    call.finishes("one")
    call.finishes("two")
    assert len(call.all(fx.AskClassifier)) == 1
    call.wait(VOICEMAIL_ANSWER_MS)
    call.finishes("three")
    assert len(call.all(fx.AskClassifier)) == 2


def test_a_model_that_fails_at_the_question_does_no_harm() -> None:
    call = watching(voicemail_words=1)
    call.plays()
    call.finishes("one")
    question = call.last(fx.AskClassifier)
    call.give(ev.ProviderFailed, "model", "scripted", "unavailable", "down", 0, question.request)
    assert "model_failed" not in call.notes()
    call.give(ev.ClassifierVerdict, question.request, "voicemail", True)
    assert call.hung_up() == "", "an answer after the failure is none"


def test_an_opinion_on_words_that_were_answered_long_ago_is_void() -> None:
    call = watching(voicemail_words=3, incremental_delay_ms=0)
    call.plays()
    call.caller_says("I have a question")
    question = call.last(fx.AskClassifier)
    for words in ("Yes", "No"):
        call.agent_replies("What is it?")
        call.caller_says(words)
    call.agent_replies("I see.")
    call.give(ev.ClassifierVerdict, question.request, "voicemail", True)
    assert "voicemail_voided" in call.notes()
    assert call.hung_up() == ""


def test_who_has_listened_to_an_answer_is_no_machine_for_words_alone() -> None:
    call = watching()
    call.plays()
    call.caller_says("Yes, speaking.")
    call.model_says("I am calling about your appointment.")
    call.plays()
    call.begins()
    call.wait(400)
    call.pauses()
    call.finishes("After the tone?")
    assert call.hung_up() == ""
    question = call.last(fx.AskClassifier)
    assert question.messages[-1].content.endswith("user: After the tone?"), "few words, but telling ones"
    call.give(ev.ClassifierVerdict, question.request, "voicemail", True)
    settled(call)
    assert call.hung_up() == "voicemail_detected"


@pytest.mark.parametrize(
    "words",
    [
        "I think the person you're calling doesn't live here any more.",
        "You can leave a message with me.",
        "Ich habe die Mailbox von ihm auch gerade erreicht.",
        "El número que ha marcado es el mío.",
    ],
)
def test_who_answers_the_welcome_is_no_machine_for_words_that_a_person_may_say(words: str) -> None:
    call = watching(welcome_message="Hello, may I speak to Anna Miller please?")
    call.plays()
    call.wait(500)
    call.caller_says(words)
    assert call.hung_up() == ""
    question = call.last(fx.AskClassifier)
    assert question.messages[-1].content.endswith(f"user: {words}"), "it is the model's to say"
    assert call.core.state == "thinking"
    call.give(ev.ClassifierVerdict, question.request, "voicemail", True)
    assert call.hung_up() == "voicemail_detected"


def test_who_tells_of_a_tone_behind_the_welcome_is_a_machine() -> None:
    call = watching()
    call.plays()
    call.wait(500)
    call.begins()
    call.hears(GREETING)
    assert call.hung_up() == "voicemail_detected"


def test_a_machine_that_spoke_over_the_welcome_is_known_by_its_words() -> None:
    """Its first words came too late to cut it."""
    call = watching()
    call.starts_playing()
    call.wait(600)
    call.begins()
    call.wait(600)
    call.give(ev.MarkPlayed, 1, 0)
    call.give(ev.MarkPlayed, 1, 1)
    assert call.said() == ["agent: Hello, this is reception."]
    call.hears("Stone residence, leave a message")
    assert call.hung_up() == "voicemail_detected"


def test_a_machine_that_spoke_over_the_welcome_and_paused_is_known_by_its_words() -> None:
    call = watching(words_to_interrupt=10)
    call.starts_playing()
    call.begins()
    call.wait(600)
    call.pauses()
    call.finishes("hi you've reached Bob Miller")
    call.wait(700)
    call.give(ev.MarkPlayed, 1, 0)
    call.give(ev.MarkPlayed, 1, 1)
    call.wait(700)
    call.begins()
    call.wait(600)
    call.pauses()
    call.finishes("I can't come to the phone, please leave a message")
    assert call.hung_up() == "voicemail_detected"


def test_a_machine_that_speaks_behind_a_welcome_of_a_word_is_known_by_its_words() -> None:
    call = watching(welcome_message="Hello?")
    call.plays()
    call.wait(500)
    call.begins()
    call.hears("Stone residence, leave a message")
    assert call.hung_up() == "voicemail_detected"


def test_a_welcome_that_was_cut_by_nothing_and_gone_on_with_was_heard_whole() -> None:
    call = watching(welcome_message="Hello, this is the reception, may I speak to Anna Miller?", words_to_interrupt=1)
    call.starts_playing()
    call.wait(700)
    call.begins()
    call.hears("mind the")
    call.clears(1_900)
    call.pauses()
    call.give(ev.TranscriptFinal, call.audio_ms, 1, "")
    call.wait(100)
    assert call.last(fx.Release).resumes
    call.plays()
    call.wait(1_500)
    call.begins()
    call.hears("You can leave a message with me")
    assert call.hung_up() == ""


def test_a_machine_that_paused_for_a_short_answer_is_known_by_its_next_words() -> None:
    call = watching(welcome_message="Hello?")
    call.plays()
    call.caller_says("Stone residence.")
    call.model_says("Hello there.")
    call.plays()
    call.begins()
    call.finishes("Please leave a message.")
    assert call.hung_up() == "voicemail_detected"


def test_the_end_of_the_calls_time_ends_the_message_too() -> None:
    call = watching(voicemail_message=MESSAGE, hangup_message="Goodbye.", call_terminate_ms=5_000)
    call.plays()
    call.finishes(GREETING)
    senses(call, "beep")
    call.starts_playing()
    call.wait(5_000)
    call.clears(400)
    assert call.hung_up() == "voicemail_detected"


def test_a_message_whose_voice_fails_is_said_once_more() -> None:
    call = watching(voicemail_message=MESSAGE)
    call.plays()
    call.finishes(GREETING)
    senses(call, "beep")
    generation = call.last(fx.Release).generation
    call.give(ev.ProviderFailed, "voice", "scripted", "unavailable", "down", generation)
    call.clears(0)
    assert call.last(fx.Release).generation > generation
    call.plays()
    assert call.hung_up() == "voicemail_detected"


def test_a_message_whose_voice_fails_in_the_middle_is_left_to_its_end() -> None:
    call = watching(voicemail_message=MESSAGE)
    call.plays()
    call.finishes(GREETING)
    senses(call, "beep")
    call.starts_playing()
    generation = call.last(fx.Release).generation
    assert len(call.clauses()) > 1
    call.give(ev.ProviderFailed, "voice", "scripted", "unavailable", "down", generation, 0, 1)
    call.give(ev.MarkPlayed, generation, 0)
    assert call.last(fx.Release).resumes == generation
    call.plays()
    left = [effect.text for effect in call.all(fx.AgentSaid) if effect.purpose == "voicemail"]
    assert " ".join(left) == MESSAGE.replace("{name}", "Ada")
    assert call.hung_up() == "voicemail_detected"


def test_a_caller_who_is_being_transferred_is_not_hung_up_on() -> None:
    call = watching(
        voicemail_message=MESSAGE,
        incremental_delay_ms=0,
        transfers=(TransferTool("transfer_call_desk", "loopback:desk"),),
        tools=(Tool("transfer_call_desk", "", "{}"),),
    )
    call.plays()
    call.caller_says("a person please")
    call.model_calls("transfer_call_desk", "c7")
    call.model_ends()
    senses(call, "machine", "carrier")
    assert call.core.state == "transferring"
    assert "voicemail_voided" in call.notes()


def test_a_welcome_that_the_model_still_writes_waits_too() -> None:
    call = watching(welcome_by_model=True)
    call.begins()
    senses(call, "likely")
    assert call.last(fx.Withdrawn).reason == "machine_suspected"
    assert call.core.state == "greeting"
    call.pauses()
    senses(call, "human")
    assert len(call.all(fx.AskModel)) == 2
    call.agent_replies("Good morning.")
    assert call.said() == ["agent: Good morning."]


def test_a_suspicion_does_not_outlast_the_voice() -> None:
    call = watching()
    call.starts_playing()
    call.begins()
    senses(call, "likely")
    call.clears(900)
    call.wait(3_000)
    call.pauses()
    call.wait(VOICEMAIL_QUIET_MS + 1_000)
    assert call.clauses()[0].purpose == "welcome"
    assert len(call.all(fx.Release)) == 2


@pytest.mark.parametrize("unheard", [True, False])
def test_a_welcome_that_the_voice_broke_off_in_a_suspicion_is_said_again_as_a_whole(unheard: bool) -> None:
    call = watching()
    call.give(ev.VoiceReady, call.last(fx.Speak).generation, 0)
    if not unheard:
        call.starts_playing()
        call.wait(200)
    call.give(ev.ProviderFailed, "voice", "x", "broken_stream", "no", call.last(fx.Speak).generation, 0, 0)
    senses(call, "likely")
    call.clears(0 if unheard else 200)
    spoken = len(call.all(fx.Speak))
    call.wait(1_000)
    assert len(call.all(fx.Speak)) == spoken, "the agent listens"
    senses(call, "human")
    again = " ".join(speak.text for speak in call.all(fx.Speak)[spoken:])
    assert again == "Hello, this is reception."
    call.plays()
    assert call.said()[-1] == "agent: Hello, this is reception."
