"""Events per second of the conversation core alone, invariants on: `python bench/core_bench.py [--conversations N]`.

The events are those of simulated conversations, made beforehand; only `Conversation.step` is timed. Prints the median of five rounds.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import time
from collections.abc import Sequence

from callwright.conversation.core import Conversation
from callwright.conversation.events import Event
from callwright.simulation.conversations import converse

ROUNDS = 5


def events_per_second(conversations: Sequence[Sequence[Event]]) -> float:
    """One round over all conversations, a fresh core for each."""
    gc.collect()
    began = time.perf_counter()
    for events in conversations:
        step = Conversation().step
        for event in events:
            step(event)
    return sum(map(len, conversations)) / (time.perf_counter() - began)


def main(argv: Sequence[str] | None = None) -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    seeds = range(options.seed, options.seed + options.conversations)
    conversations = [converse(seed).inputs() for seed in seeds]
    rates = [events_per_second(conversations) for _ in range(ROUNDS)]
    print(
        json.dumps(
            {
                "bench": "core",
                "conversations": options.conversations,
                "events": sum(map(len, conversations)),
                "events_per_second": round(statistics.median(rates)),
                "worst_round": round(min(rates)),
                "target": 60_000,
            }
        )
    )


if __name__ == "__main__":
    main()
