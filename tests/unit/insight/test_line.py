"""What the line was like, from the facts its leg noted."""

import pytest
from tests.unit.insight.call_log import CallLog

from callwright.conversation import events as ev
from callwright.insight.line import DialTimes, dial_times, line_of, quality_of

QUALITY = {
    "rx_packets": 950,
    "rx_lost": 50,
    "rx_jitter_ms": 7.5,
    "tx_packets": 1_000,
    "tx_lost": 20,
    "tx_jitter_ms": 3.25,
    "rtt_ms": 40.5,
    "jbuf_late": 2,
    "jbuf_lost": 48,
    "held_in_stack_ms_max": 60,
    "tx_starved_frames": 1,
    "one_way": "",
    "final": True,
}


def asked(log: CallLog, at_ms: int = 0) -> CallLog:
    return log.at(at_ms).fact("leg", "dialling", carrier="sip", callback_id="call-1.1")


def test_the_delay_counts_from_asking_the_carrier_not_from_warming_up():
    log = asked(CallLog(), 17_000).at(17_400).event(ev.Ringing).at(21_000).answered().at(30_000).leg_ended()
    assert dial_times(log.view) == DialTimes(400, 3_600)


def test_a_call_answered_without_ringing_rang_for_no_time():
    log = asked(CallLog()).at(250).answered().at(9_000).leg_ended()
    assert dial_times(log.view) == DialTimes(250, 0)


def test_early_media_is_ringing_to_whoever_calls():
    log = asked(CallLog()).at(300).fact("leg", "early_media").at(900).event(ev.Ringing).at(5_300).answered()
    assert dial_times(log.view) == DialTimes(300, 5_000)


def test_a_sign_that_comes_after_the_answer_is_none():
    log = asked(CallLog()).at(300).answered().at(310).fact("leg", "early_media").at(2_000).leg_ended()
    assert dial_times(log.view) == DialTimes(300, 0)


def test_an_unanswered_call_rang_until_it_was_over():
    log = asked(CallLog()).at(200).event(ev.Ringing).at(45_200).leg_ended("Carrier", "Call unanswered", 3000)
    assert dial_times(log.view) == DialTimes(200, 45_000)


def test_a_call_refused_at_once_has_neither_time():
    log = asked(CallLog()).at(100).leg_ended("Carrier", "Call recipient was busy", 3010)
    assert dial_times(log.view) == DialTimes(None, None)


def test_a_call_that_comes_in_rings_until_we_answer_and_was_dialled_by_somebody_else():
    log = CallLog().at(5).fact("leg", "offered", carrier="sip", called="100").at(1_205).answered().at(9_000).leg_ended()
    assert dial_times(log.view) == DialTimes(None, 1_200)


def test_an_attempt_that_never_asked_anybody_has_no_line():
    assert line_of(CallLog().leg_ended("Error", "node_lost", 5010).view) is None
    assert dial_times(CallLog().view) == DialTimes(None, None)


def test_the_ringing_of_a_log_that_breaks_off_has_no_length() -> None:
    log = asked(CallLog(), 100).at(300).event(ev.Ringing).at(700)
    assert dial_times(log.view) == DialTimes(200, None)


def test_counters_of_the_carrier_and_of_our_own_are_one_object():
    log = asked(CallLog()).at(100).answered()
    log.fact("leg", "media", codec="PCMU", why="answer").fact("leg", "media", codec="PCMA", why="re-invite")
    log.fact("leg", "quality", **{**QUALITY, "rx_lost": 3, "final": False}).fact("leg", "quality", **QUALITY)
    log.fact("leg", "sip", status=0, q850=16, reason="", by="them", call_id="a@b")
    log.fact("leg", "headers", **{"X-Campaign": "spring"})
    log.fact("leg", "moved", target="sip:bob@127.0.0.1").fact("leg", "refer_refused", target="sip:x@evil", why="host")
    log.at(9_000).fact("leg", "closed", outcome="answered", provider_code="normal_clearing").leg_ended()
    log.fact("leg", "line", frames_in=445, frames_out=300, starved_frames=0, late_frames=0, late_p99_ms=1)
    line = line_of(log.view)
    assert line is not None
    assert {name: line[name] for name in QUALITY if name not in ("one_way", "final")} == {
        name: value for name, value in QUALITY.items() if name not in ("one_way", "final")
    }
    assert (line["rx_loss_percent"], line["tx_loss_percent"]) == (5.0, 2.0)
    assert (line["codec"], line["frames_in"], line["late_p99_ms"]) == ("PCMA", 445, 1)
    assert line["sip"]["call_id"] == "a@b"
    assert line["headers"] == {"X-Campaign": "spring"}
    assert line["moved_to"] == ["sip:bob@127.0.0.1"]
    assert line["refer_refused"] == [{"target": "sip:x@evil", "why": "host"}]
    assert (line["post_dial_delay_ms"], line["ring_ms"], line["provider_code"]) == (100, 0, "normal_clearing")
    assert "final" not in line


@pytest.mark.parametrize(("unvoiced", "noise_db"), [(200, None), (600, -26)])
def test_ends_of_words_between_digital_silence_are_no_noise(unvoiced: int, noise_db: int | None):
    levels = {"frames_in": 2_000, "voiced_frames": 400, "unvoiced_frames": unvoiced, "speech_db": -20, "noise_db": -26}
    line = line_of(CallLog().answered().fact("leg", "line", **levels).view)
    assert line is not None
    assert line["noise_db"] == noise_db


def test_keys_are_the_same_for_a_carrier_that_counts_nothing():
    bare = CallLog().answered().fact("leg", "line", frames_in=1, frames_out=1)
    full = CallLog().answered().fact("leg", "quality", **QUALITY)
    one, other = line_of(bare.view), line_of(full.view)
    assert one is not None
    assert other is not None
    assert set(one) == set(other)
    assert one["rx_loss_percent"] is None
    assert one["sip"] is None


def test_what_only_the_far_end_can_tell_is_unknown_when_it_tells_nothing():
    quiet = {**QUALITY, "tx_lost": 0, "tx_jitter_ms": 0.0, "rtt_ms": 0.0}
    line = line_of(CallLog().answered().fact("leg", "quality", **quiet).view)
    assert line is not None
    assert [line[key] for key in ("tx_lost", "tx_loss_percent", "tx_jitter_ms", "rtt_ms")] == [None] * 4
    assert (line["rx_loss_percent"], line["tx_packets"]) == (5.0, 1_000)


def test_a_line_on_which_nothing_was_sent_lost_nothing():
    silent = {**QUALITY, "rx_packets": 0, "rx_lost": 0, "tx_packets": 0, "tx_lost": 0}
    line = line_of(CallLog().answered().fact("leg", "quality", **silent).view)
    assert line is not None
    assert (line["rx_loss_percent"], line["tx_loss_percent"]) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("lost", "rtt_ms", "jitter_ms", "mos"),
    [
        (0, 1, 0, 4.4),  # G.711 at its best
        (20, 1, 0, 4.22),
        (50, 1, 0, 3.9),
        (200, 1, 0, 2.6),
        (0, 600, 0, 3.59),  # half of it one way: people speak over one another
        (0, 1, 100, 4.14),
        (800, 2_000, 100, 1.0),
    ],
)
def test_the_opinion_score_falls_with_loss_delay_and_jitter(lost: int, rtt_ms: int, jitter_ms: int, mos: float):
    counted = {"rx_packets": 1_000 - lost, "rx_lost": lost, "rx_jitter_ms": jitter_ms, "rtt_ms": rtt_ms}
    assert quality_of(counted)["rx_mos"] == pytest.approx(mos, abs=0.01)


def test_a_carrier_without_a_count_of_packets_has_its_jitter_buffer_s():
    stream = {"rx_packets": 950, "jbuf_lost": 50, "jbuf_late": 3, "rx_jitter_ms": 2.5, "tx_packets": 1_000}
    found = quality_of(stream)
    assert (found["rx_lost"], found["rx_loss_percent"], found["loss_from"]) == (50, 5.0, "jitter_buffer")
    assert found["rx_mos"] == pytest.approx(3.9, abs=0.01)
    assert (found["tx_loss_percent"], found["tx_mos"]) == (None, None)


def test_a_line_without_a_packet_has_no_score():
    assert quality_of({"rx_packets": 0, "rx_lost": 0})["rx_mos"] is None
    assert quality_of({})["rx_mos"] is None


@pytest.mark.parametrize(
    ("told", "measured", "says"),
    [
        ([], [], ""),
        (["", ""], [], ""),
        (["", "no_audio_to_caller", ""], [], "no_audio_to_caller"),
        ([], ["no_audio_from_caller"], "no_audio_from_caller"),
        (["no_audio_to_caller"], ["no_audio_from_caller"], "no_audio_to_caller"),
    ],
)
def test_one_way_audio_is_told_by_the_carrier_or_measured(told: list[str], measured: list[str], says: str):
    log = CallLog().answered()
    for one in told:
        log.fact("leg", "quality", **{**QUALITY, "one_way": one})
    for one in measured:
        log.fact("leg", "one_way", what=one, frames=0)
    line = line_of(log.fact("leg", "line", frames_in=0).view)
    assert line is not None
    assert line["one_way"] == says


def test_holds_are_counted_and_their_time_added_up():
    log = CallLog().answered()
    for at_ms, on in ((1_000, True), (1_500, True), (3_000, False), (3_100, False), (5_000, True)):
        log.at(at_ms).fact("leg", "held", on=on)
    line = line_of(log.at(9_000).leg_ended().view)
    assert line is not None
    assert (line["holds"], line["held_ms"]) == (2, 6_000)
