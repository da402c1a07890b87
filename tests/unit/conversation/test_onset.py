"""Where the words of a stretch were begun. Positions in milliseconds; a time is a position here."""

from callwright.conversation.onset import KEPT_SOUNDS, UTTERANCE_PAUSE_MS, Onset

AT_MS = 1_000
"""When something is heard that the words may have been begun before."""


def heard(*sounds: tuple[int, int]) -> Onset:
    onset = Onset()
    for began_ms, ended_ms in sounds:
        onset.begin(began_ms)
        onset.end(ended_ms)
    return onset


def before(onset: Onset) -> bool:
    return onset.before(AT_MS, lambda audio_ms: audio_ms)


def test_a_sound_without_words_counts_as_long_as_it_is_not_over() -> None:
    onset = Onset()
    onset.begin(800)
    assert before(onset)
    onset.end(1_200)
    assert before(onset)
    assert not before(heard((800, 900)))
    assert not before(heard((1_100, 1_200)))


def test_words_are_of_the_latest_sound_that_is_long_enough_for_them() -> None:
    onset = heard((500, 600), (1_100, 1_400))
    onset.hear("okay", 1_400, 1_400, False)
    assert not before(onset)
    onset.hear("okay then I will go on", 1_410, 1_400, False)
    assert before(onset)


def test_sounds_with_less_than_a_pause_between_them_are_one_utterance() -> None:
    apart_ms = UTTERANCE_PAUSE_MS
    onset = heard((500, 700), (699 + apart_ms, 1_400))
    onset.hear("yes", 1_400, 1_400, False)
    assert before(onset)
    onset = heard((500, 700), (700 + apart_ms, 1_400))
    onset.hear("yes", 1_400, 1_400, False)
    assert not before(onset)
    onset = heard((300, 500), (700, 900), (1_100, 1_400))
    onset.hear("yes", 1_400, 1_400, False)
    assert before(onset)


def test_a_sound_is_no_longer_of_an_utterance_whose_turn_is_over() -> None:
    onset = heard((700, 900))
    onset.begin(1_100)
    onset.close(True)
    onset.hear("yes", 1_200, 900, False)
    assert not before(onset)


def test_words_too_many_for_the_last_utterance_are_shared_with_one_that_is_long_enough_for_the_rest() -> None:
    words = "hello sorry I was away"
    onset = heard((0, 500), (1_100, 2_000))
    onset.hear(words, 2_000, 2_000, False)
    assert before(onset)
    onset = heard((400, 500), (1_100, 2_000))
    onset.hear(words, 2_000, 2_000, False)
    assert not before(onset), "a cough holds none of them"
    onset = heard((0, 500), (1_100, 2_500))
    onset.hear(words, 2_500, 2_500, False)
    assert not before(onset), "there was time for all of them"


def test_one_word_is_not_said_in_two_utterances_and_a_long_pause_shares_nothing() -> None:
    onset = heard((0, 500), (1_100, 1_300))
    onset.hear("okay", 1_300, 1_300, False)
    assert not before(onset)
    onset = heard((0, 500), (1_501, 2_400))
    onset.hear("hello sorry I was away", 2_400, 2_400, False)
    assert not before(onset)


def test_a_sound_without_an_end_may_have_held_words() -> None:
    onset = Onset()
    onset.begin(500)
    onset.begin(1_100)
    onset.hear("hello sorry I was away", 2_000, 2_000, False)
    assert before(onset)


def test_words_longer_than_all_sounds_are_of_the_first_and_without_a_sound_of_the_last_voice() -> None:
    onset = heard((900, 950))
    onset.hear("wait", 960, 950, False)
    assert before(onset)
    onset = Onset()
    onset.hear("wait", 1_010, 990, False)
    assert before(onset)


def test_words_the_detector_misses_say_where_they_were_begun() -> None:
    onset = heard((800, 900))
    onset.hear("okay", 1_400, 900, True)
    onset.hear("okay then", 1_450, 900, False)
    assert not before(onset)
    onset = Onset()
    onset.hear("okay I am here", 1_400, 900, True)
    assert before(onset)


def test_an_end_without_a_beginning_is_all_that_is_known_of_a_sound() -> None:
    onset = Onset()
    onset.end(1_300)
    assert not before(onset)
    onset = heard((800, 900))
    onset.end(1_300)
    assert not before(onset)


def test_words_that_are_taken_back_were_not_said() -> None:
    onset = heard((800, 900))
    onset.hear("bye", 900, 900, False)
    assert before(onset)
    onset.unsay()
    assert not before(onset)


def test_a_new_stretch_has_its_own_beginning() -> None:
    onset = heard((800, 1_100))
    onset.begin_stretch(2_200, False)
    assert not before(onset)
    onset.begin(2_200)
    onset.hear("yes", 2_210, 1_100, False)
    assert before(onset), "too soon for the new sound: of the one before, of which no words were known"
    onset = heard((800, 1_100))
    onset.hear("bye", 1_100, 1_100, False)
    onset.begin_stretch(2_200, True)
    onset.begin(2_200)
    onset.hear("bye now", 2_210, 1_100, False)
    assert not before(onset)


def test_what_sounds_when_a_turn_is_over_is_of_the_next_one() -> None:
    onset = heard((700, 750))
    onset.begin(800)
    onset.close(True)
    assert before(onset)
    onset.close(False)
    assert not before(onset)


def test_the_last_sounds_are_kept() -> None:
    onset = heard(*((position, position + 5) for position in range(1_100, 1_100 + 10 * KEPT_SOUNDS, 10)))
    onset.begin(2_000)
    onset.hear("w" * 100, 2_100, 2_000, False)
    assert not before(onset)
