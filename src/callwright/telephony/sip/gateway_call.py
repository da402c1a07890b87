"""One call in the gateway process: what the server wants goes to the stack, what the stack tells goes to the server.

Runs on the gateway's one event loop. Nothing here is done per frame but in ``tick``: no task, no log line. A coroutine is started only
for what the stack answers (an answer, a hang-up, a transfer).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol

from callwright.telephony.sip.audio import AgentAudio, CallerAudio
from callwright.telephony.sip.message import user_of
from callwright.telephony.sip.quality import TICK_MS, Quality
from callwright.telephony.sip.stack import GoneError, LineEvent, SipStack, StackCall, StackError
from callwright.telephony.sip.trace import Trace, TracedCall, fresh_dialog

DRAIN_TICKS = 25
"""So long (500 ms) a call that is hung up is kept for what was written before."""
DRAIN_TAIL_TICKS = 2
GOODBYE_TICKS = 75
"""So long (1.5 s) the far end may take to answer our BYE; then the call is over for the server, while the stack goes on trying."""
REFER_TICKS = 500
ANNOUNCE_TICKS = 5
REJECTED = 603
NO_SUCH_TARGET = 501

_log = logging.getLogger("callwright.telephony.sip.gateway")


class Exchange(Protocol):
    """What a call needs of the gateway."""

    stack: SipStack
    trace: Trace

    @property
    def asks_password(self) -> bool:
        """Whether callers must give a password."""
        ...

    def send(self, call: int, kind: str, **values: Any) -> None:
        """A control message to the server."""

    def audio(self, call: int, frames: bytes) -> None:
        """Audio of the caller to the server."""

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something of a call; what it raises is a defect and ends the process."""
        ...

    def read_messages(self) -> None:
        """Bring the trace up to date."""

    def over(self, call: GatewayCall) -> None:
        """The call is closed; forget it."""

    def refuse_with(self, call: TracedCall, code: int) -> bool:
        """Answer the INVITE of a call with a status of ours, if that can be done."""
        ...

    def admits(self, call: TracedCall | None) -> bool:
        """Whether its caller may call; one that must give a password first has been asked for it."""
        ...


class GatewayCall:
    """A call by its number on the wire. ``user`` is the name under which we call, also for the second call of an attended transfer."""

    def __init__(self, exchange: Exchange, number: int, user: str) -> None:
        self.number = number
        self.user = user
        self.line: StackCall | None = None
        self._exchange = exchange
        self._caller = CallerAudio()
        self._agent = AgentAudio()
        self._quality = Quality()
        self._facts = _Facts()
        self._transfer: asyncio.Task[None] | None = None
        self._next: StackCall | None = None
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._entry: TracedCall | None = None

    @property
    def traced(self) -> TracedCall | None:
        """What the messages of the call tell."""
        if self._entry is None:
            # Not one that belongs to another call: the second try of a caller has the same Call-ID, and its INVITE may be read later.
            entry = self._exchange.trace.call(self.call_id)
            if entry is not None and not entry.taken:
                entry.taken, self._entry = True, entry
        return self._entry

    @property
    def call_id(self) -> str:
        """The SIP Call-ID; nothing before the stack has the call."""
        return self.line.call_id if self.line is not None else ""

    @property
    def announced(self) -> bool:
        """Whether the server knows the call."""
        return self._facts.announced

    # -- how it begins ----------------------------------------------------------------------------------------------------------

    def dial(self, message: Mapping[str, Any]) -> None:
        """Place the call the server asks for."""
        self._facts.announced = True
        self._facts.ring_ticks = max(1, int(message.get("ring_seconds") or 60)) * 1000 // TICK_MS
        self._exchange.start(self._dial(message))

    async def _dial(self, message: Mapping[str, Any]) -> None:
        try:
            line = await self._exchange.stack.dial(
                str(message.get("to") or ""),
                self.user,
                str(message.get("display_name") or ""),
                {str(name): str(value) for name, value in dict(message.get("headers") or {}).items()},
            )
        except StackError as error:
            self._send("closed", by="line", sip_status=error.status, q850=None, reason=error.reason)
            self._facts.closed_told = True
            self._exchange.over(self)
            return
        self.line = line
        self._send("dialled", call_id=line.call_id)
        line.listen(self.happened)
        if self._facts.hang_up_asked:
            self._exchange.start(self._hang_up())

    def take(self, line: StackCall) -> None:
        """A call that came in. It is told to the server once its INVITE was read."""
        self._facts.inbound = True
        self.line = line
        line.listen(self.happened)
        self._announce()

    def _announce(self) -> None:
        """Tell the server, with the address that was really called: the stack itself keeps it to itself."""
        facts, line = self._facts, self.line
        self._exchange.read_messages()
        traced = self.traced
        invite = traced.invite if traced is not None else None
        # Asking for a password needs our provisional answer too, which the stack sends after it has told of the call.
        known = traced is not None and invite is not None and (traced.provisional or not self._exchange.asks_password)
        if line is None or (not known and facts.ticks < ANNOUNCE_TICKS):
            return
        facts.announced = True
        if not self._exchange.admits(traced):
            facts.closed_told = facts.hang_up_asked = True
            self._exchange.start(self._try("refuse"))
            return
        called = user_of(invite.uri) if invite is not None else user_of(line.headers.get("To", ""))
        self.user = called
        peer = traced.dialog.peer if traced is not None else ""
        headers = {name: value for name, value in line.headers.items() if name.lower() != "to"}
        self._send("incoming", called=called, caller=line.caller, call_id=line.call_id, headers=headers, peer=peer)

    # -- what the server wants --------------------------------------------------------------------------------------------------

    def asked(self, message: Mapping[str, Any]) -> None:
        """A control message of the server about this call. What cannot be done any more is dropped."""
        action = _ACTIONS.get(message["type"])
        if action is not None and not self._facts.closed_text_known:
            action(self, message)

    def write(self, frames: bytes) -> None:
        """The agent's next frames."""
        if not self._facts.hang_up_asked:
            self._agent.offer(frames)
            self._top_up()

    def _answer(self, message: Mapping[str, Any]) -> None:
        if self._facts.inbound:
            self._exchange.start(self._try("answer"))

    def _reject(self, message: Mapping[str, Any]) -> None:
        """Refuse a call that came in. The stack can only say 486; another status is said before it, on the stack's own socket."""
        code = int(message.get("code") or 486)
        self._facts.hang_up_asked = True
        traced = self.traced
        if traced is not None and not self._facts.answered and 400 <= code <= 699 and code != 486:
            self._facts.refused_status = code if self._exchange.refuse_with(traced, code) else 0
        self._exchange.start(self._try("refuse" if not self._facts.answered else "hang_up"))

    def hang_up(self, message: Mapping[str, Any]) -> None:
        """End the call; with ``drain`` after what was written has been sent."""
        facts = self._facts
        if facts.hang_up_asked:
            return
        facts.hang_up_asked = True
        if message.get("drain") and facts.answered:
            facts.drain_ticks = DRAIN_TICKS
        elif self.line is not None:
            self._exchange.start(self._hang_up())

    async def _hang_up(self) -> None:
        self._facts.goodbye_ticks = GOODBYE_TICKS
        self._agent.clear()
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
                self._facts.reason = error.reason
                await self._try("hang_up")

    def _clear(self, message: Mapping[str, Any]) -> None:
        self._agent.clear()
        if self.line is not None:
            self.line.flush()

    def _keys(self, message: Mapping[str, Any]) -> None:
        if self.line is not None and self._facts.answered:
            self._exchange.start(self._attempt("keys", self.line.send_keys(str(message.get("keys") or ""))))

    def _hold(self, message: Mapping[str, Any]) -> None:
        if self.line is not None and self._facts.answered:
            self._facts.we_hold = bool(message.get("on"))
            self._exchange.start(self._attempt("hold", self.line.hold(self._facts.we_hold)))

    async def _attempt(self, what: str, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except StackError as error:
            _log.warning("call %s: %s failed: %s", self.call_id, what, error.reason)

    # -- transfers --------------------------------------------------------------------------------------------------------------

    def _transfer_to(self, message: Mapping[str, Any]) -> None:
        request = message.get("request")
        if self.line is None or not self._facts.answered or self._transfer is not None:
            self._send(
                "transferred", request=request, ok=False, sip_status=0, reason="the call cannot be transferred now"
            )
            return
        self._transfer = self._exchange.start(self._transferring(self.line, message))

    async def _transferring(self, line: StackCall, message: Mapping[str, Any]) -> None:
        request, target = message.get("request"), str(message.get("target") or "")
        seconds = float(message.get("seconds") or 30)
        try:
            if message.get("attended"):
                await self._attended(line, target, seconds)
            else:
                await line.refer(target, seconds)
            self._send("transferred", request=request, ok=True, sip_status=200, reason="")
            self._facts.reason = "transferred"
            self._facts.transferred = True
        except StackError as error:
            self._send("transferred", request=request, ok=False, sip_status=error.status, reason=error.reason)
        finally:
            self._transfer = None

    async def _attended(self, line: StackCall, target: str, seconds: float) -> None:
        """Far end on hold, call the target, and once it answers join the two. Anything else: the call is as it was before."""
        await line.hold(True)
        self._facts.we_hold = True
        second: StackCall | None = None
        try:
            second = await self._exchange.stack.dial(target, self.user, "", {})
            await _answered(second, self._over, seconds)
            await line.refer_to_call(second, seconds)
        except StackError:
            if second is not None:
                await _drop(second)
            if not self._over.done():
                self._exchange.start(self._attempt("taking it off hold", line.hold(False)))
            self._facts.we_hold = False
            raise

    def _refer(self, message: Mapping[str, Any]) -> None:
        """The server's answer to ``refer_asked``."""
        if self.line is None or self._facts.refer_ticks == 0:
            return
        self._facts.refer_ticks = 0
        if message.get("accept"):
            self._exchange.start(self._move(self.line))
        else:
            self._exchange.start(self._attempt("refusing a REFER", self.line.refuse_refer(REJECTED)))

    async def _move(self, line: StackCall) -> None:
        try:
            moved = await line.accept_refer()
        except StackError as error:
            self._send("move_failed", target=self._facts.refer_target, sip_status=error.status, reason=error.reason)
            return
        self._next = moved
        moved.listen(self._happened_next)

    def _happened_next(self, event: LineEvent) -> None:
        """The call to where the far end sent us: answered, it takes the place of the first; over, the first goes on."""
        if event.kind == "answered" and self._next is not None:
            old, self.line, self._next = self.line, self._next, None
            if old is not None:
                # Its end, which the stack brings about by itself, is not the end of the call.
                old.listen(_ignore)
                self._exchange.trace.forget(old.call_id, self._entry)
            self._entry = None
            self.line.listen(self.happened)
            self._facts.moved()
            if self._over.done():
                self._over = asyncio.get_running_loop().create_future()
            self._agent.clear()
            self._send("moved", target=self._facts.refer_target)
        elif event.kind == "closed" and self._next is not None:
            self._next = None
            status, reason = _status(event.text)
            self._send("move_failed", target=self._facts.refer_target, sip_status=status, reason=reason)

    # -- what the stack tells ---------------------------------------------------------------------------------------------------

    def happened(self, event: LineEvent) -> None:
        """An event of the stack."""
        handler = _HANDLERS.get(event.kind)
        if handler is not None:
            handler(self, event)

    def _ringing(self, event: LineEvent) -> None:
        self._send("ringing")

    def _early_media(self, event: LineEvent) -> None:
        self._send("early_media")

    def _was_answered(self, event: LineEvent) -> None:
        self._facts.answered = True
        self._facts.ring_ticks = 0
        self._facts.answer_untold = True
        self._caller.start()

    def _was_held(self, event: LineEvent) -> None:
        self._facts.they_hold = event.kind == "held"
        self._send("held", on=self._facts.they_hold)

    def _negotiated(self, event: LineEvent) -> None:
        if self._facts.answered and not self._facts.answer_untold:
            self._facts.negotiated = event.text

    def _key(self, event: LineEvent) -> None:
        if event.text:
            self._send("key", key=event.text)

    def _refer_asked(self, event: LineEvent) -> None:
        if self.line is None:
            return
        if not event.text or self._facts.refer_ticks or self._next is not None:
            self._exchange.start(self._attempt("refusing a REFER", self.line.refuse_refer(NO_SUCH_TARGET)))
            return
        self._facts.refer_target = event.text
        self._facts.refer_ticks = REFER_TICKS
        self._send("refer_asked", target=event.text)

    def _statistics(self, event: LineEvent) -> None:
        self._quality.statistics(event.statistics)

    def _was_closed(self, event: LineEvent) -> None:
        self._quality.statistics(event.statistics)
        self._facts.closed_text_known = True
        self._facts.closed_text = event.text
        if not self._over.done():
            self._over.set_result(None)

    # -- every 20 ms ------------------------------------------------------------------------------------------------------------

    def tick(self, ticks: int) -> None:
        """``ticks`` times 20 ms have passed: audio both ways, and what had to wait. The trace is up to date."""
        facts, line = self._facts, self.line
        facts.ticks += ticks
        if line is None:
            return
        if not facts.announced:
            self._announce()
        if facts.answer_untold:
            self._tell_answer()
        if facts.negotiated:
            self._tell_media()
        self._tell_dialog()
        if not facts.closed_text_known:
            self._audio(line, ticks)
            self._waiting(ticks)
        elif self._transfer is None and not (self._next is not None and facts.refer_target and not facts.hang_up_asked):
            self._finish()

    def _audio(self, line: StackCall, ticks: int) -> None:
        facts = self._facts
        got = self._caller.feed(line.read())
        expected = facts.answered and not facts.they_hold and not facts.we_hold
        frames = self._caller.take(ticks, expected=expected)
        if frames and facts.announced:
            self._exchange.audio(self.number, frames)
        if len(self._agent):
            self._top_up()
        if self._quality.tick(ticks, got, expected=expected):
            self._tell_quality(final=False)

    def _top_up(self) -> None:
        """Give the stack what it may hold."""
        line = self.line
        level = line.level() if line is not None else None
        if line is None or level is None:
            return
        self._quality.held(level.held_bytes_max, level.starved_frames)
        pcm = self._agent.due(level.held_bytes)
        if pcm:
            line.write(pcm)

    def _waiting(self, ticks: int) -> None:
        """What ends by time: ringing, a drained hang-up, a BYE nobody answers, a REFER the server does not decide."""
        facts = self._facts
        if facts.ring_ticks and not facts.inbound:
            facts.ring_ticks = max(0, facts.ring_ticks - ticks)
            if facts.ring_ticks == 0 and not facts.hang_up_asked:
                facts.reason = "not answered in time"
                self.hang_up({})
        if facts.drain_ticks:
            self._drain(ticks)
        if facts.goodbye_ticks:
            facts.goodbye_ticks = max(0, facts.goodbye_ticks - ticks)
            if facts.goodbye_ticks == 0:
                self._finish()
        if facts.refer_ticks:
            facts.refer_ticks = max(0, facts.refer_ticks - ticks)
            if facts.refer_ticks == 0 and self.line is not None:
                self._exchange.start(self._attempt("refusing a REFER", self.line.refuse_refer(REJECTED)))

    def _drain(self, ticks: int) -> None:
        facts = self._facts
        level = self.line.level() if self.line is not None else None
        empty = not len(self._agent) and (level is None or level.held_bytes == 0)
        # What has left the buffer is on its way, not yet at the far end's ear.
        facts.drain_ticks = min(facts.drain_ticks, DRAIN_TAIL_TICKS + 1) if empty else facts.drain_ticks
        facts.drain_ticks = max(0, facts.drain_ticks - ticks)
        if facts.drain_ticks == 0:
            self._exchange.start(self._hang_up())

    # -- what is told to the server ---------------------------------------------------------------------------------------------

    def _send(self, kind: str, **values: Any) -> None:
        if not self._facts.closed_told:
            self._exchange.send(self.number, kind, **values)

    def _tell_answer(self) -> None:
        traced = self.traced
        codec = traced.codec if traced is not None else ""
        self._facts.answer_ticks += 1
        if codec or self._facts.answer_ticks > ANNOUNCE_TICKS:
            self._facts.answer_untold, self._facts.codec = False, codec
            self._send("answered", codec=codec)

    def _tell_media(self) -> None:
        traced = self.traced
        codec = traced.codec if traced is not None else self._facts.codec
        who, self._facts.negotiated = self._facts.negotiated, ""
        if codec != self._facts.codec or who == "offer":
            self._facts.codec = codec
            self._send("media", codec=codec, why="the far end asked" if who == "offer" else "we asked")

    def _tell_dialog(self) -> None:
        traced = self.traced
        dialog = fresh_dialog(traced) if traced is not None and self._facts.announced else None
        if dialog is not None:
            self._send("dialog", **dialog)

    def _tell_quality(self, *, final: bool) -> None:
        level = self.line.level() if self.line is not None else None
        if level is not None:
            self._quality.held(level.held_bytes_max, level.starved_frames)
        self._send(
            "quality",
            **self._quality.values(final=final),
            concealed_frames=self._caller.frames_concealed,
            dropped_frames=self._caller.frames_dropped,
        )

    def _finish(self) -> None:
        """Tell the server that the call is over, and how. The trace has told by now what the stack's own words leave out."""
        facts, traced = self._facts, self.traced
        if not self._over.done():
            self._over.set_result(None)
        status, reason = _status(facts.closed_text)
        if traced is not None:
            status, reason = traced.status or status, traced.reason if not status else reason
        by = facts.who_ended(traced, status)
        status = facts.refused_status or status
        if facts.answered:
            self._tell_quality(final=True)
        if not facts.announced:
            self._announce()
        q850 = traced.q850 if traced is not None else None
        self._send(
            "closed", by=by, sip_status=status, q850=q850, reason=(facts.reason or reason or facts.closed_text)[:500]
        )
        facts.closed_told = True
        self._exchange.over(self)


class _Facts:
    """Where a call stands. Times are ticks that are left; 0 means that nothing is waited for."""

    def __init__(self) -> None:
        self.ticks = 0
        self.inbound = False
        self.announced = False
        self.answered = False
        self.answer_untold = False
        self.answer_ticks = 0
        self.they_hold = False
        self.we_hold = False
        self.negotiated = ""
        self.codec = ""
        self.ring_ticks = 0
        self.drain_ticks = 0
        self.goodbye_ticks = 0
        self.refer_ticks = 0
        self.refer_target = ""
        self.hang_up_asked = False
        self.refused_status = 0
        self.transferred = False
        self.closed_text_known = False
        self.closed_text = ""
        self.closed_told = False
        self.reason = ""

    def moved(self) -> None:
        """The call goes on with somebody else, whose line is another one of the stack."""
        self.they_hold = self.we_hold = False
        self.closed_text_known, self.closed_text = False, ""

    def who_ended(self, traced: TracedCall | None, status: int) -> str:
        """``us``, ``them`` or ``line``."""
        if self.hang_up_asked or self.transferred:
            return "us"
        if traced is not None and traced.ended_by:
            return traced.ended_by
        if not self.answered and status >= 300 and not self.inbound:
            return "them"
        return "line"


def _ignore(event: LineEvent) -> None:
    """What happens on a line that carries the call no longer."""


async def _answered(call: StackCall, over: asyncio.Future[None], seconds: float) -> None:
    """Wait until ``call`` is answered. Raises StackError when it is not: refused, too late, or ``over`` came first."""
    outcome: asyncio.Future[LineEvent] = asyncio.get_running_loop().create_future()

    def listener(event: LineEvent) -> None:
        if event.kind in ("answered", "closed") and not outcome.done():
            outcome.set_result(event)

    call.listen(listener)
    waited: set[asyncio.Future[Any]] = {outcome, over}
    await asyncio.wait(waited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    if over.done():
        raise StackError("the call ended while the target was called")
    if not outcome.done():
        raise StackError("the target did not answer in time", 408)
    event = outcome.result()
    if event.kind == "closed":
        status, reason = _status(event.text)
        raise StackError(reason or "the target cannot be reached", status)


async def _drop(call: StackCall) -> None:
    try:
        await call.hang_up()
    except StackError as error:
        _log.debug("the second call of a transfer was over already: %s", error.reason)


def _status(text: str) -> tuple[int, str]:
    """``486 Busy Here`` in its parts; a text without a status keeps to itself."""
    head, _, rest = text.partition(" ")
    return (int(head), rest) if len(head) == 3 and head.isascii() and head.isdigit() else (0, text)


_ACTIONS: Mapping[str, Callable[[GatewayCall, Mapping[str, Any]], None]] = {
    "answer": GatewayCall._answer,
    "reject": GatewayCall._reject,
    "hang_up": GatewayCall.hang_up,
    "clear": GatewayCall._clear,
    "keys": GatewayCall._keys,
    "hold": GatewayCall._hold,
    "transfer": GatewayCall._transfer_to,
    "refer": GatewayCall._refer,
}
_HANDLERS: Mapping[str, Callable[[GatewayCall, LineEvent], None]] = {
    "ringing": GatewayCall._ringing,
    "early_media": GatewayCall._early_media,
    "answered": GatewayCall._was_answered,
    "held": GatewayCall._was_held,
    "resumed": GatewayCall._was_held,
    "media": GatewayCall._negotiated,
    "key": GatewayCall._key,
    "refer": GatewayCall._refer_asked,
    "statistics": GatewayCall._statistics,
    "closed": GatewayCall._was_closed,
}
