"""How loud the caller is, measured frame by frame."""

from tests.unit.call.world import Bench

from callwright.call.live.caller_sound import CallerSound, Levels
from callwright.media.framing import MULAW_SILENCE
from callwright.media.g711 import mulaw_of


def frame(amplitude: int) -> bytes:
    """20 ms of a square wave, whose root mean square is its amplitude."""
    return mulaw_of(
        (amplitude.to_bytes(2, "little", signed=True) + (-amplitude).to_bytes(2, "little", signed=True)) * 80
    )


def sound() -> CallerSound:
    bench = Bench()
    return CallerSound(bench.runner, bench.clock)


def test_voice_and_noise_have_levels_of_their_own() -> None:
    heard = sound()
    for _ in range(10):
        heard.frame(frame(3_277), voiced=True)
        heard.frame(frame(328))
    measured = heard.measured()
    assert (measured["speech_db"], measured["noise_db"]) == (-20, -40)
    assert (measured["voiced_frames"], measured["unvoiced_frames"]) == (10, 10)


def test_digital_silence_has_no_level() -> None:
    heard = sound()
    heard.frame(MULAW_SILENCE)
    assert heard.measured() == {
        "voiced_frames": 0,
        "unvoiced_frames": 0,
        "speech_db": None,
        "noise_db": None,
        "clipped_frames": 0,
        "clipped_from_ms": None,
    }
    assert (heard.frames, heard.from_ms) == (1, None)


def test_a_frame_is_clipped_when_its_top_is_cut_off() -> None:
    heard = sound()
    top, loud = frame(32_700), frame(20_000)
    heard.frame(loud, voiced=True)
    heard.frame(top[:7] + loud[7:], voiced=True)
    assert heard.clipped_frames == 0
    heard.frame(top[:8] + loud[8:], voiced=True)
    heard.frame(top, voiced=True)
    assert (heard.clipped_frames, heard.clipped_from_ms) == (2, 40)


def test_the_median_is_of_whole_decibels_and_never_below_the_lowest() -> None:
    levels = Levels()
    for rms in (0, 328, 3_277):
        levels.add(rms)
    assert (levels.median_db(), levels.frames) == (-40, 3)
    levels = Levels()
    levels.add(0)
    assert levels.median_db() == -90
