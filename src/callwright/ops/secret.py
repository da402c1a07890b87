"""The server's secrets: from the setting, else a file only its owner can read in the data folder, made on first use.

The first is the present one: it makes what is new. Former ones still check what they made. The file is read again when it has changed, so
every process of the data folder knows of a rotation at once.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import re
import time
from pathlib import Path

from callwright.domain.errors import ConfigurationError
from callwright.ops.ids import RandomIds

_LOG = logging.getLogger(__name__)

SECRET_FILE = "secret"
SECRET_BYTES = 32
WRITTEN_WITHIN_MS = 2_000
_HEX = re.compile(r"[0-9a-fA-F]{64,}")


class ServerSecrets:
    """The secrets of one installation (each 32 bytes or more)."""

    def __init__(self, configured: str, data_folder: Path) -> None:
        """``configured``: the setting, several secrets separated by commas, or nothing for the file. Raises ConfigurationError when one is
        not hex, too short, or the file is readable by others."""
        self._path = data_folder / SECRET_FILE
        self.from_file = not configured
        self._known = _load_all(configured, data_folder)
        self._derived: dict[str, tuple[tuple[bytes, ...], tuple[bytes, ...]]] = {}
        self._seen: tuple[int, int] | None = None
        self._seen = self._stamp()

    def all(self) -> tuple[bytes, ...]:
        """Every secret, the present one first. Those read last are good while the file cannot be read."""
        stamp = self._stamp()
        if stamp != self._seen:
            try:
                self._known = _load_all("", self._path.parent)
            except ConfigurationError as error:
                _LOG.error("the server's secret stays as it was: %s", error.message)
            self._seen = stamp
        return self._known

    def derived(self, purpose: str) -> tuple[bytes, ...]:
        """A key for one purpose of each secret, in their order."""
        secrets = self.all()
        # Kept, because each request with an API key needs them.
        made_of, keys = self._derived.get(purpose, ((), ()))
        if made_of is not secrets:
            keys = tuple(derive(secret, purpose) for secret in secrets)
            self._derived[purpose] = secrets, keys
        return keys

    def begin_rotation(self) -> None:
        """Put a fresh secret before those of the file."""
        self._write([bytes.fromhex(RandomIds().token(SECRET_BYTES)), *self.all()])

    def end_rotation(self) -> int:
        """Keep the present secret alone; returns how many former ones are gone."""
        present, *former = self.all()
        self._write([present])
        return len(former)

    def _stamp(self) -> tuple[int, int] | None:
        if not self.from_file:
            return None
        try:
            found = self._path.stat()
        except OSError:
            return self._seen
        return found.st_mtime_ns, found.st_ino

    def _write(self, secrets: list[bytes]) -> None:
        """The file, complete or not at all."""
        draft = self._path.with_name(f".{SECRET_FILE}.{os.getpid()}")
        draft.unlink(missing_ok=True)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write("".join(f"{secret.hex()}\n" for secret in secrets))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)


def _load_all(configured: str, data_folder: Path) -> tuple[bytes, ...]:
    if configured:
        return tuple(_decode(text, "CALLWRIGHT_SECRET") for text in configured.split(","))
    path = data_folder / SECRET_FILE
    try:
        # Only one process can make the file; O_EXCL also refuses a link somebody laid there.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        try:
            if path.stat().st_mode & 0o077:
                raise ConfigurationError(f"{path} can be read by others; run chmod 600 on it") from None
            text = _read_when_written(path)
        except OSError as error:
            raise ConfigurationError(f"{path} cannot be read: {error.strerror}; is it another user's?") from error
        return tuple(_decode(line, str(path)) for line in text.split() or [""])
    with os.fdopen(descriptor, "w") as file:
        file.write(RandomIds().token(SECRET_BYTES))
        file.flush()
        os.fsync(descriptor)
    return (_decode(path.read_text(), str(path)),)


def _read_when_written(path: Path) -> str:
    """The file's text; another process may have made it a moment ago and not have written all of it yet."""
    for _ in range(WRITTEN_WITHIN_MS // 10):
        text = path.read_text().strip()
        if len(text) >= 2 * SECRET_BYTES:
            return text
        time.sleep(0.01)
    return path.read_text()


def _decode(text: str, where: str) -> bytes:
    text = text.strip()
    if not _HEX.fullmatch(text) or len(text) % 2:
        raise ConfigurationError(
            f"{where} must be at least 64 hexadecimal digits; make one with `openssl rand -hex 32`"
        )
    return bytes.fromhex(text)


def derive(secret: bytes, purpose: str) -> bytes:
    """A key of its own for each purpose, so that no two uses of the secret share one (HMAC-SHA256 of the purpose)."""
    return hmac.new(secret, purpose.encode(), hashlib.sha256).digest()


def fingerprint(secret: bytes) -> str:
    """A short public name of the secret, to notice that a database belongs to another one."""
    return derive(secret, "fingerprint").hex()[:16]
