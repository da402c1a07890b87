"""Golden traces: what is chosen, and what is said of one that changed."""

import pytest
from proof.conversations import converse
from proof.golden import UNDECLARED, changed, choose, differs, features

from callwright.conversation.log import LogFormatError, entry_line, read_log
from callwright.lab.packed_log import pack, unpack

LOG = converse(18).log()


def test_a_trace_is_the_log_without_what_replays_nothing():
    track = (
        LOG.splitlines()[0] + '\n{"at":0,"dir":"fact","sec":"core","seq":1,"type":"vad_track","v":{"data":"AAAA"}}\n'
    )
    assert unpack(pack(LOG)) == LOG
    assert unpack(pack(track)) == LOG.splitlines()[0] + "\n"
    assert len(pack(LOG)) < len(LOG) / 4


def test_a_number_that_was_left_out_is_an_empty_track_again():
    count = len(LOG.splitlines()) - 1
    track = entry_line(count + 1, 8, "core", "fact", "vad_track", {"data": "AAAA"})
    _, entries = read_log(unpack(pack(LOG + track + entry_line(count + 2, 9, "leg", "fact", "line", {}))))
    assert [entry.seq for entry in entries] == list(range(1, count + 3))
    assert (entries[-2].type, entries[-2].values) == ("vad_track", {})


def test_what_is_no_trace_is_refused():
    with pytest.raises(LogFormatError, match="not a packed log"):
        unpack(b"something else")


def test_features_are_what_happened_and_in_which_state():
    fact = '{"at":9,"dir":"fact","sec":"leg","seq":9,"type":"dialled","v":{}}\n'
    found = features(LOG + fact)
    assert "dialled" not in found
    assert {"new meets Started", "dialling meets Answered", "HangUp", "Speak purpose welcome"} <= found


def test_the_fewest_calls_that_show_the_most_are_chosen():
    found = {"a": frozenset("xy"), "b": frozenset("xyz"), "c": frozenset("uv"), "d": frozenset("z")}
    assert choose(found, 9) == ["b", "c"]
    assert choose(found, 1) == ["b"]
    assert choose({}, 3) == []


def test_a_log_that_replays_differs_in_nothing():
    assert differs(LOG) == []
    assert changed(LOG, LOG) == []


def test_another_behaviour_of_the_core_is_told_by_its_first_difference():
    recorded = LOG.replace('"type":"StartRecording"', '"type":"StopRecording"')
    assert differs(recorded)[0].startswith("first difference at entry")
    assert differs(recorded)[-1] == UNDECLARED
    assert UNDECLARED not in differs(recorded.replace('"core":', '"core":9')), "another version may do other things"
    assert changed(recorded, LOG) == differs(recorded)


def test_a_log_of_another_core_and_one_that_cannot_be_read_are_told():
    assert "another version" in differs(LOG.replace('"core":', '"core":9'))[0]
    assert "cannot read" in differs(LOG.replace('"type":"Ringing"', '"type":"Tringing"'))[0]


def test_a_trace_that_only_has_another_version_is_told_so():
    assert changed(LOG.replace('"core":', '"core":9'), LOG) == differs(LOG.replace('"core":', '"core":9'))


def test_another_world_is_not_taken_for_another_core():
    first, *more = changed(LOG, converse(6).log())
    assert "simulated world around it changed" in first
    assert more[0].startswith("  input ")


def test_a_world_that_goes_on_longer_is_told_so():
    lines = LOG.splitlines(keepends=True)
    last = max(number for number, line in enumerate(lines) if '"dir":"in"' in line)
    shorter = "".join(lines[:last])
    inputs = sum('"dir":"in"' in line for line in lines)
    assert changed(shorter, LOG)[1] == f"  {inputs - 1} inputs became {inputs}"
