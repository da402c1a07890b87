"""From the words that interrupt the agent to silence: `python bench/barge_in_bench.py [--calls N] [--at-once M]`.

Calls at once, each with the real core, runner, log on disk, voice path and pacer on a real clock; the agent of each is in the middle of a
long sentence when the deciding partial words are due. Measured is our own share: from the moment the words are due on the event loop until
`Clear` has been performed and answered, so a loop that is busy with the other calls counts. Exits with 1 when the 99th percentile is above
40 ms (the recogniser's and the line's shares are not ours).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from callwright.call.live.logfile import AppendFile, LogWriter
from callwright.call.live.pacer_clock import PacerClock
from callwright.call.live.runner import CallRunner
from callwright.call.live.say import Say, Speaker
from callwright.call.live.timers import LoopTimers
from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.core import Conversation
from callwright.conversation.plan import CallPlan
from callwright.ops.clock import SystemClock
from callwright.ports.speech import VoiceChunk, VoiceSettings

TARGET_MS = 40.0
SENTENCE = (
    "We are open from Monday to Friday between eight in the morning and six at night and on Saturdays until noon. " * 3
)
WORDS = ("sorry", "sorry I", "sorry I meant")
SECOND_OF_SOUND = b"\x10\x27" * 8_000


class Mouth:
    """A voice that has everything at once."""

    name = "bench"

    async def speak(self, text: str, settings: VoiceSettings) -> AsyncIterator[VoiceChunk]:
        """A second of sound for every four words."""
        for _ in range(max(len(text.split()) // 4, 1)):
            yield VoiceChunk(SECOND_OF_SOUND)
        yield VoiceChunk(last=True)

    async def warm(self, settings: VoiceSettings) -> None:
        """Nothing to do."""


class Wire:
    """A line nobody listens to."""

    ahead_ms = 60
    open = True

    def write(self, frames: Sequence[bytes], plays_at_us: int) -> None:
        """Gone."""

    def clear(self, now_us: int) -> None:
        """Silent."""


async def interrupt(folder: Path, number: int, pacer: PacerClock) -> tuple[float, float]:
    """One call; milliseconds from the due time of the deciding words to the performed `Clear`, and from their event on."""
    clock = SystemClock()
    log = LogWriter(AppendFile(folder / f"{number}.log"))
    runner = CallRunner(Conversation(), log, clock, LoopTimers())
    say = Say(runner, Speaker(Mouth(), "bench", VoiceSettings("v")), Wire(), pacer, clock)
    silent: list[float] = []

    def clear(effect: fx.Clear) -> None:
        say.clear(effect)
        silent.append(time.perf_counter())

    runner.performers = {
        fx.Speak: say.speak,
        fx.EndSpeech: say.end_speech,
        fx.Release: say.release,
        fx.CancelVoice: say.cancel,
        fx.Clear: clear,
    }
    runner.post(ev.Started(runner.now_us(), CallPlan(welcome_message=SENTENCE), (), number))
    runner.post(ev.Answered(runner.now_us()))
    answered_s = time.perf_counter()
    await asyncio.sleep(0.3 + number % 25 * 0.007)
    due_s = time.perf_counter() + 0.02
    done: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def hear() -> None:
        heard_s = time.perf_counter()
        audio_ms = int((heard_s - answered_s) * 1000)
        for words in WORDS:
            runner.post(ev.TranscriptPartial(runner.now_us(), audio_ms, 1, words))
        done.set_result(heard_s)

    asyncio.get_running_loop().call_later(due_s - time.perf_counter(), hear)
    heard_s = await done
    runner.close()
    await say.aclose()
    return (silent[0] - due_s) * 1000, (silent[0] - heard_s) * 1000


async def measure(calls: int, at_once: int) -> tuple[list[float], list[float]]:
    """All calls, ``at_once`` of them at a time."""
    clock = SystemClock()
    pacer = PacerClock(clock)
    ticking = asyncio.create_task(pacer.run())
    found: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        for first in range(0, calls, at_once):
            numbers = range(first, min(first + at_once, calls))
            found += await asyncio.gather(*(interrupt(Path(folder), number, pacer) for number in numbers))
    ticking.cancel()
    return sorted(whole for whole, _ in found), sorted(own for _, own in found)


def main(argv: Sequence[str] | None = None) -> int:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--at-once", type=int, default=25)
    options = parser.parse_args(argv)
    whole, own = asyncio.run(measure(options.calls, options.at_once))
    p99_ms = whole[len(whole) * 99 // 100]
    print(
        json.dumps(
            {
                "bench": "barge-in",
                "calls": len(whole),
                "at_once": options.at_once,
                "clear_p50_ms": round(whole[len(whole) // 2], 3),
                "clear_p99_ms": round(p99_ms, 3),
                "handled_p50_ms": round(own[len(own) // 2], 3),
                "handled_p99_ms": round(own[len(own) * 99 // 100], 3),
                "target_p99_ms": TARGET_MS,
            }
        )
    )
    return int(p99_ms > TARGET_MS)


if __name__ == "__main__":
    sys.exit(main())
