"""Silence and talking at once, heard in a recording."""

from callwright.lab.call_sound import longest_overlap_ms, longest_silence_ms
from callwright.media.g711 import mulaw_of
from callwright.media.tones import silence
from callwright.media.tonetext import spoken


def said(text: str, before_ms: int = 0) -> bytes:
    return mulaw_of(silence(before_ms) + spoken(text))


def test_the_longest_silence_is_where_neither_side_sounds() -> None:
    agent, caller = said("Hello."), said("Yes.", 1_400)
    assert abs(longest_silence_ms(caller, agent.ljust(len(caller), b"\xff")) - 1_040) <= 40


def test_dead_air_before_the_end_is_silence() -> None:
    agent = said("Hello.") + mulaw_of(silence(61_000))
    assert abs(longest_silence_ms(b"\xff" * len(agent), agent) - 61_000) <= 100
    assert abs(longest_silence_ms(b"", agent) - 61_000) <= 100
    assert longest_silence_ms(b"", b"") == 0


def test_both_at_once_is_counted_over_breaths() -> None:
    agent, caller = said("One moment. Please."), said("But wait", 480)
    assert abs(longest_overlap_ms(caller, agent) - 480) <= 40
    assert longest_overlap_ms(said("Yes.", 5_000), agent) == 0
