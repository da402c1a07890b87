"""Bounds on the HTTP connections of a process, and the file descriptors that are kept for its calls."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import resource
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from callwright.domain.limits import (
    CALL_DESCRIPTORS,
    CONNECTION_LOG_SECONDS,
    MAX_CONNECTIONS,
    MAX_CONNECTIONS_OF_ADDRESS,
    MAX_DESCRIPTORS,
    MIN_CONNECTIONS,
    PROCESS_DESCRIPTORS,
)
from callwright.domain.rates import caller_of

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How many connections there may be at once: ``total`` of all clients, ``of_address`` of one address."""

    total: int = MAX_CONNECTIONS
    of_address: int = MAX_CONNECTIONS_OF_ADDRESS


def raise_descriptor_limit() -> int:
    """Raises the soft limit of file descriptors to the hard one, to MAX_DESCRIPTORS at most. Returns the limit that applies."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MAX_DESCRIPTORS)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return MAX_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError) as error:
        _LOG.warning("the limit of file descriptors stays at %d: %s", soft, error)
        return soft
    _LOG.info("the limit of file descriptors is raised from %d to %d", soft, wanted)
    return wanted


def fitted(wanted: ConnectionLimits, max_calls: int, descriptors: int) -> ConnectionLimits:
    """Returns ``wanted``, lowered so that ``descriptors`` suffice for ``max_calls`` calls too, and logs it if that is less."""
    free = descriptors - PROCESS_DESCRIPTORS - CALL_DESCRIPTORS * max_calls
    total = min(wanted.total, max(free, MIN_CONNECTIONS))
    if total < wanted.total:
        _LOG.warning(
            "%d file descriptors allow %d HTTP connections beside %d calls, not %d; raise the hard limit (ulimit -Hn)",
            descriptors,
            total,
            max_calls,
            wanted.total,
        )
    return ConnectionLimits(total, min(wanted.of_address, total))


class Connections:
    """The connections of a process. One too many is refused.

    A full table closes the connection that has waited longest for a whole request: first of those that have shown no good key, then of the
    others. Thus only requests under way keep anybody out. The networks of ``trusted_proxies`` carry many clients: the limit of one address
    does not apply to them. ``seconds`` never goes back.
    """

    def __init__(self, limits: ConnectionLimits, trusted_proxies: Sequence[str], seconds: Callable[[], float]) -> None:
        self._limits = limits
        self._trusted = [ipaddress.ip_network(network) for network in trusted_proxies]
        self._seconds = seconds
        self._addresses: dict[asyncio.Transport, str] = {}
        self._of_address: dict[str, int] = {}
        # Those that wait for a request, the longest first: strangers' and clients'.
        self._strangers: dict[asyncio.Transport, None] = {}
        self._clients: dict[asyncio.Transport, None] = {}
        self._unlogged = 0
        self._logged_at: float | None = None

    def __len__(self) -> int:
        return len(self._addresses)

    def enter(self, transport: asyncio.Transport, address: str) -> bool:
        """Counts a new connection. Returns whether it may stay."""
        caller = "" if self._is_trusted(address) else caller_of(address)
        if caller and self._of_address.get(caller, 0) >= self._limits.of_address:
            self._refused(f"{caller} has {self._limits.of_address}")
            return False
        if len(self._addresses) >= self._limits.total:
            self._refused(f"there are {self._limits.total}")
            if not self._close_waiting():
                return False
        self._addresses[transport] = caller
        self._of_address[caller] = self._of_address.get(caller, 0) + 1
        self._strangers[transport] = None
        return True

    def asked(self, transport: asyncio.Transport) -> None:
        """The connection has a request under way: it is not closed for another one."""
        self._strangers.pop(transport, None)
        self._clients.pop(transport, None)

    def waits(self, transport: asyncio.Transport, *, has_key: bool) -> None:
        """The connection waits for its next request. ``has_key``: the last one came with a good key."""
        if transport in self._addresses:
            self.asked(transport)
            (self._clients if has_key else self._strangers)[transport] = None

    def leave(self, transport: asyncio.Transport) -> None:
        """The connection is over. Safe to call twice, and for one that was refused."""
        caller = self._addresses.pop(transport, None)
        if caller is None:
            return
        self.asked(transport)
        self._of_address[caller] -= 1
        if not self._of_address[caller]:
            del self._of_address[caller]

    def _close_waiting(self) -> bool:
        oldest = next(iter(self._strangers or self._clients), None)
        if oldest is None:
            return False
        self.leave(oldest)
        oldest.abort()
        return True

    def _is_trusted(self, address: str) -> bool:
        if not self._trusted:
            return False
        try:
            ip = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        # A server that listens on :: sees IPv4 addresses as ::ffff:a.b.c.d.
        mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
        return any((mapped or ip) in network for network in self._trusted)

    def _refused(self, why: str) -> None:
        self._unlogged += 1
        now = self._seconds()
        if self._logged_at is None or now - self._logged_at >= CONNECTION_LOG_SECONDS:
            _LOG.warning("%d HTTP connections were closed as too many: %s", self._unlogged, why)
            self._logged_at, self._unlogged = now, 0
