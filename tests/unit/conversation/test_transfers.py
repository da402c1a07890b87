"""The model hands the caller to somebody else."""

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.conversation.call_builder import Call

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import CALLER_FIRST_MS, HANDED_WAIT_MS, TOOL_WAIT_MS, TRANSFER_WAIT_MS
from callwright.conversation.plan import TransferTool
from callwright.domain.limits import MAX_CALL_SECONDS, MAX_TRANSFERS, TRANSFER_RING_SECONDS
from callwright.ports.model import Tool
from callwright.telephony.media_streams.transfer import CONNECT_SECONDS

DESK = TransferTool(
    "transfer_call_desk", "sip:desk@127.0.0.1", message="I put you through to the desk.", own_message=True
)
TOOLS = (Tool(DESK.name, "Transfer to the desk", "{}"), Tool("book", "Book a table", "{}"))


def call_with(tool: TransferTool = DESK, **plan: Any) -> Call:
    return Call(transfers=(tool,), **{"tools": TOOLS, "incremental_delay_ms": 0, **plan})


def transferring(words: str = "", tool: TransferTool = DESK, arguments: str = "{}", **plan: Any) -> Call:
    """The caller asked for the desk and the model called the tool, after ``words`` of its own."""
    call = call_with(tool, **plan)
    call.caller_says("the desk please")
    if words:
        call.model_says(words, ended=False)
    call.model_calls(tool.name, arguments=arguments)
    call.model_ends()
    return call


def requested(**plan: Any) -> Call:
    """The line was asked for the transfer."""
    call = transferring(**plan)
    call.plays()
    assert call.core.state == "transferring"
    return call


def results(call: Call) -> list[dict[str, Any]]:
    """What the model was last told of its tools."""
    return [json.loads(m.content) for m in call.last(fx.AskModel).messages if m.role == "tool"]


def settled(call: Call) -> list[tuple[bool, str]]:
    return [(fact.transferred, fact.reason) for fact in call.all(fx.TransferSettled)]


def test_the_announcement_is_said_to_its_end_and_then_the_line_is_asked_once() -> None:
    call = transferring()
    assert call.core.state == "speaking"
    assert [speak.text for speak in call.clauses()] == ["I put you through to the desk."]
    assert not call.all(fx.Transfer)
    call.plays()
    transfer = call.last(fx.Transfer)
    assert (transfer.target, transfer.attended, transfer.turn) == ("sip:desk@127.0.0.1", False, 1)
    assert (transfer.call_id, transfer.name, transfer.arguments) == ("c1", "transfer_call_desk", "{}")
    assert not call.all(fx.CallTool)
    call.wait(20_000)
    assert len(call.all(fx.Transfer)) == 1
    assert call.said() == ["caller: the desk please", "agent: I put you through to the desk."]


def test_a_caller_who_is_handed_over_hears_no_more_and_the_leg_closes_by_itself() -> None:
    call = requested()
    call.transfer_goes("ringing")
    call.wait(5_000)
    call.transfer_goes("completed")
    assert settled(call) == [(True, "")]
    assert call.core.state == "leaving"
    call.wait(1_000)
    call.ends()
    assert call.core.ended
    assert call.hung_up() == ""


def ringing(**plan: Any) -> Call:
    """The target rings, and the caller hears it."""
    call = requested(**plan)
    call.transfer_goes("dialling")
    assert not call.all(fx.PlayAsset)
    call.transfer_goes("ringing")
    call.transfer_goes("ringing")
    assert call.all(fx.PlayAsset) == [fx.PlayAsset("ringing tone", "ringing")]
    assert not call.all(fx.StopAsset)
    return call


@pytest.mark.parametrize("state", ["answered", "failed", "completed", "bridged", "joined"])
def test_the_caller_hears_the_target_ring_until_something_else_is_told_of_it(state: str) -> None:
    call = ringing()
    call.wait(3_000)
    effects = call.transfer_goes(state)
    assert effects[0] == fx.StopAsset("ringing"), "before anything else"
    call.give(ev.AssetPlayed, "ringing tone", "ringing", 3_000, False)
    call.transfer_goes("answered")
    assert len(call.all(fx.StopAsset)) == 1
    assert call.said() == ["caller: the desk please", "agent: I put you through to the desk."]


def test_a_target_that_rings_again_after_sound_of_its_own_is_heard_ringing_again() -> None:
    call = ringing()
    call.transfer_goes("early_media")
    call.transfer_goes("ringing")
    assert [one.asset for one in call.all(fx.PlayAsset)] == ["ringing tone", "early media", "ringing tone"]


@pytest.mark.parametrize("before", ["dialling", "ringing"])
def test_a_target_with_sound_of_its_own_is_heard_in_place_of_the_tone_until_it_answers(before: str) -> None:
    call = requested()
    call.transfer_goes(before)
    call.transfer_goes("early_media")
    call.transfer_goes("early_media")
    assert call.last(fx.PlayAsset) == fx.PlayAsset("early media", "ringing")
    tones = len(call.all(fx.PlayAsset)) - 1
    assert (tones, len(call.all(fx.StopAsset))) == ((1, 1) if before == "ringing" else (0, 0))
    call.transfer_goes("answered")
    assert len(call.all(fx.StopAsset)) == tones + 1


def test_it_rings_no_longer_than_the_outcome_is_waited_for() -> None:
    call = ringing()
    call.wait(TRANSFER_WAIT_MS)
    assert len(call.all(fx.StopAsset)) == 1
    call.transfer_goes("ringing")
    assert len(call.all(fx.PlayAsset)) == 1, "nobody waits for it any more"


def test_it_rings_no_more_when_the_call_ends() -> None:
    call = ringing()
    call.give(ev.StopRequested, "API Request", "stopped")
    assert len(call.all(fx.StopAsset)) == 1
    gone = ringing()
    gone.ends()
    assert not gone.all(fx.StopAsset), "with the leg every sound is over"


def test_who_writes_hears_nothing_ring() -> None:
    call = requested(written=True)
    call.transfer_goes("ringing")
    assert not call.all(fx.PlayAsset)


def test_a_leg_that_stays_after_the_handover_is_hung_up() -> None:
    call = requested()
    call.transfer_goes("bridged")
    call.wait(HANDED_WAIT_MS - 1)
    assert call.hung_up() == ""
    call.wait(1)
    assert call.hung_up() == "call_transferred"
    call.wait(60_000)
    assert call.core.ended


def test_a_caller_and_a_target_who_talk_over_our_leg_are_left_alone_until_the_leg_ends() -> None:
    call = ringing(call_terminate_ms=60_000)
    assert call.transfer_goes("joined")[0] == fx.StopAsset("ringing")
    call.wait(600_000)
    call.caller_says("hello desk")
    assert call.hung_up() == ""
    assert call.said()[-1] == "agent: I put you through to the desk."
    call.ends()
    assert call.core.ended
    left = requested()
    left.transfer_goes("joined")
    left.wait(MAX_CALL_SECONDS * 1000)
    assert left.hung_up() == "max_duration_reached", "no call lasts for ever"


def test_a_target_that_does_not_take_the_call_is_told_to_the_model_and_the_conversation_goes_on() -> None:
    call = requested()
    call.transfer_goes("failed", "the desk is busy")
    assert results(call) == [{"transferred": False, "reason": "the desk is busy"}]
    # The announcement belongs to the message that called the tool: the result is the last thing the model sees.
    assert call.told()[-3:] == [
        "user: the desk please",
        "assistant: I put you through to the desk.",
        'tool: {"transferred": false, "reason": "the desk is busy"}',
    ]
    call.agent_replies("The desk is busy, can I help?")
    call.caller_says("yes you can")
    assert call.told()[-1] == "user: yes you can"


def test_a_failure_without_a_reason_is_a_failure() -> None:
    call = requested()
    call.transfer_goes("failed")
    assert results(call) == [{"transferred": False, "reason": "it failed"}]


def test_the_agent_is_silent_while_the_line_is_asked_and_the_caller_s_words_wait() -> None:
    call = requested()
    call.caller_says("is anybody there at all")
    call.wait(30_000)
    assert call.core.state == "transferring"
    assert len(call.all(fx.AskModel)) == 1
    call.transfer_goes("failed", "no answer")
    assert call.told()[-1] == "user: is anybody there at all"
    assert results(call) == [{"transferred": False, "reason": "no answer"}]


def test_a_transfer_nobody_tells_the_outcome_of_counts_as_failed_in_time() -> None:
    call = requested(call_terminate_ms=300_000)
    call.wait(TRANSFER_WAIT_MS - 1)
    assert call.core.state == "transferring"
    call.wait(1)
    assert settled(call) == [(False, "nobody answered in time")]
    assert results(call)[0]["transferred"] is False


def test_a_success_that_is_told_late_still_ends_the_call_as_transferred() -> None:
    call = requested(call_terminate_ms=300_000)
    call.wait(TRANSFER_WAIT_MS)
    call.model_says("Nobody is there.")
    call.starts_playing()
    call.transfer_goes("completed")
    assert call.core.state == "leaving"
    assert call.all(fx.Clear)
    assert settled(call)[-1] == (True, "")


def test_a_success_after_a_failure_still_ends_the_call_as_transferred() -> None:
    """A carrier may give up its wait for a target that then takes the call."""
    call = requested(call_terminate_ms=300_000)
    call.transfer_goes("failed", "no answer")
    call.model_says("Nobody is there.")
    call.starts_playing()
    call.transfer_goes("completed")
    assert call.core.state == "leaving"
    assert settled(call) == [(False, "no answer"), (True, "")]
    assert "unused_event" not in call.notes()
    call.transfer_goes("failed", "no answer")
    assert "unused_event" in call.notes()
    assert settled(call)[-1] == (True, "")


def test_a_failure_that_is_told_late_corrects_the_history() -> None:
    call = requested(call_terminate_ms=300_000)
    call.wait(TRANSFER_WAIT_MS)
    call.transfer_goes("failed", "the desk was busy")
    assert "transfer_late" in call.notes()
    call.agent_replies("Nobody is there.")
    call.caller_says("I see")
    assert results(call)[0]["reason"] == "the desk was busy"
    assert len(call.all(fx.TransferSettled)) == 1


def test_a_late_success_drops_a_transfer_that_was_wanted_meanwhile() -> None:
    call = requested(call_terminate_ms=300_000)
    first = call.last(fx.Transfer).request
    call.wait(TRANSFER_WAIT_MS)
    call.model_calls(DESK.name, "c2")
    call.model_ends()
    call.starts_playing()
    call.give(ev.TransferProgress, first, "completed")
    assert call.core.state == "leaving"
    assert call.last(fx.Note).kind == "transfer_dropped"
    assert len(call.all(fx.Transfer)) == 1


def test_two_late_successes_are_both_written_down() -> None:
    call = requested(call_terminate_ms=300_000)
    first = call.last(fx.Transfer).request
    call.wait(TRANSFER_WAIT_MS)
    call.model_calls(DESK.name, "c2")
    call.model_ends()
    call.plays()
    call.give(ev.TransferProgress, first, "completed")
    call.transfer_goes("completed")
    assert settled(call)[-2:] == [(True, ""), (True, "")]


def test_news_of_a_transfer_nobody_asked_for_is_a_note() -> None:
    call = requested()
    call.give(ev.TransferProgress, 999, "completed")
    assert "unused_event" in call.notes()
    assert call.core.state == "transferring"
    call.transfer_goes("completed")
    call.transfer_goes("completed")
    assert settled(call) == [(True, "")]


# -- the announcement ------------------------------------------------------------------------------------------------------------


def test_the_standard_sentence_is_left_out_when_the_model_said_it_in_its_own_words() -> None:
    standard = TransferTool(DESK.name, DESK.target, message="Sure, I'll transfer the call for you.")
    call = transferring("I connect you now.", standard)
    call.plays()
    assert call.core.state == "transferring"
    assert call.said()[1:] == ["agent: I connect you now."]
    silent = transferring("", standard)
    silent.plays()
    assert silent.said()[1:] == ["agent: Sure, I'll transfer the call for you."]


def test_the_agent_s_own_sentence_follows_the_words_of_the_model() -> None:
    call = transferring("With pleasure.")
    call.plays()
    assert not call.all(fx.Transfer)
    call.plays()
    assert call.core.state == "transferring"
    call.transfer_goes("failed", "busy")
    assert call.told()[-2] == "assistant: With pleasure. I put you through to the desk."


@pytest.mark.proves("tool.transfer_mode")
def test_without_an_announcement_the_line_is_asked_at_once() -> None:
    call = transferring(tool=TransferTool(DESK.name, DESK.target, attended=True))
    assert call.last(fx.Transfer).attended
    assert call.core.state == "transferring"


def test_an_announcement_whose_voice_fails_is_said_again() -> None:
    call = transferring()
    generation = call.last(fx.Release).generation
    call.give(ev.ProviderFailed, "voice", "scripted", "unavailable", "down", generation)
    call.clears(0)
    assert call.last(fx.Release).generation == generation + 1
    call.plays()
    assert call.core.state == "transferring"
    assert call.said()[1:] == ["agent: I put you through to the desk."]
    call.transfer_goes("failed", "busy")
    assert call.told()[-2] == "assistant: I put you through to the desk."


def test_a_reply_whose_voice_fails_in_the_middle_is_said_to_its_end_before_the_transfer() -> None:
    tool = TransferTool(DESK.name, DESK.target, message="Please hold the line.")
    call = transferring("I connect you now. It takes a moment.", tool)
    call.starts_playing()
    first, rest = call.clauses()[0].text, " ".join(speak.text for speak in call.clauses()[1:])
    generation = call.last(fx.Release).generation
    call.give(ev.ProviderFailed, "voice", "scripted", "unavailable", "down", generation, 0, 1)
    call.give(ev.MarkPlayed, generation, 0)
    assert not call.all(fx.Transfer)
    call.plays()
    assert call.said()[1:] == [f"agent: {first}", f"agent: {rest}"]
    assert call.core.state == "transferring"


def test_a_reply_whose_voice_fails_is_replaced_by_the_standard_sentence() -> None:
    call = transferring("I connect you now.", TransferTool(DESK.name, DESK.target, message="Please hold the line."))
    call.give(ev.ProviderFailed, "voice", "scripted", "unavailable", "down", call.last(fx.Release).generation)
    call.clears(0)
    call.plays()
    assert call.said()[1:] == ["agent: Please hold the line."]
    assert call.core.state == "transferring"


# -- the caller comes first ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["wait", "actually I have one more question"])
def test_a_caller_who_interrupts_the_announcement_is_answered_and_not_transferred(words: str) -> None:
    call = transferring()
    call.starts_playing()
    call.wait(600)
    call.begins()
    call.wait(500)
    call.finishes(words)
    assert call.all(fx.Clear)
    call.clears(600)
    call.pauses()
    call.judges()
    assert not call.all(fx.Transfer)
    assert "The caller spoke before" in results(call)[0]["reason"]
    assert call.told()[-1] == f"user: {words}"
    assert "transfer_dropped" in call.notes()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        *(("en", text) for text in ("no thanks", "No, thank you.", "no please", "please don't", "Not now!")),
        *(("hi", "अभी नहीं"), ("es", "ahora no"), ("fr", "pas maintenant"), ("de", "bitte nicht"), ("pt", "agora não")),
        *(("it", "non adesso"), ("ta", "இப்போது வேண்டாம்"), ("te", "ఇప్పుడు వద్దు")),
    ],
)
@pytest.mark.parametrize("final", [True, False])
def test_who_says_no_to_the_announcement_in_however_few_words_is_not_transferred(
    language: str, words: str, final: bool
) -> None:
    call = transferring(language=language)
    call.starts_playing()
    call.wait(600)
    call.begins()
    call.wait(500)
    if final:
        call.finishes(words)
    else:
        call.segment += 1
        call.hears(words)
    assert call.all(fx.Clear)
    call.clears(600)
    assert "transfer_dropped" in call.notes()


@pytest.mark.parametrize("words", ["no thanks", "not really"])
def test_a_no_to_a_question_before_the_transfer_is_its_answer(words: str) -> None:
    call = transferring(tool=replace(DESK, message="Is there anything else before I connect you?"))
    call.starts_playing()
    call.wait(600)
    call.begins()
    call.wait(500)
    call.finishes(words)
    assert not call.all(fx.Clear)
    assert "transfer_dropped" not in call.notes()


def test_where_partial_words_never_interrupt_a_no_calls_off_when_it_is_final() -> None:
    call = transferring(words_to_interrupt=0)
    call.starts_playing()
    call.wait(600)
    call.begins()
    call.wait(500)
    call.segment += 1
    call.hears("no thanks")
    assert not call.all(fx.Clear)
    call.segment -= 1
    call.finishes("no thanks")
    assert call.all(fx.Clear)
    assert "transfer_dropped" in call.notes()


def test_a_no_whose_words_the_announcement_has_in_part_is_no_echo() -> None:
    desk = TransferTool(DESK.name, DESK.target, message="I put you through right now.", own_message=True)
    for words, called_off in (("not right now", True), ("you through right now", False)):
        call = transferring(tool=desk)
        call.starts_playing()
        call.wait(600)
        call.begins()
        call.wait(600)
        call.finishes(words)
        assert bool(call.all(fx.Clear)) is called_off


def test_a_written_no_calls_off_when_it_is_sent() -> None:
    call = transferring(written=True)
    call.starts_playing()
    call.segment += 1
    call.hears("no thanks")
    assert not call.all(fx.Clear)
    call.segment -= 1
    call.finishes("no thanks")
    assert call.all(fx.Clear)


def test_a_no_over_anything_else_waits_as_ever() -> None:
    call = call_with()
    call.caller_says("the desk please")
    call.model_says("They are open from nine to five on all days of the week.")
    call.starts_playing()
    call.wait(600)
    call.begins()
    call.wait(500)
    call.finishes("no thanks")
    assert not call.all(fx.Clear)


def test_an_announcement_whose_voice_failed_is_not_said_again_once_it_is_called_off() -> None:
    call = transferring()
    call.give(ev.ProviderFailed, "voice", "scripted", "unavailable", "failed", call.last(fx.Speak).generation)
    call.finishes("no wait please stop")
    call.clears(0)
    assert [speak.purpose for speak in call.all(fx.Speak)].count("transfer") == 1
    assert not call.all(fx.Transfer)


def test_a_yes_during_the_announcement_does_not_stop_the_transfer_and_is_kept() -> None:
    call = transferring()
    call.starts_playing()
    call.begins()
    call.wait(300)
    call.finishes("yes please")
    call.pauses()
    call.judges()
    for speak in call.clauses():
        call.give(ev.MarkPlayed, speak.generation, speak.index)
    assert call.core.state == "transferring"
    call.ends()
    assert call.said()[-1] == "caller: yes please"
    assert "back_channel" not in call.notes()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        *(("en", words) for words in ("Yes, thank you.", "okay thanks a lot", "thank you very much")),
        *(("de", "ja, vielen Dank"), ("es", "vale, muchas gracias"), ("fr", "oui, merci beaucoup")),
    ],
)
def test_who_agrees_to_a_transfer_and_thanks_is_transferred_in_however_many_words(language: str, words: str) -> None:
    call = transferring(language=language)
    call.starts_playing()
    call.begins()
    call.segment += 1
    for count in range(1, len(words.split()) + 1):
        call.wait(200)
        call.hears(" ".join(words.split()[:count]))
    call.segment -= 1
    call.finishes(words)
    call.pauses()
    call.judges()
    for speak in call.clauses():
        call.give(ev.MarkPlayed, speak.generation, speak.index)
    assert not call.all(fx.Clear)
    assert call.core.state == "transferring"
    call.ends()
    assert call.said()[-1] == f"caller: {words}"


@pytest.mark.parametrize(
    "words",
    [
        *("okay thank you but not today", "thank you very much no"),
        *("thank you goodbye", "okay thank you bye bye", "have a nice day goodbye"),
    ],
)
def test_who_says_more_than_that_is_not_transferred(words: str) -> None:
    call = transferring()
    call.starts_playing()
    call.wait(600)
    call.begins()
    call.wait(500)
    call.finishes(words)
    assert call.all(fx.Clear)
    call.clears(600)
    assert "transfer_dropped" in call.notes()


def test_a_caller_who_begins_to_speak_at_the_end_of_the_announcement_is_heard_first() -> None:
    call = transferring()
    call.starts_playing()
    call.begins()
    for speak in call.clauses():
        call.give(ev.MarkPlayed, speak.generation, speak.index)
    call.wait(500)
    assert not call.all(fx.Transfer)
    call.finishes("no not the desk")
    call.pauses()
    call.judges()
    assert not call.all(fx.Transfer)
    assert call.told()[-1] == "user: no not the desk"


def test_a_noise_delays_the_transfer_for_a_bounded_time() -> None:
    call = transferring()
    call.starts_playing()
    call.begins()
    for speak in call.clauses():
        call.give(ev.MarkPlayed, speak.generation, speak.index)
    call.wait(CALLER_FIRST_MS - 1)
    assert not call.all(fx.Transfer)
    call.wait(1)
    assert call.core.state == "transferring"


def test_a_short_sound_without_words_delays_it_until_it_turns_out_to_be_one() -> None:
    call = transferring()
    call.starts_playing()
    call.begins()
    call.pauses()
    for speak in call.clauses():
        call.give(ev.MarkPlayed, speak.generation, speak.index)
    assert not call.all(fx.Transfer)
    call.wait(2_600)
    assert "noise" in call.notes()
    assert call.core.state == "transferring"


# -- what else happens meanwhile -------------------------------------------------------------------------------------------------


def test_a_caller_who_hangs_up_while_the_line_is_asked_was_not_transferred() -> None:
    call = requested()
    call.ends()
    assert settled(call) == [(False, "the call has ended")]
    call.transfer_goes("completed")
    assert settled(call)[-1] == (True, "")


def test_a_stop_while_the_line_is_asked_hangs_up() -> None:
    call = requested()
    call.give(ev.StopRequested, "API Request", "stopped")
    assert call.hung_up() == "stopped"
    assert settled(call) == [(False, "the call is ending")]
    call.transfer_goes("failed", "canceled")
    assert settled(call) == [(False, "the call is ending")]
    call.ends()
    assert call.core.ended


def test_a_stop_during_the_announcement_asks_for_nothing_more() -> None:
    call = transferring()
    call.starts_playing()
    call.give(ev.StopRequested, "API Request", "stopped")
    call.ends()
    assert not call.all(fx.Transfer)
    assert "transfer_dropped" in call.notes()


def test_the_maximum_duration_ends_the_call_with_its_goodbye_while_the_line_is_asked() -> None:
    call = requested(call_terminate_ms=20_000, hangup_message="Our time is up, goodbye.")
    call.wait(20_000)
    assert call.core.state == "closing"
    call.plays()
    assert call.hung_up() == "max_duration_reached"


def test_a_success_during_the_goodbye_still_hands_the_caller_over() -> None:
    call = requested(call_terminate_ms=20_000, hangup_message="Our time is up, goodbye.")
    call.wait(20_000)
    call.starts_playing()
    call.transfer_goes("completed")
    assert call.core.state == "leaving"
    call.clears(400)
    call.ends()
    assert call.hung_up() == ""
    assert settled(call)[-1] == (True, "")


@pytest.mark.parametrize("order", [("end_call", DESK.name), (DESK.name, "end_call")])
def test_a_caller_who_is_transferred_is_not_hung_up_on(order: tuple[str, str]) -> None:
    call = call_with(end_call_tool=True)
    call.caller_says("the desk please")
    for name in order:
        call.model_calls(name, name)
    call.model_ends()
    call.plays()
    assert call.core.state == "transferring"
    assert not call.hung_up()


def test_an_end_of_the_call_wanted_while_a_transfer_is_announced_counts_for_nothing() -> None:
    call = call_with(end_call_tool=True)
    call.caller_says("the desk please")
    call.model_says("With pleasure. ", ended=False)
    call.starts_playing()
    call.model_calls(DESK.name)
    call.model_calls("end_call", "c2")
    call.model_ends()
    call.give(ev.MarkPlayed, call.last(fx.Release).generation, 0)
    call.plays()
    assert call.core.state == "transferring"


def test_a_caller_whose_transfer_cannot_be_made_is_not_hung_up_on_by_the_same_reply() -> None:
    nowhere = TransferTool("transfer_call_lost", "", message="I put you through.", own_message=True)
    call = call_with(nowhere, end_call_tool=True)
    call.caller_says("the desk please")
    call.model_says("With pleasure. ", ended=False)
    call.model_calls(nowhere.name)
    call.starts_playing()
    call.model_calls("end_call", "c2")
    call.model_ends()
    call.plays()
    assert not call.hung_up()
    assert results(call)[-1]["transferred"] is False


def test_another_tool_of_the_same_reply_answers_before_the_caller_is_handed_over() -> None:
    call = call_with()
    call.caller_says("book it and give me the desk")
    call.model_calls("book", "c1")
    call.model_calls(DESK.name, "c2")
    call.model_ends()
    assert call.core.state == "working"
    assert not call.all(fx.Speak)
    call.give(ev.ToolResult, call.last(fx.CallTool).request, True, '{"booked": true}')
    call.plays()
    assert call.core.state == "transferring"


def test_silence_is_no_silence_while_the_line_is_asked() -> None:
    call = requested(user_online_after_ms=2_000, hangup_after_silence_ms=3_000, call_terminate_ms=90_000)
    call.wait(40_000)
    assert call.core.state == "transferring"
    assert not call.hung_up()


# -- what is refused -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("112", "emergency number"),
        ("sip:911@127.0.0.1", "emergency number"),
        ("the desk", "not a valid phone number"),
        ("sip:nobody", "not a SIP address"),
        ("", "no phone number or address"),
        ("{branch}", "no phone number or address"),
        ("%(number)s", "no phone number or address"),
    ],
)
def test_a_target_that_cannot_be_is_refused_and_the_model_told_why(target: str, why: str) -> None:
    call = transferring(tool=TransferTool(DESK.name, target, message="One moment."))
    assert not call.all(fx.Transfer)
    assert not call.all(fx.Speak)
    assert why in results(call)[0]["reason"]
    assert "transfer_refused" in call.notes()
    call.agent_replies("I cannot transfer you.")
    assert call.said()[-1] == "agent: I cannot transfer you."


def test_a_refusal_after_words_of_the_model_is_answered_when_they_were_heard() -> None:
    call = transferring("I connect you now.", TransferTool(DESK.name, "112"))
    call.starts_playing()
    assert results(call)[0]["transferred"] is False
    call.give(ev.MarkPlayed, call.last(fx.Release).generation, 0)
    call.agent_replies("That is not possible.")
    assert call.said()[1:] == ["agent: I connect you now.", "agent: That is not possible."]


def choosing(arguments: str, target: str = "loopback:{name}-%(branch)s", **plan: Any) -> Call:
    """The model gave ``arguments`` for a transfer whose schema has a choice of branches, and a reason."""
    schema = (
        '{"type":"object","properties":{"branch":{"type":"string","enum":["north","south"]},"reason":{"type":"string"}},'
        '"required":["branch","reason"]}'
    )
    tools = (Tool(DESK.name, "To a branch", schema),)
    return transferring(tool=TransferTool(DESK.name, target), arguments=arguments, tools=tools, **plan)


def test_the_target_is_filled_from_variables_and_from_what_the_model_gave() -> None:
    transfer = choosing('{"branch": "North", "reason": "rent", "admin": true}').last(fx.Transfer)
    assert transfer.target == "loopback:Ada-north"
    assert transfer.arguments == '{"branch":"north","reason":"rent"}'


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ('{"branch": "+19005550199", "reason": "rent"}', 'branch must be one of "north", "south", not "+19005550199"'),
        ('{"branch": "north"}', "reason is missing"),
        ('{"branch": "nor', "the arguments are not JSON"),
    ],
)
def test_nobody_is_transferred_to_what_the_schema_does_not_allow(arguments: str, told: str) -> None:
    call = choosing(arguments)
    assert not call.all(fx.Transfer)
    assert results(call)[-1]["transferred"] is False
    assert results(call)[-1]["reason"].startswith(told)
    assert call.notes() == ["transfer_refused"]
    call.model_calls(DESK.name, "c2", arguments='{"branch": "south", "reason": "rent"}')
    call.model_ends()
    assert call.last(fx.Transfer).target == "loopback:Ada-south"


def test_a_target_that_the_schema_does_not_declare_is_not_the_models_to_choose() -> None:
    call = choosing('{"number": "+19005550199", "branch": "north", "reason": "rent"}', "%(number)s")
    assert not call.all(fx.Transfer)
    assert "no phone number or address" in results(call)[-1]["reason"]
    assert "nothing gives number" in results(call)[-1]["reason"]


@pytest.mark.parametrize(
    ("arguments", "fit"),
    [
        ('{"branch": "west", "reason": "rent"}', '{"reason":"rent"}'),
        ('{"branch": "north"}', '{"branch":"north"}'),
        ('{"branch": "nor', "{}"),
        ("[]", "{}"),
    ],
)
@pytest.mark.parametrize("target", ["loopback:desk", "loopback:%(name)s", "loopback:{name}"])
def test_what_does_not_fit_keeps_nobody_from_a_target_that_is_fixed(target: str, arguments: str, fit: str) -> None:
    transfer = choosing(arguments, target).last(fx.Transfer)
    assert transfer.target in ("loopback:desk", "loopback:Ada")
    assert transfer.arguments == fit


def test_the_calls_own_variable_counts_before_what_the_model_gave() -> None:
    schema = '{"type":"object","properties":{"name":{"type":"string"}}}'
    tools = (Tool(DESK.name, "To the desk", schema),)
    tool = TransferTool(DESK.name, "loopback:%(name)s")
    call = transferring(tool=tool, arguments='{"name": "thief"}', tools=tools)
    assert call.last(fx.Transfer).target == "loopback:Ada"


def test_a_second_transfer_of_the_same_reply_is_refused() -> None:
    call = call_with()
    call.caller_says("the desk please")
    call.model_calls(DESK.name, "c1")
    call.model_calls(DESK.name, "c2")
    call.model_ends()
    assert call.last(fx.Note).text.endswith("another transfer is in progress")
    call.plays()
    call.transfer_goes("failed", "busy")
    assert [result["reason"] for result in results(call)] == ["busy", "another transfer is in progress"]


def test_the_same_call_of_the_tool_is_made_once() -> None:
    call = requested()
    call.transfer_goes("failed", "busy")
    call.model_calls(DESK.name, "c1")
    assert "tool_repeated" in call.notes()


def test_a_call_tries_a_few_transfers_and_then_no_more() -> None:
    call = requested(call_terminate_ms=600_000)
    for number in range(2, MAX_TRANSFERS + 1):
        call.transfer_goes("failed", "busy")
        call.agent_replies("Still busy.")
        call.caller_says("try again")
        call.model_calls(DESK.name, f"c{number}")
        call.model_ends()
        call.plays()
    assert len(call.all(fx.Transfer)) == MAX_TRANSFERS
    call.transfer_goes("failed", "busy")
    call.model_calls(DESK.name, "c99")
    call.model_ends()
    assert len(call.all(fx.Transfer)) == MAX_TRANSFERS
    assert "were tried in this call already" in results(call)[-1]["reason"]


SERVICE = TransferTool("transfer_call_desk", "", message="One moment.", own_message=True, by_request=True)


def asked(**plan: Any) -> Call:
    """A service of the agent's was asked to transfer."""
    call = transferring(tool=SERVICE, arguments='{"reason": "invoice"}', **plan)
    assert not call.all(fx.CallTool)
    call.plays()
    return call


def answers(call: Call, ok: bool, result: str) -> None:
    call.give(ev.ToolResult, call.last(fx.CallTool).request, ok, result)


def test_a_service_is_asked_to_transfer_when_the_announcement_is_over() -> None:
    call = asked()
    tool = call.last(fx.CallTool)
    assert (tool.call_id, tool.name, call.core.state) == ("c1", SERVICE.name, "transferring")
    answers(call, True, "ok")
    assert call.core.state == "listening"
    assert len(call.all(fx.AskModel)) == 1
    assert not settled(call)
    call.caller_says("are you there")
    assert call.told()[-2:] == ["tool: ok", "user: are you there"]


def accepted(**plan: Any) -> Call:
    """The service has taken the transfer on, and rings the desk."""
    call = asked(user_online_after_ms=3_000, hangup_after_silence_ms=5_000, hangup_message="", **plan)
    answers(call, True, "ok")
    return call


def are_you_there(call: Call) -> bool:
    return any(speak.purpose == "silence" for speak in call.all(fx.Speak))


def test_a_target_has_stopped_ringing_before_the_agent_says_that_nobody_answers() -> None:
    """Else the agent would speak to a caller who hears ringing."""
    assert (TRANSFER_RING_SECONDS + CONNECT_SECONDS) * 1000 < TRANSFER_WAIT_MS


def test_silence_is_no_silence_while_the_desk_is_rung_and_then_begins_anew() -> None:
    call = accepted()
    call.wait(TRANSFER_WAIT_MS + 2_999)
    assert not are_you_there(call)
    call.wait(1)
    assert are_you_there(call)
    call.plays()
    call.wait(5_000)
    assert call.hung_up() == "inactivity_timeout"


def test_without_the_question_the_call_is_hung_up_when_the_silence_behind_the_ringing_is_over() -> None:
    call = accepted(check_if_user_online=False)
    call.wait(TRANSFER_WAIT_MS + 4_999)
    assert not call.hung_up()
    call.wait(1)
    assert call.hung_up() == "inactivity_timeout"


@pytest.mark.parametrize("typed", [False, True])
def test_who_says_or_types_something_while_the_desk_is_rung_is_answered_and_silence_counts_again(typed: bool) -> None:
    call = accepted(keys=True)
    call.wait(20_000)
    if typed:
        call.types("1#")
    else:
        call.caller_says("hello")
    call.agent_replies("One moment more.")
    call.wait(2_999)
    assert not are_you_there(call)
    call.wait(1)
    assert are_you_there(call)


def test_a_thank_you_from_before_the_service_answered_is_answered_and_the_desk_rung_on() -> None:
    call = transferring(tool=SERVICE, user_online_after_ms=3_000)
    call.starts_playing()
    call.begins()
    call.wait(300)
    call.finishes("okay thanks")
    call.pauses()
    call.judges()
    for speak in call.clauses():
        call.give(ev.MarkPlayed, speak.generation, speak.index)
    call.wait(1_000)
    answers(call, True, "ok")
    call.agent_replies("You are welcome.")
    assert call.said()[-2:] == ["caller: okay thanks", "agent: You are welcome."]
    call.wait(20_000)
    assert not are_you_there(call)


def test_a_sound_without_words_is_no_word_of_the_caller_who_waits() -> None:
    call = accepted()
    call.wait(20_000)
    call.begins()
    call.wait(200)
    call.pauses()
    call.wait(20_000)
    assert "noise" in call.notes()
    assert not are_you_there(call)


def test_a_service_that_failed_or_answers_too_late_has_nobody_wait() -> None:
    failed = asked(user_online_after_ms=3_000)
    answers(failed, False, "down")
    failed.agent_replies("Nobody is there.")
    failed.wait(3_000)
    assert are_you_there(failed)
    late = asked(user_online_after_ms=3_000)
    late.wait(TOOL_WAIT_MS)
    late.agent_replies("Nobody answers.")
    answers(late, True, "ok after all")
    late.wait(3_000)
    assert are_you_there(late)


def test_the_end_of_the_call_ends_the_wait() -> None:
    call = accepted(call_terminate_ms=30_000)
    call.wait(60_000)
    assert call.hung_up() == "max_duration_reached"


def test_the_failure_of_a_tool_with_the_number_of_a_transfer_is_no_outcome_of_it() -> None:
    call = requested()
    call.give(ev.ProviderFailed, "tool", "x", "unavailable", "", 0, call.last(fx.Transfer).request)
    assert call.core.state == "transferring"
    assert call.notes() == ["result_unknown"]


def test_a_service_that_fails_is_told_to_the_model_which_may_try_again() -> None:
    call = asked()
    answers(call, False, "ERROR CALLING API: the API answered 500")
    assert results(call) == [{"transferred": False, "reason": "ERROR CALLING API: the API answered 500"}]
    call.model_calls(SERVICE.name, "c2")
    call.model_ends()
    call.plays()
    assert call.last(fx.CallTool).call_id == "c2"


def test_a_service_that_took_the_request_is_asked_once() -> None:
    call = asked()
    answers(call, True, "ok")
    call.caller_says("hello")
    call.model_calls(SERVICE.name, "c2")
    call.model_ends()
    assert len(call.all(fx.CallTool)) == 1
    assert "requested already" in results_of(call)[-1]


def results_of(call: Call) -> list[str]:
    return [m.content for m in call.last(fx.AskModel).messages if m.role == "tool"]


def test_a_service_that_does_not_answer_is_given_up_and_a_late_answer_is_kept() -> None:
    call = asked()
    call.wait(TOOL_WAIT_MS)
    assert "nobody answered in time" in results_of(call)[-1]
    answers(call, True, "ok after all")
    assert "transfer_late" in call.notes()
    call.agent_replies("I could not reach them.")
    call.caller_says("and now")
    assert "ok after all" in results_of(call)


def test_a_call_that_ends_while_a_service_is_asked_says_so() -> None:
    call = asked()
    call.ends()
    assert "transfer_unsettled" in call.notes()
    assert not settled(call)


def test_arguments_for_a_service_are_checked() -> None:
    schema = '{"type":"object","properties":{"reason":{"type":"string"}},"required":["reason"]}'
    call = transferring(tool=SERVICE, tools=(Tool(SERVICE.name, "To the desk", schema),))
    assert "reason is missing" in results_of(call)[-1]
    assert not call.all(fx.CallTool)


def test_news_of_the_line_about_a_transfer_that_a_service_makes_is_a_note() -> None:
    service = TransferTool("transfer_call_service", "", by_request=True)
    call = Call(transfers=(service,), tools=(Tool(service.name, "Transfer", "{}"),), incremental_delay_ms=0)
    call.caller_says("somebody else please")
    call.model_calls(service.name)
    call.model_ends()
    call.give(ev.TransferProgress, call.last(fx.CallTool).request, "failed", "busy")
    assert call.notes()[-1] == "unused_event"
    assert not call.all(fx.TransferSettled)


def test_a_caller_who_goes_on_before_the_reply_is_heard_calls_its_transfer_off() -> None:
    call = call_with(TransferTool(DESK.name, DESK.target, message=DESK.message), words_to_interrupt=3)
    call.caller_says("the desk please")
    call.model_says("One moment.", ended=False)
    call.model_calls(DESK.name)
    call.model_ends()
    speak = call.last(fx.Speak)
    call.give(ev.VoiceReady, speak.generation, speak.index)
    assert call.all(fx.Release)
    call.segment += 1
    call.begins()
    call.hears("but not today")
    call.clears(0)
    assert not call.all(fx.Transfer)
    assert call.core.state == "hearing"


def test_what_a_failing_voice_left_unsaid_is_not_said_while_a_transfer_is_asked_for() -> None:
    announces = TransferTool(DESK.name, DESK.target)
    call = transferring("I put you through now. One moment please.", announces)
    reply = call.last(fx.Release).generation
    call.give(ev.VoiceReady, reply, 0)
    call.give(ev.PlayoutStarted, reply)
    call.give(ev.VoiceFinished, reply, 0, 1_500, (), True)
    call.wait(1_000)
    call.begins()
    call.wait(200)
    call.segment += 1
    call.hears("blue")
    call.give(ev.ProviderFailed, "voice", "x", "broken_stream", "failed", reply, 0, 1)
    call.wait(300)
    call.give(ev.MarkPlayed, reply, 0)
    call.pauses()
    assert call.core.state == "transferring"
    call.give(ev.TranscriptFinal, call.audio_ms, call.segment, "")
    call.wait(3_000)
    assert call.core.state == "transferring"
    assert [speak.text for speak in call.clauses()] == ["I put you through now.", "One moment please."]
    call.transfer_goes("completed")
    assert settled(call) == [(True, "")]


def test_a_recogniser_that_fails_while_the_line_is_asked_ends_no_transfer() -> None:
    call = requested(failure_message="Sorry, goodbye.")
    call.give(ev.ProviderFailed, "transcriber", "x", "broken_stream", "gone")
    call.wait(2_000)
    assert call.core.state == "transferring"
    call.transfer_goes("completed")
    assert settled(call)[-1][0]
    call.ends()
    assert not any("Sorry" in line for line in call.said())


def test_a_caller_whom_nobody_hears_any_more_is_told_so_when_the_transfer_fails() -> None:
    call = requested(failure_message="Sorry, goodbye.")
    call.give(ev.ProviderFailed, "transcriber", "x", "broken_stream", "gone")
    call.transfer_goes("failed", "busy")
    call.plays()
    assert call.said()[-1] == "agent: Sorry, goodbye."
    assert call.hung_up() == "transcriber_error"
