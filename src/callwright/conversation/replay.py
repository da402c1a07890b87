"""Replaying a call's log: its inputs through today's core, effect by effect against what the log holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from callwright.conversation.core import Conversation
from callwright.conversation.log import (
    LOG_FORMAT,
    Entry,
    LogFormatError,
    canonical,
    event_from_wire,
    read_log,
    values_of,
)
from callwright.conversation.plan import CORE_VERSION
from callwright.domain.errors import BrokenInvariantError


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place where today's core differs. ``seq`` is the log entry; an empty ``logged`` or ``now`` means there is none.

    ``event`` is the input whose effects differ, entry ``event_seq`` of the log; all three texts are a type and its canonical fields.
    """

    seq: int
    at_us: int
    logged: str
    now: str
    event: str = ""
    event_seq: int = 0

    def __str__(self) -> str:
        logged, now = self.logged or "nothing", self.now or "nothing"
        return f"at entry {self.seq} ({self.at_us // 1000} ms): the log has {logged}, today's core has {now}"


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """``same_core``: log format and core version are today's, so that any difference is a defect and not a change of behaviour."""

    events: int
    effects: int
    same_core: bool
    difference: Difference | None

    @property
    def exact(self) -> bool:
        """Whether today's core did what the log says."""
        return self.difference is None


def replay(log_text: str) -> ReplayResult:
    """Replay a log. Raises LogFormatError for what is not a log, or holds an event this core does not know.

    A log whose writer was killed may lack the last step's effects; that is no difference. In one that goes on to the call's end it is.
    """
    header, entries = read_log(log_text)
    same_core = header.log_format == LOG_FORMAT and header.core_version == CORE_VERSION
    replaying = _Replaying()
    difference = None
    for entry in entries:
        difference = replaying.take(entry)
        if difference is not None:
            break
    # An incomplete last line is that of a writer that was killed.
    if difference is None and log_text.endswith("\n"):
        difference = replaying.end()
    return ReplayResult(replaying.events, replaying.effects, same_core, difference)


class _Replaying:
    """Compares as it goes: effects wait until the log has shown each of them."""

    __slots__ = ("_conversation", "_newest", "_over", "_waiting", "effects", "events")

    def __init__(self) -> None:
        self._conversation = Conversation()
        self._waiting: list[str] = []
        self._newest: Entry | None = None
        self._over = False
        self.events = 0
        self.effects = 0

    def take(self, entry: Entry) -> Difference | None:
        """The next entry: an input is stepped, an effect compared, a fact passed over."""
        if entry.direction == "in":
            return self._step(entry)
        if entry.direction != "out":
            return None
        logged = _wire(entry.type, entry.values)
        now = self._waiting.pop(0) if self._waiting else ""
        self.effects += 1
        self._over = self._over or (entry.type == "Note" and entry.values.get("kind") == "leg_unconfirmed")
        return None if now == logged else self._difference(entry, logged, now)

    def end(self) -> Difference | None:
        """Nothing more comes: effects that still wait are none of a log in which the call ends."""
        if self._newest is None or not (self._over and self._waiting):
            return None
        return self._difference(self._newest, "", self._waiting[0])

    def _difference(self, entry: Entry, logged: str, now: str) -> Difference:
        newest = self._newest
        if newest is None:
            return Difference(entry.seq, entry.at_us, logged, now)
        return Difference(entry.seq, entry.at_us, logged, now, _wire(newest.type, newest.values), newest.seq)

    def _step(self, entry: Entry) -> Difference | None:
        if self._waiting:
            return self._difference(entry, "", self._waiting[0])
        self._newest = entry
        self._over = self._over or entry.type == "LegEnded"
        try:
            event = event_from_wire(entry.type, entry.at_us, entry.values)
        except (AttributeError, TypeError) as error:
            raise LogFormatError(f"entry {entry.seq}: {error}") from error
        self.events += 1
        try:
            effects = self._conversation.step(event)
        except BrokenInvariantError as error:
            return self._difference(entry, "", f"a broken invariant: {error}")
        # Boundary: a defect of the core ends a call, as a broken rule does (`call.live.runner`), and is what a replay is there to show.
        except Exception as error:  # noqa: BLE001
            return self._difference(entry, "", f"a defect: {type(error).__name__}: {error}")
        self._waiting = [_wire(type(effect).__name__, values_of(effect)) for effect in effects]
        return None


def _wire(name: str, values: Any) -> str:
    return f"{name} {canonical(values)}"
