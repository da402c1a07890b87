"""The raw log as the contract's log route shows it."""

from tests.unit.insight.call_log import CallLog, two_turns

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.insight.rawlog import raw_log
from callwright.ports.model import Message


def rows(log: CallLog) -> list[tuple[str, str, str]]:
    return [(row["type"], row["component"], row["data"]) for row in raw_log(log.view)]


def test_a_turn_shows_as_requests_and_responses_by_component():
    log = CallLog().answered().event(ev.TranscriptFinal, 900, 1, "Two, please.").asked(1, 1, "Two, please.")
    log.model_wrote(1, "For ").model_wrote(1, "when?").model_ended(1).speaks(1, 1, "For when?")
    log.event(ev.VoiceFinished, 1, 0, 640)
    assert rows(log) == [
        ("response", "transcriber", "Two, please."),
        ("request", "llm", "Two, please."),
        ("response", "llm", "For when?"),
        ("request", "synthesizer", "For when?"),
        ("response", "synthesizer", "640 ms of audio"),
    ]


def test_every_entry_has_the_contracts_fields_and_the_provider_that_did_the_work():
    (first, *_) = raw_log(two_turns().view)
    assert first == {
        "created_at": "2026-03-01T12:00:01.000000+00:00",
        "type": "request",
        "component": "synthesizer",
        "provider": "throat",
        "data": "Hello, this is Maya.",
    }


def test_times_are_utc_whatever_the_zone_of_the_log():
    log = CallLog("2026-03-01T17:30:00+05:30").at(250).speaks(0, 1, "Hello.")
    assert raw_log(log.view)[0]["created_at"] == "2026-03-01T12:00:00.250000+00:00"


def test_words_that_never_became_final_show_as_they_were_last_understood():
    log = (
        CallLog()
        .answered()
        .event(ev.TranscriptPartial, 400, 1, "Two")
        .event(ev.TranscriptFinal, 900, 1, "Two, please.")
    )
    log.event(ev.TranscriptPartial, 1200, 2, "Good").event(ev.TranscriptPartial, 1500, 2, "Good bye")
    log.event(ev.TranscriptPartial, 1700, 3, "Ah").event(ev.TranscriptPartial, 1800, 3, "").leg_ended()
    assert rows(log) == [("response", "transcriber", "Two, please."), ("response", "transcriber", "Good bye")]


def test_a_cancelled_reply_shows_what_the_model_had_said():
    log = CallLog().asked(1, 1).model_wrote(1, "Our hours are").write(fx.CancelModel(1)).model_ended(1)
    assert rows(log)[1:] == [("response", "llm", "Our hours are")]


def test_tools_show_their_call_and_their_result():
    log = CallLog().write(fx.CallTool(4, 1, "c1", "book_table", '{"people":2}')).event(ev.ToolResult, 4, True, "booked")
    assert rows(log) == [
        ("request", "function_call", 'book_table {"people":2}'),
        ("response", "function_call", "booked"),
    ]


def test_an_event_from_outside_stands_where_it_came():
    log = CallLog().asked(1, 1, "hi").event(ev.ExternalEvent, "paid", '{"order": 7}').model_wrote(1, "So.")
    assert rows(log.model_ended(1)) == [
        ("request", "llm", "hi"),
        ("event", "system", 'paid {"order": 7}'),
        ("response", "llm", "So."),
    ]


def test_questions_about_the_call_have_components_of_their_own():
    log = CallLog().connected("model", "brain")
    log.write(fx.AskClassifier(7, "hangup", (Message("user", "Bye."),))).event(ev.ClassifierVerdict, 7, "hangup", True)
    log.write(fx.AskClassifier(8, "mood", ())).event(ev.ClassifierVerdict, 8, "mood", False)
    assert rows(log) == [
        ("request", "llm_hangup", "Bye."),
        ("response", "llm_hangup", "yes"),
        ("request", "llm", ""),
        ("response", "llm", "no"),
    ]
    assert {row["provider"] for row in raw_log(log.view)} == {"brain"}


def test_failures_and_the_end_of_the_call_are_told():
    log = CallLog().event(ev.ProviderFailed, "voice", "throat", "unavailable", "no answer")
    log.event(ev.ProviderSwitched, "voice", "throat", "spare", "unavailable").write(fx.HangUp("Agent", "end_call_tool"))
    log.fact("post", "post_failed", what="summary", reason="no model")
    assert rows(log) == [
        ("error", "error", "voice throat: unavailable: no answer"),
        ("warning", "warning", "voice: throat replaced by spare: unavailable"),
        ("response", "system", "hang-up: end_call_tool"),
        ("error", "error", "summary: no model"),
    ]
    assert [row["provider"] for row in raw_log(log.view)] == ["throat", "", "", ""]


def test_what_is_no_message_is_left_out():
    log = CallLog().answered().event(ev.TranscriptFinal, 900, 1, "").asked(1, 1, "hi").model_ended(1).leg_ended()
    assert rows(log) == [("request", "llm", "hi")]


def test_a_filler_is_the_voice_s_and_a_ringing_tone_is_ours():
    log = CallLog().answered().event(ev.AssetPlayed, "Hmm.", "filler", 400, True)
    log.event(ev.AssetPlayed, "ringing tone", "ringing", 4_000, False)
    log.event(ev.AssetPlayed, "ringing tone", "ringing", 0, False)
    assert rows(log) == [
        ("response", "synthesizer", "filler: Hmm."),
        ("response", "system", "ringing: ringing tone"),
    ]


def test_of_what_became_of_a_transfer_the_last_word_is_shown() -> None:
    log = CallLog().answered()
    for request in (5, 6):
        log.write(fx.Transfer(request, "loopback:desk", False, 1, f"c{request}", "transfer_call_desk", "{}"))
    log.write(fx.TransferSettled(5, False, "busy")).leg_ended().write(
        fx.TransferSettled(6, False, "the call has ended")
    )
    log.event(ev.TransferProgress, 6, "completed").write(fx.TransferSettled(6, True, ""))
    shown = [row["data"] for row in raw_log(log.view) if row["type"] == "response"]
    assert shown == ["not transferred: busy", "transferred"]
