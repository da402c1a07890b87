"""Writes tests/releases/VERSION.sql, a database as this version leaves it: `make release-database`.

It starts a server on an empty folder, completes one call with scripted speech, and dumps the database as SQL. The upgrade test
(`tests/acceptance/test_upgrade.py`) loads every such file and reads the call with today's code. Keep the files of earlier releases.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import trial_call
from callwright import __version__
from callwright.storage.embedded import EmbeddedPostgres, installed_binaries

RELEASES = Path(__file__).resolve().parents[1] / "tests/releases"


def main() -> int:
    """Write the file of this version; 0."""
    callwright = str(Path(sys.executable).parent / "callwright")
    with tempfile.TemporaryDirectory(prefix="callwright-release-") as folder:
        with trial_call.serving(callwright, Path(folder)) as (url, key):
            trial_call.place(url, key)
        database = EmbeddedPostgres(Path(folder) / "data")
        dsn = database.acquire()
        try:
            dumped = dump(dsn)
        finally:
            database.release()
    RELEASES.mkdir(exist_ok=True)
    target = RELEASES / f"{__version__}.sql"
    target.write_text(dumped)
    print(target.relative_to(RELEASES.parents[1]))
    return 0


def dump(dsn: str) -> str:
    """A database as statements that any client can send, without the commands of psql."""
    program = str(installed_binaries().program("pg_dump"))
    command = [program, "--no-owner", "--no-privileges", "--no-comments", "--inserts", f"--dbname={dsn}"]
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return "\n".join(line for line in text.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))) + "\n"


if __name__ == "__main__":
    sys.exit(main())
