"""A call whose agent has a target called, briefed and joined over the carrier of the call, in real time and without a conversation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast

from tests.waiting import until

from callwright.call.live.pacer_clock import PacerClock
from callwright.call.live.timers import LoopTimers
from callwright.call.live.warm_transfer import CallParts, TargetCall, WarmTransfer
from callwright.conversation.effects import Transfer
from callwright.conversation.events import TransferProgress
from callwright.ops.clock import SystemClock
from callwright.platform.agents.rules.transfers import WarmHandover
from callwright.platform.dialling.actions import transfer_decision
from callwright.platform.dialling.rules import Rules
from callwright.platform.executions.rules.causes import CAUSES
from callwright.ports.leg import LEG_FRAME_BYTES, Bridges, Carrier, DialRequest, Leg, LegListener
from callwright.testing.carrier import Report

BRIEFING_FRAMES = 25
LOUD = b"\x10" * LEG_FRAME_BYTES
NOBODY_HEARS = 10.0
"""Seconds until what was to happen counts as missed."""


class Caller(Report):
    """The caller's listener: what the caller says goes to the target, once the two are joined."""

    transfer: WarmTransfer | None = None

    def audio(self, frame: bytes) -> None:
        """20 ms of the caller, who speaks without a pause."""
        super().audio(frame)
        if self.transfer is not None:
            self.transfer.caller_said(LOUD)


class WarmCall:
    """``leg`` leads to the caller, who reports to ``caller``. The rest is what a transfer needs of a call: a log, a voice, a way to the
    caller."""

    delay_ms = 0

    def __init__(self, carrier: Carrier, leg: Leg, caller: Caller) -> None:
        self._carrier = carrier
        self._leg = leg
        self._clock = SystemClock()
        self._pacer = PacerClock(self._clock)
        self._caller = caller
        self.steps: list[str] = []
        self.outcomes: list[TransferProgress] = []
        self.to_caller = 0

    async def transfer(self, target: str, *, confirm: bool = False, bridge: Bridges | None = None) -> None:
        """Have ``target`` called, until the two talk no more, ``bridge`` has connected them, or it is known that they will not talk."""
        nothing: Callable[..., None] = lambda *_: None  # noqa: E731
        own = cast(Any, self)
        parts = CallParts(own, LoopTimers(), self._pacer, own, own, nothing, nothing, nothing)
        effect = Transfer(1, target)
        connect = None if bridge is None else partial(bridge.bridge, self._leg)
        transfer = WarmTransfer(parts, effect, WarmHandover(confirm=confirm), self._dial, own, connect)
        self._caller.transfer = transfer
        pacing = asyncio.create_task(self._pacer.run())
        try:
            await transfer.run(transfer_decision(target, datetime.now(UTC), Rules()))
        finally:
            pacing.cancel()

    async def reaches(self, step: str) -> None:
        """Wait until the transfer is so far."""
        await until(lambda: step in self.steps, NOBODY_HEARS)

    def over(self) -> None:
        """The caller has hung up."""
        assert self._caller.transfer is not None
        self._caller.transfer.end(CAUSES["caller_hung_up"])

    async def _dial(self, call: TargetCall, listener: LegListener) -> Leg:
        return await self._carrier.dial(DialRequest("e1.1.1", call.target, "", call.ring_seconds), listener)

    # -- the log, the voice, and the way to the caller ---------------------------------------------------------------------------

    def now_us(self) -> int:
        return self._clock.monotonic_us()

    def fact(self, section: str, kind: str, values: Mapping[str, Any]) -> None:
        self.steps.append(str(values["event"]))

    def flush(self) -> None:
        """Nothing is written."""

    def post(self, event: TransferProgress) -> None:
        self.outcomes.append(event)

    async def text(self, how: WarmHandover, arguments: str) -> str:
        return "A caller."

    async def say(self, text: str, take: Callable[[bytes], None]) -> str:
        take(LOUD * BRIEFING_FRAMES)
        return ""

    def write(self, frames: Sequence[bytes], plays_at_us: int) -> None:
        for frame in frames:
            self._leg.write(frame)
            self.to_caller += 1

    def progress(self, request: int, state: str) -> None:
        """The caller hears nothing of it."""
