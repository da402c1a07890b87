"""Logs that this version can read: what is wrong with another one is told by its name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from callwright.conversation.log import LOG_FORMAT, LogFormatError
from callwright.domain.errors import BadInputError
from callwright.insight.view import CallView, view_of

_UNREADABLE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What reading ends with where a field is missing or of another kind."""
_DIRECTIONS = ("in", "out", "fact")
"""Of an entry. What goes another way is of a version that knows more: left out, a replay would have compared something else."""


@contextmanager
def readable(named: str) -> Iterator[None]:
    """What is done with a call's log here; what cannot be read of it is refused by the log's name (BadInputError)."""
    try:
        yield
    except _UNREADABLE as error:
        # What a field's absence breaks looks like a defect of ours: it is told by its type, so that one can be told from the other.
        why = str(error)
        if not isinstance(error, LogFormatError):
            why = f"{type(error).__name__}: {error} (if the log is whole, this is a defect: report it with the log)"
        raise BadInputError(f"{named} is not a call log this version can read: {why}") from error


def view_in(text: str) -> CallView:
    """The log, which is of this version's format and has entries. Raises LogFormatError."""
    view = view_of(text)
    log_format = view.header.log_format
    if type(log_format) is not int or log_format != LOG_FORMAT:
        raise LogFormatError(f"it has log format {log_format!r}, and this version reads format {LOG_FORMAT}")
    if not view.entries:
        raise LogFormatError("it has a header and no entry")
    for entry in view.entries:
        if entry.direction not in _DIRECTIONS:
            raise LogFormatError(f"entry {entry.seq}: unknown direction {entry.direction!r}")
    return view
