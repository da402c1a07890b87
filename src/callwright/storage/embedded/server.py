"""The server of one home: started as nobody's child, waited for, adopted, stopped. Its caller holds the gate.

The server holds a lock of its own. The starter opens it and every process of the server inherits it, so "is any process of it alive" is
answered by the kernel: also for a zombie, a reused process id, a stale ``postmaster.pid``, another pid namespace, or back ends that
outlived their postmaster. Nothing is ever started while it is held.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGQUIT

from callwright.domain.errors import ConfigurationError, UnavailableError
from callwright.domain.limits import MAX_SERVER_LOG_BYTES
from callwright.storage.embedded.cluster import (
    PID_FILE,
    ServerNote,
    answers,
    is_postmaster,
    leftover_processes,
    read_note,
    reap,
    send_signal,
)
from callwright.storage.embedded.folders import SOCKET_NAME, Home, clear_run_folder, open_run_folder, remove_run_folder
from callwright.storage.embedded.locks import FileLock, is_locked
from callwright.storage.embedded.place import ServerPlacement, prepare_cluster
from callwright.storage.embedded.server_user import ServerUser

POLL_SECONDS = 0.01
START_LIMIT_SECONDS = 300
"""Crash recovery replays at most about 1 GB of log; slow disks need minutes."""
FAST_STOP_LIMIT_SECONDS = 30
IMMEDIATE_STOP_LIMIT_SECONDS = 10
UNREACHABLE_LIMIT_SECONDS = 3
LEFTOVER_LIMIT_SECONDS = 10
UNSEEN_LIMIT_SECONDS = 90
"""The programs of a killed starter that still make the cluster are waited for; they take seconds."""
PROBE_LIMIT_SECONDS = 2
ERROR_LINES = 5

DEFAULT_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": "5432",
    "shared_buffers": "128MB",
    "max_connections": "100",
    "max_wal_size": "1GB",
    "fsync": "on",
    "synchronous_commit": "on",
    # It writes what commits did not write themselves, and here every commit does. The default wakes five times a second.
    "wal_writer_delay": "2s",
    "max_logical_replication_workers": "0",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # Statements and the values in error details are personal data (numbers, words); the log gets neither.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


class Server:
    """The server of ``home``. Except for ``pid`` and ``is_fine``, call its methods with the gate held."""

    def __init__(self, home: Home, run_folder: Path | None, placement: ServerPlacement) -> None:
        self._home = home
        self._run_folder = run_folder
        self._placement = placement

    def pid(self) -> int | None:
        """Process id of the live postmaster, or None."""
        cluster = self._home.state() / "cluster"
        note = read_note(cluster)
        return note.pid if note and is_locked(self._home.server) and is_postmaster(note.pid, cluster) else None

    def ensure(self) -> tuple[ServerNote, bool]:
        """A server that answers, joined, adopted or started; and whether it was started now."""
        self._trim_log()
        if is_locked(self._home.server):
            note = self._wait_until_ready()
            if note is not None:
                return note, False
        self._start_server()
        note = self._wait_until_ready()
        if note is None:
            raise UnavailableError(f"The embedded PostgreSQL ended at once. {self._log_tail()}")
        return note, True

    def stop(self) -> None:
        """Fast shutdown, then an immediate one; ``UnavailableError`` if neither ends it."""
        cluster = self._home.state() / "cluster"
        note = read_note(cluster)
        for number, limit_seconds in ((SIGINT, FAST_STOP_LIMIT_SECONDS), (SIGQUIT, IMMEDIATE_STOP_LIMIT_SECONDS)):
            if note and is_postmaster(note.pid, cluster):
                send_signal(note.pid, number)
            for _ in range(int(limit_seconds / POLL_SECONDS)):
                if not is_locked(self._home.server):
                    if note:
                        reap(note.pid)
                        remove_run_folder(note.socket_folder, self._home.tag)
                    return
                time.sleep(POLL_SECONDS)
        raise UnavailableError(f"The embedded PostgreSQL did not stop. {self._log_tail()}")

    def _wait_until_ready(self) -> ServerNote | None:
        """Wait while a server process lives: the note of one that answers, or None once every process of it is gone."""
        cluster = self._home.state() / "cluster"
        dead_seconds = unreachable_seconds = 0.0
        for _ in range(int(START_LIMIT_SECONDS / POLL_SECONDS)):
            note = read_note(cluster)
            if not is_locked(self._home.server):
                return None
            if note and note.socket_folder and note.status == "ready":
                if answers(note.socket_folder):
                    return note
                unreachable_seconds += POLL_SECONDS
            dead_seconds = 0.0 if note and is_postmaster(note.pid, cluster) else dead_seconds + POLL_SECONDS
            if dead_seconds > LEFTOVER_LIMIT_SECONDS and self._kill_leftovers():
                dead_seconds = 0.0
            elif dead_seconds > UNSEEN_LIMIT_SECONDS:
                raise UnavailableError(
                    f"{self._home.server} is held by a database process that cannot be seen from here: is the data folder in use by "
                    "another container? Stop that first."
                )
            elif note and unreachable_seconds > UNREACHABLE_LIMIT_SECONDS:
                self._replace_unreachable(note)
                return None
            time.sleep(POLL_SECONDS)
        raise UnavailableError(
            f"The embedded PostgreSQL was not ready after {START_LIMIT_SECONDS} s. {self._log_tail()}"
        )

    def _kill_leftovers(self) -> bool:
        """Back ends end with their postmaster, except one that is deep in a query and would block the restart as long; True if any."""
        leftovers = leftover_processes(self._home.tag)
        for pid in leftovers:
            send_signal(pid, SIGKILL)
        return bool(leftovers)

    def _replace_unreachable(self, note: ServerNote) -> None:
        """Stop a ready server whose socket was deleted (a cleaned /tmp). One whose socket is only out of our sight is left alone."""
        if Path(f"/proc/{note.pid}/root{note.socket_folder}/{SOCKET_NAME}").exists() or not is_postmaster(
            note.pid, self._home.state() / "cluster"
        ):
            raise UnavailableError(
                f"The running server's socket in {note.socket_folder} is out of sight from here (a private /tmp or another container): "
                "name a run folder that every Callwright process sees."
            )
        self.stop()

    def _start_server(self) -> None:
        """With no server process alive: start one, as nobody's child."""
        found = self._home.folder.stat()
        lock = FileLock(self._home.server, (found.st_uid, found.st_gid))
        try:
            lock.lock(limit_seconds=PROBE_LIMIT_SECONDS, holder="a database process that appeared just now")
            user, cluster, binaries = prepare_cluster(self._home, self._placement, lock.descriptor)
            self._clear_stale_note(cluster)
            run_folder = open_run_folder(self._run_folder, user, self._home.tag)
            clear_run_folder(run_folder)
            quoted = '"' + str(run_folder).replace('"', '""') + '"'
            own = {"unix_socket_directories": quoted, "cluster_name": self._home.tag}
            settings = {**DEFAULT_SETTINGS, **self._placement.settings, **own}
            options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
            self._launch(user, [str(binaries.program("postgres")), "-D", str(cluster), *options], lock.descriptor)
        finally:
            lock.close()

    def _launch(self, user: ServerUser, command: list[str], lock: int) -> None:
        log = os.open(self._home.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            if os.geteuid() == 0:
                found = self._home.folder.stat()
                os.fchown(log, found.st_uid, found.st_gid)
            # The shell leaves at once, so the server belongs to process 1 and never becomes a zombie of a starter that does not wait.
            subprocess.run(
                ["/bin/sh", "-c", '"$@" &', "sh", *user.prefix, *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(lock,),
                start_new_session=True,
                check=True,
                **user.start_options(),
            )
        finally:
            os.close(log)

    def _clear_stale_note(self, cluster: Path) -> None:
        """Remove a ``postmaster.pid`` nobody stands behind. PostgreSQL itself would take a zombie or a reused process id for a server."""
        note = read_note(cluster)
        if note and is_postmaster(note.pid, cluster):
            raise ConfigurationError(
                f"A PostgreSQL that Callwright did not start (process {note.pid}) uses {cluster}: stop it, then start Callwright again."
            )
        if note:
            reap(note.pid)
        (cluster / PID_FILE).unlink(missing_ok=True)

    def is_fine(self) -> bool:
        """Whether a process of the server is alive and its log within its size."""
        return is_locked(self._home.server) and self._log_fits()

    def _log_fits(self) -> bool:
        return not self._home.log.exists() or self._home.log.stat().st_size <= MAX_SERVER_LOG_BYTES

    def _trim_log(self) -> None:
        """Copy and truncate: the server has the file open for appending and goes on at its new end."""
        if self._log_fits():
            return
        with self._home.log.open("r+b") as log:
            log.seek(-MAX_SERVER_LOG_BYTES, os.SEEK_END)
            older = self._home.log.with_name("server.log.1")
            older.write_bytes(log.read(MAX_SERVER_LOG_BYTES))
            older.chmod(0o600)
            log.truncate(0)

    def _log_tail(self) -> str:
        try:
            lines = self._home.log.read_text(encoding="utf-8", errors="replace").splitlines()[-ERROR_LINES:]
        except OSError:
            lines = []
        return f"The end of {self._home.log}: {' / '.join(lines) or 'empty'}"
