"""Sounds beside speech on a virtual clock: kept per voice, played in the same line as replies, mixed under them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.unit.call.live.test_say import TONE, Mouth, Wire
from tests.unit.call.world import Bench, settle

from callwright.call.live.breakers import Breakers, Service
from callwright.call.live.failover import ConnectedProvider, Failover, Link, VoiceChain
from callwright.call.live.fixed_speech import FixedSpeech, KeptClause, SpeechFolder
from callwright.call.live.own_tracks import AccountSounds
from callwright.call.live.pacer_clock import PacerClock
from callwright.call.live.say import Say, Speaker
from callwright.call.live.sounds import SoundLibrary, SoundMissingError
from callwright.conversation.bounds import TRANSFER_WAIT_MS
from callwright.conversation.effects import Clear, EndSpeech, PlayAsset, Release, Speak, StopAsset
from callwright.conversation.events import AssetPlayed, Cleared, MarkPlayed, PlayoutStarted, UsageReported
from callwright.conversation.interjections import fillers_in
from callwright.conversation.plan import CallPlan
from callwright.lab.virtual_loop import AtOnce
from callwright.media import tones
from callwright.media.framing import MULAW_SILENCE
from callwright.media.g711 import loudness, mulaw_of, pcm_of_mulaw
from callwright.media.wav import write_wav
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.speech import VoiceSettings

HMM = PlayAsset(fillers_in("en")[0], "filler")
FILLING = CallPlan(fillers=True)


class Sounding:
    """A voice on a bench, with a library."""

    def __init__(self, mouth: Mouth | None = None, library: SoundLibrary | None = None) -> None:
        self.bench = Bench()
        self.wire = Wire()
        self.mouth = mouth or Mouth()
        self.pacer = PacerClock(self.bench.clock)
        speaker = Speaker(self.mouth, "mouth", VoiceSettings("v"))
        self.library = library or SoundLibrary()
        self.say = Say(self.bench.runner, speaker, self.wire, self.pacer, self.bench.clock, self.library)

    async def run(self, ms: int) -> None:
        for _ in range(ms // 20):
            await settle(3)
            self.bench.clock.advance(20)
            self.pacer.tick(self.bench.clock.us, 0)
        await settle()

    async def reply(self, generation: int = 1) -> None:
        self.say.speak(Speak(generation, 0, 1, "reply", "One."))
        self.say.end_speech(EndSpeech(generation, 1))
        await settle()
        self.say.release(Release(generation, 1))

    def played(self) -> list[tuple[int, bool]]:
        return [(event.played_ms, event.whole) for event in self.of(AssetPlayed)]

    def of(self, kind: type[Any]) -> list[Any]:
        return self.bench.core.of(kind)

    def facts(self) -> list[dict[str, Any]]:
        self.bench.log.flush()
        return [entry["v"] for entry in self.bench.paper.entries() if entry["type"] == "sound_missing"]


async def test_a_filler_is_heard_to_its_end_and_is_no_generation() -> None:
    sounding = Sounding()
    await sounding.say.prepare(FILLING)
    sounding.say.play(HMM)
    await sounding.run(600)
    assert sounding.played() == [(400, True)]
    assert not sounding.of(PlayoutStarted)
    assert not sounding.of(MarkPlayed)


async def test_a_reply_released_meanwhile_follows_without_a_gap_and_keeps_its_own_position() -> None:
    sounding = Sounding()
    await sounding.say.prepare(FILLING)
    sounding.say.play(HMM)
    await sounding.run(100)
    await sounding.reply()
    await sounding.run(1_000)
    times = [at for at, _ in sounding.wire.frames]
    assert len(times) == 40
    assert times == list(range(times[0], times[0] + 40 * 20_000, 20_000))
    assert sounding.played() == [(400, True)]
    assert [event.generation for event in sounding.of(PlayoutStarted)] == [1]


RINGS = PlayAsset("ringing tone", "ringing")


async def test_the_ringing_tone_is_heard_until_it_is_stopped() -> None:
    sounding = Sounding(library=SoundLibrary(tone="uk"))
    sounding.say.play(RINGS)
    await sounding.run(3_000)
    sounds = [loudness(pcm_of_mulaw(frame)) > 0 for _, frame in sounding.wire.frames]
    # 400 ms of tone, 200 of silence, 400 of tone and 2 s of silence, as ITU-T E.180 has it for the country.
    assert sounds[:150] == [True] * 20 + [False] * 10 + [True] * 20 + [False] * 100
    assert sounding.played() == []
    sounding.say.stop(StopAsset("ringing"))
    assert sounding.played() == [(3_000, False)]
    written = len(sounding.wire.frames)
    await sounding.run(200)
    assert len(sounding.wire.frames) == written


async def test_a_leg_that_ends_while_it_rings_was_heard_so_far() -> None:
    sounding = Sounding()
    sounding.say.play(RINGS)
    await sounding.run(500)
    sounding.say.hush()
    assert sounding.played() == [(500, False)]
    sounding.say.hush()
    assert len(sounding.played()) == 1


async def test_the_ringing_tone_can_be_off_and_lasts_as_long_as_a_transfer_may() -> None:
    sounding = Sounding(library=SoundLibrary(tone="off"))
    sounding.say.play(RINGS)
    assert sounding.played() == [(0, False)]
    assert len(SoundLibrary().ringing()) == 8 * TRANSFER_WAIT_MS


async def test_one_clear_silences_the_filler_and_the_reply_behind_it() -> None:
    sounding = Sounding()
    await sounding.say.prepare(FILLING)
    sounding.say.play(HMM)
    await sounding.reply()
    await sounding.run(100)
    sounding.say.clear(Clear(1))
    assert sounding.played() == [(100, False)]
    assert [event.played_ms for event in sounding.of(Cleared)] == [0]


async def test_a_filler_can_be_silenced_and_one_that_is_over_is_left_alone() -> None:
    sounding = Sounding()
    await sounding.say.prepare(FILLING)
    sounding.say.play(HMM)
    await sounding.run(200)
    sounding.say.stop(StopAsset("filler"))
    sounding.say.stop(StopAsset("filler"))
    assert sounding.played() == [(200, False)]
    assert len(sounding.wire.cleared_us) == 1


@pytest.mark.parametrize("replies", [0, 1])
async def test_a_filler_that_ended_since_the_last_tick_was_heard_whole_when_it_is_stopped(replies: int) -> None:
    sounding = Sounding()
    await sounding.say.prepare(FILLING)
    sounding.say.play(HMM)
    if replies:
        await sounding.reply()
    await sounding.run(380)
    sounding.bench.clock.advance(25)
    sounding.say.stop(StopAsset("filler"))
    assert sounding.played() == [(400, True)]
    # The line belongs to the reply behind it.
    assert not sounding.wire.cleared_us
    await sounding.run(600)
    assert sounding.played() == [(400, True)]
    assert len(sounding.of(MarkPlayed)) == replies


async def test_a_sound_that_is_not_there_is_told_at_once() -> None:
    sounding = Sounding()
    sounding.say.play(HMM)
    assert sounding.played() == [(0, False)]


async def test_sayings_are_made_once_for_all_calls_of_a_voice_and_billed_to_the_first() -> None:
    library = SoundLibrary()
    first, second = Sounding(library=library), Sounding(library=library)
    await first.say.prepare(FILLING)
    await second.say.prepare(FILLING)
    assert first.mouth.spoken == list(fillers_in("en"))
    assert not second.mouth.spoken
    assert {event.purpose for event in first.of(UsageReported)} == {"filler"}
    assert len(first.of(UsageReported)) == len(fillers_in("en"))
    assert not second.of(UsageReported)
    second.say.play(HMM)
    await second.run(600)
    assert second.played() == [(400, True)]


async def test_sayings_are_of_one_account_and_of_one_address() -> None:
    library, mouth = SoundLibrary(), Mouth()
    whatever: Any = None

    def settings(address: str) -> VoiceSettings:
        return VoiceSettings(
            "v", access=Access({"CUSTOM_VOICE_API_BASE": address, "CUSTOM_VOICE": f"key of {address}"})
        )

    for account, address in (("a", "x"), ("a", "y"), ("b", "x"), ("b", "x")):
        await AccountSounds(library, whatever, account).saying(mouth, settings(address), "Hm", lambda used: None)
    assert mouth.spoken == ["Hm"] * 3


async def test_a_call_that_ends_while_a_saying_is_made_for_it_bills_it_and_no_other_does() -> None:
    library, mouth = SoundLibrary(), Mouth()
    mouth.gate = asyncio.Event()
    first, second = Sounding(mouth, library), Sounding(mouth, library)
    preparing = [asyncio.create_task(one.say.prepare(FILLING)) for one in (first, second)]
    await settle(3)
    preparing[0].cancel()
    await asyncio.gather(preparing[0], return_exceptions=True)
    mouth.gate.set()
    await preparing[1]
    texts = fillers_in("en")
    assert mouth.spoken == list(texts)
    assert [event.amount for event in first.of(UsageReported)] == [len(texts[0])]
    assert ("fact", "usage_estimated") in first.bench.logged()
    assert [event.amount for event in second.of(UsageReported)] == [len(text) for text in texts[1:]]


async def test_a_kept_filler_is_played_without_the_voice_and_for_nothing(tmp_path: Path) -> None:
    def kept() -> FixedSpeech:
        return FixedSpeech(SpeechFolder(tmp_path), AtOnce(), "one", ("mouth", VoiceSettings("v")), FILLING, {})

    for text in fillers_in("en"):
        kept().made(text, KeptClause(mulaw_of(TONE * 2)))
    sounding = Sounding(Mouth(fail=ProviderError(FailureKind.UNAVAILABLE, "mouth", "it is down")))
    speaker = Speaker(sounding.mouth, "mouth", VoiceSettings("v"), kept())
    sounding.say = Say(
        sounding.bench.runner, speaker, sounding.wire, sounding.pacer, sounding.bench.clock, sounding.library
    )
    await sounding.say.prepare(FILLING)
    sounding.say.play(HMM)
    await sounding.run(600)
    assert sounding.played() == [(400, True)]
    assert sounding.mouth.spoken == []
    assert {event.amount for event in sounding.of(UsageReported)} == {0}


@pytest.mark.parametrize(("pieces", "billed"), [(1, 1), (0, 0)])
async def test_a_saying_that_breaks_off_is_billed_and_one_that_is_refused_is_not(pieces: int, billed: int) -> None:
    sounding = Sounding(Mouth(pieces, ProviderError(FailureKind.BROKEN_STREAM, "mouth", "gone")))
    await sounding.say.prepare(FILLING)
    assert len(sounding.of(UsageReported)) == billed


async def test_a_voice_that_fails_leaves_the_call_without_fillers_and_is_asked_again_by_the_next() -> None:
    library = SoundLibrary()
    failing = Sounding(Mouth(fail=ProviderError(FailureKind.LIMIT, "mouth", "too many")), library)
    await failing.say.prepare(FILLING)
    assert failing.facts()[0]["reason"] == "limit_reached: too many"
    working = Sounding(library=library)
    await working.say.prepare(FILLING)
    assert len(working.mouth.spoken) == len(fillers_in("en"))


class OtherMouth(Mouth):
    name = "other"


@pytest.mark.parametrize("second_fails", [False, True])
async def test_sounds_are_missing_only_where_no_voice_of_the_chain_makes_them(second_fails: bool) -> None:
    down = ProviderError(FailureKind.LIMIT, "plugin", "too many")
    sounding = Sounding()
    mouths = [Mouth(fail=down), OtherMouth(fail=down if second_fails else None)]
    links: list[Link[Any, Any]] = [
        Link(ConnectedProvider("voice", one.name), one, VoiceSettings("v"), Service("voice", one.name), one.name)
        for one in mouths
    ]
    chain = VoiceChain(links, Failover(Breakers(), sounding.bench.clock), 800)
    speaker = Speaker(chain, "mouth", VoiceSettings("v"))
    sounding.say = Say(
        sounding.bench.runner, speaker, sounding.wire, sounding.pacer, sounding.bench.clock, sounding.library
    )
    await sounding.say.prepare(FILLING)
    assert len(sounding.facts()) == second_fails
    sounding.say.play(HMM)
    assert sounding.wire.frames if not second_fails else not sounding.wire.frames


async def test_a_saying_that_is_too_long_is_not_played() -> None:
    sounding = Sounding(Mouth(pieces=20))
    await sounding.say.prepare(FILLING)
    sounding.say.play(HMM)
    assert sounding.played() == [(0, False)]


async def test_a_listeners_sound_is_softer_than_speech() -> None:
    sounding = Sounding()
    await sounding.say.prepare(CallPlan(backchannels=True))
    sounding.say.play(PlayAsset("Mhm.", "backchannel"))
    await sounding.run(100)
    await sounding.run(600)
    soft = loudness(pcm_of_mulaw(sounding.wire.frames[2][1]))
    await sounding.reply()
    await sounding.run(200)
    assert soft == pytest.approx(loudness(pcm_of_mulaw(sounding.wire.frames[-1][1])) / 2, rel=0.05)


@pytest.mark.proves("task_config.ambient_noise")
async def test_ambient_sound_lies_under_silence_and_speech_until_the_end() -> None:
    sounding = Sounding()
    await sounding.say.prepare(CallPlan(ambient="street"))
    sounding.say.play(PlayAsset("street", "ambient"))
    await sounding.run(200)
    await sounding.reply()
    await sounding.run(800)
    assert len(sounding.wire.frames) >= 50
    assert all(frame != MULAW_SILENCE for _, frame in sounding.wire.frames)
    assert len([e for e in sounding.of(MarkPlayed) if e.generation == 1]) == 1
    sounding.say.end_bed()
    written = len(sounding.wire.frames)
    await sounding.run(200)
    assert len(sounding.wire.frames) == written


async def test_a_track_that_is_ready_after_the_answer_begins_then() -> None:
    sounding = Sounding()
    sounding.say.play(PlayAsset("street", "ambient"))
    await sounding.run(100)
    assert not sounding.wire.frames
    await sounding.say.prepare(CallPlan(ambient="street"))
    await sounding.run(100)
    assert sounding.wire.frames


async def test_a_call_whose_track_is_missing_goes_on_without_it_and_says_so() -> None:
    sounding = Sounding()
    await sounding.say.prepare(CallPlan(ambient="beach"))
    sounding.say.play(PlayAsset("beach", "ambient"))
    await sounding.run(100)
    assert not sounding.wire.frames
    assert "CALLWRIGHT_AMBIENT" in sounding.facts()[0]["reason"]


async def test_own_tracks_come_from_the_folder_and_bad_ones_are_named(tmp_path: Path) -> None:
    (tmp_path / "beach.wav").write_bytes(write_wav(tones.tone((300,), 500)))
    (tmp_path / "text.wav").write_bytes(b"no sound at all")
    library = SoundLibrary(tmp_path)
    assert len((await library.bed("beach")).under(MULAW_SILENCE)) == 160
    for name in ("text", "absent"):
        with pytest.raises(SoundMissingError, match=f"{name}.wav"):
            await library.bed(name)


async def test_the_hosted_services_older_names_are_known() -> None:
    assert await SoundLibrary().bed("convention_hall") is not None
