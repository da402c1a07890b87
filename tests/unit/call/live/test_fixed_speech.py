"""Speech of fixed sentences: what is kept, for whom, and what a crash or a full folder leaves of it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.unit.call.world import Bench, settle

from callwright.call.live.fixed_speech import FixedSpeech, KeptClause, SpeechFolder, fixed_texts
from callwright.call.live.pacer_clock import PacerClock
from callwright.call.live.say import Say, Speaker
from callwright.conversation.clauses import clauses_of
from callwright.conversation.effects import EndSpeech, Release, Speak
from callwright.conversation.events import ProviderFailed, UsageReported, VoiceFinished
from callwright.conversation.plan import CallPlan
from callwright.domain.limits import MAX_KEPT_SPEECH_BYTES, MAX_KEPT_SPEECH_BYTES_OF_ONE
from callwright.lab.virtual_loop import AtOnce
from callwright.media.tonetext import spoken, word_times
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.speech import UsageAmount, VoiceChunk, VoiceSettings, Word

WELCOME = "Good day."
PLAN = CallPlan(welcome_message=WELCOME, hangup_message="Farewell {name}.", opt_out=False)
NOISE = bytes((number * 7919 + number * number * 31) % 256 for number in range(3_200))
CLAUSE = KeptClause(b"\x10\x20" * 400, (("Good", 0, 40), ("day.", 40, 80)), False)


def fixed(
    folder: Path, account: str = "one", settings: VoiceSettings | None = None, plan: CallPlan = PLAN
) -> FixedSpeech:
    voice = "mouth", settings or VoiceSettings("v")
    return FixedSpeech(SpeechFolder(folder), AtOnce(), account, voice, plan, {})


def files_in(folder: Path) -> list[Path]:
    return list(folder.glob("*/*"))


def test_what_was_made_is_there_in_the_next_call_of_the_account_with_that_voice(tmp_path: Path) -> None:
    fixed(tmp_path).made(WELCOME, CLAUSE)
    assert fixed(tmp_path).clause(WELCOME) == CLAUSE
    assert fixed(tmp_path, "two").clause(WELCOME) is None
    moved = VoiceSettings("v", access=Access({"MOUTH_API_BASE": "https://voice.example"}))
    for other in (VoiceSettings("w"), VoiceSettings("v", "m"), VoiceSettings("v", options={"speed": 1.2}), moved):
        assert fixed(tmp_path, settings=other).clause(WELCOME) is None


def test_a_sentence_that_may_hold_a_name_is_not_fixed() -> None:
    found = fixed_texts(PLAN, {"name": "Ada"})
    assert WELCOME in found
    assert not any("Farewell" in text for text in found)
    by_model = CallPlan(welcome_message=WELCOME, welcome_by_model=True)
    assert WELCOME not in fixed_texts(by_model, {})


@pytest.mark.parametrize("damage", [b"", b"{}\n", b'{"digest": "x"}\nabc', b"\xff\xfe"])
def test_a_file_that_is_not_whole_is_made_again_and_never_played(tmp_path: Path, damage: bytes) -> None:
    fixed(tmp_path).made(WELCOME, CLAUSE)
    (path,) = tmp_path.glob("*/*")
    path.write_bytes(damage or path.read_bytes()[:-7])
    again = fixed(tmp_path)
    assert again.clause(WELCOME) is None
    assert not path.exists()
    again.made(WELCOME, CLAUSE)
    assert fixed(tmp_path).clause(WELCOME) == CLAUSE


def test_what_a_process_left_that_died_while_it_wrote_is_not_read_and_goes_with_the_oldest(tmp_path: Path) -> None:
    fixed(tmp_path).made(WELCOME, CLAUSE)
    (path,) = tmp_path.glob("*/*")
    half = path.with_suffix(".4711.part")
    path.rename(half)
    assert fixed(tmp_path).clause(WELCOME) is None
    SpeechFolder(tmp_path, most_bytes=1_500).write("one", "key", CLAUSE)
    assert not half.exists()


def test_an_account_and_the_server_keep_no_more_than_they_may(tmp_path: Path) -> None:
    size = len(CLAUSE.mulaw) + 200
    folder = SpeechFolder(tmp_path, most_bytes=5 * size, most_of_one=3 * size)
    for account in ("one", "two"):
        for number in range(6):
            folder.write(account, f"key{number}", CLAUSE)
    kept = [number for number in range(6) if folder.read("two", f"key{number}")]
    assert kept == [3, 4, 5]
    assert sum(path.stat().st_size for path in tmp_path.glob("*/*")) <= 5 * size
    assert MAX_KEPT_SPEECH_BYTES_OF_ONE < MAX_KEPT_SPEECH_BYTES


def test_a_folder_is_looked_through_once_for_many_writes(tmp_path: Path) -> None:
    size = len(CLAUSE.mulaw)
    folder = SpeechFolder(tmp_path, most_bytes=160 * size, most_of_one=150 * size)
    folder.write("one", "first", CLAUSE)
    stray = tmp_path / "elsewhere" / "old.speech"
    stray.parent.mkdir()
    stray.write_bytes(bytes(160 * size))
    os.utime(stray, (1, 1))
    for number in range(5):
        folder.write("one", f"key{number}", CLAUSE)
    assert stray.exists()
    for number in range(10):
        folder.write("two", f"key{number}", CLAUSE)
    assert not stray.exists()
    assert folder.read("one", "first")


class Mouth:
    """A voice that counts what it is asked."""

    name = "mouth"

    def __init__(self, sound: bytes = b"") -> None:
        self.sound = sound
        self.asked: list[str] = []
        self.dead: bool | FailureKind = False

    async def speak(self, text: str, settings: VoiceSettings) -> AsyncIterator[VoiceChunk]:
        self.asked.append(text)
        if self.dead:
            kind = self.dead if isinstance(self.dead, FailureKind) else FailureKind.UNAVAILABLE
            raise ProviderError(kind, "mouth", "it is down")
        yield VoiceChunk(self.sound or spoken(text))
        words = tuple(Word(*word) for word in word_times(text))
        yield VoiceChunk(last=True, words=words, estimated=False, usage=UsageAmount("voice", "mouth", "v", len(text)))

    async def warm(self, settings: VoiceSettings) -> None:
        """Nothing."""


class Line:
    open, ahead_ms, delay_ms, continuous = True, 20, 0, True

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    def write(self, frames: list[bytes], plays_at_us: int) -> None:
        self.heard += frames

    def clear(self, now_us: int) -> None:
        """Nothing."""


class Call:
    """The agent's voice on one call."""

    def __init__(self, mouth: Mouth, speech: FixedSpeech) -> None:
        self.bench = Bench()
        self.line = Line()
        speaker = Speaker(mouth, "mouth", VoiceSettings("v"), speech)
        self.say = Say(self.bench.runner, speaker, self.line, PacerClock(self.bench.clock), self.bench.clock)  # type: ignore[arg-type]

    async def says(self, text: str) -> None:
        self.say.speak(Speak(1, 0, 0, "welcome", text))
        self.say.end_speech(EndSpeech(1, 1))
        await settle()
        self.say.release(Release(1, 0))


@pytest.mark.proves("synthesizer.caching")
async def test_a_fixed_sentence_is_played_again_without_the_voice_at_once_and_for_nothing(tmp_path: Path) -> None:
    mouth = Mouth()
    first, second = Call(mouth, fixed(tmp_path)), Call(mouth, fixed(tmp_path))
    await first.says(WELCOME)
    await second.says(WELCOME)
    # The second call began before the first had made it: it asks the voice as well. The third does not.
    third = Call(mouth, fixed(tmp_path))
    mouth.dead = True
    began_us = third.bench.clock.us
    await third.says(WELCOME)
    assert mouth.asked == [WELCOME, WELCOME]
    (made,) = first.bench.core.of(VoiceFinished)
    (again,) = third.bench.core.of(VoiceFinished)
    assert (again.audio_ms, again.words, again.estimated) == (made.audio_ms, made.words, made.estimated)
    assert third.line.heard == first.line.heard != []
    assert [used.amount for used in first.bench.core.of(UsageReported)] == [len(WELCOME)]
    assert [used.amount for used in third.bench.core.of(UsageReported)] == [0]
    assert again.at_us - began_us < 20_000


@pytest.mark.parametrize("garbage", [b'{"error": "no credits left"}' * 40, NOISE])
async def test_what_is_no_speech_is_not_kept(tmp_path: Path, garbage: bytes) -> None:
    speech = fixed(tmp_path)
    call = Call(Mouth(garbage), speech)
    await call.says(WELCOME)
    await call.say.prepare_fixed(speech)
    assert call.bench.core.of(VoiceFinished)
    assert (files_in(tmp_path), speech.clause(WELCOME)) == ([], None)


async def test_a_sentence_of_the_model_is_not_kept(tmp_path: Path) -> None:
    call = Call(Mouth(), fixed(tmp_path))
    await call.says("Your balance is 5.")
    assert files_in(tmp_path) == []


async def test_the_messages_for_a_failure_are_made_ahead_and_said_when_there_is_no_voice(tmp_path: Path) -> None:
    mouth, speech = Mouth(), fixed(tmp_path)
    call = Call(mouth, speech)
    assert call.say.part() == 0
    await call.say.prepare_fixed(speech)
    messages = (*clauses_of(PLAN.failure_message), *clauses_of(PLAN.apology_message))
    assert mouth.asked == list(dict.fromkeys(messages))
    assert sum(used.amount for used in call.bench.core.of(UsageReported)) == sum(map(len, mouth.asked))
    dead = Mouth()
    dead.dead = True
    later = Call(dead, fixed(tmp_path))
    await later.say.prepare_fixed(fixed(tmp_path))
    await later.says("Anything else.")
    assert later.bench.core.of(ProviderFailed)
    assert dead.asked == ["Anything else."]
    ms = later.say.part()
    assert ms * 8 >= sum(len(kept.mulaw) for _, kept in fixed(tmp_path).parting()) > 8_000
    assert later.line.heard


async def test_a_voice_that_cannot_speak_ahead_harms_nothing(tmp_path: Path) -> None:
    mouth, speech = Mouth(), fixed(tmp_path)
    mouth.dead = True
    await Call(mouth, speech).say.prepare_fixed(speech)
    assert files_in(tmp_path) == []


def test_a_folder_that_cannot_be_written_costs_nothing_but_the_speech(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_bytes(b"")
    speech = fixed(tmp_path / "file")
    speech.made(WELCOME, CLAUSE)
    assert speech.clause(WELCOME) == CLAUSE
    assert "cannot be kept" in caplog.text
