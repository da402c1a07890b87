"""What the caller hears while a tool runs."""

from typing import Any

import pytest
from tests.unit.conversation.call_builder import Call

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import TOOL_QUIET_MS, TOOL_WAIT_MS, WAITING_GAP_MS
from callwright.conversation.plan import ToolWords
from callwright.ports.model import Tool

BOOK = Tool("book", "Book a table", "{}")
OWN = ToolWords("book", "I book it for {name}.", own_message=True)
DEFAULT = ToolWords("book", "Just a moment.")
PHRASES = ("Still on it.", "Thank you for waiting.")


def booking(words: ToolWords = OWN, said: str = "", **plan: Any) -> Call:
    given = {"tools": (BOOK,), "tool_words": (words,), "waiting_messages": PHRASES, "incremental_delay_ms": 0}
    call = Call(**{**given, **plan})
    call.caller_says("book a table")
    if said:
        call.model_says(said, ended=False)
    call.model_calls("book")
    call.model_ends()
    return call


def answers(call: Call, ok: bool = True, result: str = "done") -> None:
    call.give(ev.ToolResult, call.last(fx.CallTool).request, ok, result)


def spoken(call: Call) -> list[str]:
    return [speak.text for speak in call.all(fx.Speak)]


@pytest.mark.proves("tool.pre_call_message")
def test_the_agents_own_message_is_said_as_the_tool_is_called() -> None:
    call = booking()
    assert call.all(fx.CallTool)
    assert call.last(fx.Speak).purpose == "tool"
    assert spoken(call) == ["I book it for Ada."]


def test_the_answer_follows_the_message_and_the_model_sees_what_was_said_with_the_call() -> None:
    call = booking()
    call.starts_playing()
    answers(call)
    assert call.told()[-3:] == ["user: book a table", "assistant: ", "tool: done"]
    call.plays()
    call.agent_replies("It is booked.")
    call.caller_says("thanks")
    assert call.told()[-5:-2] == ["user: book a table", "assistant: I book it for Ada.", "tool: done"]


def test_a_default_message_is_only_for_tools_that_take_a_moment() -> None:
    quick = booking(DEFAULT)
    quick.wait(TOOL_QUIET_MS - 100)
    answers(quick)
    quick.wait(TOOL_QUIET_MS)
    assert spoken(quick) == []
    slow = booking(DEFAULT)
    slow.wait(TOOL_QUIET_MS)
    assert spoken(slow) == ["Just a moment."]


def test_nothing_is_said_when_the_models_reply_had_words() -> None:
    for words in (OWN, DEFAULT):
        call = booking(words, said="Let me look.")
        call.plays()
        call.wait(WAITING_GAP_MS - 100)
        assert spoken(call) == ["Let me look."]


def test_a_tool_without_a_message_is_waited_for_in_silence_at_first() -> None:
    call = booking(ToolWords("other", "No."))
    call.wait(WAITING_GAP_MS - 100)
    assert spoken(call) == []
    call.wait(100)
    assert spoken(call) == [PHRASES[0]]


@pytest.mark.proves("task_config.tool_waiting_messages")
def test_waiting_messages_come_after_silence_each_once_and_in_order() -> None:
    call = booking()
    call.plays()
    for phrase in PHRASES:
        call.wait(WAITING_GAP_MS - 100)
        assert phrase not in spoken(call)
        call.wait(100)
        assert spoken(call)[-1] == phrase
        call.plays()
    call.wait(WAITING_GAP_MS * 2)
    assert len(spoken(call)) == 3
    answers(call)
    call.agent_replies("Booked.")
    assert call.said()[1:] == [
        "agent: I book it for Ada.",
        "agent: Still on it.",
        "agent: Thank you for waiting.",
        "agent: Booked.",
    ]


def test_the_message_of_a_second_tool_is_said_too() -> None:
    call = booking()
    call.plays()
    answers(call)
    call.model_calls("book", "c2")
    call.model_ends()
    assert spoken(call) == ["I book it for Ada."] * 2


def test_a_caller_who_interrupts_the_message_stops_no_tool_and_is_answered_with_the_result() -> None:
    call = booking()
    call.starts_playing()
    call.begins()
    call.segment += 1
    call.hears("is that by the window")
    call.clears(300)
    assert not call.all(fx.CancelTool)
    call.segment -= 1
    call.finishes("is that by the window")
    call.pauses()
    call.judges()
    assert len(call.all(fx.AskModel)) == 1
    answers(call)
    assert call.told()[-3:] == ["assistant: I", "tool: done", "user: is that by the window"]


def test_nobody_is_talked_over_while_a_tool_runs() -> None:
    call = booking(DEFAULT)
    call.wait(TOOL_QUIET_MS - 200)
    call.begins()
    call.wait(3_000)
    assert spoken(call) == []
    call.pauses()
    call.finishes("for two people")
    call.wait(WAITING_GAP_MS)
    assert spoken(call) == ["Just a moment."]


def test_a_line_on_hold_hears_no_waiting_messages() -> None:
    call = booking(DEFAULT)
    call.give(ev.LineHeld, True)
    call.wait(20_000)
    assert spoken(call) == []
    call.give(ev.LineHeld, False)
    call.wait(WAITING_GAP_MS)
    assert spoken(call) == ["Just a moment."]


def test_a_message_whose_voice_failed_is_not_said_after_the_tool_has_answered() -> None:
    call = booking()
    call.give(ev.ProviderFailed, "voice", "x", "broken_stream", "failed", call.last(fx.Speak).generation)
    call.clears(0)
    answers(call)
    assert len(call.all(fx.AskModel)) == 2
    assert spoken(call) == ["I book it for Ada."]


def test_a_message_that_is_out_of_date_does_not_hold_up_what_is_left_of_the_reply() -> None:
    call = booking(said="Let me look.")
    call.plays()
    call.wait(WAITING_GAP_MS)
    call.give(ev.ProviderFailed, "voice", "x", "broken_stream", "failed", call.last(fx.Speak).generation)
    call.clears(0)
    call.wait(WAITING_GAP_MS)
    call.starts_playing()
    answers(call)
    call.wait(1_000)
    call.give(ev.MarkPlayed, call.last(fx.Release).generation, 0)
    call.model_says("It is booked for you. See you at seven.")
    call.starts_playing()
    reply = call.last(fx.Release).generation
    call.wait(1_000)
    call.give(ev.MarkPlayed, reply, 0)
    call.give(ev.ProviderFailed, "voice", "x", "broken_stream", "failed", reply)
    call.clears(1_500)
    assert spoken(call)[:3] == ["Let me look.", *PHRASES]
    assert call.last(fx.Release).resumes == reply
    assert spoken(call)[-1] == "at seven."


NOTE = Tool("note", "Take a note", "{}")
OF_NOTE = ToolWords("note", "I write it down.", own_message=True)


@pytest.mark.parametrize(
    ("words", "order", "said"),
    [
        ((OWN,), ("book", "note"), ["I book it for Ada."]),
        ((OWN,), ("note", "book"), ["I book it for Ada."]),
        ((DEFAULT,), ("book", "note"), ["Just a moment."]),
        ((DEFAULT,), ("note", "book"), ["Just a moment."]),
        ((OWN, OF_NOTE), ("book", "note"), ["I book it for Ada."]),
        ((OWN, OF_NOTE), ("note", "book"), ["I write it down."]),
        ((DEFAULT, OF_NOTE), ("book", "note"), ["I write it down."]),
        ((OF_NOTE,), ("book", "note"), ["I write it down."]),
    ],
)
def test_of_tools_called_together_the_first_own_message_is_said_or_the_default_of_one_that_still_runs(
    words: tuple[ToolWords, ...], order: tuple[str, ...], said: list[str]
) -> None:
    call = Call(tools=(BOOK, NOTE), tool_words=words, waiting_messages=PHRASES, incremental_delay_ms=0)
    call.caller_says("book a table")
    for name in order:
        call.model_calls(name, name)
    call.model_ends()
    note = next(tool for tool in call.all(fx.CallTool) if tool.name == "note")
    call.give(ev.ToolResult, note.request, True, "done")
    call.wait(TOOL_QUIET_MS)
    assert spoken(call) == said


def test_a_default_message_of_a_tool_that_has_answered_is_not_said() -> None:
    call = Call(tools=(BOOK, NOTE), tool_words=(ToolWords("note", "One second."),), incremental_delay_ms=0)
    call.caller_says("book a table")
    call.model_calls("book", "b")
    call.model_calls("note", "n")
    call.model_ends()
    call.give(ev.ToolResult, call.last(fx.CallTool).request, True, "done")
    call.wait(TOOL_QUIET_MS * 2)
    assert spoken(call) == []


@pytest.mark.parametrize("message", ["{unknown}", " "])
def test_a_message_without_words_leaves_the_waiting_messages(message: str) -> None:
    call = booking(ToolWords("book", message, own_message=True))
    call.wait(WAITING_GAP_MS)
    assert spoken(call) == [PHRASES[0]]


def test_a_waiting_message_does_not_come_sooner_because_a_tool_with_a_message_has_answered() -> None:
    call = Call(tools=(BOOK, NOTE), tool_words=(DEFAULT,), waiting_messages=PHRASES, incremental_delay_ms=0)
    call.caller_says("book a table")
    call.model_calls("book", "b")
    call.model_calls("note", "n")
    call.model_ends()
    call.wait(TOOL_QUIET_MS - 200)
    call.give(ev.ToolResult, call.all(fx.CallTool)[0].request, True, "done")
    call.wait(WAITING_GAP_MS - TOOL_QUIET_MS)
    assert spoken(call) == []
    call.wait(200)
    assert spoken(call) == [PHRASES[0]]


def test_an_agent_that_was_silenced_keeps_its_backoff_period_before_a_waiting_message() -> None:
    call = booking(backoff_ms=12_000, words_to_interrupt=1)
    call.starts_playing()
    call.begins()
    call.wait(600)
    call.segment += 1
    call.hears("no wait please")
    call.clears(400)
    call.pauses()
    call.give(ev.TranscriptFinal, call.audio_ms, call.segment, "no wait please")
    call.judges()
    call.wait(11_900)
    assert spoken(call) == ["I book it for Ada."]
    call.wait(200)
    assert spoken(call)[-1] == PHRASES[0]


def test_the_wait_ends_with_the_tools_limit() -> None:
    call = booking(waiting_messages=())
    call.plays()
    call.wait(TOOL_WAIT_MS)
    assert call.all(fx.CancelTool)
    assert "did not answer" in call.told()[-1]


def test_an_empty_message_says_nothing() -> None:
    call = booking(ToolWords("book", "{missing}", own_message=True), waiting_messages=())
    call.wait(20_000)
    assert spoken(call) == []


def test_who_asks_again_and_again_whether_somebody_is_there_hears_the_waiting_messages() -> None:
    call = booking(DEFAULT)
    call.wait(TOOL_QUIET_MS)
    call.plays()
    for _ in range(8):
        call.wait(3_000)
        if call.core.state == "speaking":
            call.plays()
        call.caller_says("hello?")
    assert spoken(call) == ["Just a moment.", *PHRASES]


def test_a_waiting_message_is_not_said_into_the_pause_of_who_speaks() -> None:
    call = booking(DEFAULT)
    call.wait(TOOL_QUIET_MS)
    call.plays()
    call.wait(3_500)
    for _ in range(4):
        call.begins()
        call.wait(1_500)
        call.pauses()
        call.wait(1_000)
    assert spoken(call) == ["Just a moment."]


def test_a_waiting_message_without_words_is_left_out() -> None:
    call = booking(DEFAULT, waiting_messages=("{missing}", "Still on it."))
    call.wait(TOOL_QUIET_MS)
    call.plays()
    call.wait(WAITING_GAP_MS)
    assert spoken(call)[-1] == "Still on it."


def over_the_message(words: str, final: bool = True) -> Call:
    """The tool answers while its message is heard; the caller says ``words`` over that, which do not interrupt it."""
    call = booking()
    call.starts_playing()
    answers(call)
    call.begins()
    call.wait(300)
    call.pauses()
    call.segment += 1
    call.give(ev.TranscriptFinal if final else ev.TranscriptPartial, call.audio_ms, call.segment, words)
    call.model_says("It is booked for seven.")
    call.voice_speaks()
    if final:
        call.judges()
    message = call.all(fx.Speak)[0]
    call.give(ev.MarkPlayed, message.generation, message.index)
    return call


def test_what_was_said_over_a_tools_message_is_answered_together_with_what_the_tool_found() -> None:
    call = over_the_message("at eight")
    call.wait(1_000)
    assert call.last(fx.Withdrawn).reason == "caller_continued"
    assert call.told()[-2:] == ["tool: done", "user: at eight"]


def test_words_over_a_tools_message_that_are_still_read_hold_the_reply_back() -> None:
    call = over_the_message("at", final=False)
    call.wait(200)
    assert len(call.all(fx.Release)) == 1
    call.give(ev.TranscriptFinal, call.audio_ms, call.segment, "at eight")
    call.judges()
    call.wait(1_000)
    assert call.told()[-1] == "user: at eight"


def test_the_echo_of_a_tools_message_holds_nothing_back() -> None:
    call = over_the_message("I book it", final=False)
    call.wait(1_000)
    assert not call.all(fx.Withdrawn)
    assert len(call.all(fx.Release)) == 2


@pytest.mark.parametrize("words", ["hello?", "okay", "thanks"])
def test_who_only_listens_or_asks_for_presence_over_a_tools_message_gets_the_reply(words: str) -> None:
    call = over_the_message(words)
    call.wait(1_000)
    assert not call.all(fx.Withdrawn)
    assert len(call.all(fx.Release)) == 2


@pytest.mark.parametrize("words", ["yes", "yes please"])
def test_an_answer_to_what_a_tools_message_asks_is_no_answer_to_the_next_question(words: str) -> None:
    message = ToolWords("book", "I book it. Shall I send you a mail too?", own_message=True)
    call = booking(message)
    call.starts_playing()
    answers(call)
    call.wait(1_200)
    call.begins()
    call.wait(300)
    call.pauses()
    call.segment += 1
    call.give(ev.TranscriptFinal, call.audio_ms, call.segment, words)
    call.judges()
    call.model_says("It is booked. Shall I order a taxi?")
    call.voice_speaks()
    for speak in call.all(fx.Speak):
        if speak.purpose == "tool":
            call.give(ev.MarkPlayed, speak.generation, speak.index)
    call.wait(1_000)
    assert call.told()[-1] == f"user: {words}"
    assert not any("taxi" in line for line in call.told())


def test_an_entry_begun_over_a_tools_message_is_answered_with_the_hello_that_was_said_meanwhile() -> None:
    call = booking(keys=True, keys_interrupt=False, keys_pause_ms=3_000)
    call.starts_playing()
    answers(call)
    call.give(ev.KeyPressed, "5")
    call.give(ev.MarkPlayed, call.last(fx.Release).generation, 0)
    call.model_says("It is booked.")
    call.caller_says("Hello?")
    call.voice_speaks()
    call.wait(3_000)
    assert call.last(fx.Withdrawn).reason == "caller_continued"
    assert call.told()[-1] == "user: Hello? dtmf_number: 5"
