"""``callwright replay CALL``: feed a call's log to today's core and compare the effects; with ``--from-turn``, ask what if."""

from __future__ import annotations

import argparse

from callwright.cli import whatif
from callwright.cli.call_log import configure_call, log_text
from callwright.conversation.plan import CORE_VERSION
from callwright.conversation.replay import replay
from callwright.insight.difference import report
from callwright.insight.readable_log import readable, view_in
from callwright.insight.wholeness import wholeness

FAILED = 2
"""Exit status where nothing was compared; 1 is a verdict."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    configure_call(parser)
    whatif.configure(parser)
    parser.epilog = (
        "Exit status: 0 the same, 1 something differs or entries of the log are missing, 2 nothing was compared."
    )


def run(arguments: argparse.Namespace) -> int:
    """Print what was compared; 0 when every effect is the same and no entry of the log is missing, 1 when not."""
    if whatif.is_asked(arguments):
        return whatif.run(arguments, log_text(arguments))
    text = log_text(arguments)
    with readable(arguments.call):
        view = view_in(text)
        lacks, result = wholeness(view), replay(text)
    same = "the same " if result.exact else ""
    print(
        ("the same: " if result.exact and lacks.has_all else "")
        + f"{result.events} events gave {same}{result.effects} effects"
        # Another format was refused: only the core's version can be another.
        + ("" if result.same_core else f"; written by core version {view.header.core_version}, this is {CORE_VERSION}")
    )
    if result.difference is not None:
        print("\n".join(report(result.difference)))
    for line in lacks.told():
        print(line)
    return 0 if result.exact and lacks.has_all else 1
