"""A session of a web call over SIP (RFC 7118): a page with a SIP client, and credentials that are good for one call.

The websocket's address is as secret as the password. It is good for a few connections, so that a client whose connection breaks off comes
back; the audio goes on meanwhile. The password is asked for by digest on the INVITE and on every REGISTER.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Protocol

from callwright.domain.limits import MAX_SIP_WRONG_PASSWORDS, WEB_CALL_LINGER_SECONDS
from callwright.domain.sip_digest import Digest
from callwright.domain.sip_message import SipMessage, tag_of
from callwright.platform.executions.rules.causes import CAUSES
from callwright.ports.door import DoorSocket
from callwright.ports.web_call import WebCall
from callwright.ports.world import Ids
from callwright.telephony.browser.sip_dialog import SipDialog, Voice
from callwright.telephony.browser.sip_messages import (
    ALLOW,
    PING,
    PONG,
    UnreadableMessageError,
    WrongRequestError,
    answer,
    read,
)
from callwright.telephony.browser.webrtc.leg import WebRtcLeg
from callwright.telephony.browser.webrtc.sdp import Offer, UnusableOfferError, offer_of
from callwright.telephony.browser.wire import LEFT, Close

_LEFT = LEFT | {1005}
"""SIP clients close a websocket without a code. A connection that breaks off has 1006."""


@dataclass(frozen=True, slots=True)
class SipCredentials:
    """Who a page is at ``domain``, and its secret. ``nonce_key`` is ours alone."""

    user: str
    domain: str
    password: str = field(repr=False)
    nonce_key: str = field(repr=False)


class SipHost(Protocol):
    """Who keeps the sessions."""

    def begin(self, session: SipSession, dialog: SipDialog, offer: Offer, source: str) -> WebRtcLeg:
        """Offer the call of a session to its agent. The leg answers or refuses later."""
        ...

    def forget(self, session: SipSession) -> None:
        """The session is good for no connection any more."""


class SipSession:
    """A session, and its call once there is one. ``address``: of its websocket; ``until_s``: when it ends if it makes no call."""

    def __init__(self, call: WebCall, credentials: SipCredentials, seconds: float, host: SipHost, ids: Ids) -> None:
        self._loop = asyncio.get_running_loop()
        self.call = call
        self.address = ""
        self.until_s = self._loop.time() + seconds
        self._credentials = credentials
        self._digest = Digest(credentials.user, credentials.password, credentials.nonce_key)
        self._host = host
        self._ids = ids
        self._socket: DoorSocket | None = None
        self._source = ""
        self._wrong_passwords = 0
        self._dialog: SipDialog | None = None
        self._leg: WebRtcLeg | None = None
        self._closing = self._loop.call_later(seconds, self._too_old)

    @property
    def used(self) -> bool:
        """Whether the session has made its call."""
        return self._dialog is not None

    async def carry(self, socket: DoorSocket, source: str) -> None:
        """Be carried by a websocket until it is closed. ``source``: the IP address at its other end."""
        before, self._socket, self._source = self._socket, socket, source
        if before is not None:
            before.end(Close.REPLACED)
        first = await socket.receive()
        if first is not None:
            self._message(first)
            socket.listen(self._message)
            await socket.receive()
        if self._socket is socket:
            self._socket = None
            self._disconnected(left=socket.far_code in _LEFT)

    def over(self) -> None:
        """The call is over: its page may say what it has to say, and the websocket closes then."""
        self._host.forget(self)
        self._closing.cancel()
        self._closing = self._loop.call_later(WEB_CALL_LINGER_SECONDS, self._close, Close.NORMAL)

    def end(self) -> None:
        """The process takes no calls any more."""
        if self._leg is not None:
            self._leg.finish(CAUSES["hung_up_by_us"])
        self._give_up(Close.NORMAL)

    # -- inside ----------------------------------------------------------------------------------------------------------------

    def _too_old(self) -> None:
        if not self.used:
            self._give_up(Close.FOREIGN_ORIGIN)

    def _give_up(self, close: Close) -> None:
        self._host.forget(self)
        self._closing.cancel()
        self._close(close)

    def _close(self, close: Close) -> None:
        if self._socket is not None:
            self._socket.end(close)

    def _disconnected(self, *, left: bool) -> None:
        """The websocket is closed. A page that waits for an answer, or that left, gives up its call; after a break its audio goes on."""
        leg, dialog = self._leg, self._dialog
        if leg is not None and dialog is not None and not leg.ended and (left or dialog.ringing):
            leg.finish(CAUSES["caller_abandoned" if dialog.ringing else "caller_hung_up"])

    def _send(self, message: str) -> None:
        if self._socket is not None:
            self._socket.send(message)

    def _message(self, message: str | bytes) -> None:
        """A message of the page. A defect, also of the listener's, ends the call and is raised."""
        if message in (PING, PONG):
            if message == PING:
                self._send(PONG)
            return
        ending = CAUSES["crash"]
        taken = False
        try:
            self._take(read(message))
            taken = True
        except WrongRequestError as error:
            taken = True
            if error.request.method != "ACK":
                self._send(answer(error.request, error.status, why=str(error)))
        except UnreadableMessageError:
            ending = CAUSES["protocol_error"]
            self._close(Close.BAD_MESSAGE)
        finally:
            if not taken and self._leg is not None:
                self._leg.finish(ending)

    def _take(self, message: SipMessage) -> None:
        dialog, method = self._dialog, message.method
        if message.status:
            # An answer to a request of ours: whatever it says, the call goes on, or is over already.
            return
        if method == "ACK":
            if dialog is not None:
                dialog.acknowledged(message)
        elif method == "CANCEL" and dialog is not None:
            dialog.cancelled(message)
        elif tag_of(message.first("to")) and dialog is not None:
            dialog.take(message)
        elif method == "INVITE":
            self._take_invite(message)
        elif method == "REGISTER":
            self._take_register(message)
        elif method == "OPTIONS":
            self._send(answer(message, 200, headers=(ALLOW, "Accept: application/sdp")))
        else:
            self._send(answer(message, 481))

    def _take_invite(self, invite: SipMessage) -> None:
        if self._dialog is not None:
            if not self._dialog.begins_again(invite):
                self._send(answer(invite, 403, why="this session has made its call"))
        elif self._proves_itself(invite):
            if not invite.first("contact") or not invite.body:
                raise WrongRequestError(invite, 400, "an INVITE needs a Contact and an offer")
            if _names_another(invite, self.call):
                raise WrongRequestError(invite, 403, "X-Agent-Id or X-Run-Id is not that of this session")
            try:
                offer = offer_of(invite.body)
            except UnusableOfferError as error:
                raise WrongRequestError(invite, 488, str(error)) from error
            credentials = self._credentials
            voice = Voice(self._ids.token(8), self._contact, credentials.domain, self._send, lambda: self._ids.token(8))
            self._begin(SipDialog(invite, voice), offer)

    def _begin(self, dialog: SipDialog, offer: Offer) -> None:
        """Begin the call. A defect there refuses it, ends the session and is raised."""
        self._dialog = dialog
        begun = False
        try:
            self._leg = self._host.begin(self, dialog, offer, self._source)
            begun = True
        finally:
            if not begun:
                dialog.refuse(500)
                self._give_up(Close.FAILED)

    def _take_register(self, register: SipMessage) -> None:
        if self._proves_itself(register):
            wants_none = register.first("expires") == "0" or ";expires=0" in register.first("contact")
            seconds = 0 if wants_none else max(60, int(self.until_s - self._loop.time()))
            contact = register.first("contact").partition(">")[0]
            bound = (f"Contact: {contact}>;expires={seconds}",) if contact.startswith("<") and seconds else ()
            self._send(answer(register, 200, self._ids.token(8), (*bound, f"Expires: {seconds}")))

    def _proves_itself(self, request: SipMessage) -> bool:
        """Whether a request has the password. One without is asked for it; too many wrong ones end the session."""
        now_s = int(self._loop.time())
        if self._digest.accepts(request, now_s):
            return True
        if request.headers.get("authorization"):
            self._wrong_passwords += 1
        if self._wrong_passwords >= MAX_SIP_WRONG_PASSWORDS:
            self._send(answer(request, 403, why="too many wrong passwords"))
            if not self.used:
                self._give_up(Close.FOREIGN_ORIGIN)
            return False
        challenge = self._digest.challenge(request.call_id, now_s)
        self._send(answer(request, 401, self._ids.token(8), (f"WWW-Authenticate: {challenge}",)))
        return False

    @property
    def _contact(self) -> str:
        return f"Contact: <sip:{self._credentials.user}@{self._credentials.domain};transport=ws>"


def _names_another(invite: SipMessage, call: WebCall) -> bool:
    """Whether a header names another agent or execution than the session has (contract 18)."""
    expected = {"x-agent-id": call.call.agent_id, "x-run-id": call.call.execution_id}
    return any(invite.first(name).lower() not in ("", ours.lower()) for name, ours in expected.items())
