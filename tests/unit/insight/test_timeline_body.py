"""The timeline of a call as the API shows it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.unit.insight.doctor_call import healthy

from callwright.conversation import events as ev
from callwright.insight.timeline_body import nothing_yet, timeline_body
from callwright.insight.view import view_of
from callwright.insight.wire import encode
from callwright.lab.packed_log import unpack
from callwright.platform.timeline.schemas import TimelineView

GOLDEN = sorted(Path("tests/golden").glob("*.log.xz"))
LANES = ("caller", "agent", "work", "marks", "findings")


def wire(body):
    """What a client reads, checked against the described shape."""
    plain = json.loads(encode({"execution_id": "x", "attempt": 1, "recording": None, **body}))
    TimelineView.model_validate(plain, strict=False)
    return plain


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name.partition(".")[0])
def test_a_recorded_call_is_whole_on_its_axis(path):
    view = view_of(unpack(path.read_bytes()))
    body = wire(timeline_body(view, live=False))
    assert body["ended_ms"] <= body["until_ms"]
    for lane in LANES:
        starts = [one.get("from_ms", one.get("at_ms")) for one in body[lane]]
        assert starts == sorted(starts)
        assert all(at >= 0 for at in starts)
    for clip in (*body["caller"], *body["agent"]):
        assert clip["from_ms"] <= clip["to_ms"]
    for clip in body["agent"]:
        assert all(clip["from_ms"] <= one["from_ms"] <= one["to_ms"] <= clip["to_ms"] for one in clip["sounds"])
        assert all(clip["from_ms"] <= one["from_ms"] <= one["to_ms"] <= clip["to_ms"] for one in clip["words"])
    numbers = {one["turn"] for one in body["turns"]}
    assert {one["turn"] for one in (*body["caller"], *body["agent"])} - {None} <= numbers
    for turn in body["turns"]:
        if turn["wait"] is not None:
            assert sum(step["ms"] for step in turn["wait"]["steps"]) == pytest.approx(turn["wait"]["total_ms"])
    said = [word for clip in body["caller"] for word in clip["text"].split()]
    assert len(said) <= 2 * len(
        [w for e in view.of("TranscriptFinal", "TranscriptPartial") for w in e.values["text"].split()]
    )


@pytest.mark.parametrize("path", GOLDEN[::9], ids=lambda path: path.name.partition(".")[0])
def test_a_call_that_goes_on_is_shown_at_every_moment(path):
    lines = unpack(path.read_bytes()).splitlines(keepends=True)
    until = [
        wire(timeline_body(view_of("".join(lines[:count])), live=True))["until_ms"]
        for count in range(1, len(lines) + 1, 7)
    ]
    assert until == sorted(until)


def test_a_call_that_was_not_dialled_has_nothing():
    assert wire(nothing_yet())["turns"] == []


class TestTurns:
    def test_have_sounds_words_wait_and_cost(self):
        costs = {("turn", 1): {"llm": 2_000_000_000, "platform": 500_000_000}, ("waste", None): {"llm": 1_000_000_000}}
        welcome, first, *_, waste = wire(timeline_body(healthy().view, live=False, costs=costs))["turns"]
        assert (welcome["part"], welcome["from_ms"], welcome["cost"]) == ("welcome", 1200.0, None)
        assert (first["user"], first["assistant"]) == ("A table for two please.", "For when shall it be?")
        assert (first["wait"]["from_ms"], first["wait"]["total_ms"]) == (5500.0, 600.0)
        assert first["cost"] == {
            "transcriber": 0,
            "llm": 2,
            "synthesizer": 0,
            "network": 0,
            "platform": 0.5,
            "total": 2.5,
        }
        assert (waste["part"], waste["turn"], waste["cost"]["total"]) == ("waste", None, 1)

    def test_of_a_reply_that_is_still_playing_have_all_its_words(self):
        call = healthy()
        lines = call.text.splitlines(keepends=True)
        cut = next(at for at, line in enumerate(lines) if '"AgentSaid"' in line)
        (welcome,) = wire(timeline_body(view_of("".join(lines[:cut])), live=True))["agent"]
        assert (welcome["text"], welcome["cut"]) == ("Hello, this is Maya.", False)


class TestTheCaller:
    @pytest.mark.parametrize(
        ("text", "parts"),
        [
            ("no thank you bye", ["no thank", "you bye"]),
            # Where a clause ends near, it ends the sound too.
            ("Thank you. Goodbye.", ["Thank you.", "Goodbye."]),
            ("Bye. Have a nice long evening all of you", ["Bye. Have a nice", "long evening all of you"]),
        ],
    )
    def test_words_of_sounds_that_were_heard_as_one_are_shared_out(self, text, parts):
        call = healthy()
        call.at(15_000).event(ev.ActivityBegan, 14_000).event(ev.ActivityEnded, 14_400)
        call.event(ev.ActivityBegan, 14_700).event(ev.ActivityEnded, 15_100)
        call.at(16_200).event(ev.TranscriptFinal, 15_100, 9, text)
        clips = wire(timeline_body(call.view, live=False))["caller"]
        assert [one["text"] for one in clips[-2:]] == parts
