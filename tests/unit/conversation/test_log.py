"""The log of a call, written and read back."""

import pytest

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.log import (
    Header,
    LogFormatError,
    entry_line,
    event_from_wire,
    header_line,
    read_log,
    values_of,
)
from callwright.conversation.plan import CallPlan
from callwright.ports.model import Message, Tool, ToolCall

HEADER = header_line(Header("id", 1, "2026-01-01T00:00:00+00:00", {"name": "Ada"}, 7, {}, 1))
PLAN = CallPlan(tools=(Tool("book", "Book", "{}"),), words_to_interrupt=3)


@pytest.mark.parametrize(
    "event",
    [
        ev.Started(5, PLAN, (("name", "Ada"),), 7),
        ev.VoiceFinished(9, 1, 0, 500, (("one", 0, 250),), False),
        ev.LegEnded(9, "answered", "Callee", "hung up", 4000),
    ],
)
def test_an_event_comes_back_as_it_was(event: ev.Event) -> None:
    line = entry_line(1, event.at_us, "core", "in", type(event).__name__, values_of(event))
    _, entries = read_log(HEADER + line)
    entry = entries[0]
    assert event_from_wire(entry.type, entry.at_us, entry.values) == event


def test_what_the_model_is_asked_is_logged_as_its_digest_and_last_message() -> None:
    messages = (Message("assistant", "", (ToolCall("c1", "book", "{}"),)), Message("tool", "done", (), "c1"))
    values = values_of(fx.AskModel(1, 2, 3, "reply", messages, PLAN.tools))
    assert values["messages"]["count"] == 2
    assert values["messages"]["last"] == {"role": "tool", "content": "done", "tool_call_id": "c1"}
    assert values["tools"] == ["book"]
    assert values_of(fx.AskModel(1, 2, 3, "reply", ()))["messages"]["last"] is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no header"),
        ("{}\n", "line 1 is not a log header"),
        (HEADER + "nonsense\n", "line 2 is not a log entry"),
        (HEADER + "\n{}\n", "line 3 is not a log entry"),
        (HEADER + entry_line(1, 0, "leg", "fact", "x", 5), "line 2 is not a log entry: its v is no object"),  # type: ignore[arg-type]
        (HEADER + entry_line("1", 0, "leg", "fact", "x", {}), "its seq or its at is no whole number"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_log_is_named_by_its_line(text: str, complaint: str) -> None:
    with pytest.raises(LogFormatError, match=complaint):
        read_log(text)


def test_an_event_with_wrong_fields_is_named() -> None:
    with pytest.raises(LogFormatError, match="Cleared"):
        event_from_wire("Cleared", 1, {"generation": 1})


def test_an_incomplete_last_line_is_left_out() -> None:
    line = entry_line(1, 0, "core", "in", "Ringing", {})
    assert len(read_log(HEADER + line + line[:20])[1]) == 1
