"""What the record says of tools."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.unit.insight.call_log import CallLog
from tests.unit.insight.test_record import BOOK, execution

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.insight.rawlog import raw_log
from callwright.insight.record import build, execution_body
from callwright.insight.tools import context, end_reason, tools
from callwright.insight.waterfall import waterfall


def called(name: str = "book", request: int = 5, arguments: str = '{"day":"monday"}') -> CallLog:
    """The call was answered at 1 s, the tool called at 3 s."""
    return CallLog().at(1_000).answered().at(3_000).write(fx.CallTool(request, 1, f"c{request}", name, arguments))


def body(log: CallLog) -> dict[str, Any]:
    return execution_body(replace(execution(), record=build(log.text, BOOK, "loopback").record), public_url="")


def rows(log: CallLog) -> list[tuple[str, str, str]]:
    return [(row["type"], row["component"], row["data"]) for row in raw_log(log.view)]


def test_a_tool_is_listed_with_its_request_and_answer() -> None:
    log = called().fact(
        "core",
        "tool_request",
        request=5,
        tool="book",
        sent={"day": "monday"},
        method="POST",
        host="h",
        status=200,
        ms=120,
    )
    log.at(3_150).event(ev.ToolResult, 5, True, '{"slot": "9am"}')
    (row,) = tools(log.view)
    assert row == {
        "tool": "book",
        "turn": 1,
        "arguments": '{"day":"monday"}',
        "status": "answered",
        "result": '{"slot": "9am"}',
        "at_ms": 2_000,
        "took_ms": 150,
        "http": {"method": "POST", "host": "h", "status": 200, "ms": 120},
    }
    assert body(log)["callwright"]["tools"] == [row]


def test_a_tool_that_the_policy_blocked_is_no_failed_one() -> None:
    log = called().fact("core", "tool_request", request=5, tool="book", host="h", status=0, ms=1, blocked=True)
    (row,) = tools(log.at(3_150).event(ev.ToolResult, 5, False, "Not called").view)
    assert (row["status"], row["result"]) == ("blocked", "Not called")


def test_a_transfer_that_is_asked_for_again_is_none_of_the_tools() -> None:
    log = CallLog().at(1_000).answered().write(fx.Transfer(4, "+15550123", False, 1, "c1", "transfer_call_desk", "{}"))
    log.event(ev.ReplyTool, 2, 5, "c1", "transfer_call_desk", "{}").write(fx.Note("tool_repeated", "c1"))
    assert tools(log.view) == []


def test_what_did_not_work_shows_as_such() -> None:
    log = called().at(3_100).event(ev.ToolResult, 5, False, "ERROR CALLING API: the API answered 500")
    log.write(fx.Note("tool_refused", "lookup: day is missing"))
    log.write(fx.CallTool(6, 1, "c6", "slow", "{}")).at(9_000).write(fx.CancelTool(6))
    log.at(9_500).event(ev.ToolResult, 6, True, "late")
    log.write(fx.CallTool(7, 1, "c7", "down", "{}")).event(ev.ProviderFailed, "tool", "x", "unavailable", "down", 0, 7)
    log.write(fx.CallTool(8, 1, "c8", "never", "{}")).at(9_600).event(
        ev.ReplyTool, 2, 9, "c5", "book", '{"day":"friday"}'
    )
    log.write(fx.Note("tool_repeated", "c5"))
    assert [(row["tool"], row["status"], row["result"]) for row in tools(log.view)] == [
        ("book", "failed", "ERROR CALLING API: the API answered 500"),
        ("slow", "late", "late"),
        ("lookup", "refused", "day is missing"),
        ("down", "failed", "down"),
        ("never", "unanswered", ""),
        ("book", "repeated", "not called: the model gave it the id of an earlier call, c5"),
    ]
    assert tools(log.view)[-1]["arguments"] == '{"day":"friday"}'
    assert rows(log)[-1][2] == "not called: the model gave it the id of an earlier call, c5"
    assert rows(log)[:6] == [
        ("request", "function_call", 'book {"day":"monday"}'),
        ("error", "function_call", "failed: ERROR CALLING API: the API answered 500"),
        ("error", "function_call", "not called: lookup: day is missing"),
        ("request", "function_call", "slow {}"),
        ("warning", "function_call", "no answer in time"),
        ("response", "function_call", "late"),
    ]


def wants(log: CallLog, call_id: str, arguments: str, name: str = "book", generation: int = 2) -> CallLog:
    """The model calls a tool in its reply to the newest question."""
    return log.event(ev.ReplyTool, generation, log.request, call_id, name, arguments)


def refused(log: CallLog) -> list[tuple[int | None, str, str]]:
    return [(row["turn"], row["arguments"], row["result"]) for row in tools(log.view) if row["status"] == "refused"]


def test_a_refused_call_is_listed_with_its_arguments_and_its_turn() -> None:
    log = wants(CallLog().at(1_000).answered().at(3_000).asked(4, 2), "c1", '{"day":5}')
    log.at(3_500).write(fx.Note("tool_refused", "book: day: must be a string"))
    (row,) = tools(log.view)
    assert (row["tool"], row["turn"], row["arguments"], row["at_ms"]) == ("book", 4, '{"day":5}', 2_500)
    assert (row["status"], row["result"]) == ("refused", "day: must be a string")


def test_each_of_several_refused_calls_has_its_own_arguments() -> None:
    log = CallLog().answered().asked(1, 1)
    wants(log, "c0", '"withdrawn"', generation=1).asked(1, 2)
    for call_id, arguments in (("c1", '"called"'), ("", '"first"'), ("", '"second"'), ("c2", '"third"')):
        wants(log, call_id, arguments)
    wants(log, "k1", '"keys"', "press_keys")
    # The second call without an id is made under one of ours.
    log.write(fx.CallTool(5, 1, "c1", "book", "{}")).write(fx.Note("tool_refused", "book: one"))
    log.write(fx.CallTool(6, 1, "call-2-0", "book", "{}")).write(fx.Note("tool_refused", "book: two"))
    log.write(fx.Note("tool_refused", "press_keys: three")).write(fx.Note("tool_refused", "book: four"))
    assert refused(log) == [
        (1, '"first"', "one"),
        (1, '"third"', "two"),
        (1, '"keys"', "three"),
        (None, "", "four"),
    ]


def test_keys_the_model_pressed_are_in_the_record() -> None:
    log = CallLog().answered().write(fx.SendKeys("12#", 4, 1, "c4", "press_keys"))
    log.event(ev.ToolResult, 4, True, '{"pressed": "12#"}')
    assert [(row["tool"], row["arguments"], row["status"]) for row in tools(log.view)] == [
        ("press_keys", "12#", "answered")
    ]
    assert rows(log)[0] == ("request", "function_call", "press_keys 12#")
    assert context(log.view) == {}
    assert rows(CallLog().write(fx.SendKeys("1"))) == []


def test_a_webhook_before_a_tool_is_in_the_raw_log() -> None:
    log = CallLog().fact("core", "pre_call_webhook", tool="book", ok=True, reason="", status=204)
    log.fact("core", "pre_call_webhook", tool="book", ok=False, reason="no answer within 10 seconds")
    assert [row[2] for row in rows(log)] == [
        "webhook before book: sent, 204",
        "webhook before book: not sent: no answer within 10 seconds",
    ]


def test_what_tools_answered_stands_beside_what_the_call_was_given() -> None:
    log = called().event(ev.ToolResult, 5, True, '{"slot": {"id": 12}, "recipient_data": "forged"}')
    log.write(fx.CallTool(6, 1, "c6", "book", "{}")).event(ev.ToolResult, 6, False, '{"slot": "failed"}')
    log.event(ev.ToolResult, 5, True, '{"slot": "repeated"}').event(ev.ToolResult, 9, True, '{"slot": "stray"}')
    assert context(log.view) == {"slot": {"id": 12}, "slot.id": 12, "recipient_data": "forged"}
    details = body(log)["context_details"]
    assert (details["slot"], details["slot.id"]) == ({"id": 12}, 12)
    assert details["recipient_data"] == execution().user_data


def test_the_models_reason_to_end_the_call_is_in_the_record() -> None:
    log = CallLog().answered().write(fx.Note("end_call_reason", "the caller said goodbye"))
    assert end_reason(log.view) == "the caller said goodbye"
    assert end_reason(CallLog().view) is None
    assert body(log)["callwright"]["end_reason"] == "the caller said goodbye"


def turn() -> CallLog:
    """The caller stopped at 1 s, the model was asked at 1.1 s and called a tool at 1.4 s."""
    log = CallLog().answered().at(1_000).voice_stopped(1_000).at(1_100).turn_taken().asked(1, 2)
    return log.at(1_400).write(fx.CallTool(5, 1, "c5", "book", "{}"))


def test_a_tool_that_nothing_covers_is_a_part_of_the_turns_latency() -> None:
    log = turn().at(2_000).event(ev.ToolResult, 5, True, "{}").asked(1, 3)
    log.at(2_200).model_wrote(3, "Yes.").speaks(1, 3, "Yes.").at(2_300).audio_ready(3).released(1, 3).audible(3)
    (latency,) = waterfall(log.view)
    parts = latency.parts_us
    assert (parts["end_of_turn"], parts["ask"], parts["tool"], parts["first_token"]) == (100_000, 0, 900_000, 200_000)
    assert latency.total_us == 1_300_000


def test_words_that_cover_a_tool_are_the_turns_first_answer() -> None:
    log = turn().speaks(1, 3, "One moment.", "tool").released(1, 3).at(1_500).audio_ready(3).audible(3)
    log.at(5_000).event(ev.ToolResult, 5, True, "{}").asked(1, 4).at(5_500).audible(4)
    (latency,) = waterfall(log.view)
    assert (latency.generation, latency.total_us, latency.parts_us["tool"]) == (3, 500_000, 0)
