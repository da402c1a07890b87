"""A carrier around another one that breaks what carriers break: it refuses, stalls, bundles, repeats itself and forgets to say the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from callwright.ports.leg import Carrier, DialRequest, Leg, LegClosed, LegListener
from proof.deeds import HANG_UP, TRANSFER, TRANSFERRED
from proof.faulty_providers import FOR_EVER_SECONDS, Fortune

_FRAMES_AT_ONCE = (1, 1, 1, 1, 2, 5, 10)
_STALL_FRAMES = (25, 100, 400)


Asked = Callable[[str, str], None]
"""Hears of everything the carrier is asked on a leg: the effect, and what with."""


def _nothing(effect: str, what: str) -> None:
    """Nobody keeps account."""


class WeatheredCarrier:
    """``ports.leg.Carrier``. ``line`` of its last call tells what reached us of the far end."""

    name = "loopback"

    def __init__(self, inner: Carrier, fortune: Fortune, asked: Asked = _nothing) -> None:
        self._inner = inner
        self._fortune = fortune
        self._asked = asked
        self.line: WeatheredLine | None = None

    async def dial(self, request: DialRequest, listener: LegListener) -> Leg:
        """Perhaps refuse, perhaps come back only when the far end has long reported."""
        fortune = self._fortune
        fortune.refuse(4)
        self.line = WeatheredLine(listener, fortune)
        leg = await self._inner.dial(request, self.line)
        if fortune.chance(fortune.weather.late):
            await asyncio.sleep(fortune.random.choice((0.2, 3.0)))
        return WeatheredLeg(leg, fortune, self._asked)

    async def aclose(self) -> None:
        """End every leg, also those whose end nobody was told."""
        if self.line is not None:
            self.line.cut()
        await self._inner.aclose()


class WeatheredLine:
    """``ports.leg.LegListener`` before the session's. ``frames``: what was passed on of the caller, in order."""

    def __init__(self, listener: LegListener, fortune: Fortune) -> None:
        self._listener = listener
        self._fortune = fortune
        self._at_once = fortune.random.choice(_FRAMES_AT_ONCE)
        self._held: list[bytes] = []
        self._stall = 0
        self._forgets_end = fortune.chance(fortune.weather.silent)
        self._next_trouble: asyncio.TimerHandle | None = None
        self.frames: list[bytes] = []
        self.over = False
        self.forgot_end = False
        self.early_media = listener.early_media

    def cut(self) -> None:
        """Nothing more is passed on."""
        self.over = True
        if self._next_trouble is not None:
            self._next_trouble.cancel()

    def ringing(self) -> None:
        """It rings; bad carriers also say so later."""
        self._listener.ringing()

    def answered(self) -> None:
        """The far end took the call."""
        self._listener.answered()
        if self._fortune.weather.junk:
            self._disturb()

    def audio(self, frame: bytes) -> None:
        """Frames come singly, in bundles, or after a stall all at once."""
        fortune = self._fortune
        self._held.append(frame)
        if self._stall:
            self._stall -= 1
            return
        if len(self._held) >= self._at_once:
            self._flush()
        if fortune.chance(fortune.weather.late / 100):
            self._stall = fortune.random.choice(_STALL_FRAMES)

    def key(self, key: str) -> None:
        """A key."""
        self._listener.key(key)

    def machine(self, kind: str) -> None:
        """What the carrier thinks has answered."""
        self._listener.machine(kind)

    def noted(self, what: str, values: Mapping[str, Any]) -> None:
        """A fact of the line."""
        self._listener.noted(what, values)

    def closed(self, closed: LegClosed) -> None:
        """The end, unless this carrier forgets to tell it; or twice."""
        if self.over:
            return
        self._flush()
        self.cut()
        if self._forgets_end:
            self.forgot_end = True
            return
        self._listener.closed(closed)
        if self._fortune.weather.junk:
            self._listener.closed(closed)
            self._listener.ringing()

    def _flush(self) -> None:
        held, self._held = self._held, []
        for frame in held:
            self.frames.append(frame)
            self._listener.audio(frame)

    def _disturb(self) -> None:
        """What a carrier may say at any time, in and out of place."""
        fortune, listener = self._fortune, self._listener
        if self.over:
            return
        what = fortune.random.randrange(6)
        if what == 0:
            listener.ringing()
        elif what == 1:
            listener.machine(fortune.random.choice(("human", "machine", "beep", "unknown")))
        elif what == 2:
            listener.noted("held", {"on": fortune.chance(500)})
        elif what == 3:
            listener.answered()
        elif what == 4:
            listener.key(fortune.random.choice("0123456789*#"))
        else:
            listener.noted("dialog", {"call": fortune.random.randint(1, 9)})
        if not self.over:
            wait_s = fortune.random.uniform(0.1, 20.0)
            self._next_trouble = asyncio.get_running_loop().call_later(wait_s, self._disturb)


class WeatheredLeg:
    """``ports.leg.Leg``: orders that fail, hang, or are carried out late."""

    def __init__(self, inner: Leg, fortune: Fortune, asked: Asked) -> None:
        self._inner = inner
        self._fortune = fortune
        self._asked = asked
        self.provider_call_id = inner.provider_call_id
        self.ahead_ms = inner.ahead_ms
        self.write = inner.write
        self.clear = inner.clear
        self.answer = inner.answer
        self.reject = inner.reject

    async def hang_up(self, reason: str) -> None:
        """Hang up; or fail to, or never come back."""
        fortune = self._fortune
        self._asked(HANG_UP, reason)
        fortune.stumble(2)
        if fortune.chance(fortune.weather.silent):
            await asyncio.sleep(FOR_EVER_SECONDS)
        await fortune.wait(0, 0, 20, 1_500)
        await self._inner.hang_up(reason)

    async def transfer(self, target: str, *, attended: bool = False) -> None:
        """Hand over; or fail to."""
        self._asked(TRANSFER, target)
        told = True
        try:
            self._fortune.stumble()
            await self._fortune.wait(0, 0, 3_000)
            await self._inner.transfer(target, attended=attended)
        except asyncio.CancelledError:
            told = False  # nobody waits for it any more
            raise
        finally:
            self._fortune.outcomes[TRANSFERRED] += told

    async def send_keys(self, keys: str) -> None:
        """Keys for the far end."""
        self._fortune.stumble()
        await self._inner.send_keys(keys)
