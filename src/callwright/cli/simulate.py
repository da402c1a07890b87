"""``callwright simulate WHAT``: calls of scenario files against an agent, with a verdict."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from callwright.bootstrap import simulated_calls

KINDS: dict[str, tuple[Callable[[Sequence[str]], int], str]] = {
    "calls": (simulated_calls.main, "calls of scenario files, with a verdict"),
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
