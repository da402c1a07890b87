"""``callwright replay CALL``: feed a call's log to today's core and compare the effects; with ``--from-turn``, ask what if."""

from __future__ import annotations

import argparse

from callwright.cli import whatif
from callwright.cli.call_log import configure_call, log_text
from callwright.conversation.log import LogFormatError
from callwright.conversation.replay import replay
from callwright.domain.errors import BadInputError
from callwright.insight.difference import report


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    configure_call(parser)
    whatif.configure(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print what was compared; 0 when every effect is the same."""
    text = log_text(arguments)
    if arguments.from_turn is not None or arguments.set:
        return whatif.run(arguments, text)
    try:
        result = replay(text)
    except LogFormatError as error:
        raise BadInputError(f"{arguments.call} is not a call log this version can read: {error}") from error
    print(
        f"{result.events} events gave {result.effects} effects"
        + ("" if result.same_core else "; written by another core version")
    )
    if result.difference is not None:
        print("\n".join(report(result.difference)))
    return 0 if result.exact else 1
