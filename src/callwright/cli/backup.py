"""``callwright backup FILE``: the embedded database and the recordings in one file."""

from __future__ import annotations

import argparse
import asyncio
import os
from pathlib import Path

from callwright.bootstrap.foundation import open_foundation
from callwright.ops.secret import fingerprint
from callwright.ops.settings import load_settings
from callwright.storage.backup import backup


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("file", type=Path, help="the new file to write")
    parser.add_argument("--data", type=Path, help="data folder (CALLWRIGHT_DATA)")
    parser.add_argument(
        "--with-secret",
        action="store_true",
        help="also save the server's secret and the master key: keep the file safe",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the backup while calls go on; prints what it holds."""
    return asyncio.run(_run(arguments))


async def _run(arguments: argparse.Namespace) -> int:
    async with open_foundation(load_settings(os.environ, data=arguments.data)) as foundation:
        manifest = await asyncio.to_thread(
            backup,
            foundation.dsn,
            foundation.folder.path,
            arguments.file,
            made_at=foundation.clock.now().isoformat(timespec="seconds"),
            secret_fingerprint=fingerprint(foundation.secrets.all()[0]),
            with_secret=arguments.with_secret,
        )
    print(f"{arguments.file}: {len(manifest.members)} members, verified by sha256 on restore")
    if arguments.with_secret and not manifest.has_secret:
        print("The secret is not in it: it comes from CALLWRIGHT_SECRET, keep that yourself.")
    return 0
