"""SIP datagrams as broken and hostile senders make them: valid messages, changed by a seeded hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

_SDP = """v=0\r
o=phone 1 1 IN IP4 127.0.0.1\r
s=-\r
c=IN IP4 127.0.0.1\r
t=0 0\r
m=audio {rtp} RTP/AVP 0 8 101\r
a=rtpmap:0 PCMU/8000\r
a=rtpmap:101 telephone-event/8000\r
a=fmtp:101 0-16\r
a=sendrecv\r
"""
_REQUESTS = (
    "INVITE",
    "OPTIONS",
    "REGISTER",
    "BYE",
    "ACK",
    "CANCEL",
    "REFER",
    "SUBSCRIBE",
    "NOTIFY",
    "INFO",
    "UPDATE",
    "MESSAGE",
    "PRACK",
)
_STATUSES = (
    "100 Trying",
    "180 Ringing",
    "183 Session Progress",
    "200 OK",
    "302 Moved",
    "401 Unauthorized",
    "486 Busy Here",
    "503 Gone",
)
_NUMBERS = (b"0", b"-1", b"4294967296", b"99999999999999999999", b"65536", b"2147483648", b"1e9", b"0x7f", b"", b" ")
_INSERTS = (
    b"\x00",
    b"\r\n",
    b"\r\n\r\n",
    b"\xff\xfe",
    b"%00%n%s",
    b'"',
    b"<",
    b">",
    b";",
    b"\t",
    b":",
    b"\xc3\x28",
    b"A" * 5_000,
    b"@" * 64,
)


def message(random: Random, called: str, target_port: int, own_port: int) -> bytes:
    """A valid message."""
    tag, branch, call = (f"{random.getrandbits(64):x}" for _ in range(3))
    method = random.choice(_REQUESTS)
    body = _SDP.format(rtp=own_port + 1000) if method in ("INVITE", "UPDATE", "ACK") else ""
    start = f"{method} sip:{called}@127.0.0.1:{target_port} SIP/2.0"
    to_tag = f";tag={random.getrandbits(32):x}" if method in ("BYE", "ACK", "INFO", "NOTIFY", "UPDATE", "REFER") else ""
    if random.random() < 0.15:
        start = f"SIP/2.0 {random.choice(_STATUSES)}"
        to_tag = f";tag={tag}"
    lines = [
        start,
        f"Via: SIP/2.0/UDP 127.0.0.1:{own_port};branch=z9hG4bK{branch};rport",
        f'From: "Stranger" <sip:stranger@127.0.0.1:{own_port}>;tag={tag}',
        f"To: <sip:{called}@127.0.0.1:{target_port}>{to_tag}",
        f"Call-ID: {call}@malformed",
        f"CSeq: {random.randint(1, 9_999)} {method}",
        f"Contact: <sip:stranger@127.0.0.1:{own_port}>",
        "Max-Forwards: 70",
    ]
    if method == "REFER":
        lines.append("Refer-To: <sip:somebody@127.0.0.1:9>")
    if method in ("NOTIFY", "SUBSCRIBE"):
        lines.append("Event: refer")
    if body:
        lines.append("Content-Type: application/sdp")
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body]).encode()


def _flip(random: Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(random.randint(1, 12)):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _cut(random: Random, data: bytes) -> bytes:
    return data[: random.randrange(len(data))]


def _insert(random: Random, data: bytes) -> bytes:
    at = random.randrange(len(data))
    return data[:at] + random.choice(_INSERTS) + data[at:]


def _without_a_line(random: Random, data: bytes) -> bytes:
    lines = data.split(b"\r\n")
    del lines[random.randrange(len(lines))]
    return b"\r\n".join(lines)


def _repeated_line(random: Random, data: bytes) -> bytes:
    lines = data.split(b"\r\n")
    at = random.randrange(len(lines))
    lines[at:at] = [lines[at]] * random.choice((1, 2, 40, 400))
    return b"\r\n".join(lines)[:60_000]


def _shuffled(random: Random, data: bytes) -> bytes:
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    random.shuffle(lines)
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def _wrong_number(random: Random, data: bytes) -> bytes:
    digits = [at for at, byte in enumerate(data) if byte in b"0123456789"]
    at = random.choice(digits) if digits else 0
    end = at
    while end < len(data) and data[end : end + 1].isdigit():
        end += 1
    return data[:at] + random.choice(_NUMBERS) + data[end:]


def _folded(random: Random, data: bytes) -> bytes:
    return data.replace(b": ", random.choice((b":\r\n ", b" : ", b":\t", b":")), random.randint(1, 5))


def _lines_cut_short(random: Random, data: bytes) -> bytes:
    return data.replace(b"\r\n", random.choice((b"\n", b"\r", b"\n\r", b"")))


def _noise(random: Random, data: bytes) -> bytes:
    return random.randbytes(random.choice((1, 4, 12, 100, 1_400, len(data))))


def _valid(random: Random, data: bytes) -> bytes:
    return data


CHANGES: tuple[Callable[[Random, bytes], bytes], ...] = (
    _flip,
    _cut,
    _insert,
    _without_a_line,
    _repeated_line,
    _shuffled,
    _wrong_number,
    _folded,
    _lines_cut_short,
    _noise,
    _valid,
)


def datagrams(seed: int, count: int, called: tuple[str, ...], target_port: int, own_port: int) -> Iterator[bytes]:
    """``count`` datagrams of at most 65,000 bytes; the same for the same seed."""
    random = Random(seed)
    for _ in range(count):
        data = message(random, random.choice(called), target_port, own_port)
        for _ in range(random.choice((1, 1, 1, 2, 3))):
            data = random.choice(CHANGES)(random, data) or b"\x00"
        yield data[:65_000]
