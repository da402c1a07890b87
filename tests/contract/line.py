"""A little agent for leg tests: speaks scripted text at the right pace, hears with scripted ears, and keeps what the leg reported."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from callwright.media.g711 import mulaw_of, pcm_of_mulaw
from callwright.media.pacing import Playout
from callwright.media.tonetext import ToneTextDecoder, spoken
from callwright.ports.leg import DialRequest, Leg, LegClosed
from callwright.telephony.loopback.carrier import LoopbackCarrier
from callwright.telephony.loopback.observer import LineMoment


@dataclass
class Watcher:
    """A ``LegListener`` that keeps everything."""

    events: list[str] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)
    keys: str = ""
    closed_as: LegClosed | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    taken: asyncio.Event = field(default_factory=asyncio.Event)
    text: str = ""
    ears: ToneTextDecoder = field(default_factory=ToneTextDecoder)
    last_facts: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Facts of the line, the last of each kind."""

    def ringing(self):
        self.events.append("ringing")

    def early_media(self):
        self.events.append("early_media")

    def answered(self):
        self.events.append("answered")
        self.taken.set()

    def audio(self, frame):
        if self.events[-1] != "audio":
            self.events.append("audio")
        self.frames.append(frame)
        self.text += "".join(heard.text for heard in self.ears.feed(pcm_of_mulaw(frame)))

    def key(self, key):
        self.keys += key

    def machine(self, kind):
        self.events.append(f"machine {kind}")

    def noted(self, what, values):
        self.events.append(f"noted {what}")
        self.last_facts[what] = values

    def closed(self, closed):
        self.events.append("closed")
        self.closed_as = closed
        self.ended.set()


class Agent:
    """Speaks on a leg by a 20 ms clock of its own, as the call's runtime does."""

    def __init__(self, leg: Leg) -> None:
        self.playout = Playout()
        self._leg = leg
        self._generation = 0
        self._task = asyncio.create_task(self._run())

    @property
    def now_us(self) -> int:
        return int(asyncio.get_running_loop().time() * 1_000_000)

    def say(self, text: str) -> int:
        self._generation += 1
        self.playout.add(self._generation, 0, mulaw_of(spoken(text)))
        self.playout.end_clause(self._generation, 0)
        self.playout.end_utterance(self._generation, 1)
        self.playout.release(self._generation)
        return self._generation

    async def silent(self) -> None:
        while not self.playout.idle(self.now_us):  # noqa: ASYNC110 - the playout is asked, it does not tell
            await asyncio.sleep(0.02)

    def stop(self) -> None:
        self._task.cancel()

    async def _run(self) -> None:
        next_s = asyncio.get_running_loop().time()
        while True:
            for frame in self.playout.due(self.now_us, self._leg.ahead_ms):
                self._leg.write(frame)
            next_s += 0.02
            await asyncio.sleep(max(0.0, next_s - asyncio.get_running_loop().time()))


@dataclass
class Line:
    """A dialled call."""

    leg: Leg
    watcher: Watcher
    agent: Agent
    moments: list[LineMoment]

    def far_end(self, kind: str) -> list[str]:
        """What the far end said or heard."""
        return [moment.text for moment in self.moments if moment.kind == kind]


async def dial(
    carrier: LoopbackCarrier, moments: list[LineMoment], to: str = "+15550111", ring_s: int = 5, **options
) -> Line:
    watcher = Watcher()
    leg = await carrier.dial(DialRequest("call-1", to, "+15550100", ring_s, options), watcher)
    return Line(leg, watcher, Agent(leg), moments)
