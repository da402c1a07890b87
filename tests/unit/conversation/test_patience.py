"""How long a caller may pause, by what was asked and by what was said so far."""

from typing import Any

import pytest
from tests.unit.conversation.call_builder import WORD_MS, Call

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.patience import PAUSES, answers, questions
from callwright.conversation.stops import normalised
from callwright.ports.model import Tool


def asked(question: str, **plan: Any) -> Call:
    """The agent has just asked ``question``."""
    call = Call(welcome_message=question, **plan)
    call.plays()
    call.wait(500)
    return call


def says(call: Call, text: str, judged_ppm: int = 900_000) -> None:
    """Words, a pause, final words, and a turn model that thinks the caller has finished."""
    call.begins()
    call.wait(600)
    call.pauses()
    call.finishes(text)
    call.judges(judged_ppm)


def least_ms(kind: str, patience_ms: int = 1_000) -> int:
    return patience_ms * PAUSES[kind][0] // 100


def most_ms(kind: str, patience_ms: int = 1_000) -> int:
    return patience_ms * PAUSES[kind][1] // 100


@pytest.mark.parametrize(
    ("language", "text", "kind"),
    [
        ("en", "What is your phone number?", "number"),
        ("en", "Please tell me your date of birth.", "number"),
        ("en", "Could you give me the code, please?", "number"),
        ("en", "Could you spell your last name?", "spelling"),
        ("en", "What is your e-mail address?", "spelling"),
        ("en", "Is your number 555 1234?", "yes_or_no"),
        ("en", "Your number is 4711. Is that correct?", "yes_or_no"),
        ("en", "That is at nine, right?", "yes_or_no"),
        ("en", "Would you like a table?", "yes_or_no"),
        ("en", "Shall I book it for you?", "yes_or_no"),
        ("en", "Can I give you a call tomorrow?", "yes_or_no"),
        ("en", "May I use your first name?", "yes_or_no"),
        ("en", "Your number is 4711, right?", "yes_or_no"),
        ("en", "Can you tell me what happened?", "more_than_yes"),
        ("en", "Sorry, I did not get that. Could you say it again?", "more_than_yes"),
        ("en", "Would you please say that again?", "more_than_yes"),
        ("en", "May I ask you to say that again?", "more_than_yes"),
        ("en", "Would you like me to say it again?", "yes_or_no"),
        ("en", "Would you like me to explain?", "yes_or_no"),
        ("en", "Can I say that again for you?", "yes_or_no"),
        ("en", "Can I just repeat that?", "yes_or_no"),
        ("en", "May I say that again?", "yes_or_no"),
        ("en", "Would it help if I say it again?", "yes_or_no"),
        ("es", "¿Puedo repetir la dirección?", "yes_or_no"),
        ("en", "Could you describe the problem?", "more_than_yes"),
        ("en", "Could you please tell me which day suits you?", "more_than_yes"),
        ("en", "Do you know when it happened?", "more_than_yes"),
        ("en", "Do you prefer morning or afternoon?", "more_than_yes"),
        ("en", "Would you like it by phone or by e-mail?", "more_than_yes"),
        ("en", "Will you tell me the code?", "number"),
        ("en", "What is your name?", "name"),
        ("en", "May I have your name?", "name"),
        ("en", "Please tell me your name.", "name"),
        ("en", "Who am I speaking to?", "name"),
        ("en", "What's the name on the account?", "name"),
        ("en", "What is your name and phone number?", "number"),
        ("en", "What is your first name?", "open"),
        ("en", "And your last name?", "open"),
        ("en", "What is your first and last name?", "name"),
        ("en", "May I have your name and surname?", "name"),
        ("en", "What's the name of your company?", "open"),
        ("en", "What's the surname on the account?", "open"),
        ("en", "Under that name, how many people will there be?", "open"),
        ("en", "What day works for you, and should I keep the name Smith?", "open"),
        ("en", "Is there anything else you need or want to know?", "more_than_yes"),
        ("en", "Which one suits you?", "open"),
        ("en", "I have noted your number.", "open"),
        ("en", "What is your number? I need it for the booking.", "number"),
        ("en", "I need your account number to begin. What is it?", "number"),
        ("en", "There is a code on your card. Could you tell me?", "number"),
        ("en", "It begins at nine. What is it?", "open"),
        ("en", "What is it?", "open"),
        ("en", "", "open"),
        ("hi-IN", "आपका फोन नंबर क्या है?", "number"),
        ("hi", "क्या आप कल आ सकते हैं?", "yes_or_no"),
        ("hi", "kripya apna number bataiye.", "number"),
        ("hi", "क्या आप बता सकते हैं कि क्या हुआ?", "more_than_yes"),
        ("hi", "क्या आप अपना फोन नंबर बता सकते हैं?", "number"),
        ("hi", "क्या आप सुबह या शाम को आना चाहेंगे?", "more_than_yes"),
        ("hi", "आपका नाम क्या है?", "name"),
        ("es", "¿Puede decirme qué ha pasado?", "more_than_yes"),
        ("es", "¿Quiere que le llame mañana?", "yes_or_no"),
        ("es", "¿Quiere venir por la mañana o por la tarde?", "more_than_yes"),
        ("es", "¿Cómo se llama?", "name"),
        ("es", "¿Cuál es su apellido?", "open"),
        ("es", "¿Me dice su nombre y apellidos?", "name"),
        ("es", "¿Cuál es su número de teléfono?", "number"),
        ("es", "¿Me puede deletrear su apellido?", "spelling"),
        ("fr", "Est-ce que cela vous convient?", "yes_or_no"),
        ("fr", "Pouvez-vous me décrire le problème ?", "more_than_yes"),
        ("fr", "Voulez-vous prendre rendez-vous ?", "yes_or_no"),
        ("fr", "Préférez-vous lundi ou mardi ?", "open"),
        ("fr", "Puis-je avoir votre nom ?", "name"),
        ("fr", "Quel est votre prénom ?", "open"),
        ("de", "Können Sie mir sagen, was passiert ist?", "more_than_yes"),
        ("de", "Kann ich sonst noch etwas für Sie tun?", "yes_or_no"),
        ("de", "Möchten Sie am Montag oder am Dienstag kommen?", "more_than_yes"),
        ("de", "Das passt Ihnen, oder?", "yes_or_no"),
        ("de", "Wie heißen Sie?", "name"),
        ("de", "Wie ist Ihr Vorname?", "open"),
        ("de", "Wie ist Ihr Vor- und Nachname?", "name"),
        ("de", "Haben Sie noch Fragen oder Wünsche?", "more_than_yes"),
        ("de", "Wie ist Ihre Telefonnummer?", "number"),
        ("de", "Können Sie den Namen buchstabieren?", "spelling"),
        ("de", "Passt Ihnen Montag?", "yes_or_no"),
        ("pt", "Qual é o seu número de telefone?", "number"),
        ("pt", "Pode me dizer o que aconteceu?", "more_than_yes"),
        ("pt", "Posso saber o seu nome?", "name"),
        ("it", "Mi dica il suo codice, per favore.", "number"),
        ("it", "Qual è il suo cognome?", "open"),
        ("it", "Può spiegarmi il problema?", "more_than_yes"),
        ("it", "Vuole prendere un appuntamento?", "yes_or_no"),
    ],
)
def test_what_the_agent_asks_for_is_read_from_its_words(language: str, text: str, kind: str) -> None:
    assert questions(language).asked(text) == kind


@pytest.mark.parametrize(
    ("before", "words", "kind"),
    [
        ("number", "five five", "number"),
        ("number", "555", "number"),
        ("number", "it is double five", "number"),
        ("number", "a b 4", "spelling"),
        ("number", "i do not know", "dictation"),
        ("open", "my number is five", "number"),
        ("open", "five five five five five", "number"),
        ("open", "in 1987", "open"),
        ("open", "five", "open"),
        ("spelling", "s", "spelling"),
        ("spelling", "m as in mother", "spelling"),
        ("spelling", "it's m as in mother e as in", "spelling"),
        ("spelling", "my name is b for boy", "spelling"),
        ("spelling", "yes it's l here", "spelling"),
        ("spelling", "anna at sign", "spelling"),
        ("spelling", "my wife did it for you", "dictation"),
        ("number", "it is far 8 2 sets", "number"),
        ("open", "my booking code is b as in boy", "number"),
        ("open", "b as in boy o as in oscar", "spelling"),
        ("open", "i as in myself", "open"),
        ("spelling", "l here", "spelling"),
        ("spelling", "l see ya", "spelling"),
        ("spelling", "ow", "spelling"),
        ("spelling", "sorry what", "dictation"),
        ("spelling", "i have no name", "dictation"),
        ("number", "far 8 2 sets", "number"),
        ("number", "what for", "half"),
        ("spelling", "ada dot b", "spelling"),
        ("open", "s m i", "spelling"),
        ("open", "h o", "spelling"),
        ("open", "o h", "spelling"),
        ("open", "5 o o 4 5", "number"),
        ("open", "5 o", "open"),
        ("number", "o o", "number"),
        ("open", "i live at", "half"),
        ("open", "my name is", "half"),
        ("open", "well um", "half"),
        ("yes_or_no", "yes", "open"),
        ("name", "anna", "name"),
        ("name", "what", "open"),
        ("name", "sure what", "open"),
        ("name", "hello", "open"),
        ("name", "sure", "open"),
        ("name", "no", "open"),
        ("name", "one moment", "open"),
        ("number", "sure one moment", "dictation"),
        ("number", "one moment five", "number"),
        ("name", "sure it's", "half"),
        ("name", "yeah sure it is anna", "name"),
        ("name", "anna berg", "open"),
        ("name", "berg b", "spelling"),
        ("open", "tomorrow", "open"),
    ],
)
def test_what_the_caller_is_saying_is_read_from_the_last_words(before: str, words: str, kind: str) -> None:
    assert answers("en").saying(before, words.split(), answers=False) == kind


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("hi", "अट्ठानवे"),
        ("hi", "सैंतीस"),
        ("hi", "उन्यासी"),
        ("hi", "pandrah"),
        ("es", "dieciséis"),
        ("es", "veintitrés"),
        ("es", "quinientos"),
        ("fr", "quatorze"),
        ("fr", "deux cents"),
        ("de", "siebenundzwanzig"),
        ("de", "zweihundertdreiunddreißig"),
        ("pt", "dezessete"),
        ("pt", "trezentos"),
        ("it", "ventuno"),
        ("it", "trentacinque"),
        ("it", "centotto"),
        ("ta", "பதினைந்து"),
        ("te", "పదిహేను"),
    ],
)
def test_numbers_above_nine_are_dictated_in_every_language(language: str, words: str) -> None:
    assert answers(language).saying("number", normalised(words).split(), answers=False) == "number"


@pytest.mark.parametrize(
    ("language", "words"),
    [("de", "ja B wie Berta"), ("es", "es B de Barcelona"), ("es", "berg guion bajo"), ("it", "A come Ancona")],
)
def test_explained_letters_are_spelled_in_other_languages(language: str, words: str) -> None:
    assert answers(language).saying("spelling", normalised(words).split(), answers=False) == "spelling"


@pytest.mark.parametrize(
    ("question", "group", "kind"),
    [
        ("What is your phone number?", "five five five", "number"),
        ("Could you spell that for me?", "S M I", "spelling"),
        ("How can I help you?", "my number is", "half"),
    ],
)
def test_whoever_dictates_has_not_finished_in_a_pause_whatever_the_turn_model_says(
    question: str, group: str, kind: str
) -> None:
    call = asked(question)
    says(call, group)
    assert not call.all(fx.AskModel)
    assert call.answered_in(least_ms(kind))
    assert call.told()[-1] == f"user: {group}"


def test_groups_of_digits_are_one_turn() -> None:
    call = asked("What is your phone number?")
    for group in ("five five five", "zero one", "two three"):
        says(call, group)
        call.wait(700)
    call.wait(1_000)
    assert call.told()[-1] == "user: five five five zero one two three"


def test_the_recognisers_own_end_does_not_cut_a_number_either() -> None:
    call = asked("What is your phone number?", turn_model=False)
    call.begins()
    call.wait(600)
    call.pauses()
    call.finishes("five five five")
    call.give(ev.RecogniserEnd, call.audio_ms)
    assert not call.all(fx.AskModel)
    call.wait(least_ms("number"))
    assert call.all(fx.AskModel)


def test_whoever_was_asked_for_a_number_may_look_for_it() -> None:
    call = asked("What is your account number?")
    says(call, "one moment I look for it", judged_ppm=100_000)
    assert call.answered_in(most_ms("dictation"))


def test_a_sentence_after_a_question_for_a_number_is_answered_at_once() -> None:
    call = asked("What is your account number?")
    says(call, "I do not have it here")
    assert call.all(fx.AskModel)


@pytest.mark.parametrize("text", ["yes", "No.", "yes please", "okay, yes"])
def test_a_yes_or_a_no_that_was_asked_for_needs_no_judgement(text: str) -> None:
    call = asked("Shall I book it for you?")
    says(call, text, judged_ppm=100_000)
    assert call.told()[-1] == f"user: {text}"


@pytest.mark.parametrize("text", ["Yeah.", "okay", "sure", "okay, sure", "well yes"])
def test_what_may_begin_a_sentence_waits_for_the_turn_model_though_yes_or_no_was_asked(text: str) -> None:
    call = asked("Shall I book it for you?")
    says(call, text, judged_ppm=100_000)
    call.wait(700)
    assert not call.all(fx.AskModel)
    says(call, "but not for Monday")
    assert call.told()[-1] == f"user: {text} but not for Monday"


@pytest.mark.parametrize("text", ["Yeah.", "okay", "sure"])
def test_what_may_begin_a_sentence_is_answered_at_once_when_the_turn_model_agrees(text: str) -> None:
    call = asked("Shall I book it for you?")
    says(call, text)
    assert call.told()[-1] == f"user: {text}"


def test_without_a_turn_model_a_yeah_is_as_good_as_a_yes() -> None:
    call = asked("Shall I book it for you?", turn_model=False)
    call.begins()
    call.wait(600)
    call.pauses()
    call.finishes("yeah")
    assert call.told()[-1] == "user: yeah"


def test_a_yes_to_a_question_for_more_waits_for_the_turn_model() -> None:
    call = asked("Could you tell me which day suits you?")
    says(call, "yes", judged_ppm=100_000)
    call.wait(700)
    assert not call.all(fx.AskModel)


def test_a_first_name_alone_is_not_all_of_a_name() -> None:
    call = asked("What's the name on the account?")
    says(call, "it's Anna")
    call.wait(least_ms("name") - 200)
    assert not call.all(fx.AskModel)
    says(call, "Berg")
    assert call.told()[-1] == "user: it's Anna Berg"


@pytest.mark.parametrize(
    ("language", "question", "text"),
    [
        ("en", "What is your name?", "What?"),
        ("en", "What is your name?", "Pardon?"),
        ("en", "What is your name?", "Sure"),
        ("en", "What is your first name?", "John"),
        ("en", "And your last name?", "It's Smith"),
        ("en", "Who am I speaking with?", "Hello"),
        ("en", "Under that name, how many people will there be?", "Two"),
        ("en", "What day works for you, and should I keep the name Smith?", "Tuesday"),
        ("en", "What's your phone number?", "Sure, one moment"),
        ("de", "Wie ist Ihr Vorname?", "Anna"),
        ("de", "Wie ist Ihr Name?", "Warum?"),
        ("de", "Wie ist Ihre Telefonnummer?", "Eine Sekunde"),
        ("es", "¿Cuál es su número de teléfono?", "Un momento"),
        ("hi", "आपका फोन नंबर क्या है?", "एक मिनट"),
    ],
)
def test_a_word_that_is_no_name_or_all_of_it_and_no_digit_needs_no_pause(
    language: str, question: str, text: str
) -> None:
    call = asked(question, language=language)
    says(call, text)
    assert call.told()[-1] == f"user: {text}"


@pytest.mark.parametrize(
    ("language", "question", "text"),
    [
        ("en", "May I have your name, please?", "No"),
        ("en", "Is there anything else you need or want to know?", "No"),
        ("en", "Do you have any allergies or other conditions?", "No"),
        ("en", "Can you tell me what happened?", "Nope"),
        ("de", "Haben Sie noch Fragen oder Wünsche?", "Nein danke"),
        ("es", "¿Tiene alguna pregunta o comentario?", "No"),
    ],
)
def test_a_no_to_a_question_for_more_than_yes_needs_no_judgement(language: str, question: str, text: str) -> None:
    call = asked(question, language=language)
    says(call, text, judged_ppm=100_000)
    assert call.told()[-1] == f"user: {text}"


def test_a_yes_whose_words_are_final_before_the_pause_is_seen_needs_none_either() -> None:
    call = asked("Shall I book it for you?")
    call.begins()
    call.wait(400)
    call.finishes("yes")
    assert not call.all(fx.AskModel)
    call.pauses()
    assert call.told()[-1] == "user: yes"


def test_a_yes_that_goes_on_is_taken_back() -> None:
    call = asked("Shall I book it for you?")
    says(call, "yes", judged_ppm=100_000)
    call.wait(200)
    says(call, "but for Tuesday")
    assert call.last(fx.Withdrawn).reason == "caller_continued"
    assert call.told()[-1] == "user: yes but for Tuesday"


def test_a_yes_the_recogniser_takes_back_waits_for_the_turn_model_again() -> None:
    call = asked("Shall I book it for you?")
    says(call, "yes", judged_ppm=100_000)
    call.give(ev.TranscriptFinal, call.audio_ms, call.segment, "yesterday")
    assert call.last(fx.Withdrawn).reason == "caller_continued"
    assert call.told()[-1] == "user: yes"
    call.wait(1_000)
    assert call.told()[-1] == "user: yesterday"


@pytest.mark.parametrize(("final", "kind"), [("mhm", "open"), ("yes, four seven one two five", "number")])
def test_whose_words_are_read_anew_after_their_patience_may_pause_as_after_the_new_ones(final: str, kind: str) -> None:
    call = asked("Shall I book it for you?")
    call.begins()
    call.wait(600)
    call.hears("yes")
    call.pauses()
    call.judges(100_000)
    call.wait(most_ms("answer") + 50)
    call.finishes(final)
    assert call.answered_in(most_ms(kind) - most_ms("answer") - 50)


def test_words_read_anew_keep_nobody_waiting_whom_the_turn_model_has_taken_for_finished() -> None:
    call = asked("Shall I book it for you?")
    call.begins()
    call.wait(600)
    call.hears("yes")
    call.pauses()
    call.judges()
    call.wait(most_ms("answer") + 50)
    call.finishes("mhm")
    assert call.told()[-1] == "user: mhm"


def test_a_yes_nobody_asked_for_waits_for_the_turn_model() -> None:
    call = asked("How can I help you?")
    says(call, "yes", judged_ppm=100_000)
    assert not call.all(fx.AskModel)


def test_the_recogniser_is_told_how_long_to_wait() -> None:
    call = asked("What is your phone number?", endpointing_ms=250)
    assert call.all(fx.SetPatience) == [fx.SetPatience(least_ms("number"))]
    says(call, "five five five")
    call.wait(1_000)
    call.agent_replies("Thank you. Anything else?")
    assert call.all(fx.SetPatience)[1:] == [fx.SetPatience(250)]


def test_the_recogniser_is_told_of_a_dictation_nobody_asked_for() -> None:
    call = asked("How can I help you?")
    call.begins()
    call.wait(600)
    call.segment += 1
    call.hears("my number is five")
    assert call.last(fx.SetPatience).silence_ms == least_ms("number")


def test_pauses_grow_with_the_plans_patience() -> None:
    call = asked("What is your phone number?", patience_ms=2_000)
    says(call, "five five five")
    call.wait(least_ms("number", 2_000) - 1)
    assert not call.all(fx.AskModel)


def test_without_voice_activity_the_words_say_where_the_voice_ended() -> None:
    call = asked("What is your phone number?")
    call.finishes("five five")
    call.judges()
    call.wait(600)
    call.finishes("five six")
    call.wait(600)
    assert not call.all(fx.AskModel)
    call.wait(300)
    assert call.told()[-1] == "user: five five five six"


def test_an_entry_by_the_keys_is_complete() -> None:
    call = asked("What is your phone number?", keys=True)
    says(call, "my number is")
    call.types("42#", each_ms=100)
    assert call.told()[-1] == "user: my number is dtmf_number: 42"


def test_digits_over_the_end_of_the_question_count_as_asked_for() -> None:
    call = Call(welcome_message="What is your phone number?")
    call.starts_playing()
    call.wait(800)
    call.begins()
    call.wait(200)
    call.finishes("five five")
    call.give(ev.MarkPlayed, 1, 0)
    call.pauses()
    call.judges()
    assert not call.all(fx.AskModel)


def test_what_is_written_is_complete() -> None:
    call = asked("What is your phone number?", written=True)
    says(call, "555")
    assert call.all(fx.AskModel)
    assert not call.all(fx.SetPatience)


def test_a_back_channel_over_a_question_leaves_what_was_asked_as_it_was() -> None:
    call = Call(welcome_message="Good morning. What is your phone number?")
    call.starts_playing()
    call.wait(300)
    call.begins()
    call.wait(300)
    call.pauses()
    call.wait(2_000)
    call.give(ev.MarkPlayed, 1, 0)
    call.give(ev.MarkPlayed, 1, 1)
    call.finishes("um")
    call.judges()
    call.wait(1_000)
    assert "back_channel" in call.notes()
    call.wait(500)
    says(call, "five five five")
    call.wait(least_ms("number") - 1)
    assert not call.all(fx.AskModel)
    says(call, "zero one")
    call.wait(least_ms("number"))
    assert call.told()[-1] == "user: five five five zero one"


def test_words_over_the_welcome_that_are_thrown_away_leave_what_it_asked_as_it_was() -> None:
    call = Call(welcome_message="What is your phone number?", discard_pre_welcome=True, words_to_interrupt=5)
    call.starts_playing()
    call.begins()
    call.wait(300)
    call.pauses()
    call.finishes("good morning")
    call.wait(700)
    call.give(ev.MarkPlayed, 1, 0)
    assert "discarded_words" in call.notes()
    says(call, "five five five")
    call.wait(least_ms("number") - 1)
    assert not call.all(fx.AskModel)


def test_a_noise_leaves_what_was_asked_as_it_was() -> None:
    call = asked("What is your phone number?")
    call.begins()
    call.wait(200)
    call.segment += 1
    call.hears("five")
    call.pauses()
    call.give(ev.TranscriptFinal, call.audio_ms, call.segment, "")
    assert "noise" in call.notes()
    says(call, "five five five")
    assert not call.all(fx.AskModel)


def broken_off(question: str, begun: str, reply: str, heard_words: int, goes_on: str, **plan: Any) -> Call:
    """Whoever was asked ``question`` says ``begun``, is taken to have finished, and goes on over the reply's first words."""
    call = asked(question, words_to_interrupt=1, **plan)
    says(call, begun)
    call.wait(most_ms("spelling"))
    call.model_says(reply)
    call.starts_playing()
    call.wait(heard_words * WORD_MS)
    call.begins()
    call.wait(100)
    call.segment += 1
    call.hears(goes_on)
    call.clears(heard_words * WORD_MS)
    call.wait(300)
    call.pauses()
    call.give(ev.TranscriptFinal, call.audio_ms, call.segment, goes_on)
    call.judges()
    return call


I_NEED = "I need all of the number, please, or I cannot look for anything at all."


@pytest.mark.parametrize(
    ("question", "begun", "goes_on", "kind"),
    [
        ("What is your phone number?", "zero one seven two", "five five", "number"),
        ("Could you spell your last name?", "l e", "o n", "spelling"),
        ("How can I help you?", "my phone number is zero one seven two", "five five", "number"),  # nobody asked for it
    ],
)
def test_whoever_breaks_off_the_answer_to_half_a_number_goes_on_dictating_it(
    question: str, begun: str, goes_on: str, kind: str
) -> None:
    call = broken_off(question, begun, I_NEED, 2, goes_on)
    assert call.said()[-2:] == [f"caller: {begun}", "agent: I need"]
    asks = len(call.all(fx.AskModel))
    call.wait(least_ms(kind) - 1)
    assert len(call.all(fx.AskModel)) == asks
    says(call, "eight" if kind == "number" else "i")
    call.wait(least_ms(kind))
    assert call.told()[-1] == f"user: {goes_on} {'eight' if kind == 'number' else 'i'}"


def test_an_answer_broken_off_before_a_word_of_it_was_heard_took_no_number_for_complete() -> None:
    call = broken_off("What is your phone number?", "zero one seven two", I_NEED, 0, "five five")
    asks = len(call.all(fx.AskModel))
    call.wait(least_ms("number") - 1)
    assert len(call.all(fx.AskModel)) == asks
    call.wait(1)
    assert call.told()[-1] == "user: five five"


@pytest.mark.parametrize(
    ("begun", "reply", "heard_words"),
    [
        # So much of an answer took the number for complete.
        ("zero one seven two", "I will look for whatever there is on any of these days.", 10),
        ("I would rather not say that", "Then let me look for your name.", 2),
        ("let me look for that", I_NEED, 2),  # which was no number
        ("zero one seven two", "Thanks. What do you want to book? We have a lot.", 7),
    ],
)
def test_digits_over_another_answer_are_nothing_that_was_asked_for(begun: str, reply: str, heard_words: int) -> None:
    question = "What is your phone number?" if begun.startswith("zero") else "What happened?"
    call = broken_off(question, begun, reply, heard_words, "five five")
    assert call.told()[-1] == "user: five five"


def test_a_number_with_all_its_digits_is_complete() -> None:
    call = broken_off("What is your four digit code?", "five five five one", "Thank you for the code.", 2, "two two")
    assert call.told()[-1] == "user: two two"


def test_an_answer_that_was_heard_ends_the_dictation() -> None:
    call = asked("What is your phone number?")
    says(call, "zero one seven two")
    call.wait(least_ms("number"))
    call.agent_replies("Thank you.")
    call.wait(500)
    says(call, "five five")
    assert call.told()[-1] == "user: five five"


@pytest.mark.parametrize(
    ("question", "begun", "goes_on"),
    [
        ("Could you spell your last name?", "l e", "stop"),
        ("Could you spell your last name?", "l e", "no"),
        ("What is your phone number?", "zero one seven two", "make that for two"),
        ("What is your phone number?", "zero one seven two", "at half past seven"),
    ],
)
def test_other_words_over_the_answer_to_half_a_number_need_no_longer_pause(
    question: str, begun: str, goes_on: str
) -> None:
    call = broken_off(question, begun, I_NEED, 2, goes_on)
    assert call.told()[-1] == f"user: {goes_on}"


def test_a_reply_in_a_script_without_spaces_is_counted_by_its_letters() -> None:
    said = "谢谢您我已经记下了您的电话号码现在我来为您查找今天晚上的空桌请您稍等一下马上就好"
    call = broken_off("What is your phone number?", "zero one seven two", said, 1, "five five", language="zh")
    assert call.told()[-1] == "user: five five"


@pytest.mark.parametrize("begun", ["s m i t h", "zero one seven two", "four seven one one"])
def test_who_asks_whether_somebody_is_there_is_not_dictating_any_more(begun: str) -> None:
    call = asked("Could you spell your name?" if begun.startswith("s") else "What is your number?")
    says(call, f"{begun} hello?")
    assert call.told()[-1] == f"user: {begun} hello?"


@pytest.mark.parametrize(
    ("language", "question", "text", "kind"),
    [
        ("de", "Können Sie das buchstabieren?", "H wie Hallo", "spelling"),
        ("en", "Could you spell that?", "h for hello", "spelling"),
        ("en", "Could you spell your email address?", "it's hello", "spelling"),
    ],
)
def test_a_hello_that_is_dictated_asks_for_nobody(language: str, question: str, text: str, kind: str) -> None:
    call = asked(question, language=language)
    says(call, text)
    call.wait(least_ms(kind) - 1)
    assert not call.all(fx.AskModel)


def test_the_pauses_of_a_number_that_goes_on_count_from_its_words_though_the_cut_is_settled_later() -> None:
    call = asked("What is your phone number?", words_to_interrupt=1)
    says(call, "zero one seven two")
    call.wait(least_ms("number"))
    call.model_says(I_NEED)
    call.starts_playing()
    call.wait(400)
    call.begins()
    call.wait(300)
    call.pauses()
    call.finishes("five five five")
    call.judges(100_000)
    asks = len(call.all(fx.AskModel))
    call.clears(400)
    call.wait(most_ms("number") - 300)
    assert len(call.all(fx.AskModel)) == asks
    call.wait(300)
    assert call.told()[-1] == "user: five five five"


@pytest.mark.parametrize(
    ("language", "text", "named"),
    [
        ("en", "Do you have your order number?", {"number"}),
        ("en", "Have you got your account number to hand? I can look it up.", {"number"}),
        ("en", "Is 555 1234 still the best number to reach you?", {"number"}),
        ("en", "Your phone number is 555 1234. Is that correct?", {"number"}),
        ("en", "Do you have your order number or your postcode?", {"number"}),
        ("en", "Do you have an email address?", {"spelling"}),
        ("en", "I have your phone number. Would you like a table?", set()),
        ("en", "Shall I book it?", set()),
        ("en", "What is your number?", set()),  # which is asked for
        ("de", "Haben Sie Ihre Kundennummer?", {"number"}),
        ("es", "¿Tiene su número de pedido?", {"number"}),
    ],
)
def test_a_yes_or_no_question_may_name_what_is_dictated(language: str, text: str, named: set[str]) -> None:
    assert questions(language).named(text) == named


@pytest.mark.parametrize(
    ("question", "group", "rest"),
    [
        ("Do you have your order number?", "yes it's four four two", "four seven"),
        ("Do you have your order number?", "yes four", "seven"),
        ("Have you got your account number to hand?", "yes I have it here four four", "two"),
        ("Is 555 1234 still the best number to reach you?", "no it's five five five", "nine"),
        ("Your phone number is 555 1234. Is that correct?", "no it's 555", "9"),
        ("Do you have an email address?", "yes john dot smith", "at gmail dot com"),
    ],
)
def test_whoever_tells_a_number_instead_of_a_yes_is_dictating_it(question: str, group: str, rest: str) -> None:
    call = asked(question)
    says(call, group)
    call.wait(least_ms("number") - 50)
    assert not call.all(fx.AskModel)
    says(call, rest)
    call.wait(least_ms("spelling"))
    assert call.told()[-1] == f"user: {group} {rest}"


@pytest.mark.parametrize("text", ["yes", "no", "no I don't have one", "yes until six", "yes call me after 5"])
def test_an_answer_to_a_question_that_names_a_number_needs_no_pause(text: str) -> None:
    call = asked("Do you have your order number?")
    says(call, text)
    assert call.told()[-1] == f"user: {text}"


def test_a_yes_to_a_question_that_names_a_number_needs_no_judgement() -> None:
    call = asked("Do you have your order number?")
    says(call, "yes", judged_ppm=100_000)
    assert call.told()[-1] == "user: yes"


@pytest.mark.parametrize(
    ("language", "question", "begun"),
    [
        ("en", "What is your email address?", "john dot smith"),
        ("en", "What is your email address?", "it's john dot smith at"),
        ("en", "What is your email address?", "john at gmail"),
        ("en", "What is your email address?", "john dot smith at gmail"),
        ("en", "What is your email address?", "john smith at gmail dot"),
        ("en", "What is your email address?", "john at the rate gmail"),
        ("en", "What is your email address?", "john smith underscore jones"),
        ("en", "What is your email address?", "John.Smith"),
        ("en", "What is your email address?", "John.Smith@"),
        ("de", "Wie ist Ihre E-Mail-Adresse?", "hans Punkt berger at gmail"),
        ("es", "¿Cuál es su correo?", "juan punto pérez arroba gmail"),
        ("it", "Qual è la sua email?", "mario punto rossi chiocciola libero"),
        ("fr", "Quel est votre e-mail ?", "jean point martin arobase orange"),
    ],
)
def test_an_address_in_words_is_a_spelling_until_it_is_complete(language: str, question: str, begun: str) -> None:
    call = asked(question, language=language)
    says(call, begun)
    call.wait(least_ms("spelling") - 50)
    assert not call.all(fx.AskModel)
    call.wait(50)
    assert call.told()[-1] == f"user: {begun}"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "john dot smith at gmail dot com"),
        ("en", "it's j dot smith at acme dot com please"),
        ("en", "John.Smith@gmail.com"),
        ("en", "John dot Smith at gmail.com"),
        ("en", "john at the rate of gmail dot com"),
        ("en", "not at the moment"),
        ("en", "I am at work"),
        ("es", "juan punto pérez arroba gmail punto com"),
        ("it", "mario punto rossi chiocciola libero punto it"),
    ],
)
def test_a_complete_address_and_sentences_with_its_words_need_no_pause(language: str, text: str) -> None:
    question = "What is your email address?" if language == "en" else "email, per favore, por favor"
    call = asked(question, language=language)
    assert questions(language).asked(question) == "spelling"
    says(call, text)
    assert call.told()[-1] == f"user: {text}"


@pytest.mark.parametrize(
    ("language", "text", "kind"),
    [
        ("en", "my website is acme dot", "half"),
        ("en", "it goes to john underscore", "half"),
        ("es", "escriba a juan arroba", "half"),
        ("en", "tomorrow at noon", "open"),
        ("en", "a red dot on it", "open"),
        ("es", "a las nueve en punto", "open"),
        ("fr", "à ce point", "open"),
    ],
)
def test_half_an_address_is_half_of_something_whatever_was_asked(language: str, text: str, kind: str) -> None:
    assert answers(language).saying("open", normalised(text).split(), answers=False) == kind


@pytest.mark.parametrize(
    ("question", "aside", "reply", "begun", "kind"),
    [
        (
            "What is your card number?",
            "hold on let me get my card",
            "Sure, take your time.",
            "okay it's four two",
            "number",
        ),
        ("What is your card number?", "one second", "Of course.", "four two", "number"),
        ("What is your card number?", "can I give you the one on my letter", "Yes, that's fine.", "four two", "number"),
        ("Could you spell your name?", "let me see", "Sure.", "okay it's s", "spelling"),
        ("What is your email address?", "one second", "Sure.", "okay it's john dot smith", "spelling"),
    ],
)
def test_a_dictation_that_was_asked_for_begins_after_words_that_are_none_of_it(
    question: str, aside: str, reply: str, begun: str, kind: str
) -> None:
    call = asked(question)
    says(call, aside)
    call.wait(most_ms("half"))
    for said in (reply, "No hurry."):  # whatever else is said in between
        call.agent_replies(said)
        call.wait(500)
        if said == reply:
            says(call, "thank you")
            call.wait(most_ms("half"))
    asks = len(call.all(fx.AskModel))
    says(call, begun)
    call.wait(least_ms(kind) - 50)
    assert len(call.all(fx.AskModel)) == asks
    call.wait(50)
    assert call.told()[-1] == f"user: {begun}"


@pytest.mark.parametrize(
    ("reply", "goes_on"),
    [
        ("Then what day suits you?", "four two"),  # something else is asked for
        ("Sure, take your time.", "I have got two"),
        ("Sure, take your time.", "thank you"),
    ],
)
def test_what_does_not_begin_the_dictation_that_was_asked_for_needs_no_pause(reply: str, goes_on: str) -> None:
    call = asked("What is your card number?")
    says(call, "hold on let me get my card")
    call.agent_replies(reply)
    call.wait(500)
    says(call, goes_on)
    assert call.told()[-1] == f"user: {goes_on}"


def test_the_digits_of_a_dictation_that_begins_later_are_counted() -> None:
    call = asked("What is your four digit code?")
    says(call, "hold on let me get my card")
    call.agent_replies("Sure, take your time.")
    call.wait(500)
    says(call, "okay it's four two four two")
    assert call.told()[-1] == "user: okay it's four two four two"


@pytest.mark.parametrize(("text", "pause_ms"), [("yes it's four two", 900), ("yes", 0), ("four two four two", 900)])
def test_the_question_of_a_silence_leaves_what_was_asked_as_it_was(text: str, pause_ms: int) -> None:
    call = Call(welcome_message="What is your card number?", user_online_after_ms=3_000)
    call.plays()
    call.wait(3_200)
    call.plays()
    call.wait(500)
    assert "are you still there" in call.said()[-1]
    says(call, text)
    if pause_ms:
        call.wait(pause_ms - 50)
        assert not call.all(fx.AskModel)
        call.wait(50)
    assert call.told()[-1] == f"user: {text}"


def test_hello_behind_a_tools_answer_is_read_where_a_spelling_was_asked_for() -> None:
    call = Call(welcome_message="What is your email address?", tools=(Tool("book", "Book a table", "{}"),))
    call.plays()
    call.wait(500)
    says(call, "hold on let me look")
    call.wait(2_000)
    call.model_calls("book")
    call.model_ends()
    call.wait(1_000)
    call.give(ev.ToolResult, call.last(fx.CallTool).request, True, "done")
    says(call, "hello?")
    call.model_says("It is booked.")
    call.plays()
    assert call.said()[-2:] == ["caller: hello?", "agent: It is booked."]


@pytest.mark.parametrize(
    ("asks", "first", "reply", "text"),
    [
        ("What is your e-mail address?", "john at gmail dot com", "Thank you, I have noted that.", "call me at nine"),
        ("What is your e-mail address?", "john at gmail dot com", "Thank you, I have noted that.", "two people"),
        (
            "What is your order number?",
            "i don't have it",
            "No problem. Please tell me how many will come.",
            "two people",
        ),
        ("What is your order number?", "let me look", "Sure, take your time.", "one more question"),
    ],
)
def test_what_was_told_or_is_something_else_makes_no_later_answer_wait(
    asks: str, first: str, reply: str, text: str
) -> None:
    call = asked(asks)
    says(call, first)
    call.wait(3_000)
    call.agent_replies(reply)
    call.wait(500)
    says(call, text)
    assert call.told()[-1] == f"user: {text}"


def test_a_number_behind_other_words_is_told_when_it_was_asked_for_before() -> None:
    call = asked("What is your order number?")
    says(call, "let me look")
    call.wait(3_000)
    call.agent_replies("Sure, take your time.")
    call.wait(500)
    says(call, "okay here it is four seven")
    asks = len(call.all(fx.AskModel))
    call.wait(800)
    assert len(call.all(fx.AskModel)) == asks
    call.wait(200)
    assert call.told()[-1] == "user: okay here it is four seven"


def test_an_offer_to_send_an_email_asks_for_no_address() -> None:
    call = asked("Can I send you an email?")
    says(call, "yes please")
    assert call.told()[-1] == "user: yes please"
