"""A SIP message of our own, sent from the stack's own UDP socket: where the far end expects this call's messages to come from, and where
its answers are read. No private part of the binding is touched."""

from __future__ import annotations

from dataclasses import dataclass

from callwright.telephony.sip.allow import sockets_on


@dataclass(frozen=True, slots=True)
class Datagram:
    """A whole message, and where it goes (``host:port``)."""

    data: bytes
    peer: str


def send(datagram: Datagram, listen: tuple[str, int]) -> bool:
    """Send it from the socket that listens on ``listen``. False when that is not possible."""
    host, colon, port = datagram.peer.rpartition(":")
    if not colon or not port.isdigit():
        return False
    sent = False
    for one in sockets_on(listen):
        with one:
            if one.type.name == "SOCK_DGRAM" and not sent:
                try:
                    one.sendto(datagram.data, (host, int(port)))
                except OSError:
                    # There is no way to the peer at this moment.
                    return False
                sent = True
    return sent
