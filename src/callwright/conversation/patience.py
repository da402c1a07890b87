"""How long a caller may pause: it depends on what was asked, and on how the words so far end.

Digits and spelled letters come in groups, and half a sentence is not the end of one; whoever was asked for a yes and says it has finished.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from callwright.conversation import asking
from callwright.conversation.dictation import UNKNOWN, digit_counts
from callwright.conversation.effects import SetPatience
from callwright.conversation.shared_state import SharedState
from callwright.conversation.stops import ENGLISH, base_language, normalised, phrasebook
from callwright.conversation.words import Words, spoken_words

PAUSES: Mapping[str, tuple[int, int]] = {
    # what the caller is saying -> (the least pause at the end of a turn, patience), in hundredths of the plan's patience
    "open": (0, 100),
    "answer": (0, 60),
    "dictation": (0, 200),
    "number": (90, 200),
    "counted": (0, 60),
    "told": (0, 200),
    "spelling": (110, 250),
    "half": (90, 220),
    "name": (90, 150),
}
"""Nobody has finished before the least pause, whatever the turn model and the recogniser say. ``answer``: a yes or a no that was asked for;
``dictation``: a number or a spelling was asked for and nothing of it was said yet; ``half``: words after which something is missing;
``counted``: a number of which as many digits were said as were asked for; ``told``: an address
that is complete; ``name``: a name was asked for, and one word of it was said. docs/explanation/conversation.md shows this table."""

DICTATED = ("number", "spelling")
DENIABLE = ("more_than_yes", "name")
"""Asked for these, whoever says "no" has finished."""

UNASKED_DIGITS = 5
UNASKED_LETTERS = 2
"""So many digits or letters in a row are dictation though nobody spoke of a number (a year has four)."""

BROKEN_OFF_WORDS = 8
"""Of an answer that the caller cut off before more of it was heard, nobody can say that it took what was asked for as answered."""

TAIL_WORDS = 16
_SAID_FIRST = frozenset({"a", "i"})
"""Letters that are words, with which other answers begin."""
_SENTENCE = re.compile(r"[^.!?…。！？।॥؟]+[.!?…。！？।॥؟]*")
_QUESTION = re.compile(r"[?？؟]")
_AT = re.compile("@")
_DOT = re.compile(r"(?<=\w)\.(?=[^\W\d])")

_OFFERS = frozenset(f"{may} {who}" for may in ("can", "could", "may") for who in ("i", "we"))

NOTHING: tuple[str, int] = ("", UNKNOWN)
"""No dictation, and how many digits it has."""


class Questions:
    """What an agent asks for, by the questions of ``asking`` in one language and English."""

    __slots__ = (
        *("_back", "_choices", "_counts", "_more", "_names", "_names_on", "_numbers", "_offered", "_openers"),
        *("_other", "_parts", "_perhaps", "_requests", "_spelled", "_tags"),
    )

    def __init__(self, language: str) -> None:
        languages = _languages(language)
        self._counts = digit_counts(language)
        self._numbers = _gathered(languages, asking.NUMBERS)
        self._spelled = _gathered(languages, asking.SPELLED)
        self._requests = _gathered(languages, asking.REQUESTS)
        self._back = _gathered(languages, asking.POINTS_BACK)
        self._openers = _gathered(languages, asking.YES_OR_NO)
        self._perhaps = _gathered(languages, asking.PERHAPS_YES_OR_NO)
        self._more = _gathered(languages, asking.MORE_THAN_YES)
        self._offered = _gathered(languages, asking.OFFERED)
        self._choices = _gathered(languages, asking.CHOICES)
        self._tags = _gathered(languages, asking.TAGS)
        self._names = _gathered(languages, asking.NAMES)
        self._parts = _gathered(languages, asking.PARTS_OF_NAMES)
        self._other = _gathered(languages, asking.OTHER_QUESTIONS)
        links = _gathered(languages, asking.LINKS)
        self._names_on = frozenset(f"{name} {link}" for name in self._names for link in links)

    def asked(self, text: str) -> str:
        """What the agent's words ask for, by the last of their sentences that asks: number, spelling, name, yes_or_no,
        more_than_yes (a no is all of an answer, a yes is none) or open."""
        return self._asked(text)[0]

    def digits_asked(self, text: str) -> int:
        """How many digits of a number the agent's words ask for; UNKNOWN where they ask for none, or do not say."""
        kind, sentence = self._asked(text)
        return self._counts.asked(sentence) if kind == "number" else UNKNOWN

    def named(self, text: str) -> frozenset[str]:
        """What could be dictated of that which the agent's words ask a yes or a no about ("Do you have your order number?"): number,
        spelling. "Is that correct?" is about the sentence before it."""
        kind, sentence = self._asked(text)
        if kind not in ("yes_or_no", "more_than_yes"):
            return frozenset()
        words = normalised(sentence)
        if words in self._tags:
            before = _SENTENCE.findall(text[: text.rindex(sentence)])[-1:]
            words = normalised(" ".join([*before, sentence]))
        held = {"number": self._numbers, "spelling": self._spelled}
        return frozenset(dictated for dictated, phrases in held.items() if _holds(words, phrases))

    def _asked(self, text: str) -> tuple[str, str]:
        """What is asked for, and the sentence that names it."""
        points_back = False
        for sentence in reversed(_SENTENCE.findall(text)[-2:]):
            words = normalised(sentence)
            question = points_back or _QUESTION.search(sentence) is not None
            points_back = question and words in self._back
            if points_back:
                continue
            request = _holds(words, self._requests)
            kind = self._asks_for(words, question, request) if question or request else "open"
            if question or kind != "open":
                return kind, sentence
        return "open", ""

    def _asks_for(self, words: str, question: bool, request: bool) -> str:
        """What one sentence asks for, which is a question or a request or both."""
        perhaps = question and _begins(words, self._perhaps)
        more = perhaps and _count(words, self._more) > _count(words, self._offered)
        choice = _holds(words.rpartition(" ")[0], self._choices)
        if question and not more and (_begins(words, self._openers) or (perhaps and choice)):
            return "more_than_yes" if choice else "yes_or_no"
        if question and not more and not request and _ends(words, self._tags):
            return "yes_or_no"
        if perhaps and not more and _begins(words, _OFFERS):
            return "yes_or_no"  # "can I send you an email?"
        if _holds(words, self._spelled):
            return "spelling"
        if _holds(words, self._numbers) and not _holds(words, self._names_on):
            return "number"
        if (more or not perhaps) and self._asks_name(words):
            return "name"
        if more:
            return "more_than_yes"
        return "yes_or_no" if perhaps or (question and _ends(words, self._tags)) else "open"

    def _asks_name(self, words: str) -> bool:
        """Whether a whole name is asked for: not a part of one, as long as it is the only one, and nothing else."""
        names = _count(words, self._names)
        part = names == 1 == _count(words, self._parts)
        return names > 0 and not part and not _holds(words, self._other)


class Answers:
    """What a caller is saying, by the words of ``asking`` in one language and English."""

    __slots__ = (
        "_asides",
        "_at_signs",
        "_book",
        "_counts",
        "_digits",
        "_dots",
        "_examples",
        "_half",
        "_leads",
        "_lone",
        "_no_domains",
        "_numbers",
        "_phrases",
        "_spelling",
    )

    def __init__(self, language: str) -> None:
        languages = _languages(language)
        self._book = phrasebook(language)
        self._counts = digit_counts(language)
        self._digits = _gathered(languages, asking.DIGITS)
        self._spelling = _gathered(languages, asking.SPELLING)
        self._at_signs = _gathered(languages, asking.AT_SIGNS)
        self._dots = _gathered(languages, asking.DOTS)
        self._no_domains = _gathered(languages, asking.NO_DOMAINS)
        self._phrases = _by_first_word(phrase for phrase in self._spelling if " " in phrase)
        self._examples = _by_first_word(_gathered(languages, asking.EXAMPLES))
        self._lone = _gathered(languages, asking.LONE_WORDS)
        self._half = _gathered(languages, asking.HALF_SAID)
        self._numbers = _gathered(languages, asking.NUMBERS)
        self._leads = _gathered(languages, asking.LEADS)
        self._asides = _gathered(languages, asking.ASIDES)

    def digits_said(self, words: Sequence[str]) -> int:
        """How many digits the last of the words so far are; UNKNOWN where nobody can say."""
        return self._counts.said(self._read(words, "number")) if len(words) < TAIL_WORDS else UNKNOWN

    def saying(self, asked: str, words: Sequence[str], answers: bool, named: frozenset[str] = frozenset()) -> str:
        """What the caller is saying (a key of PAUSES), by the last of the words so far; ``answers``: all of them say the yes or no that
        was asked for, and nobody begins a sentence so; ``named``: what that yes or no was asked about and may be dictated instead."""
        text = " ".join(words)
        words = self._read(words, asked)
        digits, letters = self._dictated(words, asked)
        if (digits or letters) and asked not in DICTATED and _holds(text, self._numbers):
            asked = "number"  # "my number is five"
        if digits and asked not in DICTATED and "number" in named and self._tells(words, digits):
            asked = "number"
        if letters >= UNASKED_LETTERS or (letters and asked in ("spelling", "name")):
            return "spelling"
        if digits >= UNASKED_DIGITS or (digits + letters and asked in DICTATED):
            return asked if asked in DICTATED else "number"
        answer = self._answer(words) if asked in (*DICTATED, "name") else words
        address = self._address(words) if asked == "spelling" or "spelling" in named else ""
        if address == "begun":
            return "spelling"
        if address == "complete":
            return "told"
        if (
            asked in DICTATED
            and not address
            and (self._has_begun(answer) or (asked == "spelling" and 1 in (len(words), len(answer))))
        ):
            return asked  # a name is not spelled in one word: a lone one ("ow") is a letter that was misread
        if answers:
            return "answer"
        if _ends(text, self._half):
            return "half"
        if asked == "name" and len(answer) <= 1 and not self._is_aside(text, answer):
            return "name"
        return "dictation" if asked in DICTATED else "open"

    def _tells(self, words: Sequence[str], digits: int) -> bool:
        """Whether ``digits`` at the end of an answer to a question that names a number are digits of it: not "I don't have one"."""
        answer = self._answer(words)
        if answer and self._book.answers_yes_or_no(answer[0]):
            answer = self._answer(answer[1:])
        row = words[-2:] if len(words) > 1 else ()
        return digits > 2 or any(signs and all(map(self._is_sign, signs)) for signs in (answer, row))

    def _address(self, words: Sequence[str]) -> str:
        """How far an e-mail address or another spelling in words ("john dot smith at gmail") is said: begun, or complete, which an address
        is with an "at", words, a "dot" and one more word; "" where no word joins others, as the one of "not at the moment" does not."""
        at_signs = [index for index, word in enumerate(words) if word in self._at_signs]
        joined = any(word in self._spelling for word in words) or any(
            word not in self._no_domains and word not in self._digits
            for index in at_signs
            if index
            for word in words[index + 1 : index + 2]
        )
        if not words or not (joined or words[-1] in self._at_signs):
            return ""
        ends = words[-1] in self._spelling or words[-1] in self._at_signs
        complete = bool(at_signs) and any(word in self._dots for word in words[at_signs[-1] + 2 : -1])
        return "complete" if complete and not ends else "begun"

    def _is_aside(self, text: str, answer: Sequence[str]) -> bool:
        """Whether ``text``, with ``answer`` in it, is no part of a name, but a yes or a no, a "wait" or a question."""
        aside = bool(answer) and answer[0] in self._asides
        return aside or self._book.answers_yes_or_no(text) or self._book.stops(text)

    def _read(self, words: Sequence[str], asked: str) -> list[str]:
        """``words`` with phrases of spelling as one each, and letters without the words that explain them ("m as in mother")."""
        read: list[str] = []
        index = 0
        while index < len(words):
            example = self._length(self._examples, words, index) if read and self._is_explained(read[-1], asked) else 0
            if example:
                index += example + 1
                continue
            length = self._length(self._phrases, words, index) or 1
            read.append(" ".join(words[index : index + length]))
            index += length
        return read

    def _is_explained(self, letter: str, asked: str) -> bool:
        """Whether a word that begins with it may be said behind ``letter``."""
        return len(letter) == 1 and letter.isalpha() and (asked in (*DICTATED, "name") or letter not in self._lone)

    @staticmethod
    def _length(phrases: Mapping[str, Sequence[Sequence[str]]], words: Sequence[str], index: int) -> int:
        """The words of the longest of ``phrases`` that stands at ``index``, 0 for none."""
        known = phrases.get(words[index], ())
        return next((len(phrase) for phrase in known if list(words[index : index + len(phrase)]) == phrase), 0)

    def _answer(self, words: Sequence[str]) -> Sequence[str]:
        """``words`` without those that only lead to an answer ("sure, it's")."""
        while length := next((length for length in (4, 3, 2, 1) if " ".join(words[:length]) in self._leads), 0):
            words = words[length:]
        return words

    def _has_begun(self, words: Sequence[str]) -> bool:
        """Whether a dictation that was asked for is going on ("l here", "l see ya"): a recogniser that misreads a letter or a digit as a
        word must not end it. The first word says so, or half of them."""
        signs = [self._is_sign(word) for word in words]
        if not signs:
            return False
        return 2 * sum(signs) >= len(words) or (signs[0] and words[0] not in _SAID_FIRST and len(words) < TAIL_WORDS)

    def calls_out(self, asked: str, words: Sequence[str]) -> bool:
        """Whether the last of them ask whether somebody is there: not as the word that explains a letter ("h for hello"), nor as all of
        the answer where a name, a number or a spelling was asked for ("it's hello at acme dot com")."""
        read = self._read(words, asked)
        if not self._book.calls_out(read):
            return False
        answer = self._answer(read) if asked in (*DICTATED, "name") else ()
        return not answer or not self._book.asks_for_presence([(" ".join(answer), False)])

    def goes_on(self, words: Sequence[str]) -> bool:
        """Whether they begin as the rest of a number or a spelling does, perhaps behind "okay, it's"."""
        begin = (self._answer(words) or words)[:2]
        return all(map(self._is_sign, begin)) and begin[0] not in _SAID_FIRST

    def _is_sign(self, word: str) -> bool:
        """Whether a word is a digit or a letter, or joins them."""
        return word.isnumeric() or word in self._digits or word in self._spelling or (len(word) == 1 and word.isalpha())

    def _dictated(self, words: Sequence[str], asked: str) -> tuple[int, int]:
        """How many digits and letters the words end with, in a row. What may be either ("o") is what stands beside it."""
        digits = letters = either = 0
        for word in reversed(words):
            if word.isnumeric():
                digits += len(word)
            elif len(word) == 1 and word.isalpha():
                if word in self._digits:
                    either += 1
                else:
                    letters += 1
            elif word in self._digits:
                digits += 1
            elif word not in self._spelling:
                break
        if letters or not (digits or asked == "number"):
            return digits, letters + either
        return digits + either, letters


class Patience:
    """The pauses of the caller's present turn, in milliseconds. ``least_ms``: nobody counts as finished before; ``most_ms``: patience."""

    __slots__ = (
        *("_asked", "_back", "_shared", "_dictating", "_digits", "_named", "_told_ms", "_unbegun"),
        *("kind", "least_ms", "most_ms"),
    )

    def __init__(self, shared: SharedState) -> None:
        self._shared = shared
        self._asked = "open"
        self._digits = UNKNOWN  # how many were asked for
        self._dictating = ""  # what was being dictated in the turn that was taken last, until its answer is heard
        self._unbegun = (
            NOTHING  # what was asked for, and nothing of it said in the turns since, until something else is asked
        )
        self._back = (
            NOTHING  # which of both words may go back to that begin as it does, though the agent asked for nothing
        )
        self._named: frozenset[str] = frozenset()  # what may be dictated instead of the yes or no that was asked for
        self._told_ms = -1
        self.kind = "open"
        self.least_ms = 0
        self.most_ms = shared.plan.patience_ms

    def begin(self) -> None:
        """The plan is known."""
        self._told_ms = self._shared.plan.endpointing_ms
        self._set("open")

    def expect(
        self, text: str, words: Words, broken_off: bool = False, answers: bool = True, checks: bool = False
    ) -> bool:
        """The agent was heard to say ``text``: what it asks for comes next, or has begun to with ``words``. ``broken_off``: by the caller;
        ``answers``: it answered the turn that was taken last; ``checks``: it only asked whether the caller is there. Returns whether the
        pauses changed.

        Whoever breaks off the answer to a number that is not complete may go on dictating it; who was asked for one and has said nothing
        of it ("let me get my card") may begin it as long as nothing else is asked for.
        """
        goes_on = bool(broken_off and self._dictating) and spoken_words(text, len(text.split())) <= BROKEN_OFF_WORDS
        if self._shared.plan.written or not (text or goes_on):
            return False
        if self._asked in DICTATED:
            self._unbegun = (self._asked, self._digits)  # no turn was taken since it was asked for
        self._asked = self._questions.asked(text)
        self._digits = self._questions.digits_asked(text)
        self._named = self._questions.named(text)
        asks = self._asked != "open" or _QUESTION.search(text) is not None
        if checks or not asks:
            self._back = (self._dictating, UNKNOWN) if goes_on and not asks else self._unbegun
        else:
            self._back = self._unbegun = NOTHING
        if answers or goes_on:
            self._dictating = ""
        return self.weigh(words)

    def forget(self) -> None:
        """The turn was taken."""
        self._dictating = self.kind if self.kind in DICTATED else ""
        if self.kind in (*DICTATED, "counted", "told"):
            self._unbegun = NOTHING
        elif self._asked in DICTATED:
            self._unbegun = (self._asked, self._digits)
        self._back = NOTHING
        self._asked = "open"
        self._digits = UNKNOWN
        self._named = frozenset()
        self._set("open")

    def answers(self, text: str) -> bool:
        """Whether yes or no was asked and ``text`` says nothing else; a no is an answer to a question for more, too."""
        book = self._shared.book
        if self._asked == "yes_or_no":
            return book.answers_yes_or_no(text)
        return self._asked in DENIABLE and book.denies(text)

    def is_half(self, text: str) -> bool:
        """Whether something is missing behind ``text``, so that whatever comes may be it."""
        return self._answers.saying(self._asked, normalised(text).split()[-TAIL_WORDS:], False) == "half"

    def _may_go_on(self, text: str) -> bool:
        """Whether ``text`` may be an answer or the beginning of one, and there is a turn model to tell."""
        return self._shared.plan.turn_model and self._shared.book.opens_sentence(text)

    def weigh(self, words: Words) -> bool:
        """The caller's words changed; returns whether the pauses did."""
        if self._shared.plan.written:
            return False
        text = words.tail(TAIL_WORDS)
        asked, digits, named = self._asked, self._digits, self._named
        if "spelling" in (asked, self._back[0]) or "spelling" in named:
            text = _DOT.sub(" dot ", _AT.sub(" at sign ", text))  # of an address that the recogniser writes as one word
        spoken = normalised(text).split()
        if not spoken:
            return self._set("dictation" if asked in DICTATED or self._back != NOTHING else "open")
        if self._back != NOTHING:
            named |= {self._back[0]}
            if self._answers.goes_on(spoken):
                asked, digits = self._back
        if self._answers.calls_out(asked, spoken):
            return self._set("open")  # who asks whether somebody is there waits, whatever was said before
        kind = self._answers.saying(asked, spoken, self.answers(text) and not self._may_go_on(text), named)
        if kind == "number" and digits != UNKNOWN and "+" not in text:
            # Behind a country's code it is not known how many digits come.
            kind = "counted" if self._answers.digits_said(spoken) == digits else kind
        return self._set(kind)

    def rested_us(self, ended_ms: int) -> int:
        """Before this nobody has finished whose voice ended at ``ended_ms`` and who pauses as this caller may; 0 when nothing says so."""
        return self._shared.call_us(ended_ms) + self.least_ms * 1000 if self.least_ms else 0

    @property
    def _questions(self) -> Questions:
        return questions(self._shared.plan.language)

    @property
    def _answers(self) -> Answers:
        return answers(self._shared.plan.language)

    def _set(self, kind: str) -> bool:
        """Pauses of ``kind``."""
        patience_ms = self._shared.plan.patience_ms
        least, most = PAUSES[kind]
        before = (self.least_ms, self.most_ms)
        self.kind = kind
        self.least_ms, self.most_ms = patience_ms * least // 100, patience_ms * most // 100
        self.tell()
        return before != (self.least_ms, self.most_ms)

    def tell(self) -> None:
        """While the call is live the recogniser, which may end turns itself, knows the least pause. A dictation begins with its first
        word."""
        shared = self._shared
        least = PAUSES["number" if self.kind == "dictation" else self.kind][0]
        tell_ms = max(shared.plan.endpointing_ms, shared.plan.patience_ms * least // 100)
        if tell_ms != self._told_ms and shared.phase == "live" and not shared.plan.written:
            self._told_ms = tell_ms
            shared.emit(SetPatience(tell_ms))


@cache
def questions(language: str) -> Questions:
    """How a call in ``language`` reads the agent's questions."""
    return Questions(language)


@cache
def answers(language: str) -> Answers:
    """How a call in ``language`` reads the caller's answers."""
    return Answers(language)


def _languages(language: str) -> tuple[str, ...]:
    """The languages that are known in a call."""
    return tuple(dict.fromkeys((base_language(language), ENGLISH)))


def _gathered(languages: Iterable[str], table: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    return frozenset(normalised(phrase) for language in languages for phrase in table.get(language, ()))


def _by_first_word(phrases: Iterable[str]) -> dict[str, list[list[str]]]:
    """The longest first."""
    found: dict[str, list[list[str]]] = {}
    for words in sorted((phrase.split() for phrase in phrases), key=lambda words: (-len(words), words)):
        found.setdefault(words[0], []).append(words)
    return found


def _holds(words: str, phrases: frozenset[str]) -> bool:
    padded = f" {words} "
    return any(f" {phrase} " in padded for phrase in phrases)


def _count(words: str, phrases: frozenset[str]) -> int:
    padded = f" {words} "
    return sum(padded.count(f" {phrase} ") for phrase in phrases)


def _begins(words: str, phrases: frozenset[str]) -> bool:
    return any((f"{words} ").startswith(f"{phrase} ") for phrase in phrases)


def _ends(words: str, phrases: frozenset[str]) -> bool:
    tail = words.split()[-4:]
    return any(" ".join(tail[cut:]) in phrases for cut in range(len(tail)))
