"""Asterisk's REST interface, as far as calls need it. Channels and bridges have ids of ours, so that nothing has to be looked up.

Source: docs.asterisk.org, "Channels REST API" and "Bridges REST API", and what Asterisk 22.10.1 answers.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import Mapping
from typing import Any

from callwright.domain.errors import BlockedUrlError, UnavailableError
from callwright.domain.limits import CARRIER_API_SECONDS, MAX_PBX_REQUESTS
from callwright.net.client import GuardedClient, resolve_by_system
from callwright.net.policy import may_connect
from callwright.ports.failures import FailureKind, ProviderError, kind_of_status
from callwright.telephony.asterisk.configuration import NAME, AsteriskSettings
from callwright.telephony.asterisk.media_socket import MediaSocket, Place, connect_media

_CONNECTION = re.compile(r"[A-Za-z0-9-]{1,100}")
_GONE = frozenset({404, 409, 412, 422})
"""Answers to a command about a channel or bridge that is over, or not in our application any more."""
_Q850_OF_SIP = {404: 1, 480: 19, 486: 17, 488: 65, 503: 34, 600: 17, 603: 21}
_REJECTED = 21
_KEY_MS = 100
_NOT_ENTERED = frozenset({409, 422})
_ENTER_PAUSES_SECONDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)


class Ari:
    """One Asterisk. Every method but :meth:`end` raises ProviderError, whose texts hold no credentials."""

    def __init__(self, settings: AsteriskSettings) -> None:
        # The operator names the address, so that it may be a private one.
        self._client = GuardedClient(allow_private=True, connections=MAX_PBX_REQUESTS)
        self._settings = settings
        self._tls: ssl.SSLContext | None = None

    async def place(self) -> Place:
        """Where its websockets are now."""
        parts, port = self._settings.parts, self._settings.port
        name = parts.hostname or ""
        try:
            addresses = await resolve_by_system(name, port)
        except (OSError, UnicodeError):
            raise _failed(f"{name} cannot be resolved") from None
        allowed = [address for address in addresses if may_connect(address, allow_private=True)]
        if not allowed:
            raise _failed(f"{name} has no address that may be used; see CALLWRIGHT_ASTERISK_URL")
        if parts.scheme == "https" and self._tls is None:
            self._tls = ssl.create_default_context()
        return Place(allowed[0], port, name, self._tls)

    async def call(
        self, channel: str, number: str, caller: str, ring_seconds: int, headers: Mapping[str, str] | None = None
    ) -> None:
        """Dial a number. Its channel enters our application once it is answered."""
        variables = {f"PJSIP_HEADER(add,{name})": value for name, value in (headers or {}).items()}
        endpoint = self._settings.endpoint_of(number)
        await self._ask(
            "POST", "/channels", f"dial {endpoint}; see CALLWRIGHT_ASTERISK_ENDPOINT",
            endpoint=endpoint, app=self._settings.app, channelId=channel, callerId=caller,
            timeout=ring_seconds, variables=variables,
        )  # fmt: skip

    async def answer(self, channel: str) -> None:
        """Take a call that came in."""
        await self._ask("POST", f"/channels/{channel}/answer", "answer a call")

    async def press(self, channel: str, keys: str) -> None:
        """Send keys to the far end of a channel."""
        await self._ask("POST", f"/channels/{channel}/dtmf", "send keys", dtmf=keys, duration=_KEY_MS, between=_KEY_MS)

    async def media(self, channel: str) -> MediaSocket:
        """Make a channel whose audio comes and goes over a websocket of ours."""
        made = await self._ask(
            "POST", "/channels/externalMedia", "make a media channel; is chan_websocket loaded?",
            app=self._settings.app, channelId=channel, external_host="INCOMING", transport="websocket",
            encapsulation="none", connection_type="server", format="ulaw",
        )  # fmt: skip
        variables = made.get("channelvars") if isinstance(made, dict) else None
        connection = variables.get("MEDIA_WEBSOCKET_CONNECTION_ID") if isinstance(variables, dict) else None
        if not (isinstance(connection, str) and _CONNECTION.fullmatch(connection)):
            raise _failed("its answer names no media websocket; 22.8 is the first version that has what is needed")
        return await connect_media(await self.place(), f"{self._settings.socket_url}/media/{connection}")

    async def bridge(self, bridge: str) -> None:
        """Make a bridge."""
        await self._ask("POST", "/bridges", "make a bridge", type="mixing,proxy_media", bridgeId=bridge)

    async def add(self, bridge: str, *channels: str) -> None:
        """Put channels into a bridge. A channel enters our application, and can be bridged, a moment after its websocket opened."""
        status, found = 0, None
        for pause_s in (0.0, *_ENTER_PAUSES_SECONDS):
            await asyncio.sleep(pause_s)
            status, found = await self._send("POST", f"/bridges/{bridge}/addChannel", channel=list(channels))
            if status not in _NOT_ENTERED:
                break
        _check(status, found, "bridge a call")

    async def state(self, channel: str) -> str:
        """Down, Ring, Ringing, Up, ...; empty for a channel that is gone."""
        status, found = await self._send("GET", f"/channels/{channel}")
        if status in _GONE:
            return ""
        _check(status, found, "look at a call")
        return str(found.get("state") or "") if isinstance(found, dict) else ""

    async def bridges(self) -> Mapping[str, list[str]]:
        """The channels of every bridge whose id begins as ours do."""
        found = await self._ask("GET", "/bridges", "list bridges")
        ours = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
        return {
            str(one["id"]): [str(channel) for channel in one.get("channels") or ()]
            for one in ours
            if str(one.get("id")).startswith(f"{self._settings.app}.")
        }

    async def members(self, bridge: str) -> list[str]:
        """The channels of a bridge, none where it is gone."""
        status, found = await self._send("GET", f"/bridges/{bridge}")
        if status in _GONE:
            return []
        _check(status, found, "look at a bridge")
        return [str(channel) for channel in found.get("channels") or ()] if isinstance(found, dict) else []

    async def watch(self, bridge: str) -> None:
        """Hear of a bridge that was made over an earlier connection. One that is gone meanwhile is no failure."""
        path = f"/applications/{self._settings.app}/subscription"
        status, found = await self._send("POST", path, eventSource=f"bridge:{bridge}")
        if status not in _GONE:
            _check(status, found, "watch a bridge")

    async def end(self, path: str) -> bool:
        """Delete a channel or a bridge by its path. Returns whether it is gone for certain."""
        try:
            status, _ = await self._send("DELETE", path)
        except ProviderError:
            return False
        return status < 300 or status in _GONE

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    # -- inside ----------------------------------------------------------------------------------------------------------------

    async def _ask(self, method: str, path: str, what: str, **values: Any) -> Any:
        status, found = await self._send(method, path, **values)
        _check(status, found, what)
        return found

    async def _send(self, method: str, path: str, **values: Any) -> tuple[int, Any]:
        try:
            answer = await self._client.send(
                method,
                f"{self._settings.url}/ari{path}",
                headers={**self._settings.authorization, "content-type": "application/json"},
                body=json.dumps(values).encode() if values else b"",
                timeout_s=CARRIER_API_SECONDS,
            )
        except (UnavailableError, BlockedUrlError) as error:
            raise _failed(f"it cannot be reached: {error.message}") from None
        try:
            return answer.status, json.loads(answer.body) if answer.body else None
        except (ValueError, RecursionError):
            return answer.status, None


def refusal(channel: str, code: int) -> str:
    """The path whose deletion refuses a call that came in, by the cause that comes nearest to a SIP status."""
    # In the address, because Asterisk reads no body of a DELETE.
    return f"/channels/{channel}?reason_code={_Q850_OF_SIP.get(code, _REJECTED)}"


def _check(status: int, found: Any, what: str) -> None:
    if status < 300:
        return
    if status in (401, 403):
        message = "it refuses the user or password; see CALLWRIGHT_ASTERISK_USER, and that it is not read_only"
        raise ProviderError(FailureKind.REFUSED, NAME, message)
    said = found.get("message") or found.get("error") if isinstance(found, dict) else ""
    raise ProviderError(kind_of_status(status), NAME, f"{status} {str(said)[:200]}: it could not {what}")


def _failed(message: str) -> ProviderError:
    return ProviderError(FailureKind.UNAVAILABLE, NAME, message)
