"""``callwright simulate WHAT``: random conversations against the core, whole random calls of the real shell, error rates on labelled sets.

Each kind of simulation reads its own arguments (``callwright simulate runs --help``).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from callwright.bootstrap import simulated_calls, simulated_runs
from callwright.cli import golden
from callwright.simulation import conversations, detection

KINDS: dict[str, tuple[Callable[[Sequence[str]], int], str]] = {
    "conversations": (conversations.main, "random conversations against the core alone"),
    "runs": (simulated_runs.main, "random whole calls of the real shell"),
    "calls": (simulated_calls.main, "calls of scenario files, with a verdict"),
    "detection": (detection.main, "error rates of barge-in, ends of turns and machines on labelled sets"),
    "golden": (golden.main, "check the golden traces, or make them anew and say what changed"),
}
"""What can be simulated -> the command, one line of help."""

FAILED = 2
"""Exit status where nothing was simulated or judged; 1 is a verdict."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    kinds = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    for name, (_, summary) in KINDS.items():
        kind = kinds.add_parser(name, help=summary, add_help=False, prefix_chars="\0")
        kind.add_argument("given", nargs="*")


def run(arguments: argparse.Namespace) -> int:
    """1 when something broke a rule."""
    return KINDS[arguments.what][0](arguments.given)
