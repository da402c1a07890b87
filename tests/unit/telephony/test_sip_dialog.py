"""The BYE for a call whose stack is gone, to the byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callwright.telephony.sip.dialog import (
    Dialog,
    DialogError,
    acknowledgement,
    acknowledgement_of_refusal,
    bye,
    cancel,
    last_requests,
    read_dialog,
    status_of_answer,
)

VALUES = {
    "call_id": "a84b4c76e66710",
    "local_tag": "1928301774",
    "remote_tag": "314159",
    "local_uri": "sip:agent@127.0.0.1:5060",
    "remote_uri": "sip:ann@127.0.0.1:5070",
    "target": "sip:ann@127.0.0.1:5072;transport=udp",
    "routes": [],
    "cseq": 7,
    "transport": "udp",
    "peer": "127.0.0.1:5070",
}
BRANCH = "z9hG4bK-1"
SOURCE = ("127.0.0.1", 40001)
VIA = "SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKe1;rport"


def dialog(**changes) -> Dialog:
    return read_dialog({**VALUES, **changes})


def test_a_bye_without_routes_goes_to_the_remote_target():
    assert bye(dialog(), SOURCE, BRANCH).datagram == (
        b"BYE sip:ann@127.0.0.1:5072;transport=udp SIP/2.0\r\n"
        b"Via: SIP/2.0/UDP 127.0.0.1:40001;rport;branch=z9hG4bK-1\r\n"
        b"Max-Forwards: 70\r\n"
        b"To: <sip:ann@127.0.0.1:5070>;tag=314159\r\n"
        b"From: <sip:agent@127.0.0.1:5060>;tag=1928301774\r\n"
        b"Call-ID: a84b4c76e66710\r\n"
        b"CSeq: 8 BYE\r\n"
        b"Content-Length: 0\r\n"
        b"\r\n"
    )


def test_the_ack_of_an_answer_goes_the_way_of_the_dialog_with_the_credentials_of_the_invite():
    credentials = (("Proxy-Authorization", 'Digest username="u1"'),)
    assert acknowledgement(dialog(routes=["<sip:one.example;lr>"]), SOURCE, BRANCH, credentials) == (
        b"ACK sip:ann@127.0.0.1:5072;transport=udp SIP/2.0\r\n"
        b"Via: SIP/2.0/UDP 127.0.0.1:40001;rport;branch=z9hG4bK-1\r\n"
        b"Max-Forwards: 70\r\n"
        b"Route: <sip:one.example;lr>\r\n"
        b"To: <sip:ann@127.0.0.1:5070>;tag=314159\r\n"
        b"From: <sip:agent@127.0.0.1:5060>;tag=1928301774\r\n"
        b"Call-ID: a84b4c76e66710\r\n"
        b"CSeq: 7 ACK\r\n"
        b'Proxy-Authorization: Digest username="u1"\r\n'
        b"Content-Length: 0\r\n"
        b"\r\n"
    )


@pytest.mark.parametrize(("tag", "to"), [("314159", b";tag=314159"), ("", b"")])
def test_the_ack_of_a_refusal_belongs_to_the_invite_s_own_transaction(tag, to):
    refused = dialog(via=VIA, remote_tag=tag, target="sip:ann@127.0.0.1:5070")
    assert acknowledgement_of_refusal(refused) == (
        b"ACK sip:ann@127.0.0.1:5070 SIP/2.0\r\n"
        b"Via: " + VIA.encode() + b"\r\n"
        b"Max-Forwards: 70\r\n"
        b"To: <sip:ann@127.0.0.1:5070>" + to + b"\r\n"
        b"From: <sip:agent@127.0.0.1:5060>;tag=1928301774\r\n"
        b"Call-ID: a84b4c76e66710\r\n"
        b"CSeq: 7 ACK\r\n"
        b"Content-Length: 0\r\n"
        b"\r\n"
    )


def test_loose_routers_are_named_in_their_order_and_the_request_stays_to_the_target():
    routes = ["<sip:one.example;lr>", "sip:192.0.2.2:5080;LR=on"]
    assert bye(dialog(routes=routes), SOURCE, BRANCH).datagram == (
        b"BYE sip:ann@127.0.0.1:5072;transport=udp SIP/2.0\r\n"
        b"Via: SIP/2.0/UDP 127.0.0.1:40001;rport;branch=z9hG4bK-1\r\n"
        b"Max-Forwards: 70\r\n"
        b"Route: <sip:one.example;lr>\r\n"
        b"Route: <sip:192.0.2.2:5080;LR=on>\r\n"
        b"To: <sip:ann@127.0.0.1:5070>;tag=314159\r\n"
        b"From: <sip:agent@127.0.0.1:5060>;tag=1928301774\r\n"
        b"Call-ID: a84b4c76e66710\r\n"
        b"CSeq: 8 BYE\r\n"
        b"Content-Length: 0\r\n"
        b"\r\n"
    )


def test_a_strict_router_gets_the_request_and_the_target_goes_last():
    routes = ["<sip:old.example;method=INVITE;x=1?a=b>", "<sip:two.example;lr>"]
    lines = bye(dialog(routes=routes), SOURCE, BRANCH).datagram
    assert lines.split(b"\r\n")[0] == b"BYE sip:old.example;x=1 SIP/2.0"
    assert [line for line in lines.split(b"\r\n") if line.startswith(b"Route")] == [
        b"Route: <sip:two.example;lr>",
        b"Route: <sip:ann@127.0.0.1:5072;transport=udp>",
    ]


def test_a_cancel_is_the_invite_again_with_its_number_and_its_via():
    ringing = dialog(via=VIA, remote_tag="", target="sip:ann@127.0.0.1:5070")
    assert cancel(ringing).datagram == (
        b"CANCEL sip:ann@127.0.0.1:5070 SIP/2.0\r\n"
        b"Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKe1;rport\r\n"
        b"Max-Forwards: 70\r\n"
        b"To: <sip:ann@127.0.0.1:5070>\r\n"
        b"From: <sip:agent@127.0.0.1:5060>;tag=1928301774\r\n"
        b"Call-ID: a84b4c76e66710\r\n"
        b"CSeq: 7 CANCEL\r\n"
        b"Content-Length: 0\r\n"
        b"\r\n"
    )
    assert (cancel(ringing).method, cancel(ringing).cseq, cancel(ringing).branch) == ("CANCEL", 7, "z9hG4bKe1")


@pytest.mark.parametrize(
    ("changes", "methods"),
    [
        ({}, ["BYE"]),
        ({"via": VIA, "remote_tag": ""}, ["CANCEL"]),
        ({"via": VIA}, ["CANCEL", "BYE"]),
        ({"via": ""}, ["BYE"]),
    ],
)
def test_what_rings_is_cancelled_and_what_may_have_been_answered_gets_a_bye(changes, methods):
    assert [request.method for request in last_requests(dialog(**changes), SOURCE, BRANCH)] == methods


def test_names_and_parameters_around_an_address_are_left_out():
    found = dialog(
        remote_uri='"Ann <x" <sip:ann@h>;tag=9', local_uri="Agent <sip:a@h>", target="<sip:ann@10.0.0.9>;expires=60"
    )
    assert (found.remote_uri, found.local_uri, found.target) == ("sip:ann@h", "sip:a@h", "sip:ann@10.0.0.9")


def test_without_a_target_the_far_end_s_address_serves():
    assert dialog(target="").target == VALUES["remote_uri"]


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"transport": "tls"}, "transport"),
        ({"transport": 5}, "transport"),
        ({"cseq": "7"}, "cseq"),
        ({"cseq": True}, "cseq"),
        ({"cseq": -1}, "cseq"),
        ({"cseq": 2**31}, "cseq"),
        ({"call_id": ""}, "call_id"),
        ({"call_id": "a\r\nX: y"}, "call_id"),
        ({"call_id": "a" * 1025}, "call_id"),
        ({"local_tag": "a b"}, "local_tag"),
        ({"remote_tag": None}, "remote_tag"),
        ({"remote_tag": "a;b"}, "remote_tag"),
        ({"local_uri": "tel:+15550100"}, "local_uri"),
        ({"remote_uri": "<sip:a@b\r\nRoute: <x>"}, "remote_uri"),
        ({"remote_uri": 'sip:a"b@c'}, "remote_uri"),
        ({"target": "sip:a@b>c"}, "target"),
        ({"target": "sip:a b@c"}, "target"),
        ({"routes": "sip:a"}, "routes"),
        ({"routes": ["sip:a"] * 17}, "routes"),
        ({"routes": [5]}, "a route"),
        ({"via": "SIP/2.0/TCP 127.0.0.1:5060;branch=z9hG4bKe1"}, "via"),
        ({"via": "SIP/2.0/UDP 127.0.0.1:5060\r\nX: y;branch=z9hG4bKe1"}, "via"),
        ({"via": "SIP/2.0/UDP 127.0.0.1:5060"}, "via"),
        ({"via": 5}, "via"),
        ({"peer": None}, "peer"),
        ({"peer": "127.0.0.1"}, "peer"),
        ({"peer": "127.0.0.1:0"}, "peer"),
        ({"peer": "127.0.0.1:65536"}, "peer"),
        ({"peer": "phone.example:5060"}, "peer"),
        ({"peer": "[::1]:5060"}, "peer"),
    ],
)
def test_what_is_no_dialog_is_refused_by_name(changes, what):
    with pytest.raises(DialogError, match=what):
        dialog(**changes)


@given(st.dictionaries(st.sampled_from(sorted([*VALUES, "via"])), st.one_of(st.text(), st.integers(), st.none())))
def test_no_values_make_more_than_one_request_of_it(changes):
    try:
        found = dialog(**changes)
    except DialogError:
        return
    if not found.remote_tag:
        assert found.via
        return
    lines = bye(found, SOURCE, BRANCH).datagram.split(b"\r\n")
    assert [line.partition(b":")[0] for line in lines[1:-2]] == [
        b"Via",
        b"Max-Forwards",
        b"To",
        b"From",
        b"Call-ID",
        b"CSeq",
        b"Content-Length",
    ]
    assert all(0x20 <= byte < 0x7F for line in lines for byte in line)


ANSWER = (
    "SIP/2.0 {status}\r\nVia: SIP/2.0/UDP 127.0.0.1:40001;rport=40001;branch={branch};received=127.0.0.1\r\n"
    "To: x\r\nFrom: y\r\nCall-ID: {call_id}\r\nCSeq: {cseq}\r\n\r\n"
)
BYE = bye(dialog(), SOURCE, BRANCH)
GOOD = {"status": "200 OK", "branch": BRANCH, "call_id": VALUES["call_id"], "cseq": "8 BYE"}


@pytest.mark.parametrize("status", ["100 Trying", "200 OK", "481 Call/Transaction Does Not Exist", "603"])
def test_the_answer_to_our_bye_is_known(status):
    datagram = ANSWER.format(**{**GOOD, "status": status}).encode()
    assert status_of_answer(datagram, dialog(), BYE) == int(status[:3])


def test_short_names_of_fields_are_known_too():
    datagram = ANSWER.format(**GOOD).replace("Via:", "v :").replace("Call-ID:", "i:").encode()
    assert status_of_answer(datagram, dialog(), BYE) == 200


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\r\n\r\n",
        b"\xff\xfe",
        b"BYE sip:a@b SIP/2.0\r\n\r\n",
        b"SIP/2.0 99 x\r\n\r\n",
        b"SIP/2.0 200 OK\r\nno colon\r\n\r\n",
        *(
            ANSWER.format(**{**GOOD, **wrong}).encode()
            for wrong in ({"branch": "z9hG4bK-12"}, {"call_id": "other"}, {"cseq": "7 BYE"}, {"cseq": "8 INVITE"})
        ),
    ],
)
def test_anything_else_is_no_answer(datagram):
    assert status_of_answer(datagram, dialog(), BYE) is None
