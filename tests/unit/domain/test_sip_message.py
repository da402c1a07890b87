"""Reading SIP messages: what the gateway needs to know of them, from good ones, odd ones and bad ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callwright.domain.sip_message import (
    MAX_PASSED_CHARACTERS,
    SipMessage,
    Traced,
    addresses,
    codec_of,
    has_srtp_keys,
    media_of,
    parsed,
    passed_on,
    q850_of,
    referral_of,
    tag_of,
    traced,
    uri_of,
    user_of,
)

INVITE = (
    "INVITE sip:4711@10.0.0.1:5060;transport=udp SIP/2.0\r\n"
    "v: SIP/2.0/UDP 10.0.0.2:5070;branch=z9hG4bK1\r\nVia: SIP/2.0/UDP 10.0.0.3;branch=z9hG4bK0\r\n"
    'f: "Ann <3" <sip:ann@10.0.0.2>;tag=a1\r\nTo: <sip:4711@10.0.0.1>\r\ni: call-1\r\nCSeq: 7 INVITE\r\n'
    "Subject: one\r\n two\r\nno colon here\r\n: nothing\r\n\r\nv=0\r\n"
)


def message_of(text: str) -> SipMessage:
    """The message in a text that is one."""
    message = parsed(text)
    assert message is not None
    return message


def record_of(text: str) -> Traced:
    """The record of the trace in a text that is one."""
    record = traced(text)
    assert record is not None
    return record


def test_a_request_is_read():
    message = message_of(INVITE)
    assert (message.method, message.status, message.uri) == ("INVITE", 0, "sip:4711@10.0.0.1:5060;transport=udp")
    assert (message.call_id, message.cseq, message.body) == ("call-1", 7, "v=0\r\n")
    assert len(message.headers["via"]) == 2
    assert message.first("subject") == "one two"
    assert message.first("nothing") == ""


def test_a_response_is_read_with_the_method_it_answers():
    message = message_of("SIP/2.0 486 Busy Here\r\nCSeq: 3 INVITE\r\n\r\n")
    assert (message.method, message.status, message.reason) == ("INVITE", 486, "Busy Here")
    assert message_of("SIP/2.0 200\r\n\r\n").reason == ""


@pytest.mark.parametrize(
    "text",
    ["", "\r\n", "HELLO", "INVITE sip:x SIP/3.0\r\n\r\n", "SIP/2.0 999 No\r\n\r\n", "invite sip:x SIP/2.0\r\n\r\n"],
)
def test_what_is_no_message_is_none(text):
    assert parsed(text) is None
    assert traced(f"TX UDP a:1 -> b:2\n{text}") is None


def test_an_odd_cseq_counts_nothing():
    for number in ("", "x INVITE", "-1 INVITE", "99999999999 INVITE", "1½ INVITE"):
        assert message_of(f"INVITE sip:x SIP/2.0\r\nCSeq: {number}\r\n\r\n").cseq == 0


def test_a_line_that_continues_nothing_is_left_out():
    assert message_of("INVITE sip:x SIP/2.0\r\n folded\r\nTo: <sip:y>\r\n\r\n").first("to") == "<sip:y>"


def test_the_way_of_a_message_is_read():
    sent = record_of("TX UDP 10.0.0.1:5060 -> 10.0.0.2:5070\n" + INVITE)
    assert (sent.sent, sent.transport, sent.local, sent.peer) == (True, "udp", "10.0.0.1:5060", "10.0.0.2:5070")
    received = record_of("RX TCP 10.0.0.2:5070 -> 10.0.0.1:5060\n" + INVITE)
    assert (received.sent, received.transport, received.local, received.peer) == (
        False,
        "tcp",
        "10.0.0.1:5060",
        "10.0.0.2:5070",
    )
    assert traced("something else\n" + INVITE) is None


@pytest.mark.parametrize(
    ("value", "uri", "tag"),
    [
        ("<sip:a@b;x=1>;tag=t1", "sip:a@b;x=1", "t1"),
        ('"A <sip:no@no>" <sip:a@b>;q=1;TAG = t2', "sip:a@b", "t2"),
        ("sip:a@b;tag=t3", "sip:a@b", "t3"),
        ("<sip:a@b;tag=inside>", "sip:a@b;tag=inside", ""),
        ("Ann", "Ann", ""),
    ],
)
def test_addresses_and_tags(value, uri, tag):
    assert uri_of(value) == uri
    assert tag_of(value) == tag


@pytest.mark.parametrize(
    ("uri", "user"),
    [
        ("sip:4711@host", "4711"),
        ("sip:4711;phone-context=x@host", "4711"),
        ("sip:a:secret@host:5060", "a"),
        ("sip:host;lr", "host"),
        ("4711@host", "4711"),
        ("", ""),
    ],
)
def test_the_user_of_an_address(uri, user):
    assert user_of(uri) == user


def test_a_list_of_routes_is_split_outside_of_brackets():
    assert addresses(("<sip:a,b@c;lr>, <sip:d;lr>", "<sip:e>")) == ("<sip:a,b@c;lr>", "<sip:d;lr>", "<sip:e>")
    assert addresses(()) == ()
    assert addresses((" , ",)) == ()


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ('Q.850;cause=17;text="busy"', 17),
        ('SIP;cause=200, Q.850 ;text="x" ;cause="16"', 16),
        ("Q.850", None),
        ("SIP;cause=486", None),
    ],
)
def test_the_cause_of_an_end(reason, cause):
    assert q850_of(message_of(f"BYE sip:x SIP/2.0\r\nReason: {reason}\r\n\r\n")) == cause


def test_no_reason_no_cause():
    assert q850_of(message_of("BYE sip:x SIP/2.0\r\n\r\n")) is None


@pytest.mark.parametrize(
    ("sdp", "codec"),
    [
        ("m=audio 4000 RTP/AVP 0 8 101\r\n", "pcmu"),
        ("m=video 1 RTP/AVP 96\r\nm=audio 4000 RTP/AVP 8\r\n", "pcma"),
        ("m=audio 4000 RTP/AVP 96 0\r\na=rtpmap:96 opus/48000/2\r\n", "opus"),
        ("m=audio 4000 RTP/AVP 96\r\n", ""),
        ("m=audio 0 RTP/AVP 0\r\n", ""),
        ("m=audio\r\nm=audio 1\r\n", ""),
        ("", ""),
    ],
)
def test_the_codec_of_an_answer(sdp, codec):
    assert codec_of(sdp) == codec


@pytest.mark.parametrize(
    ("sdp", "port", "types"),
    [
        ("m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n", 4000, {101}),
        (
            "m=audio 4000 RTP/AVP 0 96 97\r\na=rtpmap:96 Telephone-Event/8000\na=rtpmap:97 telephone-event/16000",
            4000,
            {96, 97},
        ),
        ("m=video 5000 RTP/AVP 96\r\nm=audio 0 RTP/AVP 0", 0, set()),
        ("m=audio 4000 RTP/AVP 0\r\na=rtpmap:0 telephone-event/8000\r\na=rtpmap:200 telephone-event/8000", 4000, set()),
        ("", 0, set()),
    ],
)
def test_where_an_sdp_wants_its_sound_and_how_it_calls_keys(sdp, port, types):
    assert media_of(sdp) == (port, types)


@given(st.text(max_size=400), st.text(max_size=60))
def test_nothing_from_the_network_raises(text, value):
    traced(f"RX UDP a:1 -> b:2\n{text}")
    message = parsed(f"INVITE sip:x SIP/2.0\r\n{text}\r\n\r\n{text}")
    if message is not None:
        q850_of(message)
        assert message.cseq >= 0
    for read in (uri_of, tag_of, user_of, codec_of):
        assert isinstance(read(value), str)
    addresses((value,))
    media_of(text)


def test_the_headers_of_a_call_are_passed_on_without_credentials() -> None:
    secrets = "Authorization: Digest response=1\r\nProxy-Authorization: Digest response=2\r\n"
    text = INVITE.replace("Subject:", f"{secrets}X-CALLERNO: 4711\r\nX-CallerNo: 4712\r\nX-Empty:\r\nSubject:")
    found = passed_on(message_of(text))
    assert (found["x-callerno"], found["x-empty"], found["subject"]) == ("4711", "", "one two")
    assert not {"authorization", "proxy-authorization"} & found.keys()


def test_headers_that_do_not_fit_are_not_passed_on() -> None:
    # Sixteen of them, with names of 8 characters, come to 8,192 characters.
    many = "".join(f"X-Long{number:02}: {'y' * 504}\r\n" for number in range(17))
    found = passed_on(message_of(f"INVITE sip:4711@10.0.0.1 SIP/2.0\r\n{many}X-Last: 1\r\n\r\n"))
    assert sum(len(name) + len(value) for name, value in found.items()) == MAX_PASSED_CHARACTERS
    assert list(found) == [f"x-long{number:02}" for number in range(16)]
    longest = passed_on(message_of(f"INVITE sip:4711@10.0.0.1 SIP/2.0\r\nX-Long: {'y' * 513}\r\n\r\n"))
    assert longest == {"x-long": "y" * 512}


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("message/sipfrag;version=2.0", "SIP/2.0 486 Busy Here\r\n", 486),
        ("message/sipfrag", "nothing", 0),
        ("text/plain", "SIP/2.0 486 Busy Here\r\n", 0),
    ],
)
def test_the_status_of_a_referral_is_read(kind: str, body: str, status: int) -> None:
    notify = message_of(f"NOTIFY sip:a@b SIP/2.0\r\nContent-Type: {kind}\r\n\r\n{body}")
    assert referral_of(notify) == status


def test_encrypted_audio_has_its_keys_in_the_description():
    assert has_srtp_keys("v=0\r\nm=audio 4000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:abc\r\n")
    assert not has_srtp_keys("v=0\r\nm=audio 4000 RTP/AVP 0\r\na=x-crypto:1\r\n")
