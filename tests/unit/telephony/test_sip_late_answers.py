"""What an answer gets whose INVITE the stack has dropped: a CANCEL, an ACK, a BYE, and nothing where the stack has done it itself."""

from itertools import count

import pytest

from callwright.domain.limits import MAX_SIP_INVITES_KEPT
from callwright.domain.sip_message import traced
from callwright.telephony.sip.late_answers import MAX_FORKS, REPEATED_FOR_TICKS, WAIT_ROUNDS, LateAnswers

US, THEM = "127.0.0.1:5", "127.0.0.1:7"
VIA = "SIP/2.0/UDP 127.0.0.1:5;branch=z9hG4bKinvite;rport"


def sent(method="INVITE", call="one", cseq=4, to_tag="", extra=(), way="UDP"):
    tag = f";tag={to_tag}" if to_tag else ""
    lines = [
        f"TX {way} {US} -> {THEM}\n{method} sip:b@{THEM} SIP/2.0",
        f"Via: {VIA}",
        'From: "Us" <sip:a@trunk.example>;tag=ours',
        f"To: <sip:b@{THEM}>{tag}",
        f"Call-ID: {call}",
        f"CSeq: {cseq} {method}",
        *extra,
    ]
    return "\r\n".join(lines)


def answer(status="200 OK", method="INVITE", call="one", cseq=4, tag="theirs", extra=(), from_tag="ours"):
    lines = [
        f"RX UDP {THEM} -> {US}\nSIP/2.0 {status}",
        f"Via: {VIA}",
        f'From: "Us" <sip:a@trunk.example>;tag={from_tag}',
        f"To: <sip:b@{THEM}>" + (f";tag={tag}" if tag else ""),
        f"Call-ID: {call}",
        f"CSeq: {cseq} {method}",
        *(extra or ("Contact: <sip:phone@127.0.0.1:77>",)),
    ]
    return "\r\n".join(lines)


class Line:
    """The trace of a stack, and what is sent because of it."""

    def __init__(self):
        numbers = count(1)
        self.late = LateAnswers(lambda: f"z9hG4bK-{next(numbers)}")

    def say(self, *texts):
        """Feed messages; returns what was sent at once, as start lines."""
        records = [record for record in map(traced, texts) if record is not None]
        assert len(records) == len(texts)
        fed = [self.late.feed(record) for record in records]
        return [one.data.decode().split("\r\n")[0].split()[0] for one in fed if one is not None]

    def wait(self, rounds=WAIT_ROUNDS, ticks=1):
        """What is sent in so many rounds."""
        return [one for _ in range(rounds) for one in self.late.round(ticks)]

    def methods(self, rounds=WAIT_ROUNDS, ticks=1):
        return [one.data.decode().split()[0] for one in self.wait(rounds, ticks)]


@pytest.fixture
def dropped():
    """A call that was given up before anything came for it."""
    line = Line()
    line.say(sent())
    line.late.closed("one")
    return line


def test_an_answer_that_comes_too_late_is_acknowledged_and_ended(dropped):
    dropped.say(answer(extra=("Contact: <sip:phone@127.0.0.1:77>", "Record-Route: <sip:p2;lr>, <sip:p1;lr>")))
    assert dropped.wait(WAIT_ROUNDS - 1) == [], "the stack may do it itself"
    ack, bye = dropped.wait(1)
    assert (ack.peer, bye.peer) == (THEM, THEM)
    assert ack.data == (
        b"ACK sip:phone@127.0.0.1:77 SIP/2.0\r\n"
        b"Via: SIP/2.0/UDP 127.0.0.1:5;rport;branch=z9hG4bK-1\r\n"
        b"Max-Forwards: 70\r\n"
        b"Route: <sip:p1;lr>\r\n"
        b"Route: <sip:p2;lr>\r\n"
        b"To: <sip:b@127.0.0.1:7>;tag=theirs\r\n"
        b"From: <sip:a@trunk.example>;tag=ours\r\n"
        b"Call-ID: one\r\n"
        b"CSeq: 4 ACK\r\n"
        b"Content-Length: 0\r\n"
        b"\r\n"
    )
    assert bye.data.startswith(b"BYE sip:phone@127.0.0.1:77 SIP/2.0\r\n")
    assert b"branch=z9hG4bK-2\r\n" in bye.data
    assert b"CSeq: 5 BYE\r\n" in bye.data


def test_each_repetition_of_it_is_acknowledged_at_once_and_the_bye_is_repeated_until_it_is_answered(dropped):
    dropped.say(answer())
    assert dropped.methods() == ["ACK", "BYE"]
    assert dropped.say(answer(), answer()) == ["ACK", "ACK"]
    assert dropped.methods(24) == []
    assert dropped.methods(1) == ["BYE"], "after T1"
    assert dropped.methods(49) == []
    assert dropped.methods(1) == ["BYE"], "after twice T1"
    dropped.say(answer("481 Gone", "BYE", cseq=5))
    assert dropped.methods(REPEATED_FOR_TICKS) == []


def test_a_bye_that_nobody_answers_is_given_up_after_32_seconds(dropped):
    dropped.say(answer())
    assert len(dropped.methods(2 * REPEATED_FOR_TICKS)) == 1 + 1 + 10, "RFC 3261 17.1.2.2"
    assert dropped.methods(REPEATED_FOR_TICKS) == []


def test_a_long_round_is_one_moment_for_the_stack(dropped):
    dropped.say(answer())
    assert dropped.methods(1, ticks=200) == []
    assert dropped.methods(WAIT_ROUNDS - 1) == ["ACK", "BYE"]


def test_the_ack_has_the_credentials_of_the_invite():
    line = Line()
    line.say(sent(), answer("407 Who?"), sent("ACK", to_tag="theirs"))
    line.say(sent(cseq=5, extra=('Proxy-Authorization: Digest username="u1"',)))
    line.late.closed("one")
    line.say(answer(cseq=4), answer(cseq=5))
    ack, bye = line.wait()
    assert b'CSeq: 5 ACK\r\nProxy-Authorization: Digest username="u1"\r\n' in ack.data
    assert b"Proxy-Authorization" not in bye.data


def test_a_phone_that_rings_after_all_is_cancelled_once_and_its_refusal_acknowledged(dropped):
    dropped.say(answer("100 Trying", tag=""), answer("180 Ringing"))
    (cancel,) = dropped.wait()
    assert cancel.peer == THEM
    assert cancel.data.startswith(b"CANCEL sip:b@127.0.0.1:7 SIP/2.0\r\nVia: " + VIA.encode() + b"\r\n")
    assert dropped.methods(25) == ["CANCEL"], "the first was not answered"
    dropped.say(answer("180 Ringing"), answer("200 OK", "CANCEL", tag="any"))
    assert dropped.methods(REPEATED_FOR_TICKS) == []
    dropped.say(answer("487 Request Terminated"))
    (ack,) = dropped.wait()
    assert ack.data.startswith(b"ACK sip:b@127.0.0.1:7 SIP/2.0\r\nVia: " + VIA.encode() + b"\r\n")
    assert dropped.say(answer("487 Request Terminated")) == ["ACK"]


def test_a_final_answer_ends_the_repetition_of_a_cancel(dropped):
    dropped.say(answer("180 Ringing"))
    assert dropped.methods() == ["CANCEL"]
    dropped.say(answer())
    assert dropped.methods() == ["ACK", "BYE"], "the CANCEL crossed the answer"
    dropped.say(answer(method="BYE", cseq=5))
    assert dropped.methods(REPEATED_FOR_TICKS) == []


def test_what_the_stack_does_itself_is_left_to_it(dropped):
    dropped.say(sent("CANCEL"), answer("180 Ringing"), answer(), sent("ACK", to_tag="theirs"))
    assert dropped.methods() == []
    assert dropped.say(answer()) == []
    assert dropped.methods() == []


def test_an_answer_of_a_call_that_goes_on_is_left_to_the_stack():
    line = Line()
    line.say(sent(), answer("180 Ringing"), answer())
    assert line.methods() == []


def test_an_answer_read_a_moment_before_the_end_of_the_call_counts():
    line = Line()
    line.say(sent(), answer("180 Ringing"))
    line.late.closed("one")
    assert line.methods() == ["CANCEL"]


def test_a_second_phone_that_takes_a_forked_call_is_ended_and_the_first_goes_on():
    line = Line()
    line.say(sent(), answer(tag="first"), sent("ACK", to_tag="first"), answer(tag="second"))
    ack, bye = line.wait()
    assert b";tag=second\r\n" in ack.data
    assert b";tag=second\r\n" in bye.data


@pytest.mark.parametrize(
    "other",
    [
        answer(call="two"),
        answer(cseq=3),
        answer(from_tag="somebody"),
        answer(method="OPTIONS"),
        answer().replace("RX UDP", "RX TCP"),
        answer(call=""),
        answer(tag=""),
        answer(extra=("Contact: <sip:a b>",)),
        answer(extra=("Record-Route: <tel:1>",)),
        sent("BYE", to_tag="theirs"),
        f"RX UDP {THEM} -> {US}\nBYE sip:a SIP/2.0\r\nCall-ID: one\r\nCSeq: 9 BYE",
    ],
    ids=[
        "another call",
        "an older INVITE",
        "another caller",
        "another request",
        "over TCP",
        "no call",
        "no tag",
        "a target that is none",
        "a route that is none",
        "a request of ours",
        "a request of theirs",
    ],
)
def test_what_cannot_be_or_need_not_be_answered_is_left_alone(dropped, other):
    dropped.say(other)
    assert dropped.methods(100) == []


def test_an_invite_inside_of_a_dialog_and_one_that_is_repeated_begin_nothing():
    line = Line()
    line.say(sent("INVITE", to_tag="theirs", call="two"))
    line.late.closed("two")
    line.say(answer(call="two"))
    line.say(sent(), sent("CANCEL"), sent())
    line.late.closed("one")
    line.say(answer("180 Ringing"))
    assert line.methods() == []


def test_a_via_without_a_port_names_the_usual_one():
    line = Line()
    line.say(sent().replace("127.0.0.1:5;branch", "gw.example;branch"))
    line.late.closed("one")
    line.say(answer())
    assert b"Via: SIP/2.0/UDP gw.example:5060;" in line.wait()[0].data


def test_only_so_many_tags_of_one_invite_are_acted_upon(dropped):
    for number in range(MAX_FORKS + 1):
        dropped.say(answer(tag=f"t{number}"))
        assert dropped.methods().count("ACK") == (number < MAX_FORKS)


def test_the_oldest_invite_is_forgotten_first():
    line = Line()
    line.say(*(sent(call=str(number)) for number in range(MAX_SIP_INVITES_KEPT + 1)))
    for number in ("0", "1"):
        line.late.closed(number)
        line.say(answer(call=number))
    acknowledged = [one.data for one in line.wait() if one.data.startswith(b"ACK")]
    assert len(acknowledged) == 1
    assert b"Call-ID: 1\r\n" in acknowledged[0]


def test_answers_that_wait_and_requests_that_are_repeated_are_bounded():
    line = Line()
    for number in range(MAX_SIP_INVITES_KEPT):
        line.say(sent(call=str(number)))
        line.late.closed(str(number))
        line.say(answer(call=str(number)))
    line.say(answer(call="7", tag="one too many"))
    assert len(line.wait()) == 2 * MAX_SIP_INVITES_KEPT
    line.say(answer(call="7", tag="one more"))
    line.wait()
    assert len(line.wait(40)) == MAX_SIP_INVITES_KEPT
