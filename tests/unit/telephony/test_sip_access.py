"""Who may call: the filter's program, run here as the kernel runs it."""

import struct

import pytest

from callwright.domain.sip_message import SipMessage, parsed
from callwright.telephony.sip.allow import MAX_NETWORKS, AllowError, program
from callwright.telephony.sip.call_facts import CallFacts, status_of
from callwright.telephony.sip.refusal import answer
from callwright.telephony.sip.trace import TracedCall

INSTRUCTION = struct.Struct("HBBI")


def passes(code, source):
    """Classic BPF, as far as the filter uses it."""
    address = int.from_bytes(bytes(int(part) for part in source.split(".")), "big")
    steps = list(INSTRUCTION.iter_unpack(code))
    at, value = 0, 0
    while True:
        operation, when_true, when_false, constant = steps[at]
        at += 1
        if operation == 0x20:
            assert constant == 0xFFF00000 + 12
            value = address
        elif operation == 0x54:
            value &= constant
        elif operation == 0x15:
            at += when_true if value == constant else when_false
        else:
            assert operation == 0x06
            return constant != 0


def test_the_filter_lets_the_networks_pass_and_nobody_else():
    code = program(("10.1.0.0/16", "192.0.2.7/32", "203.0.113.128/25"))
    for source in ("10.1.0.0", "10.1.255.255", "192.0.2.7", "203.0.113.128", "203.0.113.255"):
        assert passes(code, source), source
    for source in ("10.0.255.255", "10.2.0.0", "192.0.2.6", "192.0.2.8", "203.0.113.127", "0.0.0.0", "255.255.255.255"):
        assert not passes(code, source), source


def test_no_network_means_nobody_and_all_means_all():
    assert not passes(program(()), "127.0.0.1")
    assert passes(program(("0.0.0.0/0",)), "198.51.100.1")


def test_an_address_inside_of_a_network_stands_for_the_network():
    assert passes(program(("10.1.2.3/16",)), "10.1.9.9")


def test_the_filter_has_a_limit():
    assert len(program(("10.0.0.0/8",) * MAX_NETWORKS)) == INSTRUCTION.size * (4 * MAX_NETWORKS + 1)
    with pytest.raises(AllowError, match="at most"):
        program(("10.0.0.0/8",) * (MAX_NETWORKS + 1))


@pytest.mark.parametrize("text", ["", "10.0.0", "10.0.0.0/33", "::1/128", "localhost"])
def test_what_is_no_network_is_refused(text):
    with pytest.raises(AllowError, match="no IPv4 network"):
        program((text,))


# -- refusals and ends


def message_of(text: str) -> SipMessage:
    """The message in a text that is one."""
    message = parsed(text)
    assert message is not None
    return message


def test_a_refusal_belongs_to_the_transaction_of_the_provisional_answer():
    ringing = message_of(
        "SIP/2.0 180 Ringing\r\nVia: SIP/2.0/UDP 10.0.0.2;branch=z9\r\nVia: SIP/2.0/UDP 10.0.0.3;branch=z8\r\n"
        "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: c1\r\nCSeq: 4 INVITE\r\n\r\n"
    )
    text = answer(ringing, 404, ("X-Why: none",)).decode()
    assert text.startswith("SIP/2.0 404 Not Found\r\nVia: SIP/2.0/UDP 10.0.0.2;branch=z9\r\nVia: ")
    assert "To: <sip:c@d>;tag=2\r\n" in text
    assert "CSeq: 4 INVITE\r\n" in text
    assert text.endswith("X-Why: none\r\nContent-Length: 0\r\n\r\n")
    assert answer(ringing, 499).startswith(b"SIP/2.0 499 Refused\r\n")


@pytest.mark.parametrize(
    ("facts", "traced", "ending"),
    [
        (CallFacts(closed_text="486 Busy Here"), None, ("them", 486, "Busy Here")),
        (CallFacts(closed_text="Connection timed out [110]"), None, ("line", 0, "Connection timed out [110]")),
        (CallFacts(closed_text="x", hang_up_asked=True), None, ("us", 0, "x")),
        (CallFacts(closed_text="x", answered=True), TracedCall(ended_by="them", status=200), ("them", 200, "")),
        (CallFacts(answered=True, transferred=True), TracedCall(ended_by="us", status=200), ("us", 200, "transferred")),
        (
            CallFacts(closed_text="rtp stream error", answered=True),
            TracedCall(status=200),
            ("line", 200, "rtp stream error"),
        ),
        (CallFacts(closed_text="Busy", inbound=True), TracedCall(status=486), ("line", 486, "Busy")),
        (CallFacts(inbound=True, refused_status=404, hang_up_asked=True), TracedCall(status=486), ("us", 404, "")),
        (
            CallFacts(closed_text="", reason="not answered in time", hang_up_asked=True),
            None,
            ("us", 0, "not answered in time"),
        ),
    ],
)
def test_how_a_call_ended(facts, traced, ending):
    assert facts.ending(traced) == ending


@pytest.mark.parametrize(
    ("facts", "traced", "explained"),
    [
        (CallFacts(), None, False),
        (CallFacts(), TracedCall(), False),
        (CallFacts(), TracedCall(status=486), True),
        (CallFacts(), TracedCall(ended_by="us"), False),
        (CallFacts(), TracedCall(ended_by="us", status=487), True),
        (CallFacts(answered=True), TracedCall(status=200), False),
        (CallFacts(answered=True), TracedCall(status=200, ended_by="us"), True),
        (CallFacts(answered=True, transferred=True), TracedCall(status=200), True),
    ],
)
def test_an_end_is_told_once_its_messages_were_read(facts, traced, explained):
    assert facts.is_explained(traced) is explained


def test_a_status_line_is_read():
    assert status_of("404 Not Found") == (404, "Not Found")
    assert status_of("404") == (404, "")
    assert status_of("²³4 x") == (0, "²³4 x")
    assert status_of("") == (0, "")


def test_a_call_that_moved_is_a_line_of_its_own():
    facts = CallFacts(answered=True, they_hold=True, we_hold=True, closed=True, closed_text="Call transfered")
    facts.moved()
    assert (facts.they_hold, facts.we_hold, facts.closed, facts.closed_text, facts.answered) == (
        False,
        False,
        False,
        "",
        True,
    )
