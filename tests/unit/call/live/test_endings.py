"""How an attempt ends: the state, the words and the record of its row."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.unit.call.world import Paper
from tests.unit.insight.call_log import CallLog

from callwright.call.live.endings import (
    Ending,
    cut_off,
    end_lines,
    ended,
    job_payload,
    last_sign_line,
    record_of,
    refused,
    told,
    undialled,
)
from callwright.call.live.logfile import LogWriter
from callwright.conversation import events as ev
from callwright.conversation.effects import HangUp
from callwright.conversation.log import Header
from callwright.conversation.plan import CORE_VERSION
from callwright.insight.record import BuiltRecord
from callwright.insight.view import view_of
from callwright.platform.executions.rules.causes import CAUSES
from callwright.platform.executions.rules.execution import Phase
from callwright.platform.executions.rules.retry import RETRY_CLASS
from callwright.platform.prices.rules import PriceBook
from callwright.ports.leg import LegClosed, closed_by

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HUNG_UP = LegClosed("answered", "Caller", "Call ended", 4000)


def ending(closed: LegClosed = HUNG_UP, **changes: Any) -> Ending:
    return Ending(**{"closed": closed, "wanted": None, "broken": "", "answered": True, **changes})


@pytest.mark.parametrize(
    ("given", "outcome", "message"),
    [
        (ending(), "answered", ""),
        (ending(broken="two at once"), "error", "broken invariant: two at once"),
        (ending(LegClosed("error", "Error", "gateway_lost", 5020)), "error", "gateway_lost"),
        (ending(LegClosed("busy", "Carrier", "Call recipient was busy", 3010), answered=False), "busy", ""),
        (ending(LegClosed("failed", "Carrier", "number invalid", 2000), answered=False), "failed", "number invalid"),
        (ending(LegClosed("canceled", "Caller", "Call canceled", 4000), answered=False), "canceled", ""),
        (ending(answered=False, wanted=HangUp("Error", "transcriber_error")), "error", "transcriber_error"),
        (ending(answered=False, wanted=HangUp("Agent", "not_answered")), "no-answer", ""),
        (ending(LegClosed("answered", "Carrier", "odd", 0), answered=False), "error", "odd"),
    ],
)
def test_the_outcome_of_an_attempt(given: Ending, outcome: str, message: str) -> None:
    assert given.outcome() == (outcome, message)
    change = ended(given, BuiltRecord({"hangup_by": None}, {"turns": []}), NOW)
    assert (change.phase, change.detail) == (
        (Phase.FINISHING, None) if outcome == "answered" else (Phase.DONE, outcome)
    )
    assert change.columns.get("error_message", "") == message
    assert ("completed_at" in change.columns) == (outcome != "answered")
    assert change.columns["ended_at"] == NOW
    assert change.columns.get("hangup_by") == ("Error" if outcome == "error" else None)


@pytest.mark.parametrize(
    ("given", "outcome", "retry_class"),
    [
        (ending(closed_by(CAUSES["unallocated_number"], "404"), answered=False), "failed", "never"),
        (ending(closed_by(CAUSES["number_changed"]), answered=False), "failed", "never"),
        (ending(closed_by(CAUSES["destination_out_of_order"]), answered=False), "failed", "failed"),
        (ending(closed_by(CAUSES["user_busy"]), answered=False), "busy", "busy"),
        (ending(closed_by(CAUSES["originator_cancel"]), answered=False), "canceled", "never"),
        (ending(LegClosed("failed", "Carrier", "no gateway", 3000), answered=False), "failed", "failed"),
        (ending(closed_by(CAUSES["unallocated_number"]), answered=False, broken="two at once"), "error", "error"),
        # We gave up the ringing: what the carrier made of it is no cause of ours.
        (
            ending(closed_by(CAUSES["originator_cancel"]), answered=False, wanted=HangUp("Agent", "not_answered")),
            "no-answer",
            "no-answer",
        ),
        (ending(closed_by(CAUSES["gateway_lost"])), "error", "error"),
    ],
)
def test_the_cause_of_the_end_says_whether_another_attempt_could_end_otherwise(
    given: Ending, outcome: str, retry_class: str
) -> None:
    change = ended(given, BuiltRecord({}, {}), NOW)
    assert (change.detail, change.record[RETRY_CLASS]) == (outcome, retry_class)


def test_a_call_whose_model_never_answered_is_an_error_with_the_models_reason() -> None:
    built = BuiltRecord({"hangup_by": "Caller", "error_message": "The model failed."}, {}, is_unanswered=True)
    change = ended(ending(), built, NOW)
    assert (change.phase, change.detail, change.record[RETRY_CLASS]) == (Phase.DONE, "error", "error")
    assert (change.columns["hangup_by"], change.columns["error_message"]) == ("Caller", "The model failed.")
    # What the process knows besides comes first: the call did not even get there.
    assert ended(ending(answered=False, closed=closed_by(CAUSES["no_answer"])), built, NOW).detail == "no-answer"


def test_what_was_never_tried_ends_with_its_reason() -> None:
    no = refused("the agent needs a voice" + "!" * 900, NOW)
    assert (no.phase, no.detail, no.columns["hangup_reason"]) == (Phase.DONE, "error", "configuration")
    assert len(no.columns["error_message"]) == 500
    stopped = undialled("API Request", "stopped_by_api", NOW, Phase.CLAIMED)
    assert (stopped.detail, stopped.columns["hangup_by"]) == ("stopped", "API Request")
    rang = undialled("API Request", "stopped_by_api", NOW, Phase.DIALLING)
    assert (rang.detail, rang.columns["hangup_by"]) == ("canceled", "API Request")
    drained = undialled("Error", "node_draining", NOW, Phase.DIALLING)
    assert (drained.detail, drained.columns["error_message"]) == ("error", "node_draining")


def test_a_call_that_was_cut_off_keeps_what_its_log_tells() -> None:
    before = datetime(2026, 3, 1, 11, 0, tzinfo=UTC)
    change = cut_off(
        BuiltRecord({"ended_at": before, "total_cost_nano": 7}, {"transcript": "x"}), "internal_error", "why", NOW
    )
    assert (change.phase, change.detail, change.record) == (Phase.DONE, "error", {"transcript": "x"})
    assert (change.columns["ended_at"], change.columns["completed_at"]) == (before, NOW)
    assert (change.columns["hangup_by"], change.columns["hangup_code"]) == ("Error", 5010)
    assert change.columns["total_cost_nano"] == 7


def test_a_log_that_breaks_off_goes_to_the_end_of_the_sound() -> None:
    log = CallLog().at(1_000).answered().at(2_500).event(ev.KeyPressed, "1")
    whole = log.text.encode() + last_sign_line(log.text.encode(), 6_000, None)
    view = view_of(whole.decode())
    assert (view.conversation_ms, view.entries[-1].seq, view.entries[-1].values) == (6_000, 3, {"audio_ms": 6_000})
    assert last_sign_line(whole, 6_000, None) == b""


@pytest.mark.parametrize(
    "log",
    [
        CallLog().at(1_000).answered().at(9_000).event(ev.KeyPressed, "1"),
        CallLog().at(1_000).answered().at(2_000).leg_ended(),
        CallLog().at(1_000).event(ev.Ringing),
    ],
    ids=["goes further", "has its end", "was never answered"],
)
def test_a_log_that_knows_better_keeps_its_end(log: CallLog) -> None:
    assert last_sign_line(log.text.encode(), 6_000, None) == b""


def test_without_sound_a_log_that_breaks_off_goes_to_the_last_heartbeat_of_the_process() -> None:
    log = CallLog(NOW.isoformat()).at(1_000).answered().at(1_100).event(ev.KeyPressed, "1").text.encode()
    whole = log + last_sign_line(log, 0, NOW + timedelta(seconds=8))
    assert view_of(whole.decode()).conversation_ms == 7_000
    assert last_sign_line(log, 0, NOW) == b"", "a heartbeat before the last entry says nothing"


def test_a_log_that_cannot_be_read_gets_no_line() -> None:
    assert last_sign_line(b"nothing\n", 6_000, None) == b""


def test_the_job_names_the_attempt() -> None:
    assert json.loads(job_payload("call-1", 2, "a")) == {"execution_id": "call-1", "attempt": 2, "node": "a"}


def log_with(text: bytes) -> bytes:
    paper = Paper()
    log = LogWriter(paper)
    log.header(Header("call-1", 1, NOW.isoformat(), {}, 1, {}, CORE_VERSION))
    log.fact(1, "leg", "offered", {"caller": "@"})
    log.flush()
    return paper.data.replace(b"@", text)


def test_a_log_with_bytes_that_are_no_text_is_still_read() -> None:
    assert record_of(log_with(b"\xff\xfe"), PriceBook(), "sip").record["transcript"] is None


@pytest.mark.parametrize("log", [b"", b"\x00", b"{}\n", b"[1]\n", b"\xff\xff\n{\n"])
def test_a_log_that_cannot_be_read_gives_an_empty_record(log: bytes) -> None:
    assert record_of(log, PriceBook(), "sip") == BuiltRecord({}, {})


def test_a_log_that_was_cut_gets_the_end_that_is_known() -> None:
    log = CallLog().at(1_000).answered().at(2_000).text.encode()
    mended = log + end_lines(log, HUNG_UP, HangUp("API Request", "stopped_by_api"), 9_000_000)
    view = view_of(mended.decode())
    assert [entry.seq for entry in view.entries] == list(range(1, len(view.entries) + 1))
    assert view.ended_us == 9_000_000
    columns = record_of(mended, PriceBook(), "loopback").columns
    assert (columns["hangup_by"], columns["hangup_reason"]) == ("API Request", "stopped_by_api")


def test_a_log_with_its_end_or_without_a_header_gets_none() -> None:
    log = CallLog().at(1_000).answered().at(2_000).leg_ended().text.encode()
    assert end_lines(log, HUNG_UP, None, 9_000_000) == b""
    assert end_lines(b"", HUNG_UP, None, 9_000_000) == b""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(24, "Too many open files", "/srv/d3/live/e1.1.log"), "OSError: Too many open files"),
        (OSError("the link /srv/d3/live is gone"), "OSError: the link (a file) is gone"),
        (RuntimeError("no '/srv/data/secret': x"), "RuntimeError: no '(a file)': x"),
        (
            ValueError("https://host.example/a/b is 1/2 of and/or/not"),
            "ValueError: https://host.example/a/b is 1/2 of and/or/not",
        ),
        (KeyError("/srv/callwright/"), "KeyError: '(a file)'"),
    ],
)
def test_an_error_that_nobody_foresaw_names_no_path_of_the_server(error: Exception, said: str) -> None:
    assert told(error) == said
