"""``python -m proof WHAT``: random conversations, whole calls and campaigns, golden traces, error rates on labelled sets.

Each of them reads its own arguments (``python -m proof runs --help``).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from callwright.domain.errors import CallwrightError
from proof import (
    calling_hours,
    campaigns,
    carriers,
    chaos,
    conversations,
    detection,
    everything,
    golden_command,
    lines,
    neighbours,
    outages,
    runs,
    throughput,
)

KINDS: dict[str, tuple[Callable[[Sequence[str]], int], str]] = {
    "all": (everything.main, "20,000 conversations, the golden traces and the detection figures (make prove)"),
    "conversations": (conversations.main, "random conversations against the core alone"),
    "runs": (runs.main, "random whole calls of the real shell"),
    "campaigns": (campaigns.main, "campaigns of 30 virtual days: nobody is dialled against a rule"),
    "hours": (calling_hours.main, "hours in every time zone, minute by minute, against the C library"),
    "detection": (detection.main, "error rates of barge-in, ends of turns and machines on labelled sets"),
    "chaos": (chaos.main, "kill -9 of a real server at every step of a call's and a batch's life (make chaos)"),
    "throughput": (throughput.main, "a long list on two processes: limits, dials a second, a stop (make throughput)"),
    "outages": (
        outages.main,
        "a vendor dies in the middle of a call, in every way and at every moment: who hears what",
    ),
    "lines": (lines.main, "mutated messages and requests of all carriers while calls are under way"),
    "carriers": (carriers.main, "the same in virtual time, against the carriers alone"),
    "neighbours": (neighbours.main, "one organisation attacks, the calls, chats and jobs of another go on"),
    "golden": (golden_command.main, "check the golden traces, or make them anew and say what changed"),
}
"""What can be proved -> the command, one line of help."""

FAILED = 2
"""Exit status where nothing was judged; 1 is a verdict."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one kind. Returns 1 when something broke a rule."""
    parser = argparse.ArgumentParser(prog="python -m proof", description=__doc__)
    kinds = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    for name, (_, summary) in KINDS.items():
        kinds.add_parser(name, help=summary, add_help=False, prefix_chars="\0").add_argument("given", nargs="*")
    arguments = parser.parse_args(argv)
    try:
        return KINDS[arguments.what][0](arguments.given)
    except CallwrightError as error:
        sys.stderr.write(f"{error}\n{error.hint}\n")
        return FAILED


if __name__ == "__main__":
    sys.exit(main())
