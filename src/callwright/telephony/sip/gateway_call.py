"""One call in the gateway process: what the server wants goes to the stack, what the stack tells goes to the server.

Runs on the gateway's one event loop. Nothing here is done per frame but in ``tick``: no task, no log line. A coroutine is started only
for what the stack answers (an answer, a hang-up, a transfer).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from callwright.domain.sip_message import passed_on, uri_of, user_of
from callwright.telephony.sip.call_events import happened
from callwright.telephony.sip.call_facts import CallFacts
from callwright.telephony.sip.call_sound import CallSound
from callwright.telephony.sip.capture import CallCapture
from callwright.telephony.sip.checks import TLS, address_of
from callwright.telephony.sip.exchange import Exchange
from callwright.telephony.sip.key_ears import KeyEars
from callwright.telephony.sip.quality import TICK_MS
from callwright.telephony.sip.stack import GoneError, Identity, LineEvent, StackCall, StackError, headers_of
from callwright.telephony.sip.trace import TracedCall, fresh_dialog
from callwright.telephony.sip.transfer import Transfers, attempt

DRAIN_TICKS = 25
"""So long (500 ms) a call that is hung up is kept for what was written before."""
DRAIN_TAIL_TICKS = 2
GOODBYE_TICKS = 75
"""So long (1.5 s) the far end may take to answer our BYE; then the call is over for the server, while the stack goes on trying."""
ANNOUNCE_TICKS = 5
"""So long (100 ms) the stack's copy of a message may be behind what the stack tells."""
CANCELLED_TICKS = 25
"""So long (T1 of RFC 3261, 500 ms) the far end may take to answer an INVITE that was cancelled."""
BUSY = 486

_log = logging.getLogger("callwright.telephony.sip.gateway")


class GatewayCall:
    """A call by its number on the wire. ``user`` is the name under which we call, also for the second call of an attended transfer."""

    def __init__(self, exchange: Exchange, number: int, user: str) -> None:
        self.number = number
        self.user = user
        self.line: StackCall | None = None
        self._exchange = exchange
        self.sound = CallSound()
        self.facts = CallFacts()
        self.ears = KeyEars()
        self.capture = CallCapture(self.send)
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transfers = Transfers(exchange, self)
        self._entry: TracedCall | None = None

    @property
    def traced(self) -> TracedCall | None:
        """What the messages of the call tell."""
        if self._entry is None:
            self._entry = self._exchange.trace.claim(self.call_id)
        return self._entry

    @property
    def call_id(self) -> str:
        """The SIP Call-ID; nothing before the stack has the call."""
        return self.line.call_id if self.line is not None else ""

    # -- how it begins ----------------------------------------------------------------------------------------------------------

    def dial(self, message: Mapping[str, Any]) -> None:
        """Place the call the server asks for."""
        self.facts.announced = True
        self.facts.trying_untold = bool(message.get("tell_trying"))
        self.facts.times.ring = max(1, int(message.get("ring_seconds") or 60)) * 1000 // TICK_MS
        self._exchange.start(self._dial(message))

    async def _dial(self, message: Mapping[str, Any]) -> None:
        try:
            line = await self._exchange.stack.dial(
                str(message.get("to") or ""), Identity.of(message, self.user), headers_of(message)
            )
        except StackError as error:
            self.send("closed", by="line", sip_status=error.status, q850=None, reason=error.reason)
            self.facts.closed_told = True
            self._exchange.over(self)
            return
        self.line = line
        self.send("dialled", call_id=line.call_id)
        # At once: from here on a phone rings, and somebody must be able to end that.
        self._exchange.read_messages()
        self._tell_dialog()
        line.listen(self.happened)
        if self.facts.hang_up_asked:
            self._exchange.start(self._hang_up())

    def take(self, line: StackCall) -> None:
        """A call that came in. It is told to the server once its INVITE was read."""
        self.facts.inbound = True
        self.line = line
        line.listen(self.happened)
        self._announce()

    def _announce(self) -> None:
        """Tell the server, with the address that was really called: the stack itself keeps it to itself."""
        facts, line = self.facts, self.line
        self._exchange.read_messages()
        traced = self.traced
        invite = traced.invite if traced is not None else None
        # Asking for a password needs our provisional answer too, which the stack sends after it has told of the call.
        known = traced is not None and invite is not None and (traced.provisional or not self._exchange.asks_password)
        if line is None or (not known and facts.times.passed < ANNOUNCE_TICKS):
            return
        facts.announced = True
        registration = self._exchange.registration_of(line, invite)
        if not self._exchange.admits(traced, registration):
            facts.closed_told = facts.hang_up_asked = True
            self._exchange.start(self._try("refuse"))
            return
        # Over a registration the address that was called is its Contact; the number is in To.
        called = (
            user_of(invite.uri)
            if invite is not None and not registration
            else user_of(uri_of(line.headers.get("To", "")))
        )
        self.user = called
        peer = traced.dialog.peer if traced is not None else ""
        headers = {name: value for name, value in line.headers.items() if name.lower() != "to"}
        # The stack gives only the headers it was told of at its start; agents name others.
        others = passed_on(invite) if invite is not None else {}
        self.send(
            "incoming",
            called=called,
            caller=line.caller,
            call_id=line.call_id,
            headers=headers,
            others=others,
            peer=peer,
            registration=registration,
            encrypted=traced is not None and traced.dialog.transport == TLS and traced.takes_keys_of_srtp,
        )

    # -- what the server wants --------------------------------------------------------------------------------------------------

    def asked(self, message: Mapping[str, Any]) -> None:
        """A control message of the server about this call. What cannot be done any more is dropped."""
        action = _ACTIONS.get(message["type"])
        if action is not None and not self.facts.closed:
            action(self, message)

    def write(self, frames: bytes) -> None:
        """The agent's next frames."""
        if not self.facts.hang_up_asked:
            self.sound.offer(self.line, frames)

    def _answer(self, message: Mapping[str, Any]) -> None:
        if self.facts.inbound:
            self._exchange.start(self._try("answer"))

    def _reject(self, message: Mapping[str, Any]) -> None:
        """Refuse a call that came in. The stack can only say 486; another status is said before it, on the stack's own socket."""
        facts, code = self.facts, int(message.get("code") or BUSY)
        facts.hang_up_asked = True
        if facts.answered:
            self._exchange.start(self._try("hang_up"))
        else:
            facts.refusal = code if facts.inbound and 400 <= code <= 699 else BUSY
            facts.times.refusal = ANNOUNCE_TICKS
            self._refuse(0)

    def _refuse(self, ticks: int) -> None:
        """Refuse as soon as our provisional answer was read, which the refusal must match; it may be a moment behind."""
        facts, traced = self.facts, self.traced
        facts.times.refusal = max(0, facts.times.refusal - ticks)
        if facts.refusal != BUSY and (traced is None or traced.provisional is None) and facts.times.refusal:
            return
        if facts.refusal != BUSY and traced is not None and self._exchange.refuse_with(traced, facts.refusal):
            facts.refused_status = facts.refusal
        facts.refusal = 0
        self._exchange.start(self._try("refuse"))

    def hang_up(self, message: Mapping[str, Any]) -> None:
        """End the call; with ``drain`` after what was written has been sent."""
        facts = self.facts
        if facts.hang_up_asked:
            return
        facts.hang_up_asked = True
        if message.get("drain") and facts.answered:
            facts.times.drain = DRAIN_TICKS
        elif self.line is not None:
            self._exchange.start(self._hang_up())

    async def _hang_up(self) -> None:
        self.facts.times.goodbye = GOODBYE_TICKS
        self.sound.clear(None)
        await self._try("hang_up")

    async def _try(self, what: str) -> None:
        """One of the stack's plain actions; one that comes too late is no error."""
        line = self.line
        if line is None:
            return
        try:
            await {"answer": line.answer, "refuse": line.refuse, "hang_up": line.hang_up}[what]()
        except GoneError:
            return
        except StackError as error:
            _log.warning("call %s: %s failed: %s", self.call_id, what, error.reason)
            if what == "answer":
                self.facts.reason = error.reason
                await self._try("hang_up")

    def _clear(self, message: Mapping[str, Any]) -> None:
        self.sound.clear(self.line)

    def _keys(self, message: Mapping[str, Any]) -> None:
        if self.line is not None and self.facts.answered:
            self._exchange.start(attempt("keys", self.line.send_keys(str(message.get("keys") or ""))))

    def _hold(self, message: Mapping[str, Any]) -> None:
        if self.line is not None and self.facts.answered:
            self.facts.we_hold = bool(message.get("on"))
            self._exchange.start(attempt("hold", self.line.hold(self.facts.we_hold)))

    def move(self, line: StackCall) -> None:
        """From now on the call is with ``line``. The end of the old one, which the stack brings about by itself, is not the end of the
        call."""
        if self.line is not None:
            self.line.listen(_ignore)
            self._exchange.trace.forget(self.line.call_id, self._entry)
        self.line, self._entry = line, None
        self.facts.moved()
        self.ears.close()
        if self.over.done():
            self.over = asyncio.get_running_loop().create_future()
        self.sound.clear(None)
        if self.traced is not None:
            # It was told as a target's.
            self.traced.told = ()
        self._tell_dialog()
        line.listen(self.happened)

    def happened(self, event: LineEvent) -> None:
        """An event of the stack."""
        happened(self, event)

    # -- every 20 ms ------------------------------------------------------------------------------------------------------------

    def tick(self, ticks: int) -> None:
        """``ticks`` times 20 ms have passed: audio both ways, and what had to wait. The trace is up to date."""
        facts, line = self.facts, self.line
        facts.times.passed += ticks
        if line is None:
            return
        if not facts.announced:
            self._announce()
        if facts.answer_untold:
            self._tell_answer()
        if facts.negotiated:
            self._tell_media()
        if facts.trying_untold and self.traced is not None and self.traced.heard:
            facts.trying_untold = False
            self.send("trying")
        self._tell_dialog()
        self.transfers.tell()
        if self.capture.is_on:
            self.capture.tick(self.traced, ticks)
        if not facts.closed:
            if facts.answered and not facts.answer_untold and not self.ears.tried:
                self.ears.open(self.traced, lambda key: self.send("key", key=key))
            self._audio(line, ticks)
            self._waiting(ticks)
        elif facts.hang_up_asked or not self.transfers.pending:
            facts.times.closed += ticks
            traced = self.traced
            most_ticks = CANCELLED_TICKS if traced is not None and traced.ended_by else ANNOUNCE_TICKS
            if facts.is_explained(traced) or facts.times.closed > most_ticks:
                self._finish()

    def _audio(self, line: StackCall, ticks: int) -> None:
        facts = self.facts
        expected = facts.answered and not facts.they_hold and not facts.we_hold
        frames, is_report_due = self.sound.round(line, ticks, expected=expected)
        if frames and facts.announced:
            self._exchange.audio(self.number, frames)
        if is_report_due:
            self._tell_quality(final=False)

    def _waiting(self, ticks: int) -> None:
        """What ends by time: ringing, a drained hang-up, a BYE nobody answers, a refusal, a REFER nobody decides."""
        facts = self.facts
        if facts.times.ring and not facts.inbound:
            facts.times.ring = max(0, facts.times.ring - ticks)
            if facts.times.ring == 0 and not facts.hang_up_asked:
                facts.reason = "not answered in time"
                self.hang_up({})
        if facts.times.drain:
            self._drain(ticks)
        if facts.times.goodbye:
            facts.times.goodbye = max(0, facts.times.goodbye - ticks)
            if facts.times.goodbye == 0:
                self._finish()
        if facts.refusal:
            self._refuse(ticks)
        self.transfers.tick(ticks)

    def _drain(self, ticks: int) -> None:
        facts = self.facts
        if self.sound.is_drained(self.line):
            # What has left the buffer is on its way, not yet at the far end's ear.
            facts.times.drain = min(facts.times.drain, DRAIN_TAIL_TICKS + 1)
        facts.times.drain = max(0, facts.times.drain - ticks)
        if facts.times.drain == 0:
            self._exchange.start(self._hang_up())

    # -- what is told to the server ---------------------------------------------------------------------------------------------

    def send(self, kind: str, **values: Any) -> None:
        """A control message to the server about this call; nothing once its end is told."""
        if not self.facts.closed_told:
            self._exchange.send(self.number, kind, **values)

    def _tell_answer(self) -> None:
        traced = self.traced
        codec = traced.codec if traced is not None else ""
        self.facts.times.answer += 1
        if codec or self.facts.times.answer > ANNOUNCE_TICKS:
            self.facts.answer_untold, self.facts.codec = False, codec
            self.send("answered", codec=codec)

    def _tell_media(self) -> None:
        traced = self.traced
        codec = traced.codec if traced is not None else self.facts.codec
        who, self.facts.negotiated = self.facts.negotiated, ""
        if codec != self.facts.codec or who == "offer":
            self.facts.codec = codec
            self.send("media", codec=codec, why="the far end asked" if who == "offer" else "we asked")

    def _tell_dialog(self) -> None:
        traced = self.traced
        dialog = fresh_dialog(traced) if traced is not None and self.facts.announced else None
        if dialog is not None:
            self.send("dialog", **dialog)

    def _tell_quality(self, *, final: bool) -> None:
        self.send("quality", **self.sound.quality(self.line, final=final))

    def _finish(self) -> None:
        """Tell the server that the call is over, and how. The trace has told by now what the stack's own words leave out."""
        facts, traced = self.facts, self.traced
        if not self.over.done():
            self.over.set_result(None)
        self.transfers.end()
        if facts.answered:
            self._tell_quality(final=True)
        if not facts.announced:
            self._announce()
        self.capture.stop(traced, "the call ended")
        by, status, reason = facts.ending(traced)
        q850 = traced.q850 if traced is not None else None
        self.send("closed", by=by, sip_status=status, q850=q850, reason=reason[:500])
        facts.closed_told = True
        self._exchange.over(self)


def turn_away(call: GatewayCall, line: StackCall, status: int) -> None:
    """Refuse a call that came in without telling the server of it."""
    call.facts.inbound = call.facts.announced = call.facts.closed_told = True
    call.line = line
    line.listen(call.happened)
    call.asked({"type": "reject", "code": status})


def unacknowledged(call: GatewayCall) -> str:
    """The address that calls, until it acknowledges our answer or the call ends. Empty for any other call."""
    facts, traced = call.facts, call.traced
    if traced is None or not facts.inbound or facts.answered or facts.closed or facts.hang_up_asked:
        return ""
    return address_of(traced.dialog.peer)


def _ignore(event: LineEvent) -> None:
    """What happens on a line that carries the call no longer."""


_ACTIONS: Mapping[str, Callable[[GatewayCall, Mapping[str, Any]], None]] = {
    "answer": GatewayCall._answer,
    "capture": lambda call, message: call.capture.start(message),
    "reject": GatewayCall._reject,
    "hang_up": GatewayCall.hang_up,
    "clear": GatewayCall._clear,
    "keys": GatewayCall._keys,
    "hold": GatewayCall._hold,
    "transfer": lambda call, message: call.transfers.ask(message),
    "refer": lambda call, message: call.transfers.decide(message),
}
