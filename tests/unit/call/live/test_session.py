"""A whole session on a virtual clock with the real core and the scripted providers: the leg's side of a call."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Executor, Future
from pathlib import Path
from types import MethodType
from typing import Any

import pytest
from tests.unit.call.world import Bench, RecordingCore, VirtualClock, settle

from callwright.call.live.fixed_speech import FixedSpeech, KeptClause, SpeechFolder
from callwright.call.live.hear import Ears
from callwright.call.live.pacer_clock import PacerClock
from callwright.call.live.recorder import RawFiles, Recorder
from callwright.call.live.runner import BROKEN_INVARIANT, Core
from callwright.call.live.say import Speaker
from callwright.call.live.session import CallSession, Equipment, Listening, Workplace
from callwright.call.live.think import Thinker
from callwright.call.live.tools import NoTools
from callwright.call.live.transfer import TransferMeans
from callwright.conversation import effects as fx
from callwright.conversation.clauses import clauses_of
from callwright.conversation.core import Conversation
from callwright.conversation.effects import SendKeys
from callwright.conversation.events import Answered, Event, LegEnded, Started, ToolResult
from callwright.conversation.plan import CallPlan
from callwright.media.g711 import mulaw_of
from callwright.media.tonetext import spoken
from callwright.media.vad import EnergyVad
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import SILENCE_FRAME, LegClosed
from callwright.ports.model import Model, ModelDelta, ModelRequest, ModelSettings
from callwright.ports.speech import Transcriber, TranscriberSettings, TranscriberSink, UsageAmount, VoiceSettings
from callwright.providers.scripted.model import ScriptedModel
from callwright.providers.scripted.transcriber import ScriptedTranscriber
from callwright.providers.scripted.turn import ScriptedTurnModel
from callwright.providers.scripted.voice import ScriptedVoice

HUNG_UP = LegClosed("answered", "Callee", "Call recipient hung up", 4000)


class AtOnce(Executor):
    """Runs work when it is given."""

    def submit(self, work: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(work(*arguments, **named))
        return done


class Handset:
    """A leg: keeps what was written, reports its end when hung up unless it is ``mute`` or ``broken``."""

    provider_call_id = "handset-1"
    ahead_ms = 60

    def __init__(self, session: CallSession, *, mute: bool = False, broken: bool = False) -> None:
        self.keys: list[str] = []
        self.session = session
        self.mute = mute
        self.broken = broken
        self.written: list[bytes] = []
        self.clears = 0
        self.hang_ups: list[str] = []

    async def answer(self) -> None:
        """Outbound only."""

    async def reject(self, code: int) -> None:
        """Outbound only."""

    async def hang_up(self, reason: str) -> None:
        self.hang_ups.append(reason)
        if self.broken:
            raise RuntimeError("the carrier's defect")
        if not self.mute:
            self.session.closed(LegClosed("answered", "API Request", reason, 4000))

    async def transfer(self, target: str, *, attended: bool = False) -> None:
        raise ProviderError(FailureKind.BAD_REQUEST, "handset", "cannot")

    async def send_keys(self, keys: str) -> None:
        if keys == "9":
            raise ProviderError(FailureKind.BAD_REQUEST, "handset", "no such key")
        self.keys.append(keys)

    def write(self, frame: bytes) -> None:
        self.written.append(frame)

    def clear(self) -> None:
        self.clears += 1


class Call:
    """A session with its surroundings, and a caller played by the test."""

    def __init__(
        self,
        replies: list[Any] | None = None,
        core: Core | None = None,
        model: Callable[[VirtualClock], Model] | None = None,
        speaker: Speaker | None = None,
        means: TransferMeans | None = None,
        options: dict[str, Any] | None = None,
        **leg: bool,
    ) -> None:
        self._means = means
        self.bench = Bench(core=core or Conversation())
        clock = self.bench.clock
        self.pacer = PacerClock(clock)
        self.stages: list[str] = []
        self.disk: dict[str, bytes] = {}
        self.disk_defect: Exception | None = None
        self._options = {"replies": replies or ["Fine."], **(options or {})}
        self._model = model(clock) if model else ScriptedModel()
        self._speaker = speaker or Speaker(ScriptedVoice(), "scripted", VoiceSettings())
        self.session = self._session(ScriptedTranscriber())
        self.leg = Handset(self.session, **leg)

    def hears_with(self, transcriber: Transcriber) -> None:
        """Another recogniser, before the call begins."""
        self.leg.session = self.session = self._session(transcriber)

    def _session(self, transcriber: Transcriber) -> CallSession:
        clock = self.bench.clock
        return CallSession(
            self.bench.runner,
            Equipment(
                Listening(transcriber, "scripted", TranscriberSettings()),
                Ears(EnergyVad(), ScriptedTurnModel(), "scripted", "scripted"),
                Thinker(self._model, "scripted", ModelSettings("m", options=self._options), {}),
                self._speaker,
                NoTools(),
            ),
            Workplace(clock, clock, self.pacer),
            Recorder(RawFiles(Path("caller"), Path("agent")), AtOnce(), self._append),
            self,
            means=self._means,
        )

    def _append(self, path: Path, data: bytes) -> None:
        if self.disk_defect is not None:
            raise self.disk_defect
        self.disk[path.name] = self.disk.get(path.name, b"") + data

    def ringing(self) -> None:
        self.stages.append("ringing")

    def answered(self) -> None:
        self.stages.append("answered")

    def ended(self, closed: LegClosed) -> None:
        self.stages.append(f"ended {closed.outcome}")

    async def begin(self, welcome: str = "Hello.", **plan: Any) -> None:
        runner = self.bench.runner
        runner.post(Started(0, CallPlan(welcome_message=welcome, **plan), (), 1))
        await self.session.open_ears()
        self.session.take_leg(self.leg)
        self.session.ringing()
        self.session.answered()

    async def listen(self, ms: int, says: str = "") -> None:
        """Let time pass while the caller says something, then is silent."""
        speech = mulaw_of(spoken(says)) if says else b""
        frames = [speech[at : at + 160].ljust(160, b"\xff") for at in range(0, len(speech), 160)]
        for step in range(max(ms // 20, len(frames))):
            self.bench.clock.advance(20)
            if self.session.end is None:
                self.session.audio(frames[step] if step < len(frames) else SILENCE_FRAME)
            self.pacer.tick(self.bench.clock.us, 0)
            await settle(8)

    def logged(self, name: str) -> list[dict[str, Any]]:
        self.bench.log.flush()
        return [entry["v"] for entry in self.bench.paper.entries() if entry["type"] == name]


class WideHandset(Handset):
    """Takes frames together."""

    ahead_ms = 400

    def __init__(self, session: CallSession) -> None:
        super().__init__(session)
        self.together: list[int] = []

    def write_together(self, frames: Sequence[bytes]) -> None:
        self.together.append(len(frames))
        self.written += frames


async def test_a_leg_that_takes_frames_together_gets_ten_at_a_time() -> None:
    call = Call()
    leg = call.leg = WideHandset(call.session)
    await call.begin("Hello there, this is a long welcome message of many words.")
    await call.listen(4_000)
    assert leg.together.count(10) > 3
    call.session.closed(HUNG_UP)
    await call.session.aclose()
    (line,) = call.logged("line")
    assert line["frames_out"] == len(leg.written) == sum(leg.together)


async def test_a_turn_is_heard_answered_and_written_down() -> None:
    call = Call(["Nice to meet you."])
    await call.begin()
    await call.listen(1_500)
    await call.listen(4_500, "I am Ann.")
    call.session.closed(HUNG_UP)
    await call.session.aclose()

    assert call.stages == ["ringing", "answered", "ended answered"]
    assert [said["text"] for said in call.logged("UserSaid")] == ["I am Ann."]
    assert [said["text"] for said in call.logged("AgentSaid")] == ["Hello.", "Nice to meet you."]
    line = call.logged("line")[0]
    assert line["frames_in"] == 300
    assert line["frames_out"] == len(call.leg.written)
    assert (line["starved_frames"], line["late_frames"]) == (0, 0)
    recording = call.logged("recording")[0]
    assert len(call.disk["caller"]) == len(call.disk["agent"]) == recording["duration_ms"] * 8
    assert sum(used["amount"] for used in call.logged("UsageReported") if used["kind"] == "transcriber") == 6_000


async def test_a_call_that_is_over_is_free_without_the_garbage_collector() -> None:
    core = Conversation()
    call = Call(core=core)
    await call.begin()
    await call.listen(3_000, "I am Ann.")
    call.session.closed(HUNG_UP)
    await call.session.aclose()
    await settle()

    left = weakref.ref(call.session)
    gc.disable()
    try:
        # The test's own ties.
        call.leg.session = call.session = Call().session
        assert left() is None
        assert not [one for one in gc.get_referrers(core) if isinstance(one, MethodType)]
    finally:
        gc.enable()


async def test_a_caller_who_speaks_over_the_agent_is_heard_and_the_agent_stops() -> None:
    call = Call()
    await call.begin(welcome="one two three four five six seven eight nine ten eleven twelve thirteen.")
    await call.listen(800)
    await call.listen(1_600, "wait wait wait wait")
    call.session.closed(HUNG_UP)
    await call.session.aclose()

    said = call.logged("AgentSaid")[0]
    assert said["cut"]
    assert call.leg.clears == 1
    assert said["text"].startswith("one two")
    assert "thirteen" not in said["text"], "nobody heard that"


class Hesitant:
    """A model that pauses for 4 s between its two sentences."""

    name = "hesitant"

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock

    async def answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        yield ModelDelta(text="The price is twelve dollars. ")
        await self.clock.sleep(4)
        yield ModelDelta(text="Your appointment is confirmed for nine tomorrow. ")
        yield ModelDelta(ended="stop")

    async def warm(self, request: ModelRequest) -> None:
        """Nothing to load."""


@pytest.mark.parametrize("end", ["the caller hangs up", "the call is stopped"])
async def test_the_record_holds_what_was_played_when_the_call_ended_behind_a_pause_of_the_model(end: str) -> None:
    call = Call(model=Hesitant)
    await call.begin()
    await call.listen(1_500)
    await call.listen(3_000, "How much is it?")
    while not any(ready["index"] == 1 for ready in call.logged("VoiceReady")):
        await call.listen(20)
    await call.listen(800)
    if end == "the caller hangs up":
        call.session.closed(HUNG_UP)
    else:
        call.session.stop("API Request", "stopped")
        await call.listen(100)
    await call.session.aclose()

    said, lengths = call.logged("AgentSaid")[-1], [told["audio_ms"] for told in call.logged("VoiceFinished")]
    assert said["text"] == "The price is twelve dollars. Your"
    assert (said["cut"], said["estimated"]) == (True, False)
    assert said["heard_ms"] == pytest.approx(lengths[-2] + 800, abs=40)
    over = call.logged("LegEnded")[0]
    assert (over["generation"], over["played_ms"]) == (said["generation"], said["heard_ms"])


async def test_what_was_played_to_its_end_when_the_caller_hung_up_is_whole() -> None:
    call = Call()
    await call.begin("Hello.")
    while not (call.logged("PlayoutStarted") and call.logged("VoiceFinished")):
        await call.listen(20)
    (length_ms,) = (told["audio_ms"] for told in call.logged("VoiceFinished"))
    await call.listen(length_ms - 40)
    call.bench.clock.advance(60)  # the next tick would tell that it was played
    call.session.closed(HUNG_UP)
    await call.session.aclose()

    (said,) = call.logged("AgentSaid")
    assert (said["text"], said["cut"], said["estimated"]) == ("Hello.", False, False)


async def test_a_caller_of_whom_nothing_is_heard_is_noted_after_ten_seconds() -> None:
    call = Call()
    await call.begin()
    await call.listen(9_900)
    assert not call.logged("one_way")
    await call.listen(400)
    call.session.closed(HUNG_UP)
    await call.session.aclose()
    assert [fact["what"] for fact in call.logged("one_way")] == ["no_audio_from_caller"]
    assert call.logged("line")[0]["caller_sound_from_ms"] is None


async def test_a_line_without_a_single_frame_is_one_way_too() -> None:
    call = Call()
    await call.begin()
    call.bench.clock.advance(10_100)
    await settle()
    call.session.closed(HUNG_UP)
    await call.session.aclose()
    assert call.logged("one_way") == [{"what": "no_audio_from_caller", "frames": 0}]


async def test_a_faint_sound_within_ten_seconds_is_no_one_way_audio() -> None:
    call = Call()
    await call.begin()
    await call.listen(6_000)
    call.session.audio(b"\xff" * 100 + b"\xfd" + b"\xff" * 59)
    await call.listen(6_000)
    call.session.closed(HUNG_UP)
    await call.session.aclose()
    assert not call.logged("one_way")
    assert call.logged("line")[0]["caller_sound_from_ms"] == 6_000


async def test_a_call_too_short_to_tell_is_not_called_one_way() -> None:
    call = Call()
    await call.begin()
    await call.listen(2_000)
    call.session.closed(HUNG_UP)
    call.bench.clock.advance(20_000)
    await call.session.aclose()
    assert not call.logged("one_way")


async def test_what_the_carrier_itself_said_of_the_end_is_in_the_log() -> None:
    call = Call()
    await call.begin()
    call.session.closed(LegClosed("answered", "Callee", "Call recipient hung up", 4000, "BYE"))
    await call.session.aclose()
    assert call.logged("closed") == [{"outcome": "answered", "provider_code": "BYE"}]


class _BrokenAtTheEnd(Conversation):
    """Has a defect in the last step of a call."""

    def step(self, event: Event) -> tuple[fx.Effect, ...]:
        if isinstance(event, LegEnded):
            raise RuntimeError("a defect of the conversation")
        return super().step(event)


async def test_a_defect_of_the_conversation_at_the_end_does_not_keep_the_call_from_ending() -> None:
    call = Call(core=_BrokenAtTheEnd())
    await call.begin()
    await call.listen(200)
    call.session.closed(HUNG_UP)
    assert call.stages == ["ringing", "answered", "ended answered"]
    assert call.session.end == HUNG_UP
    await call.session.aclose()
    assert call.logged("line")
    assert [one["message"] for one in call.logged(BROKEN_INVARIANT)] == ["RuntimeError: a defect of the conversation"]


async def test_a_defect_of_the_disk_s_thread_at_the_end_does_not_keep_the_call_from_ending() -> None:
    call = Call()
    await call.begin()
    await call.listen(200)
    call.disk_defect = RuntimeError("cannot schedule new work")
    with pytest.raises(RuntimeError, match="cannot schedule"):
        call.session.closed(HUNG_UP)
    assert call.stages[-1] == "ended answered"
    assert [entry["outcome"] for entry in call.logged("LegEnded")] == ["answered"]
    await call.session.aclose()


async def test_a_leg_that_does_not_confirm_its_end_is_over_after_eight_seconds() -> None:
    for broken in (False, True):
        call = Call(mute=not broken, broken=broken)
        await call.begin()
        call.session.stop("API Request", "stopped_by_api")
        await call.listen(7_900)
        assert call.stages == ["ringing", "answered"]
        await call.listen(200)
        assert call.session.end == LegClosed("answered", "API Request", "stopped_by_api", 0, "unconfirmed")
        assert call.stages[-1] == "ended answered"
        assert call.leg.hang_ups == ["stopped_by_api"]
        await call.session.aclose()


async def test_what_is_on_the_way_to_a_leg_that_does_not_confirm_its_end_is_not_heard_after_it() -> None:
    call = Call(mute=True)
    await call.begin()
    await call.listen(200)
    call.session.abandon("Error", "node_lost")
    await call.listen(7_900)
    clears_before = call.leg.clears
    await call.listen(200)
    assert call.session.end is not None
    assert (clears_before, call.leg.clears) == (0, 1), "until its end it is part of the call"
    await call.session.aclose()


async def test_a_stop_before_the_carrier_answered_hangs_up_the_leg_when_it_comes() -> None:
    call = Call()
    call.bench.runner.post(Started(0, CallPlan(), (), 1))
    call.session.stop("API Request", "stopped_by_api")
    assert not call.leg.hang_ups

    call.session.take_leg(call.leg)
    await settle()

    assert call.leg.hang_ups == ["stopped_by_api"]
    assert call.session.end is not None


async def test_nothing_of_the_leg_counts_before_the_answer_or_after_the_end() -> None:
    call = Call()
    call.bench.runner.post(Started(0, CallPlan(), (), 1))
    call.session.take_leg(call.leg)
    call.session.early_media()
    call.session.audio(SILENCE_FRAME)
    call.session.closed(LegClosed("busy", "Carrier", "Call recipient was busy", 3010))
    call.session.closed(HUNG_UP)
    call.session.ringing()
    call.session.answered()
    call.session.audio(SILENCE_FRAME)
    await call.session.aclose()

    assert call.stages == ["ended busy"]
    assert not call.logged("line"), "a call nobody took has no line to tell of"
    assert not call.disk


async def test_a_recogniser_that_cannot_be_opened_ends_the_call_with_its_reason() -> None:
    call = Call()
    runner = call.bench.runner
    runner.post(Started(0, CallPlan(), (), 1))

    class Deaf(ScriptedTranscriber):
        async def open(self, *_: Any) -> Any:
            raise ProviderError(FailureKind.REFUSED, "deaf", "no key")

    call.session = CallSession(
        runner,
        Equipment(
            Listening(Deaf(), "deaf", TranscriberSettings()),
            Ears(EnergyVad(), None, "deaf"),
            Thinker(ScriptedModel(), "scripted", ModelSettings(), {}),
            Speaker(ScriptedVoice(), "scripted", VoiceSettings()),
            NoTools(),
        ),
        Workplace(call.bench.clock, call.bench.clock, call.pacer),
        Recorder(RawFiles(Path("c"), Path("a")), AtOnce(), lambda *_: None),
        call,
    )
    call.leg.session = call.session
    call.session.take_leg(call.leg)

    await call.session.open_ears()
    await settle()

    assert call.leg.hang_ups == ["transcriber_error"]
    assert call.session.end is not None


async def test_a_recogniser_that_opens_when_the_call_is_over_is_closed_whoever_gives_up_waiting_for_it() -> None:
    call = Call()
    closed: list[str] = []

    class Stream:
        def __init__(self, sink: TranscriberSink) -> None:
            self.sink = sink

        async def aclose(self) -> None:
            await settle(5)
            self.sink.usage(UsageAmount("transcriber", "scripted", "m", 1_000))
            closed.append("closed")

    class Slow(ScriptedTranscriber):
        async def open(self, settings: TranscriberSettings, sink: TranscriberSink) -> Any:
            call.session.closed(HUNG_UP)
            return Stream(sink)

    call.hears_with(Slow())
    opening = asyncio.create_task(call.session.open_ears())
    await settle(2)
    opening.cancel()
    await asyncio.gather(opening, return_exceptions=True)
    await call.session.aclose()
    assert closed == ["closed"]
    assert [one["amount"] for one in call.logged("UsageReported")] == [1_000]


@pytest.mark.parametrize("key", ["5", "#"])
async def test_keys_and_machines_are_events(key: str) -> None:
    call = Call()
    await call.begin()
    call.session.key(key)
    call.session.machine("beep")
    call.session.closed(HUNG_UP)
    await call.session.aclose()
    assert call.logged("KeyPressed") == [{"key": key}]
    assert call.logged("MachineDetected") == [{"kind": "beep", "source": "carrier"}]


class Pressing(RecordingCore):
    """A core that only wants keys pressed when the call is answered."""

    def __init__(self, keys: str) -> None:
        super().__init__({Answered: (SendKeys(keys, 4, 1, "c1", "press_keys"),)})


@pytest.mark.parametrize(
    ("keys", "pressed", "ok", "result"),
    [
        ("12w3#", ["12", "3#"], True, '{"pressed": "12w3#"}'),
        ("1p9", ["1"], False, "no such key"),
    ],
)
async def test_keys_are_pressed_with_their_pauses_and_the_core_hears_of_it(
    keys: str, pressed: list[str], ok: bool, result: str
) -> None:
    core = Pressing(keys)
    call = Call(core=core)
    await call.begin()
    call.session.answered()
    await settle()
    assert call.leg.keys == pressed[:1]
    # Each key sounds for 200 ms, and then the pause begins.
    for step_ms in (len(pressed[0]) * 200, 499):
        call.bench.clock.advance(step_ms)
        await settle()
    assert call.leg.keys == pressed[:1]
    call.bench.clock.advance(1)
    await settle()
    assert call.leg.keys[: len(pressed)] == pressed
    call.bench.clock.advance(3_000)
    await settle()
    (told,) = core.of(ToolResult)
    assert (told.request, told.ok, told.result) == (4, ok, result)


async def test_keys_without_a_line_are_told_to_have_failed() -> None:
    core = Pressing("1")
    call = Call(core=core)
    call.session.answered()
    await settle()
    assert [(told.ok, told.result) for told in core.of(ToolResult)] == [
        (False, "there is no line any more to press keys on")
    ]


async def leaves_without_a_voice(tmp_path: Path) -> tuple[Call, int]:
    """A call whose agent has lost its voice and begins to say what is kept for that, and how many milliseconds of that there are."""
    settings, plan = VoiceSettings(options={"fail": "unavailable"}), CallPlan()
    kept = FixedSpeech(SpeechFolder(tmp_path), AtOnce(), "one", ("scripted", settings), plan, {})
    for text in clauses_of(plan.failure_message):
        kept.made(text, KeptClause(mulaw_of(spoken(text))))
    call = Call(speaker=Speaker(ScriptedVoice(), "scripted", settings, kept))
    await call.begin(welcome="Good day to you.")
    for _ in range(20):
        await call.listen(100)
        if call.session.hang_up_wanted is not None:
            break
    assert call.session.hang_up_wanted is not None
    assert call.session.hang_up_wanted.reason == "synthesizer_error"
    return call, sum(len(one.mulaw) for _, one in kept.parting()) // 8


async def test_an_agent_that_loses_its_voice_takes_its_leave_in_words_that_were_kept(tmp_path: Path) -> None:
    call, parting_ms = await leaves_without_a_voice(tmp_path)
    assert not call.leg.hang_ups
    await call.listen(parting_ms + 500)
    assert call.leg.hang_ups == ["synthesizer_error"]
    assert sum(frame != SILENCE_FRAME for frame in call.leg.written) * 20 >= parting_ms * 9 // 10
    await call.session.aclose()
    (played,) = call.logged("AssetPlayed")
    assert (played["lane"], played["asset"]) == ("parting", CallPlan().failure_message)
    assert call.logged("AgentSaid") == []


async def test_of_the_kept_words_only_those_are_logged_that_a_caller_who_leaves_has_heard(tmp_path: Path) -> None:
    call, parting_ms = await leaves_without_a_voice(tmp_path)
    await call.listen(parting_ms // 2)
    call.session.closed(HUNG_UP)
    await call.session.aclose()
    (played,) = call.logged("AssetPlayed")
    message, words = CallPlan().failure_message, str(played["asset"])
    assert message.startswith(words)
    assert 0 < len(words) < len(message)
    assert not played["whole"]
