"""Tools as tags at the end of a reply."""

import pytest

from callwright.ports.model import Message, Tool, ToolCall
from callwright.providers.local import tooltags
from callwright.providers.local.tooltags import TagReader

END = Tool("end_call", "the caller is done", "")
LOOK = Tool("look_up", "find a slot", '{"properties": {"day": {"type": "string"}}}')


def test_the_grammar_allows_words_or_a_tag_of_a_tool_that_exists():
    assert tooltags.grammar(()).startswith("root ::= [^")
    assert '"<end_call>" | "<look_up>"' in tooltags.grammar((END, LOOK))
    assert "bad name" not in tooltags.grammar((Tool("bad name", "", ""),))


def test_the_system_prompt_names_the_tools():
    messages = tooltags.plain([Message("system", "Be kind."), Message("user", "hi")], (END, LOOK))
    assert messages[0]["content"].startswith("Be kind.")
    assert "<look_up> find a slot" in messages[0]["content"]
    assert tooltags.plain([Message("user", "hi")], (END,))[0]["role"] == "system"
    assert tooltags.plain([Message("user", "hi")], ()) == [{"role": "user", "content": "hi"}]


def test_calls_and_results_become_plain_lines():
    history = [
        Message("assistant", "One moment.", (ToolCall("c1", "look_up", "{}"),)),
        Message("tool", "free", tool_call_id="c1"),
        Message("tool", "lost", tool_call_id="c9"),
    ]
    assert [m["content"] for m in tooltags.plain(history, ())] == [
        "One moment.<look_up>",
        "(Result of look_up: free)",
        "(Result of the action: lost)",
    ]


@pytest.mark.parametrize(
    ("pieces", "spoken", "tool"),
    [
        (["Good", "bye.", "<end", "_call>"], "Goodbye.", "end_call"),
        (["<look_up>"], "", "look_up"),
        (["Bye.<end_call"], "Bye.", "end_call"),
        (["All good."], "All good.", ""),
        (["a < b"], "a ", ""),
    ],
)
def test_a_streamed_reply_is_split_into_words_and_tag(pieces, spoken, tool):
    reader = TagReader()
    assert "".join(reader.feed(piece) for piece in pieces) == spoken
    assert reader.tool_name == tool


def test_only_a_tool_with_parameters_needs_arguments():
    assert tooltags.needs_arguments(LOOK)
    assert not tooltags.needs_arguments(END)
    assert not tooltags.needs_arguments(Tool("x", "", "not json"))
    assert not tooltags.needs_arguments(Tool("x", "", "[]"))
    assert tooltags.argument_schema(LOOK)["type"] == "object"
