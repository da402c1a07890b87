"""The audio of one call: a media channel, its websocket, and the bridge with the channel of the call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from callwright.domain.limits import PBX_CONNECT_SECONDS
from callwright.ports.failures import FailureKind, ProviderError
from callwright.telephony.asterisk.ari import Ari
from callwright.telephony.asterisk.configuration import NAME
from callwright.telephony.asterisk.control import KEY, KEYS, MARK, BadControlError, ControlFormat, read_control
from callwright.telephony.asterisk.media_socket import MediaSocket
from callwright.telephony.media_streams.call_sound import CallSound


class CallAudio:
    """``media`` and ``bridge`` are Asterisk's ids. Before :meth:`begin` nothing is heard, and what is written is dropped."""

    def __init__(self, key: str) -> None:
        self.media, self.bridge = f"{key}.media", f"{key}.bridge"
        self._socket: MediaSocket | None = None
        self._sound: CallSound | None = None

    @property
    def began(self) -> bool:
        """Whether it is connected, or was."""
        return self._sound is not None

    @property
    def delay_ms(self) -> int:
        """See ``ports.leg.PlaysLater``."""
        return self._sound.delay_ms if self._sound is not None else 0

    @property
    def rest_s(self) -> float:
        """How long what was written takes to be played, by all we know."""
        return self._sound.rest_s if self._sound is not None else 0.0

    @property
    def is_played(self) -> bool:
        """Whether everything that was written was played, as Asterisk says."""
        return self._sound is None or self._sound.out is None or not self._sound.out.playback.waiting

    async def connect(self, ari: Ari, channel: str, *, answers: bool) -> None:
        """Connect a channel, which is answered first where ``answers``. Raises ProviderError."""
        try:
            async with asyncio.timeout(2 * PBX_CONNECT_SECONDS):
                self._socket = await ari.media(self.media)
                if answers:
                    await ari.answer(channel)
                await ari.bridge(self.bridge)
                await ari.add(self.bridge, channel, self.media)
        except TimeoutError:
            message = "it did not connect the audio of a call in time"
            raise ProviderError(FailureKind.UNAVAILABLE, NAME, message) from None

    def begin(self, heard: Callable[[bytes], None]) -> None:
        """Take what is written from now on. ``heard`` gets the caller's frames once it is listened to."""
        if self._socket is not None:
            self._sound = CallSound(ControlFormat(self._socket.first.result()))
            self._sound.begin(heard)
            self._sound.connect(self._socket, self.media)

    def listen(self, on_message: Callable[[str | bytes], None], on_end: Callable[[int], None]) -> None:
        """See ``MediaSocket.listen``."""
        if self._socket is not None:
            self._socket.listen(on_message, on_end)

    def take(self, message: str | bytes) -> str:
        """A message of the media websocket: a frame, a mark, or a key, which is returned. Unknown kinds are passed over: versions add some.
        Raises BadStreamError and BadControlError."""
        sound = self._sound
        if sound is None:
            return ""
        if isinstance(message, bytes):
            sound.take(message)
            return ""
        control = read_control(message)
        if control.event == MARK and sound.out is not None:
            sound.out.marked(control.values.get("correlation_id", ""))
        if control.event != KEY:
            return ""
        key = control.values.get("digit", "")
        if key not in KEYS:
            raise BadControlError("a key is one of 0-9 * # A-D")
        return key

    def write(self, frames: Sequence[bytes]) -> None:
        """The agent's next frames of 20 ms."""
        if self._sound is not None and self._sound.out is not None:
            self._sound.out.write(*frames)

    def clear(self) -> None:
        """Drop what was written and not yet played."""
        if self._sound is not None and self._sound.out is not None:
            self._sound.out.clear()

    def flush(self) -> None:
        """Send what is held back. It was the last."""
        if self._sound is not None and self._sound.out is not None:
            self._sound.out.flush(last=True)

    def look(self) -> bool:
        """See ``CallSound.look``."""
        return self._sound is not None and self._sound.look()

    def quality(self, *, final: bool) -> dict[str, Any]:
        """The fact of that name (docs/reference/telephony.md), empty where nothing was connected."""
        return self._sound.quality(final=final) if self._sound is not None else {}

    def end(self) -> None:
        """Close the websocket. Nothing is heard any more."""
        if self._socket is not None:
            self._socket.end()
