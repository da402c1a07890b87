"""The web calls over SIP of this process: its sessions, and the UDP port of their audio. Works where the extra `webrtc` is installed."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from callwright.domain.errors import CapacityError
from callwright.domain.limits import MAX_CALL_SECONDS, MAX_WEB_CALL_CONNECTIONS, WEB_CALL_SESSION_SECONDS
from callwright.ops.timers import SharedTimer
from callwright.ports.door import Doorkeeper, DoorRequest, DoorSocket
from callwright.ports.leg import InboundDesk, InboundOffer
from callwright.ports.web_call import WEB_CALL, SipWebSession, WebCall
from callwright.ports.world import Ids
from callwright.telephony.browser.sip_dialog import SipDialog
from callwright.telephony.browser.sip_session import SipCredentials, SipSession
from callwright.telephony.browser.webrtc.leg import LOOK_SECONDS, WebRtcLeg
from callwright.telephony.browser.webrtc.media_port import MediaPort
from callwright.telephony.browser.webrtc.sdp import Offer
from callwright.telephony.browser.wire import Close

SIP_DOOR = "/sip"
SUBPROTOCOL = "sip"
INSTALL = "pip install 'callwright[webrtc]'"
_NEEDED = ("OpenSSL", "pylibsrtp")
_FRAMES_HINT = "POST /v1/web-call/session gives a session without SIP."
_A_DAY = 86_400
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WebRtcSettings:
    """``listen``: ``address:port`` for the audio, empty where it is off. ``addresses``: where browsers reach us; none: that of ``listen``.
    ``ice_servers`` are those that browsers get."""

    listen: str = ""
    addresses: tuple[str, ...] = ()
    ice_servers: Sequence[Mapping[str, Any]] = field(default=(), repr=False)

    @classmethod
    def of_texts(cls, texts: Mapping[str, str]) -> WebRtcSettings:
        """From the texts that a plugin gets, which are checked already (``ops.settings``)."""
        addresses = tuple(part for part in texts.get("webrtc_address", "").split(",") if part)
        return cls(texts.get("webrtc_listen", ""), addresses, json.loads(texts.get("ice_servers") or "[]"))


class SipCalls:
    """Sessions by execution. A session is there until its call is over, or it was not used in time."""

    def __init__(self, doors: Doorkeeper, settings: WebRtcSettings, ids: Ids) -> None:
        self._doorkeeper = doors
        self._settings = settings
        self._ids = ids
        self._installed = all(find_spec(name) is not None for name in _NEEDED)
        self._desk: InboundDesk | None = None
        self._port: MediaPort | None = None
        self._sessions: dict[str, SipSession] = {}
        self._looks = SharedTimer(LOOK_SECONDS)

    async def open(self, desk: InboundDesk) -> None:
        """Take calls from now on, where it is installed and on. An address that is taken is logged: other web calls work without."""
        if self._desk is not None or not self._installed or not self._settings.listen:
            return
        from callwright.telephony.browser.webrtc.dtls import DtlsIdentity

        self._desk = desk
        port = MediaPort(DtlsIdentity(), self._ids, self._settings.addresses)
        host, _, number = self._settings.listen.rpartition(":")
        try:
            await port.open(host, int(number))
        except OSError as error:
            _LOG.error("web calls over SIP are off: CALLWRIGHT_WEBRTC_LISTEN %s: %s", self._settings.listen, error)
            return
        self._port = port

    def close(self) -> None:
        """End every call and session."""
        for session in list(self._sessions.values()):
            session.end()
        if self._port is not None:
            self._port.close()
        self._port = self._desk = None

    def unused(self) -> Iterator[str]:
        """The account of each session that has made no call."""
        return (one.call.call.tenant_id for one in self._sessions.values() if not one.used)

    def check_enabled(self) -> None:
        """Raises CapacityError where there are no calls over SIP."""
        if not self._installed:
            hint = f"Install the extra: {INSTALL}. {_FRAMES_HINT}"
            raise CapacityError(
                "web calls over SIP are not installed here", "not_enabled", hint=hint, retry_after_s=_A_DAY
            )
        if not self._settings.listen:
            hint = f"Set CALLWRIGHT_WEBRTC_LISTEN. {_FRAMES_HINT}"
            raise CapacityError("web calls over SIP are off here", "not_enabled", hint=hint, retry_after_s=_A_DAY)
        if self._port is None:
            raise CapacityError("this process takes no web calls over SIP now; its log says why", "global")

    def session(self, call: WebCall) -> SipWebSession:
        """A new session. :meth:`check_enabled` comes first."""
        execution_id = call.call.execution_id
        address = self._doorkeeper.issue(
            WEB_CALL, SIP_DOOR, execution_id, WEB_CALL_SESSION_SECONDS + MAX_CALL_SECONDS, MAX_WEB_CALL_CONNECTIONS
        )
        password = self._ids.token(24)
        domain = urlsplit(address).hostname or "localhost"
        domain = f"[{domain}]" if ":" in domain else domain
        credentials = SipCredentials(execution_id, domain, password, self._ids.token(32))
        session = SipSession(call, credentials, WEB_CALL_SESSION_SECONDS, self, self._ids)
        session.address = address
        self._sessions[execution_id] = session
        return SipWebSession(
            address, execution_id, password, domain, WEB_CALL_SESSION_SECONDS, self._settings.ice_servers
        )

    async def served(self, request: DoorRequest, socket: DoorSocket) -> None:
        """A page came with a good address."""
        session = self._sessions.get(request.bound_to)
        if session is None or session.call.origin not in ("", request.headers.get("origin", "")):
            socket.end(Close.FOREIGN_ORIGIN)
            return
        await session.carry(socket, request.source)

    # -- sip_session.SipHost ---------------------------------------------------------------------------------------------------

    def begin(self, session: SipSession, dialog: SipDialog, offer: Offer, source: str) -> WebRtcLeg:
        """Offer the call of a session to its agent."""
        call = session.call.call
        leg = WebRtcLeg(call.execution_id, dialog, session.over, self._looks)
        dialog.attach(leg)
        # Closing ends every session first: one that begins a call has both.
        assert self._port is not None
        assert self._desk is not None
        leg.use(self._port.line(offer, leg))
        incoming = InboundOffer(WEB_CALL, "", "", call.execution_id, source=source, arranged=call)
        leg.listener = self._desk.offered(incoming, leg)
        return leg

    def forget(self, session: SipSession) -> None:
        """A session is good for no connection any more."""
        self._sessions.pop(session.call.call.execution_id, None)
        self._doorkeeper.revoke(session.address)
