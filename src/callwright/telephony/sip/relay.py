"""A relay for tests: it stands between a phone and the gateway, carries SIP and sound, and treats both as a line would.

The phone is told that the gateway is at ``for_phone``, the gateway that the phone is at ``for_gateway``; the relay turns the addresses in
every message, so that media and later requests pass through it too. Only UDP, only addresses of this machine, only for so long.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Protocol

from callwright.domain.errors import ConfigurationError
from callwright.domain.limits import MAX_RELAY_CALLS, MAX_RELAY_PACKETS, MAX_RELAY_SECONDS
from callwright.media.g711 import alaw_of, mulaw_of, pcm_of_alaw, pcm_of_mulaw
from callwright.telephony.sip.relay_rewrite import Address, read, rewritten

IN, OUT = "in", "out"
"""Ways as the gateway sees them: from the phone to it, and from it to the phone."""
_OTHER = {IN: OUT, OUT: IN}
_LARGEST_DATAGRAM = 65_535
_READS_AT_ONCE = 64
_MOST_SIGNALS = 2_000
_PORT_TRIES = 100
_RTP_HEAD_BYTES = 12
_CODECS = {0: (pcm_of_mulaw, mulaw_of), 8: (pcm_of_alaw, alaw_of)}


class PacketConditions(Protocol):
    """What the line does to a packet: ``callwright.lab.line.PacketLine``. Times are milliseconds of one clock."""

    @property
    def shapes_sound(self) -> bool:
        """Whether ``sound`` changes anything."""

    def media(self, way: str, at_ms: float) -> tuple[float, ...]:
        """When a media packet and its copies arrive; empty: lost."""

    def report(self, way: str, at_ms: float) -> tuple[float, ...]:
        """The same of a report about media (RTCP)."""

    def signal(self, way: str, at_ms: float, request: str = "") -> tuple[float, ...]:
        """The same of a SIP message; ``request`` is its method, empty for a response."""

    def sound(self, way: str, pcm: bytes) -> bytes:
        """The sound of a media packet as it comes out."""


@dataclass(frozen=True, slots=True)
class Signal:
    """A SIP message that came to the relay. ``name``: its method or status. ``copies``: how many were passed on; 0: lost."""

    way: str
    name: str
    copies: int


@dataclass(slots=True)
class _Stream:
    """The sound of one media line of one call: where each side wants it, and the relay's two sockets of each side (RTP, RTCP)."""

    sockets: dict[str, tuple[socket.socket, socket.socket]]
    wanted_at: dict[str, Address] = field(default_factory=dict)


class Relay:
    """Made by :func:`open_relay`. ``signals``: the SIP messages seen, the first 2,000. ``undelivered``: packets that could not go on."""

    def __init__(self, line: PacketConditions, gateway: Address, phone: Address | None) -> None:
        self.signals: list[Signal] = []
        self.undelivered = 0
        self._line = line
        self._ends: dict[str, Address | None] = {IN: gateway, OUT: phone}
        self._sockets: dict[str, socket.socket] = {}
        self._streams: dict[tuple[str, int], _Stream] = {}
        self._loop = asyncio.get_running_loop()
        self._timers: set[asyncio.TimerHandle] = set()

    @property
    def for_phone(self) -> Address:
        """What a phone takes for the gateway."""
        return _name(self._sockets[IN])

    @property
    def for_gateway(self) -> Address:
        """What the gateway takes for the phone."""
        return _name(self._sockets[OUT])

    def seen(self, name: str, way: str = "") -> list[Signal]:
        """The messages of one method or status, in order; of one way or both."""
        return [signal for signal in self.signals if signal.name == name and way in ("", signal.way)]

    def open(self, for_phone: Address, for_gateway: Address) -> None:
        """Take the two addresses and begin. Raises ConfigurationError when one cannot be had."""
        for way, address in ((IN, for_phone), (OUT, for_gateway)):
            self._sockets[way] = _bound(address)
            self._listen(self._sockets[way], way)

    def close(self) -> None:
        """Carry nothing any more. Safe to call twice."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        streams = [pair for stream in self._streams.values() for pair in stream.sockets.values()]
        for one in (*self._sockets.values(), *(each for pair in streams for each in pair)):
            if one.fileno() >= 0:
                self._loop.remove_reader(one.fileno())
                one.close()

    # -- SIP -------------------------------------------------------------------------------------------------------------------

    def _listen(self, where: socket.socket, way: str) -> None:
        def arrived(datagram: bytes, source: Address) -> None:
            if way == IN and self._ends[OUT] is None:
                self._ends[OUT] = source
            self._signal(way, datagram)

        self._read(where, arrived)

    def _signal(self, way: str, datagram: bytes) -> None:
        message = read(datagram)
        if message is None:
            name, method = "", ""
        else:
            name, method, call_id = message.name, message.method, message.call_id
            datagram = rewritten(message, self._names(way), lambda number, at: self._media(way, call_id, number, at))
        arrivals_ms = self._line.signal(way, self._now_ms(), method)
        if name and len(self.signals) < _MOST_SIGNALS:
            self.signals.append(Signal(way, name, len(arrivals_ms)))
        target = self._ends[way]
        if target is not None:
            # It leaves where the other side's answers are awaited: there it has come from the relay's stand-in for its sender.
            self._later(arrivals_ms, self._sockets[_OTHER[way]], datagram, target)

    def _names(self, way: str) -> Mapping[Address, Address]:
        """Addresses in what goes ``way``, and what its reader must find instead."""
        sender, reader = self._ends[_OTHER[way]], self._ends[way]
        names: dict[Address, Address] = {}
        if reader is not None:
            names[_name(self._sockets[way])] = reader
        if sender is not None:
            names[sender] = _name(self._sockets[_OTHER[way]])
        return names

    # -- sound -----------------------------------------------------------------------------------------------------------------

    def _media(self, way: str, call_id: str, number: int, wanted_at: Address) -> Address | None:
        """The side that sends ``way`` wants sound at ``wanted_at``. Returns where the relay takes it from the other side."""
        key = (call_id, number)
        stream = self._streams.get(key)
        if stream is None:
            if len(self._streams) >= MAX_RELAY_CALLS:
                return None
            stream = self._streams[key] = _Stream({side: _pair(self.for_phone[0]) for side in (IN, OUT)})
            for side in (IN, OUT):
                for at, where in enumerate(stream.sockets[side]):
                    self._carry(where, side, stream, at)
        if _is_loopback(wanted_at[0]):
            stream.wanted_at[_OTHER[way]] = wanted_at
        return _name(stream.sockets[_OTHER[way]][0])

    def _carry(self, where: socket.socket, way: str, stream: _Stream, at: int) -> None:
        """Pass on what comes in at one socket of a stream: ``way`` is where it goes, ``at`` 1 for RTCP."""

        def arrived(packet: bytes, source: Address) -> None:
            target = stream.wanted_at.get(way)
            if target is None:
                self.undelivered += 1
                return
            if at or _is_report(packet):
                arrivals_ms = self._line.report(way, self._now_ms())
            else:
                packet = self._sounding(way, packet)
                arrivals_ms = self._line.media(way, self._now_ms())
            self._later(arrivals_ms, stream.sockets[_OTHER[way]][at], packet, (target[0], target[1] + at))

        self._read(where, arrived)

    def _sounding(self, way: str, packet: bytes) -> bytes:
        if not self._line.shapes_sound or len(packet) <= _RTP_HEAD_BYTES:
            return packet
        codec = _CODECS.get(packet[1] & 0x7F)
        head = _RTP_HEAD_BYTES + 4 * (packet[0] & 0x0F)
        if codec is None or packet[0] & 0x30:
            return packet
        to_pcm, of_pcm = codec
        return packet[:head] + of_pcm(self._line.sound(way, to_pcm(packet[head:])))

    # -- packets ---------------------------------------------------------------------------------------------------------------

    def _now_ms(self) -> float:
        return self._loop.time() * 1000

    def _later(self, arrivals_ms: tuple[float, ...], where: socket.socket, datagram: bytes, target: Address) -> None:
        for arrival_ms in arrivals_ms:
            if arrival_ms <= self._now_ms():
                self._send(where, datagram, target)
            elif len(self._timers) >= MAX_RELAY_PACKETS:
                self.undelivered += 1
            else:
                self._at(arrival_ms, where, datagram, target)

    def _at(self, arrival_ms: float, where: socket.socket, datagram: bytes, target: Address) -> None:
        def due() -> None:
            self._timers.discard(timer)
            self._send(where, datagram, target)

        timer = self._loop.call_at(arrival_ms / 1000, due)
        self._timers.add(timer)

    def _send(self, where: socket.socket, datagram: bytes, target: Address) -> None:
        try:
            where.sendto(datagram, target)
        except OSError:
            # As on a real line: what cannot go on is lost. It is counted, so that no test takes it for the conditions.
            self.undelivered += 1

    def _read(self, where: socket.socket, arrived: _Arrived) -> None:
        def readable() -> None:
            for _ in range(_READS_AT_ONCE):
                try:
                    datagram, source = where.recvfrom(_LARGEST_DATAGRAM)
                except OSError:
                    return
                if _is_loopback(source[0]):
                    arrived(datagram, source)

        self._loop.add_reader(where.fileno(), readable)


class _Arrived(Protocol):
    def __call__(self, datagram: bytes, source: Address, /) -> None: ...


@asynccontextmanager
async def open_relay(
    line: PacketConditions,
    gateway: Address,
    phone: Address | None = None,
    *,
    for_phone: Address = ("127.0.0.1", 0),
    for_gateway: Address = ("127.0.0.1", 0),
    seconds: float = 600.0,
) -> AsyncIterator[Relay]:
    """A relay while the block runs, at most ``seconds``.

    ``phone``: where the phone listens; None: wherever its first message comes from. ``for_phone`` and ``for_gateway`` are the relay's own
    two addresses; port 0 takes a free one. Raises ConfigurationError for an address that is not of this machine or cannot be had.
    """
    for address in (gateway, phone, for_phone, for_gateway):
        if address is not None and not _is_loopback(address[0]):
            raise ConfigurationError(f"a relay is for tests on this machine: {address[0]} is not a loopback address")
    if not 0 < seconds <= MAX_RELAY_SECONDS:
        raise ConfigurationError(f"a relay runs up to {MAX_RELAY_SECONDS} seconds, not {seconds:g}")
    relay = Relay(line, gateway, phone)
    end = asyncio.get_running_loop().call_later(seconds, relay.close)
    try:
        relay.open(for_phone, for_gateway)
        yield relay
    finally:
        end.cancel()
        relay.close()


def _bound(address: Address) -> socket.socket:
    where = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    where.setblocking(False)
    try:
        where.bind(address)
    except OSError as error:
        where.close()
        raise ConfigurationError(f"the relay cannot use {address[0]}:{address[1]}: {error.strerror}") from error
    return where


def _pair(host: str) -> tuple[socket.socket, socket.socket]:
    """Sockets of an even port and of the next one."""
    for _ in range(_PORT_TRIES):
        first = _bound((host, 0))
        port = _name(first)[1]
        if port % 2 == 0:
            try:
                return first, _bound((host, port + 1))
            except ConfigurationError:
                pass  # Taken: the next try gets another port.
        first.close()
    raise ConfigurationError("the relay finds no two neighbouring free ports")


def _name(where: socket.socket) -> Address:
    host, port = where.getsockname()[:2]
    return host, port


def _is_report(packet: bytes) -> bool:
    """RTCP on the port of RTP (RFC 5761)."""
    return len(packet) > 1 and 64 <= packet[1] & 0x7F <= 95


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
