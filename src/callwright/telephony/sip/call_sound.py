"""The sound of one call between the stack and the server, and what is known of its line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callwright.telephony.sip.audio import AgentAudio, CallerAudio
from callwright.telephony.sip.quality import Quality
from callwright.telephony.sip.stack import StackCall


class CallSound:
    """Both directions of a call. It is told the call's line each time, which may become another one."""

    def __init__(self) -> None:
        self._caller = CallerAudio()
        self._agent = AgentAudio()
        self._quality = Quality()

    def start(self) -> None:
        """The call is answered: from now on there is a frame of the caller for every tick."""
        self._caller.start()

    def round(self, line: StackCall, ticks: int, *, expected: bool) -> tuple[bytes, bool]:
        """What is due after ``ticks`` ticks: the caller's mu-law frames, and whether the line's quality is to be told. ``expected``: sound
        should come."""
        got = self._caller.feed(line.read())
        frames = self._caller.take(ticks, expected=expected)
        if len(self._agent):
            self._top_up(line)
        return frames, self._quality.tick(ticks, got, expected=expected)

    def offer(self, line: StackCall | None, frames: bytes) -> None:
        """The agent's next frames."""
        self._agent.offer(frames)
        if line is not None:
            self._top_up(line)

    def _top_up(self, line: StackCall) -> None:
        """Give the stack what it may hold."""
        level = line.level()
        if level is None:
            return
        self._quality.held(level.held_bytes_max, level.starved_frames)
        pcm = self._agent.due(level.held_bytes)
        if pcm:
            self._agent.given(line.write(pcm))

    def clear(self, line: StackCall | None) -> None:
        """Drop what was written and not yet sent."""
        self._agent.clear()
        if line is not None:
            line.flush()

    def is_drained(self, line: StackCall | None) -> bool:
        """Whether everything that was written has left."""
        level = line.level() if line is not None else None
        return not len(self._agent) and (level is None or level.held_bytes == 0)

    def statistics(self, values: Mapping[str, float], key_packets: int) -> None:
        """A report of the stack, which did not see ``key_packets`` packets."""
        self._quality.statistics(values, key_packets)

    def quality(self, line: StackCall | None, *, final: bool) -> dict[str, Any]:
        """The values of a ``quality`` message."""
        level = line.level() if line is not None else None
        if level is not None:
            self._quality.held(level.held_bytes_max, level.starved_frames)
        return {
            **self._quality.values(final=final),
            "concealed_frames": self._caller.frames_concealed,
            "dropped_frames": self._caller.frames_dropped,
        }
