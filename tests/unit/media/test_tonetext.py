"""Text in audio: what was played is heard, what was cut is not."""

import random

import numpy as np
import pytest

from callwright.media import g711, tones
from callwright.media.tonetext import ToneTextDecoder, spoken, spoken_ms, word_times

SENTENCE = "Hello there, will Tuesday at 10:30 suit you all?"


def heard(pcm: bytes, piece_bytes: int = 320) -> str:
    decoder = ToneTextDecoder()
    pieces = [pcm[at : at + piece_bytes] for at in range(0, len(pcm), piece_bytes)]
    return "".join(character.text for piece in pieces for character in decoder.feed(piece))


def over_the_line(pcm: bytes) -> bytes:
    return g711.pcm_of_mulaw(g711.mulaw_of(pcm))


@pytest.mark.parametrize("text", [SENTENCE, "aaaa  bb", "Grüße aus Köln – 電話", "".join(map(chr, range(32, 127)))])
def test_what_is_spoken_is_heard_through_mulaw(text):
    assert heard(over_the_line(spoken(text))) == text


def test_every_byte_survives_a_law_and_mulaw():
    text = "".join(map(chr, range(1, 128))) + "".join(map(chr, range(160, 700)))
    assert heard(over_the_line(spoken(text))) == text
    assert heard(g711.pcm_of_alaw(g711.alaw_of(spoken(text)))) == text


@pytest.mark.parametrize("offset_samples", range(0, 480, 7))
def test_the_stream_may_begin_anywhere_before_the_text(offset_samples):
    assert heard(bytes(2 * offset_samples) + over_the_line(spoken("yes, please"))) == "yes, please"


@pytest.mark.parametrize("cut_samples", range(0, 480 * 4, 31))
def test_a_text_joined_late_loses_at_most_the_letter_in_progress(cut_samples):
    text = "abcdefgh"
    words = heard(over_the_line(spoken(text)[2 * cut_samples :]))
    whole_letters_lost = -(-cut_samples // 480)
    assert words in (text[whole_letters_lost:], text[max(0, whole_letters_lost - 1) :])


@pytest.mark.parametrize("played_samples", range(0, 480 * 6, 29))
def test_what_was_cut_off_is_not_heard(played_samples):
    text = "cancel"
    words = heard(over_the_line(spoken(text)[: 2 * played_samples] + bytes(4_000)))
    assert text.startswith(words)
    assert played_samples // 480 <= len(words) <= (played_samples + 170) // 480


def test_pieces_of_any_size_are_heard_alike():
    pcm = over_the_line(spoken(SENTENCE))
    assert {heard(pcm, size) for size in (2, 100, 320, 1_000, 100_000)} == {SENTENCE}


def test_line_noise_does_no_harm():
    rng = np.random.default_rng(7)
    pcm = np.frombuffer(spoken(SENTENCE) + bytes(8_000), dtype="<i2") + rng.normal(
        0, 600, len(spoken(SENTENCE)) // 2 + 4_000
    )
    assert heard(over_the_line(pcm.astype("<i2").tobytes())) == SENTENCE


def test_noise_and_other_sounds_say_nothing():
    rng = np.random.default_rng(11)
    noise = rng.normal(0, 4_000, 80_000).astype("<i2").tobytes()
    tone = (8_000 * np.sin(np.arange(80_000) * 0.7)).astype("<i2").tobytes()
    pair = tones.tone((13 * 31.25 + 3 * 93.75, 61 * 31.25), 500)
    assert heard(pair) == ""
    assert heard(noise) == heard(tone) == heard(bytes(16_000)) == ""


def test_a_quieter_line_is_heard_too():
    quiet = (np.frombuffer(spoken(SENTENCE), dtype="<i2") // 8).astype("<i2").tobytes()
    assert heard(over_the_line(quiet)) == SENTENCE


def test_silence_in_the_middle_of_a_letter_never_makes_two_letters_of_it():
    rng = random.Random(5)
    for _ in range(40):
        pcm = spoken("mm")
        at = 2 * rng.randrange(480)
        assert len(heard(pcm[:at] + bytes(320) + pcm[at:])) <= 2


def test_the_place_of_a_letter_is_known():
    decoder = ToneTextDecoder()
    pcm = bytes(2 * 1600) + spoken("abc")
    times = [c.end_ms for at in range(0, len(pcm), 320) for c in decoder.feed(pcm[at : at + 320])]
    assert [round((t - 200) / 60, 1) for t in times] == pytest.approx([0.8, 1.8, 2.8], abs=0.25)


def test_word_times_lie_where_the_words_sound():
    text = "we met, we met"
    assert word_times(text) == [("we", 0, 120), ("met,", 180, 420), ("we", 480, 600), ("met", 660, 840)]
    for word, start_ms, end_ms in word_times(text):
        assert heard(spoken(text)[16 * start_ms : 16 * end_ms] + bytes(3_000)) == word


def test_nothing_said_is_no_audio():
    assert spoken("") == b""
    assert spoken_ms("né") == 180
