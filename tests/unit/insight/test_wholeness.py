"""Whether a log has all its entries, and an end."""

import pytest
from tests.unit.insight.call_log import CallLog
from tests.unit.lab.recorded_calls import header

from callwright.conversation import effects as fx
from callwright.conversation.log import LogFormatError, entry_line
from callwright.insight.view import view_of
from callwright.insight.wholeness import Gap, wholeness


def numbered(*numbers: int):
    """A log of facts with these numbers, in this order, one a second; the last one ends it."""
    lines = [entry_line(seq, at * 1_000_000, "leg", "fact", "x", {}) for at, seq in enumerate(numbers, 1)]
    return view_of(header() + "".join(lines))


def test_an_entry_whose_type_is_no_text_is_none():
    for kind in ("[1]", "5", "null"):
        with pytest.raises(LogFormatError, match="entry 1: its type is no text"):
            view_of(header() + entry_line(1, 0, "leg", "fact", "x", {}).replace('"type":"x"', f'"type":{kind}'))


@pytest.mark.parametrize(
    ("numbers", "missing"),
    [
        ((1, 2, 3), ""),
        ((), ""),
        ((2, 3), "entry 1 missing"),
        ((1, 3), "entry 2 missing"),
        ((1, 4, 7), "entries 2 to 3, 5 to 6 missing"),
        ((1, 3, 2), "out of place: 2"),
        ((1, 2, 2), "out of place: 2"),
        ((1, 4, 2), "entry 3 missing; out of place: 2"),
        (tuple(range(1, 60, 2)), "entries " + ", ".join(map(str, range(2, 42, 2))) + " and 9 more missing"),
    ],
)
def test_which_numbers_are_missing_is_told(numbers, missing):
    lacks = wholeness(numbered(*numbers))
    assert lacks.missing() == missing
    assert lacks.has_all == (missing == "")
    assert lacks.told()[0].startswith(f"the log is not whole: {missing}" if missing else "the log breaks off")


def test_a_gap_is_where_the_entry_before_it_was_written():
    assert wholeness(numbered(1, 2, 5)).gaps == (Gap(3, 4, 2_000_000),)
    assert wholeness(numbered(3)).gaps == (Gap(1, 2, 0),)


def test_a_log_goes_on_to_the_end_of_the_leg_or_breaks_off():
    call = CallLog().at(1_000).answered()
    assert wholeness(call.view).breaks_off_us == 1_000_000
    assert "breaks off 1.0 s after its beginning" in wholeness(call.view).told()[0]
    assert wholeness(call.at(2_000).leg_ended().view).told() == []


def test_a_leg_that_never_said_it_was_over_is_an_end():
    call = CallLog().at(1_000).answered().write(fx.Note("reply_timeout", ""))
    assert wholeness(call.view).breaks_off_us is not None
    assert wholeness(call.write(fx.Note("leg_unconfirmed", "")).view).breaks_off_us is None


def test_the_gaps_of_a_golden_trace_unpacked_by_hand_are_explained():
    call = CallLog().answered().at(1_000)
    call.seq += 1
    call.leg_ended()
    assert wholeness(call.view).told() == [
        "the log is not whole: entry 2 missing",
        "a golden trace that was unpacked by hand lacks its voice tracks: name the .log.xz itself",
    ]
    assert wholeness(call.fact("core", "vad_track").view).told() == ["the log is not whole: entry 2 missing"]
