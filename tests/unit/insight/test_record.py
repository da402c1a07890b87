"""The record of a call and its body on the wire."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError
from tests.typed_answers import ExecutionAnswer, typed
from tests.unit.insight.call_log import CallLog, two_turns

from callwright.call.live import endings
from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.domain.money import NANO_PER_CENT
from callwright.insight.record import BuiltRecord, build, execution_body
from callwright.insight.wire import encode, wire_time
from callwright.platform.executions.rules.causes import CAUSES, Cause
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Execution, Phase, Status
from callwright.platform.prices.rules import Price, PriceBook

THEN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BOOK = PriceBook(
    {
        ("carrier", "loopback", "*"): Price(NANO_PER_CENT, 60_000, 60_000),
        ("voice", "p", "*"): Price(230_000_001, 1_000),
        ("model_input", "p", "*"): Price(7, 1),
    }
)
URL = "https://calls.example"

# Contract chapters 5, 5.1, 7 and 8: every documented key, and those only seen in live answers.
EXECUTION_KEYS = """id agent_id batch_id status error_message conversation_duration conversation_time total_cost answered_by_voice_mail
    transcript summary created_at updated_at scheduled_at initiated_at rescheduled_at user_number agent_number provider cost_breakdown
    usage_breakdown telephony_data transfer_call_data batch_run_details extracted_data custom_extractions agent_extraction
    extraction_webhook_status context_details latency_data retry_count retry_config retry_history price_breakdown billing_settled
    smart_status lid_data processing_status post_processing_phases agent_context_details workflow_retries campaign_id arq_job_id"""
TELEPHONY_KEYS = """duration to_number from_number recording_url hosted_telephony provider_call_id call_type provider hangup_by
    hangup_reason hangup_provider_code ring_duration post_dial_delay to_number_carrier"""
USAGE_KEYS = """synthesizer_characters synthesizer_model transcriber_duration transcriber_model llm_tokens llm_model llmModel llmTokens
    synthesizerCharacters synthesizer_provider transcriber_provider llm_usage_breakdown synthesizer_usage_breakdown
    transcriber_usage_breakdown voice_id transcriber_language provider_source"""
COST_KEYS = """transcriber llm synthesizer network platform transfer_cost llm_breakdown synthesizer_breakdown transcriber_breakdown"""


def execution(**changes: Any) -> Execution:
    """A completed outbound call."""
    row = Execution(
        id="call-1",
        tenant_id="t",
        agent_id="agent-1",
        status=Status.COMPLETED,
        phase=Phase.DONE,
        detail="completed",
        attempt=1,
        direction="outbound",
        carrier="loopback",
        to_number="+15550123",
        from_number="+15550100",
        created_at=THEN,
        updated_at=THEN + timedelta(seconds=20),
        initiated_at=THEN + timedelta(seconds=1),
        ringing_at=THEN + timedelta(seconds=2),
        answered_at=THEN + timedelta(seconds=5),
        ended_at=THEN + timedelta(seconds=17),
        user_data={"name": "Ada"},
    )
    return replace(row, **changes)


def body_of(row: Execution) -> dict[str, Any]:
    """The body as a client reads it, numbers exact. A typed client can read it."""
    sent = encode(execution_body(row, public_url=URL))
    typed(sent)
    body: dict[str, Any] = json.loads(sent, parse_float=Decimal)
    return body


def built(log: CallLog) -> BuiltRecord:
    return build(log.text, BOOK, "loopback")


def finished(log: CallLog, **changes: Any) -> dict[str, Any]:
    """The body of a call with this log."""
    found = built(log)
    stored = json.loads(json.dumps(found.record))
    return body_of(execution(record=stored, total_cost_nano=found.columns["total_cost_nano"], **changes))


@pytest.mark.parametrize("row", [execution(status=Status.QUEUED, phase=Phase.WAITING, detail="queued"), execution()])
def test_every_documented_key_is_always_there(row: Execution):
    body = body_of(row)
    assert set(EXECUTION_KEYS.split()) <= set(body)
    assert set(body) - set(EXECUTION_KEYS.split()) == {"execution_id", "callwright"}
    assert set(TELEPHONY_KEYS.split()) == set(body["telephony_data"])
    assert set(USAGE_KEYS.split()) == set(body["usage_breakdown"])
    assert set(COST_KEYS.split()) == set(body["cost_breakdown"])
    assert set(body["context_details"]) == {"recipient_data", "recipient_phone_number"}


def test_keys_do_not_change_when_the_call_is_finished():
    before, after = body_of(execution(record={})), finished(two_turns())
    assert set(before) == set(after)
    assert set(before["cost_breakdown"]) == set(after["cost_breakdown"])
    assert set(before["usage_breakdown"]) == set(after["usage_breakdown"])


def test_a_waiting_call_has_nulls_and_zeros():
    body = body_of(execution(status=Status.QUEUED, answered_at=None, ended_at=None, ringing_at=None, initiated_at=None))
    assert (body["conversation_duration"], body["total_cost"]) == (0, 0)
    for key in ("transcript", "summary", "extracted_data", "latency_data", "batch_id", "answered_by_voice_mail"):
        assert body[key] is None
    assert (body["billing_settled"], body["price_breakdown"]) == (False, {"total": 0})
    telephony = body["telephony_data"]
    for key in ("duration", "recording_url", "hangup_by", "ring_duration", "post_dial_delay"):
        assert telephony[key] is None


def test_money_is_exact_on_the_wire():
    log = two_turns().used("voice", 1, "welcome", 20).used("voice", 2, "reply", 9).used("model", 2, "reply", 3)
    body = finished(log)
    cost = body["cost_breakdown"]
    assert cost["synthesizer"] == Decimal("0.006670000")
    assert cost["llm"] == Decimal("0.000000021")
    assert cost["network"] == 1
    assert body["total_cost"] == Decimal("1.006670021")
    assert sum(cost[leg] for leg in ("transcriber", "llm", "synthesizer", "network", "platform")) == body["total_cost"]
    assert sum(cost["synthesizer_breakdown"].values()) == cost["synthesizer"]


def test_parts_of_the_call_sum_to_its_legs_and_to_the_whole():
    log = two_turns().used("voice", 1, "welcome", 20).used("voice", 2, "reply", 9).used("model", 3, "reply", 3)
    body = finished(log)
    turns = body["callwright"]["turns"]
    assert [(row["part"], row["turn"]) for row in turns] == [
        ("welcome", 0),
        ("turn", 1),
        ("turn", 2),
        ("waste", None),
        ("post_call", None),
    ]
    assert sum(row["cost"]["total"] for row in turns) == body["total_cost"]
    for leg in ("llm", "synthesizer", "network"):
        assert sum(row["cost"][leg] for row in turns) == body["cost_breakdown"][leg]


def test_turns_show_both_sides_and_their_latency():
    welcome, first, *_ = finished(two_turns())["callwright"]["turns"]
    assert (welcome["user"], welcome["assistant"]) == ("", "Hello, this is Maya.")
    assert (first["user"], first["assistant"]) == ("A table for two.", "For when?")
    assert welcome["latency_ms"] is None
    latency = first["latency_ms"]
    assert sum(value for name, value in latency.items() if name != "total") == latency["total"] == 780


def test_turns_say_where_the_words_heard_are_an_estimate():
    log = CallLog().answered()
    log.agent_said(0, 1, "Hello.", "welcome").caller_said(1, "Hi.").agent_said(1, 2, "What can").leg_ended()
    rows = {row["part"]: row["assistant_estimated"] for row in finished(log)["callwright"]["turns"]}
    assert (rows["welcome"], rows["turn"], rows["waste"]) == (False, False, None)
    log = CallLog().answered().agent_said(0, 1, "Hello.", "welcome").caller_said(1, "Hi.")
    log.agent_said(1, 2, "One moment.").agent_said(1, 3, "What can", cut=True, estimated=True).leg_ended()
    rows = {row["part"]: row["assistant_estimated"] for row in finished(log)["callwright"]["turns"]}
    assert (rows["welcome"], rows["turn"]) == (False, True)


def test_durations_and_transcript_come_from_the_log():
    body = finished(two_turns())
    assert body["conversation_duration"] == body["conversation_time"] == 12
    assert body["telephony_data"]["duration"] == "12"
    assert body["transcript"].startswith("assistant: Hello, this is Maya.\nuser: A table")
    assert body["transcript"].endswith("assistant: Done, goodbye.\n"), "every line ends, as in recorded answers"
    assert finished(CallLog().answered().at(9_000).leg_ended())["transcript"] == ""


def test_a_call_whose_far_end_was_gone_ended_when_it_went():
    log = CallLog().at(1_000).answered().at(9_000).fact("leg", "held", on=True)
    log.at(14_000).fact("leg", "gone", ms=5_000).leg_ended()
    built = build(log.text, BOOK, "loopback")
    assert built.record["conversation_ms"] == 8_000
    assert built.columns["ended_at"] == THEN + timedelta(seconds=9)
    assert (
        built.columns["total_cost_nano"]
        == build(CallLog().at(1_000).answered().at(9_000).leg_ended().text, BOOK, "loopback").columns["total_cost_nano"]
    )


def test_a_record_from_before_a_key_has_it_without_a_figure():
    older = json.loads(json.dumps(built(two_turns()).record))
    for key in ("rag", "interruption_stats"):
        del older["latency_data"][key]
    for key in ("voice_id", "transcriber_language", "provider_source"):
        del older["usage_breakdown"][key]
    body = json.loads(encode(execution_body(execution(record=older), public_url=URL)))
    assert body["latency_data"]["rag"] == {"time_to_connect": None, "turns": []}
    assert body["latency_data"]["interruption_stats"] is None
    assert (body["usage_breakdown"]["voice_id"], body["usage_breakdown"]["transcriber_language"]) == ("", "")
    assert body["usage_breakdown"]["synthesizer_provider"] == "throat", "what it has is not touched"


@pytest.mark.parametrize("status", [one for one in Status if one is not Status.COMPLETED])
def test_the_typed_client_reads_an_execution_of_any_status(status: Status):
    found = typed(encode(execution_body(execution(status=status), public_url=URL)))
    assert (found.status, found.smart_status) == (str(status), str(status))


@pytest.mark.parametrize("name", ExecutionAnswer.model_fields)
def test_the_typed_client_misses_any_key(name: str):
    body = json.loads(encode(execution_body(execution(), public_url=URL)))
    del body[name]
    with pytest.raises(ValidationError, match=name):
        typed(body)


def test_a_part_of_a_second_counts_as_one_in_the_duration_in_words():
    log = CallLog().answered().at(12_020).leg_ended()
    body = finished(log)
    assert (body["conversation_duration"], body["telephony_data"]["duration"]) == (12, "13")


@pytest.mark.parametrize(
    ("status", "duration"),
    [(Status.IN_PROGRESS, None), (Status.CALL_DISCONNECTED, "0"), (Status.COMPLETED, "0"), (Status.BUSY, "0")],
)
def test_the_duration_is_told_when_the_line_is_down(status: Status, duration: str | None):
    assert body_of(execution(status=status))["telephony_data"]["duration"] == duration


def test_columns_carry_when_it_was_answered_and_ended():
    columns = built(two_turns()).columns
    assert columns["answered_at"] == THEN + timedelta(seconds=1)
    assert columns["ended_at"] == THEN + timedelta(seconds=13)


def test_an_unanswered_call_has_no_transcript_and_no_times():
    found = built(CallLog().at(30_000).leg_ended("Carrier", "Call unanswered", 3000))
    assert "answered_at" not in found.columns
    assert found.record["transcript"] is None
    assert found.record["latency_data"] is None
    assert found.record["ended_by"] == "carrier"
    assert found.columns["hangup_code"] == 3000


@pytest.mark.parametrize(
    ("by", "reason", "shown", "code", "ended_by"),
    [
        ("Agent", "end_call_tool", "API Request", 4000, "agent"),
        ("API Request", "stopped", "API Request", 4000, "platform"),
        ("Error", "llm_error", "Error", 5010, "platform"),
        ("API Request", "node_draining", "Error", 5010, "platform"),
    ],
)
def test_a_hang_up_of_ours_is_named_in_the_contracts_words(by: str, reason: str, shown: str, code: int, ended_by: str):
    found = built(
        CallLog().answered().at(900).write(fx.HangUp(by, reason)).at(950).leg_ended("Carrier", "Call ended", 0)
    )
    assert (found.columns["hangup_by"], found.columns["hangup_reason"], found.columns["hangup_code"]) == (
        shown,
        reason,
        code,
    )
    assert found.record["ended_by"] == ended_by


def test_a_caller_who_was_faster_than_our_hang_up_ended_the_call():
    found = built(
        CallLog().answered().leg_ended("Caller", "Call ended", 4000).write(fx.HangUp("Agent", "end_call_tool"))
    )
    assert (found.columns["hangup_by"], found.record["ended_by"]) == ("Caller", "far_end")


def test_a_log_that_breaks_off_says_nothing_about_the_end():
    found = built(CallLog().answered().at(4_000).caller_said(1, "Hello?"))
    assert "hangup_by" not in found.columns
    assert found.record["ended_by"] is None
    assert found.record["conversation_ms"] == 4_000


SIDES = {
    "Callee": "far_end",
    "Caller": "far_end",
    "API Request": "platform",
    "Carrier": "carrier",
    "Error": "carrier",
    "Unknown": "carrier",
}
OURS = {"gateway_lost", "node_lost", "trunk_unusable"}
"""Causes that are told as errors and are failures of ours."""


def ender(log: CallLog | None, **columns: Any) -> Any:
    """``ended_by`` on the wire of a call with this log, or without one."""
    found = BuiltRecord({}, {}) if log is None else built(log)
    row = execution(**{"record": found.record, "hangup_by": found.columns.get("hangup_by"), **columns})
    return body_of(row)["callwright"]["ended_by"]


@pytest.mark.parametrize("cause", CAUSES.values(), ids=list(CAUSES))
def test_who_ended_a_call_is_said_for_every_cause(cause: Cause):
    log = CallLog().leg_ended(cause.by, cause.reason, cause.code)
    assert ender(log) == ("platform" if cause.key in OURS else SIDES[cause.by])


@pytest.mark.parametrize("by", SIDES)
def test_without_an_end_in_the_log_the_row_says_who_ended_the_call(by: str):
    expected = "platform" if by in ("Error", "Unknown") else SIDES[by]
    assert [ender(log, hangup_by=by) for log in (None, CallLog().answered())] == [expected] * 2


@pytest.mark.parametrize(
    "change",
    [
        endings.cut_off(built(CallLog().answered()), endings.NODE_LOST, "died", THEN),
        endings.before_post_work(endings.cut_off(built(CallLog().answered()), endings.NODE_LOST, "died", THEN)),
        endings.cut_off(BuiltRecord({}, {}), endings.INTERNAL_ERROR, "a defect", THEN),
        endings.refused("no such voice", THEN),
        endings.undialled("API Request", "stopped_by_api", THEN, Phase.CLAIMED),
        endings.undialled("Error", endings.NODE_DRAINING, THEN, Phase.CLAIMED),
    ],
    ids=["died", "died in a talk", "no log", "refused", "stopped", "drained"],
)
def test_an_attempt_that_the_platform_ends_by_itself_says_so(change: Change):
    row = execution(hangup_by=change.columns["hangup_by"], record=change.record)
    assert body_of(row)["callwright"]["ended_by"] == "platform"


def test_a_call_that_is_not_over_was_ended_by_nobody():
    assert body_of(execution(status=Status.QUEUED, hangup_by=None))["callwright"]["ended_by"] is None


def test_the_words_at_which_a_log_breaks_off_are_a_turn_as_they_are_a_line():
    log = CallLog().answered().at(4_000).caller_said(1, "Hello?").at(5_000)
    found = built(log.event(ev.TranscriptPartial, 900, 2, "I would like")).record
    assert found["transcript"] == "user: Hello?\nuser: I would like"
    turns = [row for row in found["turns"] if row["part"] == "turn"]
    assert [(row["turn"], row["user"]) for row in turns] == [(1, "Hello?"), (2, "I would like")]
    assert not any(turns[-1]["cost_nano"].values())


@pytest.mark.parametrize(
    ("kinds", "answer"),
    [((), None), (("unknown",), None), (("human",), False), (("machine",), True), (("human", "beep"), True)],
)
def test_voice_mail_is_told_once_it_was_detected(kinds: tuple[str, ...], answer: bool | None):
    log = CallLog().answered()
    for kind in kinds:
        log.event(ev.MachineDetected, kind, "carrier")
    assert finished(log)["answered_by_voice_mail"] is answer


@pytest.mark.parametrize(
    ("notes", "answer"),
    [((), False), (("voicemail_found",), True), (("voicemail_found", "voicemail_taken_back"), False)],
)
def test_an_agent_that_looks_for_machines_itself_decides(notes: tuple[str, ...], answer: bool):
    log = CallLog().answered()
    log.write(fx.ListenForMachine(True))
    log.event(ev.MachineDetected, "beep", "local")
    for kind in notes:
        log.write(fx.Note(kind, "words"))
    assert finished(log)["answered_by_voice_mail"] is answer


def test_sounds_beside_speech_are_told_when_they_were_heard():
    log = CallLog().answered().at(5_000)
    log.event(ev.AssetPlayed, "Hmm.", "filler", 400, True)
    log.event(ev.AssetPlayed, "One moment.", "filler", 0, False)
    (sound,) = finished(log)["callwright"]["sounds"]
    assert (sound["lane"], sound["text"], sound["played_ms"]) == ("filler", "Hmm.", 400)


def test_the_work_after_the_call_is_in_the_record():
    log = two_turns()
    log.fact("leg", "line", frames_in=600, frames_out=590, starved_frames=0, late_p99_ms=2)
    log.fact("post", "recording_ready", name="call.wav", duration_ms=12_000, size_bytes=192_044)
    log.fact("post", "extraction", task="extraction", data={"people": "two"}, rejected=[], raw="{}")
    refused = {"key": "name", "value": "John", "reason": "its words do not occur in the transcript"}
    log.fact("post", "extraction", task="extraction", data={"when": "tonight"}, rejected=[refused], raw="{}")
    log.fact("post", "summary", text="They booked a table.")
    log.fact("post", "post_failed", what="summary", reason="too late")
    body = finished(log)
    assert body["extracted_data"] == {"people": "two", "when": "tonight"}
    assert body["summary"] == "They booked a table."
    assert body["telephony_data"]["recording_url"] == f"{URL}/recordings/call/call-1"
    own = body["callwright"]
    assert own["extraction_rejected"] == [refused]
    assert own["post_failures"] == [{"what": "summary", "reason": "too late"}]
    assert own["line"]["frames_in"] == 600


def test_what_postgresql_cannot_hold_is_taken_out_of_the_record():
    log = CallLog().answered().caller_said(1, "Hel\x00lo")
    log.fact("post", "extraction", task="e", data={"a\x00": ["\x00b", 1]}, rejected=[], raw="")
    record = built(log).record
    assert record["transcript"] == "user: Hello"
    assert record["extracted_data"] == {"a": ["b", 1]}


def test_inbound_calls_swap_the_two_numbers():
    body = body_of(execution(direction="inbound"))
    assert (body["user_number"], body["agent_number"]) == ("+15550100", "+15550123")
    assert body["context_details"]["recipient_phone_number"] == "+15550100"
    assert (body["telephony_data"]["to_number"], body["telephony_data"]["call_type"]) == ("+15550123", "inbound")


def test_ringing_and_dialling_times_are_whole_seconds():
    telephony = body_of(execution())["telephony_data"]
    assert (telephony["post_dial_delay"], telephony["ring_duration"]) == (1, 3)
    unanswered = body_of(execution(answered_at=None, ended_at=THEN + timedelta(seconds=32)))["telephony_data"]
    assert unanswered["ring_duration"] == 30


def test_once_the_call_is_over_its_log_tells_how_long_it_took_to_ring():
    log = CallLog().at(17_000).fact("leg", "dialling", carrier="loopback", callback_id="call-1.1")
    log.at(18_900).event(ev.Ringing).at(24_400).answered().at(40_000).leg_ended()
    telephony = finished(log)["telephony_data"]
    assert (telephony["post_dial_delay"], telephony["ring_duration"]) == (2, 6)


def test_nobody_of_ours_dialled_a_call_that_comes_in():
    log = CallLog().fact("leg", "offered", carrier="sip", called="100").at(2_000).answered().at(9_000).leg_ended()
    telephony = finished(log, direction="inbound", carrier="sip", ringing_at=None)["telephony_data"]
    assert (telephony["post_dial_delay"], telephony["ring_duration"]) == (None, 2)
    assert (telephony["call_type"], telephony["provider"]) == ("inbound", "sip")


def test_a_call_we_took_back_because_nobody_answered_reads_like_one_the_carrier_gave_up():
    log = CallLog().event(ev.Ringing).at(60_000).write(fx.HangUp("Agent", "not_answered"))
    columns = built(log.at(60_100).leg_ended("API Request", "Call canceled", 4000)).columns
    assert (columns["hangup_by"], columns["hangup_reason"], columns["hangup_code"]) == (
        "Carrier",
        "Call unanswered",
        3000,
    )


def test_times_are_rfc_3339_in_utc_with_microseconds():
    assert wire_time(datetime.fromisoformat("2026-03-01T17:30:00+05:30")) == "2026-03-01T12:00:00.000000+00:00"
    assert wire_time(None) is None
    assert body_of(execution())["created_at"] == "2026-03-01T12:00:00.000000+00:00"


def test_decimals_are_written_with_all_their_digits():
    assert encode({"a": Decimal("0.1"), "b": Decimal("123456789.123456789")}) == b'{"a":0.1,"b":123456789.123456789}'
