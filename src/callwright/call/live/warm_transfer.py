"""A warm transfer: the target is called on a leg of its own, briefed, and joined with the caller. The sound of the two is relayed here,
or the carrier connects them and the call is over here.

Each step is a fact ``target`` of the call's log. The conversation hears of the transfer by ``TransferProgress``, as of any other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from callwright.call.live.boundary import plugin_boundary
from callwright.call.live.briefing import Briefer
from callwright.call.live.pacer_clock import PacerClock
from callwright.call.live.relay import Relay
from callwright.call.live.runner import CallRunner
from callwright.call.live.say import Line
from callwright.call.live.timers import Timers
from callwright.conversation.bounds import TRANSFER_WAIT_MS
from callwright.conversation.effects import Transfer
from callwright.conversation.events import TransferProgress
from callwright.conversation.transfer import JOINED
from callwright.domain.limits import WARM_BRIEFING_SECONDS, WARM_RING_SECONDS
from callwright.platform.agents.rules.transfers import WarmHandover
from callwright.platform.dialling.rules import Decision
from callwright.platform.executions.rules.causes import CAUSES, Cause
from callwright.ports.leg import SILENCE_FRAME, Leg, LegClosed, LegListener, PlaysKeys, closed_by

TARGET = "target"
"""Fact of the log: a step of a warm transfer, ``event``, of the transfer ``request``."""

ACCEPT_KEY, DECLINE_KEY = "1", "9"
_CHOICES = {ACCEPT_KEY: "accepted", DECLINE_KEY: "declined"}
_LEAD_FRAMES = 20
"""Silence before the briefing: the sound of a call that was just answered may begin late."""
_SLACK_MS = 2_000
"""So much sooner than the conversation waits for a transfer this one is settled."""
_BRIDGE_MS = 8_000
"""So much sooner still where the carrier is to connect the two: it needs time for that."""
_OUTCOMES = frozenset({"busy", "no-answer", "failed", "canceled"})


@dataclass(frozen=True, slots=True)
class TargetCall:
    """A call to the target of a transfer: whom, under which number of this call, and why it may be dialled."""

    target: str
    request: int
    ring_seconds: int
    decision: Decision


DialTarget = Callable[[TargetCall, LegListener], Awaitable[Leg]]
"""Calls the target of a transfer over the carrier of the call. Raises ProviderError."""

Bridge = Callable[[Leg], Coroutine[Any, Any, None] | None]
"""Has the carrier connect the caller with the target on this leg (``ports.leg.Bridges``); None where it cannot."""


@dataclass(frozen=True, slots=True)
class CallParts:
    """What a transfer needs of its call. ``line`` leads to the caller, who hears ``early_media``: frames of a target before it answers.
    ``fall_silent``: the agent neither speaks nor listens any more; ``hang_up``: the caller's leg is to end."""

    runner: CallRunner
    timers: Timers
    pacer: PacerClock
    line: Line
    briefer: Briefer
    early_media: Callable[[bytes], None]
    fall_silent: Callable[[], None]
    hang_up: Callable[[], None]


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Why the two were not joined: in words, as the outcome of a call, and as the number of a cause."""

    reason: str
    outcome: str
    code: int


class Ringing(Protocol):
    """What the caller hears of a target before it answers."""

    def progress(self, request: int, state: str) -> None:
        """The target of a transfer is so far (``TransferProgress``)."""

    def early_media(self, request: int, frame: bytes) -> None:
        """The target's next 20 ms."""


class WarmTransfer:
    """One warm transfer. The listener of the target's leg (``ports.leg.LegListener``)."""

    def __init__(
        self,
        parts: CallParts,
        effect: Transfer,
        how: WarmHandover,
        dial: DialTarget,
        ringing: Ringing,
        bridge: Bridge | None = None,
    ) -> None:
        """``bridge``: connects the two; without it their sound is relayed."""
        self._ringing = ringing
        self._parts = parts
        self._bridge = bridge
        self._effect = effect
        self._how = how
        self._dial = dial
        self._leg: Leg | None = None
        self._relay: Relay | None = None
        self._news = asyncio.Event()
        self._is_answered = False
        self._is_late = False
        self._choice = ""
        self._closed: LegClosed | None = None
        self._ending: Cause | None = None
        self.joined = False

    # -- the call with the caller ----------------------------------------------------------------------------------------------

    async def run(self, decision: Decision) -> None:
        """Call the target, brief it, and connect the two, or relay their sound until one of them hangs up."""
        words = self._parts.briefer.text(self._how, self._effect.arguments)
        briefing = asyncio.get_running_loop().create_task(words)
        try:
            refusal, bridging = await self._win(decision, briefing), None
            if refusal is None and self._bridge is not None and self._leg is not None:
                bridging = self._bridge(self._leg)
            if bridging is not None:
                refusal = await self._connect(bridging)
            if refusal is not None:
                self._fail(refusal)
            elif bridging is not None:
                self._ringing.progress(self._effect.request, "completed")
            elif self._relay is not None:
                self._join(self._relay)
                await self._until(lambda: False)
                if self._ending is None:
                    self._parts.hang_up()
        finally:
            briefing.cancel()
            await self._leave()

    def caller_said(self, frame: bytes) -> None:
        """The caller's next 20 ms."""
        if self._relay is not None:
            self._relay.caller_said(frame)

    async def press(self, key: str) -> None:
        """The caller pressed a key: the target may be a machine with a menu."""
        if self._leg is not None:
            with plugin_boundary("carrier"):
                await self._leg.send_keys(key)
            if self._relay is not None and isinstance(self._leg, PlaysKeys):
                self._relay.replace(self._leg.key_frames * len(key))

    def end(self, cause: Cause) -> None:
        """The call with the caller is over, or will be: so is this."""
        self._ending = self._ending or cause
        self._news.set()

    # -- the target (ports.leg.LegListener) ------------------------------------------------------------------------------------

    def ringing(self) -> None:
        """The target rings, and the caller is to hear it."""
        self._note("ringing")
        self._ringing.progress(self._effect.request, "ringing")

    def early_media(self) -> None:
        """The target may ring with a sound of its own."""
        self._note("early_media")
        self._ringing.progress(self._effect.request, "ringing")

    def early_sound(self, frame: bytes) -> None:
        """The target's next 20 ms before it answers."""
        if not self._is_answered and self._ending is None:
            self._ringing.early_media(self._effect.request, frame)

    def answered(self) -> None:
        """The target took the call."""
        if not self._is_answered:
            self._is_answered = True
            self._note("answered")
            self._ringing.progress(self._effect.request, "answered")
            self._news.set()

    def audio(self, frame: bytes) -> None:
        """The target's next 20 ms."""
        if self._relay is not None:
            self._relay.target_said(frame)

    def key(self, key: str) -> None:
        """The target pressed a key: until the two are joined it may accept or decline by it."""
        if self._how.confirm and not self._choice and key in _CHOICES:
            self._choice = key
            self._note(_CHOICES[key])
            self._news.set()

    def machine(self, kind: str) -> None:
        """What the carrier thinks has answered."""
        self._note("machine", kind=kind)

    def noted(self, what: str, values: Mapping[str, Any]) -> None:
        """A fact of the target's line."""
        self._note("line", what=what, values=dict(values))
        if what == "dialog":
            # As of the caller's line: it must survive our death.
            self._parts.runner.flush()

    def closed(self, closed: LegClosed) -> None:
        """The target's leg is over."""
        if self._closed is not None:
            return
        self._closed = closed
        if closed.cause == CAUSES["transferred"].key:
            self._note("bridged")
            # A successor of this process must not end their calls.
            self._parts.runner.flush()
            return
        told = closed_by(self._ending) if self._ending is not None and self._is_answered else closed
        self._note(
            "closed",
            outcome=closed.outcome,
            by=told.by,
            reason=told.reason,
            code=told.code,
            provider_code=closed.provider_code,
        )
        if self._relay is not None:
            self._relay.end()
        self._news.set()

    # -- the steps -------------------------------------------------------------------------------------------------------------

    async def _win(self, decision: Decision, briefing: asyncio.Task[str]) -> _Refusal | None:
        """Have the target take the call; returns why it did not."""
        target, asked = self._effect.target, plugin_boundary("carrier")
        runner = self._parts.runner
        after_ms = _SLACK_MS if self._bridge is None else _SLACK_MS + _BRIDGE_MS
        until_us = runner.now_us() + (TRANSFER_WAIT_MS - after_ms) * 1000
        with asked:
            self._leg = await self._dial(TargetCall(target, self._effect.request, WARM_RING_SECONDS, decision), self)
        if self._leg is None:
            message = f"{target} cannot be called" if asked.failure is None else asked.failure.message
            return _Refusal(message, "failed", 0)
        self._note("dialled", to=target, provider_call_id=self._leg.provider_call_id)
        if not await self._in_time(WARM_RING_SECONDS * 1_000_000, lambda: self._is_answered):
            return self._refusal()
        self._relay = Relay(self._parts.pacer, self._parts.line, self._leg, self._news.set)
        speaking = asyncio.get_running_loop().create_task(self._speak(self._relay, briefing))
        speaking.add_done_callback(lambda _: self._news.set())
        try:
            left_us = min(WARM_BRIEFING_SECONDS * 1_000_000, until_us - runner.now_us())
            await self._in_time(left_us, partial(self._is_settled, speaking))
        finally:
            speaking.cancel()
        return self._refusal()

    async def _speak(self, relay: Relay, briefing: asyncio.Task[str]) -> None:
        text = await briefing
        self._note("briefing", text=text)
        relay.say(SILENCE_FRAME * _LEAD_FRAMES)
        failure = await self._parts.briefer.say(text, relay.say)
        relay.end_speech()
        if failure:
            self._note("not_briefed", why=failure)

    def _is_settled(self, speaking: asyncio.Task[None]) -> bool:
        """Whether the target has heard the briefing, or has chosen where it is to."""
        if self._how.confirm:
            return bool(self._choice)
        return speaking.done() and self._relay is not None and self._relay.silent

    async def _in_time(self, most_us: int, happened: Callable[[], bool]) -> bool:
        """Wait until it has happened, at most so long, and no longer than both calls go on. Returns whether it has."""
        self._is_late = False
        timer = self._parts.timers.after_us(most_us, self._expire)
        try:
            await self._until(lambda: happened() or self._is_late)
        finally:
            timer.cancel()
        return happened()

    async def _until(self, happened: Callable[[], bool]) -> None:
        while not (happened() or self._closed is not None or self._ending is not None):
            self._news.clear()
            await self._news.wait()

    def _expire(self) -> None:
        self._is_late = True
        self._news.set()

    def _refusal(self) -> _Refusal | None:
        """Why the target does not take the call, by what is known now; None when it does."""
        target, no_answer = self._effect.target, CAUSES["no_answer"]
        if self._ending is not None:
            cause = CAUSES["originator_cancel"]
            return _Refusal("the call with the caller is over", cause.outcome, cause.code)
        if self._closed is not None and not self._is_answered:
            outcome = self._closed.outcome if self._closed.outcome in _OUTCOMES else "failed"
            return _Refusal(f"{target} did not take the call: {self._closed.reason}", outcome, self._closed.code)
        if not self._is_answered:
            return _Refusal(f"{target} did not answer in time", no_answer.outcome, no_answer.code)
        declined = CAUSES["call_rejected"]
        if self._closed is not None:
            return _Refusal(f"{target} hung up before it was connected", declined.outcome, declined.code)
        if self._choice == DECLINE_KEY:
            return _Refusal(f"{target} declined the call", declined.outcome, declined.code)
        if self._how.confirm and not self._choice:
            return _Refusal(f"{target} did not accept the call in time", no_answer.outcome, no_answer.code)
        return None

    async def _connect(self, bridging: Coroutine[Any, Any, None]) -> _Refusal | None:
        """Have the carrier connect the two; returns why it did not. Who hangs up meanwhile is not waited for."""
        asked = plugin_boundary("carrier")

        async def connect() -> None:
            with asked:
                await bridging

        if self._relay is not None:
            self._relay.end()
        connecting = asyncio.get_running_loop().create_task(connect())
        connecting.add_done_callback(lambda _: self._news.set())
        try:
            await self._until(connecting.done)
        finally:
            connecting.cancel()
            await asyncio.wait({connecting})
        if asked.failure is not None:
            return _Refusal(f"the carrier did not connect {self._effect.target}: {asked.failure.message}", "failed", 0)
        return self._refusal() if connecting.cancelled() else None

    def _join(self, relay: Relay) -> None:
        self.joined = True
        relay.join()
        self._note("joined")
        self._parts.fall_silent()
        self._ringing.progress(self._effect.request, JOINED)

    async def _leave(self) -> None:
        """End the target's leg, unless it is over."""
        if self._relay is not None:
            self._relay.end()
        if self._leg is not None and self._closed is None:
            with plugin_boundary("carrier"):
                await self._leg.hang_up("")

    def _fail(self, refusal: _Refusal) -> None:
        runner, request = self._parts.runner, self._effect.request
        told = (refusal.reason, refusal.outcome, refusal.code)
        runner.post(TransferProgress(runner.now_us(), request, "failed", *told))

    def _note(self, event: str, **values: Any) -> None:
        self._parts.runner.fact("leg", TARGET, {"request": self._effect.request, "event": event, **values})
