"""The model calls tools."""

from typing import Any

import pytest
from tests.unit.conversation.call_builder import Call

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import REPLY_CALLS_MOST, TOOL_WAIT_MS
from callwright.domain.limits import MAX_MODEL_TOOL_LOOPS
from callwright.ports.model import Tool

BOOK = Tool("book", "Book a table", "{}")


def booking(words: str = "", **plan: Any) -> Call:
    call = Call(tools=(BOOK,), incremental_delay_ms=0, **plan)
    call.caller_says("book a table")
    if words:
        call.model_says(words, ended=False)
    call.model_calls("book")
    call.model_ends()
    return call


@pytest.mark.proves("api_tools.tools")
def test_a_tool_is_called_when_the_turn_is_taken_and_its_result_answered() -> None:
    call = booking()
    tool = call.last(fx.CallTool)
    assert (tool.call_id, tool.name, tool.turn) == ("c1", "book", 1)
    assert call.said() == ["caller: book a table"]
    call.give(ev.ToolResult, tool.request, True, '{"booked": true}')
    ask = call.last(fx.AskModel)
    assert [(m.role, m.content) for m in ask.messages[-3:]] == [
        ("user", "book a table"),
        ("assistant", ""),
        ("tool", '{"booked": true}'),
    ]
    assert ask.messages[-2].tool_calls[0].call_id == ask.messages[-1].tool_call_id == "c1"
    assert ask.turn == 1
    call.agent_replies("It is booked.")
    assert call.said()[-1] == "agent: It is booked."


def test_a_tool_is_not_called_before_the_floor_time_so_that_the_caller_can_go_on() -> None:
    call = Call(tools=(BOOK,), incremental_delay_ms=2_000)
    call.caller_says("book a table")
    call.model_calls("book")
    call.model_ends()
    assert not call.all(fx.CallTool)
    call.finishes("no do not")
    call.wait(3_000)
    assert not call.all(fx.CallTool)


def test_words_before_the_tool_are_heard_while_it_runs_and_the_answer_waits_for_them() -> None:
    call = booking("One moment please.")
    assert call.all(fx.CallTool)
    call.starts_playing()
    call.give(ev.ToolResult, call.last(fx.CallTool).request, True, "done")
    assert [m.content for m in call.last(fx.AskModel).messages[-2:]] == ["One moment please.", "done"]
    first = call.last(fx.Release).generation
    call.model_says("Booked.")
    call.voice_speaks()
    assert call.last(fx.Release).generation == first
    call.give(ev.MarkPlayed, first, 0)
    assert call.last(fx.Release).generation == first + 1
    call.plays()
    assert call.said()[1:] == ["agent: One moment please.", "agent: Booked."]


def test_a_word_over_the_waiting_phrase_does_not_disturb_the_answer() -> None:
    call = booking("One moment please.")
    call.starts_playing()
    call.give(ev.ToolResult, call.last(fx.CallTool).request, True, "done")
    call.finishes("okay")
    assert not call.all(fx.Withdrawn)


def test_an_interruption_withdraws_the_prepared_answer_but_keeps_the_result() -> None:
    call = booking("One moment please.")
    call.starts_playing()
    call.give(ev.ToolResult, call.last(fx.CallTool).request, True, "done")
    call.begins()
    call.segment += 1
    call.hears("is that by the window")
    assert call.last(fx.Withdrawn).reason == "caller_interrupted"
    call.clears(200)
    call.segment -= 1
    call.finishes("is that by the window")
    call.pauses()
    call.judges()
    assert call.told()[-3:] == ["assistant: One", "tool: done", "user: is that by the window"]


def test_a_tool_called_while_its_words_are_heard_is_called_at_once() -> None:
    call = Call(tools=(BOOK,))
    call.caller_says("book a table")
    call.model_says("One moment. ", ended=False)
    call.starts_playing()
    call.model_calls("book")
    call.model_calls("book", "c2")
    assert [tool.call_id for tool in call.all(fx.CallTool)] == ["c1", "c2"]
    call.model_ends()
    call.give(ev.MarkPlayed, call.last(fx.Release).generation, 0)
    assert call.core.state == "working"
    for tool in call.all(fx.CallTool):
        call.give(ev.ToolResult, tool.request, True, "fine")
    assert call.told().count("tool: fine") == 2


def test_words_during_a_tool_are_answered_together_with_its_result() -> None:
    call = booking()
    call.caller_says("for two people")
    assert len(call.all(fx.AskModel)) == 1
    call.give(ev.ToolResult, call.last(fx.CallTool).request, True, "done")
    assert call.told()[-2:] == ["tool: done", "user: for two people"]
    assert call.last(fx.AskModel).turn == 2


def test_words_after_the_result_withdraw_the_follow_up_and_join_it() -> None:
    call = booking()
    call.give(ev.ToolResult, call.last(fx.CallTool).request, True, "done")
    call.begins()
    call.segment += 1
    call.hears("for two")
    assert call.last(fx.Withdrawn).reason == "caller_continued"
    call.segment -= 1
    call.finishes("for two")
    call.pauses()
    call.judges()
    assert call.told()[-2:] == ["tool: done", "user: for two"]


def test_a_failed_tool_is_told_to_the_model() -> None:
    call = booking()
    call.give(ev.ToolResult, call.last(fx.CallTool).request, False, "no table")
    assert call.told()[-1] == "tool: The tool failed: no table"


def test_a_failed_tool_provider_is_a_failed_tool() -> None:
    call = booking()
    call.give(ev.ProviderFailed, "tool", "x", "unavailable", "down", 0, call.last(fx.CallTool).request)
    assert call.told()[-1] == "tool: The tool failed: down"
    call.give(ev.ProviderFailed, "tool", "x", "unavailable", "down")
    assert call.notes()[-1] == "unused_event"


def test_a_tool_that_never_answers_is_given_up_but_its_late_result_is_kept() -> None:
    call = booking()
    request = call.last(fx.CallTool).request
    call.wait(30_000)
    assert call.last(fx.CancelTool).request == request
    assert "did not answer" in call.told()[-1]
    call.agent_replies("I could not reach the restaurant.")
    call.give(ev.ToolResult, request, True, "booked after all")
    assert "result_late" in call.notes()
    call.caller_says("and now")
    assert "tool: booked after all" in call.told()


def test_a_result_comes_once() -> None:
    call = booking()
    request = call.last(fx.CallTool).request
    call.give(ev.ToolResult, request, True, "done")
    call.give(ev.ToolResult, request, True, "done")
    assert call.notes() == ["result_unknown"]


def test_a_tool_is_called_once_per_id() -> None:
    call = Call(tools=(BOOK,), incremental_delay_ms=0)
    call.caller_says("book a table")
    call.model_calls("book")
    call.model_calls("book")
    call.model_ends()
    assert len(call.all(fx.CallTool)) == 1
    call.give(ev.ToolResult, call.last(fx.CallTool).request, True, "done")
    call.model_calls("book")
    assert call.notes() == ["tool_repeated", "tool_repeated"]


def test_calls_without_an_id_behind_words_that_are_heard_already_get_one_each() -> None:
    call = Call(tools=(BOOK,), incremental_delay_ms=0)
    call.caller_says("Book it for Monday and Friday please.")
    call.model_says("One moment please, I am booking both for you.", ended=False)
    call.starts_playing()
    call.model_calls("book", "")
    call.model_calls("book", "")
    call.model_ends("tool")
    assert len({one.call_id for one in call.all(fx.CallTool)}) == 2


def test_calls_without_an_id_get_one_each() -> None:
    call = Call(tools=(BOOK,), incremental_delay_ms=0)
    call.caller_says("book two tables")
    call.model_calls("book", "")
    call.model_calls("book", "")
    call.model_ends()
    assert len({tool.call_id for tool in call.all(fx.CallTool)}) == 2


@pytest.mark.parametrize("together", [True, False])
def test_after_too_many_tools_the_model_must_answer_in_words(together: bool) -> None:
    call = Call(tools=(BOOK,), incremental_delay_ms=0)
    call.caller_says("book many tables")
    for number in range(MAX_MODEL_TOOL_LOOPS):
        call.model_calls("book", f"c{number}")
        if not together:
            call.model_ends()
            call.give(ev.ToolResult, call.last(fx.CallTool).request, True, "done")
    call.model_calls("book", "one too many")
    if together:
        call.model_ends()
        for tool in call.all(fx.CallTool):
            call.give(ev.ToolResult, tool.request, True, "done")
        assert call.told()[-2:] == [
            "tool: done",
            "tool: The tool was not called: not more than 8 tools are called for one turn",
        ]
    assert ("tool_refused" if together else "tool_loops") in call.notes()
    assert call.last(fx.AskModel).tools == ()
    assert len(call.all(fx.CallTool)) == MAX_MODEL_TOOL_LOOPS
    call.agent_replies("All booked.")
    call.caller_says("book another")
    assert call.last(fx.AskModel).tools == (BOOK,)


def test_a_model_that_goes_on_calling_when_it_may_not_is_not_asked_for_ever() -> None:
    call = Call(tools=(BOOK,), incremental_delay_ms=0)
    call.caller_says("book many tables")
    for number in range(MAX_MODEL_TOOL_LOOPS + 3):
        call.model_calls("book", f"c{number}")
    call.model_ends()
    for tool in call.all(fx.CallTool):
        call.give(ev.ToolResult, tool.request, True, "done")
    assert [note.kind for note in call.all(fx.Note)] == ["tool_refused"] * 3
    for _ in range(3):
        call.model_calls("book", "")
        call.model_ends()
    assert len(call.all(fx.CallTool)) == MAX_MODEL_TOOL_LOOPS
    assert call.last(fx.Speak).purpose == "apology"


def test_a_reply_that_is_heard_while_it_calls_tool_after_tool_drives_nothing_out_of_the_history() -> None:
    call = Call(tools=(BOOK,), incremental_delay_ms=0)
    call.caller_says("book many tables")
    call.model_says("Sure, I book them for you.", ended=False)
    call.starts_playing()
    for number in range(300):
        call.model_calls("book", f"c{number}")
    call.model_ends()
    assert call.notes().count("tool_refused") == REPLY_CALLS_MOST - MAX_MODEL_TOOL_LOOPS
    for tool in call.all(fx.CallTool):
        call.give(ev.ToolResult, tool.request, True, "done")
    call.give(ev.MarkPlayed, 1, 0)
    call.wait(1_000)
    assert call.told()[0] == "user: book many tables"


def test_a_result_during_the_goodbye_is_kept() -> None:
    call = booking(call_terminate_ms=6_000, hangup_message="Goodbye.")
    call.wait(6_000)
    call.give(ev.ToolResult, call.last(fx.CallTool).request, True, "done")
    call.plays()
    assert call.hung_up() == "max_duration_reached"
    assert call.notes() == []


def test_a_tool_that_fails_during_a_goodbye_which_the_caller_takes_back_has_failed() -> None:
    call = booking(hangup_after_silence_ms=10_000, hangup_message="Goodbye.", check_if_user_online=False)
    call.wait(TOOL_WAIT_MS)
    assert call.all(fx.CancelTool)
    call.agent_replies("I could not.")
    call.wait(10_000)
    assert call.last(fx.Speak).purpose == "goodbye"
    call.give(ev.ProviderFailed, "tool", "http", "unavailable", "the shop is shut", 0, call.last(fx.CallTool).request)
    call.caller_says("wait a moment")
    assert "goodbye_taken_back" in call.notes()
    call.clears(0)
    call.wait(3_000)
    assert "tool: The tool failed: the shop is shut" in call.told()


def test_tools_are_counted_for_each_turn_also_where_the_caller_adds_something_while_each_runs() -> None:
    call = booking()
    for number in range(MAX_MODEL_TOOL_LOOPS + 2):
        call.caller_says(f"also for {number} people")
        call.give(ev.ToolResult, call.last(fx.CallTool).request, True, "done")
        call.wait(2_000)
        call.model_calls("book", f"n{number}")
        call.model_ends()
        call.wait(2_000)
    assert len(call.all(fx.CallTool)) == MAX_MODEL_TOOL_LOOPS + 3
    assert call.notes() == []


SEATS = Tool(
    "seats",
    "Count seats",
    '{"properties":{"day":{"enum":["monday","friday"],"type":"string"},"n":{"type":"integer"}},"required":["day"],"type":"object"}',
)


def asking_for_seats(arguments: str, name: str = "seats", **plan: Any) -> Call:
    call = Call(tools=(BOOK, SEATS), incremental_delay_ms=0, **plan)
    call.caller_says("is there a seat")
    call.model_calls(name, arguments=arguments)
    call.model_ends()
    return call


@pytest.mark.proves("tool.parameters")
def test_a_tool_gets_arguments_that_fit_its_schema() -> None:
    call = asking_for_seats('{"day": "Monday", "n": "4", "admin": true}')
    assert call.last(fx.CallTool).arguments == '{"day":"monday","n":4}'


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("{}", "day is missing"),
        ("{", "the arguments are not JSON"),
        ('{"day": "sunday"}', 'day must be one of "monday", "friday", not "sunday"'),
    ],
)
def test_arguments_that_do_not_fit_are_told_to_the_model_and_nothing_is_called(arguments: str, told: str) -> None:
    call = asking_for_seats(arguments)
    assert not call.all(fx.CallTool)
    assert call.told()[-1].startswith(f"tool: The tool was not called: {told}")
    assert call.notes() == ["tool_refused"]
    call.agent_replies("Which day?")
    assert call.said()[-1] == "agent: Which day?"


def test_a_tool_the_agent_does_not_have_is_not_called() -> None:
    call = asking_for_seats("{}", "delete_everything")
    assert not call.all(fx.CallTool)
    assert call.told()[-1] == (
        "tool: The tool was not called: there is no tool named 'delete_everything'; the tools are: book, seats"
    )
    call.model_calls("delete_everything")
    assert call.notes() == ["tool_refused", "tool_repeated"]


def test_refusals_count_as_calls_so_that_a_stubborn_model_comes_to_an_end() -> None:
    call = asking_for_seats("{}", "nothing")
    for number in range(MAX_MODEL_TOOL_LOOPS - 1):
        call.model_calls("nothing", f"again{number}")
        call.model_ends()
    assert call.last(fx.AskModel).tools == ()


def test_what_a_tool_answers_is_a_variable_of_prompt_messages_and_later_tools() -> None:
    call = asking_for_seats(
        '{"day": "monday"}',
        system_prompt="You are {name}. Table: {table.id}.",
        hangup_message="Table {table.id} for {name}.",
        check_if_user_online=False,
    )
    call.give(ev.ToolResult, call.last(fx.CallTool).request, True, '{"table": {"id": 12}, "n": 4, "name": "Eve"}')
    assert call.last(fx.AskModel).messages[0].content == "You are Ada. Table: 12."
    call.model_calls("seats", "c2", '{"day": "friday"}')
    call.model_ends()
    assert call.last(fx.CallTool).arguments == '{"day":"friday","n":4}'
    call.give(ev.ToolResult, call.last(fx.CallTool).request, False, '{"n": 5}')
    call.agent_replies("Done.")
    call.wait(10_000)
    assert call.last(fx.Speak).text == "Table 12 for Ada."


def test_the_reason_of_a_model_that_ends_the_call_is_kept() -> None:
    call = Call(end_call_tool=True, incremental_delay_ms=0)
    call.caller_says("goodbye")
    call.model_says("Bye.", ended=False)
    call.model_calls("end_call", arguments='{"reason": "the caller said goodbye"}')
    call.model_ends()
    call.plays()
    assert call.hung_up() == "end_call_tool"
    assert [(note.kind, note.text) for note in call.all(fx.Note)] == [("end_call_reason", "the caller said goodbye")]


@pytest.mark.parametrize("arguments", ["", "{", "[]", "{}"])
def test_a_call_is_ended_without_a_reason_all_the_same(arguments: str) -> None:
    call = Call(end_call_tool=True, incremental_delay_ms=0)
    call.caller_says("goodbye")
    call.model_calls("end_call", arguments=arguments)
    call.model_ends()
    assert call.hung_up() == "end_call_tool"
    assert call.notes() == []


def test_an_agents_own_tool_to_end_calls_takes_the_place_of_the_platforms() -> None:
    own = Tool("end_call_politely", "End it", "{}")
    call = Call(end_call_tool=True, tools=(own,), incremental_delay_ms=0)
    call.caller_says("goodbye")
    assert call.last(fx.AskModel).tools == (own,)
    call.model_calls("end_call_politely")
    call.model_ends()
    assert call.hung_up() == "end_call_tool"
