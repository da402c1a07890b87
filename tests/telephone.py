"""A carrier that takes calls, in this process: synthetic callers ring at the desk, with real audio both ways, as a phone would."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from typing import Any

from callwright.lab.caller_scenario import scenario_of
from callwright.platform.executions.rules.causes import CAUSES
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import (
    SILENCE_FRAME,
    DialRequest,
    InboundDesk,
    InboundOffer,
    Leg,
    LegClosed,
    LegListener,
    closed_by,
)
from callwright.ports.registry import Plugin
from callwright.ports.speech import TranscriberSettings, VoiceSettings
from callwright.telephony.loopback.clock import FrameClock
from callwright.telephony.loopback.far_end import FarEnd
from callwright.telephony.loopback.mouth import Mouth, SpokenLines

NAME = "telephone"


class Call:
    """One call to us: a leg of the platform, and the hand of the person who calls."""

    ahead_ms = 60

    def __init__(self, carrier: Telephone, offer: InboundOffer, persona: Mapping[str, Any]) -> None:
        self.provider_call_id = offer.provider_call_id
        self.rejected: int | None = None
        self.answered_at: float | None = None
        self.closed_as: LegClosed | None = None
        self.refuses_to_be_answered = False
        self._carrier = carrier
        voice = carrier.plugin("voice", "scripted")
        caller = scenario_of({"default": "caller", "personas": {"caller": dict(persona)}}).persona("", "caller")
        self._far_end = FarEnd(caller, Mouth(SpokenLines(), voice, VoiceSettings()), lambda *_: None)
        self._leaving: LegClosed | None = None
        self._over = asyncio.Event()
        self.listener: LegListener | None = None

    # -- the caller ------------------------------------------------------------------------------------------------------------

    def put_down(self) -> None:
        """The caller gives up, or hangs up. Reported as a carrier that knows only of calls it placed would."""
        self._close(closed_by(CAUSES["originator_cancel" if self.answered_at is None else "normal_clearing"]))

    async def over(self, seconds: float = 60) -> LegClosed:
        """Wait until the call is over."""
        async with asyncio.timeout(seconds):
            await self._over.wait()
        assert self.closed_as is not None
        return self.closed_as

    # -- ports.leg.Leg ---------------------------------------------------------------------------------------------------------

    async def answer(self) -> None:
        if self.refuses_to_be_answered:
            raise ProviderError(FailureKind.UNAVAILABLE, NAME, "the line is dead")
        ears = self._carrier.plugin("transcriber", "scripted")
        self._far_end.attach(await ears.open(TranscriberSettings(), self._far_end))
        if self._over.is_set():
            return
        self.answered_at = asyncio.get_running_loop().time()
        assert self.listener is not None
        self.listener.answered()
        self._far_end.answered()
        self._carrier.clock.join(self)

    async def reject(self, code: int) -> None:
        self.rejected = code
        self._close(closed_by(CAUSES["declined_by_us"], str(code)))

    async def hang_up(self, reason: str) -> None:
        cause = CAUSES["hung_up_by_us"]
        self._leaving = self._leaving or LegClosed("answered", "API Request", reason or cause.reason, cause.code)
        if self.answered_at is None:
            self._close(self._leaving)

    async def transfer(self, target: str, *, attended: bool = False) -> None:
        raise ProviderError(FailureKind.BAD_REQUEST, NAME, "this telephone cannot be transferred")

    async def send_keys(self, keys: str) -> None:
        return None

    def write(self, frame: bytes) -> None:
        if self.answered_at is not None and not self._over.is_set():
            self._far_end.earpiece.write(frame)

    def clear(self) -> None:
        self._far_end.earpiece.clear()

    # -- clock.Ticking ---------------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        if self._over.is_set():
            return
        assert self.listener is not None
        frame, key = self._far_end.tick()
        self.listener.audio(SILENCE_FRAME if frame is None else frame)
        if key:
            self.listener.key(key)
        if self._far_end.hung_up:
            self.put_down()
        elif self._leaving is not None and not self._far_end.earpiece.waiting_ms:
            self._close(self._leaving)

    def _close(self, closed: LegClosed) -> None:
        if self._over.is_set():
            return
        self._over.set()
        self.closed_as = closed
        self._carrier.clock.leave(self)
        self._carrier.end(self._far_end)
        if self.listener is not None:
            self.listener.closed(closed)


class Telephone:
    """The carrier. ``ring`` calls an agent."""

    name = NAME

    def __init__(self, plugin: Any) -> None:
        self.plugin = plugin
        self.clock = FrameClock()
        self.desk: InboundDesk | None = None
        self._numbers = itertools.count(1)
        self._ending: set[asyncio.Task[None]] = set()

    async def open(self, desk: InboundDesk) -> None:
        self.desk = desk

    async def dial(self, request: DialRequest, listener: LegListener) -> Leg:
        raise ProviderError(FailureKind.BAD_REQUEST, NAME, "this telephone only calls in")

    def ring(
        self,
        called: str,
        persona: Mapping[str, Any],
        *,
        caller: str = "sip:ann@phone.example",
        headers: Mapping[str, str] | None = None,
        others: Mapping[str, str] | None = None,
        dead: bool = False,
    ) -> Call:
        """Call ``called``; what happens is seen on the call."""
        assert self.desk is not None, "the carrier was not opened"
        call_id = f"phone-{next(self._numbers)}"
        offer = InboundOffer(NAME, called, caller, call_id, dict(headers or {}), others=dict(others or {}))
        call = Call(self, offer, persona)
        call.refuses_to_be_answered = dead
        call.listener = self.desk.offered(offer, call)
        return call

    def end(self, far_end: FarEnd) -> None:
        task = asyncio.get_running_loop().create_task(far_end.aclose())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def aclose(self) -> None:
        await asyncio.gather(*self._ending, return_exceptions=True)


PLUGINS = (Plugin("carrier", NAME, "a telephone for tests", lambda context: Telephone(context.plugin)),)
