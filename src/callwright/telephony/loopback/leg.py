"""One loopback call as ``ports.leg.Leg``."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from typing import Any

from callwright.domain.limits import TRANSFER_RING_SECONDS
from callwright.lab.caller_scenario import KEYS, Persona
from callwright.lab.line import FrameLine
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import SILENCE_FRAME, DialRequest, LegClosed, LegListener
from callwright.telephony.loopback import causes
from callwright.telephony.loopback.clock import FrameClock
from callwright.telephony.loopback.earpiece import BUFFER_MS
from callwright.telephony.loopback.far_end import FarEnd
from callwright.telephony.loopback.mouth import Mouth
from callwright.telephony.loopback.observer import LineMoment, LineObserver, SoundObserver

RING_DELAY_MS = 50
QUALITY_EVERY_MS = 5_000
"""How often the counters of a simulated line are told."""
_log = logging.getLogger(__name__)


class LoopbackLeg:
    """A call to a synthetic caller. Everything happens on the event loop that dialled it."""

    ahead_ms = BUFFER_MS

    def __init__(
        self,
        call_id: str,
        request: DialRequest,
        listener: LegListener,
        persona: Persona,
        clock: FrameClock,
        mouth: Mouth,
        who_is_at: Callable[[str], Persona],
    ) -> None:
        self.provider_call_id = call_id
        self._request = request
        self._listener = listener
        self._persona = persona
        self._clock = clock
        self._mouth = mouth
        self._who_is_at = who_is_at
        self._observer: LineObserver | None = None
        self._far_end = FarEnd(persona, mouth, self._notice)
        self._task: asyncio.Task[None] | None = None
        self._answered = False
        self._leaving: LegClosed | None = None
        self._closed = asyncio.Event()

    @property
    def ended(self) -> bool:
        """Whether the leg is over."""
        return self._closed.is_set()

    def start(
        self,
        open_ears: Callable[[FarEnd], Coroutine[None, None, None]],
        observer: LineObserver | None,
        line: FrameLine | None = None,
    ) -> None:
        """Let it ring. ``open_ears`` gives the far end its hearing before the call is answered; ``line`` lies between it and us."""
        self._observer = observer
        self._far_end.line = line
        self._far_end.sound = observer.sound if isinstance(observer, SoundObserver) else None
        self._notice("dialled", self._request.to_number, 0)
        self._task = asyncio.get_running_loop().create_task(self._ring(open_ears))

    def quality(self) -> dict[str, int]:
        """What the far end noticed of the agent's sound: played_frames, starved_frames, holes, dropped_frames."""
        return asdict(self._far_end.earpiece.quality)

    # -- ports.leg.Leg ---------------------------------------------------------------------------------------------------------

    async def answer(self) -> None:
        """The far end answers by itself: a call to a synthetic caller is always outbound."""

    async def reject(self, code: int) -> None:
        """End a call that is not answered."""
        if not self._answered:
            await self._end(causes.REJECTED_BY_US)

    async def hang_up(self, reason: str) -> None:
        """End the leg when the far end has played what was written; returns when it is over. A call not yet answered is cancelled."""
        if self.ended:
            return
        if not self._answered:
            await self._end(causes.CANCELED)
            return
        self._leaving = self._leaving or causes.hung_up(reason)
        await self._closed.wait()

    async def transfer(self, target: str, *, attended: bool = False) -> None:
        """Let the telephone ring at the target; a synthetic caller who is there takes this one over, and the leg closes.

        Blind and attended are the same here: the far end stays on the line until the target has answered. Raises ProviderError.
        """
        if not self._answered or self.ended:
            raise ProviderError(FailureKind.BAD_REQUEST, "loopback", "only a call in progress can be transferred")
        persona = self._who_is_at(target)
        answer = persona.answer
        ring_ms = TRANSFER_RING_SECONDS * 1000
        taken = answer.how in ("answer", "machine") and answer.after_ms <= ring_ms
        wait_ms = ring_ms if answer.how == "no-answer" else min(answer.after_ms, ring_ms)
        try:
            async with asyncio.timeout(wait_ms / 1000):
                await self._closed.wait()
        except TimeoutError:
            if not taken:
                raise causes.not_taken(causes.BY_HOW.get(answer.how, causes.NO_ANSWER), target) from None
            self._notice("transferred", persona.name, self._far_end.now_ms)
            # After whoever asked has been told: a call whose end comes first was not transferred, for all that is known then.
            asyncio.get_running_loop().call_soon(self._close, causes.TRANSFERRED)
            return
        raise causes.not_taken(causes.CANCELED, target)

    async def send_keys(self, keys: str) -> None:
        """The far end notices the keys. Raises ProviderError(BAD_REQUEST) for anything but 0-9 * # A-D."""
        if not set(keys) <= KEYS:
            raise ProviderError(
                FailureKind.BAD_REQUEST, "loopback", f"{keys!r} has keys that are none; use 0-9 * # A-D"
            )
        self._notice("heard", f"keys {keys}", self._far_end.now_ms)
        self._far_end.keys_heard(keys)

    def write(self, frame: bytes) -> None:
        """The agent's next 20 ms. Dropped before the answer and after the end."""
        if self._answered and not self.ended:
            self._far_end.earpiece.write(frame)

    def clear(self) -> None:
        """Drop what was written and not yet played."""
        self._far_end.earpiece.clear()

    # -- clock.Ticking ---------------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """20 ms of the call, both ways. A defect in it, also of the listener's, ends the call and is raised to the loop."""
        if self.ended:
            return
        ending: LegClosed | None = causes.CRASHED
        try:
            ending = self._exchange()
        finally:
            if ending is not None:
                self._close(ending)

    def _exchange(self) -> LegClosed | None:
        """One frame each way; returns how the call ends with it, if it does."""
        frame, key = self._far_end.tick()
        self._listener.audio(SILENCE_FRAME if frame is None else frame)
        if key:
            self._listener.key(key)
        if self._far_end.line is not None and self._far_end.now_ms % QUALITY_EVERY_MS == 0:
            self._listener.noted("quality", self._line_quality(self._far_end.line, final=False))
        if self._far_end.hung_up:
            return causes.CALLEE_HUNG_UP
        if self._leaving is not None and not self._far_end.unplayed_ms:
            return self._leaving
        return None

    # -- inside ----------------------------------------------------------------------------------------------------------------

    async def _ring(self, open_ears: Callable[[FarEnd], Coroutine[None, None, None]]) -> None:
        answer = self._persona.answer
        await asyncio.sleep(RING_DELAY_MS / 1000)
        if answer.how in ("answer", "machine", "refuse", "no-answer"):
            self._notice("ringing", "", 0)
            self._listener.ringing()
        if answer.how in ("answer", "machine"):
            self._mouth.prepare(self._persona.lines())
        ring_ms = self._request.ring_seconds * 1000
        if answer.how == "no-answer" or answer.after_ms > ring_ms:
            await asyncio.sleep(ring_ms / 1000)
            await self._end(causes.NO_ANSWER)
            return
        await asyncio.sleep(answer.after_ms / 1000)
        outcome = causes.BY_HOW.get(answer.how)
        if outcome is not None:
            await self._end(outcome)
            return
        try:
            await open_ears(self._far_end)
        except ProviderError as error:
            _log.warning("the synthetic caller has no ears: %s", error)
            await self._end(causes.CRASHED)
            return
        self._take_call()

    def _take_call(self) -> None:
        self._answered = True
        self._notice("answered", "", 0)
        self._listener.answered()
        self._far_end.answered()
        self._clock.join(self)

    async def _end(self, closed: LegClosed) -> None:
        """End the call outside of a tick and wait until the far end is gone."""
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()
        self._close(closed)
        if self._task is not asyncio.current_task():
            await self.aclosed()

    def _close(self, closed: LegClosed) -> None:
        if self.ended:
            return
        self._closed.set()
        self._clock.leave(self)
        self._notice("closed", f"{closed.by}: {closed.reason}", self._far_end.now_ms)
        self._task = asyncio.get_running_loop().create_task(self._far_end.aclose())
        if self._answered and self._far_end.line is not None:
            self._listener.noted("quality", self._line_quality(self._far_end.line, final=True))
        self._listener.closed(closed)

    def _line_quality(self, line: FrameLine, *, final: bool) -> dict[str, Any]:
        starved = self._far_end.earpiece.quality.starved_frames
        return {**line.quality(), "tx_starved_frames": starved, "final": final}

    async def aclosed(self) -> None:
        """Wait until nothing of the call runs any more."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    def _notice(self, kind: str, text: str, at_ms: int) -> None:
        if self._observer is not None:
            moment = LineMoment(self.provider_call_id, self._request.callback_id, self._persona.name, kind, text, at_ms)
            self._observer(moment)
