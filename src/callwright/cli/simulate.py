"""``callwright simulate conversations``: random conversations against the core, replayed and shrunk when one breaks a rule.

``callwright simulate detection``: error rates on labelled sets, of barge-in, ends of turns and machines.
"""

from __future__ import annotations

import argparse

from callwright.simulation import conversations, detection


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("what", choices=["conversations", "detection"])
    parser.add_argument("--count", type=int, default=1_000, help="how many")
    parser.add_argument("--seed", type=int, default=1, help="the first seed; the others follow it")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--coverage", action="store_true", help="print the state x event pairs never seen")


def run(arguments: argparse.Namespace) -> int:
    """1 when a conversation broke a rule."""
    if arguments.what == "detection":
        return detection.main(["--seed", str(arguments.seed)])
    given = ["--count", str(arguments.count), "--seed", str(arguments.seed), "--jobs", str(arguments.jobs)]
    return conversations.main([*given, *(["--coverage"] if arguments.coverage else [])])
