"""What providers failed at: which sentence a call's record has, and which failures the server logs."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.insight.call_log import CallLog
from tests.unit.insight.test_record import BOOK

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.domain.limits import MODEL_SILENT_SECONDS
from callwright.insight.doctor import diagnose
from callwright.insight.provider_failures import failures_of, switches_of
from callwright.insight.record import build

REFUSED = "the endpoint refused the key; check CALLWRIGHT_MODEL_API_KEY (HTTP 401)"
REFUSED_TWICE = f'The model acme failed 2 times, refused credentials: "{REFUSED}".'


def connected() -> CallLog:
    """A call that was answered at 1 s, with the model acme."""
    log = CallLog().at(1_000).fact("core", "provider_connected", kind="model", provider="acme", model="m")
    return log.answered()


def asks(log: CallLog, request: int, at_ms: int) -> CallLog:
    return log.at(at_ms).write(fx.AskModel(request, request, 1, "reply", ()))


def fails(log: CallLog, request: int, at_ms: int, failure: str = "refused_credentials", why: str = REFUSED) -> CallLog:
    return log.at(at_ms).event(ev.ProviderFailed, "model", "acme", failure, why, request, request)


def answers(log: CallLog, request: int, at_ms: int) -> CallLog:
    return log.at(at_ms).event(ev.ReplyText, request, request, "Yes.").event(ev.ReplyEnded, request, request, "stop")


def error_of(log: CallLog) -> str | None:
    return build(log.text, BOOK, "loopback").columns.get("error_message")


def logged(log: CallLog) -> list[str]:
    return [group.sentence for group in failures_of(log.view).groups.values()]


def test_a_call_in_which_the_model_never_answered_says_why() -> None:
    log = fails(asks(fails(asks(connected(), 1, 2_000), 1, 2_100), 2, 2_200), 2, 2_300).at(4_000).leg_ended()
    assert error_of(log) == REFUSED_TWICE


def unanswered(log: CallLog) -> bool:
    return build(log.text, BOOK, "loopback").is_unanswered


def test_a_model_whose_every_question_failed_or_timed_out_never_answered() -> None:
    failed = fails(asks(fails(asks(connected(), 1, 2_000), 1, 2_100), 2, 2_200), 2, 2_300).at(4_000).leg_ended()
    hanging = asks(connected(), 1, 2_000).at(2_000 + 1000 * MODEL_SILENT_SECONDS).leg_ended()
    blank = asks(connected(), 1, 2_000).at(2_050).event(ev.ReplyText, 1, 1, " \n").event(ev.ReplyEnded, 1, 1, "stop")
    blank.write(fx.Note("empty_reply", "generation 1")).at(4_000).leg_ended()
    assert [unanswered(log) for log in (failed, hanging, blank)] == [True, True, True]


def test_short_waits_for_a_model_that_never_answered_are_one_wait() -> None:
    log = connected()
    for request in range(1, 4):
        log = asks(log, request, 2_000 * request).at(2_000 * request + 1_900).write(fx.CancelModel(request))
    whole = asks(log, 4, 8_000).at(8_500).leg_ended()
    assert unanswered(whole)
    assert error_of(whole) == (
        'The model acme failed, unanswered: "it gave no word in 5,700 ms; then the other side went on, or the call ended".'
    )


@pytest.mark.parametrize(
    "log",
    [
        connected().at(9_000).leg_ended(),
        asks(connected(), 1, 2_000).at(1_999 + 1000 * MODEL_SILENT_SECONDS).leg_ended(),
        fails(asks(answers(asks(connected(), 1, 2_000), 1, 2_300), 2, 3_000), 2, 3_100).at(9_000).leg_ended(),
        asks(connected(), 1, 2_000).at(9_000).event(ev.ReplyTool, 1, 1, "c", "slots", "{}").leg_ended(),
        fails(asks(connected(), 1, 2_000).at(2_050).event(ev.ReplyText, 1, 1, "We"), 1, 2_100).at(9_000).leg_ended(),
        fails(asks(connected(), 1, 2_000), 1, 2_100).event(ev.MachineDetected, "machine", "carrier").leg_ended(),
        fails(asks(CallLog(), 1, 500), 1, 600).leg_ended("Carrier", "Call unanswered", 3000),
    ],
    ids=["never asked", "no time", "answered before", "a tool", "half a sentence", "a machine", "nobody took the call"],
)
def test_a_model_that_answered_or_had_no_time_to_is_no_model_that_never_answered(log: CallLog) -> None:
    assert not unanswered(log)


def test_a_model_that_recovered_is_no_error_of_the_call() -> None:
    log = answers(asks(fails(asks(connected(), 1, 2_000), 1, 2_100), 2, 2_200), 2, 2_300).at(4_000).leg_ended()
    assert error_of(log) is None
    assert logged(log) == [f'The model acme failed, refused credentials: "{REFUSED}".']


def test_a_model_that_did_not_recover_after_its_last_failure_is() -> None:
    log = fails(asks(answers(asks(connected(), 1, 2_000), 1, 2_300), 2, 3_000), 2, 3_100).at(4_000).leg_ended()
    assert error_of(log) == f'The model acme failed, refused credentials: "{REFUSED}".'


def test_a_call_without_a_failure_has_no_error() -> None:
    assert error_of(answers(asks(connected(), 1, 2_000), 1, 2_300).at(4_000).leg_ended()) is None


def test_half_a_sentence_is_no_answer() -> None:
    log = asks(connected(), 1, 2_000).at(2_100).event(ev.ReplyText, 1, 1, "We have ")
    log = fails(log, 1, 2_200, "broken_stream", "the answer broke off").at(4_000).leg_ended()
    assert error_of(log) == 'The model acme failed, broken stream: "the answer broke off".'


def test_a_question_about_the_conversation_that_fails_is_no_error_of_the_call() -> None:
    log = answers(asks(connected(), 1, 2_000), 1, 2_300).at(3_000)
    log.event(ev.ProviderFailed, "model", "acme", "bad_request", "no schema", 0, 9).at(4_000).leg_ended()
    assert (error_of(log), len(logged(log))) == (None, 1)
    assert [group.first.turn for group in failures_of(log.view).groups.values()] == [1]


def test_an_answer_without_a_word_is_told() -> None:
    log = asks(connected(), 1, 2_000).at(2_100).event(ev.ReplyEnded, 1, 1, "stop")
    log.write(fx.Note("empty_reply", "generation 1")).at(4_000).leg_ended()
    assert error_of(log) == 'The model acme failed, empty answer: "it answered without a word".'


def test_an_answer_that_ends_with_an_error_is_told() -> None:
    log = asks(connected(), 1, 2_000).at(2_100).event(ev.ReplyEnded, 1, 1, "error").at(4_000).leg_ended()
    assert error_of(log) == 'The model acme failed, broken stream: "it ended its answer with an error".'


def test_an_answer_that_the_vendor_cut_off_is_told_and_is_no_error_of_the_call() -> None:
    log = asks(connected(), 1, 2_000).at(2_050).event(ev.ReplyText, 1, 1, "Well")
    log.at(2_100).event(ev.ReplyEnded, 1, 1, "refused").at(4_000).leg_ended()
    assert error_of(log) is None
    (found,) = failures_of(log.view).groups.values()
    assert (found.first.failure, found.first.message) == ("bad_request", "it refused to finish its answer")


def test_a_model_that_hangs_is_told_with_how_long_it_was_waited_for() -> None:
    log = asks(connected(), 1, 2_000).at(22_000).write(fx.CancelModel(1))
    log.write(fx.Note("reply_timeout", "generation 1")).at(24_000).leg_ended()
    assert error_of(log) == 'The model acme failed, no answer: "it gave no word in 20,000 ms".'


def test_a_model_that_stops_in_the_middle_until_its_time_is_over_is_told() -> None:
    log = asks(connected(), 1, 2_000).at(2_100).event(ev.ReplyText, 1, 1, "We have ").at(22_000)
    log.write(fx.CancelModel(1)).write(fx.Note("reply_timeout", "generation 1")).at(24_000).leg_ended()
    assert error_of(log) == (
        'The model acme failed, no answer: "it gave nothing more until its time to answer was over".'
    )


def test_a_caller_who_goes_on_does_not_hide_that_the_model_hangs() -> None:
    log = asks(connected(), 1, 2_000).at(9_000).write(fx.CancelModel(1))
    log = asks(log, 2, 9_000).at(16_000).leg_ended()
    assert error_of(log) == (
        'The model acme failed 2 times, unanswered: "it gave no word in 7,000 ms;'
        ' then the other side went on, or the call ended".'
    )


@pytest.mark.parametrize(("waited_ms", "told"), [(MODEL_SILENT_SECONDS * 1000, True), (4_999, False)])
def test_a_short_wait_is_no_failure(waited_ms: int, told: bool) -> None:
    log = asks(connected(), 1, 2_000).at(2_000 + waited_ms).leg_ended()
    assert (error_of(log) is not None) is told


def test_a_model_that_answered_before_was_only_slow() -> None:
    log = asks(answers(asks(connected(), 1, 2_000), 1, 2_300), 2, 3_000).at(12_000).leg_ended()
    assert (error_of(log), logged(log)) == (None, [])


def test_a_reply_that_is_spoken_was_not_waited_for() -> None:
    log = asks(connected(), 1, 2_000).write(fx.Speak(1, 0, 1, "reply", "Yes.")).at(12_000).leg_ended()
    assert (error_of(log), logged(log)) == (None, [])


def test_what_failed_before_is_told_rather_than_a_wait() -> None:
    log = asks(fails(asks(connected(), 1, 2_000), 1, 2_100), 2, 2_200).at(12_000).leg_ended()
    assert error_of(log) == f'The model acme failed, refused credentials: "{REFUSED}".'


def test_a_voice_that_failed_is_told_unless_it_spoke_again() -> None:
    log = connected().at(2_000).event(ev.ProviderFailed, "voice", "local", "bad_request", "there is no voice 'x'", 1)
    assert error_of(log) == "The voice local failed, bad request: \"there is no voice 'x'\"."
    assert error_of(log.at(3_000).event(ev.VoiceFinished, 1, 0, 400)) is None


def test_a_voice_that_gives_no_sound_is_told() -> None:
    log = connected().fact("core", "provider_connected", kind="voice", provider="local", model="")
    log.at(9_000).write(fx.Note("voice_timeout", "generation 1"))
    assert error_of(log) == 'The voice local failed, no answer: "it gave no audio for what it was asked to say".'


def test_a_recogniser_that_failed_is_told_before_a_model() -> None:
    log = fails(asks(connected(), 1, 2_000), 1, 2_100)
    log.event(ev.ProviderFailed, "transcriber", "local", "bad_request", "English only").at(3_000).leg_ended()
    assert error_of(log) == 'The transcriber local failed, bad request: "English only".'


def test_a_turn_model_that_fails_is_logged_and_no_error_of_the_call() -> None:
    log = connected().at(2_000).event(ev.ProviderFailed, "turn", "local", "unavailable", "", 0, 3)
    assert (error_of(log), logged(log)) == (None, ["The turn model local failed, unavailable."])


def tool(result: str, ok: bool = False, **sent: Any) -> CallLog:
    log = connected().at(2_000).write(fx.CallTool(5, 1, "c5", "book", "{}"))
    if sent:
        log.fact("core", "tool_request", request=5, tool="book", host="h.example", **sent)
    return log.event(ev.ToolResult, 5, ok, result)


def test_a_tool_that_was_blocked_was_never_asked() -> None:
    log = tool("Not called: use CALLWRIGHT_ALLOW_PRIVATE_URLS", status=0, blocked=True)
    assert logged(log) == ['The tool book was never asked: "Not called: use CALLWRIGHT_ALLOW_PRIVATE_URLS".']
    assert error_of(log) is None


def test_what_a_tool_answered_is_not_logged_but_its_status() -> None:
    log = tool("ERROR CALLING API: the API answered 500: Ann Smith, born 1970", status=500)
    assert logged(log) == ['The tool book failed, error answer: "the API answered with HTTP 500".']
    (group,) = failures_of(log.view).groups.values()
    assert (group.first.host, group.first.turn) == ("h.example", 1)


def test_a_tool_that_does_not_answer_is_logged() -> None:
    log = tool("ERROR CALLING API: Request to h.example: no answer within 10 seconds", status=0)
    assert "no answer within 10 seconds" in logged(log)[0]


@pytest.mark.parametrize("log", [tool("{}", ok=True, status=200), tool("The tool was not called: n is missing")])
def test_a_tool_that_answered_or_was_not_to_be_called_has_not_failed(log: CallLog) -> None:
    assert logged(log) == []


# -- fallbacks that took over ---------------------------------------------------------------------------------------------------


def switched(log: CallLog, at_ms: int, reason: str = "unavailable: it answered with HTTP 503") -> CallLog:
    return log.at(at_ms).event(ev.ProviderSwitched, "voice", "throat", "spare", reason)


def test_the_record_has_every_switch_and_no_error_for_it() -> None:
    built = build(switched(connected(), 2_500).at(4_000).leg_ended().text, BOOK, "loopback")
    assert built.record["switches"] == [
        {
            "kind": "voice",
            "before": "throat",
            "after": "spare",
            "failure": "unavailable",
            "message": "it answered with HTTP 503",
            "at_ms": 1_500,
        }
    ]
    assert "error_message" not in built.columns


def test_a_provider_that_was_not_even_asked_has_no_failure_of_its_own() -> None:
    (one,) = switches_of(switched(connected(), 500, "it failed in other calls").view)
    assert (one.failure, one.message) == ("", "it failed in other calls")
    assert one.sentence == "The voice throat was not asked: it failed in other calls. spare was asked instead."


def test_the_doctor_tells_each_switch_once_with_how_often_and_the_cure() -> None:
    log = switched(switched(connected(), 2_500), 3_000).at(3_500).event(
        ev.ProviderSwitched, "model", "acme", "local", "refused_credentials: HTTP 401"
    )  # fmt: skip
    found = [one for one in diagnose(log.at(4_000).leg_ended().view, over=True).findings if one.rule == "provider_switched"]  # fmt: skip
    assert [one.what for one in found] == [
        'The voice throat failed, unavailable: "it answered with HTTP 503". spare took over. It happened 2 times in the call.',
        'The model acme failed, refused credentials: "HTTP 401". local took over.',
    ]
    assert [one.causes for one in found] == [("unavailable",), ("refused_credentials",)]
    assert "POST /providers" in found[1].advice[0].why


def test_what_was_used_is_named_after_the_provider_that_took_over() -> None:
    log = connected().fact("core", "provider_connected", kind="voice", provider="throat", model="m", voice="v")
    log = switched(log, 2_500).fact("core", "provider_connected", kind="voice", provider="spare", model="n", voice="w")
    usage = build(log.at(4_000).leg_ended().text, BOOK, "loopback").record["usage_breakdown"]
    assert (usage["synthesizer_provider"], usage["synthesizer_model"]) == ("spare", "n")
