"""Master keys, which wrap the tenants' data keys: from the setting, else a file only its owner can read in the data folder.

There may be several: the first is the present one and wraps, all of them open. That is what a rotation needs until every data key is
wrapped anew. The file is read whenever a key is needed, so a rotation is known to every process of the data folder at once.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from pathlib import Path

from callwright.domain.errors import ConfigurationError, VaultLockedError
from callwright.ops.ids import RandomIds
from callwright.ops.secret import fingerprint

MASTER_KEY_FILE = "master-key"
VARIABLE = "CALLWRIGHT_MASTER_KEY"
_KEY_BYTES = 32
_HEX = re.compile(r"[0-9a-fA-F]{64}")


class MasterKeys:
    """The master keys of one installation."""

    def __init__(self, configured: str, data_folder: Path) -> None:
        """``configured``: the setting, several keys by commas, or nothing for the file. Raises ConfigurationError."""
        given = configured.split(",") if configured.strip() else ()
        self._configured = tuple(_decode(text.strip(), VARIABLE) for text in given)
        self._path = data_folder / MASTER_KEY_FILE

    @property
    def from_file(self) -> bool:
        """Whether the keys are those of the file, which :meth:`begin_rotation` may change."""
        return not self._configured

    def all(self) -> list[bytes]:
        """Every key, the present one first; empty when there is none yet. Raises ConfigurationError for a file that is damaged or that
        others can read."""
        if self._configured:
            return list(self._configured)
        try:
            text = self._path.read_text()
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{self._path} cannot be read: {type(error).__name__}") from None
        if self._path.stat().st_mode & 0o077:
            raise ConfigurationError(f"{self._path} can be read by others; run chmod 600 on it")
        keys = [_decode(line, str(self._path)) for line in text.split()]
        if not keys:
            raise ConfigurationError(f"{self._path} is empty; put the master key back")
        return keys

    def named(self, name: str) -> bytes:
        """The key with that fingerprint. Raises VaultLockedError saying which one is needed and what there is."""
        keys = self.all()
        for key in keys:
            if fingerprint(key) == name:
                return key
        where = str(self._path) if self.from_file else VARIABLE
        there = f"{where} holds {', '.join(map(fingerprint, keys))}" if keys else f"there is no {where}"
        raise VaultLockedError(
            f"the provider keys are sealed under the master key {name}, but {there}; put that master key back. Nothing was changed"
        )

    def present(self) -> bytes | None:
        """The key that wraps, or None when there is none yet."""
        keys = self.all()
        return keys[0] if keys else None

    def make_first(self) -> None:
        """Make the first key and write it to the file, unless another process was first."""
        self._write([_fresh()], new=True)

    def begin_rotation(self) -> None:
        """Put a fresh key before those of the file."""
        self._write([_fresh(), *self.all()])

    def end_rotation(self, in_use: Collection[str]) -> None:
        """Keep only the present key and those, by their fingerprints, that still wrap something."""
        present, *former = self.all()
        self._write([present, *(key for key in former if fingerprint(key) in in_use)])

    def _write(self, keys: list[bytes], *, new: bool = False) -> None:
        """The file, complete or not at all, and on the disk before this returns: a data key must never be older than its master key."""
        draft = self._path.with_name(f".{MASTER_KEY_FILE}.{os.getpid()}")
        draft.unlink(missing_ok=True)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w") as file:
            file.write("".join(f"{key.hex()}\n" for key in keys))
            file.flush()
            os.fsync(file.fileno())
        try:
            if new:
                # Fails where another process was first; its key is as good, and the next try finds it.
                os.link(draft, self._path)
            else:
                draft.replace(self._path)
        except FileExistsError:
            pass
        finally:
            draft.unlink(missing_ok=True)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _fresh() -> bytes:
    return bytes.fromhex(RandomIds().token(_KEY_BYTES))


def _decode(text: str, where: str) -> bytes:
    if not _HEX.fullmatch(text):
        raise ConfigurationError(
            f"{where}: a master key is 64 hexadecimal digits; make one with `openssl rand -hex 32`"
        )
    return bytes.fromhex(text)
