"""One call of the real shell without a platform around it: session, runner, media path and log, on whatever event loop runs it.

Under ``lab.virtual_loop`` a whole call takes as long as its work takes. The log and the recording stay in memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from callwright.call.live.failover import ConnectedProvider
from callwright.call.live.logfile import LogWriter
from callwright.call.live.pacer_clock import PacerClock
from callwright.call.live.recorder import RawFiles, Recorder
from callwright.call.live.runner import CallRunner
from callwright.call.live.session import CallSession, Equipment, Workplace
from callwright.call.live.sounds import SoundLibrary
from callwright.call.live.timers import LoopTimers
from callwright.call.live.warming import Warming
from callwright.conversation.core import Conversation
from callwright.conversation.events import Started
from callwright.conversation.log import Header
from callwright.conversation.plan import CORE_VERSION, CallPlan
from callwright.domain.limits import MAX_CALL_SECONDS, WARM_BEFORE_DIAL_SECONDS
from callwright.lab.virtual_loop import AtOnce
from callwright.ports.failures import ProviderError
from callwright.ports.leg import Carrier, DialRequest, LegClosed, closed_by_failure
from callwright.ports.world import Clock

LONGEST_SECONDS = MAX_CALL_SECONDS + 300
"""A call that is not over by then, its ringing and its goodbye included, never ends."""
SETTLE_SECONDS = 2.0
"""After this everything of an ended call must be gone."""
_CALLER, _AGENT = Path("caller"), Path("agent")


class Shelf:
    """Where a rehearsal's log and recording lie. ``full_after`` bytes of either the disk is full (None: never)."""

    def __init__(self, full_after: int | None = None) -> None:
        self.log = bytearray()
        self._sides = {_CALLER: bytearray(), _AGENT: bytearray()}
        self.full_after = full_after

    @property
    def caller(self) -> bytes:
        """The caller's side of the recording, raw mu-law."""
        return bytes(self._sides[_CALLER])

    @property
    def agent(self) -> bytes:
        """The agent's side of the recording, raw mu-law."""
        return bytes(self._sides[_AGENT])

    def append(self, data: bytes) -> None:
        """More of the log. Raises OSError when the disk is full."""
        self._fit(self.log, data)

    def append_raw(self, path: Path, data: bytes) -> None:
        """More of a side. Raises OSError when the disk is full."""
        self._fit(self._sides[path], data)

    def sync(self) -> None:
        """It is as safe as it will be."""

    def close(self) -> None:
        """Nothing more comes."""

    def _fit(self, held: bytearray, data: bytes) -> None:
        if self.full_after is not None and len(held) + len(data) > self.full_after:
            raise OSError(28, "No space left on device")
        held += data


@dataclass(frozen=True, slots=True)
class Cast:
    """Who and what takes part in a call. ``wishes``: (virtual seconds after the dialling, what to do to the session)."""

    plan: CallPlan
    equipment: Equipment
    carrier: Carrier
    request: DialRequest
    variables: Mapping[str, str]
    seed: int
    agent: Mapping[str, Any] = field(default_factory=dict)
    wishes: tuple[tuple[float, Callable[[CallSession], None]], ...] = ()


class Rehearsal:
    """A call from its start to the moment nothing of it runs any more. It is its session's observer.

    After :meth:`run`: ``shelf`` holds log and recording, ``closed`` how the leg ended, ``broken`` the message of a broken invariant and
    ``overdue`` whether it had to be ended by force.
    """

    def __init__(self, cast: Cast, clock: Clock, shelf: Shelf | None = None) -> None:
        self._cast = cast
        self._clock = clock
        self._over = asyncio.Event()
        self.shelf = shelf or Shelf()
        self.answered_us = -1
        self.closed: LegClosed | None = None
        self.broken = ""
        self.overdue = False
        self.log_lost = False

    def ringing(self) -> None:
        """The far end rings."""

    def answered(self) -> None:
        """The far end took the call."""
        self.answered_us = self._clock.monotonic_us()

    def ended(self, closed: LegClosed) -> None:
        """The leg is over."""
        self.closed = closed
        self._over.set()

    async def run(self) -> None:
        """The whole call."""
        cast, clock = self._cast, self._clock
        pacer = PacerClock(clock)
        pacing = asyncio.get_running_loop().create_task(pacer.run())
        log = LogWriter(self.shelf)
        runner = CallRunner(Conversation(), log, clock, LoopTimers())
        log.header(self._header())
        recorder = Recorder(RawFiles(_CALLER, _AGENT), AtOnce(), self.shelf.append_raw)
        sounds = SoundLibrary(threads=False)
        place = Workplace(clock, LoopTimers(), pacer, sounds)
        session = CallSession(runner, cast.equipment, place, recorder, self)
        warming = Warming(runner, clock)
        try:
            await self._talk(session, runner, warming)
        finally:
            await warming.aclose()
            await session.aclose()
            await sounds.aclose()
            log.close()
            pacing.cancel()
            await asyncio.gather(pacing, return_exceptions=True)
        self.broken = runner.broken
        self.log_lost = log.lost is not None

    def _header(self) -> Header:
        cast = self._cast
        execution_id, _, attempt = cast.request.callback_id.rpartition(".")
        return Header(
            execution_id=execution_id,
            attempt=int(attempt),
            started_at=self._clock.now().isoformat(),
            variables=dict(cast.variables),
            seed=cast.seed,
            agent=cast.agent,
            core_version=CORE_VERSION,
        )

    async def _talk(self, session: CallSession, runner: CallRunner, warming: Warming) -> None:
        cast, loop = self._cast, asyncio.get_running_loop()
        runner.post(Started(runner.now_us(), cast.plan, tuple(sorted(cast.variables.items())), cast.seed))
        warming.start(session, cast.equipment, cast.plan, cast.variables)
        await warming.wait(WARM_BEFORE_DIAL_SECONDS, self._over)
        wishes = [loop.call_later(seconds, wish, session) for seconds, wish in cast.wishes]
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                await self._dial(session, runner)
                await self._over.wait()
        except TimeoutError:
            self.overdue = True
            session.abandon("Error", "internal_error")
            await self._over.wait()
        finally:
            for wish in wishes:
                wish.cancel()

    async def _dial(self, session: CallSession, runner: CallRunner) -> None:
        """As ``call.live.dialling.Dialling.connect``, without a row to write to."""
        cast, clock = self._cast, self._clock
        if _called_off(session):
            return
        name = cast.carrier.name
        runner.fact("leg", "dialling", {"carrier": name, "callback_id": cast.request.callback_id})
        runner.flush()
        began_us = clock.monotonic_us()
        try:
            leg = await cast.carrier.dial(cast.request, session)
        except ProviderError as error:
            session.closed(closed_by_failure(error))
            return
        session.take_leg(leg)
        values = {
            "carrier": name,
            "to_number": cast.request.to_number,
            "from_number": cast.request.from_number,
            "provider_call_id": leg.provider_call_id,
        }
        runner.fact("leg", "dialled", values)
        runner.fact(
            "core",
            "provider_connected",
            ConnectedProvider("carrier", name).fact((clock.monotonic_us() - began_us) // 1000),
        )


def _called_off(session: CallSession) -> bool:
    """Whether the call is over before anybody was asked."""
    wanted = session.hang_up_wanted
    if wanted is not None:
        session.closed(LegClosed("canceled", wanted.by, wanted.reason, 4000))
    return session.end is not None


async def left_over() -> list[str]:
    """What still runs when everything should be gone: tasks other than the one that asks."""
    await asyncio.sleep(SETTLE_SECONDS)
    current = asyncio.current_task()
    return sorted(repr(task) for task in asyncio.all_tasks() if task is not current)
