"""The ``post`` section of an attempt's log: what was found and what was spent after the call, also by a run that did not finish."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from callwright.call.logfile import POST
from callwright.conversation.log import entry_line
from callwright.insight.view import CallView

_LOG = logging.getLogger(__name__)

TASK_DONE = "task_done"
"""Fact: the post-call task ``index``, or the questions ``what``, were asked and the outcome is in the facts before this one."""

RECORDING = "recording"
AGENT = "agent"
DISPOSITIONS = "dispositions"
"""``what`` of a group of dispositions, with its number."""
CUSTOM = "custom_questions"
"""``what`` of an older agent's questions."""
_TRIED_AGAIN = frozenset({RECORDING, AGENT})
"""What every run tries anew, so that an earlier run's failure at it is not this one's."""

_POST_LINE = f',"sec":"{POST}","seq":'.encode()


class PostLog:
    """Facts numbered on from the live section ``view``, in the call's time. What an earlier run found and spent comes first; what that run
    failed at and this one tries anew is left out, unless the call's own work is ``over``."""

    def __init__(self, view: CallView, earlier: bytes, now: Callable[[], datetime], *, over: bool = False) -> None:
        last = view.entries[-1] if view.entries else None
        self._seq = last.seq if last is not None else 0
        self._last_us = last.at_us if last is not None else 0
        self._began = datetime.fromisoformat(view.header.started_at)
        self._now = now
        self._lines: list[str] = []
        self._done: set[str] = set()
        self._found: list[tuple[str, dict[str, Any]]] = []
        for at_us, name, values in _facts(earlier):
            if over or name != "post_failed" or values.get("what") not in _TRIED_AGAIN:
                self._add(at_us, name, values)

    def done(self, what: str) -> bool:
        """Whether that was done by an earlier run: asking again would cost again. Tasks are named by their index."""
        return what in self._done

    def facts(self, name: str) -> list[dict[str, Any]]:
        """What was found under a name so far, by earlier runs too."""
        return [values for kind, values in self._found if kind == name]

    def since(self, begin: str, of: dict[str, Any], name: str) -> list[dict[str, Any]]:
        """What was found under ``name`` after the fact ``begin`` whose values include ``of``."""
        found: list[dict[str, Any]] = []
        begun = False
        for kind, values in self._found:
            begun = begun or (kind == begin and of.items() <= values.items())
            if begun and kind == name:
                found.append(values)
        return found

    def fact(self, name: str, values: dict[str, Any]) -> None:
        """Something found after the call."""
        passed = self._now() - self._began
        self._add(round(passed.total_seconds() * 1_000_000), name, values)

    def failed(self, what: str, reason: str) -> None:
        """Something could not be done."""
        _LOG.warning("post-call work %s: %s", what, reason)
        self.fact("post_failed", {"what": what, "reason": reason})

    @property
    def text(self) -> str:
        """The section so far."""
        return "".join(self._lines)

    def _add(self, at_us: int, name: str, values: dict[str, Any]) -> None:
        self._last_us = max(self._last_us, at_us)
        self._seq += 1
        self._lines.append(entry_line(self._seq, self._last_us, POST, "fact", name, values))
        self._found.append((name, values))
        if name == TASK_DONE:
            self._done.add(str(values.get("what", values.get("index"))))


def live_part(log: bytes) -> bytes:
    """A log without the post-call lines of an earlier run, and without a line that was cut off."""
    return b"".join(line for line in log.splitlines(True) if line.endswith(b"\n") and _POST_LINE not in line)


def post_part(log: bytes) -> bytes:
    """The whole post-call lines of a log."""
    return b"".join(line for line in log.splitlines(True) if line.endswith(b"\n") and _POST_LINE in line)


def _facts(section: bytes) -> Iterator[tuple[int, str, dict[str, Any]]]:
    for line in section.splitlines():
        try:
            plain = json.loads(line)
            yield int(plain["at"]), str(plain["type"]), dict(plain["v"])
        except (ValueError, KeyError, TypeError) as error:
            _LOG.error("a post-call line of an earlier run cannot be read: %s", error)
