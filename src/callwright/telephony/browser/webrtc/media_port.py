"""The UDP port of all web calls over SIP of a process: which call a datagram is for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import cast

from callwright.ops.rounds import round_boundary
from callwright.ports.world import Ids
from callwright.telephony.browser.webrtc.media_line import Identity, LineListener, MediaLine
from callwright.telephony.browser.webrtc.sdp import Offer
from callwright.telephony.browser.webrtc.stun import Address, check_of

_LOG = logging.getLogger(__name__)
_TAKING = round_boundary("taking a datagram of a web call")
_LAST_STUN_BYTE = 3
"""The first byte of a datagram says what it is (RFC 7983)."""


class MediaPort(asyncio.DatagramProtocol):
    """One port for every call. A check of ICE names its call; what else comes from an address that was checked belongs to the same call."""

    def __init__(self, identity: Identity, ids: Ids, advertised: Sequence[str]) -> None:
        """``advertised``: the addresses at which browsers reach us; none: the one we listen on."""
        self._ids = ids
        self._advertised = tuple(advertised)
        self._identity = identity
        self._transport: asyncio.DatagramTransport | None = None
        self._by_name: dict[str, MediaLine] = {}
        self._by_address: dict[Address, MediaLine] = {}

    async def open(self, host: str, port: int) -> None:
        """Listen. ``port`` 0 takes a free one. Raises OSError."""
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=(host, port))

    def close(self) -> None:
        """Close the port. Calls must have ended before."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Where browsers reach us."""
        assert self._transport is not None
        host, port = self._transport.get_extra_info("sockname")[:2]
        return tuple((each, port) for each in self._advertised or (host,))

    def line(self, offer: Offer, listener: LineListener) -> MediaLine:
        """The audio of a new call, closed until :meth:`add`."""
        return MediaLine(self, self._identity, offer, listener, self._ids)

    def add(self, line: MediaLine) -> None:
        """Take the datagrams of a call from now on."""
        self._by_name[line.fragment] = line

    def discard(self, line: MediaLine) -> None:
        """Take them no more. Safe to call twice."""
        self._by_name.pop(line.fragment, None)
        for address in [each for each, its in self._by_address.items() if its is line]:
            del self._by_address[address]

    def claim(self, address: Address, line: MediaLine) -> bool:
        """Whether what comes from ``address`` is for this call: not where it is another call's, whatever a forged sender says."""
        return self._by_address.setdefault(address, line) is line

    def send(self, datagram: bytes, address: Address) -> None:
        """Send a datagram. Does nothing once the port is closed."""
        if self._transport is not None:
            self._transport.sendto(datagram, address)

    # -- asyncio.DatagramProtocol ----------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """We listen."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """A datagram of anybody."""
        with _TAKING:
            if data and data[0] <= _LAST_STUN_BYTE:
                check = check_of(data)
                line = None if check is None else self._by_name.get(check.username.partition(":")[0])
                if check is not None and line is not None:
                    line.checked(check, data, addr)
            else:
                line = self._by_address.get(addr)
                if line is not None:
                    line.datagram(data)

    def error_received(self, exc: Exception) -> None:
        """A datagram of ours did not arrive: the browser is gone, and its call ends when nothing more comes of it."""
        _LOG.debug("a datagram of a web call did not arrive: %s", exc)
