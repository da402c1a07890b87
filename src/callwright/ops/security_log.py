"""Records of security: one line in the log for each event, within bounds, and a count of all."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable

from callwright.domain.limits import (
    MAX_SECURITY_LINE_CHARACTERS,
    MAX_SECURITY_LINES,
    MAX_SECURITY_LINES_OF_SOURCE,
    MAX_SECURITY_SOURCES_COUNTED,
)
from callwright.domain.rates import caller_of

_LOG = logging.getLogger(__name__)

KINDS = (
    "bad_key",
    "no_key",
    "refused_right",
    "bad_link",
    "bad_proof",
    "cross_site",
    "rate_limit",
    "limit",
    "new_key",
    "new_session",
    "changed_right",
)
"""Kinds of events, as the metric names them."""

_OTHERS = "other addresses"
_MINUTE_S = 60.0


def _on_the_running_loop(seconds: float, call: Callable[[], None]) -> object:
    return asyncio.get_running_loop().call_later(seconds, call)


class SecurityLog:
    """Records events of security.

    A minute begins with its first event. Within it, a source gets MAX_SECURITY_LINES_OF_SOURCE lines and all sources together
    MAX_SECURITY_LINES. Events beyond are counted, and the counts are logged when the minute is over. A source is an address, or an IPv6
    network of 64 bits. ``count`` receives the kind of every event; ``later`` calls a function after some seconds.
    """

    def __init__(
        self,
        count: Callable[[str], None] = lambda _: None,
        later: Callable[[float, Callable[[], None]], object] = _on_the_running_loop,
    ) -> None:
        self._count = count
        self._later = later
        self._lines: Counter[str] = Counter()
        self._unwritten: Counter[str] = Counter()

    def record(self, kind: str, address: str, text: str, level: int = logging.WARNING) -> None:
        """Record one event of a kind of KINDS. ``text`` holds no key and no secret; what cannot be printed in it is escaped."""
        self._count(kind)
        if not self._lines:
            self._later(_MINUTE_S, self._end_minute)
        source = caller_of(address) or "an unknown address"
        if self._lines.total() < MAX_SECURITY_LINES and self._lines[source] < MAX_SECURITY_LINES_OF_SOURCE:
            self._lines[source] += 1
            _LOG.log(level, "%s from %s: %s", kind, source, _one_line(text))
        elif source in self._unwritten or len(self._unwritten) < MAX_SECURITY_SOURCES_COUNTED:
            self._unwritten[source] += 1
        else:
            self._unwritten[_OTHERS] += 1

    def _end_minute(self) -> None:
        for source, events in self._unwritten.items():
            _LOG.warning("%d more security events from %s within a minute", events, source)
        self._lines.clear()
        self._unwritten.clear()


def _one_line(text: str) -> str:
    """``text`` without anything that could end or fake a line of the log."""
    shown = "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
    return shown[:MAX_SECURITY_LINE_CHARACTERS]
