"""``callwright replay LOG``: feed a call's log to today's core and compare the effects."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from callwright.conversation.replay import replay


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument(
        "log", type=Path, help="a log file: live/*.log, or `raw` from the log route; - for standard input"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print what was compared; 0 when every effect is the same."""
    text = sys.stdin.read() if str(arguments.log) == "-" else arguments.log.read_text()
    result = replay(text)
    print(
        f"{result.events} events gave {result.effects} effects"
        + ("" if result.same_core else "; written by another core version")
    )
    if result.difference is not None:
        print(f"first difference: {result.difference}")
    return 0 if result.exact else 1
