"""A process whose caller says "stop calling me", to be killed by tests: ``python -m tests.stopped_process DSN FOLDER``.

Prints ``ready``, and the execution's id the moment the words were noticed, before anything of the end is written.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.call_world import call_world

SCENARIO: dict[str, Any] = {
    "default": "angry",
    "personas": {
        "angry": {
            "answer": {"how": "answer", "after_s": 0.1},
            "think_ms": 200,
            "rules": [{"say": "Stop calling me."}],
            "patience_s": 0,
        }
    },
}


async def main(dsn: str, folder: Path) -> None:
    """Call somebody who wants no calls, and wait to be killed."""
    async with call_world(dsn, folder, scenario=SCENARIO) as world:
        execution_id = await world.place()
        sys.stdout.write("ready\n")
        sys.stdout.flush()

        def tell(seq: int, at_us: int, section: str, direction: str, name: str, values: Mapping[str, Any]) -> None:
            if name == "PlayoutStarted" and noticed:
                sys.stdout.write(f"{execution_id}\n")
                sys.stdout.flush()
            if name == "OptedOut":
                noticed.append(at_us)

        noticed: list[int] = []
        world.runtime.live.listen(execution_id, tell)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
