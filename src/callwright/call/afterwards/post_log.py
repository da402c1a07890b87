"""The ``post`` section of an attempt's log: what was found and what was spent after the call, also by a run that did not finish."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from callwright.call.live.logfile import POST
from callwright.conversation.log import entry_line
from callwright.insight.post_work import RUN_BEGAN, RUN_ENDED
from callwright.insight.view import CallView

_LOG = logging.getLogger(__name__)

TASK_DONE = "task_done"
"""Fact: the post-call task ``index``, or the questions ``what``, were asked and the outcome is in the facts before this one."""

USAGE = "usage"
"""Fact: what an answer of a model used. With ``estimated`` (true): the model did not tell it."""
PAID = "paid"
"""Value of USAGE: it came when the work was over, and was added to the cost of the call by whoever wrote it."""
ASKED = "disposition"
"""Fact: one disposition as it is asked of this call."""
FIXED = "dispositions_fixed"
"""Fact: which dispositions are asked is settled; ``count`` of them came before this."""
RESULT = "disposition_result"
"""Fact: what came of one question of a disposition, an answer or the reason why there is none."""
RECORDED = "recording_ready"
"""Fact: the recording is there."""

RECORDING = "recording"
AGENT = "agent"
DISPOSITIONS = "dispositions"
"""``what`` of a group of dispositions, with its number."""
CUSTOM = "custom_questions"
"""``what`` of an older agent's questions."""
_TRIED_AGAIN = frozenset({RECORDING, AGENT})
"""What every run tries anew, so that an earlier run's failure at it is not this one's."""

_POST_LINE = f',"sec":"{POST}","seq":'.encode()


_Fact = tuple[int, str, dict[str, Any]]
"""When (microseconds in the call's time), what, and its values."""


class PostLog:
    """Facts numbered on from the live section ``view``, in the call's time. What an earlier run found and spent comes first; what that run
    failed at and this one tries anew is left out, unless the call's own work is ``over``.

    Two runs may write the section at the same moment: a job is taken over from a process that only looked dead. Each reads what is in the
    ledger before it writes, under the lock of the execution (:meth:`take_in`), so that what either of them spent is in the record.
    """

    def __init__(self, view: CallView, earlier: bytes, now: Callable[[], datetime], *, over: bool = False) -> None:
        last = view.entries[-1] if view.entries else None
        self._first = (last.seq, last.at_us) if last is not None else (0, 0)
        self._began = datetime.fromisoformat(view.header.started_at)
        self._now = now
        self._over = over
        self._sent: tuple[list[_Fact], int] | None = None
        """What was written last as it will stand there, and how many facts that were: whether it arrived is seen there."""
        self._begin(self._standing(earlier))
        self._kept = len(self._found)

    def take_in(self, section: bytes) -> None:
        """Go on from the section as it is in the ledger now. What another run wrote there stands; of what both did, ours is only what it
        cost."""
        theirs, ours = self._standing(section), self._ours(section)
        self._begin(theirs)
        self._kept, self._sent = len(theirs), None
        for fact in _beside(theirs, ours):
            self._add(*fact)

    def take_in_over(self, section: bytes) -> list[dict[str, Any]]:
        """The same when the work is over: of ours only what it cost is added, as paid, and returned."""
        theirs, ours = list(_facts(section)), self._ours(section)
        spent = [(at_us, name, {**values, PAID: True}) for at_us, name, values in ours if name == USAGE]
        self._begin([*theirs, *spent])
        self._kept, self._sent = len(theirs), None
        return [values for _, _, values in spent]

    def sent(self) -> None:
        """What is here now is being written to the ledger."""
        self._sent = (self._standing(self.text.encode()), len(self._found))

    def done(self, what: str) -> bool:
        """Whether that was done by an earlier run: asking again would cost again. Tasks are named by their index."""
        return what in self._done

    def facts(self, name: str) -> list[dict[str, Any]]:
        """What was found under a name so far, by earlier runs too."""
        return [values for _, kind, values in self._found if kind == name]

    def since(self, begin: str, of: dict[str, Any], name: str) -> list[dict[str, Any]]:
        """What was found under ``name`` after the fact ``begin`` whose values include ``of``."""
        found: list[dict[str, Any]] = []
        begun = False
        for _, kind, values in self._found:
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

    def _standing(self, section: bytes) -> list[_Fact]:
        """The facts of a section without those that this run finds out for itself."""
        return [fact for fact in _facts(section) if self._over or not _is_tried_again(fact)]

    def _ours(self, section: bytes) -> list[_Fact]:
        """What this run found and the section does not hold. Whoever writes it begins with all that stood in it, so that what we wrote is
        there as we wrote it or not at all."""
        kept = self._kept
        if self._sent is not None:
            facts, count = self._sent
            if self._standing(section)[: len(facts)] == facts:
                kept = count
        own_failures = [] if self._over else [fact for fact in self._found[:kept] if _is_tried_again(fact)]
        return own_failures + self._found[kept:]

    def _begin(self, facts: Iterable[_Fact]) -> None:
        self._seq, self._last_us = self._first
        self._lines: list[str] = []
        self._done: set[str] = set()
        self._found: list[_Fact] = []
        for fact in facts:
            self._add(*fact)

    def _add(self, at_us: int, name: str, values: dict[str, Any]) -> None:
        self._last_us = max(self._last_us, at_us)
        self._seq += 1
        self._lines.append(entry_line(self._seq, self._last_us, POST, "fact", name, values))
        self._found.append((at_us, name, values))
        if name == TASK_DONE:
            self._done.add(_what(values))


def live_part(log: bytes) -> bytes:
    """A log without the post-call lines of an earlier run, and without a line that was cut off."""
    return b"".join(line for line in log.splitlines(True) if line.endswith(b"\n") and _POST_LINE not in line)


def post_part(log: bytes) -> bytes:
    """The whole post-call lines of a log."""
    return b"".join(line for line in log.splitlines(True) if line.endswith(b"\n") and _POST_LINE in line)


def _beside(theirs: Sequence[_Fact], ours: Sequence[_Fact]) -> Iterator[_Fact]:
    """What of ``ours`` goes behind ``theirs``: of a task they have done before us, what it cost. An answer they have stands, whatever kept
    us from one."""
    done = {_what(values) for _, name, values in theirs if name == TASK_DONE}
    settled = {(name, str(values.get("run", ""))) for _, name, values in theirs}
    asked_once = all(name != RUN_BEGAN for _, name, _ in (*theirs, *ours))
    answers = {_question(values) for _, name, values in theirs if name == RESULT and _is_answered(values)}
    recorded = any(name == RECORDED for _, name, _ in theirs)
    piece: list[_Fact] = []
    for fact in ours:
        _, name, values = fact
        run = str(values.get("run", ""))
        if name in (ASKED, FIXED) and (FIXED, run) in settled:
            continue
        if name in (RUN_BEGAN, RUN_ENDED) and (name, run) in settled:
            continue
        if recorded and (name == RECORDED or (name == "post_failed" and values.get("what") == RECORDING)):
            continue
        if asked_once and name == RESULT and not _is_answered(values) and _question(values) in answers:
            continue
        if name == RUN_ENDED:
            yield from piece
            piece = []
        if name in (ASKED, FIXED, RUN_BEGAN, RUN_ENDED, RECORDED) or _is_tried_again(fact):
            # No part of a task.
            yield fact
            continue
        piece.append(fact)
        if name == TASK_DONE:
            yield from (each for each in piece if _what(values) not in done or each[1] == USAGE)
            piece = []
    yield from piece


def _is_tried_again(fact: _Fact) -> bool:
    _, name, values = fact
    return name == "post_failed" and values.get("what") in _TRIED_AGAIN


def _question(values: dict[str, Any]) -> tuple[str, str]:
    """Which question a fact RESULT is about."""
    return str(values.get("category", "")), str(values.get("name", ""))


def _is_answered(values: dict[str, Any]) -> bool:
    result = values.get("result")
    return isinstance(result, dict) and bool(result.get("answered"))


def _what(values: dict[str, Any]) -> str:
    """Which task a fact TASK_DONE names."""
    return str(values.get("what", values.get("index")))


def facts_of(section: bytes, name: str) -> list[dict[str, Any]]:
    """The values of the facts of one kind in a section."""
    return [values for _, kind, values in _facts(section) if kind == name]


def _facts(section: bytes) -> Iterator[tuple[int, str, dict[str, Any]]]:
    for line in section.splitlines():
        try:
            plain = json.loads(line)
            yield int(plain["at"]), str(plain["type"]), dict(plain["v"])
        except (ValueError, KeyError, TypeError) as error:
            _LOG.error("a post-call line of an earlier run cannot be read: %s", error)
