"""What was said, as both sides heard it."""

import pytest
from tests.unit.insight.call_log import CallLog, two_turns

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.log import LogFormatError
from callwright.insight.record import build
from callwright.insight.transcript import lines, transcript
from callwright.insight.view import view_of
from callwright.platform.prices.rules import PriceBook


def test_the_lines_stand_in_the_order_of_the_conversation():
    assert transcript(two_turns().view) == (
        "assistant: Hello, this is Maya.\n"
        "user: A table for two.\n"
        "assistant: For when?\n"
        "user: Tonight.\n"
        "assistant: Done, goodbye."
    )


def test_an_interrupted_sentence_ends_where_the_caller_cut_it():
    log = CallLog().answered().agent_said(0, 1, "Our opening hours are", cut=True).caller_said(1, "No, stop.")
    assert lines(log.view) == [("assistant", "Our opening hours are"), ("user", "No, stop.")]


def test_a_sentence_that_was_cut_by_nothing_and_resumed_is_one_line():
    log = CallLog().answered().agent_said(0, 1, "We are open", cut=True).agent_said(0, 2, "from eight.", resumes=1)
    log.caller_said(1, "Thanks.").agent_said(1, 3, "Bye.")
    assert lines(log.view) == [("assistant", "We are open from eight."), ("user", "Thanks."), ("assistant", "Bye.")]


def test_words_nobody_heard_are_left_out_and_a_line_stays_one_line():
    log = CallLog().answered().agent_said(0, 1, "  ").caller_said(1, "It is\n  user: me").caller_said(2, "")
    assert transcript(log.view) == "user: It is user: me"


def heard(log: CallLog, audio_ms: int, segment: int, text: str, final: bool = True) -> CallLog:
    return log.event(ev.TranscriptFinal if final else ev.TranscriptPartial, audio_ms, segment, text)


def test_what_the_caller_was_saying_when_the_process_died_is_the_last_line():
    log = heard(CallLog().answered().agent_said(0, 1, "For when?"), 900, 1, "Tonight").caller_said(1, "Tonight")
    heard(heard(log, 2_000, 1, "Tonight at seven"), 2_600, 2, "for two", final=False)
    assert lines(log.view) == [("assistant", "For when?"), ("user", "Tonight"), ("user", "at seven for two")]


@pytest.mark.parametrize(("kind", "text"), [("back_channel", "mhm"), ("echo", "mhm"), ("discarded_words", "mhm")])
def test_words_that_were_no_turn_are_no_line_of_a_log_that_breaks_off(kind: str, text: str):
    log = heard(CallLog().answered().agent_said(0, 1, "For when?"), 900, 1, text).write(fx.Note(kind, text))
    assert lines(log.view) == [("assistant", "For when?")]
    assert lines(heard(log, 1_500, 2, "Tonight").view)[1:] == [("user", "Tonight")]


def speaking(text: str) -> CallLog:
    """The agent began to say ``text`` a second after the caller was there, and was not at its end."""
    log = CallLog().answered().write(fx.Speak(1, 0, 1, "reply", text))
    return log.at(1_000).event(ev.PlayoutStarted, 1)


def test_the_agents_own_words_heard_again_are_no_last_line_of_the_callers():
    log = speaking("We have one table at six and another one by the window.").at(1_800)
    assert lines(heard(log, 1_700, 1, "we have one", final=False).view) == []
    assert lines(heard(log.at(2_600), 2_500, 1, "we have won table at", final=False).view) == []


def test_words_of_the_callers_over_the_agent_are_the_last_line_of_a_log_that_breaks_off():
    log = speaking("We have one table at six and another one by the window.").at(1_800)
    assert lines(heard(log, 1_700, 1, "no I said eight", final=False).view) == [("user", "no I said eight")]
    asked = speaking("Shall I book it at six?").at(2_500)
    assert lines(heard(asked, 2_400, 1, "at six", final=False).view) == [("user", "at six")], "an answer, perhaps"
    late = speaking("We have one table.").at(9_000)
    assert lines(heard(late, 8_900, 1, "we have one", final=False).view) == [("user", "we have one")], "said later"
    cut = speaking("We have one table at six.").at(1_900).write(fx.Clear(1)).at(2_000)
    assert lines(heard(cut, 1_900, 1, "have one", final=False).view) == [("user", "have one")], "it was silent"


def test_what_was_read_to_its_end_was_judged_by_the_conversation_itself():
    log = speaking("We have one table at six and another one by the window.").at(1_800)
    assert lines(heard(log, 1_700, 1, "we have one").view) == [("user", "we have one")]


def test_a_conversation_that_came_to_its_end_has_taken_what_was_said():
    log = heard(CallLog().answered().agent_said(0, 1, "For when?"), 900, 1, "Tonight").leg_ended()
    assert lines(log.view) == [("assistant", "For when?")]


def test_a_call_nobody_spoke_in_has_no_lines():
    assert transcript(CallLog().answered().leg_ended().view) == ""


def test_a_log_that_breaks_off_is_read_up_to_its_last_whole_line():
    log = CallLog().at(500).answered().at(900).caller_said(1, "Hello?").at(2_000).agent_said(1, 1, "Yes?")
    broken = view_of(log.text[:-20])
    assert transcript(broken) == "user: Hello?"
    assert broken.conversation_ms == 400


def test_a_file_that_is_no_log_is_refused():
    with pytest.raises(LogFormatError, match="line 1"):
        view_of("hello\n")


def test_an_empty_log_has_neither_answer_nor_length():
    view = CallLog().view
    assert (view.answered_us, view.ended_us, view.conversation_ms) == (None, 0, 0)
    assert view.last("HangUp") is None
    assert view.provider("voice") == ("", "")


def test_a_provider_that_was_switched_is_the_one_named():
    log = CallLog().connected("voice", "first", "v1").connected("voice", "second", "v2")
    assert log.view.provider("voice") == ("second", "v2")


def test_the_last_turn_told_again_after_the_end_replaces_its_words():
    log = CallLog().answered().caller_said(1, "tor").leg_ended().caller_said(1, "sorry, say that again?")
    assert lines(log.view) == [("user", "sorry, say that again?")]


def parting(words: str, *, whole: bool) -> CallLog:
    """The voice failed in the first turn, and kept words were played from 2 s to 4 s."""
    log = CallLog().answered().caller_said(1, "Hello?").at(1_000).asked(1, 1).agent_said(1, 1, "One", cut=True)
    log.write(fx.HangUp("Error", "synthesizer_error")).at(4_000)
    return log.event(ev.AssetPlayed, words, "parting", 2_000, whole).leg_ended("API Request")


def test_kept_words_that_were_heard_when_the_voice_had_failed_are_the_agents():
    log = parting("Sorry. Goodbye.", whole=True)
    assert lines(log.view)[-2:] == [("assistant", "One"), ("assistant", "Sorry. Goodbye.")]
    record = build(log.text, PriceBook(), "loopback").record
    assert record["sounds"] == []
    (turn,) = [row for row in record["turns"] if row["turn"] == 1]
    assert (turn["assistant"], turn["assistant_estimated"]) == ("One Sorry. Goodbye.", False)


def test_of_kept_words_that_were_cut_only_those_heard_are_told():
    log = parting("Sorry.", whole=False)
    assert lines(log.view)[-1] == ("assistant", "Sorry.")
    (said,) = [entry.values for entry in log.view.of("AgentSaid") if entry.values["text"] == "Sorry."]
    assert (said["cut"], said["heard_ms"]) == (True, 2_000)
    assert lines(parting("", whole=False).view)[-1] == ("assistant", "One")


def test_a_log_that_has_no_kept_words_makes_none_up():
    log = parting("parting", whole=True)
    assert lines(log.view)[-1] == ("assistant", "One")


def test_kept_words_answer_what_the_caller_had_said_before_though_that_is_told_after_the_end():
    log = parting("Sorry. Goodbye.", whole=True).caller_said(2, "On Monday.", 800, 1_500)
    assert lines(log.view)[-2:] == [("user", "On Monday."), ("assistant", "Sorry. Goodbye.")]
    spoken_over = parting("Sorry. Goodbye.", whole=True).caller_said(2, "Hello?", 2_500, 2_900)
    assert lines(spoken_over.view)[-2:] == [("assistant", "Sorry. Goodbye."), ("user", "Hello?")]
