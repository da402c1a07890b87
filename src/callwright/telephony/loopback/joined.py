"""A loopback call whose far end is ourselves: two legs, one that calls out and one that comes in, with a line between them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any, Protocol

from callwright.lab.caller_scenario import KEYS
from callwright.lab.line import FrameLine
from callwright.media.framing import FRAME_MS
from callwright.platform.executions.rules.causes import CAUSES, cause_of_sip
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import LegClosed, LegListener, closed_by
from callwright.telephony.loopback import causes
from callwright.telephony.loopback.clock import FrameClock
from callwright.telephony.loopback.earpiece import BUFFER_MS, Earpiece
from callwright.telephony.loopback.far_end import KEY_FRAMES

QUALITY_EVERY_MS = 5_000
_CANCELED_BY_CALLER = closed_by(CAUSES["originator_cancel"])
_CALLER_HUNG_UP = closed_by(CAUSES["caller_hung_up"])


class _Call(Protocol):
    """The call as its legs see it."""

    answered: bool
    over: asyncio.Event

    def answer(self) -> None: ...

    def end(self, ours: JoinedLeg, closed: LegClosed, theirs: LegClosed) -> None: ...


class JoinedLeg:
    """One side of the call as ``ports.leg.Leg``."""

    ahead_ms = BUFFER_MS

    def __init__(self, call: _Call, provider_call_id: str, *, inbound: bool) -> None:
        self.provider_call_id = provider_call_id
        self.inbound = inbound
        self.sent = Earpiece()
        self.listener: LegListener | None = None
        self.leaving: LegClosed | None = None
        self._call = call
        self._keys: deque[str] = deque()
        self._key_wait = 0

    async def answer(self) -> None:
        """Take the call, if it came in and still rings."""
        if self.inbound and not self._call.over.is_set():
            self._call.answer()

    async def reject(self, code: int) -> None:
        """Refuse the call, if it came in and still rings; the caller's side ends as with that SIP status."""
        if self.inbound and not self._call.answered:
            self._call.end(self, causes.REJECTED_BY_US, closed_by(cause_of_sip(code), str(code)))

    async def hang_up(self, reason: str) -> None:
        """End the call when what was written has been played; returns when it is over. One that still rings ends at once."""
        if self._call.over.is_set():
            return
        if self._call.answered:
            self.leaving = self.leaving or causes.hung_up(reason)
        elif self.inbound:
            await self.reject(480)
        else:
            self._call.end(self, causes.CANCELED, _CANCELED_BY_CALLER)
        await self._call.over.wait()

    async def transfer(self, target: str, *, attended: bool = False) -> None:
        """There is nobody at the far end who could be handed on."""
        raise ProviderError(FailureKind.BAD_REQUEST, "loopback", "a call to ourselves cannot be transferred")

    async def send_keys(self, keys: str) -> None:
        """The other side gets the keys. Raises ProviderError(BAD_REQUEST) for anything but 0-9 * # A-D."""
        if not set(keys) <= KEYS:
            raise ProviderError(
                FailureKind.BAD_REQUEST, "loopback", f"{keys!r} has keys that are none; use 0-9 * # A-D"
            )
        self._keys.extend(keys)

    def write(self, frame: bytes) -> None:
        """The next 20 ms. Dropped before the answer and once it was hung up."""
        if self._call.answered and not self._call.over.is_set() and self.leaving is None:
            self.sent.write(frame)

    def clear(self) -> None:
        """Drop what was written and not yet played."""
        self.sent.clear()

    def next_key(self) -> str:
        """The key pressed in this tick, if any."""
        if self._key_wait:
            self._key_wait -= 1
        elif self._keys:
            self._key_wait = KEY_FRAMES
            return self._keys.popleft()
        return ""


class JoinedCall:
    """The call. ``near`` is the side that dialled, ``far`` the one that is called."""

    def __init__(self, call_id: str, clock: FrameClock, line: FrameLine) -> None:
        self.answered = False
        self.over = asyncio.Event()
        self.near = JoinedLeg(self, f"{call_id}-near", inbound=False)
        self.far = JoinedLeg(self, f"{call_id}-far", inbound=True)
        self._clock = clock
        self._line = line
        self._now_ms = 0
        self._idle_ms = {self.near: 0, self.far: 0}
        self._ring_timer: asyncio.TimerHandle | None = None

    def ring(self, ring_seconds: int) -> None:
        """Both sides have their listeners: it rings."""
        assert self.near.listener is not None
        self.near.listener.ringing()
        self._ring_timer = asyncio.get_running_loop().call_later(ring_seconds, self._unanswered)

    def answer(self) -> None:
        """The called side takes the call."""
        if self.answered:
            return
        self.answered = True
        if self._ring_timer is not None:
            self._ring_timer.cancel()
        for leg in (self.near, self.far):
            if leg.listener is not None:
                leg.listener.answered()
        self._clock.join(self)

    def end(self, ours: JoinedLeg, closed: LegClosed, theirs: LegClosed) -> None:
        """The call is over, once: ``closed`` for the side that ended it, ``theirs`` for the other."""
        if self.over.is_set():
            return
        self.over.set()
        self._clock.leave(self)
        if self._ring_timer is not None:
            self._ring_timer.cancel()
        for leg in (self.near, self.far):
            if leg.listener is not None:
                if self.answered:
                    leg.listener.noted("quality", self._quality(leg, final=True))
                leg.listener.closed(closed if leg is ours else theirs)

    def tick(self) -> None:
        """20 ms of the call, both ways. A defect in it, also of a listener's, ends the call and is raised to the loop."""
        if self.over.is_set():
            return
        sound = False
        try:
            self._exchange()
            sound = True
        finally:
            if not sound:
                self.end(self.near, causes.CRASHED, causes.CRASHED)

    def _exchange(self) -> None:
        self._now_ms += FRAME_MS
        near, far = self.near, self.far
        outward = self._line.out(self._played(near))
        inward = self._line.back(self._played(far))
        for leg, other, frame in ((near, far, inward), (far, near, outward)):
            assert leg.listener is not None
            leg.listener.audio(frame)
            key = other.next_key()
            if key:
                leg.listener.key(key)
            if self._now_ms % QUALITY_EVERY_MS == 0:
                leg.listener.noted("quality", self._quality(leg, final=False))
        for leg in (near, far):
            if leg.leaving is not None and self._idle_ms[leg] > self._line.under_way_ms:
                self.end(leg, leg.leaving, _CALLER_HUNG_UP if leg is near else causes.CALLEE_HUNG_UP)

    def _played(self, leg: JoinedLeg) -> bytes | None:
        frame = leg.sent.play()
        self._idle_ms[leg] = self._idle_ms[leg] + FRAME_MS if frame is None else 0
        return frame

    def _quality(self, leg: JoinedLeg, *, final: bool) -> Mapping[str, Any]:
        """The counters as this side sees them: what we send is what the other gets."""
        counted = self._line.quality(called_side=leg.inbound)
        return {**counted, "tx_starved_frames": leg.sent.quality.starved_frames, "final": final}

    def _unanswered(self) -> None:
        self.end(self.near, causes.NO_ANSWER, _CANCELED_BY_CALLER)
