"""An answer that comes again is acknowledged again: which ACK, to whom, and for how many calls it is remembered."""

import pytest

from callwright.domain.sip_message import traced
from callwright.telephony.sip.acknowledge import MAX_KEPT, Acknowledgements
from callwright.telephony.sip.datagram import Datagram

ACK = "ACK sip:b@127.0.0.1:7 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5;branch=z9hG4bK1\r\nCall-ID: {call}\r\nCSeq: {cseq} ACK"


def sent(call="one", cseq=1, way="TX UDP 127.0.0.1:5 -> 127.0.0.1:7", end=""):
    return f"{way}\n{ACK.format(call=call, cseq=cseq)}{end}"


def answer(call="one", cseq=1, status="200 OK", method="INVITE", way="RX UDP 127.0.0.1:7 -> 127.0.0.1:5"):
    return f"{way}\nSIP/2.0 {status}\r\nCall-ID: {call}\r\nCSeq: {cseq} {method}"


def fed(*texts) -> Datagram | None:
    acks, last = Acknowledgements(), None
    for text in texts:
        record = traced(text)
        assert record is not None
        last = acks.feed(record, text)
    return last


def test_the_first_answer_is_the_stack_s_to_acknowledge():
    assert fed(answer(), sent()) is None
    assert fed(answer()) is None


def test_a_repeated_one_gets_the_same_ack_as_whole_datagram():
    again = fed(answer(), sent(), answer())
    assert again is not None
    assert again.peer == "127.0.0.1:7"
    assert again.data == (ACK.format(call="one", cseq=1) + "\r\n\r\n").encode()


def test_an_ack_with_a_description_of_media_keeps_its_last_line_end():
    again = fed(sent(end="\r\n\r\nv=0\r\ns=-"), answer())
    assert again is not None
    assert again.data.endswith(b"\r\n\r\nv=0\r\ns=-\r\n")


def test_each_answer_of_a_forked_invite_has_its_own_ack():
    def to(tag, text):
        return text + f"\r\nTo: <sip:b@127.0.0.1>;tag={tag}"

    one, two = to("one", sent()), to("two", sent(end="\r\nX-Second: yes"))
    again = fed(one, two, to("one", answer()))
    assert again is not None
    assert b"X-Second" not in again.data
    assert fed(one, to("two", answer())) is None


@pytest.mark.parametrize(
    "other",
    [
        answer(cseq=2),
        answer(call="two"),
        answer(status="180 Ringing"),
        answer(status="486 Busy Here"),
        answer(method="BYE"),
        answer(way="TX UDP 127.0.0.1:5 -> 127.0.0.1:7"),
        answer(way="RX TCP 127.0.0.1:7 -> 127.0.0.1:5"),
        answer(call=""),
    ],
    ids=["another INVITE", "another call", "ringing", "refusal", "end", "our own answer", "over TCP", "no call"],
)
def test_nothing_else_is_acknowledged(other):
    assert fed(sent(), other) is None


def test_the_oldest_calls_are_forgotten_first():
    acks = [sent(call=str(number)) for number in range(MAX_KEPT + 1)]
    assert fed(*acks, answer(call="0")) is None
    assert fed(*acks, answer(call="1")) is not None
