"""Transfers of one call: those the server asks for (REFER to the far end), and those the far end asks for (REFER to us)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from callwright.telephony.sip.audio import CallerAudio
from callwright.telephony.sip.call_facts import CallFacts, status_of
from callwright.telephony.sip.exchange import Exchange
from callwright.telephony.sip.stack import (
    TRANSFERRED,
    GoneError,
    Identity,
    LineEvent,
    StackCall,
    StackError,
    UnansweredError,
    headers_of,
)
from callwright.telephony.sip.trace import TracedCall, fresh_dialog
from callwright.telephony.sip.wire import TARGET

REFER_TICKS = 500
"""So long (10 s) the server may take to decide where the far end may send us."""
LEAVE_SECONDS = 3.0
"""So long whoever was handed over may take to end its old call with us itself (RFC 5589 6 lets it); then we do, so that nobody's phone
stays off the hook."""
TAKE_BACK_TRIES = 10
TAKE_BACK_SECONDS = 1.0
DECLINED = 603
NOT_IMPLEMENTED = 501
_STATES = {180: "ringing", 181: "dialling", 182: "dialling", 183: "ringing"}
"""What the target sounds by itself (183) reaches nobody yet: the far end hears it once it calls the target."""

_log = logging.getLogger("callwright.telephony.sip.gateway")


class TransferredCall(Protocol):
    """The call as its transfers see it."""

    number: int
    user: str
    line: StackCall | None
    facts: CallFacts
    over: asyncio.Future[None]

    @property
    def traced(self) -> TracedCall | None:
        """What the messages of the call tell."""
        ...

    def send(self, kind: str, **values: Any) -> None:
        """A control message to the server about this call."""

    def move(self, line: StackCall) -> None:
        """From now on the call is with ``line``."""


class Transfers:
    """The transfers of ``call``; one at a time in either direction."""

    def __init__(self, exchange: Exchange, call: TransferredCall) -> None:
        self._exchange = exchange
        self._call = call
        self._task: asyncio.Task[None] | None = None
        self._second: StackCall | None = None
        self._rings: StackCall | None = None
        self._early = CallerAudio()
        self._next: StackCall | None = None
        self._target = ""
        self._undecided_ticks = 0
        self._blind_request = 0
        self._given_up = 0
        """The last blind request that failed: its target may still take the call."""
        self._heard_status = 0

    @property
    def pending(self) -> bool:
        """Whether something may still come of one, so that the end of the line is not yet the end of the call."""
        return self._task is not None or self._next is not None

    # -- the server asks --------------------------------------------------------------------------------------------------------

    def ask(self, message: Mapping[str, Any]) -> None:
        """The server's ``transfer``; answered by ``transferred``."""
        line = self._call.line
        if line is None or not self._call.facts.answered or self._task is not None:
            self._told(message, StackError("the call cannot be transferred now"))
            return
        self._task = self._exchange.start(self._refer(line, message))

    async def _refer(self, line: StackCall, message: Mapping[str, Any]) -> None:
        target, seconds = str(message.get("target") or ""), float(message.get("seconds") or 30)
        try:
            if message.get("attended"):
                await self._attended(line, message, target, seconds)
            else:
                self._blind_request, self._heard_status = int(message.get("request") or 0), 0
                if self._call.traced is not None:
                    self._call.traced.referral = 0
                await line.refer(target, seconds)
        except StackError as error:
            # Our time and the far end's success may come in the same moment.
            has_moved = self._call.facts.transferred and self._blind_request
            self._given_up = self._blind_request or self._given_up
            self._told(message, None if has_moved else error)
        else:
            self._call.facts.transferred = True
            self._told(message, None)
        finally:
            self._task, self._blind_request = None, 0

    def closed(self, text: str) -> None:
        """The stack has ended the line with these words. A far end that we no longer wait for may have reached its target after all. Where
        we follow the far end instead, the words are about that."""
        if text == TRANSFERRED and self._next is None:
            self._call.facts.transferred = True
            if self._given_up and not self._blind_request:
                self._told({"request": self._given_up}, None)

    def _told(self, message: Mapping[str, Any], error: StackError | None) -> None:
        self._call.send(
            "transferred",
            request=message.get("request"),
            ok=error is None,
            sip_status=error.status if error is not None else 200,
            reason=error.reason if error is not None else "",
            unanswered=isinstance(error, UnansweredError),
        )

    async def _attended(self, line: StackCall, message: Mapping[str, Any], target: str, seconds: float) -> None:
        """Call the target, and once it answers put the far end on hold and join the two. Anything else: the call is as it was before. The
        hold comes late because the stack sends a far end on hold nothing, and this one is to hear that the target rings."""
        facts, over = self._call.facts, self._call.over
        second: StackCall | None = None

        def told(state: str) -> None:
            call_id = second.call_id if second is not None else ""
            self._call.send("transfer_progress", request=message.get("request"), state=state, call_id=call_id)

        try:
            second = await self._exchange.stack.dial(target, Identity.of(message, self._call.user), headers_of(message))
            self._second = second
            self._called()
            self._rings, self._early = second, CallerAudio()
            try:
                await answered(second, over, seconds, told)
            finally:
                self._rings = None
            facts.we_hold = True
            await line.refer_to_call(second, seconds)
        except StackError:
            if second is not None:
                await attempt("ending the second call of a transfer", second.hang_up())
                self._second = None
                self._let_go(second)
            held, facts.we_hold = facts.we_hold, False
            if held and not over.done():
                await _taken_back(line, over)
            raise
        self._exchange.start(_left(second))

    def tell(self) -> None:
        """What a BYE to somebody else who was called needs, where that is news."""
        for line in (self._second, self._next):
            traced = self._exchange.trace.call(line.call_id) if line is not None else None
            dialog = fresh_dialog(traced) if traced is not None else None
            if dialog is not None:
                self._call.send("target_dialog", **dialog)

    def _called(self) -> None:
        # At once: from here on a phone rings, and somebody must be able to end that.
        self._exchange.read_messages()
        self.tell()

    def _let_go(self, line: StackCall) -> None:
        """Nobody else needs to end ``line`` any more."""
        self._call.send("target_dialog", call_id=line.call_id)

    # -- the far end asks -------------------------------------------------------------------------------------------------------

    def asked(self, target: str) -> None:
        """The far end sends us to ``target`` (nothing: somewhere that cannot be called). The server decides."""
        line = self._call.line
        if line is None:
            return
        if not target or self._undecided_ticks or self._next is not None:
            self._exchange.start(attempt("refusing a REFER", line.refuse_refer(NOT_IMPLEMENTED)))
            return
        self._target, self._undecided_ticks = target, REFER_TICKS
        self._call.send("refer_asked", target=target)

    def decide(self, message: Mapping[str, Any]) -> None:
        """The server's ``refer``."""
        line = self._call.line
        if line is None or self._undecided_ticks == 0:
            return
        self._undecided_ticks = 0
        if message.get("accept"):
            self._exchange.start(self._follow(line))
        else:
            self._exchange.start(attempt("refusing a REFER", line.refuse_refer(DECLINED)))

    def tick(self, ticks: int) -> None:
        """Time passes: what a target sounds before it answers goes to the server, and a server that does not decide has refused. The trace
        is up to date: what the far end tells of the target it was sent to (RFC 3515: a status line in a NOTIFY) is passed on."""
        if self._rings is not None:
            self._early.feed(self._rings.read())
            frames = self._early.take(ticks, expected=False)
            if frames:
                self._exchange.audio(self._call.number + TARGET, frames)
        traced = self._call.traced if self._blind_request else None
        if traced is not None and traced.referral != self._heard_status:
            self._heard_status = traced.referral
            state = _STATES.get(traced.referral)
            if state is not None:
                self._call.send("transfer_progress", request=self._blind_request, state=state)
        if self._undecided_ticks:
            self._undecided_ticks = max(1, self._undecided_ticks - ticks)
            if self._undecided_ticks == 1:
                self.decide({"accept": False})

    async def _follow(self, line: StackCall) -> None:
        try:
            self._next = await line.accept_refer()
        except StackError as error:
            self._call.send("move_failed", target=self._target, sip_status=error.status, reason=error.reason)
            return
        self._called()
        self._next.listen(self._of_next)

    def _of_next(self, event: LineEvent) -> None:
        """The call to where the far end sent us: answered, it takes the place of the first; over, the first goes on."""
        if self._next is None:
            return
        if event.kind == "answered":
            old, line, self._next = self._call.line, self._next, None
            self._call.move(line)
            if old is not None:
                self._exchange.start(_left(old))
            self._let_go(line)
            self._call.send("moved", target=self._target)
        elif event.kind == "closed":
            self._let_go(self._next)
            self._next = None
            status, reason = status_of(event.text)
            self._call.send("move_failed", target=self._target, sip_status=status, reason=reason)

    def end(self) -> None:
        """The call ends: the call to where we were sent ends with it."""
        if self._next is not None:
            self._exchange.start(attempt("ending a call we were sent to", self._next.hang_up()))
            self._next = None


async def answered(
    call: StackCall, over: asyncio.Future[None], seconds: float, told: Callable[[str], None] = lambda state: None
) -> None:
    """Wait until ``call`` is answered. Raises StackError when it is not: refused, too late, or ``over`` came first. ``told`` hears that it
    rings (also with sound of its own) and that it is answered."""
    outcome: asyncio.Future[LineEvent] = asyncio.get_running_loop().create_future()

    def listener(event: LineEvent) -> None:
        if event.kind in ("ringing", "early_media", "answered"):
            told("answered" if event.kind == "answered" else "ringing")
        if event.kind in ("answered", "closed") and not outcome.done():
            outcome.set_result(event)

    call.listen(listener)
    waited: set[asyncio.Future[Any]] = {outcome, over}
    await asyncio.wait(waited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    if over.done():
        raise StackError("the call ended while the target was called")
    if not outcome.done():
        raise UnansweredError("the target did not answer in time")
    event = outcome.result()
    if event.kind == "closed":
        status, reason = status_of(event.text)
        raise StackError(reason or "the target cannot be reached", status)


async def _taken_back(line: StackCall, over: asyncio.Future[None]) -> None:
    """Take the far end off hold, however long another negotiation takes: who is left on hold waits for ever."""
    for _ in range(TAKE_BACK_TRIES):
        try:
            await line.hold(False)
            return
        except GoneError:
            return
        except StackError as error:
            _log.info("the far end of call %s is still on hold: %s", line.call_id, error.reason)
        await asyncio.wait({over}, timeout=TAKE_BACK_SECONDS)
        if over.done():
            return
    _log.warning("the far end of call %s could not be taken off hold; the call ends", line.call_id)
    await attempt("ending a call that is left on hold", line.hang_up())


async def _left(line: StackCall) -> None:
    """End a call that goes on elsewhere, unless its far end does so first."""
    await asyncio.sleep(LEAVE_SECONDS)
    await attempt("ending a call that goes on elsewhere", line.hang_up())


async def attempt(what: str, work: Any) -> None:
    """Something the stack may refuse without harm to the call: it is noted."""
    try:
        await work
    except StackError as error:
        _log.debug("%s failed: %s", what, error.reason)
