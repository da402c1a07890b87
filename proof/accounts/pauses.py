"""A number, a spelled name and half a sentence are not cut: whoever says one may pause."""

from __future__ import annotations

from collections.abc import Sequence

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import COVER_SLACK_MS, VERDICT_WAIT_MS
from callwright.conversation.plan import CallPlan
from callwright.conversation.stops import phrasebook
from proof.accounts.book import LATE_US, Book, Handlers, contradict
from proof.accounts.words import is_numbered, keyed

DIGITS, LETTERS = 5, 2
"""So many in a row are dictated whatever was asked."""

ANSWER, NUMBER, SPELLING, HALF = 60, 90, 110, 90
"""The least pause at the end of each, in hundredths of the plan's patience; for an answer it is all the patience there is."""

BEGINS, TAIL_WORDS = ("five", "b", "o", "c"), 16
"""With these the rest of a number begins; of more words nobody knows the first."""

OTHERS: tuple[type, ...] = (ev.ActivityBegan, ev.ActivityEnded, ev.RecogniserEnd, ev.KeyPressed)
"""What tells of the caller besides words."""

ASKS_NUMBER, ASKS_SPELLING = "what is your number?", "could you spell that?"
ASKS_CODE, CODE_DIGITS = "what is your four digit code?", 4
BROKEN_OFF_WORDS = 8
"""Whoever breaks an answer off before more of it was heard goes on with the number or the spelling that was asked for before."""
ASKS_YES, ASKS_AGAIN = "shall I book it?", "Could you say it again?"


def is_all(plan: CallPlan, asked: str, words: str) -> bool:
    """Whether ``words`` alone say that their caller has finished: they are the yes or no that ``asked`` asks for.

    A turn model tells whether somebody begins with them ("yeah, but"). Who is asked to say it again and says yes is about to; who says no
    is not.
    """
    book = phrasebook(plan.language)
    last = asked[: asked.rfind("?") + 1]
    if last.endswith(ASKS_AGAIN):
        return book.denies(words)
    if not last.endswith(ASKS_YES):
        return False
    return book.answers_yes_or_no(words) and not (plan.turn_model and book.opens_sentence(words))


class PauseAccount:
    """The pauses before a turn is taken for finished, and what the recogniser is told of them."""

    __slots__ = (
        "_answering",
        "_asked",
        "_asked_ms",
        "_book",
        "_broken_off",
        "_counts",
        "_dictated",
        "_goes_on",
        "_judged",
        "_judged_ms",
        "_known",
        "_read_ms",
        "_told_ms",
        "_unheard",
        "_word_ms",
    )

    def __init__(self, book: Book) -> None:
        self._book = book
        self._asked = ""  # what the agent was last heard to say since the caller's last turn
        self._answering = (
            ""  # the same when the newest words were told: who answers while the agent goes on answers that
        )
        self._dictated = ""  # what the turn taken last was asked to dictate, until an answer to it is heard
        self._goes_on = False  # what is asked for counts for words alone that begin as the rest of it
        self._broken_off = 0  # what the caller's words silenced last
        self._told_ms = -1
        self._judged = False  # the turn model was heard since the newest word, or of sound behind it
        self._asked_ms = self._judged_ms = -1  # up to where in the caller's audio it was asked, and was heard
        self._known: set[str] = set()
        self._counts: dict[int, int] = {}  # segment -> its words
        self._read_ms: dict[int, int] = {}  # segment -> up to where in the audio its finals reach
        self._unheard = True  # nothing but words was told of the present turn
        self._word_ms = -1  # up to where the newest word of it was known when it was first told

    def reads(self) -> Handlers:
        """What it judges."""
        return {
            fx.SetPatience: self._told,
            fx.AgentSaid: self._said,
            fx.Clear: self._clear,
            fx.Note: self._note,
            fx.UserSaid: self._user_said,
            fx.AskModel: self._ask,
            fx.Committed: self._commit,
            fx.AskTurnModel: self._ask_turn_model,
            ev.TranscriptPartial: self._words,
            ev.TranscriptFinal: self._words,
            ev.TurnVerdict: self._judge,
            ev.ProviderFailed: self._judge,
            **dict.fromkeys(OTHERS, self._other),
        }

    def close(self) -> None:
        """Nothing is left to judge."""

    def _told(self, effect: fx.SetPatience) -> None:
        self._told_ms = effect.silence_ms

    def _clear(self, effect: fx.Clear) -> None:
        if isinstance(self._book.event, ev.TranscriptPartial | ev.TranscriptFinal | ev.KeyPressed):
            self._broken_off = effect.generation

    def _said(self, effect: fx.AgentSaid) -> None:
        said = self._book.replies.get(effect.generation).said
        goes_on = effect.generation == self._broken_off and len(said.split()) <= BROKEN_OFF_WORDS and "?" not in said
        self._goes_on = goes_on and bool(self._dictated)
        self._asked = self._dictated if self._goes_on else said
        self._dictated = ""

    def _note(self, effect: fx.Note) -> None:
        if effect.kind == "echo":
            self._unheard = False  # what was read of the agent's words was waited behind, as if they were the caller's

    def _user_said(self, effect: fx.UserSaid) -> None:
        words = _words_of(effect.text)
        half = words[-1:] in (["and"], ["um"])  # which is as long a pause as behind a number
        dictates = "" if half else {NUMBER: ASKS_NUMBER, SPELLING: ASKS_SPELLING}.get(self._percent(words), "")
        self._dictated = "" if keyed(effect.text) else dictates
        self._asked = self._answering = ""
        self._unheard = self._book.caller.talking_us < 0 and not self._book.caller.unsure
        self._word_ms = -1

    def _other(self, _event: object) -> None:
        self._unheard = False

    def _words(self, event: ev.TranscriptPartial | ev.TranscriptFinal) -> None:
        self._answering = self._asked
        read_ms = self._read_ms.get(event.segment, -1)
        if isinstance(event, ev.TranscriptFinal):
            self._read_ms[event.segment] = max(event.audio_ms, read_ms)
        elif event.audio_ms <= read_ms:
            return  # it was overtaken by a final, and says nothing new
        new = {word for word in event.text.split() if is_numbered(word)} - self._known
        self._known |= new
        begun = event.segment not in self._counts and self._answers(event.text)
        count = len(event.text.split())
        more = count > self._counts.get(event.segment, 0) and event.audio_ms > self._word_ms  # else one was read anew
        self._counts[event.segment] = count
        if (new or begun) and more and self._book.live:
            self._word_ms = event.audio_ms
            # Words may be read so late that the turn model has heard the sound of them before: its answer stands. A recogniser says up to
            # COVER_SLACK_MS behind a sound that it knows the words of it.
            self._judged = self._judged and event.audio_ms <= self._judged_ms + COVER_SLACK_MS

    def _is_all(self, words: str) -> bool:
        plan = self._book.plan
        return is_all(plan, self._asked, words) or is_all(plan, self._answering, words)

    def _answers(self, text: str) -> bool:
        """Whether a yes or a no is all of it: such words have no number that would tell new ones from old ones, but in a new segment."""
        return phrasebook(self._book.plan.language).answers_yes_or_no(text)

    def _ask_turn_model(self, effect: fx.AskTurnModel) -> None:
        self._asked_ms = effect.audio_ms

    def _judge(self, _event: object) -> None:
        self._judged, self._judged_ms = True, self._asked_ms

    def _ask(self, effect: fx.AskModel) -> None:
        if not self._book.replies.get(effect.generation).speculative:
            self._certain(effect.generation)

    def _commit(self, effect: fx.Committed) -> None:
        self._certain(effect.generation)

    def _certain(self, generation: int) -> None:
        book, plan = self._book, self._book.plan
        words = book.replies.get(generation).asked
        if plan.written or not words or keyed(words):
            return
        least_ms = plan.patience_ms * self._percent(_words_of(words)) // 100
        if book.at_us + LATE_US < book.answered_us + (book.caller.end_ms + least_ms) * 1000 and least_ms:
            contradict("who dictates is not cut", f"{words[-40:]!r} in {generation}")
        if self._unheard and self._word_ms >= 0 and not (self._judged or self._is_all(words)):
            waits_ms = (
                min(VERDICT_WAIT_MS if plan.turn_model else plan.endpointing_ms, plan.patience_ms * ANSWER // 100)
                - COVER_SLACK_MS
            )
            if book.at_us + LATE_US < book.answered_us + (self._word_ms + waits_ms) * 1000:
                contradict("whom the detector does not hear may pause as others", f"{words[-40:]!r} in {generation}")
        told_ms = plan.endpointing_ms if self._told_ms < 0 else self._told_ms
        if told_ms < least_ms:
            contradict("the recogniser is told how long a caller may pause", f"{told_ms} of {least_ms} in {generation}")

    def _percent(self, words: Sequence[str]) -> int:
        """The least pause after these words, as far as it is certain."""
        digits = letters = either = 0
        begins = len(words) < TAIL_WORDS and words[:1] and (words[0] in BEGINS or words[0].isnumeric())
        asked = self._asked if begins or not self._goes_on else ""
        before = ""  # the word before the row
        for word in reversed(words):
            before = word
            if word == "o":
                either += 1  # a letter among letters, else perhaps a nought
            elif word.isnumeric() or word == "five":
                digits += len(word) if word.isnumeric() else 1
            elif len(word) == 1 and word.isalpha():
                letters += 1
            else:
                break
        if letters:
            letters += either
        elif digits and asked.endswith(ASKS_CODE):
            # Whether it is the whole code is not certain where an "o" may be a nought, or a word of another language a digit.
            return 0 if digits == CODE_DIGITS or either or before in ("fünf", "सात") else NUMBER
        if letters >= LETTERS or (letters and asked.endswith(ASKS_SPELLING)):
            return SPELLING
        if digits >= DIGITS or (digits and asked.endswith(ASKS_NUMBER)):
            return NUMBER
        return HALF if words and words[-1] in ("and", "um") else 0


def _words_of(text: str) -> list[str]:
    return text.lower().replace(",", "").replace(".", "").split()
