"""A page that calls an agent, as the client in the browser does, with a synthetic caller in front of it."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from callwright.lab.caller_scenario import scenario_of
from callwright.media.g711 import loudness, mulaw_of, pcm_of_mulaw
from callwright.media.half_band import Doubler, Halver
from callwright.ports.leg import SILENCE_FRAME
from callwright.ports.registry import PluginGetter
from callwright.ports.speech import TranscriberSettings, VoiceSettings
from callwright.telephony.loopback.far_end import FarEnd
from callwright.telephony.loopback.mouth import Mouth, SpokenLines

REPORT_FRAMES = 10
LEAST_FLOOR, MOST_FLOOR, MARGIN, RISE, FALL = 0.0004, 0.005, 1.9, 1.003, 1 / 8
QUIET_FRAMES, FRAMES_TOGETHER = 100, 4
"""As in the client (``holding.ts``), which says what they are."""


class HeldSilence:
    """The page's frames on their way to the server: long silence goes several frames at a time, anything else at once."""

    def __init__(self) -> None:
        self._quiet = 0
        self._was_louder = False
        self._floor = MOST_FLOOR
        self._held: list[bytes] = []

    def push(self, frame: bytes, level: float) -> bytes:
        """The next frame and how loud it is (0 to 1). Returns the frames to be sent now, which may be none."""
        floor = self._floor
        is_quiet = level < floor * MARGIN
        if is_quiet:
            self._quiet += 1
        elif self._was_louder:
            self._quiet = 0
        self._was_louder = not is_quiet
        followed = floor + (level - floor) * FALL if level < floor else floor * RISE
        self._floor = min(MOST_FLOOR, max(LEAST_FLOOR, followed))
        self._held.append(frame)
        if is_quiet and self._quiet > QUIET_FRAMES and len(self._held) < FRAMES_TOGETHER:
            return b""
        frames = b"".join(self._held)
        self._held.clear()
        return frames


class PlayedLater:
    """The page's ring buffer: plays ``buffer_frames`` later than a frame comes, counts what was played, and drops at once."""

    def __init__(self, buffer_frames: int = 2) -> None:
        self.received = 0
        self.position = 0
        self.played: list[bytes] = []
        self._waiting: deque[bytes] = deque()
        self._hold = 0
        self._buffer_frames = buffer_frames

    def write(self, frame: bytes) -> None:
        """A frame has come."""
        if not self._waiting:
            self._hold = self._buffer_frames
        self.received += 1
        self._waiting.append(frame)

    def clear(self) -> None:
        """Drop what was not played."""
        self._waiting.clear()
        self.position = self.received

    def tick(self) -> bytes | None:
        """20 ms have passed: the frame that is heard in them."""
        if self._hold or not self._waiting:
            self._hold = max(0, self._hold - 1)
            return None
        self.position += 1
        frame = self._waiting.popleft()
        self.played.append(frame)
        return frame


@dataclass
class Page:
    """One call. ``told`` are the control messages that came; ``heard`` is the agent's sound as the page played it."""

    far_end: FarEnd
    told: list[dict[str, Any]] = field(default_factory=list)
    buffer: PlayedLater = field(default_factory=PlayedLater)
    close_code: int = 0
    cleared: list[int] = field(default_factory=list)
    """What was played whenever the page was told to clear, in frames."""
    room: bytes = SILENCE_FRAME
    """What the microphone hears while nobody speaks (mu-law)."""
    _halver: Halver = field(default_factory=Halver)
    _doubler: Doubler = field(default_factory=Doubler)

    def messages(self, kind: str) -> list[dict[str, Any]]:
        """The control messages of a kind."""
        return [one for one in self.told if one["type"] == kind]

    async def call(self, url: str, *, origin: str | None = None, start: Mapping[str, Any] | None = None) -> None:
        """Be on the call until the server ends it."""
        headers = {} if origin is None else {"Origin": origin}
        async with connect(url, additional_headers=headers) as socket:
            await socket.send(json.dumps({"type": "start", **(start or {})}))
            await self._listen(socket)

    async def _listen(self, socket: ClientConnection) -> None:
        speaking: asyncio.Task[None] | None = None
        try:
            async for message in socket:
                if isinstance(message, bytes):
                    self.buffer.write(message)
                    continue
                told = json.loads(message)
                self.told.append(told)
                if told["type"] == "ready":
                    self.far_end.answered()
                    speaking = asyncio.create_task(self._speak(socket))
                elif told["type"] == "clear":
                    self.cleared.append(self.buffer.position)
                    self.buffer.clear()
                    self.far_end.earpiece.clear()
                    await socket.send(json.dumps({"type": "cleared", "frames": self.buffer.position}))
            self.close_code = socket.close_code or 0
        finally:
            if speaking is not None:
                speaking.cancel()

    async def _speak(self, socket: ClientConnection) -> None:
        """The clock of the page's sound: each way 20 ms."""
        next_s = asyncio.get_running_loop().time()
        reported, holding = 0, HeldSilence()
        while True:
            frame = self.buffer.tick()
            if frame is not None:
                self.far_end.earpiece.write(mulaw_of(self._halver.feed(frame)))
            spoken, _ = self.far_end.tick()
            try:
                captured = self._doubler.feed(pcm_of_mulaw(spoken or self.room))
                frames = holding.push(captured, loudness(captured) / 32_768)
                if frames:
                    await socket.send(frames)
                position = self.buffer.position
                if position != reported and (position - reported >= REPORT_FRAMES or position == self.buffer.received):
                    reported = position
                    await socket.send(json.dumps({"type": "played", "frames": position}))
                if self.far_end.hung_up:
                    await socket.send(json.dumps({"type": "hangup"}))
            except ConnectionClosed:
                return
            next_s += 0.02
            await asyncio.sleep(max(0.0, next_s - asyncio.get_running_loop().time()))


async def page(plugin: PluginGetter, persona: Mapping[str, Any], notice: Callable[..., None] = lambda *_: None) -> Page:
    """A page before which ``persona`` (as in a scenario file) sits."""
    caller = scenario_of({"default": "caller", "personas": {"caller": dict(persona)}}).persona("", "caller")
    far_end = FarEnd(caller, Mouth(SpokenLines(), plugin("voice", "scripted"), VoiceSettings()), notice)
    far_end.attach(await plugin("transcriber", "scripted").open(TranscriberSettings(), far_end))
    return Page(far_end)
