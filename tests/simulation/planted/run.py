"""Plant each bug and let the simulation find it: `make test-planted`, or `python -m tests.simulation.planted.run [--only NAME ...]`.

Prints, for each bug, after how many conversations it was found and by which rule. Exit status 1 when fewer than LEAST_FOUND are found.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from proof.conversations import CHECK_REPLAY_EVERY, converse, describe, examine
from proof.shrink import shrink
from tests.simulation.planted.bugs import BUGS
from tests.simulation.planted.planting import Bug, planted

MOST = 100_000
LEAST_FOUND = 0.95


@dataclass(frozen=True, slots=True)
class Found:
    """How a planted bug was found: ``conversations`` 0 when it was not. ``events``: the shrunk trace, one line each."""

    name: str
    conversations: int
    rule: str
    events: tuple[str, ...] = ()


def find(bug: Bug, most: int, shrunk: bool = False, first_seed: int = 1) -> Found:
    """Conversations from ``first_seed`` on, with the bug planted, until one breaks a rule."""
    for number in range(1, most + 1):
        seed = first_seed + number - 1
        whole = seed % CHECK_REPLAY_EVERY == 0
        with planted(bug.patches):
            trace = converse(seed)
            rule = examine(trace, whole)
            events = tuple(map(describe, shrink(trace, rule))) if rule and shrunk else ()
        # A seed that breaks a rule without the bug as well says nothing of the bug.
        if rule and not (bug.patches and examine(converse(seed), whole)):
            return Found(bug.name, number, rule, events)
    return Found(bug.name, 0, "")


def _find(task: tuple[Bug, int, bool, int]) -> Found:
    return find(*task)


def main(argv: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=MOST, help="conversations after which a bug counts as not found")
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--only", nargs="*", help="names of the bugs to plant")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--shrink", action="store_true", help="also print the fewest events that show each bug")
    options = parser.parse_args(argv)
    bugs = [bug for bug in BUGS if not options.only or bug.name in options.only]
    tasks = [(bug, options.most, options.shrink, options.seed) for bug in bugs]
    results: list[Found] = []
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        for found in pool.map(_find, tasks):
            results.append(found)
            _show(f"{found.conversations or 'NOT FOUND':>9}  {found.name:<40} {found.rule[:120]}")
            for event in found.events:
                _show(f"{'':>11}{event}")
    return _sum_up(results, options.most)


def _show(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _sum_up(results: Sequence[Found], most: int) -> int:
    after = [found.conversations for found in results if found.conversations]
    line = f"found {len(after)} of {len(results)} within {most} conversations"
    if after:
        line += f"; median after {statistics.median(after):.0f}, the slowest after {max(after)}"
    lengths = [len(found.events) for found in results if found.events]
    if lengths:
        line += f"; shrunk to {statistics.median(lengths):.0f} events (median), at most {max(lengths)}"
    _show(line)
    return 0 if len(after) >= LEAST_FOUND * len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
