"""A websocket in memory: a page and a carrier talk over it without a server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any


class PageSocket:
    """``ports.door.DoorSocket``, with the hands of the page that holds its other end."""

    def __init__(self) -> None:
        self.far_code = 0
        self.closed_with: int | None = None
        self.sent: list[str | bytes] = []
        self._came: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self._listener: Callable[[str | bytes], None] | None = None

    # -- the page --------------------------------------------------------------------------------------------------------------

    @property
    def told(self) -> list[dict[str, Any]]:
        """The control messages that came to the page."""
        return [json.loads(one) for one in self.sent if isinstance(one, str)]

    @property
    def frames(self) -> list[bytes]:
        """The agent's frames that came to the page."""
        return [one for one in self.sent if isinstance(one, bytes)]

    def kinds(self) -> list[str]:
        """What the control messages were."""
        return [str(one["type"]) for one in self.told]

    def say(self, message: str | bytes | Mapping[str, Any]) -> None:
        """The page sends a message."""
        given = json.dumps(message) if isinstance(message, Mapping) else message
        if self.closed_with is None:
            if self._listener is not None:
                self._listener(given)
            else:
                self._came.put_nowait(given)

    def leave(self, code: int = 0) -> None:
        """The page closes, or with 0 its connection breaks off."""
        self.far_code = code
        self._came.put_nowait(None)

    # -- ports.door.DoorSocket -------------------------------------------------------------------------------------------------

    def listen(self, on_message: Callable[[str | bytes], None]) -> None:
        """See the port."""
        self._listener = on_message

    async def receive(self) -> str | bytes | None:
        """See the port."""
        return None if self.closed_with is not None else await self._came.get()

    def send(self, *messages: str | bytes) -> None:
        """See the port."""
        if self.closed_with is None:
            self.sent.extend(messages)

    def end(self, code: int = 1000) -> None:
        """See the port."""
        if self.closed_with is None:
            self.closed_with = code
            self._came.put_nowait(None)

    async def close(self, code: int = 1000) -> None:
        """See the port."""
        self.end(code)
