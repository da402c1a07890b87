"""From the messages of a call to what a BYE needs, who was called and what ended it."""

from typing import Any

from callwright.domain.sip_message import traced
from callwright.telephony.sip.trace import MAX_TRACED_CALLS, Trace, TracedCall, fresh_dialog

US, THEM = "10.0.0.1:5060", "10.0.0.2:5070"
CALLED = "sip:bob@10.0.0.2:5070"


def message(start, *, sent, to_tag="", from_tag="us", cseq="7 INVITE", extra=(), body="", call_id="c1", inbound=False):
    """A record of the trace. Outbound: From is ours."""
    theirs, ours = f"<{CALLED}>", "<sip:alice@10.0.0.1>"
    sender, receiver = (theirs, ours) if inbound else (ours, theirs)
    lines = [
        start,
        f"From: {sender};tag={from_tag}",
        f"To: {receiver}" + (f";tag={to_tag}" if to_tag else ""),
        f"Call-ID: {call_id}",
        f"CSeq: {cseq}",
        *extra,
    ]
    way = f"TX UDP {US} -> {THEM}" if sent else f"RX UDP {THEM} -> {US}"
    record = traced(way + "\n" + "\r\n".join(lines) + "\r\n\r\n" + body)
    assert record is not None
    return record


def kept(trace: Trace, call_id: str = "c1") -> TracedCall:
    """A call the trace knows."""
    call = trace.call(call_id)
    assert call is not None
    return call


def news_of(call: TracedCall) -> dict[str, Any]:
    """Its dialog, which has changed since it was last told."""
    dialog = fresh_dialog(call)
    assert dialog is not None
    return dialog


def outbound(trace, *, routes=()):
    trace.feed(message(f"INVITE {CALLED} SIP/2.0", sent=True))
    trace.feed(message("SIP/2.0 180 Ringing", sent=False, to_tag="them"))
    extra = ("Contact: <sip:bob@10.9.9.9:9>", *(f"Record-Route: {route}" for route in routes))
    trace.feed(message("SIP/2.0 200 OK", sent=False, to_tag="them", extra=extra, body="m=audio 1 RTP/AVP 8\r\n"))
    trace.feed(message("ACK sip:bob@10.9.9.9:9 SIP/2.0", sent=True, to_tag="them", cseq="7 ACK"))
    return kept(trace)


def inbound(trace):
    trace.feed(
        message(
            "INVITE sip:4711@10.0.0.1 SIP/2.0",
            sent=False,
            inbound=True,
            from_tag="them",
            extra=("Contact: <sip:bob@10.9.9.9:9>", "Record-Route: <sip:p1;lr>, <sip:p2;lr>"),
        )
    )
    trace.feed(message("SIP/2.0 180 Ringing", sent=True, inbound=True, from_tag="them", to_tag="us"))
    trace.feed(
        message(
            "SIP/2.0 200 OK",
            sent=True,
            inbound=True,
            from_tag="them",
            to_tag="us",
            body="m=audio 1 RTP/AVP 0\r\n",
            extra=("Contact: <sip:alice@10.0.0.1>",),
        )
    )
    return kept(trace)


def test_the_dialog_of_a_call_we_made():
    call = outbound(Trace(), routes=("<sip:p1;lr>", "<sip:p2;lr>"))
    assert fresh_dialog(call) == {
        "call_id": "c1",
        "local_tag": "us",
        "remote_tag": "them",
        "local_uri": "sip:alice@10.0.0.1",
        "remote_uri": CALLED,
        "target": "sip:bob@10.9.9.9:9",
        "routes": ["<sip:p2;lr>", "<sip:p1;lr>"],
        "cseq": 7,
        "transport": "udp",
        "peer": THEM,
        "via": "",
    }
    assert (call.status, call.codec, call.inbound) == (200, "pcma", False)
    assert fresh_dialog(call) is None


def test_the_dialog_of_a_call_that_came_in():
    call = inbound(Trace())
    dialog = news_of(call)
    assert (dialog["local_tag"], dialog["remote_tag"]) == ("us", "them")
    assert (dialog["local_uri"], dialog["remote_uri"]) == ("sip:alice@10.0.0.1", CALLED)
    assert (dialog["target"], dialog["routes"]) == ("sip:bob@10.9.9.9:9", ["<sip:p1;lr>", "<sip:p2;lr>"])
    assert dialog["cseq"] == 0
    assert call.invite.uri == "sip:4711@10.0.0.1"
    assert call.provisional.status == 180
    assert (call.codec, call.confirmed) == ("pcmu", True)


def test_our_requests_and_the_far_ends_moves_are_followed():
    trace = Trace()
    call = outbound(trace)
    fresh_dialog(call)
    trace.feed(message("INVITE sip:bob@10.9.9.9:9 SIP/2.0", sent=True, to_tag="them", cseq="8 INVITE"))
    trace.feed(
        message(
            "SIP/2.0 200 OK",
            sent=False,
            to_tag="them",
            cseq="8 INVITE",
            extra=("Contact: <sip:bob@10.8.8.8>",),
            body="m=audio 1 RTP/AVP 0\r\n",
        )
    )
    dialog = news_of(call)
    assert (dialog["cseq"], dialog["target"], call.codec) == (8, "sip:bob@10.8.8.8", "pcmu")
    trace.feed(
        message(
            "INVITE sip:alice@10.0.0.1 SIP/2.0",
            sent=False,
            inbound=True,
            from_tag="them",
            to_tag="us",
            cseq="1 INVITE",
            extra=("Contact: <sip:bob@10.7.7.7>",),
        )
    )
    assert news_of(call)["target"] == "sip:bob@10.7.7.7"
    trace.feed(message("SIP/2.0 488 No", sent=False, to_tag="them", cseq="8 INVITE"))
    assert call.status == 200


def test_a_refusal_keeps_its_status_and_cause():
    trace = Trace()
    trace.feed(message(f"INVITE {CALLED} SIP/2.0", sent=True))
    trace.feed(message("SIP/2.0 486 Busy Here", sent=False, to_tag="x", extra=("Reason: Q.850;cause=17",)))
    call = kept(trace)
    assert (call.status, call.reason, call.q850, call.confirmed) == (486, "Busy Here", 17, False)
    assert fresh_dialog(call) is None


def test_a_challenge_decides_nothing_once_the_second_try_is_answered():
    trace = Trace()
    trace.feed(message(f"INVITE {CALLED} SIP/2.0", sent=True))
    trace.feed(message("SIP/2.0 407 Proxy Authentication Required", sent=False, to_tag="x"))
    trace.feed(message(f"INVITE {CALLED} SIP/2.0", sent=True, cseq="8 INVITE"))
    trace.feed(message("SIP/2.0 200 OK", sent=False, to_tag="y", cseq="8 INVITE"))
    call = kept(trace)
    assert (call.status, call.dialog.remote_tag, call.dialog.cseq) == (200, "y", 8)


def test_a_call_that_was_challenged_can_be_cancelled_and_has_no_status_until_it_is_answered():
    trace = Trace()
    trace.feed(message(f"INVITE {CALLED} SIP/2.0", sent=True))
    trace.feed(message("SIP/2.0 407 Proxy Authentication Required", sent=False, to_tag="x"))
    call = kept(trace)
    assert (call.status, fresh_dialog(call)) == (407, None)
    trace.feed(message(f"INVITE {CALLED} SIP/2.0", sent=True, cseq="8 INVITE", extra=("Via: SIP/2.0/UDP us;branch=2",)))
    assert (call.status, news_of(call)["via"]) == (0, "SIP/2.0/UDP us;branch=2")
    trace.feed(message(f"CANCEL {CALLED} SIP/2.0", sent=True, cseq="8 CANCEL"))
    trace.feed(message("SIP/2.0 487 Request Terminated", sent=False, to_tag="y", cseq="8 INVITE"))
    assert (call.status, call.ended_by) == (487, "us")


def test_who_says_bye_and_why():
    trace = Trace()
    call = outbound(trace)
    trace.feed(
        message(
            "BYE sip:alice@10.0.0.1 SIP/2.0",
            sent=False,
            inbound=True,
            from_tag="them",
            to_tag="us",
            cseq="1 BYE",
            extra=("Reason: Q.850;cause=16",),
        )
    )
    assert (call.ended_by, call.q850) == ("them", 16)
    trace.feed(message("SIP/2.0 200 OK", sent=True, inbound=True, from_tag="them", to_tag="us", cseq="1 BYE"))
    assert call.bye_answered


def test_our_cancel_is_ours():
    trace = Trace()
    trace.feed(message(f"INVITE {CALLED} SIP/2.0", sent=True))
    trace.feed(message(f"CANCEL {CALLED} SIP/2.0", sent=True, cseq="7 CANCEL"))
    trace.feed(message("SIP/2.0 487 Request Terminated", sent=False, to_tag="x"))
    call = kept(trace)
    assert (call.ended_by, call.status) == ("us", 487)


def test_early_media_tells_the_codec():
    trace = Trace()
    trace.feed(message(f"INVITE {CALLED} SIP/2.0", sent=True))
    trace.feed(message("SIP/2.0 183 Session Progress", sent=False, to_tag="x", body="m=audio 1 RTP/AVP 8\r\n"))
    assert kept(trace).codec == "pcma"


def test_a_caller_that_tries_again_with_its_password_is_a_call_of_its_own():
    trace = Trace()
    inbound(trace)
    first = trace.claim("c1")
    repeated = message("INVITE sip:4711@10.0.0.1 SIP/2.0", sent=False, inbound=True, from_tag="them")
    trace.feed(repeated)
    assert trace.call("c1") is first
    again = message("INVITE sip:4711@10.0.0.1 SIP/2.0", sent=False, inbound=True, from_tag="them", cseq="8 INVITE")
    assert trace.feed(again) == "c1"
    second = trace.claim("c1")
    assert second is not None
    assert second is not first
    trace.forget("c1", first)
    assert trace.call("c1") is second
    trace.forget("c1", second)
    assert trace.call("c1") is None


def test_the_refusal_of_a_first_try_is_not_the_answer_to_the_second():
    trace = Trace()
    inbound(trace)
    trace.claim("c1")
    trace.feed(message("INVITE sip:4711@10.0.0.1 SIP/2.0", sent=False, inbound=True, from_tag="them", cseq="8 INVITE"))
    late = {"sent": True, "inbound": True, "from_tag": "them"}
    assert trace.feed(message("SIP/2.0 486 Busy Here", to_tag="first", **late)) == ""
    second = trace.claim("c1")
    assert second is not None
    assert (second.status, second.dialog.local_tag) == (0, "")
    trace.feed(message("SIP/2.0 486 Busy Here", to_tag="second", cseq="8 INVITE", **late))
    assert (second.status, second.dialog.local_tag) == (486, "second")


def notify(body, content_type="message/sipfrag;version=2.0", **more):
    more = {"sent": False, "to_tag": "us", "from_tag": "them", "inbound": True, **more}
    extra = (f"Content-Type: {content_type}",)
    return message("NOTIFY sip:alice@10.0.0.1 SIP/2.0", cseq="101 NOTIFY", extra=extra, body=body, **more)


def test_a_far_end_that_was_sent_elsewhere_tells_how_it_fares_there():
    trace = Trace()
    call = outbound(trace)
    told = []
    for body in ("SIP/2.0 100 Trying", "SIP/2.0 180 Ringing\r\nContact: <sip:x>", "SIP/2.0 200 OK\r\n"):
        trace.feed(notify(body))
        told.append(call.referral)
    assert told == [100, 180, 200]
    for other in (
        notify("SIP/2.0 180 Ringing", "text/plain"),
        notify("nonsense"),
        notify(""),
        notify("SIP/2.0 180 Ringing", sent=True, inbound=False),
    ):
        trace.feed(other)
    assert call.referral == 200


def test_what_begins_no_call_is_not_kept():
    trace = Trace()
    for start, more in (
        ("OPTIONS sip:x SIP/2.0", {"cseq": "1 OPTIONS"}),
        ("SIP/2.0 200 OK", {}),
        ("INVITE sip:x SIP/2.0", {"to_tag": "in-a-dialog"}),
        ("INVITE sip:x SIP/2.0", {"call_id": ""}),
    ):
        assert trace.feed(message(start, sent=False, **more)) == ""
    assert len(trace) == 0


def test_the_oldest_calls_are_forgotten_first_and_a_claimed_one_never():
    trace = Trace()
    outbound(trace)
    claimed = trace.claim("c1")
    assert trace.claim("c1") is None
    for number in range(MAX_TRACED_CALLS + 1):
        trace.feed(message(f"INVITE {CALLED} SIP/2.0", sent=True, call_id=f"n{number}"))
    assert len(trace) == MAX_TRACED_CALLS + 1
    assert kept(trace) is claimed
    trace.feed(message(f"BYE {CALLED} SIP/2.0", sent=True, to_tag="them", cseq="8 BYE"))
    assert kept(trace).ended_by == "us"
    assert trace.call("n0") is None
    assert trace.call(f"n{MAX_TRACED_CALLS}") is not None
