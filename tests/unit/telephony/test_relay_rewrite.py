"""What a relay writes into SIP messages: its own addresses for theirs, its ports for their sound, and nothing else."""

import pytest

from callwright.telephony.sip.relay_rewrite import read, rewritten

PHONE, GATEWAY = ("127.0.0.1", 5070), ("127.0.0.1", 5060)
FOR_PHONE, FOR_GATEWAY = ("127.0.0.1", 7001), ("127.0.0.1", 7002)
TO_GATEWAY = {FOR_PHONE: GATEWAY, PHONE: FOR_GATEWAY}
SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n{c}t=0 0\r\n{media}"
SESSION = "c=IN IP4 127.0.0.1\r\n"


def message(*lines, body="", first="INVITE sip:x@127.0.0.1:7001 SIP/2.0"):
    return ("\r\n".join([first, *lines]) + "\r\n\r\n" + body).encode()


def passed(datagram, media=None, names=TO_GATEWAY):
    seen = []

    def relayed(number, wanted_at):
        seen.append((number, wanted_at))
        return media

    found = read(datagram)
    assert found is not None
    return rewritten(found, names, relayed).decode(), seen


@pytest.mark.parametrize(
    ("line", "becomes"),
    [
        ("Contact: <sip:me@127.0.0.1:5070;transport=udp>", "Contact: <sip:me@127.0.0.1:7002;transport=udp>"),
        ("Via: SIP/2.0/UDP 127.0.0.1:5070;rport=5070", "Via: SIP/2.0/UDP 127.0.0.1:7002;rport=7002"),
        ("Refer-To: <sip:y@127.0.0.1:7001>", "Refer-To: <sip:y@127.0.0.1:5060>"),
        ("Contact: <sip:me@127.0.0.1:50701>", "Contact: <sip:me@127.0.0.1:50701>"),
        ("Contact: <sip:me@1127.0.0.1:5070>", "Contact: <sip:me@1127.0.0.1:5070>"),
        ("X-Other: 192.0.2.1:5070", "X-Other: 192.0.2.1:5070"),
        ('Authorization: Digest uri="sip:127.0.0.1:7001"', 'Authorization: Digest uri="sip:127.0.0.1:7001"'),
    ],
)
def test_addresses_of_the_sides_are_turned_and_no_others(line, becomes):
    text, _ = passed(message(line))
    assert text.split("\r\n")[:2] == ["INVITE sip:x@127.0.0.1:5060 SIP/2.0", becomes]


def test_sound_is_sent_to_the_relay_and_the_length_is_right():
    body = SDP.format(c=SESSION, media="m=audio 4000 RTP/AVP 0\r\na=rtcp:4001\r\na=sendrecv\r\n")
    text, seen = passed(message("c: application/sdp", "l: 1", body=body), ("127.0.0.9", 9000))
    head, _, turned = text.partition("\r\n\r\n")
    assert seen == [(0, ("127.0.0.1", 4000))]
    assert "m=audio 9000 RTP/AVP 0\r\na=rtcp:9001\r\na=sendrecv" in turned
    assert "c=IN IP4 127.0.0.9" in turned
    assert f"l: {len(turned)}" in head


def test_each_media_line_has_its_own_place():
    media = "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 127.0.0.2\r\nm=video 0 RTP/AVP 31\r\nm=audio 4002 RTP/AVP 8\r\n"
    text, seen = passed(message("Content-Type: application/sdp", body=SDP.format(c=SESSION, media=media)), None)
    assert seen == [(0, ("127.0.0.2", 4000)), (2, ("127.0.0.1", 4002))]
    assert text.endswith(media)


def test_a_hold_of_the_old_kind_stays_one():
    body = SDP.format(c="c=IN IP4 0.0.0.0\r\n", media="m=audio 4000 RTP/AVP 0\r\n")
    text, _ = passed(message("Content-Type: application/sdp", body=body), ("127.0.0.1", 9000))
    assert "c=IN IP4 0.0.0.0\r\n" in text
    assert "m=audio 9000 " in text


@pytest.mark.parametrize("media", ["", "m=audio\r\n", "m=audio x RTP/AVP 0\r\n"])
def test_a_description_without_usable_media_is_left_as_it_is(media):
    body = SDP.format(c="", media=media)
    text, seen = passed(message("Content-Type: application/sdp", body=body), ("127.0.0.1", 9000))
    assert (text.partition("\r\n\r\n")[2], seen) == (body, [])


def test_media_without_a_connection_line_have_no_host():
    body = SDP.format(c="", media="m=audio 4000 RTP/AVP 0\r\n")
    assert passed(message("Content-Type: application/sdp", body=body))[1] == [(0, ("", 4000))]


def test_what_kind_of_message_it_is():
    request, answer = read(message("i: a@b")), read(b"SIP/2.0 180 Ringing\r\nCall-ID: a@b\r\n\r\n")
    assert request is not None
    assert answer is not None
    assert (request.name, request.call_id, request.has_media) == ("INVITE", "a@b", False)
    assert (answer.name, answer.method, answer.call_id) == ("180", "", "a@b")
    nameless = read(message())
    assert nameless is not None
    assert nameless.call_id == ""


@pytest.mark.parametrize(
    "rubbish",
    [b"", b"\r\n\r\n", b"\xff\xfe\r\n\r\n", b"INVITE x\r\n\r\n", b"SIP/2.0 2xx\r\n\r\n", b"INVITE sip:a SIP/2.0"],
)
def test_rubbish_is_no_message(rubbish):
    assert read(rubbish) is None
