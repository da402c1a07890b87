"""Whether a log has all its entries, and goes on to the end of the call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from callwright.insight.view import CallView

_ENDED = "leg_unconfirmed"
"""Kind of the note of a call that was over without a word of its leg."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Entries ``first`` to ``last`` are missing; ``at_us`` is when the entry before them was written, 0 where there is none."""

    first: int
    last: int
    at_us: int

    @property
    def count(self) -> int:
        """How many entries."""
        return self.last - self.first + 1

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"


@dataclass(frozen=True, slots=True)
class Wholeness:
    """What a log lacks. ``misplaced``: the numbers of entries that stand behind a higher one, or twice.

    ``breaks_off_us``: the log's last moment where nothing in it ends the leg, as when the process that wrote it was killed; None otherwise.
    ``has_tracks``: it has the tracks of voice probabilities, which golden traces leave out.
    """

    gaps: tuple[Gap, ...]
    misplaced: tuple[int, ...]
    breaks_off_us: int | None
    has_tracks: bool = True

    @property
    def has_all(self) -> bool:
        """Whether every entry that was written up to the last one is there, in order."""
        return not self.gaps and not self.misplaced

    def missing(self) -> str:
        """What is wrong with the entries' numbers, in words; empty when nothing is."""
        parts: list[str] = []
        if self.gaps:
            count = sum(gap.count for gap in self.gaps)
            parts.append(f"{'entry' if count == 1 else 'entries'} {_listed([str(gap) for gap in self.gaps])} missing")
        if self.misplaced:
            parts.append(f"out of place: {_listed([str(number) for number in self.misplaced])}")
        return "; ".join(parts)

    def told(self) -> list[str]:
        """What the log lacks, in lines for people; none for a log that is whole."""
        lines = [] if self.has_all else [f"the log is not whole: {self.missing()}"]
        if self.gaps and not self.has_tracks:
            lines.append("a golden trace that was unpacked by hand lacks its voice tracks: name the .log.xz itself")
        if self.breaks_off_us is not None:
            lines.append(
                f"the log breaks off {self.breaks_off_us / 1e6:.1f} s after its beginning, without an end of the call: whoever wrote it was"
                " killed, could not write, or is still at it"
            )
        return lines


_MOST_LISTED = 20


def _listed(parts: list[str]) -> str:
    left = len(parts) - _MOST_LISTED
    return ", ".join(parts[:_MOST_LISTED]) + (f" and {left} more" if left > 0 else "")


def wholeness(view: CallView) -> Wholeness:
    """What the log of ``view`` lacks: its entries are numbered from 1 on, through all of its sections."""
    misplaced = tuple(_misplaced(view))
    ended = view.first("LegEnded") is not None or any(e.values.get("kind") == _ENDED for e in view.of("Note"))
    return Wholeness(tuple(_gaps(view)), misplaced, None if ended else view.ended_us, bool(view.of("vad_track")))


def _gaps(view: CallView) -> Iterator[Gap]:
    last, at_us = 0, 0
    for entry in sorted(view.entries, key=lambda entry: entry.seq):
        if entry.seq > last + 1:
            yield Gap(last + 1, entry.seq - 1, at_us)
        last, at_us = max(last, entry.seq), entry.at_us


def _misplaced(view: CallView) -> Iterator[int]:
    last = 0
    for entry in view.entries:
        if entry.seq <= last:
            yield entry.seq
        last = max(last, entry.seq)
