"""The server's secret: from the setting, else a file only its owner can read in the data folder, made on first use."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import time
from pathlib import Path

from callwright.domain.errors import ConfigurationError
from callwright.ops.ids import RandomIds

SECRET_FILE = "secret"
SECRET_BYTES = 32
WRITTEN_WITHIN_MS = 2_000
_HEX = re.compile(r"[0-9a-fA-F]{64,}")


def load_secret(configured: str, data_folder: Path) -> bytes:
    """The secret (32 bytes or more). Raises ConfigurationError when it is not hex, too short, or its file is readable by others."""
    if configured:
        return _decode(configured, "CALLWRIGHT_SECRET")
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
        return _decode(text, str(path))
    with os.fdopen(descriptor, "w") as file:
        file.write(RandomIds().token(SECRET_BYTES))
        file.flush()
        os.fsync(descriptor)
    return _decode(path.read_text(), str(path))


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
