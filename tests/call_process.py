"""A process that runs calls, to be killed by tests: ``python -m tests.call_process DSN FOLDER``. Prints ``ready`` and runs until killed."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.call_world import call_world


async def main(dsn: str, folder: Path) -> None:
    """Run calls for ever."""
    async with call_world(dsn, folder):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
