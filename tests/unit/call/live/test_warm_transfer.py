"""A warm transfer: the target is called, briefed and joined, or the caller is back with the agent. Virtual clock, real core."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.unit.call.live.test_session import HUNG_UP, Call
from tests.unit.call.live.test_transfer import DESK, PLAN, THEN
from tests.unit.call.world import Bench, settle

from callwright.call.live.briefing import Briefer
from callwright.call.live.say import Speaker
from callwright.call.live.tools import NoTools, ToolOutcome, Tools
from callwright.call.live.transfer import TransferMeans
from callwright.call.live.warm_transfer import TargetCall
from callwright.conversation.bounds import TRANSFER_WAIT_MS
from callwright.conversation.effects import CallTool
from callwright.conversation.own_words import OWN_WORDS
from callwright.conversation.plan import TransferTool
from callwright.domain.limits import WARM_BRIEFING_SECONDS, WARM_RING_SECONDS
from callwright.media.g711 import mulaw_of, pcm_of_mulaw
from callwright.media.tonetext import ToneTextDecoder, spoken
from callwright.platform.agents.rules.transfers import WarmHandover
from callwright.platform.dialling.actions import transfer_decision
from callwright.platform.dialling.rules import Rules
from callwright.platform.executions.rules.causes import CAUSES
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import SILENCE_FRAME, HearsEarlyMedia, Leg, LegListener, closed_by
from callwright.ports.speech import VoiceSettings
from callwright.providers.scripted.model import DEFAULT_REPLY

ASKS = {"when": "the desk please", "tool": {"name": "transfer_call_desk", "arguments": {}}}
SUMMARY = "Ann asks for the desk."
OURS = OWN_WORDS["en"]
LOUD = mulaw_of(spoken("hello"))[:160]


class Desk:
    """The target's phone: a leg, and what its owner does."""

    provider_call_id = "desk-1"
    ahead_ms = 60

    def __init__(self) -> None:
        self.asked: list[TargetCall] = []
        self.written: list[bytes] = []
        self.keys: list[str] = []
        self.hang_ups = 0
        self.error: ProviderError | None = None
        self.listener: LegListener | None = None

    async def dial(self, call: TargetCall, listener: LegListener) -> Desk:
        self.asked.append(call)
        if self.error is not None:
            raise self.error
        self.listener = listener
        return self

    @property
    def line(self) -> LegListener:
        assert self.listener is not None
        return self.listener

    @property
    def heard(self) -> str:
        decoder = ToneTextDecoder()
        return "".join(one.text for frame in self.written for one in decoder.feed(pcm_of_mulaw(frame)))

    def end(self, cause: str) -> None:
        self.line.closed(closed_by(CAUSES[cause]))

    async def answer(self) -> None:
        """It is called."""

    async def reject(self, code: int) -> None:
        """It is called."""

    async def hang_up(self, reason: str) -> None:
        self.hang_ups += 1
        self.end("hung_up_by_us")

    async def transfer(self, target: str, *, attended: bool = False) -> None:
        raise ProviderError(FailureKind.BAD_REQUEST, "desk", "cannot")

    async def send_keys(self, keys: str) -> None:
        self.keys.append(keys)

    def write(self, frame: bytes) -> None:
        self.written.append(frame)

    def clear(self) -> None:
        """Nothing waits."""


class SlowDesk(Desk):
    """A phone whose call is on its way only when it is ``placed``."""

    def __init__(self) -> None:
        super().__init__()
        self.placed = asyncio.Event()

    async def dial(self, call: TargetCall, listener: LegListener) -> Desk:
        await self.placed.wait()
        return await super().dial(call, listener)


class Exchange:
    """A carrier that connects the caller of ``call`` and the desk, unless there is an ``error``, as soon as it is ``done``."""

    def __init__(self, error: ProviderError | None = None, *, can: bool = True) -> None:
        self.asked: list[tuple[Leg, Leg]] = []
        self.done = asyncio.Event()
        self.given_up = False
        self.call: Call | None = None
        self._error = error
        self._can = can

    def bridge(self, caller: Leg, target: Leg) -> Coroutine[Any, Any, None] | None:
        return self._bridge(caller, target) if self._can else None

    async def _bridge(self, caller: Leg, target: Leg) -> None:
        self.asked.append((caller, target))
        try:
            await self.done.wait()
        except asyncio.CancelledError:
            self.given_up = True
            raise
        if self._error is not None:
            raise self._error
        assert isinstance(target, Desk)
        assert self.call is not None
        target.end("transferred")
        self.call.session.closed(closed_by(CAUSES["transferred"]))


def means(desk: Desk, how: WarmHandover, exchange: Exchange | None = None) -> TransferMeans:
    return TransferMeans(
        lambda target: transfer_decision(target, THEN, Rules()),
        desk.dial,
        {"transfer_call_desk": how},
        None if exchange is None else exchange.bridge,
    )


async def calling(
    how: WarmHandover | None = None, desk: Desk | None = None, exchange: Exchange | None = None
) -> tuple[Call, Desk]:
    """The caller asked for the desk, whose phone is called."""
    desk = desk or Desk()
    options = {"answers": {"briefing": [{"say": SUMMARY}]}}
    call = Call([ASKS, {"say": "Fine."}], means=means(desk, how or WarmHandover(), exchange), options=options)
    await call.begin("Hello.", **PLAN)
    await call.listen(1_500)
    await call.listen(2_500, "the desk please")
    await settle(20)
    return call, desk


async def briefed(how: WarmHandover | None = None, exchange: Exchange | None = None) -> tuple[Call, Desk]:
    """The desk has rung for a second, and answered."""
    call, desk = await calling(how, exchange=exchange)
    desk.line.ringing()
    await call.listen(1_000)
    desk.line.answered()
    await settle(20)
    return call, desk


async def joined(how: WarmHandover | None = None) -> tuple[Call, Desk]:
    call, desk = await briefed(how)
    for _ in range(100):
        if "joined" in steps(call):
            break
        await call.listen(100)
    desk.written.clear()
    return call, desk


async def accepted(exchange: Exchange) -> tuple[Call, Desk]:
    """The desk has accepted, and ``exchange`` is asked to connect the two."""
    call, desk = await briefed(WarmHandover(confirm=True, bridge=True), exchange)
    exchange.call = call
    await call.listen(1_000)
    desk.line.key("1")
    await settle(20)
    return call, desk


def steps(call: Call) -> list[str]:
    return [values["event"] for values in call.logged("target")]


def states(call: Call) -> list[str]:
    return [values["state"] for values in call.logged("TransferProgress")]


class Knows(NoTools):
    """A tool that teaches a number."""

    async def run(self, name: str, arguments: str) -> ToolOutcome:
        return ToolOutcome(True, '{"ticket": {"id": "T7"}}')


async def over(call: Call) -> None:
    if call.session.end is None:
        call.session.closed(HUNG_UP)
    await call.session.aclose()


async def test_the_target_is_briefed_with_the_model_s_summary_and_joined_with_the_caller() -> None:
    call, desk = await joined()
    (asked,) = desk.asked
    assert (asked.target, asked.ring_seconds, asked.decision.dials) == (DESK, WARM_RING_SECONDS, True)
    assert steps(call) == ["dialled", "ringing", "answered", "briefing", "joined"]
    assert call.logged("target")[3]["text"] == f"{OURS.briefing} {SUMMARY}"
    assert states(call) == ["ringing", "answered", "joined"]
    assert [values["transferred"] for values in call.logged("TransferSettled")] == [True]
    (tone,) = call.logged("AssetPlayed")
    assert (tone["lane"], tone["played_ms"]) == ("ringing", 1_000)
    used = {(one["kind"], one["purpose"]) for one in call.logged("UsageReported")}
    assert {("model", "briefing"), ("voice", "briefing")} <= used
    await over(call)


async def test_the_target_hears_the_briefing_before_it_hears_the_caller() -> None:
    call, desk = await briefed()
    await call.listen(7_000)
    assert desk.heard == f"{OURS.briefing} {SUMMARY}"
    assert "joined" in steps(call)
    await over(call)


async def test_the_two_hear_each_other_and_the_agent_neither_hears_nor_speaks() -> None:
    call, desk = await joined()
    turns = len(call.logged("UserSaid"))
    before = len(call.leg.written)
    for _ in range(50):
        desk.line.audio(LOUD)
        await call.listen(20)
    assert call.leg.written[before:].count(LOUD) >= 45
    assert set(desk.written) == {SILENCE_FRAME}
    await call.listen(600, "hello desk")
    assert desk.heard == "hello desk"
    await call.listen(2_000)
    assert len(call.logged("UserSaid")) == turns
    assert call.logged("AgentSaid")[-1]["turn"] <= 1
    await over(call)


@pytest.mark.proves("tool.bridge")
async def test_two_whom_the_carrier_connects_need_us_no_more() -> None:
    exchange = Exchange()
    call, desk = await accepted(exchange)
    assert exchange.asked == [(call.leg, desk)]
    written = len(desk.written)
    await call.listen(1_000)
    assert (call.session.end, len(desk.written)) == (None, written), "nothing is heard until they are connected"
    exchange.done.set()
    await settle(20)
    await call.session.aclose()
    assert steps(call) == ["dialled", "ringing", "answered", "briefing", "accepted", "bridged"]
    assert states(call)[-1] == "completed"
    assert call.logged("TransferSettled")[-1]["transferred"]
    assert (call.leg.hang_ups, desk.hang_ups) == ([], 0)
    assert call.stages[-1] == "ended answered"


async def test_a_carrier_that_does_not_connect_them_leaves_the_caller_with_the_agent_and_ends_the_target_s_call() -> (
    None
):
    exchange = Exchange(ProviderError(FailureKind.UNAVAILABLE, "exchange", "not now"))
    call, desk = await accepted(exchange)
    exchange.done.set()
    await settle(20)
    (news,) = [values for values in call.logged("TransferProgress") if values["state"] == "failed"]
    assert (news["detail"], news["outcome"]) == (f"the carrier did not connect {DESK}: not now", "failed")
    assert (desk.hang_ups, call.session.end) == (1, None)
    await call.listen(2_500)
    assert call.logged("AgentSaid")[-1]["text"] == DEFAULT_REPLY
    await over(call)
    assert "bridged" not in steps(call)


async def test_a_target_that_hangs_up_while_they_are_being_connected_is_not_waited_for() -> None:
    exchange = Exchange()
    call, desk = await accepted(exchange)
    desk.end("normal_clearing")
    await settle(20)
    assert exchange.given_up
    (news,) = [values for values in call.logged("TransferProgress") if values["state"] == "failed"]
    assert news["outcome"] == "busy"
    assert call.session.end is None
    await over(call)


async def test_a_caller_who_hangs_up_while_they_are_being_connected_ends_the_target_s_call() -> None:
    exchange = Exchange()
    call, desk = await accepted(exchange)
    call.session.closed(HUNG_UP)
    await call.session.aclose()
    assert (exchange.given_up, desk.hang_ups) == (True, 1)
    assert "bridged" not in steps(call)


@pytest.mark.parametrize("bridge", [True, False])
async def test_a_target_accepts_in_time_for_its_carrier_to_connect_the_two(bridge: bool) -> None:
    call, desk = await calling(WarmHandover(confirm=True, bridge=bridge), exchange=Exchange())
    await call.listen(20_000)
    desk.line.answered()
    await call.listen(TRANSFER_WAIT_MS - 10_000 - 20_000)
    settled = [one["reason"] for one in call.logged("TransferSettled")]
    assert settled == ([f"{DESK} did not accept the call in time"] if bridge else [])
    await over(call)


@pytest.mark.parametrize("bridge", [True, False])
async def test_where_the_carrier_cannot_or_is_not_to_connect_them_their_sound_is_relayed(bridge: bool) -> None:
    exchange = Exchange(can=not bridge)
    call, desk = await briefed(WarmHandover(bridge=bridge), exchange)
    await call.listen(7_000)
    assert (steps(call)[-1], exchange.asked) == ("joined", [])
    await over(call)
    assert desk.hang_ups == 1


async def test_both_sides_of_what_the_two_say_are_recorded() -> None:
    call, desk = await joined()
    for _ in range(50):
        desk.line.audio(LOUD)
        await call.listen(20)
    await over(call)
    assert LOUD * 40 in call.disk["agent"]
    (recording,) = call.logged("recording")
    assert len(call.disk["caller"]) == recording["duration_ms"] * 8


async def test_a_target_that_hangs_up_ends_the_call() -> None:
    call, desk = await joined()
    await call.listen(30_000)
    assert call.session.end is None, "nobody limits how long the two talk but the platform"
    desk.end("normal_clearing")
    await settle(20)
    assert call.leg.hang_ups == ["call_transferred"]
    assert call.stages[-1] == "ended answered"
    await over(call)
    assert (call.logged("target")[-1]["by"], desk.hang_ups) == ("Callee", 0)


async def test_a_caller_who_hangs_up_ends_the_target_s_call() -> None:
    call, desk = await joined()
    call.session.closed(HUNG_UP)
    await call.session.aclose()
    assert desk.hang_ups == 1
    last = call.logged("target")[-1]
    assert (last["event"], last["by"], last["reason"]) == ("closed", "Caller", "Call ended")


async def test_a_stop_from_outside_ends_both_calls() -> None:
    call, desk = await joined()
    call.session.stop("API Request", "stopped_by_api")
    await settle(20)
    assert call.leg.hang_ups == ["stopped_by_api"]
    await over(call)
    assert desk.hang_ups == 1


async def test_keys_of_the_caller_reach_the_target() -> None:
    call, desk = await joined()
    call.session.key("4")
    await settle(5)
    assert desk.keys == ["4"]
    await over(call)


@pytest.mark.parametrize(
    ("cause", "outcome", "code"),
    [("user_busy", "busy", 3010), ("no_answer", "no-answer", 3000), ("unallocated_number", "failed", 2000)],
)
async def test_a_target_that_does_not_answer_leaves_the_caller_with_the_agent_who_knows_why(
    cause: str, outcome: str, code: int
) -> None:
    call, desk = await calling()
    desk.end(cause)
    await settle(20)
    (news,) = [values for values in call.logged("TransferProgress") if values["state"] == "failed"]
    assert (news["outcome"], news["code"]) == (outcome, code)
    await call.listen(2_500)
    assert call.logged("AgentSaid")[-1]["text"] == DEFAULT_REPLY
    assert CAUSES[cause].reason in call.logged("AskModel")[-1]["messages"]["last"]["content"]
    assert call.session.end is None
    await over(call)
    assert desk.hang_ups == 0


async def sounds_early(call: Call, desk: Desk, frame: bytes, times: int) -> None:
    """The desk's phone system sounds before anybody answers."""
    assert isinstance(desk.line, HearsEarlyMedia)
    for _ in range(times):
        desk.line.early_sound(frame)
        await call.listen(20)


async def test_what_the_target_sounds_before_it_answers_takes_the_place_of_the_ringing_tone() -> None:
    call, desk = await calling()
    desk.line.early_media()
    await sounds_early(call, desk, SILENCE_FRAME, 50)
    assert states(call) == ["ringing"], "what is announced and not heard is no sound"
    before = len(call.leg.written)
    await sounds_early(call, desk, LOUD, 100)
    desk.line.answered()
    await settle(20)
    await sounds_early(call, desk, LOUD, 10)
    assert states(call) == ["ringing", "early_media", "answered"]
    heard = call.leg.written[before:]
    assert 95 <= heard.count(LOUD) <= 100
    assert set(heard[heard.index(LOUD) :]) <= {LOUD, SILENCE_FRAME}, "the tone is over, and nothing is mixed"
    sounds = {one["asset"]: one["played_ms"] for one in call.logged("AssetPlayed")}
    assert sounds["ringing tone"] == pytest.approx(1_000, abs=60)
    assert sounds["early media"] == pytest.approx(2_000, abs=100)
    await over(call)
    assert LOUD * 95 in call.disk["agent"], "and it is in the recording"


async def test_a_target_that_refuses_after_an_announcement_is_silent_and_the_agent_goes_on() -> None:
    call, desk = await calling()
    await sounds_early(call, desk, LOUD, 25)
    desk.end("unallocated_number")
    await settle(20)
    await call.listen(2_500)
    assert states(call) == ["early_media", "failed"]
    assert call.logged("AgentSaid")[-1]["text"] == DEFAULT_REPLY
    assert call.leg.written[-1] != LOUD
    await over(call)


async def test_a_target_that_rings_for_too_long_is_no_answer() -> None:
    call, desk = await calling()
    desk.line.ringing()
    await call.listen(WARM_RING_SECONDS * 1000 + 100)
    (news,) = [values for values in call.logged("TransferProgress") if values["state"] == "failed"]
    assert news["outcome"] == "no-answer"
    assert desk.hang_ups == 1
    await over(call)


async def test_a_target_that_hangs_up_during_the_briefing_has_declined() -> None:
    call, desk = await briefed()
    await call.listen(1_000)
    desk.end("normal_clearing")
    await settle(20)
    assert states(call)[-1] == "failed"
    assert call.logged("TransferProgress")[-1]["outcome"] == "busy"
    await call.listen(2_500)
    assert call.session.end is None
    assert call.logged("AgentSaid")[-1]["turn"] == 1
    await over(call)


@pytest.mark.proves("tool.confirm")
async def test_a_target_that_is_to_confirm_is_joined_when_it_presses_1() -> None:
    call, desk = await briefed(WarmHandover(confirm=True))
    await call.listen(12_000)
    assert "joined" not in steps(call)
    assert call.logged("target")[3]["text"].endswith(OURS.confirm)
    desk.line.key("5")
    desk.line.key("1")
    await settle(20)
    assert steps(call)[-1] == "joined"
    await over(call)


async def test_a_target_that_presses_9_declines() -> None:
    call, desk = await briefed(WarmHandover(confirm=True))
    await call.listen(1_000)
    desk.line.key("9")
    await settle(20)
    assert steps(call)[-2:] == ["declined", "closed"]
    news = call.logged("TransferProgress")[-1]
    assert (news["state"], news["outcome"], news["detail"]) == ("failed", "busy", f"{DESK} declined the call")
    await over(call)


async def test_a_target_that_presses_nothing_has_not_accepted() -> None:
    call, desk = await briefed(WarmHandover(confirm=True))
    await call.listen(WARM_BRIEFING_SECONDS * 1000 + 100)
    assert call.logged("TransferProgress")[-1]["outcome"] == "no-answer"
    assert desk.hang_ups == 1
    await over(call)


@pytest.mark.proves("tool.briefing")
async def test_the_agent_s_own_words_take_the_place_of_the_summary() -> None:
    call, _ = await joined(WarmHandover({"en": "A call for %(desk)s."}))
    assert call.logged("target")[3]["text"] == "A call for ."
    assert not [one for one in call.logged("UsageReported") if (one["kind"], one["purpose"]) == ("model", "briefing")]
    await over(call)


async def test_what_a_tool_has_taught_fills_the_briefing() -> None:
    bench, thinker, whatever = Bench(), SimpleNamespace(variables={"name": "Ada"}), cast("Any", None)
    tools = Tools(bench.runner, Knows())
    tools.call(CallTool(1, 1, "c1", "look_up", "{}"))
    await settle()
    speaker = Speaker(whatever, "v", VoiceSettings())
    briefer = Briefer(bench.runner, cast("Any", thinker), speaker, tuple, lambda: tools.learned)
    how = WarmHandover({"en": "Ticket {ticket.id} of {name}, %(status)s."})
    assert await briefer.text(how, '{"status": "open"}') == "Ticket T7 of Ada, open."


async def test_a_caller_who_hangs_up_while_the_target_rings_ends_its_ringing() -> None:
    call, desk = await calling()
    call.session.closed(HUNG_UP)
    await call.session.aclose()
    assert desk.hang_ups == 1
    assert call.logged("TransferProgress")[-1]["outcome"] == "canceled"


async def test_a_carrier_that_does_not_call_leaves_the_caller_with_the_agent() -> None:
    desk = Desk()
    desk.error = ProviderError(FailureKind.BAD_REQUEST, "desk", "this number cannot be called")
    call, _ = await calling(desk=desk)
    news = call.logged("TransferProgress")[-1]
    assert (news["state"], news["detail"]) == ("failed", "this number cannot be called")
    assert call.session.end is None
    await over(call)


async def test_a_target_that_the_policy_refuses_is_never_called() -> None:
    desk = Desk()
    call = Call([ASKS, {"say": "Fine."}], means=means(desk, WarmHandover()))
    plan = {**PLAN, "transfers": (TransferTool("transfer_call_desk", "+19002345678", attended=True),)}
    await call.begin("Hello.", **plan)
    await call.listen(1_500)
    await call.listen(2_500, "the desk please")
    await settle(20)
    news = call.logged("TransferProgress")[-1]
    assert (news["state"], "the calling policy refuses" in news["detail"]) == ("failed", True)
    assert desk.asked == []
    await over(call)


async def test_a_summary_that_fails_leaves_the_platform_s_sentence() -> None:
    desk = Desk()
    options = {"answers": {"briefing": [{"fail": "unavailable"}]}}
    call = Call([ASKS], means=means(desk, WarmHandover()), options=options)
    await call.begin("Hello.", **PLAN)
    await call.listen(1_500)
    await call.listen(2_500, "the desk please")
    await settle(20)
    desk.line.answered()
    await settle(20)
    assert call.logged("target")[-1]["text"] == OURS.briefing
    assert len(call.logged("briefing_failed")) == 1
    await over(call)


async def test_a_transfer_whose_call_took_long_to_place_is_settled_while_the_conversation_waits_for_it() -> None:
    desk = SlowDesk()
    call, _ = await calling(WarmHandover(confirm=True), desk)
    await call.listen(8_000)
    desk.placed.set()
    await call.listen(WARM_RING_SECONDS * 1000 - 1_000)
    desk.line.answered()
    await call.listen(TRANSFER_WAIT_MS - 8_000 - WARM_RING_SECONDS * 1000)
    (settled,) = call.logged("TransferSettled")
    assert (settled["transferred"], "did not accept" in settled["reason"]) == (False, True)
    await over(call)
