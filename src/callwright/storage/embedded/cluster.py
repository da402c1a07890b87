"""The cluster on disk: making it, checking it, and reading what a running server wrote about itself."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import socket
from dataclasses import dataclass
from pathlib import Path

from callwright.domain.errors import ConfigurationError, UnavailableError
from callwright.storage.embedded.binaries import Binaries
from callwright.storage.embedded.folders import SOCKET_NAME, make_private
from callwright.storage.embedded.server_user import ServerUser

DATABASE = "callwright"
CONNECT_LIMIT_SECONDS = 2.0
PID_FILE = "postmaster.pid"
INITDB_OPTIONS = (
    *("-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-locale"),
    *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"),
)


@dataclass(frozen=True)
class ServerNote:
    """What ``postmaster.pid`` says: process id, socket folder and status (``starting``, ``ready``, ``stopping``)."""

    pid: int
    socket_folder: Path | None
    status: str


def read_note(cluster: Path) -> ServerNote | None:
    """The server's note, or None if there is none or it is half written."""
    try:
        lines = (cluster / PID_FILE).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return None
    if not lines or not lines[0].strip().isdigit():
        return None
    folder = lines[4].strip() if len(lines) > 4 else ""
    return ServerNote(int(lines[0]), Path(folder) if folder else None, lines[7].strip() if len(lines) > 7 else "")


def make_cluster(cluster: Path, binaries: Binaries, user: ServerUser, lock: int) -> None:
    """Make a new cluster with the database in it, all or nothing: built beside and renamed when it is complete.

    The programs inherit ``lock``, so that nobody begins anew while those of a killed starter still write.
    Raises ``UnavailableError`` with what they said if it cannot be made (no space, no shared memory).
    """
    unfinished = cluster.with_name(cluster.name + ".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    make_private(unfinished, user)
    postgres: list[str | Path] = [
        binaries.program("postgres"),
        "--single",
        "-D",
        unfinished,
        "-c",
        "log_checkpoints=off",
        "postgres",
    ]
    steps: list[tuple[list[str | Path], str]] = [
        ([binaries.program("initdb"), "-D", unfinished, *INITDB_OPTIONS], ""),
        (postgres, f"CREATE DATABASE {DATABASE}\n"),
    ]
    for command, text_in in steps:
        code, said = user.run(command, text_in=text_in, keep_open=(lock,))
        # Single-user mode ends with 0 whether or not the statement worked.
        if code != 0 or "ERROR:" in said or "FATAL:" in said:
            raise UnavailableError(f"The embedded database could not be made in {cluster.parent}: {_last_words(said)}")
    unfinished.rename(cluster)
    sync_folder(cluster.parent)


def _last_words(said: str) -> str:
    return " / ".join(line.strip() for line in said.strip().splitlines()[-3:])


def sync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check_version(cluster: Path, binaries: Binaries) -> None:
    """Raise ``ConfigurationError`` if ``cluster`` was made by another major version of PostgreSQL."""
    try:
        major = (cluster / "PG_VERSION").read_text(encoding="ascii").strip()
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"{cluster} is not a PostgreSQL data folder (PG_VERSION is missing): name another data folder or restore a backup."
        ) from error
    if major != binaries.major:
        raise ConfigurationError(
            f"The database in {cluster} was made by PostgreSQL {major}; this version of Callwright runs PostgreSQL {binaries.major}. "
            "Make a backup with the version that made it (`callwright backup`) and restore it into an empty data folder with this one "
            "(`callwright restore`). Nothing was changed."
        )


def _arguments(pid: int) -> list[str]:
    # /proc/<pid>/cmdline is readable for every user; it is empty for a zombie.
    try:
        return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes()).split("\0")
    except OSError:
        return []


def is_postmaster(pid: int, cluster: Path) -> bool:
    """Whether ``pid`` is a live postmaster of ``cluster``: not a zombie, and not another program that got the number."""
    arguments = _arguments(pid)
    if not arguments or Path(arguments[0]).name != "postgres":
        return False
    if any(first == "-D" and second == str(cluster) for first, second in itertools.pairwise(arguments)):
        return True
    try:
        # The server works inside its cluster, so this also holds after the folder was renamed.
        return Path(f"/proc/{pid}/cwd").samefile(cluster)
    except OSError:
        return False


def leftover_processes(tag: str) -> list[int]:
    """Processes of the server called ``tag`` that are not its postmaster (their title starts with the cluster's name)."""
    title = f"postgres: {tag}: "
    numbers = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in numbers if "".join(_arguments(pid)[:1]).startswith(title)]


def send_signal(pid: int, number: signal.Signals) -> None:
    """Signal a process that may be gone already."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def reap(pid: int) -> None:
    """Take away a dead child: as process 1 of a container we inherit a server that was started as nobody's child."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def answers(socket_folder: Path) -> bool:
    """Whether something accepts connections on the socket in ``socket_folder``."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(CONNECT_LIMIT_SECONDS)
        try:
            probe.connect(str(socket_folder / SOCKET_NAME))
        except OSError:
            return False
    return True
