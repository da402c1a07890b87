"""Parts of the loopback's far end: what it notices of the agent's sound, its clock, and its lines."""

import asyncio

import pytest

from callwright.media.framing import MULAW_SILENCE
from callwright.media.g711 import mulaw_of, pcm_of_mulaw
from callwright.media.tonetext import ToneTextDecoder, spoken
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.speech import VoiceChunk, VoiceSettings
from callwright.telephony.loopback.clock import FrameClock
from callwright.telephony.loopback.earpiece import MOST_FRAMES, Earpiece
from callwright.telephony.loopback.mouth import Mouth, SpokenLines

SOUND = b"\x10" * 160


def feel(pattern: str) -> Earpiece:
    """Per tick: s sound is written in time, q silence is, . nothing comes, c the agent clears."""
    earpiece = Earpiece()
    for sign in pattern:
        if sign in "sq":
            earpiece.write(SOUND if sign == "s" else MULAW_SILENCE)
        if sign == "c":
            earpiece.clear()
        earpiece.play()
    return earpiece


class TestEarpiece:
    def test_frames_are_played_in_order_one_per_tick(self):
        earpiece = Earpiece()
        for value in (1, 2):
            earpiece.write(bytes([value]) * 160)
        assert earpiece.waiting_ms == 40
        assert [earpiece.play(), earpiece.play(), earpiece.play()] == [b"\x01" * 160, b"\x02" * 160, None]
        assert earpiece.quality.played_frames == 2

    @pytest.mark.parametrize(
        ("pattern", "starved", "holes"),
        [
            ("ssss", 0, 0),
            ("ss..ss", 2, 1),
            ("ss.ss..ss", 3, 2),
            ("ssq...ss", 0, 0),
            ("ss..qss", 0, 0),
            ("ss" + "." * 16 + "ss", 0, 0),
            ("ssc..ss", 0, 0),
            ("....ss", 0, 0),
            ("ss....", 0, 0),
        ],
    )
    def test_silence_inside_sound_is_starving_and_pauses_are_not(self, pattern, starved, holes):
        quality = feel(pattern).quality
        assert (quality.starved_frames, quality.holes) == (starved, holes)

    def test_a_full_buffer_drops_what_comes_and_counts_it(self):
        earpiece = Earpiece()
        for _ in range(MOST_FRAMES + 2):
            earpiece.write(SOUND)
        assert earpiece.quality.dropped_frames == 2
        earpiece.clear()
        assert earpiece.play() is None


class Counter:
    """Counts its ticks; leaves the clock after ``last``, failing every time if told to."""

    def __init__(self, clock, last=10**9, fail=False):
        self.ticks = 0
        self._clock, self._last, self._fail = clock, last, fail

    def tick(self):
        self.ticks += 1
        if self.ticks >= self._last:
            self._clock.leave(self)
        if self._fail:
            raise RuntimeError("defect")


class InstantLoop(asyncio.SelectorEventLoop):
    """An event loop whose time jumps to the next timer, so that a test of time takes none."""

    def __init__(self):
        super().__init__()
        self._now_s = 100.0
        self.jump_s = 0.0

    def time(self):
        return self._now_s

    def call_at(self, when, callback, *args, context=None):  # type: ignore[override]
        def run(*given):
            self._now_s = max(self._now_s, when + self.jump_s)
            callback(*given)

        handle = super().call_at(when, run, *args, context=context)
        self.call_soon(self._skip)
        return handle

    def stand_still(self, seconds):
        """The process was held up."""
        self._now_s += seconds

    def _skip(self):
        self._now_s += 0.02


async def clock_is_empty(clock):
    while clock.members:
        await one_turn_of_the_loop()


async def one_turn_of_the_loop():
    turned = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(turned.set_result, None)
    await turned


@pytest.fixture
def loop():
    loop = InstantLoop()
    yield loop
    loop.close()


class TestClock:
    def run(self, loop, work):
        return loop.run_until_complete(asyncio.wait_for(work(), 1_000))

    def test_every_member_gets_a_tick_for_every_20_ms_and_nobody_drifts(self, loop):
        async def work():
            clock = FrameClock()
            members = [Counter(clock) for _ in range(3)]
            for member in members:
                clock.join(member)
            began = loop.time()
            while loop.time() - began < 2.0:
                await one_turn_of_the_loop()
            expected = (loop.time() - began) / 0.02
            for member in members:
                clock.leave(member)
                clock.leave(member)
            return [member.ticks for member in members], expected, clock.members

        ticks, expected, left = self.run(loop, work)
        assert len(set(ticks)) == 1
        assert abs(ticks[0] - expected) <= 2
        assert left == 0

    def test_ticks_missed_while_the_process_was_held_up_follow_at_once(self, loop):
        async def work():
            clock = FrameClock()
            member = Counter(clock, last=10)
            loop.jump_s = 0.5
            clock.join(member)
            await clock_is_empty(clock)
            return member.ticks

        assert self.run(loop, work) >= 10

    def test_a_member_gets_no_ticks_for_the_time_before_it_joined(self, loop):
        async def work():
            clock = FrameClock()
            old, new = Counter(clock), Counter(clock)
            clock.join(old)
            loop.stand_still(0.6)
            clock.join(new)
            while new.ticks < 1:
                await one_turn_of_the_loop()
            ticks = old.ticks, new.ticks
            clock.leave(old)
            clock.leave(new)
            return ticks

        old, new = self.run(loop, work)
        assert new <= 2
        assert old - new >= 28

    def test_a_member_that_fails_does_not_disturb_the_others_and_is_reported(self, loop):
        reported = []
        loop.set_exception_handler(lambda _, context: reported.append(str(context["exception"])))

        async def work():
            clock = FrameClock()
            bad, good = Counter(clock, last=3, fail=True), Counter(clock, last=5)
            clock.join(bad)
            clock.join(good)
            await clock_is_empty(clock)
            return bad.ticks, good.ticks

        assert self.run(loop, work) == (3, 5)
        assert reported == ["defect"] * 3


class FakeVoice:
    """Says text as two-tone audio; fails on demand; counts its work."""

    name = "fake"

    def __init__(self, failures=0):
        self.spoken: list[str] = []
        self._failures = failures

    async def speak(self, text, settings):
        self.spoken.append(text)
        if len(self.spoken) <= self._failures:
            raise ProviderError(FailureKind.UNAVAILABLE, "fake", "down")
        yield VoiceChunk(spoken(text))
        yield VoiceChunk(last=True)

    async def warm(self, settings):
        pass


async def played(mouth: Mouth) -> str:
    decoder = ToneTextDecoder()
    text = ""
    while mouth.busy:
        frame = mouth.frame()
        if frame is None:
            await one_turn_of_the_loop()
        else:
            text += "".join(heard.text for heard in decoder.feed(pcm_of_mulaw(frame)))
    return text


class TestMouth:
    async def test_lines_follow_each_other_and_sounds_too(self):
        mouth = Mouth(SpokenLines(), FakeVoice(), VoiceSettings())
        mouth.say("one ")
        mouth.sound(mulaw_of(bytes(400)))
        mouth.say("two")
        assert mouth.busy
        assert not mouth.sounding
        assert await played(mouth) == "one two"
        await mouth.aclose()

    async def test_a_line_is_synthesised_once_for_all_calls(self):
        lines, voice = SpokenLines(), FakeVoice()
        mouths = [Mouth(lines, voice, VoiceSettings()) for _ in range(2)]
        mouths[0].prepare(["hello", "bye"])
        for mouth in mouths:
            mouth.say("hello")
        assert [await played(mouth) for mouth in mouths] == ["hello", "hello"]
        for mouth in mouths:
            await mouth.aclose()
        assert sorted(voice.spoken) == ["bye", "hello"]
        await lines.aclose()

    async def test_a_voice_that_fails_leaves_the_caller_silent_and_is_tried_again(self):
        mouth = Mouth(SpokenLines(), FakeVoice(failures=1), VoiceSettings())
        mouth.say("hello")
        assert await played(mouth) == ""
        mouth.say("hello")
        assert await played(mouth) == "hello"
        await mouth.aclose()

    async def test_old_lines_are_forgotten(self, monkeypatch):
        monkeypatch.setattr("callwright.telephony.loopback.mouth.MOST_CACHED_LINES", 1)
        lines, voice = SpokenLines(), FakeVoice()
        for text in ("a", "b", "a"):
            await lines.line(voice, VoiceSettings(), text)
        assert voice.spoken == ["a", "b", "a"]
        await lines.aclose()
