"""Which words stop the agent and which only say that the caller listens, in the languages of the tables."""

import pytest

from callwright.conversation import phrases
from callwright.conversation.stops import normalised, phrasebook

LANGUAGES = sorted(phrases.STOPS)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("HOLD ON.", "hold on"),
        ("That’s  enough!", "that's enough"),
        ("¡Espere, por favor!", "espere por favor"),
        ("Arrêtez-vous", "arretez vous"),
        ("Straße", "strasse"),
        ("हाँ, ठीक है।", "हां ठीक है"),
        ("रुकिए ज़रा", "रुकिए जरा"),
        ("ஒரு நிமிடம்!", "ஒரு நிமிடம்"),
        ("ＯＫ", "ok"),
        ("snake_case", "snake_case"),
    ],
)
def test_spelling_does_not_matter(text: str, same: str) -> None:
    assert normalised(text) == normalised(same)
    assert " ".join(normalised(text).split()) == normalised(text)


def test_vowel_signs_are_part_of_a_word() -> None:
    assert normalised("रुको") == "रुको"
    assert normalised("रुको") != normalised("रुका")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_words_of_a_call_both_stop_the_agent_and_mean_go_on(language: str) -> None:
    book = phrasebook(language)
    for spoken in {language, "en"}:
        for phrase in phrases.STOPS[spoken]:
            assert book.stops(phrase), phrase
            assert not book.is_backchannel(phrase), phrase
        for phrase in (*phrases.ASSENTS[spoken], *phrases.NODS[spoken]):
            assert book.is_backchannel(phrase), phrase
            assert not book.stops(phrase), phrase


@pytest.mark.parametrize("text", ["stop", "Stop!", "no, no, no", "Noooo!", "Okay, wait.", "yeah yeah stop", "WAIT..."])
def test_stop_phrases_are_known_repeated_drawn_out_and_after_a_back_channel(text: str) -> None:
    assert phrasebook("en").stops(text)


@pytest.mark.parametrize("text", ["", "go on", "stop at the corner", "nobody", "okay"])
def test_other_words_are_no_stop_phrase(text: str) -> None:
    assert not phrasebook("en").stops(text)


@pytest.mark.parametrize("text", ["Mhm.", "mm-hmm", "uh-huh", "Hmmmm", "O.K.", "Yeah, yeah, right", "I see, okay"])
def test_back_channels_are_known_alone_and_together(text: str) -> None:
    assert phrasebook("en").is_backchannel(text)


@pytest.mark.parametrize("text", ["", "yeah but", "right there", "okay seven", "mhm no"])
def test_other_words_are_no_back_channel(text: str) -> None:
    assert not phrasebook("en").is_backchannel(text)


@pytest.mark.parametrize("text", ["okay I", "all", "yeah that makes", "sure of"])
def test_a_back_channel_may_be_half_said(text: str) -> None:
    assert phrasebook("en").is_backchannel(text, more_may_come=True)
    assert not phrasebook("en").is_backchannel(text)


def test_a_back_channel_may_be_half_said_behind_a_shorter_one() -> None:
    assert phrasebook("es").is_backchannel("ajá claro que", more_may_come=True)


@pytest.mark.parametrize(
    ("pieces", "listens"),
    [
        ([("that makes", True), ("oh,", True)], True),
        ([("that makes", False), ("oh,", True)], False),
        ([("okay, I", True), ("yes", False)], True),
        ([("yes", False), ("okay, I", True)], True),
        ([("yes", True), ("okay, I", False)], False),
        ([("that makes", True), ("seven", True)], False),
        ([("that", True), ("makes sense", False)], True),
        ([], False),
    ],
)
def test_a_back_channel_may_be_half_said_in_every_piece_that_is_not_read_to_its_end(
    pieces: list[tuple[str, bool]], listens: bool
) -> None:
    assert phrasebook("en").only_listens(pieces) is listens


def test_a_longer_phrase_does_not_hide_two_shorter_ones() -> None:
    """ "ah tá" is a back-channel, "bem" alone is none; "ah" and "tá bem" are. "no stop" is a stop phrase, "it" is none."""
    assert phrasebook("pt").is_backchannel("ah tá bem beleza")
    assert phrasebook("pt").is_backchannel("ah tá bem, tá", more_may_come=True)
    assert phrasebook("en").stops("no, stop it")
    assert phrasebook("es").answers_yes_or_no("no, no gracias")


def test_a_stop_phrase_begins_where_any_back_channels_before_it_end() -> None:
    assert phrasebook("it").stops("ah sì fermi")


def test_a_call_knows_its_language_and_english_and_no_other() -> None:
    hindi = phrasebook("hi-IN")
    assert [word for word in ("रुकिए", "rukiye", "wait") if hindi.stops(word)] == ["रुकिए", "rukiye", "wait"]
    assert hindi.is_backchannel("अच्छा, haan, okay")
    assert not hindi.stops("warten Sie")
    assert not phrasebook("en").stops("rukiye")
    assert phrasebook("xx").stops("stop")


def test_a_back_channel_can_be_an_answer_or_not() -> None:
    book = phrasebook("de")
    assert book.assents("ach so, ja")
    assert not book.assents("ach so")


@pytest.mark.parametrize("language", LANGUAGES)
def test_nods_that_may_answer_are_nods_and_answer_nothing_else(language: str) -> None:
    book = phrasebook(language)
    assert set(phrases.ANSWERING_NODS[language]) < set(phrases.NODS[language])
    for phrase in phrases.ANSWERING_NODS[language]:
        assert book.may_answer(f"oh, {phrase}"), phrase
        assert not book.opens_sentence(phrase), phrase
        assert not book.answers_yes_or_no(phrase), phrase
    assert not book.may_answer("I see")
    assert not book.may_answer("oh really")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_opens_a_sentence_is_an_assent(language: str) -> None:
    assert set(phrases.OPENINGS.get(language, ())) < set(phrases.ASSENTS[language])


@pytest.mark.parametrize(
    ("text", "opens"), [("Okay, sure.", True), ("yes", False), ("okay, yes", False), ("no", False)]
)
def test_a_yes_is_all_of_an_answer_and_an_okay_may_be_its_beginning(text: str, opens: bool) -> None:
    assert phrasebook("en").opens_sentence(text) is opens


@pytest.mark.parametrize("text", ["Yes.", "yes please", "no thanks", "nein", "ja genau"])
def test_a_yes_or_a_no_answers_completely(text: str) -> None:
    assert phrasebook("de").answers_yes_or_no(text)


@pytest.mark.parametrize("text", ["", "yes but", "hm", "nine"])
def test_other_words_do_not(text: str) -> None:
    assert not phrasebook("en").answers_yes_or_no(text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_asks_whether_somebody_is_there_says_nothing_else_by_it(language: str) -> None:
    book = phrasebook(language)
    for phrase in (*phrases.PRESENCE[language], *phrases.PRESENCE["en"]):
        assert book.asks_for_presence([(phrase, False)]), phrase
        assert not book.stops(phrase), phrase
        assert not book.is_backchannel(phrase), phrase
        assert book.calls_out(["five", *normalised(phrase).split()]), phrase


@pytest.mark.parametrize("text", ["", "okay", "hello I meant Tuesday", "are you", "are you there on Monday", "there"])
def test_other_words_do_not_ask_whether_somebody_is_there(text: str) -> None:
    assert not phrasebook("en").asks_for_presence([(text, False)])


@pytest.mark.parametrize("text", ["are", "are you", "hello can", "Oh, hello? Is anybody"])
def test_a_question_whether_somebody_is_there_may_have_only_begun(text: str) -> None:
    assert phrasebook("en").asks_for_presence([(text, True)])
    assert not phrasebook("en").asks_for_presence([(text, False)])


def test_a_question_whether_somebody_is_there_is_read_over_segments() -> None:
    assert phrasebook("en").asks_for_presence([("", False), ("hello", False), ("are you", True)])
    assert not phrasebook("en").asks_for_presence([("are you", False), ("on Monday", True)])
