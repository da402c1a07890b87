"""Ports of time, identity and files that use cases receive instead of reaching for them."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Time. ``now`` is for the record (aware UTC), ``monotonic_us`` for measuring (microseconds, never goes back)."""

    def now(self) -> datetime:
        """Wall clock, aware UTC."""
        ...

    def monotonic_us(self) -> int:
        """Monotonic microseconds since an arbitrary origin."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""


class Ids(Protocol):
    """Fresh identifiers and secrets."""

    def uuid(self) -> str:
        """A random UUID with hyphens."""
        ...

    def seed(self) -> int:
        """63 random bits."""
        ...

    def token(self, length_bytes: int) -> str:
        """``length_bytes`` random bytes as lower-case hex."""
        ...


class Recordings(Protocol):
    """Where recordings live."""

    def write(self, execution_id: str, name: str, data: bytes) -> None:
        """Store a finished file (``call.wav``, ``transfer.wav``) atomically. Blocking: call it in a thread."""

    def new_path(self, execution_id: str, name: str) -> str:
        """Where somebody may make a file of the execution. Its folder is there."""
        ...

    def path(self, execution_id: str, name: str) -> str | None:
        """The file's path, or None when there is none."""
        ...

    def delete(self, execution_id: str) -> None:
        """Remove all files of an execution. Raises OSError for those that cannot be removed."""
