"""Sample rate conversion: length, level, pitch, and no ghosts of what the new rate cannot carry."""

import numpy as np
import pytest

from callwright.media.resample import StreamResampler, resample

RATES = [(8_000, 16_000), (16_000, 8_000), (24_000, 8_000), (22_050, 8_000), (8_000, 48_000), (44_100, 8_000)]


def sine(rate_hz: int, hz: float, ms: int = 500, amplitude: int = 10_000) -> bytes:
    return (amplitude * np.sin(2 * np.pi * hz * np.arange(rate_hz * ms // 1000) / rate_hz)).astype("<i2").tobytes()


def level(pcm: bytes) -> float:
    samples = np.frombuffer(pcm, dtype="<i2").astype(float)
    return float(np.sqrt(np.mean(samples[len(samples) // 4 : -len(samples) // 4] ** 2)))


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
def test_a_tone_keeps_its_pitch_level_and_length(from_hz, to_hz):
    out = np.frombuffer(resample(sine(from_hz, 1_000), from_hz, to_hz), dtype="<i2").astype(float)
    assert len(out) == -(-(from_hz // 2) * to_hz // from_hz)
    wanted = np.frombuffer(sine(to_hz, 1_000), dtype="<i2").astype(float)[: len(out)]
    inner = slice(len(wanted) // 10, -len(wanted) // 10)
    error = np.sqrt(np.mean((out[: len(wanted)][inner] - wanted[inner]) ** 2))
    assert error < 0.01 * 10_000


@pytest.mark.parametrize("hz", [4_600, 5_000, 6_000, 7_500])
def test_what_8_khz_cannot_carry_does_not_come_back_as_a_ghost(hz):
    assert level(resample(sine(16_000, hz), 16_000, 8_000)) < 0.01 * level(sine(16_000, hz))


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
@pytest.mark.parametrize("samples", [1, 2, 7, 160, 441, 4_001])
def test_every_length_is_rounded_up_and_every_run_gives_the_same_samples(from_hz, to_hz, samples):
    pcm = sine(from_hz, 700, ms=1_000)[: 2 * samples]
    assert len(resample(pcm, from_hz, to_hz)) == 2 * -(-samples * to_hz // from_hz)
    assert resample(pcm, from_hz, to_hz) == resample(pcm, from_hz, to_hz)


def test_the_end_of_a_buffer_is_as_loud_as_its_middle():
    # A constant has no loud or soft moment: a sample left out at the end would be one of silence.
    constant = np.full(4_001, 10_000, dtype="<i2").tobytes()
    out = np.frombuffer(resample(constant, 22_050, 8_000), dtype="<i2")
    assert out[-1] > 3_000


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
@pytest.mark.parametrize("piece_samples", [1, 7, 160, 441])
def test_a_stream_gives_the_same_samples_whatever_its_pieces(from_hz, to_hz, piece_samples):
    pcm = sine(from_hz, 700, ms=60)
    stream = StreamResampler(from_hz, to_hz)
    pieces = [stream.feed(pcm[at : at + 2 * piece_samples]) for at in range(0, len(pcm), 2 * piece_samples)]
    made = b"".join(pieces) + stream.flush()
    assert made == stream.feed(pcm) + stream.flush()
    whole = np.frombuffer(resample(pcm, from_hz, to_hz), dtype="<i2").astype(int)
    assert len(made) == 2 * len(whole)
    assert np.abs(np.frombuffer(made, dtype="<i2") - whole)[len(whole) // 4 : -len(whole) // 4].max() < 100


def test_a_stream_holds_back_two_milliseconds_at_most():
    stream = StreamResampler(8_000, 16_000)
    made = sum(len(stream.feed(sine(8_000, 500, ms=20))) // 2 for _ in range(10))
    assert 3_200 - made <= 2 * 16


def test_a_stream_can_be_used_again_after_its_end():
    stream = StreamResampler(16_000, 8_000)
    pcm = sine(16_000, 300, ms=40)
    first = stream.feed(pcm) + stream.flush()
    assert stream.feed(pcm) + stream.flush() == first


def test_the_same_rate_changes_nothing():
    pcm = sine(8_000, 440)
    assert resample(pcm, 8_000, 8_000) == pcm


def test_a_loud_signal_is_clipped_not_wrapped():
    square = (32_767 * np.sign(np.sin(np.arange(4_000) * 0.05))).astype("<i2").tobytes()
    out = np.frombuffer(resample(square, 8_000, 16_000), dtype="<i2").astype(int)
    assert np.abs(np.diff(out)).max() < 45_000


def test_nothing_becomes_nothing():
    assert resample(b"", 16_000, 8_000) == b""


@pytest.mark.parametrize("rates", [(0, 8_000), (8_000, 0), (8_000, 400_000)])
def test_an_impossible_rate_is_refused(rates):
    with pytest.raises(ValueError, match="sample rate"):
        resample(b"", *rates)
