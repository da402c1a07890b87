"""What `callwright selfcall` says of what it measured: every row with its limit, and how recognised words are counted."""

from dataclasses import replace

import pytest

from callwright.cli.selfcall_table import SelfCall, Spoken, WayMeasured, as_json, judged, table, word_errors
from callwright.lab.line import line_of
from callwright.media.probe import ToneReading

GOOD = WayMeasured(
    delays_ms=(80.0, 90.0, 100.0),
    markers=5,
    sent_dbfs=-15.0,
    tone=ToneReading(found_ms=3_000, level_dbfs=-15.5, gaps=0, gap_ms=0, clipped_share=0.0),
    spoken=(Spoken("The weather was fine.", "the weather was fine"),),
    keys_sent="159#",
    keys_got="159#",
    quality={"rx_packets": 1_000, "rx_lost": 0, "rx_jitter_ms": 2.0},
    sender_quality={"held_in_stack_ms_max": 60},
)


def call(line="", there=GOOD, back=GOOD, set_up_ms=50.0, ears="local"):
    return SelfCall("sip", line_of(line), "local", ears, set_up_ms, there, back)


def failed(measured):
    return [row.what for row in judged(measured) if not row.ok]


def tone(**changed):
    assert GOOD.tone is not None
    return replace(GOOD, tone=replace(GOOD.tone, **changed))


def test_a_good_call_has_no_failed_row_and_says_so():
    measured = call()
    assert failed(measured) == []
    text = table(measured, judged(measured))
    assert "selfcall over sip, voice local, ears local; line: as it is" in text
    assert "90 ms (80-100)" in text
    assert "heard  the weather was fine" in text
    assert text.endswith("verdict: good: every row is within its limit")


@pytest.mark.parametrize(
    ("way", "row"),
    [
        (replace(GOOD, delays_ms=(251.0,)), "one-way delay"),
        (replace(GOOD, delays_ms=()), "one-way delay"),
        (tone(level_dbfs=-18.1), "level, sent and heard"),
        (tone(level_dbfs=-11.9), "level, sent and heard"),
        (tone(clipped_share=0.0011), "clipped samples"),
        (replace(GOOD, quality={**GOOD.quality, "rx_lost": 11}), "packets lost"),
        (replace(GOOD, quality={**GOOD.quality, "rx_jitter_ms": 31}), "jitter"),
        (tone(gaps=2, gap_ms=31), "gaps in a steady tone"),
        (replace(GOOD, echo=(-39.0, 200.0)), "echo of what is sent"),
        (replace(GOOD, sender_quality={"held_in_stack_ms_max": 61}), "held in the stack"),
        (replace(GOOD, keys_got="15599#"), "keys as sent"),
        (replace(GOOD, keys_got=""), "keys as sent"),
        (replace(GOOD, spoken=(Spoken("one two three four", "one two tree four"),)), "recognised"),
        (replace(GOOD, spoken=()), "recognised"),
    ],
)
def test_each_thing_is_judged_in_both_ways(way, row):
    assert failed(call(there=way)) == [row]
    assert failed(call(back=way)) == [row]


def test_what_was_not_measured_is_no_success():
    nothing = failed(call(there=replace(GOOD, tone=None, quality={})))
    assert nothing == ["level, sent and heard", "clipped samples", "packets lost", "jitter", "gaps in a steady tone"]


def test_a_carrier_without_a_stack_holds_nothing():
    assert failed(call(there=replace(GOOD, sender_quality={}))) == []


def test_a_slow_answer_is_judged():
    assert failed(call(set_up_ms=1_001)) == ["set-up, INVITE to answer"]


class TestWhatTheLineWasToldIsNotHeldAgainstIt:
    @pytest.mark.parametrize(
        ("line", "there", "set_up_ms"),
        [
            ("lose_invite=1", GOOD, 1_500),
            ("delay=100,jitter=50", replace(GOOD, delays_ms=(400.0,)), 1_600),
            ("level=-10", tone(level_dbfs=-25.0), 50),
            ("loss=5", replace(tone(gaps=9, gap_ms=330), quality={**GOOD.quality, "rx_lost": 100}), 2_500),
            ("jitter=100", replace(GOOD, quality={**GOOD.quality, "rx_jitter_ms": 120}), 50),
            ("echo=-20dB", replace(GOOD, echo=(-21.0, 250.0)), 50),
            ("echo=-20dB,level=-6,way=out", replace(tone(level_dbfs=-21.0), echo=(-26.0, 250.0)), 50),
            ("loss=5", replace(GOOD, spoken=(Spoken("a b c d e", "a b c x y"),)), 50),
        ],
    )
    def test_as_told(self, line, there, set_up_ms):
        back = tone(level_dbfs=-25.0) if line == "level=-10" else GOOD
        assert failed(call(line, there, back, set_up_ms)) == []

    @pytest.mark.parametrize(
        ("line", "there", "row"),
        [
            ("echo=-20dB", GOOD, "echo of what is sent"),
            ("echo=-20dB", replace(GOOD, echo=(-30.0, 250.0)), "echo of what is sent"),
            ("level=-10,way=out", GOOD, "level, sent and heard"),
            ("loss=5", replace(GOOD, quality={**GOOD.quality, "rx_lost": 110}), "packets lost"),
        ],
    )
    def test_less_or_more_than_told(self, line, there, row):
        assert failed(call(line, there)) == [row]

    def test_two_tone_text_over_a_line_that_loses_is_shown_and_not_judged(self):
        measured = call("loss=5", replace(GOOD, spoken=(Spoken("a b", "x y"),)), ears="scripted")
        (row,) = [row for row in judged(measured) if row.what == "recognised"]
        assert (row.there, row.limit, row.verdict) == ("100 % of 2 wrong", "none: two-tone text", "-")
        assert failed(measured) == []
        assert failed(replace(measured, conditions=line_of(""))) == ["recognised"]


def test_a_failed_call_says_how_much_of_it():
    measured = call(there=replace(GOOD, keys_got="1"))
    text = table(measured, judged(measured))
    assert "159#, came 1" in text
    assert "FAILED" in text
    assert text.endswith("verdict: 1 of 11 rows beyond their limit")


def test_json_has_everything():
    body = as_json(call("loss=5"), judged(call("loss=5")))
    assert (body["ok"], body["line"], body["set_up_ms"]) == (True, "loss=5%", 50.0)
    assert body["there"]["tone"]["gap_ms"] == 0
    assert len(body["rows"]) == 11


@pytest.mark.parametrize(
    ("said", "heard", "errors"),
    [
        ("Good morning.", "good morning", 0),
        ("one two three", "one three", 1),
        ("one three", "one two three", 1),
        ("one two three", "one too three", 1),
        ("one two", "", 2),
        ("", "one", 1),
        ("don't stop", "Don't, stop!", 0),
    ],
)
def test_words_wrong_missing_and_too_many(said, heard, errors):
    assert word_errors(said, heard) == errors
