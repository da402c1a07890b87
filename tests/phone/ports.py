"""Ports of the tests. Each worker of a parallel run has its own; below those the kernel gives away, so that nobody takes one in between."""

from __future__ import annotations

import os
import socket
from itertools import cycle
from pathlib import Path

_SIP_FIRST, _SIP_EACH = 15_300, 24
_RTP_FIRST, _RTP_EACH = 22_000, 1_000
_MEDIA_FIRST, _MEDIA_EACH = 30_000, 320
_WORKERS = 8


def _worker() -> int:
    name = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    return int(name.removeprefix("gw")) % _WORKERS


def is_free(port: int, ip: str = "127.0.0.1") -> bool:
    """Whether nobody has bound ``port`` for datagrams."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((ip, port))
        except OSError:
            return False
        return True


def is_bound(port: int) -> bool:
    """Whether somebody listens on ``port``; asks the kernel and takes nothing, as a trial binding for a moment would."""
    rows = Path("/proc/net/udp").read_text().splitlines()[1:]
    return any(row.split()[1].endswith(f":{port:04X}") for row in rows)


class Ports:
    """Takes ports for SIP one after the other, so that late packets of one test do not meet the next one."""

    def __init__(self) -> None:
        first = _SIP_FIRST + _SIP_EACH * _worker()
        self._sip = cycle(range(first, first + _SIP_EACH))
        media = _MEDIA_FIRST + _MEDIA_EACH * _worker()
        self._media = cycle(range(media, media + _MEDIA_EACH, 8))

    def sip(self) -> int:
        """A free port for a phone or a gateway."""
        return self._first_free(self._sip, _SIP_EACH)

    def media(self) -> int:
        """The first of eight free ports for a program that wants to bind its own sound."""
        return self._first_free(self._media, _MEDIA_EACH // 8)

    def gateway_media(self) -> str:
        """The range of the platform's own sound."""
        first = _RTP_FIRST + _RTP_EACH * _worker()
        return f"{first}-{first + _RTP_EACH - 1}"

    @staticmethod
    def _first_free(ports: cycle[int], tries: int) -> int:
        for _ in range(tries):
            port = next(ports)
            if is_free(port):
                return port
        raise AssertionError("every port of this worker is taken")
