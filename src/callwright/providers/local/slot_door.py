"""The way to the states of llama.cpp's slots, which its server offers only over HTTP.

The server listens on a unix socket that has no name any more: it is reached through a handle that was opened while it had one.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
from typing import Any, Protocol

_SECONDS = 60.0


class Slots(Protocol):
    """What holds prompts that were read, by number."""

    def last_used(self) -> int:
        """The idle slot that answered last. Raises LookupError when none has."""
        ...

    def save(self, slot: int, name: str) -> int:
        """Write a slot's state into the server's folder; returns its tokens. Raises OSError."""
        ...

    def restore(self, slot: int, name: str) -> int:
        """Replace a slot's state by a file's; returns its tokens. Raises OSError for a file the server does not take."""
        ...


class SlotDoor:
    """Saves and restores slots. ``path`` is the server's socket, which may be unlinked once this is made. Blocking."""

    def __init__(self, path: str, key: str) -> None:
        self._handle = os.open(path, os.O_PATH)
        self._key = key

    def last_used(self) -> int:
        """See ``Slots``."""
        slots = [slot for slot in self._ask("GET", "/slots") if "id_task" in slot and not slot["is_processing"]]
        return int(max(slots, key=lambda slot: int(slot["id_task"]))["id"]) if slots else _none()

    def save(self, slot: int, name: str) -> int:
        """See ``Slots``."""
        return int(self._ask("POST", f"/slots/{slot}?action=save", {"filename": name})["n_saved"])

    def restore(self, slot: int, name: str) -> int:
        """See ``Slots``."""
        return int(self._ask("POST", f"/slots/{slot}?action=restore", {"filename": name})["n_restored"])

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        connection = _Connection(self._handle)
        try:
            text = None if body is None else json.dumps(body)
            headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
            connection.request(method, path, text, headers)
            answer = connection.getresponse()
            data = answer.read()
        except http.client.HTTPException as error:
            raise OSError(f"{method} {path}: {error}") from error
        finally:
            connection.close()
        if answer.status != http.client.OK:
            raise OSError(f"{method} {path}: {data[:200].decode(errors='replace')}")
        return json.loads(data)


class _Connection(http.client.HTTPConnection):
    """To a socket by its handle."""

    def __init__(self, handle: int) -> None:
        super().__init__("localhost", timeout=_SECONDS)
        self._handle = handle

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(_SECONDS)
        self.sock.connect(f"/proc/self/fd/{self._handle}")


def _none() -> int:
    raise LookupError("no slot has answered yet")
