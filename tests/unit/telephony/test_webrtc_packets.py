"""What a browser's audio is made of, in bytes: checks of ICE, RTP and RTCP, the order of packets, offers and answers."""

from __future__ import annotations

import struct
import zlib

import pytest

from callwright.domain.limits import MAX_SDP_MEDIA
from callwright.ports.leg import SILENCE_FRAME
from callwright.telephony.browser.webrtc.jitter_buffer import MAX_PAYLOAD_BYTES, MOST_HELD, JitterBuffer
from callwright.telephony.browser.webrtc.rtp import Received, RtpPacket, Sent, read_rtcp, rtcp_parts, rtp_of
from callwright.telephony.browser.webrtc.sdp import Answering, UnusableOfferError, answer_to, offer_of
from callwright.telephony.browser.webrtc.stun import answer_to as answer_to_check
from callwright.telephony.browser.webrtc.stun import check_of

RFC_5769 = bytes.fromhex(
    "000100582112a442b7e7a701bc34d686fa87dfae"
    "802200105354554e207465737420636c69656e74"
    "002400046e0001ff80290008932ff9b151263b36"
    "000600096576746a3a68367659202020"
    "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
    "80280004e57a3bcf"
)
"""The request of RFC 5769 2.1."""
RFC_PASSWORD = "VOkJxbRl1RmTxUk/WvJxBt"


# -- checks of ICE


def test_the_request_of_the_rfc_is_genuine_with_its_password_alone():
    check = check_of(RFC_5769)
    assert check is not None
    assert (check.username, check.nominates) == ("evtj:h6vY", False)
    assert check.is_genuine(RFC_5769, RFC_PASSWORD)
    assert not check.is_genuine(RFC_5769, "another")


def test_the_answer_names_the_source_and_is_signed():
    check = check_of(RFC_5769)
    assert check is not None
    answer = answer_to_check(check, ("192.0.2.1", 32853), RFC_PASSWORD)
    # The mapped address of RFC 5769 2.2.
    assert answer[20:32] == bytes.fromhex("002000080001a147e112a643")
    assert answer[:2] + answer[4:20] == b"\x01\x01" + RFC_5769[4:20]
    assert int.from_bytes(answer[2:4], "big") == len(answer) - 20
    assert answer[-4:] == struct.pack("!I", zlib.crc32(answer[:-8]) ^ 0x5354554E)
    longer = answer_to_check(check, ("2001:db8:1234:5678:11:2233:4455:6677", 32853), RFC_PASSWORD)
    assert longer[24:44] == bytes.fromhex("0002a1470113a9faa5d3f179bc25f4b5bed2b9d9")


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        RFC_5769[:19],
        RFC_5769[:-4],
        RFC_5769 + b"\0\0\0\0",
        b"\x01\x01" + RFC_5769[2:],
        RFC_5769[:4] + b"\x00" + RFC_5769[5:],
        RFC_5769[:-1] + b"\x00",
        RFC_5769[:22] + b"\xff\xff" + RFC_5769[24:],
        b"\x00\x01\x00\x00" + RFC_5769[4:20],
    ],
)
def test_what_is_no_signed_request_is_none(wrong: bytes):
    assert check_of(wrong) is None


def test_a_request_that_was_changed_is_not_genuine():
    for at in range(20, RFC_5769.index(bytes.fromhex("00080014"))):
        changed = RFC_5769[:at] + bytes([RFC_5769[at] ^ 1]) + RFC_5769[at + 1 : -8]
        shorter = changed[:2] + struct.pack("!H", len(changed) - 20) + changed[4:]
        check = check_of(shorter)
        assert check is None or not check.is_genuine(shorter, RFC_PASSWORD), at


# -- RTP and RTCP


def packet(sequence: int, payload: bytes = b"\x01" * 160, **more: int) -> RtpPacket:
    return RtpPacket(
        0, sequence % 65_536, more.get("timestamp", sequence * 160) % 2**32, more.get("source", 7), payload
    )


def test_a_packet_is_read_as_it_was_written():
    given = RtpPacket(126, 65_535, 4_000_000_000, 7, b"abc", marker=True)
    assert rtp_of(given.packed()) == given


def test_sources_extensions_and_padding_are_no_payload():
    body = struct.pack("!BBHII", 0xB2, 0, 1, 2, 3) + bytes(8) + b"\xbe\xde\x00\x01" + bytes(4) + b"sound" + b"\0\0\x03"
    read = rtp_of(body)
    assert read is not None
    assert read.payload == b"sound"


@pytest.mark.parametrize(
    "wrong", [b"", bytes(12), b"\x80" * 11, b"\x8f" + bytes(11), b"\x90" + bytes(13), b"\xa0" + bytes(10) + b"\x20"]
)
def test_what_is_no_packet_is_none(wrong: bytes):
    assert rtp_of(wrong) is None


def test_our_packets_are_numbered_and_a_pause_is_in_their_stamps():
    sent = Sent(9, 65_535, 2**32 - 160, 0, began_s=100.0)
    first, second = sent.packet(bytes(160), 100.0), sent.packet(bytes(160), 100.0)
    late = sent.packet(bytes(160), 101.0)
    assert [one.sequence for one in (first, second, late)] == [65_535, 0, 1]
    assert [one.timestamp for one in (first, second, late)] == [2**32 - 160, 0, 8_000 - 160]
    assert [one.marker for one in (first, second, late)] == [True, False, True]
    assert sent.rest_s(101.0) == pytest.approx(0.02)


def test_a_report_says_what_was_lost_and_how_long_the_way_is():
    ours, theirs = Sent(9, 0, 0, 0, 0.0), Sent(7, 0, 0, 0, 0.0)
    ours.packet(bytes(160), 0.0)
    received, of_ours = Received(), Received()
    of_ours.took(RtpPacket(0, 0, 0, 9, bytes(160)), 0.05)
    of_ours.took(RtpPacket(0, 4, 640, 9, bytes(160)), 0.15)
    report = ours.report(5.0, received, "us")
    assert [kind for kind, _, _ in rtcp_parts(report)] == [200, 202]
    assert read_rtcp(report, 7, of_ours, 5.1) is None
    theirs.packet(bytes(160), 5.0)
    told = read_rtcp(theirs.report(5.3, of_ours, "they"), 9, received, 5.4)
    assert told is not None
    assert told.lost == 3
    assert told.round_trip_ms == pytest.approx(200, abs=2)
    assert told.jitter_ms == pytest.approx(20 / 16, abs=1)


def test_loss_is_counted_over_a_wrap_and_over_streams():
    received = Received()
    for number in (65_534, 65_535, 1, 2, 0, 5):
        received.took(packet(number, timestamp=0), 0.0)
    assert (received.expected, received.lost) == (8, 2)
    received.took(packet(30_000, source=8), 0.0)
    received.took(packet(30_002, source=8), 0.0)
    assert (received.expected, received.lost) == (11, 3)


def test_a_report_that_was_cut_or_is_none_says_nothing():
    sent = Sent(7, 0, 0, 0, 0.0)
    received = Received()
    received.took(packet(1, source=9), 0.0)
    report = sent.report(1.0, received, "name")
    for size in range(len(report)):
        read_rtcp(report[:size], 9, Received(), 2.0)
    assert read_rtcp(report[:20], 9, Received(), 2.0) is None
    assert list(rtcp_parts(b"\x00\xc8\x00\x00")) == []


# -- the order of packets


def taken(buffer: JitterBuffer, *packets: RtpPacket) -> list[bytes]:
    return [frame for one in packets for frame in buffer.take(one)]


def frame(number: int) -> bytes:
    return bytes([number]) * 160


def test_packets_in_order_are_passed_on_at_once():
    buffer = JitterBuffer()
    for number in range(65_530, 65_545):
        assert buffer.take(packet(number, frame(number % 200))) == [frame(number % 200)]
    assert buffer.late == 0


def test_packets_that_overtook_others_are_put_back_and_doubles_dropped():
    buffer = JitterBuffer()
    given = [packet(number, frame(number)) for number in (1, 3, 2, 2, 4, 1)]
    assert taken(buffer, *given) == [frame(1), frame(2), frame(3), frame(4)]
    assert buffer.late == 2


def test_silence_takes_the_place_of_a_lost_packet_after_a_while():
    buffer = JitterBuffer()
    taken(buffer, packet(1))
    waiting = [packet(number, frame(number)) for number in range(3, 3 + MOST_HELD)]
    assert taken(buffer, *waiting[:-1]) == []
    assert buffer.take(waiting[-1]) == [SILENCE_FRAME, *(frame(number) for number in range(3, 3 + MOST_HELD))]
    assert buffer.take(packet(2)) == []
    assert buffer.late == 1


def test_a_pause_of_the_sender_is_silence_of_the_same_length():
    buffer = JitterBuffer()
    taken(buffer, packet(1))
    assert buffer.take(packet(2, frame(2), timestamp=6 * 160)) == [*[SILENCE_FRAME] * 4, frame(2)]


def test_packets_of_other_lengths_become_frames():
    buffer = JitterBuffer()
    assert buffer.take(packet(1, bytes([1]) * 80, timestamp=0)) == []
    assert buffer.take(packet(2, bytes([2]) * 480, timestamp=80)) == [
        bytes([1]) * 80 + bytes([2]) * 80,
        frame(2),
        frame(2),
    ]
    assert buffer.take(packet(3, bytes(MAX_PAYLOAD_BYTES + 1), timestamp=560)) == []


def test_a_new_stream_begins_anew_and_keys_leave_no_gap():
    buffer = JitterBuffer()
    taken(buffer, packet(1), packet(2, b"", timestamp=320))
    assert buffer.take(packet(3, frame(3), timestamp=480)) == [SILENCE_FRAME, frame(3)]
    assert buffer.take(packet(9_000, frame(4), timestamp=77)) == [frame(4)]
    assert buffer.take(packet(5, frame(5), source=8)) == [frame(5)]


# -- offers and answers

OFFER = "\r\n".join(
    [
        "v=0",
        "o=- 1 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0 1",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126",
        "c=IN IP4 0.0.0.0",
        "a=rtcp:9 IN IP4 0.0.0.0",
        "a=ice-ufrag:Ab/+",
        "a=ice-pwd:0123456789012345678901",
        "a=fingerprint:sha-256 " + ":".join(["aB"] * 32),
        "a=setup:actpass",
        "a=mid:0",
        "a=sendrecv",
        "a=rtcp-mux",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:110 telephone-event/48000",
        "a=rtpmap:126 telephone-event/8000",
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
        "a=mid:1",
        "",
    ]
)
OURS = Answering([("192.0.2.5", 8701), ("2001:db8::5", 8701)], "frag", "secret", "AA:BB", 77, "callwright")


def test_the_audio_of_an_offer_is_taken_and_its_video_refused():
    offer = offer_of(OFFER)
    assert (offer.fragment, offer.key_type, offer.middle, offer.direction) == ("Ab/+", 126, "0", "sendrecv")
    assert offer.fingerprints == {"sha-256": ":".join(["AB"] * 32)}
    lines = answer_to(offer, OURS).split("\r\n")
    assert lines.index("m=audio 8701 UDP/TLS/RTP/SAVPF 0 126") < lines.index("m=video 0 UDP/TLS/RTP/SAVPF 96 97")
    for line in (
        "a=ice-lite",
        "a=setup:passive",
        "a=rtcp-mux",
        "a=mid:0",
        "a=sendrecv",
        "a=group:BUNDLE 0",
        "a=ice-pwd:secret",
    ):
        assert line in lines, line
    assert "a=candidate:1 1 udp 2130706431 192.0.2.5 8701 typ host" in lines
    assert "a=candidate:2 1 udp 2130706175 2001:db8::5 8701 typ host" in lines


@pytest.mark.parametrize(("theirs", "ours"), [("sendonly", "recvonly"), ("recvonly", "sendonly")])
def test_one_way_of_the_offer_is_the_other_of_the_answer(theirs: str, ours: str):
    assert f"a={ours}\r\n" in answer_to(offer_of(OFFER.replace("a=sendrecv", f"a={theirs}")), OURS)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("9 0 8 13", "9 8 13", "no audio with PCMU"),
        ("UDP/TLS/RTP/SAVPF 111", "RTP/AVP 111", "no audio with PCMU"),
        ("a=ice-ufrag:Ab/+", "a=ice-ufrag:<>", "no ICE user name"),
        ("a=fingerprint:sha-256", "a=fingerprint:sha-1", "no fingerprint"),
        ("a=rtcp-mux\r\n", "", "rtcp-mux"),
        ("a=setup:actpass", "a=setup:passive", "a=setup"),
        ("a=mid:0", "a=mid:0 0", "a=mid"),
        ("a=sendrecv", "a=inactive", "inactive"),
        ("m=video 9", "m=video x", "cannot be read"),
        ("m=video 9", "m=video 9 RTP/AVP 0\r\n" * MAX_SDP_MEDIA + "m=video 9", "more than"),
        ("m=audio", "k=audio", "no audio with PCMU"),
    ],
)
def test_an_offer_that_cannot_be_answered_is_refused_with_the_reason(old: str, new: str, why: str):
    assert old in OFFER
    with pytest.raises(UnusableOfferError, match=why):
        offer_of(OFFER.replace(old, new))
