"""What a self-call measured, judged: one row for each thing, with the limit it was held against. Pure."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from callwright.lab.line import IN, OUT, LineConditions
from callwright.media.probe import ToneReading

SCRIPTED = "scripted"
"""Voice and ears of two-tone text."""
SET_UP_MS = 1_000
ONE_WAY_MS = 250
LEVEL_DB = 3.0
CLIPPED_PERCENT = 0.1
LOST_PERCENT = 1.0
JITTER_MS = 30
GAP_PERCENT = 1.0
ECHO_DB = -40.0
HELD_MS = 60
WORD_ERROR_PERCENT = 20
FIRST_RETRANSMISSION_MS = 500
"""RFC 3261's T1: a lost request over UDP is repeated after it, then after twice as long, and so on."""
_WORDS = re.compile(r"[^\w']+")


@dataclass(frozen=True, slots=True)
class Spoken:
    """A sentence and what the other end recognised."""

    said: str
    heard: str

    @property
    def words(self) -> int:
        """Words said."""
        return len(words_of(self.said))

    @property
    def errors(self) -> int:
        """Words wrong, missing or too many."""
        return word_errors(self.said, self.heard)


@dataclass(frozen=True, slots=True)
class WayMeasured:
    """One way of the call. ``delays_ms``: of the markers that arrived, of ``markers`` sent. ``echo``: the level of what came back, in dB
    below what was sent, and after how long; None: nothing came back.

    ``quality`` is what the receiving leg counted, ``sender_quality`` what the sending one did (facts ``quality`` of
    ``docs/reference/telephony.md``).
    """

    delays_ms: tuple[float, ...] = ()
    markers: int = 0
    sent_dbfs: float = 0.0
    tone: ToneReading | None = None
    echo: tuple[float, float] | None = None
    spoken: tuple[Spoken, ...] = ()
    keys_sent: str = ""
    keys_got: str = ""
    quality: Mapping[str, Any] = field(default_factory=dict)
    sender_quality: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SelfCall:
    """A whole self-call: ``there`` is from the caller to the called end, ``back`` the other way."""

    carrier: str
    conditions: LineConditions
    voice: str
    ears: str
    set_up_ms: float
    there: WayMeasured
    back: WayMeasured


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. ``there`` and ``back`` are what was measured, ``limit`` what it was held against; one that is not ``judged``
    is shown only."""

    what: str
    there: str
    back: str
    limit: str
    ok: bool
    judged: bool = True

    @property
    def verdict(self) -> str:
        """In a word."""
        return "-" if not self.judged else "ok" if self.ok else "FAILED"


def judged(call: SelfCall) -> list[Row]:
    """The rows. The limits are those of a good line, widened by what the line was told to do: a failed row is never the line's own."""
    line = call.conditions
    spread_ms = line.delay_ms + line.jitter_ms
    set_up_ms = (
        SET_UP_MS + 4 * spread_ms + FIRST_RETRANSMISSION_MS * (2 ** max(line.lose_invites, line.lose_requests) - 1)
    )
    if line.loss_percent:
        set_up_ms += 3 * FIRST_RETRANSMISSION_MS
    return [
        Row(
            "set-up, INVITE to answer",
            f"{call.set_up_ms:.0f} ms",
            "",
            f"{set_up_ms:.0f} ms",
            call.set_up_ms <= set_up_ms,
        ),
        _both(call, "one-way delay", _delay, f"{ONE_WAY_MS + spread_ms:.0f} ms", ONE_WAY_MS + spread_ms),
        _level_row(call),
        _both(call, "clipped samples", _clipped, f"{CLIPPED_PERCENT:g} %", CLIPPED_PERCENT),
        _both(call, "packets lost", _lost, f"{_lost_limit(line):g} %", _lost_limit(line)),
        _both(call, "jitter", _jitter, f"{JITTER_MS + line.jitter_ms:g} ms", JITTER_MS + line.jitter_ms),
        _both(call, "gaps in a steady tone", _gaps, f"{_gap_limit(line):g} %", _gap_limit(line)),
        _echo_row(call),
        _both(call, "held in the stack", _held, f"{HELD_MS} ms", HELD_MS),
        _both(call, "keys as sent", _keys, "all", 0),
        _words_row(call),
    ]


def table(call: SelfCall, rows: Iterable[Row]) -> str:
    """The rows as text."""
    rows = list(rows)
    lines = [("", "there", "back", "limit", "verdict")]
    lines += [(row.what, row.there, row.back, row.limit, row.verdict) for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    failed = sum(not row.ok for row in rows)
    verdict = (
        "good: every row is within its limit" if not failed else f"{failed} of {len(rows)} rows beyond their limit"
    )
    return "\n".join(
        [
            f"selfcall over {call.carrier}, voice {call.voice}, ears {call.ears}; line: {call.conditions.text() or 'as it is'}",
            "",
            *text,
            "",
            *(f"said   {one.said}\nheard  {one.heard}" for way in (call.there, call.back) for one in way.spoken),
            "",
            f"verdict: {verdict}",
        ]
    )


def as_json(call: SelfCall, rows: Iterable[Row]) -> dict[str, Any]:
    """Everything measured and judged, as a JSON value."""
    rows = list(rows)
    return {
        "carrier": call.carrier,
        "line": call.conditions.text(),
        "voice": call.voice,
        "ears": call.ears,
        "set_up_ms": round(call.set_up_ms, 1),
        "there": asdict(call.there),
        "back": asdict(call.back),
        "rows": [asdict(row) for row in rows],
        "ok": all(row.ok for row in rows),
    }


def words_of(text: str) -> list[str]:
    """Words in small letters, without punctuation."""
    return [word for word in _WORDS.split(text.lower()) if word]


def word_errors(said: str, heard: str) -> int:
    """How many words must be changed, added or removed to get from one to the other (Levenshtein)."""
    first, second = words_of(said), words_of(heard)
    costs = list(range(len(second) + 1))
    for row, word in enumerate(first, 1):
        before, costs[0] = costs[0], row
        for column, other in enumerate(second, 1):
            before, costs[column] = (
                costs[column],
                min(costs[column] + 1, costs[column - 1] + 1, before + (word != other)),
            )
    return costs[-1]


# -- one reading each: what is shown, and the figure that is judged (None: nothing could be measured) ---------------------------

_Reading = tuple[str, float | None]


def _both(call: SelfCall, what: str, reading: Callable[[WayMeasured], _Reading], limit: str, most: float) -> Row:
    (there, first), (back, second) = reading(call.there), reading(call.back)
    return Row(what, there, back, limit, all(value is not None and value <= most for value in (first, second)))


def _level_row(call: SelfCall) -> Row:
    told = call.conditions.level_db
    shown, fine = [], True
    for way, name in ((call.there, OUT), (call.back, IN)):
        text, change_db = _level(way)
        expected_db = told if call.conditions.applies(name) else 0.0
        fine = fine and change_db is not None and abs(change_db - expected_db) <= LEVEL_DB
        shown.append(text)
    return Row("level, sent and heard", shown[0], shown[1], f"{told:+g} dB, {LEVEL_DB:g} more or less", fine)


def _words_row(call: SelfCall) -> Row:
    """Two-tone text has no redundancy: each lost frame costs a letter, so over a line that loses or is late its words say nothing."""
    line = call.conditions
    most = min(60.0, WORD_ERROR_PERCENT + 4 * line.loss_percent)
    row = _both(call, "recognised", _recognised, f"{most:g} % of the words wrong", most)
    if call.ears == SCRIPTED and (line.loss_percent or line.jitter_ms or line.reorder_percent):
        return replace(row, limit="none: two-tone text", ok=True, judged=False)
    return row


def _delay(way: WayMeasured) -> _Reading:
    if not way.delays_ms:
        return f"none of {way.markers} markers came", None
    median = statistics.median(way.delays_ms)
    return f"{median:.0f} ms ({min(way.delays_ms):.0f}-{max(way.delays_ms):.0f})", median


def _level(way: WayMeasured) -> _Reading:
    if way.tone is None:
        return f"{way.sent_dbfs:.1f} dBFS, not heard", None
    return f"{way.sent_dbfs:.1f}, {way.tone.level_dbfs:.1f} dBFS", way.tone.level_dbfs - way.sent_dbfs


def _clipped(way: WayMeasured) -> _Reading:
    if way.tone is None:
        return "not heard", None
    percent = 100 * way.tone.clipped_share
    return f"{percent:.1f} %", percent


def _lost(way: WayMeasured) -> _Reading:
    lost, packets = way.quality.get("rx_lost"), way.quality.get("rx_packets")
    if lost is None or packets is None or not lost + packets:
        return "not counted", None
    percent = 100 * max(0, lost) / (max(0, lost) + packets)
    return f"{percent:.1f} % ({max(0, lost):.0f} of {max(0, lost) + packets:.0f})", percent


def _jitter(way: WayMeasured) -> _Reading:
    jitter_ms = way.quality.get("rx_jitter_ms")
    return ("not counted", None) if jitter_ms is None else (f"{jitter_ms:.1f} ms", float(jitter_ms))


def _gaps(way: WayMeasured) -> _Reading:
    if way.tone is None:
        return "not heard", None
    percent = 100 * way.tone.gap_ms / way.tone.found_ms
    return f"{percent:.1f} % ({way.tone.gaps}, {way.tone.gap_ms} ms)", percent


def _held(way: WayMeasured) -> _Reading:
    held_ms = way.sender_quality.get("held_in_stack_ms_max")
    return ("no stack", 0.0) if held_ms is None else (f"{held_ms:.0f} ms", float(held_ms))


def _keys(way: WayMeasured) -> _Reading:
    if way.keys_got == way.keys_sent:
        return way.keys_got, 0
    return f"{way.keys_sent}, came {way.keys_got or 'none'}", 1


def _recognised(way: WayMeasured) -> _Reading:
    words = sum(one.words for one in way.spoken)
    if not words:
        return "nothing said", None
    percent = 100 * sum(one.errors for one in way.spoken) / words
    return f"{percent:.0f} % of {words} wrong", percent


def _echo_row(call: SelfCall) -> Row:
    """The caller hears its own sound in what comes back, which is the far end's doing (and the other way round)."""
    line = call.conditions
    # What comes back went out first, and was made louder or softer on the way.
    told = None if line.echo_db is None else line.echo_db + (line.level_db if line.applies(OUT) else 0.0)
    limit = f"none above {ECHO_DB:g} dB" if told is None else f"{told:g} dB, {LEVEL_DB:g} more or less"
    shown, fine = [], True
    for way, expected in ((call.there, told), (call.back, None)):
        shown.append("none" if way.echo is None else f"{way.echo[0]:.0f} dB after {way.echo[1]:.0f} ms")
        if expected is None:
            fine = fine and (way.echo is None or way.echo[0] <= ECHO_DB)
        else:
            fine = fine and way.echo is not None and abs(way.echo[0] - expected) <= LEVEL_DB
    return Row("echo of what is sent", shown[0], shown[1], limit, fine)


def _lost_limit(line: LineConditions) -> float:
    return LOST_PERCENT + (1.5 * line.loss_percent + 1 if line.loss_percent else 0)


def _gap_limit(line: LineConditions) -> float:
    """Twice the losses, and a few frames while the receiver finds out how long it must wait."""
    return GAP_PERCENT + 2 * line.loss_percent + (5 if line.jitter_ms or line.reorder_percent else 0)
