"""Port of web calls: a page in a browser calls an agent over a websocket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

from callwright.ports.door import DoorSocket
from callwright.ports.leg import ArrangedCall

WEB_CALL = "web-call"
"""The carrier of web calls, as executions name it (contract 18)."""


class WebProtocol(Enum):
    """What is spoken on the websocket (docs/how-to/browser-calls.md)."""

    FRAMES = "frames"
    """Our own: binary frames of 20 ms, control in JSON."""
    LEGACY = "legacy"
    """The older one of the hosted service: all of it JSON, audio in base64."""


@dataclass(frozen=True, slots=True)
class WebCall:
    """A call that a page may make once.

    ``origin``: the origin of the page, empty for any. ``takes_user_data``: variables come with the page's first message, and join those of
    ``call``.
    """

    call: ArrangedCall
    origin: str = ""
    takes_user_data: bool = False


@dataclass(frozen=True, slots=True)
class WebSession:
    """Where a page makes its call: ``url`` is good once, for ``expires_in`` seconds."""

    url: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class SipWebSession:
    """How a page with a SIP client and WebRTC makes its call: the websocket at ``url``, and digest credentials at ``domain``.

    They are good for one call, begun within ``expires_in`` seconds. ``ice_servers`` are for the browser's ``RTCPeerConnection``.
    """

    url: str
    username: str
    password: str = field(repr=False)
    domain: str
    expires_in: int
    ice_servers: Sequence[Mapping[str, Any]]


class WebCalls(Protocol):
    """The web calls of this process."""

    def session(self, call: WebCall) -> WebSession:
        """Returns an address for the call. Raises CapacityError when this process takes no calls, or too many sessions are unused."""
        ...

    def sip_session(self, call: WebCall) -> SipWebSession:
        """Returns credentials for the call over SIP. Raises CapacityError as :meth:`session`, and with the scope ``not_enabled`` where the
        extra is not installed or is off."""
        ...

    async def serve(self, call: WebCall, socket: DoorSocket, protocol: WebProtocol, source: str) -> None:
        """Carries the call over a websocket that was let in, to its end. ``source``: the IP address at the other end."""
        ...
