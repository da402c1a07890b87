"""Labelled cases of callers who pause that no rule, word list or pause was made with: the honest figures beside those of ``turn_cases``.

Other questions, other words, other grouping, other paces, and pauses as people make them. The words were written before any of them was
tried. Whoever changes a rule or a word list because of these cases has to make new ones.

Pauses are log-normal and at least ``LEAST_MS`` long. That their logarithms are about normal, with a second heap of short ones that end no
turn, is published: Campione and Véronis, "A large-scale multilingual study of silent pause duration", Speech Prosody 2002; Demol, Verhelst
and Verhoeve, "The duration of speech pauses in a multilingual environment", Interspeech 2007. Median and spread are assumed: they were
measured on no calls.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from random import Random

from proof.measured import Measured, measured
from proof.turn_cases import (
    DIGITS,
    WRONG_IN_DICTATION,
    WRONG_IN_SENTENCES,
    Answer,
    asked,
    kept_waiting,
    one_turn,
)

CASES = 120
MEDIAN_MS = 600
SPREAD = 0.5
"""Standard deviation of the pauses' natural logarithm: one pause in seven is longer than a second, one in 120 longer than two."""

LEAST_MS = 200
WORD_MS = (180, 450)

PHONE = ((3, 3, 4), (5, 6), (1, 1, 1, 1, 1, 1), (2, 2, 2, 2, 2))
CODE = ((1, 5), (3, 3, 3), (2, 5), (6, 1, 1))
CARD = ((4, 4, 4, 4), (2, 2, 2), (8, 8))
NUMBERS: tuple[tuple[str, str, str, tuple[tuple[int, ...], ...]], ...] = (
    ("en", "And where can we ring you back?", "oh you can use", PHONE),
    ("en", "Which digits do we reach you under?", "", PHONE),
    ("en", "I'll need the reference from the top of your invoice.", "let me see", CODE),
    ("en", "Read me what it says on the back of the meter, please.", "right so it says", CODE),
    ("en", "What's the long number across the front of the card?", "", CARD),
    ("en", "Could I have your sort code?", "it's", ((2, 2, 2),)),
    ("en", "How can I help you?", "yes I have a letter here and the case number is", CODE),
    ("en", "Go ahead with the policy number whenever you are ready.", "thanks it starts with", CODE),
    ("de", "Unter welcher Nummer sind Sie tagsüber zu erreichen?", "also das wäre die", PHONE),
    ("de", "Nennen Sie mir bitte Ihre Kundennummer.", "", CODE),
    ("es", "Dígame un teléfono de contacto, por favor.", "apunte", PHONE),
    ("fr", "À quel numéro peut-on vous rappeler?", "alors c'est le", PHONE),
    ("hi", "अपना मोबाइल नंबर बता दीजिए।", "हाँ लिखिए", PHONE),
)
"""Language, what is asked, what is said before the first digit, and how the digits may be grouped."""

SPELLINGS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("en", "Sorry, how do you write that?", ("capital h", "u y", "double s", "e n")),
    ("en", "Can you give me that letter by letter?", ("o", "apostrophe", "d o n", "n e l l")),
    ("en", "How is your surname spelt?", ("that's november", "golf uniform", "yankee echo", "november")),
    ("en", "And the registration of the car?", ("k l", "zero seven", "m x o")),
    ("en", "Which postcode is that?", ("s w", "one a", "two double a")),
    ("en", "Where shall I send the confirmation?", ("j dot", "p a r k e r", "at mailbox", "dot org")),
    ("en", "What does it say on the ticket?", ("q seven", "r r", "one nine b")),
    ("de", "Wie schreibt man das?", ("S C H", "Ü T", "T E")),
    ("de", "Und der Nachname, wie schreibt sich der?", ("M wie Martha", "Anton", "Ypsilon", "E R")),
    ("fr", "Comment ça s'écrit?", ("L E", "F E", "deux B", "R E")),
)
NAMES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("en", "Who shall I say called?", ("tell her Tom", "Okafor", "from Harris and Sons")),
    ("en", "Whose name is the booking under?", ("Priya", "Raman")),
    ("en", "And you are?", ("Doctor", "Elaine Whitcombe")),
    ("en", "What do I put down for the driver?", ("put Mister", "van der Berg")),
    ("en", "Which address should the driver go to?", ("Linden Road", "forty two", "second floor")),
    ("en", "Where do you live?", ("in Leeds", "Harehills Lane", "number nine")),
    ("en", "When were you born?", ("the fourteenth", "of May", "nineteen eighty one")),
    ("de", "Auf welchen Namen läuft der Vertrag?", ("auf Yıldız", "Ayşe Yıldız")),
    ("es", "¿A nombre de quién está la reserva?", ("de Lucía", "Fernández Ortega")),
    ("hi", "आप कौन बोल रहे हैं?", ("संजय", "कुलकर्णी")),
)
"""Names, addresses and dates of birth: what a form asks for beside numbers."""

HALVES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("en", "What can I do for you today?", ("I was wondering whether", "you still have rooms in June")),
    ("en", "What can I do for you today?", ("can you put me through to", "the lady from billing")),
    ("en", "What can I do for you today?", ("it's about the", "erm", "the invoice from March")),
    ("en", "Which one did you order?", ("not the red one but", "the blue one with the lid")),
    ("en", "How many of you are coming?", ("we are five adults plus", "three kids")),
    ("en", "Does Friday suit you?", ("if it rains then", "we'd rather stay in")),
    ("en", "What happened?", ("I was driving along when", "somebody ran into", "the back of my car")),
    ("en", "Anything else?", ("yes one more thing the", "the parking is that free")),
    ("de", "Was kann ich für Sie tun?", ("ich hätte gern", "einen Termin für", "meinen Sohn")),
    ("es", "¿En qué le puedo ayudar?", ("quiero cambiar la", "fecha de mi vuelo")),
    ("fr", "Que puis-je faire pour vous?", ("je voudrais savoir si", "vous êtes ouverts demain")),
)
SENTENCES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("en", "When would you like to come?", ("Tuesday works", "after three would be even better")),
    ("en", "Did you get our reminder?", ("I paid already", "last week by card")),
    ("en", "What is wrong with it?", ("it makes a noise", "when I turn it on")),
    ("en", "Who was there?", ("my wife was there", "the two of us", "on Saturday")),
    ("en", "What happened?", ("the lift is stuck", "nobody is in it", "we checked")),
    ("en", "Where does it hurt?", ("here on the left", "below the ribs")),
    ("de", "Was ist passiert?", ("die Heizung ist kalt", "seit gestern Abend")),
    ("es", "¿Qué ha pasado?", ("no llegó el pedido", "lo esperaba ayer")),
)
YES_OR_NO: tuple[tuple[str, str, str], ...] = (
    ("en", "Is it fine if I send it by text?", "yep that's fine"),
    ("en", "Is it fine if I send it by text?", "absolutely"),
    ("en", "Does ten o'clock suit you?", "perfect"),
    ("en", "Does ten o'clock suit you?", "not really"),
    ("en", "Are you the account holder?", "I am"),
    ("en", "Are you the account holder?", "no I'm not"),
    ("en", "Have you been here before?", "never"),
    ("en", "Can I put you on hold for a second?", "go ahead"),
    ("en", "So that's two nights, correct?", "that's right"),
    ("de", "Passt Ihnen Donnerstag?", "ja genau"),
    ("es", "¿Le viene bien el jueves?", "sí claro"),
    ("fr", "Ça vous convient?", "oui tout à fait"),
    ("hi", "क्या यह आपका पता है?", "जी बिल्कुल"),
)
FINISHED: tuple[tuple[str, str, str], ...] = (
    ("en", "What can I do for you today?", "I'd like to come on the fifth of May at ten"),
    ("en", "How many of you are coming?", "there will be nine of us"),
    ("en", "Which one did you order?", "that's the one I was thinking of"),
    ("en", "May I have your phone number?", "what do you need it for"),
    ("en", "May I have your phone number?", "I don't give that out"),
    ("en", "Who shall I say called?", "she knows who I am"),
    ("en", "When were you born?", "in nineteen seventy four"),
    ("en", "Which platform was it?", "it was platform nine b"),
    ("en", "Anything else?", "where do I sign in"),
    ("en", "Could you spell your last name for me?", "just like it sounds"),
    ("de", "Was kann ich für Sie tun?", "ich rufe wegen der Rechnung an"),
    ("es", "¿En qué le puedo ayudar?", "quiero hablar con alguien de ventas"),
    ("fr", "Que puis-je faire pour vous?", "je cherche une chambre pour deux"),
)


def numbers_cut(seed: int) -> Measured:
    """Phone, card, customer and case numbers, grouped as they are printed or one by one."""
    return measured("held out, end of turn: numbers cut", _numbers(Random(seed)), len(NUMBERS))


def spellings_cut(seed: int) -> Measured:
    """Letters with names of their own, signs, postcodes, registrations."""
    return _cut("spellings", SPELLINGS, WRONG_IN_DICTATION, seed)


def names_cut(seed: int) -> Measured:
    """Names, addresses and dates of birth."""
    return _cut("names and addresses", NAMES, WRONG_IN_DICTATION, seed)


def half_sentences_cut(seed: int) -> Measured:
    """A pause after words behind which something is missing."""
    return _cut("half sentences", HALVES, 0.4, seed)


def pauses_cut(seed: int) -> Measured:
    """A pause after which more comes, though nothing in the words says so."""
    return _cut("other pauses", SENTENCES, WRONG_IN_SENTENCES, seed)


def answers_kept_waiting(seed: int) -> Measured:
    """A yes or a no in other words, which the turn model doubts."""
    return _waiting("yes and no", YES_OR_NO, 100_000, seed)


def sentences_kept_waiting(seed: int) -> Measured:
    """A finished answer to any question, with which the turn model agrees."""
    return _waiting("sentences", FINISHED, 900_000, seed)


def pauses(random: Random) -> Iterator[int]:
    """Pauses as people make them, in milliseconds, without end."""
    while True:
        pause_ms = round(random.lognormvariate(math.log(MEDIAN_MS), SPREAD))
        if pause_ms >= LEAST_MS:
            yield pause_ms


def _numbers(random: Random) -> Iterator[str]:
    for _ in range(CASES):
        language, question, before, groupings = random.choice(NUMBERS)
        written = DIGITS[language] if random.random() < 0.5 else None
        groups = [_digits(random, count, written) for count in random.choice(groupings)]
        groups[0] = f"{before} {groups[0]}".strip()
        yield _said(random, Answer(language, question, groups), WRONG_IN_DICTATION)


def _digits(random: Random, count: int, words: Sequence[str] | None) -> str:
    """Digits as a recogniser writes them: ``words``, where English has "oh" for "zero", or figures without."""
    digits = [random.randrange(10) for _ in range(count)]
    if words is None:
        return "".join(map(str, digits))
    return " ".join(words[digit] for digit in digits).replace("zero", "oh")


def _cut(name: str, said: Sequence[tuple[str, str, Sequence[str]]], wrong: float, seed: int) -> Measured:
    random = Random(seed)
    verdicts = (_said(random, Answer(*random.choice(said)), wrong) for _ in range(CASES))
    return measured(f"held out, end of turn: {name} cut", verdicts, len(said))


def _said(random: Random, answer: Answer, wrong: float) -> str:
    return one_turn(random, answer, pauses(random), wrong, random.randint(*WORD_MS))


def _waiting(name: str, said: Sequence[tuple[str, str, str]], verdict_ppm: int, seed: int) -> Measured:
    random = Random(seed)
    verdicts = (_answered(*random.choice(said), verdict_ppm) for _ in range(CASES))
    return measured(f"held out, end of turn: {name} kept waiting", verdicts, len(said))


def _answered(language: str, question: str, text: str, verdict_ppm: int) -> str:
    return kept_waiting(asked(question, language, lambda _: verdict_ppm), text)
