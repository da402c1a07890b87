"""Advisory locks on files (flock): they go with the process that holds them, also when it is killed."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from pathlib import Path

from callwright.domain.errors import ConfigurationError, UnavailableError

GATE_POLL_SECONDS = 0.02


class FileLock:
    """One open file that can be locked. Two instances exclude each other, also inside one process."""

    def __init__(self, path: Path, owner: tuple[int, int]) -> None:
        """Open ``path``, creating it with mode 0600 for ``owner`` (user and group id) if this process may give files away."""
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        if os.geteuid() == 0:
            os.fchown(self._file, *owner)

    @property
    def descriptor(self) -> int:
        """The file descriptor; a child that inherits it keeps the lock alive."""
        return self._file

    def try_lock(self, *, shared: bool = False) -> bool:
        """Take the lock if it is free; never waits."""
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(self._file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno in (errno.ENOLCK, errno.EOPNOTSUPP):
                raise ConfigurationError(
                    f"The file system of {self._path.parent} has no file locks: put the data folder on a local disk."
                ) from error
            raise
        return True

    def lock(self, *, limit_seconds: float, holder: str) -> None:
        """Wait for the exclusive lock at most ``limit_seconds``; ``holder`` says in the error who may have it."""
        for _ in range(int(limit_seconds / GATE_POLL_SECONDS)):
            if self.try_lock():
                return
            time.sleep(GATE_POLL_SECONDS)
        raise UnavailableError(
            f"{self._path} stayed locked for {limit_seconds:.0f} s by {holder}; see the server log beside it."
        )

    def close(self) -> None:
        """Close the file; the lock ends unless a child inherited it."""
        os.close(self._file)

    def unlock_and_close(self) -> None:
        """End the lock even if a forked child still has the descriptor."""
        fcntl.flock(self._file, fcntl.LOCK_UN)
        os.close(self._file)


def is_locked(path: Path) -> bool:
    """Whether any process holds ``path`` exclusively; a missing file is not locked.

    The question itself takes the lock shared for an instant, so whoever wants it exclusively must be ready to wait for that.
    """
    try:
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False
