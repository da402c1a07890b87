"""An agent that was cut by nothing goes on, behind the last word that was heard, not too soon, and not for ever; and one that was
interrupted does not answer too soon either."""

from __future__ import annotations

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import RESUMES_MOST
from callwright.conversation.lanes import BACK_CHANNEL, FILLER
from proof.accounts.book import LATE_US, Book, Handlers, contradict

GOES_ON = frozenset({"welcome", "reply", "silence", "apology"})
"""Purposes of what is gone on with. What is said for a tool or a transfer is out of date when it was cut."""


class ResumeAccount:
    """What an interruption left unsaid."""

    __slots__ = ("_asked_us", "_book", "_by_voice", "_cut", "_depth", "_interrupted_us", "_left", "_noise_ms")

    def __init__(self, book: Book) -> None:
        self._book = book
        self._cut: set[int] = set()  # utterances that the caller's words silenced
        self._by_voice: set[int] = set()  # and those whose voice failed
        self._depth: dict[int, int] = {}  # how often the caller's words have silenced what an utterance goes on with
        self._interrupted_us = -1  # when the caller last silenced the agent, which has said nothing since
        self._left = 0  # the utterance of which something is left to say
        self._noise_ms = -1  # where the caller's last sound was over that had no words
        self._asked_us: dict[int, int] = {}  # where the caller's last sound was over when a reply was asked for

    def reads(self) -> Handlers:
        """What it judges."""
        excuses: tuple[type, ...] = (ev.KeyPressed, ev.LineHeld, fx.UserSaid)
        acts: tuple[type, ...] = (fx.CallTool, fx.SendKeys, fx.Transfer)
        return {
            fx.Clear: self._clear,
            fx.AgentSaid: self._over,
            fx.Withdrawn: self._over,
            fx.Note: self._note,
            fx.Release: self._release,
            fx.Speak: self._speak,
            fx.PlayAsset: self._sound,
            fx.AskModel: self._ask,
            **dict.fromkeys(acts, self._act),
            fx.HangUp: self._hang_up,
            **dict.fromkeys(excuses, self._excuse),
        }

    def close(self) -> None:
        """Nothing is left to judge."""

    def _clear(self, effect: fx.Clear) -> None:
        one = self._book.replies.get(effect.generation)
        words = isinstance(self._book.event, ev.TranscriptPartial | ev.TranscriptFinal)
        others = self._book.notes("voice_failed", "voicemail_found")  # what silenced the agent in the same step
        if (words or isinstance(self._book.event, ev.KeyPressed)) and self._book.live and not others:
            self._interrupted_us = self._book.at_us
        if words and self._book.live and one.purpose in GOES_ON and not one.farewell:
            self._cut.add(effect.generation)

    def _over(self, effect: fx.AgentSaid | fx.Withdrawn) -> None:
        one = self._book.replies.get(effect.generation)
        heard = len(effect.text.split()) if isinstance(effect, fx.AgentSaid) else 0
        if effect.generation in self._cut and heard < len(one.sound.spoken) and self._book.live:
            self._left = effect.generation

    def _note(self, effect: fx.Note) -> None:
        if effect.kind in ("resume_given_up", "voicemail_found"):
            self._left = 0
        elif effect.kind in ("tool_refused", "tool_repeated", "transfer_refused"):
            self._interrupted_us = -1  # of a reply that was performed
        elif effect.kind == "noise":
            self._noise_ms = self._book.caller.end_ms
        elif effect.kind == "voice_failed":
            self._by_voice.add(int(effect.text.split()[-1]))

    def _excuse(self, _item: object) -> None:
        self._left = 0

    def _release(self, effect: fx.Release) -> None:
        self._left = 0  # what was left is out of date when anything else is said
        self._keeps_backoff(effect)
        if not effect.resumes:
            return
        book, cut = self._book, self._book.replies.get(effect.resumes)
        by_caller = effect.resumes not in self._by_voice
        self._depth[effect.generation] = self._depth.get(effect.resumes, 0) + by_caller
        if self._depth[effect.generation] > RESUMES_MOST:
            contradict("a sentence is gone on with so often at most", f"{effect.generation} after {effect.resumes}")
        if by_caller and book.at_us + LATE_US < cut.sound.cleared_us + book.plan.backoff_ms * 1000:
            contradict(
                "an agent that was silenced keeps its backoff period", f"{effect.generation} after {effect.resumes}"
            )

    def _ask(self, effect: fx.AskModel) -> None:
        self._left = 0
        end_ms = self._book.caller.end_ms
        self._asked_us[effect.generation] = self._book.answered_us + end_ms * 1000 if end_ms > self._noise_ms else 0

    def _act(self, _effect: object) -> None:
        """A reply of tools alone is one, too."""
        self._left = 0
        self._interrupted_us = -1

    def _keeps_backoff(self, effect: fx.Release) -> None:
        """An agent that was interrupted, whatever it was saying, keeps its backoff period: behind that and the caller's last sound."""
        book, one, since_us = self._book, self._book.replies.get(effect.generation), self._interrupted_us
        self._interrupted_us = -1
        if since_us < 0 or not one.request or not book.live:
            return
        if one.asked:  # what sounds afterwards and has no words holds nothing back
            since_us = max(since_us, self._asked_us.get(one.number, 0))
        if book.at_us + LATE_US < since_us + book.plan.backoff_ms * 1000:
            contradict("an agent that was interrupted keeps its backoff period", f"{one.number} since {since_us}")

    def _sound(self, effect: fx.PlayAsset) -> None:
        """Nor does it fill the wait meanwhile."""
        if effect.lane in (FILLER, BACK_CHANNEL):
            self._keeps_quiet(effect.lane)

    def _keeps_quiet(self, what: str) -> None:
        book = self._book
        if self._interrupted_us < 0 or not book.live:
            return
        # What sounds after the question to the model, and has no words, holds nothing back.
        since_us = max(self._interrupted_us, max(self._asked_us.values(), default=0))
        if book.at_us + LATE_US < since_us + book.plan.backoff_ms * 1000:
            contradict("an agent that was interrupted keeps its backoff period", f"{what} since {since_us}")

    def _speak(self, effect: fx.Speak) -> None:
        if effect.purpose == "silence" and self._left and not effect.index:
            asked = self._book.replies.get(self._left).purpose == "silence"
            if not asked:
                contradict("an agent that was cut by nothing goes on", self._left)

    def _hang_up(self, effect: fx.HangUp) -> None:
        if effect.reason == "inactivity_timeout" and self._left:
            contradict("an agent that was cut by nothing goes on", self._left)
