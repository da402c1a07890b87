"""Which call a command is about: an execution's id, a log file, or standard input."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

from callwright.bootstrap.foundation import open_foundation
from callwright.conversation.log import LogFormatError
from callwright.domain.errors import BadInputError
from callwright.lab.packed_log import unpack
from callwright.ops.settings import Settings, load_settings
from callwright.platform.services import missing, object_id

_MOST_DIGITS = 10
_XZ = b"\xfd7zXZ\x00"
"""How a packed file begins."""


class NoLogError(BadInputError):
    """The execution is there and nothing of it was written."""

    hint = "Its status tells how far it came: GET /executions/{execution_id}."


def configure_call(parser: argparse.ArgumentParser) -> None:
    """The arguments that name a call."""
    parser.add_argument(
        "call", help="an execution's id, a log file (live/*.log, a golden *.log.xz), or - for standard input"
    )
    parser.add_argument(
        "--attempt", type=_attempt, metavar="N", help="which attempt of an execution, from 1; the newest one by default"
    )
    parser.add_argument("--data", type=Path, help="data folder of an execution (CALLWRIGHT_DATA)")


def _attempt(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < _MOST_DIGITS else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is no attempt: they are counted from 1")
    return number


def log_text(arguments: argparse.Namespace) -> str:
    """The call's log: of an execution that of its last attempt or of ``--attempt``, as far as the ledger has it. Raises BadInputError,
    NotFoundError."""
    call = str(arguments.call)
    attempt: int | None = arguments.attempt
    if attempt is not None and (call == "-" or Path(call).exists()):
        raise BadInputError("--attempt names an attempt of an execution, and a log is of one attempt: leave it out")
    if call == "-":
        return _plain(call, sys.stdin.buffer.read())
    file = Path(call)
    try:
        # A pipe has a name, too: a shell's `<(unpack the log)`.
        if file.is_file() or file.is_fifo():
            return _plain(call, file.read_bytes())
    except OSError as error:
        raise BadInputError(f"{call} cannot be read: {error.strerror}") from error
    if "/" in call or "." in call:
        raise BadInputError(f"there is no file {call}")
    return asyncio.run(_from_ledger(call, attempt, load_settings(os.environ, data=arguments.data)))


def _plain(call: str, data: bytes) -> str:
    """A log as text; of a golden trace with the numbers it left out."""
    if not data.startswith(_XZ):
        return data.decode(errors="replace")
    try:
        return unpack(data)
    except LogFormatError as error:
        raise BadInputError(f"{call} is not a call log this version can read: {error}") from error


async def _from_ledger(call: str, attempt: int | None, settings: Settings) -> str:
    execution_id = object_id(call, "execution")
    async with open_foundation(settings) as foundation, foundation.ledger.unit() as unit:
        log = await unit.logs.read(execution_id, attempt)
        is_there = bool(log) or await unit.executions.get_any(execution_id) is not None
    if not is_there:
        raise missing("execution")
    if not log:
        which, made = (
            ("", "no attempt of it was made") if attempt is None else (f" of attempt {attempt}", "it was not made")
        )
        raise NoLogError(f"the execution {execution_id} has no log{which}: {made} yet, or the log is gone")
    return log.decode(errors="replace")
