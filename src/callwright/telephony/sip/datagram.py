"""A SIP message of our own, sent from the stack's own UDP socket, or on the TCP connection of the stack to the far end: where that expects
this call's messages to come from, and where its answers are read. No private part of the binding is touched."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from callwright.telephony.sip.allow import connections_with, sockets_on


@dataclass(frozen=True, slots=True)
class Datagram:
    """A whole message, where it goes (``host:port``), and how (``udp`` or ``tcp``)."""

    data: bytes
    peer: str
    transport: str = "udp"


def send(datagram: Datagram, listen: tuple[str, int]) -> bool:
    """Send it from the socket that listens on ``listen``, or on the connection with its peer. False when that is not possible."""
    host, colon, port = datagram.peer.rpartition(":")
    if not colon or not port.isdigit():
        return False
    if datagram.transport == "tcp":
        return _send_on_connection(datagram.data, (host, int(port)))
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


def _send_on_connection(data: bytes, peer: tuple[str, int]) -> bool:
    sent = False
    for one in connections_with(peer):
        with one:
            if not sent:
                try:
                    # A part of a message would spoil the stream for what the stack sends after it; so little fits whole or not at all.
                    sent = one.send(data, socket.MSG_DONTWAIT) == len(data)
                except OSError:
                    # It is closing, or its far end does not read.
                    return False
    return sent
