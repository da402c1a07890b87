"""Packets of a call as a pcap file: what is written, and what is not."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from callwright.telephony.sip.capture import CallCapture, passing, redacted, sip_packet
from callwright.telephony.sip.trace import TracedCall

dpkt = pytest.importorskip("dpkt", reason="the reader of pcap is missing: make venv")

INVITE = (
    "TX UDP 127.0.0.1:5060 -> 192.0.2.7:5080\n"
    "INVITE sip:bob@192.0.2.7 SIP/2.0\r\n"
    'Proxy-Authorization: Digest username="ann", response="0123456789abcdef"\r\n'
    "Content-Type: application/sdp\r\n"
    "\r\n"
    "v=0\r\nm=audio 4000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0a2V5|2^31\r\n"
)
AT_US = 1_700_000_000_250_000


def asked(path: Path, **more: Any) -> dict[str, Any]:
    return {"path": str(path), "seconds": 60, "bytes": 10_000, "keep_secrets": False, **more}


class Told:
    """What a capture tells the server."""

    def __init__(self) -> None:
        self.values: list[dict[str, Any]] = []

    def __call__(self, kind: str, **values: Any) -> None:
        assert kind == "capture"
        self.values.append(values)


def captured(tmp_path: Path, *texts: str, **more: Any) -> tuple[list[tuple[float, bytes]], Told]:
    told = Told()
    capture, call, path = CallCapture(told), TracedCall(), tmp_path / "call.pcap"
    for text in texts:
        call.keep(AT_US, text)
    capture.start(asked(path, **more))
    capture.tick(call, 1)
    capture.stop(call, "the call ended")
    with path.open("rb") as file:
        reader = dpkt.pcap.Reader(file)
        assert reader.datalink() == 101  # LINKTYPE_RAW: packets begin with their IP header
        return list(reader), told


def test_messages_from_before_the_capture_are_in_it(tmp_path: Path) -> None:
    ((at_s, packet),), told = captured(tmp_path, INVITE)
    ip = dpkt.ip.IP(packet)
    assert (dpkt.utils.inet_to_str(ip.src), dpkt.utils.inet_to_str(ip.dst)) == ("127.0.0.1", "192.0.2.7")
    assert (ip.data.sport, ip.data.dport) == (5060, 5080)
    assert at_s == AT_US / 1e6
    assert dpkt.dpkt.in_cksum(packet[:20]) == 0
    message = dpkt.sip.Request(ip.data.data)
    assert (message.method, message.uri) == ("INVITE", "sip:bob@192.0.2.7")
    assert [one["state"] for one in told.values] == ["began", "ended"]
    assert told.values[-1]["sip_messages"] == 1


def test_credentials_and_keys_are_overwritten_in_the_same_length(tmp_path: Path) -> None:
    ((_, packet),), _ = captured(tmp_path, INVITE)
    assert b"0123456789abcdef" not in packet
    assert b"c2VjcmV0a2V5" not in packet
    assert b"AES_CM_128_HMAC_SHA1_80 inline:xxxxxxxxxxxx|2^31\r\n" in packet
    assert len(redacted(INVITE)) == len(INVITE)


def test_every_key_of_a_line_is_overwritten() -> None:
    keys = (
        "inline:c2VjcmV0a2V5|2^20|1:4;inline:YW5vdGhlcmtleQ==|2^20|2:4",
        "inline:c2VjcmV0a2V5;inline:YW5vdGhlcmtleQ==",
    )
    for several in keys:
        text = INVITE.replace("inline:c2VjcmV0a2V5|2^31", several)
        hidden = redacted(text)
        assert "c2VjcmV0a2V5" not in hidden
        assert "YW5vdGhlcmtleQ" not in hidden
        assert len(hidden) == len(text)
        assert hidden.count("inline:x") == 2
    assert "inline:xxxxxxxxxxxx|2^20|1:4;inline:xxxxxxxxxxxxxxxx|2^20|2:4\r\n" in redacted(
        INVITE.replace("inline:c2VjcmV0a2V5|2^31", keys[0])
    )


@pytest.mark.parametrize("fold", ["\r\n ", "\r\n\t", "\n "])
def test_credentials_on_lines_that_continue_a_header_are_overwritten_too(fold: str) -> None:
    text = INVITE.replace("Digest ", f"{fold}Digest{fold} {fold}").replace(", response", f",{fold}response")
    hidden = redacted(text)
    assert "0123456789abcdef" not in hidden
    assert "ann" not in hidden
    assert len(hidden) == len(text)
    assert hidden.count(fold) == text.count(fold)
    assert "\r\nContent-Type: application/sdp\r\n" in hidden


def test_they_are_kept_where_it_is_asked_for(tmp_path: Path) -> None:
    ((_, packet),), _ = captured(tmp_path, INVITE, keep_secrets=True)
    assert b"0123456789abcdef" in packet
    assert b"c2VjcmV0a2V5" in packet


def test_a_full_file_ends_it_and_has_whole_packets(tmp_path: Path) -> None:
    size = len(sip_packet(INVITE) or b"") + 16
    for room, whole in ((24 + size, 1), (24 + size - 1, 0)):
        told = Told()
        capture, call, path = CallCapture(told), TracedCall(), tmp_path / f"{room}.pcap"
        call.keep(AT_US, INVITE)
        call.keep(AT_US, INVITE)
        capture.start(asked(path, bytes=room))
        capture.tick(call, 1)
        assert not capture.is_on
        assert told.values[-1]["why"] == "the file is full"
        with path.open("rb") as file:
            assert len(list(dpkt.pcap.Reader(file))) == whole


def test_it_ends_after_its_time(tmp_path: Path) -> None:
    told = Told()
    capture = CallCapture(told)
    capture.start(asked(tmp_path / "call.pcap", seconds=1))
    for _ in range(49):
        capture.tick(TracedCall(), 1)
    assert capture.is_on
    capture.tick(TracedCall(), 1)
    assert (capture.is_on, told.values[-1]["why"]) == (False, "the time is over")


def test_a_call_is_captured_once_and_no_file_is_overwritten(tmp_path: Path) -> None:
    path, told = tmp_path / "call.pcap", Told()
    path.write_bytes(b"kept")
    capture = CallCapture(told)
    capture.start(asked(path))
    assert (capture.is_on, path.read_bytes()) == (False, b"kept")
    capture.start(asked(tmp_path / "second.pcap"))
    capture.start(asked(tmp_path / "third.pcap"))
    assert [one["state"] for one in told.values] == ["refused", "began", "refused"]
    assert not (tmp_path / "third.pcap").exists()
    capture.stop(None, "the call ended")


def test_what_is_no_message_over_ipv4_is_left_out() -> None:
    assert sip_packet("nonsense") is None
    assert sip_packet("TX UDP [::1]:5060 -> [::1]:5080\nx") is None
    assert sip_packet("TX UDP 127.0.0.1:0 -> 127.0.0.1:70000\nx") is None


def test_a_call_keeps_its_last_messages_only() -> None:
    call = TracedCall()
    for number in range(20):
        call.keep(number, "x" * 5_000)
    assert [at_us for at_us, _ in call.messages] == list(range(4, 20))
    assert {len(text) for _, text in call.messages} == {4_096}


def run_filter(program: bytes, packet: bytes, protocol: int = 0x0800) -> bool:
    """The kernel's instructions, followed by hand."""
    steps = [struct.unpack_from("HBBI", program, at) for at in range(0, len(program), 8)]
    at = accumulator = index = 0
    while True:
        code, yes, no, value = steps[at]
        at += 1
        if code == 0x06:
            return bool(value)
        if code == 0x15:
            at += yes if accumulator == value else no
        elif code == 0x45:
            at += yes if accumulator & value else no
        elif code == 0xB1:
            index = 4 * (packet[value] & 0x0F)
        elif code == 0x30:
            accumulator = packet[value]
        else:
            place = value + (index if code == 0x48 else 0)
            accumulator = protocol if value == 0xFFFFF000 else int.from_bytes(packet[place : place + 2])


def test_the_filter_passes_the_media_ports_of_the_call_alone() -> None:
    def packet(source: int, target: int, protocol: int = 17, fragment: int = 0) -> bytes:
        head = struct.pack("!BBHHHBBHII", 0x45, 0, 40, 0, fragment, 64, protocol, 0, 0, 0)
        return head + struct.pack("!HHHH", source, target, 8, 0)

    program = passing((4000, 4001))
    assert all(run_filter(program, packet(*pair)) for pair in ((4000, 9), (9, 4000), (4001, 9), (9, 4001)))
    assert not any(run_filter(program, packet(*pair)) for pair in ((3999, 4002), (9, 10)))
    assert not run_filter(program, packet(4000, 9, protocol=6))
    assert not run_filter(program, packet(4000, 9, fragment=8))
    assert not run_filter(program, packet(4000, 9), protocol=0x86DD)
