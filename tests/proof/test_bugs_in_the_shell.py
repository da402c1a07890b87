"""The simulator of whole calls is good: bugs planted in the shell, one at a time, are found within a few calls."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from proof.runs import examine, perform

from callwright.bootstrap.rehearsal import Shelf
from callwright.call.live.caller_sound import CallerSound
from callwright.call.live.hear import Hear, Words
from callwright.call.live.logfile import LogWriter
from callwright.call.live.metering import metered
from callwright.call.live.pacer_clock import PacerClock
from callwright.call.live.recorder import Recorder
from callwright.call.live.runner import CallRunner
from callwright.call.live.say import Position, Say
from callwright.call.live.session import CallSession
from callwright.call.live.sounds import Bill, SoundLibrary
from callwright.call.live.think import Think
from callwright.call.live.tools import Tools
from callwright.conversation.effects import Release
from callwright.conversation.events import (
    ActivityBegan,
    Cleared,
    Event,
    MarkPlayed,
    ProviderFailed,
    ReplyEnded,
    ToolResult,
    TranscriptFinal,
    TransferProgress,
    UsageReported,
)
from callwright.media.pacing import Playout

pytestmark = pytest.mark.long

MOST_RUNS = 150
"""Within so many calls of consecutive seeds a bug must be found."""


def nothing(*_: Any, **__: Any) -> None:
    """What a forgotten deed does."""


async def nothing_soon(*_: Any, **__: Any) -> None:
    """What a forgotten deed does that is awaited."""


def played_more(self: Playout, generation: int, now_us: int, true: Any = Playout.played_ms) -> int:
    return int(true(self, generation, now_us)) + 900


def agent_shorter(self: Recorder, frames: Any, plays_at_us: int, true: Any = Recorder.agent) -> None:
    true(self, frames[:-1], plays_at_us)


def agent_late(self: Recorder, frames: Any, plays_at_us: int, true: Any = Recorder.agent) -> None:
    true(self, frames, plays_at_us + 200_000)


def disk_writes_twice(self: Shelf, path: Any, data: bytes, true: Any = Shelf.append_raw) -> None:
    true(self, path, data + data)


def too_late_a_cut(self: Recorder, now_us: int, true: Any = Recorder.cleared) -> None:
    true(self, now_us + 60_000)


def twice(true: Any) -> Callable[[Any, Any], None]:
    def done_twice(self: Any, effect: Any) -> None:
        true(self, effect)
        true(self, effect)

    return done_twice


def heard_too_soon(self: Say, effect: Any, true: Any = Say.speak) -> None:
    true(self, effect)
    self.release(Release(effect.generation, 0))


def written_at_the_end(self: LogWriter, flush: Any = LogWriter.flush, true: Any = LogWriter.close) -> None:
    flush(self)
    true(self)


def not_in_the_log(kind: type, true: Any = LogWriter.event) -> Callable[[LogWriter, Event], None]:
    def event(self: LogWriter, event: Event) -> None:
        if not isinstance(event, kind):
            true(self, event)

    return event


def effect_a_moment_later(self: LogWriter, at_us: int, effect: Any, true: Any = LogWriter.effect) -> None:
    true(self, at_us + 1, effect)


def caller_twice(self: Recorder, mulaw: bytes, now_us: int, true: Any = Recorder.caller) -> None:
    true(self, mulaw, now_us)
    if mulaw.strip(b"\xff"):
        true(self, mulaw, now_us)


def deaf_to(kind: type, true: Any = CallRunner.post) -> Callable[[CallRunner, Event], None]:
    def post(self: CallRunner, event: Event) -> None:
        if not isinstance(event, kind):
            true(self, event)

    return post


def quiet_clear(self: Say, effect: Any) -> None:
    """The agent is said to be silent; the line plays on."""


async def billed_when_made(
    self: SoundLibrary, voice: Any, settings: Any, text: str, bill: Bill, true: Any = SoundLibrary.saying
) -> Any:
    used: list[Any] = []
    saying = await true(self, voice, settings, text, used.append)
    for one in used:
        bill(one)
    return saying


def hushed_untold(self: Say, true: Any = Say.hush) -> Position:
    true(self)
    return Position()


PLANTED = {
    "a clear is not taken out of the recording": (Recorder, "cleared", nothing),
    "the recording loses the last frame of every write": (Recorder, "agent", agent_shorter),
    "the recording holds a caller's frame twice": (Recorder, "caller", caller_twice),
    "nothing of the caller is recorded": (Recorder, "caller", nothing),
    "more is said to be heard than was": (Playout, "played_ms", played_more),
    "the agent speaks on after a cut": (Say, "clear", quiet_clear),
    "the timer of one-way audio outlives the call": (CallerSound, "over", nothing),
    "answers outlive the call": (Think, "aclose", nothing_soon),
    "tools outlive the call": (Tools, "aclose", nothing_soon),
    "marks never arrive": (CallRunner, "post", deaf_to(MarkPlayed)),
    "the clock raises": (PacerClock, "add", lambda self, paced: self.discard()),
    "the agent stands in the recording later than it was heard": (Recorder, "agent", agent_late),
    "nothing of the agent is recorded": (Recorder, "agent", nothing),
    "a piece of the recording is written twice": (Shelf, "append_raw", disk_writes_twice),
    "a clear is taken out of the recording too late": (Recorder, "cleared", too_late_a_cut),
    "the recording goes on after its end": (Recorder, "finish", nothing),
    "a reply is heard before it is certain": (Say, "speak", heard_too_soon),
    "a sound beside speech is not stopped": (Say, "stop", nothing),
    "a tool is run twice": (Tools, "call", twice(Tools.call)),
    "an answer is asked for twice": (Think, "ask", twice(Think.ask)),
    "a clause is spoken twice": (Say, "speak", twice(Say.speak)),
    "a cancelled answer goes on": (Think, "cancel", nothing),
    "the log is not written before the world is touched": (LogWriter, "flush", nothing),
    "a failed recogniser is not told": (Words, "failed", nothing),
    "failures are not told": (CallRunner, "post", deaf_to(ProviderFailed)),
    "results of tools are not told": (CallRunner, "post", deaf_to(ToolResult)),
    "what was used is not told": (CallRunner, "post", deaf_to(UsageReported)),
    "what a model does not count is not billed": (metered, "__exit__", nothing),
    "a recogniser is never closed": (Hear, "let_go", nothing),
    "a saying made for a call that ends meanwhile is billed by nobody": (SoundLibrary, "saying", billed_when_made),
    "the end of an answer is not told": (CallRunner, "post", deaf_to(ReplyEnded)),
    "the outcome of a transfer is not told": (CallRunner, "post", deaf_to(TransferProgress)),
    "an effect has another time in the log": (LogWriter, "effect", effect_a_moment_later),
    "the caller's voice is not in the log": (LogWriter, "event", not_in_the_log(ActivityBegan)),
    "words are not in the log": (LogWriter, "event", not_in_the_log(TranscriptFinal)),
    "marks are not in the log": (LogWriter, "event", not_in_the_log(MarkPlayed)),
    "a cut is never answered": (CallRunner, "post", deaf_to(Cleared)),
    "how far the agent got is not told at the end": (Say, "hush", hushed_untold),
    "the end of the leg is not noticed": (CallSession, "closed", nothing),
}
"""Bug -> (class, method, what is put in its place)."""

TOGETHER = {
    "the agent speaks on after a cut": (Say, "cancel", nothing),
    "the log is not written before the world is touched": (LogWriter, "close", written_at_the_end),
}
"""What else is put in place for a bug that sits in two places."""


def first_found(most: int) -> str:
    """The rule that the first of the calls breaks, or nothing."""
    for seed in range(1, most + 1):
        rule, _ = examine(perform(seed))
        if rule:
            return rule
    return ""


def plant(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the bug in place."""
    for place, method, wrong in (PLANTED[bug], *([TOGETHER[bug]] if bug in TOGETHER else ())):
        monkeypatch.setattr(place, method, wrong)


@pytest.mark.parametrize("bug", PLANTED)
def test_a_bug_in_the_shell_is_found(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(bug, monkeypatch)
    assert first_found(MOST_RUNS)


def test_the_page_says_how_many_there_are_and_how_soon_each_is_found() -> None:
    page = (Path(__file__).resolve().parents[2] / "proof" / "README.md").read_text(encoding="utf-8")
    assert f"puts {len(PLANTED)} bugs into the shell, one at a time; each is found within {MOST_RUNS} calls" in page
