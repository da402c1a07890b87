"""The log while a call lives: order, what survives, what is cut, what is hidden."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.call.world import Paper

from callwright.call.live.logfile import LogWriter, shortened
from callwright.conversation.effects import AskModel, Note
from callwright.conversation.events import Answered, Started, VoiceFinished
from callwright.conversation.log import EFFECT_TYPES, EVENT_TYPES, Header, event_from_wire, read_log, values_of
from callwright.conversation.plan import CallPlan
from callwright.domain.limits import MAX_LOG_ENTRY_BYTES
from callwright.domain.text import whole_text
from callwright.ports.model import Message, Tool


def _writer(paper: Paper, *, sync: bool = False) -> LogWriter:
    writer = LogWriter(paper, sync=sync)
    writer.header(Header("e", 1, "2026-01-02T03:04:05+00:00", {}, 7, {}, 1))
    return writer


def test_a_log_reads_back_as_it_was_written() -> None:
    paper = Paper()
    writer = _writer(paper)
    writer.event(Answered(10))
    writer.effect(10, Note("greeting", "soon"))
    writer.fact(12, "core", "voiced_end", {"audio_ms": 20})
    writer.close()

    header, entries = read_log(paper.data.decode())

    assert header.seed == 7
    assert [(e.seq, e.at_us, e.section, e.direction, e.type) for e in entries] == [
        (1, 10, "leg", "in", "Answered"),
        (2, 10, "core", "out", "Note"),
        (3, 12, "core", "fact", "voiced_end"),
    ]
    assert writer.size_bytes == len(paper.data)
    assert paper.closed


def test_flushing_writes_once_and_syncs_only_when_asked() -> None:
    paper, synced = Paper(), Paper()
    for each, sync in ((paper, False), (synced, True)):
        writer = _writer(each, sync=sync)
        writer.flush()
        writer.flush()
    assert (paper.syncs, synced.syncs) == (0, 1)


def test_what_was_only_handed_over_is_synced_by_the_next_flush() -> None:
    paper = Paper()
    writer = _writer(paper, sync=True)
    synced = []
    for step in (writer.hand_over, writer.flush, writer.flush):
        step()
        synced.append((bool(paper.data), paper.syncs))
    assert synced == [(True, 0), (True, 1), (True, 1)]


def test_half_a_character_from_a_plugin_does_not_end_the_log() -> None:
    paper = Paper()
    seen: list[object] = []
    writer = LogWriter(paper, listener=lambda *entry: seen.append(entry[-1]))
    writer.header(Header("e", 1, "2026-01-02T03:04:05+00:00", {"name": "A\ud83d"}, 7, {}, 1))
    writer.fact(1, "leg", "headers", {"X-Name": "half \ud83d"})
    writer.effect(2, Note("said", "half \ud83d"))
    writer.close()
    header, entries = read_log(paper.data.decode())
    assert header.variables == {"name": "A\ufffd"}
    assert [entry.values for entry in entries] == [{"X-Name": "half \ufffd"}, {"kind": "said", "text": "half \ufffd"}]
    assert seen[0] == {"X-Name": "half \ufffd"}


def test_a_full_disk_ends_the_log_and_not_the_call() -> None:
    paper = Paper()
    writer = _writer(paper)
    writer.flush()
    before = paper.data
    paper.full = True
    writer.event(Answered(1))
    writer.flush()
    paper.full = False
    writer.event(Answered(2))
    writer.flush()

    assert writer.lost is not None
    assert paper.data == before, "a hole in the middle would be worse than an end"
    assert writer.size_bytes == len(before)


def test_an_entry_just_over_its_limit_is_cut_and_marked_and_one_below_is_not() -> None:
    paper = Paper()
    writer = _writer(paper)
    fits, too_long = "x" * (MAX_LOG_ENTRY_BYTES - 200), "x" * (MAX_LOG_ENTRY_BYTES + 1)
    writer.effect(1, Note("n", fits))
    writer.effect(1, Note("n", too_long))
    writer.flush()

    first, second = (entry["v"]["text"] for entry in paper.entries())
    assert first == fits
    assert second.endswith("characters cut]")
    assert all(len(line) <= MAX_LOG_ENTRY_BYTES for line in paper.data.splitlines())


def test_text_that_grows_as_bytes_is_cut_by_its_bytes_and_nested_values_too() -> None:
    values = {"text": "é" * 60_000, "list": ["y" * 60_000], "map": {"a": "z" * 60_000}, "number": 3}
    cut = shortened(values, 10**6)
    assert len(json.dumps(cut).encode()) < 2 * MAX_LOG_ENTRY_BYTES
    assert cut["number"] == 3
    assert "characters cut" in cut["text"]
    assert "characters cut" in cut["list"][0]
    assert "characters cut" in cut["map"]["a"]


def test_the_plan_is_never_cut_because_replay_needs_it_whole() -> None:
    paper = Paper()
    writer = _writer(paper)
    plan = CallPlan(system_prompt="p" * (2 * MAX_LOG_ENTRY_BYTES))
    writer.event(Started(0, plan, (), 1))
    writer.flush()

    entry = paper.entries()[0]
    event = event_from_wire("Started", 0, entry["v"])
    assert isinstance(event, Started)
    assert event.plan == plan


_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "int": st.integers(-(2**70), 2**70),
    "bool": st.booleans(),
    "str": st.text(st.characters(exclude_categories=()), max_size=40),
}
_PLAIN = [
    kind for kind in (*EVENT_TYPES.values(), *EFFECT_TYPES.values()) if {f.type for f in fields(kind)} <= set(_VALUES)
]


@st.composite
def _items(draw: st.DrawFn) -> Any:
    kind = draw(st.sampled_from([*_PLAIN, VoiceFinished, AskModel]))
    if kind is AskModel:
        messages = tuple(Message("user", draw(_VALUES["str"])) for _ in range(draw(st.integers(0, 3))))
        return AskModel(1, 2, 3, "reply", messages, (Tool("book", "Book", "{}"),))
    if kind is VoiceFinished:
        words = draw(st.lists(st.tuples(_VALUES["str"], _VALUES["int"], _VALUES["int"]), max_size=4))
        return VoiceFinished(5, 1, 0, 400, tuple(words), draw(st.booleans()))
    return kind(**{f.name: draw(_VALUES[str(f.type)]) for f in fields(kind)})


@given(_items())
@settings(max_examples=400, deadline=None)
def test_every_entry_is_canonical_to_the_byte(item: Any) -> None:
    paper = Paper()
    writer = LogWriter(paper)
    is_event = type(item).__name__ in EVENT_TYPES
    if is_event:
        writer.event(item)
    else:
        writer.effect(7, item)
    writer.flush()

    at_us, direction, name = item.at_us if is_event else 7, "in" if is_event else "out", type(item).__name__
    section = json.loads(paper.data)["sec"]
    plain = {"at": at_us, "dir": direction, "sec": section, "seq": 1, "type": name, "v": values_of(item)}
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    assert paper.data == whole_text(text).encode()


def test_most_events_and_effects_are_written_without_a_look_at_each_field() -> None:
    assert len(_PLAIN) > 40
