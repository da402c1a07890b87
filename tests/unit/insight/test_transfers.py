"""What the record says of transfers."""

from dataclasses import replace
from typing import Any

from tests.unit.insight.call_log import CallLog
from tests.unit.insight.test_record import BOOK, execution

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.insight.rawlog import raw_log
from callwright.insight.record import build, execution_body
from callwright.insight.transfers import transfers
from callwright.insight.waterfall import waterfall

ASKED = fx.Transfer(5, "sip:desk@10.0.0.7", False, 1, "c1", "transfer_call_desk", '{"reason":"invoice"}')


def asked(transfer: fx.Transfer = ASKED) -> CallLog:
    """The caller asked at 3 s, the line was asked at 6 s."""
    log = CallLog().at(1_000).answered().at(3_000).voice_stopped(2_980)
    log.at(3_200).turn_taken().asked(1, 2, "the desk please").at(3_300)
    log.event(ev.ReplyTool, 2, 1, "c1", "transfer_call_desk", "{}").model_ended(2)
    log.caller_said(1, "the desk please", 1_000, 2_000)
    log.speaks(1, 3, "One moment.", "transfer").released(1, 3).at(3_450).audio_ready(3).at(3_500).audible(3)
    return log.at(5_900).agent_said(1, 3, "One moment.", "transfer").at(6_000).write(transfer)


def body(log: CallLog) -> dict[str, Any]:
    built = build(log.text, BOOK, "loopback")
    columns = {name: value for name, value in built.columns.items() if name.startswith("hangup")}
    return execution_body(replace(execution(), record=built.record, **columns), public_url="")


def done(log: CallLog, by: str = "API Request") -> CallLog:
    log.at(9_000).event(ev.TransferProgress, 5, "completed").write(fx.TransferSettled(5, True, ""))
    return log.leg_ended(by, "Call completed", 4000)


def test_a_call_whose_caller_was_handed_over_says_so() -> None:
    found = body(done(asked()))
    assert found["telephony_data"]["hangup_by"] == "API Request"
    assert found["telephony_data"]["hangup_reason"] == "call_transferred"
    assert found["telephony_data"]["hangup_provider_code"] == 4000
    assert found["callwright"]["ended_by"] == "agent"
    assert found["transfer_call_data"] == {
        "provider_call_id": None,
        "status": "completed",
        "duration": None,
        "cost": 0,
        "to_number": "sip:desk@10.0.0.7",
        "from_number": "+15550123",
        "recording_url": None,
        "hangup_by": None,
        "hangup_reason": None,
        "hangup_provider_code": None,
    }
    assert found["callwright"]["transfers"] == [
        {
            "tool": "transfer_call_desk",
            "to": "sip:desk@10.0.0.7",
            "mode": "blind",
            "provider_call_id": None,
            "status": "completed",
            "reason": "",
            "code": 0,
            "at_ms": 5_000,
            "took_ms": 3_000,
        }
    ]


def test_a_success_that_was_told_after_the_end_of_the_leg_counts() -> None:
    log = asked().at(8_000).leg_ended().write(fx.TransferSettled(5, False, "the call has ended"))
    log.event(ev.TransferProgress, 5, "completed").write(fx.TransferSettled(5, True, ""))
    assert body(log)["telephony_data"]["hangup_reason"] == "call_transferred"


def test_what_the_line_says_of_a_transfer_that_was_given_up_is_its_reason() -> None:
    reason = "the carrier did not report what became of the transfer"
    log = asked().at(9_000).write(fx.TransferSettled(5, False, "nobody answered in time"))
    found = body(log.at(19_000).event(ev.TransferProgress, 5, "failed", reason).leg_ended())
    (row,) = found["callwright"]["transfers"]
    assert (row["status"], row["reason"]) == ("failed", reason)
    data = found["transfer_call_data"]
    assert (data["status"], data["hangup_by"], data["hangup_reason"]) == ("failed", "Carrier", reason)


def test_a_target_that_was_busy_is_told_in_the_contract_s_words() -> None:
    log = asked(replace(ASKED, attended=True)).at(8_000)
    log.event(ev.TransferProgress, 5, "failed", "the desk did not take the call", "busy", 3010)
    log.write(fx.TransferSettled(5, False, "the desk did not take the call")).at(20_000).leg_ended()
    found = body(log)
    data = found["transfer_call_data"]
    assert (data["status"], data["duration"]) == ("busy", "0")
    assert (data["hangup_by"], data["hangup_reason"]) == ("Carrier", "Call recipient was busy")
    assert data["hangup_provider_code"] == 3010
    assert found["telephony_data"]["hangup_reason"] == "Call recipient hung up"
    assert found["callwright"]["transfers"][0]["mode"] == "attended"


def test_a_carrier_that_cannot_says_why() -> None:
    log = asked().event(ev.TransferProgress, 5, "failed", "calls of this kind cannot be transferred")
    log.write(fx.TransferSettled(5, False, "calls of this kind cannot be transferred"))
    data = body(log)["transfer_call_data"]
    assert (data["status"], data["hangup_reason"]) == ("failed", "calls of this kind cannot be transferred")
    assert (data["hangup_by"], data["hangup_provider_code"]) == ("Carrier", None)


def test_no_outcome_in_time_is_no_answer_and_a_call_that_ended_first_a_cancelled_one() -> None:
    waited = asked().at(56_000).write(fx.TransferSettled(5, False, "nobody answered in time"))
    assert body(waited)["transfer_call_data"]["status"] == "no-answer"
    left = asked().at(8_000).leg_ended().write(fx.TransferSettled(5, False, "the call has ended"))
    assert body(left)["transfer_call_data"]["status"] == "canceled"
    assert transfers(asked().view)[0]["status"] == "failed", "the log breaks off"


def test_of_several_the_one_that_succeeded_is_shown_and_refused_ones_are_listed() -> None:
    log = asked().at(7_000).event(ev.TransferProgress, 5, "failed", "busy", "busy", 3010)
    log.write(fx.TransferSettled(5, False, "busy"))
    log.at(8_000).write(fx.Note("transfer_refused", "transfer_call_police: it is an emergency number"))
    log.at(9_000).write(replace(ASKED, request=9, target="loopback:sales", call_id="c3"))
    log.at(9_500).write(fx.TransferSettled(9, True, "")).leg_ended()
    found = body(log)
    assert found["transfer_call_data"]["to_number"] == "loopback:sales"
    assert [(row["tool"], row["status"]) for row in found["callwright"]["transfers"]] == [
        ("transfer_call_desk", "busy"),
        ("transfer_call_police", "refused"),
        ("transfer_call_desk", "completed"),
    ]


def test_a_call_without_transfers_has_none() -> None:
    log = CallLog().at(1_000).answered().write(fx.Note("transfer_dropped", "transfer_call_desk: the caller spoke"))
    log.write(fx.Note("key", "5"))
    found = body(log.at(3_000).leg_ended())
    assert found["transfer_call_data"] is None
    assert [row["status"] for row in found["callwright"]["transfers"]] == ["dropped"]


def test_the_raw_log_shows_a_transfer_as_a_call_of_a_function() -> None:
    log = done(asked()).write(fx.Note("transfer_refused", "transfer_call_police: no"))
    rows = [(row["type"], row["data"]) for row in raw_log(log.view) if row["component"] == "function_call"]
    assert rows == [
        ("request", 'transfer_call_desk {"reason":"invoice"} -> sip:desk@10.0.0.7'),
        ("response", "transferred"),
        ("response", "not transferred: transfer_call_police: no"),
    ]
    failed = asked().write(fx.TransferSettled(5, False, "busy"))
    assert raw_log(failed.view)[-1]["data"] == "not transferred: busy"


def test_the_latency_of_a_turn_that_is_transferred_ends_with_the_announcement() -> None:
    (latency,) = waterfall(done(asked()).view)
    assert latency.total_us == 520_000
    assert latency.parts_us["first_token"] == 100_000
    assert sum(latency.parts_us.values()) == latency.total_us


def test_the_latency_of_keys_counts_from_the_last_key() -> None:
    log = CallLog().at(1_000).answered().at(4_000).event(ev.KeyPressed, "4").at(4_500).event(ev.KeyPressed, "#")
    log.turn_taken().asked(1, 2, "dtmf_number: 4").at(4_700).model_wrote(2, "Thanks.").speaks(1, 2, "Thanks.")
    log.caller_said(1, "dtmf_number: 4", 3_000, 3_000).at(4_800).audio_ready(2).released(1, 2).at(4_850).audible(2)
    (latency,) = waterfall(log.view)
    assert latency.total_us == 350_000


def warm(log: CallLog) -> CallLog:
    """The desk was called at 6 s, answered at 8 s, was joined at 12 s and hung up at 62.5 s, 0.5 s before the caller's leg ended."""
    of = {"request": 5}
    log.fact("leg", "target", **of, event="dialled", to="loopback:desk", provider_call_id="desk-1")
    log.at(7_000).fact("leg", "target", **of, event="ringing")
    log.at(8_000).fact("leg", "target", **of, event="answered")
    log.at(8_100).fact("leg", "target", **of, event="briefing", text="A caller for you.")
    log.at(12_000).fact("leg", "target", **of, event="joined")
    log.event(ev.TransferProgress, 5, "joined").write(fx.TransferSettled(5, True, ""))
    counted = {"rx_packets": 950, "rx_lost": 50, "rtt_ms": 1}
    log.at(62_000).fact("leg", "target", **of, event="line", what="quality", values=counted)
    log.fact("leg", "target", **of, event="line", what="held", values={"on": True})
    end = {"outcome": "answered", "by": "Callee", "reason": "Call recipient hung up", "code": 4000, "provider_code": ""}
    log.at(62_500).fact("leg", "target", **of, event="closed", **end)
    return log.at(63_000).leg_ended("API Request", "call_transferred", 4000)


def test_a_warm_transfer_tells_all_of_the_call_to_its_target() -> None:
    log = warm(asked(replace(ASKED, target="loopback:desk", attended=True)))
    log.fact("post", "recording_ready", name="call.wav", duration_ms=62_000, size_bytes=1, transfer_ms=51_000)
    found = body(log)
    assert found["transfer_call_data"] == {
        "provider_call_id": "desk-1",
        "status": "completed",
        "duration": "55",
        "cost": 1,
        "to_number": "loopback:desk",
        "from_number": found["agent_number"],
        "recording_url": f"/recordings/transfer/{found['id']}",
        "hangup_by": "Callee",
        "hangup_reason": "Call recipient hung up",
        "hangup_provider_code": 4000,
    }
    (row,) = found["callwright"]["transfers"]
    assert (row["mode"], row["status"], row["took_ms"]) == ("warm", "completed", 6_000)
    target = row["target"]
    assert (target["answered_at_ms"], target["joined_at_ms"], target["duration_ms"]) == (7_000, 11_000, 54_500)
    assert target["briefing"] == "A caller for you."
    assert (target["line"]["rx_loss_percent"], target["line"]["rx_mos"]) == (5.0, 3.9)


def test_the_call_to_the_target_is_paid_for_as_a_call_of_its_own() -> None:
    found = body(warm(asked(replace(ASKED, target="loopback:desk"))))
    costs = found["cost_breakdown"]
    # 62 s with the caller are two minutes of this carrier, 54.5 s with the target one.
    assert (costs["network"], costs["transfer_cost"]) == (3, 1)
    assert sum(part["cost"]["network"] for part in found["callwright"]["turns"]) == 3


def bridged(log: CallLog) -> CallLog:
    """The desk was called at 6 s, answered at 8 s, and the carrier connected it with the caller at 12 s."""
    of = {"request": 5}
    log.fact("leg", "target", **of, event="dialled", to="+15550155", provider_call_id="desk-1")
    log.at(8_000).fact("leg", "target", **of, event="answered")
    log.at(8_100).fact("leg", "target", **of, event="briefing", text="A caller for you.")
    log.at(12_000).fact("leg", "handover", number=1).fact("leg", "target", **of, event="bridged")
    return done(log, "API Request")


def test_two_whom_the_carrier_connected_talk_until_it_reports() -> None:
    log = bridged(asked(replace(ASKED, target="+15550155", attended=True)))
    found = body(log)
    assert found["telephony_data"]["hangup_reason"] == "call_transferred"
    data = found["transfer_call_data"]
    assert (data["status"], data["duration"], data["hangup_by"]) == ("in-progress", None, None)
    assert (data["provider_call_id"], data["recording_url"], data["cost"]) == ("desk-1", None, 0)
    (row,) = found["callwright"]["transfers"]
    target = row["target"]
    assert (row["mode"], target["answered_at_ms"], target["joined_at_ms"]) == ("warm", 7_000, 11_000)
    told = {"provider_call_id": "desk-1", "talk_ms": 54_500, "cause": "normal_clearing"}
    data = body(log.fact("post", "target", request=5, event="reported", **told))["transfer_call_data"]
    assert (data["status"], data["duration"], data["cost"], data["hangup_by"]) == ("completed", "55", 1, "Callee")


def test_a_warm_transfer_without_a_recording_names_none() -> None:
    assert body(warm(asked()))["transfer_call_data"]["recording_url"] is None


def closed(log: CallLog, by: str, reason: str, code: int, outcome: str = "answered") -> CallLog:
    """The call to the desk is over."""
    end = {"outcome": outcome, "by": by, "reason": reason, "code": code, "provider_code": ""}
    return log.fact("leg", "target", request=5, event="closed", **end)


def not_joined(reason: str, outcome: str, code: int, *, answered: bool = True) -> CallLog:
    """The desk was called at 6 s, answered at 8 s where it did, and was not joined with the caller: known at 9 s."""
    log = asked(replace(ASKED, attended=True))
    log.fact("leg", "target", request=5, event="dialled", to="sip:desk@10.0.0.7", provider_call_id="")
    if answered:
        log.at(8_000).fact("leg", "target", request=5, event="answered")
    log.at(9_000).event(ev.TransferProgress, 5, "failed", reason, outcome, code)
    return log.write(fx.TransferSettled(5, False, reason))


def hangup_of_target(log: CallLog) -> tuple[Any, ...]:
    data = body(log)["transfer_call_data"]
    return data["status"], data["hangup_by"], data["hangup_reason"], data["hangup_provider_code"]


def test_a_target_that_declines_a_warm_transfer_was_busy_and_its_call_is_told() -> None:
    log = closed(not_joined("the desk declined the call", "busy", 3020).at(9_500), "API Request", "Call ended", 4000)
    log.at(20_000).leg_ended()
    data = body(log)["transfer_call_data"]
    assert (data["duration"], data["provider_call_id"]) == ("2", None)
    assert hangup_of_target(log) == ("busy", "API Request", "Call ended", 4000)


def test_a_target_that_answered_and_never_accepted_was_hung_up_by_us() -> None:
    log = not_joined("the desk did not accept the call in time", "no-answer", 3000)
    assert hangup_of_target(closed(log, "API Request", "Call ended", 4000)) == (
        "no-answer",
        "API Request",
        "Call ended",
        4000,
    )


def test_a_target_that_let_it_ring_did_not_answer() -> None:
    log = not_joined("the desk did not answer in time", "no-answer", 3000, answered=False)
    log = closed(log, "API Request", "Call canceled", 4000, "canceled")
    assert hangup_of_target(log) == ("no-answer", "Carrier", "Call unanswered", 3000)


def test_a_target_that_rejects_the_call_is_no_busy_carrier() -> None:
    rejected = ("busy", "Callee", "Call recipient rejected", 3020)
    warm_one = not_joined("the desk did not take the call", "busy", 3020, answered=False)
    assert hangup_of_target(closed(warm_one, *rejected[1:], "busy")) == rejected
    blind = asked().event(ev.TransferProgress, 5, "failed", "not taken", "busy", 3020)
    assert hangup_of_target(blind.write(fx.TransferSettled(5, False, "not taken"))) == rejected


def test_a_process_that_died_while_the_target_rang_is_no_fault_of_the_carrier() -> None:
    assert hangup_of_target(asked()) == ("failed", "Error", "node_lost", 5010)


def test_a_call_to_the_target_that_a_crash_left_half_told_was_a_warm_transfer() -> None:
    log = asked(replace(ASKED, attended=True))
    log.fact("leg", "target", request=5, event="line", what="dialog", values={"call_id": "c-1"})
    assert [row["mode"] for row in body(log)["callwright"]["transfers"]] == ["warm"]


def talking() -> CallLog:
    """The caller and the desk talk over our leg since 12 s."""
    log = asked(replace(ASKED, attended=True))
    log.fact("leg", "target", request=5, event="dialled", to="sip:desk@10.0.0.7", provider_call_id="")
    log.at(8_000).fact("leg", "target", request=5, event="answered")
    log.at(12_000).fact("leg", "target", request=5, event="joined")
    return log.event(ev.TransferProgress, 5, "joined").write(fx.TransferSettled(5, True, "")).at(20_000)


def over(log: CallLog, by: str = "API Request", reason: str = "Call ended", code: int = 4000) -> tuple[Any, ...]:
    found = body(log.at(20_500).leg_ended(by, reason, code))
    data = found["telephony_data"]
    ended_by = found["callwright"]["ended_by"]
    return ended_by, data["hangup_by"], data["hangup_reason"], data["hangup_provider_code"]


def stopped(by: str, reason: str) -> CallLog:
    # As in a call: the target's leg goes first.
    return closed(talking().event(ev.StopRequested, by, reason), "API Request", "Call ended", 4000)


def test_a_drain_that_cuts_two_who_talk_over_our_leg_is_told() -> None:
    assert over(stopped("Error", "node_draining")) == ("platform", "Error", "node_draining", 5010)


def test_a_stop_of_two_who_talk_over_our_leg_is_told() -> None:
    assert over(stopped("API Request", "stopped")) == ("platform", "API Request", "stopped", 4000)


def test_two_who_talk_for_as_long_as_a_call_may_last_are_cut_by_the_maximum() -> None:
    log = talking().event(ev.DeadlineReached).write(fx.HangUp("Agent", "max_duration_reached"))
    assert over(log)[1:] == ("API Request", "max_duration_reached", 4000)


def test_a_talk_that_the_caller_ended_was_a_transfer_to_its_end() -> None:
    log = talking()
    assert over(log, "Callee", "Call recipient hung up") == ("far_end", "Callee", "call_transferred", 4000)


def test_a_talk_that_the_target_ended_was_a_transfer_to_its_end_and_we_hung_up() -> None:
    log = closed(talking(), "Callee", "Call recipient hung up", 4000)
    assert over(log, "API Request", "call_transferred") == ("platform", "API Request", "call_transferred", 4000)


def test_a_talk_that_the_carrier_lost_is_told_in_its_words() -> None:
    lost = ("Carrier", "Carrier unable to receive media", 3070)
    assert over(talking(), *lost) == ("carrier", *lost)


def test_a_process_that_died_while_two_talked_is_not_told_as_the_agents_end() -> None:
    found = body(talking())
    assert found["callwright"]["ended_by"] is None
    assert found["telephony_data"]["hangup_reason"] is None, "the row says that the process died"


def test_the_id_of_the_call_to_the_target_is_there_where_the_carrier_tells_it() -> None:
    log = asked(replace(ASKED, attended=True)).at(7_000).fact("leg", "transfer", state="ringing", call_id="a@b")
    log.at(8_000).fact("leg", "transfer", state="answered", call_id="a@b")
    assert body(done(log))["transfer_call_data"]["provider_call_id"] == "a@b"
