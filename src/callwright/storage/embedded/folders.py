"""The folders of the embedded server: its home in the data folder, its cluster, and the short run folder for its socket."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from callwright.domain.errors import ConfigurationError
from callwright.domain.limits import MAX_SOCKET_PATH_BYTES
from callwright.storage.embedded.server_user import ServerUser

SOCKET_NAME = ".s.PGSQL.5432"
ELSEWHERE = Path("/var/lib/callwright")


@dataclass(frozen=True)
class Home:
    """``<data folder>/postgres``: locks and server log of every process that uses the server, and normally the cluster."""

    folder: Path

    @property
    def gate(self) -> Path:
        """Locked while somebody decides on start or stop."""
        return self.folder / "gate.lock"

    @property
    def use(self) -> Path:
        """Locked shared by every process that uses the server."""
        return self.folder / "use.lock"

    @property
    def server(self) -> Path:
        """Locked by the server itself: every process of it inherits the lock, so the kernel says whether one is alive."""
        return self.folder / "server.lock"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.folder / "server.log"

    @property
    def _pointer(self) -> Path:
        return self.folder / "location"

    @property
    def tag(self) -> str:
        """A short name of this home, the same for every process."""
        return hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]

    def state(self) -> Path:
        """The folder with the cluster: this one, or the one it was made in because the server's user cannot enter this one.

        Raises ``ConfigurationError`` if that other one is gone: a new empty database must not take its place unnoticed.
        """
        try:
            state = Path(self._pointer.read_text(encoding="utf-8").strip())
        except FileNotFoundError:
            return self.folder
        if not state.is_dir():
            raise ConfigurationError(
                f"The database of {self.folder.parent} was in {state}, which is gone: put it back, or restore a backup "
                "into a new data folder."
            )
        return state

    def remember_state(self, state: Path) -> None:
        """Say where the cluster is, once it is complete."""
        if state != self.folder:
            unfinished = self._pointer.with_name("location.new")
            unfinished.write_text(f"{state}\n", encoding="utf-8")
            unfinished.rename(self._pointer)

    def new_state(self, elsewhere: Path) -> Path:
        """A new folder under ``elsewhere`` for the cluster. One from earlier is never reused: it belongs to a data folder that was
        deleted."""
        elsewhere.mkdir(mode=0o755, parents=True, exist_ok=True)
        number = 0
        while True:
            folder = elsewhere / (self.tag if number == 0 else f"{self.tag}-{number}")
            try:
                folder.mkdir()
            except FileExistsError:
                number += 1
                continue
            folder.chmod(0o711)
            return folder


def make_private(folder: Path, user: ServerUser, mode: int = 0o700) -> None:
    """Make ``folder`` for ``user`` if it is missing; one that exists is left as it is."""
    try:
        folder.mkdir(mode=mode)
    except FileExistsError:
        return
    if user.uid != os.geteuid():
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            os.fchown(descriptor, user.uid, user.gid)
        finally:
            os.close(descriptor)


def _is_private(folder: Path, user: ServerUser) -> bool:
    # lstat: a link that somebody else laid in /tmp must not lead the socket into his folder.
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == user.uid and stat.S_IMODE(found.st_mode) & 0o077 == 0


def _usable(folder: Path, user: ServerUser) -> bool:
    """Make ``folder`` if needed; whether it is a real folder of ``user`` that nobody else can enter."""
    try:
        make_private(folder, user)
    except OSError:
        return False
    return _is_private(folder, user)


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / SOCKET_NAME)) <= MAX_SOCKET_PATH_BYTES


def open_run_folder(asked: Path | None, user: ServerUser, tag: str) -> Path:
    """The folder of the server's socket: short, of the server's user, closed to everybody else.

    ``/tmp`` comes before ``$XDG_RUNTIME_DIR``, because the latter is removed when a user's last session ends while
    a server started under nohup or tmux goes on. Raises ``ConfigurationError`` if no place is safe and short enough.
    """
    if asked is not None:
        if "," in str(asked):
            raise ConfigurationError(
                f"The run folder {asked} has a comma, which separates hosts in a database address: name another one."
            )
        folder = Path(os.path.abspath(asked)) / tag
        if not _fits(folder):
            raise ConfigurationError(
                f"The run folder {asked} is too long: a socket path has at most {MAX_SOCKET_PATH_BYTES} bytes. Name a shorter one."
            )
        folder.parent.mkdir(mode=0o711 if user.switches else 0o700, parents=True, exist_ok=True)
        if _usable(folder, user):
            return folder
        raise ConfigurationError(
            f"{folder} is not a private folder of {user.description}: remove it or name another run folder."
        )
    bases = [Path(f"/tmp/callwright-{user.uid}")]
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        bases.append(Path(runtime) / "callwright")
    for base in bases:
        if _fits(base / tag) and _usable(base, user) and _usable(base / tag, user):
            return base / tag
    raise ConfigurationError(
        f"None of {', '.join(map(str, bases))} can be a private folder of {user.description} for the database socket: "
        "name a run folder that can."
    )


def clear_run_folder(folder: Path) -> None:
    """Remove what a killed server left, when none is alive: PostgreSQL takes a zombie's lock file for a live server's."""
    for name in (SOCKET_NAME, f"{SOCKET_NAME}.lock"):
        (folder / name).unlink(missing_ok=True)


def remove_run_folder(folder: Path | None, tag: str) -> None:
    """Take the empty run folder of a stopped server away, if it is one of ours."""
    if folder is not None and folder.name == tag:
        with contextlib.suppress(OSError):
            folder.rmdir()
