"""The supervisor: several of our processes share one server; who needs it first starts it, who leaves last stops it.

Three locks, all flock, in ``<data folder>/postgres``:

* ``gate``: held only while somebody decides on start or stop;
* ``use``: held shared by every process that uses the server; who gets it exclusively is alone;
* ``server``: held by the server itself (see ``server``).

The server is nobody's child (it would die with its starter, or stay as a zombie of it) and outlives a starter that is killed: it is an
orphan then, which the next process adopts.
"""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from callwright.domain.errors import ConfigurationError, UnavailableError
from callwright.storage.embedded.cluster import DATABASE, ServerNote
from callwright.storage.embedded.folders import Home
from callwright.storage.embedded.locks import FileLock, is_locked
from callwright.storage.embedded.place import ServerPlacement
from callwright.storage.embedded.server import START_LIMIT_SECONDS, Server

GATE_LIMIT_SECONDS = START_LIMIT_SECONDS + 60


class EmbeddedPostgres:
    """This process's use of the embedded server of one data folder. Every method may be called from any thread; all of them block
    (the asynchronous context manager uses a thread)."""

    def __init__(
        self, data_folder: Path, run_folder: Path | None = None, placement: ServerPlacement | None = None
    ) -> None:
        """Nothing is opened or started here. ``run_folder`` holds the socket; None finds a short private one."""
        self._data_folder = Path(os.path.abspath(data_folder))
        self._home = Home(self._data_folder.resolve() / "postgres")
        self._server = Server(self._home, run_folder, placement or ServerPlacement())
        self._use: FileLock | None = None
        self._dsn = ""
        self._turn = threading.Lock()

    @property
    def server_log(self) -> Path:
        """The server's log; at ``MAX_SERVER_LOG_BYTES`` it moves to ``server.log.1``, which is the only older one."""
        return self._home.log

    @property
    def is_made(self) -> bool:
        """Whether the data folder has a database, or another process is making one. Raises ``ConfigurationError`` if it had one that is
        gone."""
        if not self._home.folder.is_dir():
            return False
        return (self._home.state() / "cluster").exists() or is_locked(self._home.gate)

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
                    note, _ = self._server.ensure()
                    self._dsn = _address(note)
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
            if self._use is None or self._server.is_fine():
                return False
            gate, _ = self._open_gate()
            try:
                note, started = self._server.ensure()
                self._dsn = _address(note)
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
                try:
                    # Our shared lock becomes exclusive only if nobody else holds one.
                    if use.try_lock():
                        self._server.stop()
                finally:
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
        return self._server.pid()

    def _open_gate(self) -> tuple[FileLock, tuple[int, int]]:
        home = self._home.folder
        try:
            self._data_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            home.mkdir(mode=0o711, exist_ok=True)
            found = home.stat()
            if os.geteuid() not in (0, found.st_uid):
                raise PermissionError(f"it belongs to user id {found.st_uid}")
            gate = FileLock(self._home.gate, (found.st_uid, found.st_gid))
        except OSError as error:
            raise ConfigurationError(
                f"{home} cannot be used by user id {os.geteuid()} ({error}): run Callwright as the owner of the data folder, "
                "or name another one."
            ) from error
        try:
            gate.lock(
                limit_seconds=GATE_LIMIT_SECONDS, holder="another Callwright process that starts or stops the database"
            )
        except BaseException:
            gate.close()
            raise
        return gate, (found.st_uid, found.st_gid)


def _address(note: ServerNote) -> str:
    # The port is named because libpq and asyncpg would otherwise take PGPORT.
    return f"postgresql://postgres@/{DATABASE}?host={quote(str(note.socket_folder))}&port=5432"
