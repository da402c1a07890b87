"""The log of a call while it lives: one append-only file of canonical lines, and its copy in the ledger.

``LogWriter`` numbers the entries and keeps them until the next flush; ``AppendFile`` puts them into the operating system's hands,
which is enough to survive the death of the process. The ledger gets the same bytes later, by position, so that a piece sent twice
is the same piece.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import msgspec

from callwright.conversation.effects import Effect
from callwright.conversation.events import Event, Started
from callwright.conversation.log import Header, entry_line, header_line, values_of
from callwright.domain.limits import MAX_LOG_ENTRY_BYTES
from callwright.domain.text import whole

LIVE = "live"
POST = "post"

#: (seq, at_us, section, direction, type, values) of an entry just written.
EntryListener = Callable[[int, int, str, str, str, Mapping[str, Any]], None]


class Appender(Protocol):
    """Where a log's bytes go."""

    def append(self, data: bytes) -> None:
        """Write all of ``data`` at the end; it survives the process from here on."""

    def sync(self) -> None:
        """Make what was appended survive the machine too."""

    def close(self) -> None:
        """Nothing more is appended."""


class AppendFile:
    """A file that is only appended to, made with mode 0600."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def append(self, data: bytes) -> None:
        """Write all of ``data``. Raises OSError (no space left)."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]

    def sync(self) -> None:
        """Flush to the disk."""
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Close the file. Safe to call twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class LogWriter:
    """Writes one attempt's log. Entries are numbered from 1 in the order they are given.

    ``size_bytes`` is what has been flushed: always whole lines. ``lost`` tells that the disk refused bytes; the call goes on
    without its log and its record says so.
    """

    def __init__(self, file: Appender, *, sync: bool = False, listener: EntryListener | None = None) -> None:
        self._file = file
        self._sync = sync
        self._listener = listener
        self._pending: list[bytes] = []
        self._unsynced = False
        self._seq = 0
        self.size_bytes = 0
        self.lost: OSError | None = None

    @property
    def entries(self) -> int:
        """How many entries were written."""
        return self._seq

    def header(self, header: Header) -> None:
        """The first line. ``header.agent`` must be redacted (``redaction.redacted``)."""
        self._pending.append(header_line(header).encode())

    def event(self, event: Event) -> None:
        """An input of the core."""
        name, values = type(event).__name__, values_of(event)
        section = "leg" if name in _LEG_EVENTS else "core"
        if isinstance(event, Started):
            # The plan is needed whole to replay the call, and the agent's own limits bound it.
            self._write(_line, event.at_us, section, "in", name, values, whole=True)
        else:
            self._write(_fast_line, event.at_us, section, "in", name, values)

    def effect(self, at_us: int, effect: Effect) -> None:
        """An output of the core."""
        self._write(_fast_line, at_us, "core", "out", type(effect).__name__, values_of(effect))

    def fact(self, at_us: int, section: str, name: str, values: Mapping[str, Any]) -> None:
        """Something the shell measured."""
        self._write(_line, at_us, section, "fact", name, whole(values))

    def flush(self) -> None:
        """Hand everything written so far to the operating system, and to the disk where that is wanted."""
        self.hand_over()
        if not self._unsynced:
            return
        self._unsynced = False
        try:
            self._file.sync()
        except OSError as error:
            self.lost = error

    def hand_over(self) -> None:
        """Hand everything written so far to the operating system, which keeps it when this process dies."""
        if not self._pending:
            return
        data = b"".join(self._pending)
        self._pending.clear()
        if self.lost is not None:
            return
        try:
            self._file.append(data)
        except OSError as error:
            # Disk full: a call must not end for want of its log. Later lines would leave a hole, so none follow.
            self.lost = error
            return
        self.size_bytes += len(data)
        self._unsynced = self._sync

    def close(self) -> None:
        """Flush and close."""
        self.flush()
        self._file.close()

    def _write(
        self,
        write: _WriteLine,
        at_us: int,
        section: str,
        direction: str,
        name: str,
        values: Mapping[str, Any],
        whole: bool = False,
    ) -> None:
        self._seq += 1
        line = write(self._seq, at_us, section, direction, name, values)
        if len(line) > MAX_LOG_ENTRY_BYTES and not whole:
            line = _line(self._seq, at_us, section, direction, name, shortened(values, len(line)))
        self._pending.append(line)
        if self._listener is not None:
            self._listener(self._seq, at_us, section, direction, name, values)


_LEG_EVENTS = frozenset({"Ringing", "Answered", "KeyPressed", "MachineDetected", "LegEnded", "TransferProgress"})
_WriteLine = Callable[[int, int, str, str, str, Mapping[str, Any]], bytes]
_ENCODER = msgspec.json.Encoder(order="sorted")


def _line(seq: int, at_us: int, section: str, direction: str, name: str, values: Mapping[str, Any]) -> bytes:
    return entry_line(seq, at_us, section, direction, name, values).encode()


def _fast_line(seq: int, at_us: int, section: str, direction: str, name: str, values: Mapping[str, Any]) -> bytes:
    """The same bytes as ``_line`` of an event or effect, in a tenth of the time. Facts may hold numbers that msgspec writes differently."""
    try:
        entry = {"at": at_us, "dir": direction, "sec": section, "seq": seq, "type": name, "v": values}
        return _ENCODER.encode(entry) + b"\n"
    except (TypeError, ValueError, OverflowError):
        # Halves of surrogate pairs, and whole numbers of more than 64 bits.
        return _line(seq, at_us, section, direction, name, values)


def shortened(values: Mapping[str, Any], size_bytes: int) -> dict[str, Any]:
    """``values`` whose entry has ``size_bytes``, with the longest texts cut and marked so that the entry fits MAX_LOG_ENTRY_BYTES."""
    limit = MAX_LOG_ENTRY_BYTES
    cut: dict[str, Any] = dict(values)
    # The share of each text is lowered until all fit; a character takes up to six bytes as JSON.
    while size_bytes > MAX_LOG_ENTRY_BYTES and limit > 16:
        limit //= 2
        cut = {name: _cut(value, limit) for name, value in values.items()}
        size_bytes = len(entry_line(2**31, 2**53, "core", "fact", "x" * 32, cut).encode())
    return cut


def _cut(value: Any, longest: int) -> Any:
    if isinstance(value, str) and len(value) > longest:
        return f"{value[:longest]}…[{len(value) - longest} characters cut]"
    if isinstance(value, Mapping):
        return {name: _cut(one, longest) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_cut(one, longest) for one in value[:longest]]
    return value
