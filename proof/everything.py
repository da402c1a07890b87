"""``python -m proof all``: what a change of the core needs: random conversations, the golden traces and the detection figures."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from callwright.lab.arguments import UNDECIDED, at_least_one, from_zero
from callwright.ops.clock import SystemClock
from proof import conversations, detection, golden_command
from proof.coverage import impossible, unseen
from proof.detection_limits import exceeded

CONVERSATIONS = 20_000
UNSEEN_MOST = 8
"""Reachable pairs of state and event that CONVERSATIONS may miss: some meet in one call of ten thousand."""


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Exit status 1 when anything is broken, UNDECIDED when it was stopped before that."""
    parser = argparse.ArgumentParser(prog="python -m proof all", description=__doc__)
    parser.add_argument("--count", type=at_least_one, default=CONVERSATIONS, help="how many conversations")
    parser.add_argument("--seed", type=from_zero, default=1, help="the first seed of the conversations")
    parser.add_argument("--jobs", type=at_least_one, default=2, help="processes")
    options = parser.parse_args(argv)
    clock = SystemClock()
    began_us = clock.monotonic_us()
    broken: list[str] = []

    report = conversations.run(options.count, options.seed, options.jobs, conversations.print_broken)
    _print("conversations", report.lines())
    broken += [f"conversation {one.seed}: {one.rule}" for one in report.broken]
    if report.stopped_of:
        return 1 if broken else UNDECIDED
    broken += [f"{state} met {event}, which proof/coverage.py excludes" for state, event in impossible(report.coverage)]
    missed = unseen(report.coverage)
    if options.count >= CONVERSATIONS and len(missed) > UNSEEN_MOST:
        broken.append(f"pairs of state and event never seen: {', '.join(map('+'.join, missed))}")

    _print("golden traces", [])
    if golden_command.main([]) != 0:
        broken.append("golden traces: see above")

    found = detection.measure(range(1, 1 + detection.SEEDS), min(options.jobs, detection.SEEDS))
    _print("detection", detection.lines(found))
    broken += exceeded(found)

    seconds = (clock.monotonic_us() - began_us) / 1e6
    size = (
        f"{report.conversations} conversations, {report.events} events; golden traces; {len(found)} detection figures"
    )
    verdict = f"{len(broken)} broken" if broken else "all hold"
    _print("summary", [*broken, f"{verdict}: {size}; {seconds:.0f} s"])
    return 1 if broken else 0


def _print(title: str, lines: Sequence[str]) -> None:
    sys.stdout.write("\n".join([f"== {title}", *lines]) + "\n")
    sys.stdout.flush()
