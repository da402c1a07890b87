"""The vendor's side of a media websocket, whatever its messages look like: a synthetic caller speaks and listens until it is over."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Protocol

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from callwright.ports.leg import LEG_FRAME_BYTES, SILENCE_FRAME
from callwright.telephony.loopback.far_end import FarEnd


class Wire(Protocol):
    """One vendor's messages. Sound is mu-law here."""

    def sound(self, mulaw: bytes, number: int) -> str | bytes | None:
        """20 ms of the caller; None where the vendor waits for more."""
        ...

    def played(self, name: str) -> str:
        """What was sent before a mark is played, or dropped."""
        ...

    def read(self, message: str | bytes) -> tuple[str, Any]:
        """What the platform sends: ``sound`` and mu-law, ``mark`` and its name, or ``clear``. Raises AssertionError for anything else."""
        ...


@dataclass
class Talk:
    """One stream. ``heard``: how many frames of the platform came, in which order its messages, and whether a message was none."""

    wire: Wire
    socket: ClientConnection
    far_end: FarEnd | None = None
    kinds: list[str] = field(default_factory=list)
    frames: int = 0

    async def run(self) -> None:
        """Until the socket is closed."""
        if self.far_end is not None:
            self.far_end.answered()
        speaking = asyncio.create_task(self._speak())
        marks: dict[str, asyncio.Task[None]] = {}
        try:
            async for message in self.socket:
                kind, what = self.wire.read(message)
                self.kinds.append(kind)
                if kind == "sound":
                    self._hear(what)
                elif kind == "clear":
                    if self.far_end is not None:
                        self.far_end.earpiece.clear()
                    for name, mark in list(marks.items()):
                        mark.cancel()
                        await self.socket.send(self.wire.played(name))
                    marks.clear()
                else:
                    marks[what] = asyncio.create_task(self._played(what, marks))
        finally:
            for task in (speaking, *marks.values()):
                task.cancel()
            if self.far_end is not None:
                await self.far_end.aclose()

    def _hear(self, mulaw: bytes) -> None:
        assert len(mulaw) % LEG_FRAME_BYTES == 0
        self.frames += len(mulaw) // LEG_FRAME_BYTES
        if self.far_end is not None:
            for at in range(0, len(mulaw), LEG_FRAME_BYTES):
                self.far_end.earpiece.write(mulaw[at : at + LEG_FRAME_BYTES])

    async def _speak(self) -> None:
        number, next_s = 0, asyncio.get_running_loop().time()
        while True:
            number += 1
            frame = self.far_end.tick()[0] if self.far_end is not None else None
            message = self.wire.sound(frame or SILENCE_FRAME, number)
            try:
                if message is not None:
                    await self.socket.send(message)
            except ConnectionClosed:
                return
            next_s += 0.02
            await asyncio.sleep(max(0.0, next_s - asyncio.get_running_loop().time()))

    async def _played(self, name: str, marks: dict[str, Any]) -> None:
        await asyncio.sleep(self.far_end.earpiece.waiting_ms / 1000 if self.far_end is not None else 0.0)
        marks.pop(name, None)
        try:
            await self.socket.send(self.wire.played(name))
        except ConnectionClosed:
            return
