"""How often an organisation may ask: classes of routes, their limits, and a window that counts (contract 1.4). And how often an address may
ask that has no good key."""

from __future__ import annotations

import ipaddress
import re
from collections import deque
from collections.abc import Mapping
from functools import lru_cache

WINDOW_SECONDS = 60

EXECUTIONS, AGENT, CALL, OTHER, BAD_KEY = "executions", "agent", "call", "other", "bad_key"

#: Requests a minute of each class, by the contract; those without a good key, by one address, are our own. 0: as many as come.
LIMITS: Mapping[str, int] = {EXECUTIONS: 500, AGENT: 500, CALL: 500, OTHER: 1_000, BAD_KEY: 100}

_IPV6_NETWORK = 64

_CLASSES = (
    (re.compile("/v2/agent/[^/]+/executions"), EXECUTIONS),
    (re.compile("/v2/agent/(?!all$)[^/]+"), AGENT),
    (re.compile("/call|(/v1)?/web-call/.*"), CALL),
)


def read_rates(text: str) -> dict[str, int]:
    """Limits written as ``class=number``, several separated by commas; classes that are not named keep theirs. ``0`` or ``off``: no
    limits. Raises ValueError."""
    if text.strip().lower() in ("0", "off"):
        return dict.fromkeys(LIMITS, 0)
    found = dict(LIMITS)
    for part in text.split(","):
        name, _, number = (one.strip() for one in part.partition("="))
        if name not in LIMITS or not re.fullmatch("[0-9]{1,7}", number):
            raise ValueError(f"write {rates_text(LIMITS)}, or off")
        found[name] = int(number)
    return found


def rates_text(limits: Mapping[str, int]) -> str:
    """``limits`` as they are written."""
    return ",".join(f"{name}={number}" for name, number in limits.items())


def class_of(path: str) -> str:
    """The class of a route; each has a counter of its own."""
    return next((name for pattern, name in _CLASSES if pattern.fullmatch(path)), OTHER)


@lru_cache(maxsize=4_096)
def caller_of(address: str) -> str:
    """Whose requests are counted together: an IPv4 address, also one written as IPv6; of IPv6 the network of 64 bits that one subscriber
    has. What is no address counts as it stands."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.IPv6Network((ip, _IPV6_NETWORK), strict=False))


class Window:
    """Counts what came within the last WINDOW_SECONDS, to the second: never more than ``limit`` of it are let through."""

    __slots__ = ("_counts", "_limit", "_number")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._number = 0
        self._counts: deque[tuple[int, int]] = deque()

    def take(self, now_s: int) -> int:
        """0 when one more may pass at second ``now_s`` (which never goes back), and it is counted. Else the seconds until one may."""
        wait_s = self.full(now_s)
        if wait_s:
            return wait_s
        self._number += 1
        if self._counts and self._counts[-1][0] == now_s:
            self._counts[-1] = (now_s, self._counts[-1][1] + 1)
        else:
            self._counts.append((now_s, 1))
        return 0

    def full(self, now_s: int) -> int:
        """0 when one more may pass at second ``now_s``, else the seconds until one may. Nothing is counted."""
        while self._counts and self._counts[0][0] <= now_s - WINDOW_SECONDS:
            self._number -= self._counts.popleft()[1]
        if self._number < self._limit:
            return 0
        return max(1, self._counts[0][0] + WINDOW_SECONDS - now_s)
