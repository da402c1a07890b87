"""The SIP dialog of one web call: from the INVITE of the page to the BYE of either side (RFC 3261). No I/O but ``send``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from callwright.domain.sip_message import SipMessage, uri_of
from callwright.platform.executions.rules.causes import CAUSES
from callwright.telephony.browser.sip_messages import (
    ALLOW,
    DialogAddresses,
    answer,
    branch_of,
    key_body,
    keys_in,
)
from callwright.telephony.browser.webrtc.leg import WebRtcLeg
from callwright.telephony.browser.webrtc.sdp import UnusableOfferError

FIRST_REPEAT_SECONDS, LONGEST_REPEAT_SECONDS, UNACKNOWLEDGED_SECONDS = 0.5, 4.0, 32.0
"""T1, T2 and 64 T1 of RFC 3261 17: a 200 is sent again until its ACK comes (13.3.1.4), and after the last the call ends."""


class _State(Enum):
    RINGING = auto()
    ANSWERED = auto()
    CONFIRMED = auto()
    OVER = auto()


@dataclass(frozen=True, slots=True)
class Voice:
    """How a dialog speaks: ``tag`` and ``contact`` are ours; ``send`` sends a message to the page; ``branch`` names a new transaction."""

    tag: str
    contact: str
    domain: str
    send: Callable[[str], None]
    branch: Callable[[], str]


class SipDialog:
    """The call of an INVITE that was let in: the ``webrtc.leg.Signalling`` of its leg, which ``attach`` names."""

    def __init__(self, invite: SipMessage, voice: Voice) -> None:
        self._invite = invite
        self._accepted = invite
        self._voice = voice
        self._addresses = DialogAddresses.of(invite, voice.tag, voice.domain)
        self._leg: WebRtcLeg | None = None
        self._state = _State.RINGING
        self._repeating: asyncio.TimerHandle | None = None
        voice.send(answer(invite, 100))
        voice.send(answer(invite, 180, voice.tag, (voice.contact,)))

    def attach(self, leg: WebRtcLeg) -> None:
        """The leg whose dialog this is."""
        self._leg = leg

    @property
    def ringing(self) -> bool:
        """Whether the page still waits for an answer."""
        return self._state is _State.RINGING

    # -- webrtc.leg.Signalling -------------------------------------------------------------------------------------------------

    def accept(self, answer_sdp: str) -> None:
        """Answer the INVITE with 200."""
        if self._state is _State.RINGING:
            self._state = _State.ANSWERED
            accepted = answer(self._invite, 200, self._voice.tag, (self._voice.contact, ALLOW), answer_sdp)
            self._repeat(accepted, FIRST_REPEAT_SECONDS, UNACKNOWLEDGED_SECONDS)

    def refuse(self, status: int) -> None:
        """Answer the INVITE with a failure."""
        if self._state is _State.RINGING:
            self._state = _State.OVER
            self._voice.send(answer(self._invite, status, self._voice.tag))

    def press(self, keys: str) -> None:
        """An INFO for each key."""
        if self._state is not _State.OVER:
            for key in keys:
                body = key_body(key)
                self._voice.send(self._addresses.request("INFO", self._voice.branch(), body, "application/dtmf-relay"))

    def over(self) -> None:
        """BYE, unless the page has ended the call, or it was never answered."""
        self._stop_repeating()
        if self._state is _State.RINGING:
            self.refuse(480)
        elif self._state is not _State.OVER:
            self._state = _State.OVER
            self._voice.send(self._addresses.request("BYE", self._voice.branch()))

    # -- requests of the page --------------------------------------------------------------------------------------------------

    def begins_again(self, invite: SipMessage) -> bool:
        """Whether an INVITE is the one of this dialog, come twice."""
        return invite.call_id == self._invite.call_id and branch_of(invite) == branch_of(self._invite)

    def acknowledged(self, ack: SipMessage) -> None:
        """An ACK came."""
        if self._is_of(self._accepted, ack) and self._state is _State.ANSWERED:
            self._state = _State.CONFIRMED
            self._stop_repeating()

    def cancelled(self, cancel: SipMessage) -> None:
        """A CANCEL came. It ends a call that is not answered; otherwise it comes too late."""
        if not self._is_of(self._invite, cancel) or branch_of(cancel) != branch_of(self._invite):
            self._answer(cancel, 481)
            return
        self._answer(cancel, 200)
        if self._state is _State.RINGING and self._leg is not None:
            self.refuse(487)
            self._leg.finish(CAUSES["caller_abandoned"])

    def take(self, request: SipMessage) -> None:
        """A request within the dialog, or one that takes itself to be."""
        leg = self._leg
        if self._state is _State.OVER or leg is None or not self._addresses.have(request):
            self._answer(request, 481)
        elif request.method == "BYE":
            self._answer(request, 200)
            self._state = _State.OVER
            leg.finish(CAUSES["caller_hung_up"])
        elif request.method == "INFO":
            keys = keys_in(request)
            self._answer(request, 415 if keys is None else 200)
            if keys:
                leg.key(keys)
        elif request.method == "INVITE" or (request.method == "UPDATE" and request.body):
            self._take_offer(leg, request)
        elif request.method in ("UPDATE", "OPTIONS"):
            # A client asks so whether the call still lives (RFC 4028).
            self._voice.send(answer(request, 200, headers=(self._voice.contact, ALLOW)))
        else:
            self._answer(request, 405)

    # -- inside ----------------------------------------------------------------------------------------------------------------

    def _take_offer(self, leg: WebRtcLeg, request: SipMessage) -> None:
        """A re-INVITE or an UPDATE with an offer (RFC 3261 14.2, RFC 3311): a hold, or its end."""
        if self._state is _State.RINGING:
            self._answer(request, 500, why="the first offer is not answered yet")
            return
        try:
            ours = leg.offered_again(request.body)
        except UnusableOfferError as error:
            self._answer(request, 488, why=str(error))
            return
        self._addresses.target = uri_of(request.first("contact")) or self._addresses.target
        accepted = answer(request, 200, headers=(self._voice.contact, ALLOW), body=ours)
        if request.method == "INVITE":
            self._stop_repeating()
            self._state, self._accepted = _State.ANSWERED, request
            self._repeat(accepted, FIRST_REPEAT_SECONDS, UNACKNOWLEDGED_SECONDS)
        else:
            self._voice.send(accepted)

    @staticmethod
    def _is_of(invite: SipMessage, request: SipMessage) -> bool:
        return request.call_id == invite.call_id and request.cseq == invite.cseq

    def _answer(self, request: SipMessage, status: int, why: str = "") -> None:
        self._voice.send(answer(request, status, self._voice.tag, why=why))

    def _repeat(self, accepted: str, wait_s: float, left_s: float) -> None:
        self._voice.send(accepted)
        self._repeating = asyncio.get_running_loop().call_later(
            wait_s, self._unacknowledged, accepted, min(2 * wait_s, LONGEST_REPEAT_SECONDS), left_s - wait_s
        )

    def _unacknowledged(self, accepted: str, wait_s: float, left_s: float) -> None:
        if left_s > 0:
            self._repeat(accepted, wait_s, left_s)
        elif self._leg is not None:
            self._leg.finish(CAUSES["protocol_error"])

    def _stop_repeating(self) -> None:
        if self._repeating is not None:
            self._repeating.cancel()
            self._repeating = None
