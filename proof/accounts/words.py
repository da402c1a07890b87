"""The caller's words: said, heard, taken, numbered, and answered."""

from __future__ import annotations

import re

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation import opt_out
from callwright.conversation.bounds import COVER_SLACK_MS, DOUBT_MOST_MS, FINAL_WAIT_MS, STILL_READ_MS, VERDICT_WAIT_MS
from callwright.conversation.stops import normalised
from callwright.conversation.turn import KEYED_AS
from callwright.domain.limits import MAX_KEY_DIGITS
from proof.accounts.book import LATE_US, Book, Handlers, contradict

_ENTRY = re.compile(rf"{KEYED_AS} [0-9*#A-D]+")
ANSWER_SLACK_MS = 1_000
_ENDS = (ev.ActivityEnded, ev.RecogniserEnd, ev.TranscriptPartial, ev.TranscriptFinal, ev.KeyPressed)
"""With these something of the caller's may be over; what a step with one does may come of a deadline before it."""

LEAST_PATIENCE_PERCENT = 60
"""A caller who was asked for a yes or a no is waited for less than the plan says."""

PATIENCE_MOST = 3
"""A caller who dictates may pause for longer than the plan says, yet not without end."""


def is_numbered(word: str) -> bool:
    """Whether it is one of the simulated caller's words, each of which is said once (w17)."""
    return word[:1] == "w" and word[1:].isdigit()


def keyed(text: str) -> bool:
    """Whether an entry by the keys is among the words."""
    return _ENTRY.search(text) is not None


class WordsAccount:
    """What the caller said, and the turns of the record."""

    __slots__ = (
        "_book",
        "_closed",
        "_closed_ms",
        "_final_ms",
        "_keys",
        "_last",
        "_moved_us",
        "_new_ms",
        "_read",
        "_revised",
        "_segments",
        "_sounds_us",
        "_taken",
        "_texts",
        "_told",
        "_turn",
        "_unread",
        "_vanished",
        "_waiting",
    )

    def __init__(self, book: Book, keys: KeysAccount) -> None:
        self._book = book
        self._keys = keys
        self._turn = 0
        self._texts: dict[int, str] = {}  # segment -> its newest text, by a partial or a final
        self._told: dict[int, set[str]] = {}  # segment -> numbered words of any text of it
        self._final_ms: dict[int, int] = {}  # segment -> up to where its finals know the words
        self._unread: set[int] = set()  # segments whose newest words may still change
        self._vanished: set[str] = set()  # words that the final text of their segment left out
        self._segments: dict[str, int] = {}  # numbered word -> segment it came in
        self._sounds_us = -1  # when the first sound began since new words were told
        self._read: set[str] = set()  # numbered words that were in a final
        self._revised: set[str] = set()  # words of finals that came too late for a turn, or for all of it
        self._taken: set[str] = set()
        self._waiting: dict[str, None] = {}  # numbered words of finals that no turn has
        self._closed = False
        self._closed_ms = 0  # up to where the recogniser was told last that words are taken
        self._new_ms = -1  # up to where other words were known when they were told since then
        self._last: fx.UserSaid | None = None  # the last turn, when nobody spoke as it was taken
        self._moved_us = 0  # when anything last happened that an answer may wait for

    def reads(self) -> Handlers:
        """What it judges."""
        return {
            ev.ActivityBegan: self._sounds,
            ev.TranscriptPartial: self._partial,
            ev.TranscriptFinal: self._final,
            fx.UserSaid: self._user_said,
            fx.CloseUtterance: self._close,
            fx.Note: self._note,
            fx.AgentSaid: self._agent_said,
            fx.AskModel: self._ask,
            fx.Committed: self._commit,
            fx.Release: self._release,
        }

    def close(self) -> None:
        """Nothing is left to judge."""

    def _sounds(self, event: ev.ActivityBegan) -> None:
        self._sounds_us = event.at_us if self._sounds_us < 0 else self._sounds_us

    def _partial(self, event: ev.TranscriptPartial | ev.TranscriptFinal) -> None:
        if self._last is not None and event.audio_ms <= self._last.to_ms:
            self._last = None  # words from within the last turn: the next one may begin there, too
        newest = isinstance(event, ev.TranscriptFinal) or event.audio_ms > self._final_ms.get(event.segment, -1)
        if newest and normalised(event.text) != normalised(self._texts.get(event.segment, "")):
            self._new_ms = max(self._new_ms, event.audio_ms)
            self._sounds_us = -1
        self._texts[event.segment] = event.text
        new = {word for word in event.text.split() if is_numbered(word)}
        self._told.setdefault(event.segment, set()).update(new)
        if newest:
            self._vanished -= new
            self._unread.add(event.segment)
        for word in new:
            self._segments.setdefault(word, event.segment)

    def _final(self, event: ev.TranscriptFinal) -> None:
        for word in self._told.get(event.segment, ()):  # also of a final before it, behind which an older partial came
            self._waiting.pop(word, None)
        self._partial(event)
        self._unread.discard(event.segment)
        self._read.update(filter(is_numbered, event.text.split()))
        self._final_ms[event.segment] = max(event.audio_ms, self._final_ms.get(event.segment, -1))
        self._vanished |= self._told[event.segment].difference(event.text.split())
        if self._book.listens:
            for word in event.text.split():
                if is_numbered(word) and word not in self._taken:
                    self._waiting[word] = None

    def _user_said(self, effect: fx.UserSaid) -> None:
        book = self._book
        # Words that the recogniser reads after the call lengthen its last turn.
        if effect.turn != self._turn + 1 and not (book.over and effect.turn == self._turn):
            contradict("turns are numbered one by one", f"{effect.turn} after {self._turn}")
        self._turn = effect.turn
        self._unread.clear()
        last, caller = self._last, book.caller
        if last is not None and not book.over and last.from_ms == effect.from_ms and last.to_ms > last.from_ms:
            contradict("a turn begins after the one before it", f"turn {effect.turn} at {effect.from_ms}")
        self._last = None if caller.talking_us >= 0 or caller.unsure else effect
        place = -1
        for word in _ENTRY.sub("", effect.text).split():
            if not is_numbered(word):
                continue
            if word not in self._segments:
                contradict("a turn has words that were said", f"{word} in turn {effect.turn}")
            if word in self._vanished and not book.over:
                contradict("words that the recogniser took back are in no turn", f"{word} in turn {effect.turn}")
            if self._segments[word] < place:
                contradict("a turn has its words in order", f"{word} in turn {effect.turn}")
            place = self._segments[word]
            self._taken.add(word)
            self._waiting.pop(word, None)
        if book.emits(fx.Release, fx.CallTool, fx.SendKeys) and not (self._closed or self._apology()):
            contradict("the recogniser is told which words were taken", f"turn {effect.turn}")
        self._closed = False
        self._reaches(effect)

    def _reaches(self, effect: fx.UserSaid) -> None:
        """A reply that is performed takes words that were told since it was asked for: the recogniser is told of their end, too."""
        book, one = self._book, self._book.replies.pending
        if one is None or not one.asked or one.turn != effect.turn or book.plan.written or not book.live:
            return
        more = normalised(_ENTRY.sub("", effect.text)) != normalised(_ENTRY.sub("", one.asked))
        end_ms = min(effect.to_ms, self._new_ms)
        performed = book.emits(fx.Release, fx.CallTool, fx.SendKeys, fx.Transfer) and not book.emits(fx.Withdrawn)
        if performed and more and self._closed_ms + COVER_SLACK_MS < end_ms:
            contradict("the recogniser is told of the end of a turn", f"{self._closed_ms} of {end_ms} in {effect.turn}")

    def _apology(self) -> bool:
        return any(isinstance(one, fx.Speak) and one.purpose in ("apology", "goodbye") for one in self._book.effects)

    def _close(self, effect: fx.CloseUtterance) -> None:
        self._closed, self._closed_ms, self._new_ms = True, effect.audio_ms, -1

    def _note(self, effect: fx.Note) -> None:
        if effect.kind == "words_revised":
            self._revised.update(effect.text.split())
        if effect.kind in ("back_channel", "discarded_words", "words_unconfirmed"):
            self._unread.clear()
        if effect.kind == "discarded_words":
            for word in effect.text.split():
                self._waiting.pop(word, None)
                self._taken.add(word)
            self._discarded(effect.text)
        if effect.kind == "echo":
            # Of the agent's words one in three may be read as others; whether it was an echo is judged elsewhere.
            words = effect.text.split()
            misread = [word for word in words if is_numbered(word)]
            if 3 * len(misread) <= len(words):
                for word in misread:
                    self._waiting.pop(word, None)

    def _agent_said(self, effect: fx.AgentSaid) -> None:
        cleared = self._book.replies.get(effect.generation).sound.cleared_us >= 0
        due = effect.purpose == "welcome" and self._book.plan.discard_pre_welcome and self._book.live
        waiting = self._unanswered()
        kept = self._midway() or self._asks_not_to_be_called()
        if due and not cleared and waiting and not (self._book.notes("discarded_words") or kept):
            contradict("words over the welcome are thrown away on request", waiting[:5])

    def _asks_not_to_be_called(self) -> bool:
        plan, words = self._book.plan, " ".join(self._texts[segment] for segment in sorted(self._texts))
        return plan.opt_out and opt_out.said(words, plan.language)

    def _midway(self) -> bool:
        """Whether the caller may have been speaking or typing, or read, when what this step does came about."""
        book = self._book
        if isinstance(book.event, _ENDS) or book.caller.speaks(book.at_us) or book.caller.unsure or self._keys.begun:
            return True
        words = [word for segment in self._unread for word in self._texts[segment].split()]
        return any(not (is_numbered(word) and word in self._taken) for word in words)

    def _discarded(self, text: str) -> None:
        """Words are thrown away only when the welcome has been said, and only where the agent wants that; never half of what goes on."""
        book = self._book
        unread = [word for word in text.split() if is_numbered(word) and word not in self._read]
        ended_us = book.answered_us + book.caller.end_ms * 1000
        if (unread and book.at_us + LATE_US < ended_us + STILL_READ_MS * 1000) or book.caller.talks(book.at_us):
            contradict("no sentence is cut in two by the welcome's end", f"{text!r}")
        if book.plan.opt_out and opt_out.said(text, book.plan.language):
            contradict("who asks not to be called is heard, also before the welcome", f"{text!r}")
        welcomed = any(isinstance(one, fx.AgentSaid) and one.purpose == "welcome" for one in book.effects)
        if not (book.plan.discard_pre_welcome and welcomed):
            contradict("only words over the welcome are thrown away, and only on request", book.at_us)

    def _ask(self, effect: fx.AskModel) -> None:
        """A turn is the next one or, for a reply that is owed, the last."""
        if effect.turn not in (self._turn, self._turn + 1):
            contradict("a reply belongs to the present turn", f"{effect.turn} after {self._turn}")
        if not self._book.replies.get(effect.generation).speculative:
            self._certain(effect.generation)

    def _commit(self, effect: fx.Committed) -> None:
        self._certain(effect.generation)

    def _release(self, effect: fx.Release) -> None:
        one = self._book.replies.get(effect.generation)
        answers = one.purpose == "reply" and self._book.emits(fx.UserSaid)
        if effect.turn != self._turn if answers else effect.turn not in (one.turn, self._turn):
            contradict("a reply is that of the turn it answers", f"{effect.generation} of {effect.turn}")
        unanswered = self._unanswered()
        if effect.resumes and unanswered and self._book.live and not self._book.machine:  # others are not answered
            contradict("an agent goes on only when the caller has said nothing", unanswered[:5])

    def _certain(self, generation: int) -> None:
        """Words that may still change are waited for, a bounded time."""
        book, asked = self._book, self._book.replies.get(generation).asked
        if keyed(asked):
            return  # an entry by the keys is a turn by itself
        if 0 <= self._sounds_us <= book.at_us + LATE_US - DOUBT_MOST_MS * 1000:
            return  # sound after sound had none
        unread = [word for word in asked.split() if is_numbered(word) and word not in self._read]
        waits_ms = book.caller.end_ms + book.plan.patience_ms * LEAST_PATIENCE_PERCENT // 100 + FINAL_WAIT_MS
        if unread and book.at_us + LATE_US < book.answered_us + waits_ms * 1000:
            contradict("words that may still change are waited for", f"{unread[:5]} in {generation}")

    def step(self) -> None:
        """Words do not wait for an answer when nobody speaks, thinks, or is waited for."""
        book, replies = self._book, self._book.replies
        busy = (
            not book.live
            or book.machine  # which is left its message when it is silent
            or not self._unanswered()
            or replies.audible is not None
            or replies.pending is not None
            or book.caller.speaks(book.at_us)
            or book.held_us >= 0
            or book.work.under_way
        )
        if busy or book.effects or not isinstance(book.event, ev.DeadlineReached):
            self._moved_us = book.at_us
            return
        patience_ms = book.plan.patience_ms * PATIENCE_MOST + FINAL_WAIT_MS + VERDICT_WAIT_MS + ANSWER_SLACK_MS
        if book.at_us - self._moved_us > patience_ms * 1000 + LATE_US:
            contradict("a caller who has finished is answered", f"{self._unanswered()[:5]} since {self._moved_us}")

    def _unanswered(self) -> list[str]:
        """The words that wait for an answer: not those that came too late for a turn."""
        return [word for word in self._waiting if word not in self._revised]


class KeysAccount:
    """Entries by the keys: what was typed together is said together."""

    __slots__ = (
        "_behind",
        "_book",
        "_counted_us",
        "_cut",
        "_entries",
        "_entry",
        "_heard",
        "_last_us",
        "_perhaps",
        "_said",
        "_segments",
        "_turn",
        "_was_taken",
    )

    def __init__(self, book: Book) -> None:
        self._book = book
        self._counted_us = -1  # when a count completed the latest entry
        self._cut = 0  # the utterance that was silenced before the model had finished it
        self._entry = ""
        self._last_us = 0
        self._entries: list[str] = []  # as they must be
        # The last segment that was heard when each entry was complete, at the least and at the most; and the least of one whose pause
        # was over as the call began to end, when either may have come first.
        self._behind: list[tuple[int, int]] = []
        self._perhaps: int | None = None
        self._heard = -1  # the last segment
        self._segments: dict[str, int] = {}  # numbered word -> segment it came in
        self._said: list[str] = []  # as they were
        self._turn = 0
        self._was_taken = True  # before the step

    def reads(self) -> Handlers:
        """What it judges."""
        return {
            ev.KeyPressed: self._press,
            ev.TranscriptPartial: self._hear,
            ev.TranscriptFinal: self._hear,
            fx.Clear: self._clear,
            fx.UserSaid: self._user_said,
            fx.Note: self._note,
        }

    def close(self) -> None:
        """Nothing is left to judge."""

    @property
    def _taken(self) -> bool:
        """Whether keys are words of the caller's. Also while last words are cut off that the model was still adding to: the call is only
        ended when it is known how far they got."""
        book, audible = self._book, self._book.replies.audible
        return book.live or (book.open and audible is not None and audible.number == self._cut)

    def _clear(self, effect: fx.Clear) -> None:
        if self._book.replies.get(effect.generation).answering:
            self._cut = effect.generation

    @property
    def begun(self) -> bool:
        """Whether an entry may be begun and not complete."""
        return bool(self._entry)

    @property
    def typing(self) -> bool:
        """Whether an entry is certainly begun and not complete."""
        return bool(self._entry) and self._book.at_us + LATE_US < self._last_us + self._book.plan.keys_pause_ms * 1000

    def _press(self, event: ev.KeyPressed) -> None:
        plan = self._book.plan
        if not (plan.keys and self._taken):
            return
        self._lapse(event.at_us)
        begins = not self._entry
        finishes = event.key == plan.keys_end
        counted_us, self._counted_us = self._counted_us, -1
        if finishes and counted_us >= 0 and event.at_us < counted_us + plan.keys_pause_ms * 1000:
            return  # out of habit
        if not finishes or begins:
            self._entry += event.key
        self._last_us = event.at_us
        if not finishes and len(self._entry) >= (plan.keys_most or MAX_KEY_DIGITS):
            self._counted_us = event.at_us
        if finishes or self._counted_us >= 0:
            self._complete()
        if begins:
            self._interrupts()

    def _hear(self, event: ev.TranscriptPartial | ev.TranscriptFinal) -> None:
        if self._book.answered_us < 0:
            return  # it was somebody else
        self._lapse(event.at_us)
        self._heard = max(self._heard, event.segment)
        for word in filter(is_numbered, event.text.split()):
            self._segments.setdefault(word, event.segment)

    def step(self) -> None:
        """After each step: whether the pause that completes an entry has passed."""
        over = self._lapse(self._book.at_us)
        if over and self._was_taken and not self._taken:
            self._perhaps = self._heard
        self._was_taken = self._taken

    def _lapse(self, at_us: int) -> bool:
        """A pause completes an entry. One that is begun when the call begins to end is complete with the call. Returns whether a pause has
        passed that completes none."""
        if not self._entry or at_us < self._last_us + self._book.plan.keys_pause_ms * 1000:
            return False
        if self._taken:
            self._complete()
        return bool(self._entry)

    def _interrupts(self) -> None:
        book, audible = self._book, self._book.replies.audible
        if (
            audible is None
            or audible.sound.cleared_us >= 0
            or audible.farewell
            or audible.purpose in ("goodbye", "transfer", "voicemail")
        ):
            return
        if fx.Clear(audible.number) in book.effects:
            if not book.plan.keys_interrupt:
                contradict("a key silences the agent only where it should", audible.number)
        elif book.plan.keys_interrupt:
            contradict("the first key silences the agent", audible.number)

    def _complete(self) -> None:
        self._entries.append(self._entry)
        self._behind.append((self._heard if self._perhaps is None else self._perhaps, self._heard))
        self._entry, self._perhaps = "", None

    def _user_said(self, effect: fx.UserSaid) -> None:
        again, self._turn = effect.turn == self._turn, effect.turn
        self._compare(effect.text, again)

    def _note(self, effect: fx.Note) -> None:
        if effect.kind == "discarded_words":
            if self.typing:
                contradict("no entry is cut in two by the welcome's end", self._entry)
            self._compare(effect.text, False)

    def _compare(self, text: str, again: bool) -> None:
        """A turn that is taken completes an entry that was only begun. ``again``: the last turn, with words that the recogniser read after
        the call."""
        said = [entry.split()[-1] for entry in _ENTRY.findall(text)]
        if not said:
            return
        if self._entry:
            self._complete()
        first = len(self._said) - len(said) if again else len(self._said)
        expected = self._entries[first : first + len(said)]
        if said != expected:
            contradict("keys typed together are one entry", f"{said} and {expected}")
        self._in_order(text, first)
        self._said[first:] = said

    def _in_order(self, text: str, first: int) -> None:
        """What is typed stands behind the words that were known then, and before those of a segment that was heard later. ``first``: the
        first entry of ``text``."""
        parts = [[word for word in part.split() if word in self._segments] for part in _ENTRY.split(text)]
        for place, (least, most) in enumerate(self._behind[first : first + len(parts) - 1], 1):
            early = [word for part in parts[:place] for word in part if self._segments[word] > most]
            late = [word for part in parts[place:] for word in part if self._segments[word] <= least]
            if early or late:
                contradict("an entry stands where it was typed", f"{(early or late)[:5]} in {text!r}")
