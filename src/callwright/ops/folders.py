"""The data folder and what lies in it."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from callwright.domain.errors import ConfigurationError


class DataFolder:
    """The folder of ``CALLWRIGHT_DATA``: made with mode 0700 on first use."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()

    def prepare(self) -> None:
        """Make the folder and its parts. Raises ConfigurationError for a folder that cannot be made or written."""
        parts = (self.path, self.live, self.recordings)
        try:
            for folder in parts:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            why = "is a file" if isinstance(error, FileExistsError) else f"cannot be made ({error.strerror})"
            raise _unusable(self.path, f"{error.filename} {why}") from error
        for folder in parts:
            if not os.access(folder, os.W_OK | os.X_OK):
                raise _unusable(self.path, f"{folder} cannot be written")

    @property
    def live(self) -> Path:
        """Logs and raw audio of calls in progress."""
        return self.path / "live"

    @property
    def recordings(self) -> Path:
        """Finished recordings, a folder per execution."""
        return self.path / "recordings"


def _unusable(path: Path, why: str) -> ConfigurationError:
    return ConfigurationError(f"CALLWRIGHT_DATA: {path} cannot be the data folder: {why}")


class RecordingFiles:
    """``ports.world.Recordings`` as files under the data folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, execution_id: str, name: str, data: bytes) -> None:
        """Store a finished file atomically, mode 0600: written beside its place, then renamed."""
        place = self._folder / execution_id
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = place / f".{name}.{os.getpid()}"
        # A draft that a dead process of the same number left keeps its mode when it is opened again.
        draft.unlink(missing_ok=True)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(data)
        draft.replace(place / name)

    def new_path(self, execution_id: str, name: str) -> str:
        """Where a file of the execution may be made. Its folder is there."""
        place = self._folder / execution_id
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        return str(place / name)

    def path(self, execution_id: str, name: str) -> str | None:
        """The file's path, or None when there is none."""
        path = self._folder / execution_id / name
        return str(path) if path.is_file() else None

    def delete(self, execution_id: str) -> None:
        """Remove all files of an execution; nothing happens when there are none."""
        folder = self._folder / execution_id
        while folder.exists():
            # Somebody else may be removing them too.
            with suppress(FileNotFoundError):
                shutil.rmtree(folder)
