"""Events per second of the conversation core alone, invariants on: `python -m bench.core_bench [--conversations N]`.

The events are those of simulated conversations, made beforehand; only `Conversation.step` is timed, in processor time: a busy machine does
not count. Prints the median of five rounds, and how many turns of a plain loop of Python one event costs on this machine.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import sys
import time
from collections.abc import Sequence

from proof.conversations import converse

from callwright.conversation.core import Conversation
from callwright.conversation.events import Event

ROUNDS = 5
LOOPS = 2_000_000
TARGET = 60_000


def events_per_second(conversations: Sequence[Sequence[Event]]) -> float:
    """One round over all conversations, a fresh core for each."""
    gc.collect()
    began = time.process_time()
    for events in conversations:
        step = Conversation().step
        for event in events:
            step(event)
    return sum(map(len, conversations)) / (time.process_time() - began)


def loops_per_second() -> float:
    """The baseline: a plain loop that adds up what it takes out of a dictionary."""
    table, total = dict.fromkeys(range(64), 1), 0
    began = time.process_time()
    for turn in range(LOOPS):
        total += table[turn & 63]
    return LOOPS / (time.process_time() - began)


def main(argv: Sequence[str] | None = None) -> int:
    """Print one JSON object; 0 when the median meets its target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    seeds = range(options.seed, options.seed + options.conversations)
    conversations = [converse(seed).inputs() for seed in seeds]
    rates = [events_per_second(conversations) for _ in range(ROUNDS)]
    median = statistics.median(rates)
    print(
        json.dumps(
            {
                "bench": "core",
                "conversations": options.conversations,
                "events": sum(map(len, conversations)),
                "events_per_second": round(median),
                "worst_round": round(min(rates)),
                "loops_per_event": round(loops_per_second() / median),
                "target": TARGET,
            }
        )
    )
    return int(median < TARGET)


if __name__ == "__main__":
    sys.exit(main())
