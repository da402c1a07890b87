"""Fresh identifiers and secrets: the one place that draws randomness from the operating system."""

from __future__ import annotations

import secrets
import uuid


class RandomIds:
    """``ports.world.Ids`` on the operating system's random source."""

    def uuid(self) -> str:
        """A random UUID with hyphens."""
        return str(uuid.uuid4())

    def seed(self) -> int:
        """63 random bits."""
        return secrets.randbits(63)

    def token(self, length_bytes: int) -> str:
        """``length_bytes`` random bytes as lower-case hex."""
        return secrets.token_hex(length_bytes)
