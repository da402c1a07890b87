"""Labelled cases of callers who pause: when have they finished?

They are events: no sound, no detector and no turn model is in them. The detector tells the ends of sounds as they are, the final words come
after a fixed time, and the turn model's verdicts are drawn. The pauses are the ones that the rules were made for; ``pause_cases`` has the
same words with pauses of every length, and ``held_out_turns`` other words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from callwright.conversation import effects as fx
from callwright.conversation.plan import CallPlan
from proof.exchange import FINAL_LAG_MS, HANGOVER_MS, WORD_MS, Exchange
from proof.measured import Measured, measured

CASES = 150
BEGIN_MS = 4_500
"""When the caller begins: the agent has finished its question."""

NUMBER_PAUSES_MS = (700, 1_100)
SPELLING_PAUSES_MS = (800, 1_200)
HALF_PAUSES_MS = (700, 1_100)
SENTENCE_PAUSES_MS = (600, 1_000)
BEGUN_PAUSES_MS = (500, 900)
NAME_PAUSES_MS = (400, 800)
TAKEN_BACK_PAUSES_MS = (600, 750)
"""From the least to the most pause that these sets draw, uniformly. Longer ones are cut more often: ``pause_cases`` says how often."""

WRONG_IN_DICTATION = 0.7
WRONG_IN_SENTENCES = 0.1
"""At how many of the pauses the turn model says that the caller has finished: nothing in the sound of a group of digits says that more
follow. Assumed, not measured."""

ASK_NUMBER = (("en", "What is your phone number?"), ("en", "Please tell me your account number."))
ASK_NUMBERS = (
    *ASK_NUMBER,
    ("hi", "आपका फोन नंबर क्या है?"),
    ("es", "¿Cuál es su número de teléfono?"),
    ("fr", "Quel est votre numéro de téléphone?"),
    ("de", "Wie ist Ihre Telefonnummer?"),
)
DIGITS = {
    "en": ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
    "hi": ["शून्य", "एक", "दो", "तीन", "चार", "पांच", "छह", "सात", "आठ", "नौ"],
    "es": ["cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"],
    "fr": ["zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"],
    "de": ["null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"],
}
ASK_SPELLING = (("en", "Could you spell your last name for me?"), ("de", "Können Sie Ihren Namen bitte buchstabieren?"))
WORDS_OF_NUMBERS = (
    ("en", "What is your phone number?", ("seventeen", "twenty three", "eighteen", "ninety", "four hundred")),
    ("hi", "आपका फोन नंबर क्या है?", ("अट्ठानवे", "बारह", "पंद्रह", "सोलह", "सैंतीस", "इक्यासी")),
    (
        "es",
        "¿Cuál es su número de teléfono?",
        ("seiscientos doce", "dieciséis", "veintitrés", "quince", "treinta y uno"),
    ),
    ("fr", "Quel est votre numéro de téléphone?", ("zéro six", "treize", "quatre-vingts", "seize", "vingt et un")),
    ("de", "Wie ist Ihre Telefonnummer?", ("siebzehn", "dreiundzwanzig", "achtzehn", "zweihundertdrei", "elf")),
    ("pt", "Qual é o seu número de telefone?", ("onze", "quinze", "dezessete", "duzentos e dez", "quarenta e dois")),
    ("it", "Qual è il suo numero di telefono?", ("trentacinque", "ventidue", "ventotto", "undici", "trecentoventi")),
)
SPELLED_BY_EXAMPLE = (
    ("en", "Could you spell your last name for me?", ("it's m as in mother", "e as in echo", "y as in yankee")),
    ("en", "Could you spell your last name for me?", ("my name is b as in boy", "e for easy", "r like robert", "g")),
    ("en", "How can I help you?", ("my booking code is b as in boy", "four as in four", "seven")),
    ("en", "What is your e-mail address?", ("a n n a at sign", "b e r g", "dot d e")),
    ("de", "Können Sie Ihren Namen bitte buchstabieren?", ("ja, B wie Berta", "E wie Emil", "R wie Richard")),
    ("es", "¿Me puede deletrear su apellido?", ("es B de Barcelona", "O de Oviedo", "guion bajo")),
)
HALVES = (
    ("I would like a table for", "four people on Sunday"),
    ("my number is", "on the letter you sent me"),
    ("I need a plumber and", "somebody who looks at the roof"),
    ("um", "tomorrow would be best"),
    ("we come because", "the heating does not work"),
)
SENTENCES = (
    "I would prefer to come on Monday morning",
    "the parcel has not arrived yet",
    "you could send it to my office",
    "that sounds expensive",
)
YES_OR_NO = ("Shall I book it for you?", "Is that still your address?", "Do you want to keep the appointment?")
ANSWERS = ("yes", "yes please", "yes of course", "no", "no thanks", "nope")
OPENINGS = ("yeah", "okay", "sure", "all right")
"""Assents with which a sentence may begin: only the turn model can tell that they are all of it."""

DENIED = (
    ("en", "Is there anything else you need or want to know?", "no"),
    ("en", "Do you have any allergies or other conditions?", "no"),
    ("en", "May I have your name, please?", "no"),
    ("de", "Haben Sie noch Fragen oder Wünsche?", "nein danke"),
    ("es", "¿Tiene alguna pregunta o comentario?", "no"),
)
"""A no is all of an answer, whatever was asked for besides."""

NOT_HALF_A_NAME = (
    ("en", "What is your name?", "what"),
    ("en", "What is your name?", "pardon"),
    ("en", "What is your first name?", "John"),
    ("en", "And your last name?", "Smith"),
    ("en", "Who am I speaking with?", "hello"),
    ("en", "Under that name, how many people will there be?", "two"),
    ("en", "What is your phone number?", "sure, one moment"),
    ("de", "Wie ist Ihr Vorname?", "Anna"),
    ("de", "Wie ist Ihre Telefonnummer?", "eine Sekunde"),
    ("es", "¿Cuál es su número de teléfono?", "un momento"),
)
"""One word, and no name or all that was asked for; and a number word that begins no number."""

BEGUN = (
    ("Can you tell me what happened?", "yeah", "so on Monday my card stopped working"),
    ("Could you describe the problem?", "okay", "the screen is black"),
    ("Could you tell me which day suits you?", "sure", "any day but Monday"),
    ("Do you prefer the morning or the afternoon?", "yes", "the morning if there is a choice"),
    ("Shall I book it for you?", "yeah", "but for the day after"),
    ("Is that still your address?", "okay", "which one do you have"),
    ("What is your name?", "sure", "it is Anna Berg"),
)
ASK_NAME = ("What is your name?", "May I have your name?", "What's the name on the account?", "Who is calling, please?")
NAMES = (
    ("Anna", "Berg"),
    ("my name is Anna", "Maria Berg"),
    ("Berg", "B E R G"),
    ("it's Berg", "B E", "R G"),
)
LATEST_MS = HANGOVER_MS + FINAL_LAG_MS + 60
"""After a caller's last word, when the turn model agrees: the final words are there, and nothing more is waited for."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a caller says to ``question``, in groups between which they pause. At least one group."""

    language: str
    question: str
    groups: Sequence[str]


def numbers_cut(seed: int) -> Measured:
    """A number said in groups, with pauses after which the turn model says that it is over, that is not one turn."""
    return measured(_with_pauses("end of turn: numbers cut", NUMBER_PAUSES_MS), _numbers(Random(seed)))


def spellings_cut(seed: int) -> Measured:
    """A name spelled letter by letter, the same way."""
    return measured(_with_pauses("end of turn: spellings cut", SPELLING_PAUSES_MS), _spellings(Random(seed)))


def number_words_cut(seed: int) -> Measured:
    """A number said in groups of words above nine."""
    return measured(
        _with_pauses("end of turn: number words cut", NUMBER_PAUSES_MS),
        _grouped(Random(seed), WORDS_OF_NUMBERS, NUMBER_PAUSES_MS),
    )


def examples_cut(seed: int) -> Measured:
    """A name or a code of which each letter is explained by a word, or that has signs of two words."""
    return measured(
        _with_pauses("end of turn: explained letters cut", SPELLING_PAUSES_MS),
        _grouped(Random(seed), SPELLED_BY_EXAMPLE, SPELLING_PAUSES_MS),
    )


def half_sentences_cut(seed: int) -> Measured:
    """A pause after half a sentence, where the turn model is wrong four times in ten."""
    return measured(_with_pauses("end of turn: half sentences cut", HALF_PAUSES_MS), _halves(Random(seed)))


def pauses_cut(seed: int) -> Measured:
    """A pause within a sentence, where the turn model is wrong once in ten: so are we, as nothing else tells."""
    return measured(_with_pauses("end of turn: other pauses cut", SENTENCE_PAUSES_MS), _pauses(Random(seed)))


def beginnings_cut(seed: int) -> Measured:
    """An assent with which an answer begins, and a pause in which the turn model doubts that it is all: it is believed."""
    return measured(_with_pauses("end of turn: begun answers cut", BEGUN_PAUSES_MS), _beginnings(Random(seed)))


def names_cut(seed: int) -> Measured:
    """A pause within a name that was asked for, after which the turn model says that it is over seven times in ten."""
    return measured(_with_pauses("end of turn: names cut", NAME_PAUSES_MS), _names(Random(seed)))


def answers_kept_waiting(seed: int) -> Measured:
    """A yes or a no that was asked for, or a no to any question, and that is not answered as soon as its words are final, though the turn
    model doubts it; "yeah" and the like, with which sentences begin, and one word that is not half a name, when it agrees."""
    return measured("end of turn: yes and no kept waiting", _answers(Random(seed)))


def sentences_kept_waiting(seed: int) -> Measured:
    """A finished sentence that is not answered as soon as its words are final and the turn model agrees."""
    return measured("end of turn: sentences kept waiting", _sentences(Random(seed)))


def turns_not_taken_back(seed: int) -> Measured:
    """A caller who goes on before the agent is heard, and whose words do not all become one turn."""
    return measured(_with_pauses("end of turn: not taken back", TAKEN_BACK_PAUSES_MS), _taken_back(Random(seed)))


def number(random: Random) -> Answer:
    """Two to four groups of two to four digits, as words or (English, three in ten) as figures."""
    language, question = random.choice(ASK_NUMBERS)
    groups = [random.choices(DIGITS[language], k=random.randint(2, 4)) for _ in range(random.randint(2, 4))]
    figures = language == "en" and random.random() < 0.3
    spoken = [
        "".join(str(DIGITS["en"].index(word)) for word in group) if figures else " ".join(group) for group in groups
    ]
    return Answer(language, question, spoken)


def spelling(random: Random) -> Answer:
    """Four to nine letters in groups of one to three."""
    language, question = random.choice(ASK_SPELLING)
    letters = random.choices("ABCDEFGHIKLMNOPRSTUW", k=random.randint(4, 9))
    cut = random.randint(1, 3)
    return Answer(language, question, [" ".join(letters[at : at + cut]) for at in range(0, len(letters), cut)])


def sentence(random: Random) -> Answer:
    """A sentence in two groups, wherever its words part."""
    words = random.choice(SENTENCES).split()
    cut = random.randint(2, len(words) - 1)
    return Answer("en", "How can I help you?", (" ".join(words[:cut]), " ".join(words[cut:])))


def drawn(random: Random, pauses_ms: tuple[int, int]) -> Iterator[int]:
    """Pauses from the least to the most of ``pauses_ms``, each as likely, without end."""
    while True:
        yield random.randint(*pauses_ms)


def one_turn(
    random: Random,
    answer: Answer,
    pauses_ms: Iterator[int],
    wrong: float = WRONG_IN_DICTATION,
    word_ms: int = WORD_MS,
    patience_ms: int = 1_000,
) -> str:
    """Nothing where ``answer``, said with these pauses, became one turn; else what was said and how.

    ``pauses_ms``: one is taken behind every group, the last included; none are 0. ``wrong``: at how many of the pauses the turn model says
    that the caller has finished. ``patience_ms``: the agent's setting.
    """
    verdicts: dict[int, int] = {}
    exchange = asked(
        answer.question, answer.language, lambda audio_ms: verdicts.get(audio_ms, 900_000), patience_ms=patience_ms
    )
    last, paused = len(answer.groups) - 1, []
    at_ms = BEGIN_MS
    for place, group in enumerate(answer.groups):
        at_ms = exchange.say(at_ms, group, word_ms)
        verdicts[at_ms] = 900_000 if place == last or random.random() < wrong else 100_000
        paused.append(next(pauses_ms))
        at_ms += paused[-1]
    exchange.run(at_ms + 6_000)
    said = " ".join(answer.groups)
    return "" if f"caller: {said}" in exchange.heard() else f"{said!r} (pauses: {_in_ms(paused[:-1])})"


def _numbers(random: Random) -> Iterator[str]:
    for _ in range(CASES):
        yield one_turn(random, number(random), drawn(random, NUMBER_PAUSES_MS))


def _spellings(random: Random) -> Iterator[str]:
    for _ in range(CASES):
        yield one_turn(random, spelling(random), drawn(random, SPELLING_PAUSES_MS))


def _grouped(
    random: Random, kinds: Sequence[tuple[str, str, Sequence[str]]], pauses_ms: tuple[int, int]
) -> Iterator[str]:
    """The groups of a kind in their order, all one turn."""
    for _ in range(CASES):
        yield one_turn(random, Answer(*random.choice(kinds)), drawn(random, pauses_ms))


def _halves(random: Random) -> Iterator[str]:
    for _ in range(CASES):
        answer = Answer("en", "How can I help you?", random.choice(HALVES))
        yield one_turn(random, answer, drawn(random, HALF_PAUSES_MS), wrong=0.4)


def _pauses(random: Random) -> Iterator[str]:
    for _ in range(CASES):
        yield one_turn(random, sentence(random), drawn(random, SENTENCE_PAUSES_MS), WRONG_IN_SENTENCES)


def _beginnings(random: Random) -> Iterator[str]:
    for _ in range(CASES):
        question, *groups = random.choice(BEGUN)
        yield one_turn(random, Answer("en", question, groups), drawn(random, BEGUN_PAUSES_MS), wrong=0)


def _names(random: Random) -> Iterator[str]:
    for _ in range(CASES):
        answer = Answer("en", random.choice(ASK_NAME), random.choice(NAMES))
        yield one_turn(random, answer, drawn(random, NAME_PAUSES_MS))


def _answers(random: Random) -> Iterator[str]:
    for _ in range(CASES):
        yes_or_no = random.choice(YES_OR_NO)
        language, question, answer, verdict = random.choice(
            (
                *(("en", yes_or_no, text, 100_000) for text in ANSWERS),
                *(("en", yes_or_no, text, 900_000) for text in OPENINGS),
                *((*case, 100_000) for case in DENIED),
                *((*case, 900_000) for case in NOT_HALF_A_NAME),
            )
        )
        exchange = asked(question, language, _always(verdict))
        yield kept_waiting(exchange, answer)


def _sentences(random: Random) -> Iterator[str]:
    for _ in range(CASES):
        exchange = asked("How can I help you?", "en", lambda _: 900_000)
        yield kept_waiting(exchange, random.choice(SENTENCES))


def kept_waiting(exchange: Exchange, text: str) -> str:
    """Nothing where ``text``, said in one breath, is answered as soon as its words are final; else how long it took."""
    end_ms = exchange.say(BEGIN_MS, text)
    exchange.run(end_ms + 5_000)
    asked_ms = exchange.first_ms(fx.AskModel)
    return "" if 0 <= asked_ms <= end_ms + LATEST_MS else f"{text!r}: {asked_ms - end_ms} ms"


def _taken_back(random: Random) -> Iterator[str]:
    for _ in range(CASES):
        words = random.choice(SENTENCES).split()
        cut = random.randint(2, len(words) - 1)
        exchange = asked("How can I help you?", "en", lambda _: 900_000, incremental_delay_ms=900)
        end_ms = exchange.say(BEGIN_MS, " ".join(words[:cut]))
        end_ms = exchange.say(end_ms + random.randint(*TAKEN_BACK_PAUSES_MS), " ".join(words[cut:]))
        exchange.run(end_ms + 6_000)
        said = " ".join(words)
        yield "" if f"caller: {said}" in exchange.heard() else f"{said!r}"


def _with_pauses(name: str, pauses_ms: tuple[int, int]) -> str:
    return f"{name} (pauses {pauses_ms[0]:,} to {pauses_ms[1]:,} ms)"


def _in_ms(pauses_ms: Sequence[int]) -> str:
    return f"{', '.join(f'{pause:,}' for pause in pauses_ms)} ms"


def _always(probability_ppm: int) -> Callable[[int], int]:
    """A turn model that never changes its mind."""
    return lambda _: probability_ppm


def asked(question: str, language: str, judge: Callable[[int], int], **plan: int) -> Exchange:
    """A conversation in which the agent has just asked ``question``; ``plan``: settings of it beside the default ones."""
    return Exchange(CallPlan(welcome_message=question, language=language, **plan), judge=judge)  # type: ignore[arg-type]
