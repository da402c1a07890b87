"""Values of command lines that every simulation reads the same way, and the files that they name."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from callwright.domain.errors import BadInputError, ConfigurationError
from callwright.lab.line_conditions import LineConditions, line_of

STANDARD_OUTPUT = "-"
"""As the file of a report: it is written to standard output, and nothing else is."""

UNDECIDED = 3
"""Exit status of a command that found nothing wrong and did not do enough to say that all is well: it was stopped, say."""


def at_least_one(text: str) -> int:
    """A whole number from 1 on. Raises argparse.ArgumentTypeError: a run of nothing would pass."""
    return _whole_from(1, text)


def from_zero(text: str) -> int:
    """A whole number from 0 on, as seeds are. Raises argparse.ArgumentTypeError: ``random.Random`` draws the same from -5 as from 5."""
    return _whole_from(0, text)


def line_option(text: str) -> LineConditions:
    """The conditions of a line, from ``--line``. Raises BadInputError: a setting would be a ConfigurationError."""
    try:
        return line_of(text, "--line")
    except ConfigurationError as error:
        raise BadInputError(error.message) from error


def _whole_from(least: int, text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} on")
    return number


def for_people(*reports: str) -> TextIO:
    """Where what people read goes beside these reports: standard error if one of them is on standard output.

    Raises BadInputError if two of them are: nobody could tell them apart.
    """
    if reports.count(STANDARD_OUTPUT) > 1:
        raise BadInputError("only one report can go to standard output (-); name a file for the other")
    return sys.stderr if STANDARD_OUTPUT in reports else sys.stdout


@contextmanager
def report_file(path: str) -> Iterator[Callable[[str], None]]:
    """What writes a report to ``path``, once (``-``: to standard output); nothing is written without a path. Raises BadInputError.

    It is written beside its place and moved there when it is whole, so that one of an earlier time stays until then; a device or a pipe is
    written itself. Who asks for a report that cannot be written hears of it before the calls, not after them.
    """
    if not path:
        yield lambda text: None
        return
    if path == STANDARD_OUTPUT:
        yield _to_standard_output
        return
    place = Path(path).resolve()
    in_place = place.exists() and not place.is_file()
    with _naming(path):
        if place.is_file() and not os.access(place, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        part = place if in_place else place.with_name(f".{place.name}.{os.getpid()}.part")
        file = open(part, "w", encoding="utf-8")  # noqa: SIM115

    def write(text: str) -> None:
        # A full disk is met when the file is closed.
        with _naming(path):
            with file:
                file.write(text)
            if not in_place:
                part.replace(place)

    try:
        yield write
    finally:
        file.close()
        if not in_place:
            part.unlink(missing_ok=True)


def _to_standard_output(text: str) -> None:
    sys.stdout.write(text)


@contextmanager
def _naming(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BadInputError(f"{path} cannot be written: {error.strerror or error}") from error
