"""A phone's sound socket: sends and keeps RTP, with the kernel's own time of arrival.

SIPp does the signalling and names this port in its SDP.

SIPp can play a capture file itself, but only through a raw socket, that is as root, and it does not show what it hears. The thread of
this socket depends on no event loop, so that a busy test does not change what it measures.
"""

from __future__ import annotations

import contextlib
import math
import select
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from tests.phone import sound

from callwright.media.g711 import alaw_of, mulaw_of, pcm_of_alaw, pcm_of_mulaw

PCMU, PCMA, EVENTS = 0, 8, 101
KEYS = "0123456789*#ABCD"
_HEAD = struct.Struct("!BBHII")
_REPORT = struct.Struct("!BBHIIIIIIIIIIII")
_REPORT_EACH = 25
_SECONDS_1900_TO_1970 = 2_208_988_800
_SO_TIMESTAMPNS = 35
_FRAME_S = 0.02
_KEY_PACKETS = 5
_KEY_PAUSE_FRAMES = 6
Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Packet:
    """One RTP packet as it arrived. ``at_s`` is the kernel's clock."""

    at_s: float
    source: Address
    kind: int
    marker: bool
    sequence: int
    timestamp: int
    payload: bytes


def packet_of(data: bytes, at_s: float, source: Address) -> Packet | None:
    """Read a datagram; None for what is no RTP (RTCP has types 72 to 79 in the same place)."""
    if len(data) < _HEAD.size or data[0] >> 6 != 2 or 72 <= data[1] & 127 <= 79:
        return None
    head, second, sequence, timestamp, _ = _HEAD.unpack_from(data)
    payload = data[_HEAD.size + 4 * (head & 15) :]
    return Packet(at_s, source, second & 127, bool(second & 128), sequence, timestamp, payload)


def key_packets(key: str) -> list[bytes]:
    """RFC 4733: the payloads of one key of 100 ms, the last one three times with the end bit."""
    event = KEYS.index(key)
    rising = [struct.pack("!BBH", event, 10, 160 * (number + 1)) for number in range(_KEY_PACKETS)]
    return [*rising[:-1], *[struct.pack("!BBH", event, 0x80 | 10, 160 * _KEY_PACKETS)] * 3]


@dataclass(frozen=True, slots=True)
class _Turn:
    """What is sent in one turn of 20 ms."""

    kind: int
    payload: bytes
    marker: bool = False
    offset: int = 0
    """Samples that the timestamp lies before now: all packets of one key carry the time of its beginning."""


class RtpSocket:
    """Talks to every address in ``peers``; whoever sends to it becomes one. Continuous: silence when nothing is to be said. Every half
    second it reports what it has sent (RTCP), as phones do: with that the other side can tell loss from lateness."""

    def __init__(self, codec: int = PCMU, *, ip: str = "127.0.0.1", sends: bool = True) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._socket.bind((ip, 0))
        self.port: int = self._socket.getsockname()[1]
        self.packets: list[Packet] = []
        self.peers: dict[Address, None] = {}
        self._sources: dict[Address, tuple[int, int]] = {}
        self.muted = not sends
        self._codec = codec
        self._turns: deque[_Turn] = deque()
        self._sequence = 1
        self._timestamp = 160
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"rtp-{self.port}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread and free the port."""
        self._ending.set()
        self._thread.join()
        self._socket.close()

    def say(self, text: str) -> None:
        """Speak ``text`` in two tones, after what is still to be said."""
        self.play(sound.timed((0, text)))

    def play(self, pcm: bytes) -> None:
        """Send PCM, after what is still to be said."""
        encode = alaw_of if self._codec == PCMA else mulaw_of
        whole = pcm + bytes(-len(pcm) % sound.FRAME_BYTES)
        coded = encode(whole)
        self._turns.extend(_Turn(self._codec, coded[at : at + 160]) for at in range(0, len(coded), 160))

    def press(self, keys: str) -> None:
        """Send keys as RFC 4733 events."""
        for key in keys:
            for number, payload in enumerate(key_packets(key)):
                self._turns.append(_Turn(EVENTS, payload, marker=number == 0, offset=160 * number))
            self.play(bytes(sound.FRAME_BYTES * _KEY_PAUSE_FRAMES))

    @property
    def saying(self) -> bool:
        """Whether something is still to be said."""
        return bool(self._turns)

    def heard(self, source: Address | None = None, since_s: float = 0.0) -> bytes:
        """What arrived as PCM, each packet where its timestamp puts it; silence where one is missing."""
        spoken = [p for p in self._from(source) if p.kind in (PCMU, PCMA) and p.at_s >= since_s]
        return b"".join(_placed(spoken))

    def text(self, since_s: float = 0.0) -> str:
        """The text in what was heard."""
        return sound.words(self.heard(since_s=since_s))

    def keys(self) -> str:
        """The keys that arrived: each event once, whatever number of packets carried it."""
        seen = {p.timestamp: KEYS[p.payload[0]] for p in self._from(None) if p.kind == EVENTS and len(p.payload) >= 4}
        return "".join(key for _, key in sorted(seen.items()))

    def gaps_ms(self, *, since_s: float = 0.0, until_s: float = math.inf) -> list[float]:
        """Times between neighbouring packets of sound, of each source apart."""
        times: dict[Address, list[float]] = {}
        for packet in list(self.packets):
            if packet.kind in (PCMU, PCMA) and since_s <= packet.at_s <= until_s:
                times.setdefault(packet.source, []).append(packet.at_s)
        return [1000 * (later - earlier) for each in times.values() for earlier, later in pairwise(each)]

    def _from(self, source: Address | None) -> list[Packet]:
        return [p for p in list(self.packets) if source is None or p.source == source]

    def _run(self) -> None:
        # Not select(): it refuses descriptors from 1,024 on, and the process of a whole run has that many.
        arrivals = select.poll()
        arrivals.register(self._socket, select.POLLIN)
        due = time.monotonic()
        while not self._ending.is_set():
            wait_s = due - time.monotonic()
            if wait_s <= 0:
                due = max(due + _FRAME_S, time.monotonic() - 1.0)
                self._send()
            elif arrivals.poll(1000 * wait_s):
                self._receive()

    def _receive(self) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionRefusedError):
            data, extra, _, source = self._socket.recvmsg(2_048, 64, socket.MSG_DONTWAIT)
            packet = packet_of(data, _arrival_s(extra), source)
            if packet is not None:
                self.packets.append(packet)
                self.peers.setdefault(source)
                self._sources[source] = (int.from_bytes(data[8:12], "big"), packet.sequence)

    def _send(self) -> None:
        if not self.peers or self.muted:
            return
        turn = (
            self._turns.popleft()
            if self._turns
            else _Turn(self._codec, b"\xd5" * 160 if self._codec else b"\xff" * 160)
        )
        kind = turn.kind | (128 if turn.marker else 0)
        stamp = (self._timestamp - turn.offset) & 0xFFFFFFFF
        data = _HEAD.pack(0x80, kind, self._sequence & 0xFFFF, stamp, self.port) + turn.payload
        for peer in list(self.peers):
            with contextlib.suppress(OSError):
                self._socket.sendto(data, peer)
        self._sequence += 1
        self._timestamp += 160
        if self._sequence % _REPORT_EACH == 0:
            self._report()

    def _report(self) -> None:
        seconds, fraction = divmod(time.time() + _SECONDS_1900_TO_1970, 1)
        sent = self._sequence - 1
        stamp = self._timestamp & 0xFFFFFFFF
        head = (0x81, 200, 12, self.port, int(seconds), int(fraction * 2**32), stamp, sent, 160 * sent)
        for (host, port), (source, highest) in list(self._sources.items()):
            # What came of the other side's: nothing lost, so far as we say.
            data = _REPORT.pack(*head, source, 0, highest, 0, 0, 0)
            with contextlib.suppress(OSError):
                self._socket.sendto(data, (host, port + 1))


def _arrival_s(extra: Iterable[tuple[int, int, bytes]]) -> float:
    for _, kind, data in extra:
        if kind == _SO_TIMESTAMPNS:
            seconds, nanoseconds = struct.unpack("qq", data)
            return float(seconds + nanoseconds / 1e9)
    return time.time()


def _placed(packets: list[Packet]) -> Iterator[bytes]:
    """PCM of packets, by timestamp, also of those that overtook each other; after a jump of over two seconds comes a new stream."""
    ordered: dict[int, Packet] = {}
    place, last = 0, packets[0].timestamp if packets else 0
    for packet in packets:
        moved = (packet.timestamp - last + 0x80000000 & 0xFFFFFFFF) - 0x80000000
        place += moved if abs(moved) <= 2 * sound.RATE_HZ else len(packet.payload)
        last = packet.timestamp
        ordered.setdefault(place, packet)
    at: int | None = None
    for place, packet in sorted(ordered.items()):
        decode: Callable[[bytes], bytes] = pcm_of_alaw if packet.kind == PCMA else pcm_of_mulaw
        if at is not None and place > at:
            yield bytes(2 * (place - at))
        yield decode(packet.payload)
        at = place + len(packet.payload)
