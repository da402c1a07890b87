"""The parts of a chat: its leg, its ear and its mouth, and what is read of it from its log."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.call.live.test_equipment import BASE, SPEC, Shelf
from tests.unit.call.world import Bench, settle

from callwright.call.live.chat import ChatLeg, Chatting, NoVad, TextEar
from callwright.call.live.equipment import LocalEars, Needs, equip, fitting
from callwright.call.live.exchange import Exchange, Told
from callwright.call.live.hear import Words
from callwright.call.live.text_voice import TEXT, TextVoice
from callwright.call.live.tools import NoTools
from callwright.conversation.plan import plan_for
from callwright.domain.limits import MAX_CHAT_SILENCE_SECONDS
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.ports.chat import ChatMessage, ChatTool, NewChat
from callwright.ports.failures import ProviderError
from callwright.ports.leg import LegClosed
from callwright.ports.speech import TranscriberSettings, VoiceSettings

NOW = Bench().clock.now()
AGENT = StoredAgent("a1", "t", "Ada", {}, 1, NOW, NOW)


class Heard:
    """Who hears of a leg."""

    def __init__(self) -> None:
        self.stages: list[str] = []

    def answered(self) -> None:
        self.stages.append("answered")

    def closed(self, closed: LegClosed) -> None:
        self.stages.append(f"{closed.outcome} {closed.by} {closed.reason}")


def leg() -> tuple[ChatLeg, Heard]:
    heard = Heard()
    made = ChatLeg("chat-1")
    made.listener = heard  # type: ignore[assignment]
    return made, heard


async def test_a_chat_is_answered_when_asked_and_ends_once() -> None:
    chat, heard = leg()
    await chat.answer()
    await chat.hang_up("end_call_tool")
    await chat.hang_up("")
    await chat.answer()
    assert heard.stages == ["answered", "answered API Request end_call_tool"]


async def test_a_chat_that_was_never_open_is_canceled() -> None:
    chat, heard = leg()
    await chat.reject(503)
    assert heard.stages[0].startswith("canceled")
    chat, heard = leg()
    await chat.hang_up("stopped_by_api")
    assert heard.stages[0].startswith("canceled")


async def test_there_is_no_line_to_transfer_and_no_key_to_press() -> None:
    chat, _ = leg()
    chat.write(b"")
    chat.clear()
    with pytest.raises(ProviderError, match="cannot be transferred"):
        await chat.transfer("sip:a@b")
    with pytest.raises(ProviderError, match="keys cannot be sent"):
        await chat.send_keys("1")


@pytest.mark.parametrize(("ms_per_character", "length_ms"), [(0, 20), (40, 440), (1, 20)])
async def test_a_clause_takes_its_time_and_is_delivered_as_a_whole(ms_per_character: int, length_ms: int) -> None:
    voice = TextVoice(ms_per_character)
    await voice.warm(VoiceSettings())
    (chunk,) = [one async for one in voice.speak("Hello there", VoiceSettings())]
    assert len(chunk.pcm) == length_ms * 16
    assert not any(chunk.pcm)
    assert [(word.text, word.end_ms) for word in chunk.words] == [("Hello", length_ms), ("there", length_ms)]
    assert chunk.last
    assert not chunk.estimated
    assert chunk.usage is not None
    assert chunk.usage.amount == 0


async def test_the_ear_of_a_chat_hears_no_sound() -> None:
    stream = await TextEar().open(TranscriberSettings(), Words(Bench().runner, TEXT))
    stream.feed(bytes(320))
    stream.activity(True, 0)
    stream.close_utterance(0)
    stream.set_patience(100)
    stream.want_partials(True)
    await stream.aclose()
    assert NoVad().open().feed(bytes(320)) == 0


def test_a_chat_is_equipped_without_recogniser_and_voice() -> None:
    asked = replace(SPEC, settings=replace(SPEC.settings, incremental_delay_ms=400, speculative_replies=True))
    connection = Chatting(NewChat(AGENT, silence_s=600, most_s=60, reading_pace=True), "chat-1")
    connection.check()
    needs = connection.fit(Needs(asked, Shelf(*BASE), LocalEars("energy", "smart")))
    equipment = equip(needs, {}, NoTools())
    assert (equipment.listening.provider, equipment.speaker.provider, equipment.thinker.provider) == (
        TEXT,
        TEXT,
        "mind",
    )
    assert not equipment.sound
    plan = fitting(plan_for(needs.spec), equipment, needs.spec.settings.speculative_replies)
    assert (plan.written, plan.turn_model, plan.speculate, plan.check_if_user_online) == (True, False, False, False)
    assert (plan.incremental_delay_ms, plan.hangup_after_silence_ms, plan.call_terminate_ms) == (0, 600_000, 60_000)


@pytest.mark.parametrize(("asked_s", "silence_s"), [(0, 1_200), (1, 1), (1_200, 1_200), (1_201, 1_200), (2_400, 1_200)])
def test_a_chat_in_which_nobody_writes_ends_whatever_was_asked(asked_s: float, silence_s: int) -> None:
    needs = Needs(SPEC, Shelf(*BASE), LocalEars("energy", "smart"))
    plan = plan_for(Chatting(NewChat(AGENT, silence_s=asked_s), "chat-1").fit(needs).spec)
    assert plan.hangup_after_silence_ms == silence_s * 1_000
    assert MAX_CHAT_SILENCE_SECONDS == 1_200


def test_a_chat_greets_and_answers_without_the_delays_of_a_voice_and_loses_no_line() -> None:
    settings = replace(
        SPEC.settings,
        welcome_message_delay_ms=500,
        discard_pre_welcome_utterance=True,
        interruption_backoff_ms=3_000,
    )
    needs = Needs(replace(SPEC, settings=settings), Shelf(*BASE), LocalEars("energy", "smart"))
    plan = plan_for(Chatting(NewChat(AGENT), "chat-1").fit(needs).spec)
    assert (plan.welcome_delay_ms, plan.discard_pre_welcome, plan.backoff_ms) == (0, False, 0)


def test_an_agent_that_calls_back_promises_nothing_in_a_chat() -> None:
    asked = replace(SPEC, settings=replace(SPEC.settings, extra={"auto_reschedule": True}))
    assert "called back" in plan_for(asked).system_prompt
    needs = Needs(asked, Shelf(*BASE), LocalEars("energy", "smart"))
    assert plan_for(Chatting(NewChat(AGENT), "chat-1").fit(needs).spec).system_prompt == asked.system_prompt


async def test_a_chat_that_is_given_up_closes_its_leg() -> None:
    connection = Chatting(NewChat(AGENT), "chat-1")
    heard = Heard()
    connection.leg.listener = heard  # type: ignore[assignment]
    await connection.give_up()
    assert heard.stages[0].startswith("canceled")


def told(exchange: Exchange, *entries: tuple[str, Mapping[str, Any]]) -> None:
    for name, values in entries:
        purpose = {"purpose": "reply"} if name == "AgentSaid" else {}
        exchange.take(1, 0, "core", "out", name, {**purpose, **values})


Entry = tuple[str, Mapping[str, Any]]

HELLO: tuple[Entry, ...] = (
    ("Answered", {}),
    ("Speak", {"generation": 1, "index": 0, "text": "Hello."}),
    ("Release", {"generation": 1}),
)
PLAYED: Entry = ("MarkPlayed", {"generation": 1, "index": 0})
SAID: Entry = ("AgentSaid", {"generation": 1, "text": "Hello.", "cut": False})
LINE: tuple[Entry, ...] = (("TranscriptFinal", {"text": "Hi"}), ("AskModel", {"generation": 2, "request": 1}))


def test_before_the_answer_nothing_is_at_rest() -> None:
    exchange = Exchange()
    seen = [exchange.at_rest]
    told(exchange, *HELLO)
    seen.append(exchange.at_rest)
    told(exchange, PLAYED)
    assert exchange.partial == "Hello."
    told(exchange, SAID)
    assert [*seen, exchange.at_rest] == [False, False, True]
    assert (exchange.messages, exchange.partial) == ([ChatMessage("Hello.")], "")


def test_a_line_waits_for_its_answer() -> None:
    exchange = Exchange()
    told(exchange, *HELLO, PLAYED, SAID, *LINE)
    assert not exchange.at_rest
    told(exchange, ("UserSaid", {}), ("Release", {"generation": 2}))
    assert not exchange.at_rest
    told(exchange, ("AgentSaid", {"generation": 2, "text": "Yes.", "cut": True}))
    assert exchange.messages[-1] == ChatMessage("Yes.", cut=True)
    assert exchange.at_rest


def test_a_reply_that_is_given_up_is_not_waited_for() -> None:
    exchange = Exchange()
    told(exchange, *HELLO, PLAYED, SAID, *LINE, ("Withdrawn", {"generation": 2}), ("UserSaid", {}))
    assert exchange.at_rest


@pytest.mark.parametrize(
    ("begun", "done"),
    [
        (("CallTool", {"request": 5}), ("ToolResult", {"request": 5})),
        (("CallTool", {"request": 5}), ("CancelTool", {"request": 5})),
        (("Transfer", {"request": 5}), ("TransferProgress", {"request": 5, "state": "failed"})),
    ],
)
def test_a_tool_is_waited_for(begun: tuple[str, Mapping[str, Any]], done: tuple[str, Mapping[str, Any]]) -> None:
    exchange = Exchange()
    told(exchange, *HELLO, PLAYED, SAID, *LINE, ("UserSaid", {}), begun)
    told(exchange, ("TransferProgress", {"request": 5, "state": "ringing"}))
    assert not exchange.at_rest
    told(exchange, done)
    assert exchange.at_rest


def test_tools_are_told_when_they_are_done() -> None:
    exchange = Exchange()
    call: Entry = ("CallTool", {"request": 5, "name": "slots", "arguments": '{"day":"monday"}'})
    told(exchange, *HELLO, PLAYED, SAID, *LINE, ("UserSaid", {}), call)
    before = exchange.position
    told(exchange, ("ToolResult", {"request": 5, "ok": False, "result": "Not called"}))
    assert exchange.tools[before.tools :] == [ChatTool("slots", '{"day":"monday"}', False, "Not called")]
    assert exchange.tools[exchange.position.tools :] == []


def test_a_model_that_fails_is_told_until_it_answers() -> None:
    exchange = Exchange()
    failed = {
        "kind": "model", "provider": "custom", "failure": "refused_credentials", "message": "check KEY", "generation": 2, "request": 1,
    }  # fmt: skip
    told(exchange, *HELLO, *LINE, ("ProviderFailed", failed))
    assert exchange.error == 'The model custom failed, refused credentials: "check KEY".'
    sorry: Entry = ("AgentSaid", {"generation": 3, "text": "Sorry?", "cut": False, "purpose": "apology"})
    told(exchange, sorry)
    assert exchange.messages == []
    told(exchange, ("ReplyText", {"request": 1, "generation": 2, "text": "Yes."}))
    assert exchange.error == ""
    told(exchange, sorry)
    assert exchange.messages == [ChatMessage("Sorry?")]
    exchange.refusal = "no key is known"
    assert exchange.error == "no key is known"


def test_marks_of_other_replies_deliver_nothing() -> None:
    exchange = Exchange()
    told(exchange, *HELLO, ("MarkPlayed", {"generation": 9, "index": 0}), ("MarkPlayed", {"generation": 1, "index": 7}))
    assert exchange.partial == ""


def test_what_was_told_is_not_told_again_and_nothing_is_left_out() -> None:
    exchange = Exchange()
    told(exchange, *HELLO, PLAYED)
    begun = exchange.position
    assert exchange.since(Told()) == (ChatMessage("Hello."),)
    told(exchange, ("AgentSaid", {"generation": 1, "text": "Hello. I am Ada.", "cut": True}), *LINE, ("UserSaid", {}))
    told(exchange, ("AgentSaid", {"generation": 2, "text": "Yes.", "cut": False}))
    assert exchange.since(begun) == (ChatMessage("I am Ada.", cut=True), ChatMessage("Yes."))
    assert exchange.since(exchange.position) == ()


def test_a_message_that_was_told_to_its_last_word_is_not_in_the_next_answer() -> None:
    exchange = Exchange()
    told(exchange, *HELLO, PLAYED)
    begun = exchange.position
    told(exchange, ("AgentSaid", {"generation": 1, "text": "Hello.", "cut": True}))
    assert exchange.since(begun) == ()


def test_words_that_turn_out_otherwise_are_told_again() -> None:
    exchange = Exchange()
    told(exchange, *HELLO, PLAYED)
    begun = exchange.position
    told(exchange, ("AgentSaid", {"generation": 1, "text": "Hello", "cut": True}))
    assert exchange.since(begun) == (ChatMessage("Hello", cut=True),)


async def test_who_waits_is_woken_once_an_event_is_logged_whole() -> None:
    exchange = Exchange()
    told(exchange, *HELLO)
    waiting = asyncio.ensure_future(exchange.rest(30))
    await settle()
    told(exchange, PLAYED, SAID, *LINE)
    await settle()
    assert not waiting.done()
    told(exchange, ("UserSaid", {}), ("HangUp", {}))
    assert await waiting
    assert exchange.ended


async def test_who_does_not_want_to_wait_does_not() -> None:
    exchange = Exchange()
    assert not await exchange.rest(0)
    assert not await exchange.rest(0.001)
    exchange.over()
    assert await exchange.rest(0)
