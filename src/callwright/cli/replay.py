"""``callwright replay CALL``: feed a call's log to today's core and compare the effects."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

from callwright.actions.services import missing, object_id
from callwright.bootstrap import open_foundation
from callwright.conversation.log import LogFormatError
from callwright.conversation.replay import replay
from callwright.domain.errors import BadInputError
from callwright.ops.settings import Settings, load_settings


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("call", help="an execution's id, a log file (live/*.log), or - for standard input")
    parser.add_argument("--data", type=Path, help="data folder of an execution (CALLWRIGHT_DATA)")


def run(arguments: argparse.Namespace) -> int:
    """Print what was compared; 0 when every effect is the same."""
    text = _log_text(arguments.call, arguments.data)
    try:
        result = replay(text)
    except LogFormatError as error:
        raise BadInputError(f"{arguments.call} is not a call log this version can read: {error}") from error
    print(
        f"{result.events} events gave {result.effects} effects"
        + ("" if result.same_core else "; written by another core version")
    )
    if result.difference is not None:
        print(f"first difference: {result.difference}")
    return 0 if result.exact else 1


def _log_text(call: str, data: Path | None) -> str:
    if call == "-":
        return sys.stdin.read()
    file = Path(call)
    if file.is_file():
        return file.read_text(encoding="utf-8", errors="replace")
    if "/" in call or "." in call:
        raise BadInputError(f"there is no file {call}")
    return asyncio.run(_from_ledger(call, load_settings(os.environ, data=data)))


async def _from_ledger(call: str, settings: Settings) -> str:
    """The log of the execution's last attempt, as far as the ledger has it."""
    execution_id = object_id(call, "execution")
    async with open_foundation(settings) as foundation, foundation.ledger.unit() as unit:
        log = await unit.logs.read(execution_id)
    if not log:
        raise missing("log of a call")
    return log.decode(errors="replace")
