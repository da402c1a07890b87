"""The reports of a batch as tables: what became of each contact, and the rows that are not called.

The columns of the list come first, as they were, then ours. Names of ours begin with ``callwright_``, and a list that is uploaded may have
them: they are left out then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from callwright.domain.money import cents_from_nano
from callwright.insight.wire import encode, wire_time
from callwright.platform.batches.rules.batch import ListFormat, RefusedRow
from callwright.platform.batches.rules.contact_list import REASON_COLUMN, REPORT_PREFIX, SURPLUS_COLUMN
from callwright.platform.executions.rules.execution import Execution

_EXTRACTED = f"{REPORT_PREFIX}extracted."
_ANSWER = ("objective", "subjective", "confidence")
"""What is told of the answer to a disposition."""

_OWN = (
    "line",
    "execution_id",
    "number",
    "status",
    "retries",
    "answered_at",
    "duration_seconds",
    "cost_cents",
    "voicemail",
    "hangup_by",
    "hangup_reason",
    "error",
    "summary",
)
REFUSED_COLUMNS = (f"{REPORT_PREFIX}line", REASON_COLUMN, f"{REPORT_PREFIX}hint", SURPLUS_COLUMN)


def flattened(extracted: Mapping[str, Any] | None, above: str = "") -> Iterator[tuple[str, Any]]:
    """The extracted values of a call, each with its path (``General.Confirmed.objective``). Lists are one value, as JSON."""
    for name, value in (extracted or {}).items():
        path = f"{above}{name}"
        if not isinstance(value, Mapping):
            yield path, encode(value).decode() if isinstance(value, list) else value
        elif _ANSWER[0] in value and _ANSWER[1] in value:
            yield from ((f"{path}.{key}", value.get(key)) for key in _ANSWER)
        else:
            yield from flattened(value, f"{path}.")


class ResultTable:
    """The results of a batch, a row for each contact. ``extracted``: the paths that have a column; other values share one, as JSON."""

    def __init__(self, list_format: ListFormat | None, extracted: Sequence[str], *, transcript: bool) -> None:
        columns = () if list_format is None else list_format.columns
        number_at = None if list_format is None else list_format.number_at
        self._columns = [(name, at == number_at) for at, name in enumerate(columns) if name]
        self._extracted = tuple(extracted)
        self._transcript = transcript

    @property
    def header(self) -> list[str]:
        """The names of the columns."""
        return [
            *(name for name, _ in self._columns),
            *(f"{REPORT_PREFIX}{name}" for name in _OWN),
            *(f"{_EXTRACTED}{path}" for path in self._extracted),
            f"{REPORT_PREFIX}extracted_more",
            *((f"{REPORT_PREFIX}transcript",) if self._transcript else ()),
        ]

    def row(self, execution: Execution) -> list[Any]:
        """The cells of one contact."""
        record, options = execution.record, execution.options
        found = dict(flattened(record.get("extracted_data")))
        values = [found.pop(path, None) for path in self._extracted]
        number = execution.to_number
        return [
            *(
                options.get("batch_number", number) if is_number else execution.user_data.get(name)
                for name, is_number in self._columns
            ),
            options.get("batch_line"),
            execution.id,
            number,
            str(execution.status),
            execution.retry_count,
            wire_time(execution.answered_at),
            round(int(record.get("conversation_ms") or 0) / 1000, 1),
            f"{cents_from_nano(execution.total_cost_nano):f}",
            record.get("answered_by_voice_mail"),
            execution.hangup_by,
            execution.hangup_reason,
            execution.error_message,
            record.get("summary"),
            *values,
            encode(found).decode() if found else None,
            *((record.get("transcript"),) if self._transcript else ()),
        ]


def refused_header(list_format: ListFormat | None) -> list[str]:
    """The names of the columns of a report of refused rows."""
    return [*(() if list_format is None else list_format.columns), *REFUSED_COLUMNS]


def refused_row(list_format: ListFormat | None, row: RefusedRow) -> list[Any]:
    """One refused row: its cells as they came, then ours; cells for which the list has no column share one."""
    width, delimiter = (0, ",") if list_format is None else (len(list_format.columns), list_format.delimiter)
    cells = [*row.cells[:width], *[""] * (width - len(row.cells))]
    return [*cells, row.line, row.reason, row.hint, delimiter.join(row.cells[width:])]
