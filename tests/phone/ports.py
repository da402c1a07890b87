"""Ports of the tests. Every process that runs them has its own: a worker of a parallel run, and a second run on the same machine. They lie
below those the kernel gives away, so that nobody takes one in between."""

from __future__ import annotations

import fcntl
import os
import socket
import tempfile
from itertools import cycle
from pathlib import Path

_SIP_FIRST, _SIP_EACH = 15_300, 48
_RTP_FIRST, _RTP_EACH = 22_000, 1_000
_MEDIA_FIRST, _MEDIA_EACH = 30_000, 320
_SHARES = 8


def _share() -> tuple[int, int]:
    """A share of the ports that is nobody else's as long as this process lives, and the descriptor of the lock that says so."""
    for number in range(_SHARES):
        path = Path(tempfile.gettempdir()) / f"callwright-phone-ports-{os.getuid()}-{number}"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return number, descriptor
        except BlockingIOError:
            os.close(descriptor)
    raise AssertionError(f"{_SHARES} runs of the phone tests share this machine already")


def is_free(port: int, ip: str = "127.0.0.1") -> bool:
    """Whether nobody has bound ``port`` for datagrams or listens there for connections."""
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((ip, port))
            except OSError:
                return False
    return True


def is_bound(port: int, transport: str = "udp") -> bool:
    """Whether somebody has ``port``; asks the kernel and takes nothing, as a trial binding would. ``transport``: udp or tcp."""
    rows = Path(f"/proc/net/{transport}").read_text().splitlines()[1:]
    return any(row.split()[1].endswith(f":{port:04X}") for row in rows)


class Ports:
    """Takes ports for SIP one after the other, so that late packets of one test do not meet the next one."""

    def __init__(self) -> None:
        self._number, self._lock = _share()
        first = _SIP_FIRST + _SIP_EACH * self._number
        # A gateway takes the port above its own too, for TLS.
        self._sip = cycle(range(first, first + _SIP_EACH, 2))
        media = _MEDIA_FIRST + _MEDIA_EACH * self._number
        self._media = cycle(range(media, media + _MEDIA_EACH, 8))

    def sip(self) -> int:
        """A free port for a phone or a gateway."""
        return self._first_free(self._sip, _SIP_EACH // 2)

    def media(self) -> int:
        """The first of eight free ports for a program that wants to bind its own sound."""
        return self._first_free(self._media, _MEDIA_EACH // 8)

    def gateway_media(self) -> str:
        """The range of the platform's own sound."""
        first = _RTP_FIRST + _RTP_EACH * self._number
        return f"{first}-{first + _RTP_EACH - 1}"

    @staticmethod
    def _first_free(ports: cycle[int], tries: int) -> int:
        for _ in range(tries):
            port = next(ports)
            if is_free(port):
                return port
        raise AssertionError("every port of this worker is taken")
