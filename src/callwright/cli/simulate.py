"""``callwright simulate [SCENARIO ...]``: calls of scenario files against an agent, with a verdict."""

from __future__ import annotations

import argparse

from callwright.bootstrap import simulated_calls

FAILED = 2
"""Exit status where nothing was simulated or judged; 1 is a verdict."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    simulated_calls.configure(parser)


def run(arguments: argparse.Namespace) -> int:
    """Make the calls. Returns 0 all pass, 1 one fails, 3 undecided."""
    return simulated_calls.command(arguments)
