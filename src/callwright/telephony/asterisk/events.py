"""The websocket over which Asterisk reports what happens to our channels. It is opened again whenever it is gone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import urlencode

import msgspec
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus, WebSocketException

from callwright.domain.limits import MAX_PBX_EVENT_BYTES, PBX_CONNECT_SECONDS, PBX_RECONNECT_SECONDS
from callwright.ops.rounds import round_boundary
from callwright.ports.failures import ProviderError
from callwright.telephony.asterisk.ari import Ari
from callwright.telephony.asterisk.configuration import AsteriskSettings

_LOG = logging.getLogger(__name__)
_QUIET = logging.getLogger(f"{__name__}.wire")
_QUIET.setLevel(logging.CRITICAL + 1)
"""The library logs the headers of the handshake, and with them the password."""

FIRST_PAUSE_SECONDS = 0.5
STEADY_SECONDS = 10.0
"""A connection that lasted for so long was a good one: the next pause is the first again."""
_PING_SECONDS = 10.0
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class LinkState(StrEnum):
    """How the connection is."""

    OFF = "off"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    REFUSED = "refused"
    """Asterisk refuses the user or the password."""
    REPLACED = "replaced"
    """Another process has taken the application over, as at a restart without a pause."""


class EventHolder(Protocol):
    """Who hears of the calls."""

    def happened(self, event: Mapping[str, Any]) -> None:
        """An event of Asterisk, which names its ``type``."""

    async def compare(self) -> None:
        """Events may have been lost: look at every call. Raises ProviderError."""

    def link_changed(self) -> None:
        """The state is another one."""


class EventLink:
    """Keeps the connection. ``state`` and ``reason`` say how it is."""

    def __init__(self, settings: AsteriskSettings, ari: Ari, holder: EventHolder) -> None:
        self.state = LinkState.OFF
        self.reason = ""
        self._settings = settings
        self._ari = ari
        self._holder = holder
        self._task: asyncio.Task[None] | None = None
        self._first = asyncio.Event()

    async def start(self) -> None:
        """Begin to connect. Returns once the first try has succeeded or failed."""
        self._enter(LinkState.CONNECTING, "it was not reached yet")
        self._task = asyncio.get_running_loop().create_task(self._run(), name="events of the PBX")
        await self._first.wait()

    async def aclose(self) -> None:
        """Close the connection. Asterisk keeps our channels."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self._enter(LinkState.OFF, "")

    async def _run(self) -> None:
        pause_s, loop = FIRST_PAUSE_SECONDS, asyncio.get_running_loop()
        while True:
            began_s = loop.time()
            with round_boundary("hearing the events of the PBX"):
                await self._round()
            self._first.set()
            if loop.time() - began_s > STEADY_SECONDS:
                pause_s = FIRST_PAUSE_SECONDS
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, PBX_RECONNECT_SECONDS)

    async def _round(self) -> None:
        """One connection, from its try to its end."""
        try:
            if self.state is LinkState.REPLACED:
                # For good: two processes that took the application from each other would lose events in turn. Calls go on.
                await self._holder.compare()
                return
            place = await self._ari.place()
            query = urlencode({"app": self._settings.app})
            async with connect(
                f"{self._settings.socket_url}/ari/events?{query}",
                additional_headers=self._settings.authorization,
                host=place.address,
                port=place.port,
                ssl=place.tls,
                open_timeout=PBX_CONNECT_SECONDS,
                close_timeout=1.0,
                ping_interval=_PING_SECONDS,
                ping_timeout=_PING_SECONDS,
                max_size=MAX_PBX_EVENT_BYTES,
                compression=None,
                proxy=None,
                logger=_QUIET,
            ) as socket:
                self._enter(LinkState.CONNECTED, "")
                comparing = asyncio.get_running_loop().create_task(self._compared())
                try:
                    async for message in socket:
                        if not self._take(message):
                            # Asterisk leaves the connection open, and says nothing more on it.
                            break
                finally:
                    comparing.cancel()
                    await asyncio.gather(comparing, return_exceptions=True)
            self._lost(LinkState.CONNECTING, "the connection was closed")
        except ProviderError as error:
            self._lost(LinkState.CONNECTING, error.message)
        except InvalidStatus as error:
            status = error.response.status_code
            refused = status in (401, 403)
            why = "the user or the password is refused" if refused else f"the events are refused with {status}"
            self._lost(LinkState.REFUSED if refused else LinkState.CONNECTING, why)
        except (OSError, WebSocketException) as error:
            # Not the text of the error: it may quote the request.
            self._lost(LinkState.CONNECTING, f"the connection is gone ({type(error).__name__})")

    def _lost(self, state: LinkState, reason: str) -> None:
        if self.state is not LinkState.REPLACED:
            self._enter(state, reason)

    async def _compared(self) -> None:
        with round_boundary("comparing calls with the PBX"):
            try:
                await self._holder.compare()
            except ProviderError as error:
                _LOG.warning("calls could not be compared with the PBX: %s", error.message)
        self._first.set()

    def _take(self, message: str | bytes) -> bool:
        """An event. Returns whether more may come."""
        try:
            event = _decode(message)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            _LOG.debug("the PBX sent an event that is no JSON object")
            return True
        if event.get("type") == "ApplicationReplaced":
            self._enter(LinkState.REPLACED, "another process uses the same CALLWRIGHT_ASTERISK_APP")
            return False
        with round_boundary("an event of the PBX"):
            self._holder.happened(event)
        return True

    def _enter(self, state: LinkState, reason: str) -> None:
        changed = state is not self.state
        self.state, self.reason = state, reason
        if changed:
            (_LOG.info if state in (LinkState.CONNECTED, LinkState.OFF) or self._task is None else _LOG.warning)(
                "the events of the PBX: %s%s", state.value, f" ({reason})" if reason else ""
            )
            self._holder.link_changed()
