"""A process that releases batches and runs their calls, to be killed by tests: ``python -m tests.batch_process DSN FOLDER``.

Prints ``ready`` and runs until killed.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.call_world import call_world

from callwright.campaigns.release import Release
from callwright.outbox.publication import BatchWebhookPublisher


async def main(dsn: str, folder: Path) -> None:
    """Release and run calls for ever."""
    async with call_world(dsn, folder) as world:
        told = BatchWebhookPublisher(world.ids.uuid, world.clock.now)
        release = Release(world.ledger, world.clock, world.publisher, told, "+15550100")
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await release.forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
