"""``callwright restore FILE``: bring a backup back into an empty data folder."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from callwright.domain.errors import ConfigurationError
from callwright.ops.secret import ServerSecrets, fingerprint
from callwright.ops.settings import load_settings
from callwright.storage.backup import restore


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("file", type=Path, help="a file written by `callwright backup`")
    parser.add_argument("--data", type=Path, help="new data folder (CALLWRIGHT_DATA)")


def run(arguments: argparse.Namespace) -> int:
    """Restore and say what was restored; warns when API keys will not work with the secret in use."""
    settings = load_settings(os.environ, data=arguments.data)
    manifest = restore(arguments.file, settings.data.resolve(), dsn=settings.database_url or None)
    print(f"{settings.data}: {len(manifest.members)} members restored")
    try:
        secrets = ServerSecrets(settings.secret, settings.data.resolve()).all()
    except ConfigurationError as error:
        print(f"callwright: {error.message}", file=sys.stderr)
        return 1
    if manifest.secret_fingerprint not in (None, *map(fingerprint, secrets)):
        print(
            "The server's secret is another one: API keys and recording links of the backup will be refused. "
            "Set CALLWRIGHT_SECRET to the old secret, or make new keys.",
            file=sys.stderr,
        )
    return 0
