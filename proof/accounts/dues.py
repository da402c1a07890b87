"""What is due to the caller: a ready reply at once, an apology after a refusal, a word after a hold."""

from __future__ import annotations

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import FAILURES_IN_A_ROW, RESUME_MS, SPECULATIONS_MOST
from callwright.ports.failures import RETRYABLE
from proof.accounts.book import LATE_US, Book, Handlers, contradict
from proof.accounts.replies import FAILED
from proof.accounts.settling import Settling

PROMPT_SLACK_MS = 60


class PromptAccount:
    """A reply that can be heard is heard, and what is asked has a number of its own."""

    __slots__ = (
        "_asked",
        "_book",
        "_called_us",
        "_doubted",
        "_guesses",
        "_keyed_us",
        "_moved_us",
        "_numbers",
        "_settling",
        "_sounds_us",
    )

    def __init__(self, book: Book, settling: Settling) -> None:
        self._book = book
        self._settling = settling
        self._asked: dict[int, list[str]] = {}  # the words of each segment when the reply was asked for
        self._guesses: dict[int, int] = {}
        self._numbers: set[int] = set()
        self._moved_us = 0  # when anything last happened that may hold a reply back
        self._called_us = -1  # when the last tool was called, if nothing but its own words is to be said since
        self._keyed_us = -1
        self._sounds_us = -1  # since when the caller has made a sound while a reply was made, perhaps
        self._doubted = False  # there were other words, or a sound that went on, since it was asked for

    def reads(self) -> Handlers:
        """What it judges."""
        caller: tuple[type, ...] = (
            ev.ActivityBegan,
            ev.ActivityEnded,
            ev.TranscriptPartial,
            ev.TranscriptFinal,
            ev.TurnVerdict,
        )
        others: tuple[type, ...] = (
            *(
                ev.RecogniserEnd,
                ev.RecogniserEager,
                ev.RecogniserResumed,
                ev.LineHeld,
                ev.KeyPressed,
                ev.ToolResult,
                ev.ReplyEnded,
            ),
            *(fx.AgentSaid, fx.Withdrawn, fx.CancelTool, fx.Note),
        )
        asked: tuple[type, ...] = (
            fx.AskModel,
            fx.AskClassifier,
            fx.AskTurnModel,
            fx.CallTool,
            fx.SendKeys,
            fx.Transfer,
        )
        return {
            **dict.fromkeys((*caller, *others), self._move),
            **dict.fromkeys(asked, self._number),
            fx.AskModel: self._ask,
            fx.Committed: self._commit,
            ev.ActivityBegan: self._began,
            ev.ActivityEnded: self._ended,
            ev.TranscriptPartial: self._hear,
            ev.TranscriptFinal: self._hear,
            fx.CallTool: self._call,
            fx.Clear: self._excuse,
            ev.KeyPressed: self._press,
            fx.Speak: self._speak,
            fx.Speculative: self._guess,
            fx.Release: self._release,
            fx.Note: self._note,
        }

    def close(self) -> None:
        """Nothing is left to judge."""

    def _call(self, effect: fx.CallTool) -> None:
        self._number(effect)
        self._called_us = self._book.at_us

    def _press(self, event: ev.KeyPressed) -> None:
        self._move(event)
        self._keyed_us = self._book.at_us

    def _excuse(self, _effect: fx.Clear) -> None:
        self._called_us = -1

    def _speak(self, effect: fx.Speak) -> None:
        """A tool's own words are said at once. An apology is the end of the turn, also of one whose words were none."""
        if effect.purpose == "apology":
            self._guesses.clear()
        book, called_us = self._book, self._called_us
        if effect.purpose != "tool" or effect.index:
            return
        self._called_us = -1
        typed = self._keyed_us >= 0 and book.at_us < self._keyed_us + (book.plan.keys_pause_ms + PROMPT_SLACK_MS) * 1000
        if called_us < 0 or typed or book.caller.talking_us >= 0 or book.caller.unsure:
            return
        own = [" ".join(book.rendered(words.message)) for words in book.plan.tool_words if words.own_message]
        late = book.at_us > max(called_us, self._moved_us) + PROMPT_SLACK_MS * 1000 + LATE_US
        if late and any(message.startswith(effect.text) for message in own):
            contradict("a tool's own words are said at once", f"{effect.text!r} after {called_us}")

    def _move(self, _item: object) -> None:
        self._moved_us = self._book.at_us

    def _ask(self, effect: fx.AskModel) -> None:
        self._number(effect)
        self._sounds_us, self._doubted = -1, False
        self._asked = dict(self._settling.told.words)

    def _commit(self, effect: fx.Committed) -> None:
        """The turn is known to be over, and the reply to answer all of it."""
        self._move(effect)
        self._sounds_us, self._doubted = -1, False
        self._asked = dict(self._settling.told.words)

    def _began(self, event: ev.ActivityBegan) -> None:
        self._move(event)
        if self._sounds_us < 0:
            self._sounds_us = self._book.at_us

    def _ended(self, event: ev.ActivityEnded) -> None:
        self._move(event)
        if self._book.caller.unsure:
            self._doubted = True
        elif self._sounds_us >= 0:
            self._doubted = self._doubted or self._book.at_us + LATE_US >= self._sounds_us + RESUME_MS * 1000
            self._sounds_us = -1

    def _hear(self, event: ev.TranscriptPartial | ev.TranscriptFinal) -> None:
        self._move(event)
        other = self._settling.told.words.get(event.segment, []) != self._asked.get(event.segment, [])
        self._doubted = self._doubted or other

    def _number(
        self, effect: fx.AskModel | fx.AskClassifier | fx.AskTurnModel | fx.CallTool | fx.SendKeys | fx.Transfer
    ) -> None:
        if effect.request in self._numbers:
            contradict("every question has a number of its own", effect.request)
        self._numbers.add(effect.request)

    def _note(self, effect: fx.Note) -> None:
        self._move(effect)
        if effect.kind == "back_channel":
            self._guesses.clear()  # what was guessed at was no turn, and the next one has its number

    def _guess(self, effect: fx.Speculative) -> None:
        if not self._book.plan.speculate:
            contradict("only an agent that may guesses", effect.generation)
        self._guesses[effect.turn] = self._guesses.get(effect.turn, 0) + 1
        if self._guesses[effect.turn] > SPECULATIONS_MOST:
            contradict("a turn has so many guesses at most", effect.turn)

    def _release(self, effect: fx.Release) -> None:
        one, plan = self._book.replies.get(effect.generation), self._book.plan
        if not one.asked:
            return
        since_us = max(self._moved_us, one.sound.voice_us, one.begun_us)
        floor_ms = max(plan.incremental_delay_ms, plan.backoff_ms) + PROMPT_SLACK_MS
        if self._doubted or self._sounds_us >= 0:
            since_us = max(since_us, self._settling.due_us)  # what was said is waited for, as behind any words
        if self._book.at_us > since_us + floor_ms * 1000 + LATE_US:
            contradict("a reply that is ready is heard", f"{one.number} since {since_us}")


class FailureAccount:
    """A model that refuses is not asked the same again, the caller is told, and a model that always fails ends the call."""

    __slots__ = ("_book", "_in_a_row", "_over", "_refused")

    def __init__(self, book: Book) -> None:
        self._book = book
        self._refused: tuple[int, str] | None = None
        self._in_a_row = 0
        self._over = False  # there were so many, and nothing was being said any more: that was the end

    def reads(self) -> Handlers:
        """What it judges."""
        excuses: tuple[type, ...] = (
            ev.ActivityBegan,
            ev.TranscriptPartial,
            ev.TranscriptFinal,
            ev.KeyPressed,
            ev.LineHeld,
            fx.UserSaid,
        )
        return {
            ev.ProviderFailed: self._failed,
            fx.Withdrawn: self._withdrawn,
            fx.AgentSaid: self._said,
            fx.Speak: self._speak,
            fx.AskModel: self._ask,
            **dict.fromkeys(excuses, self._excuse),
        }

    def close(self) -> None:
        """Nothing is left to judge."""

    def _failed(self, event: ev.ProviderFailed) -> None:
        pending = self._book.replies.pending
        if event.kind != "model" or pending is None or pending.request != event.request or pending.speculative:
            return
        caller = self._book.caller
        if caller.talking_us >= 0 or caller.unsure:
            return  # the caller goes on, and will be answered anyway
        if pending.purpose == "reply" and event.failure not in {kind.value for kind in RETRYABLE}:
            self._refused = (pending.turn, pending.asked)

    def _withdrawn(self, effect: fx.Withdrawn) -> None:
        one = self._book.replies.get(effect.generation)
        if effect.reason in FAILED and one.purpose == "reply" and not one.speculative:
            self._in_a_row += 1
            if self._over and self._book.live:
                contradict("a model that always fails ends the call", f"{self._in_a_row} failures")
            # What is being said is heard to its end, whatever fails behind it.
            self._over = self._in_a_row >= FAILURES_IN_A_ROW and self._book.replies.audible is None

    def _said(self, effect: fx.AgentSaid) -> None:
        if effect.purpose == "reply":
            self._in_a_row, self._over = 0, False

    def _speak(self, effect: fx.Speak) -> None:
        if effect.purpose in ("apology", "goodbye"):
            self._refused = None

    def _excuse(self, _item: object) -> None:
        self._refused = None

    def _ask(self, effect: fx.AskModel) -> None:
        one = self._book.replies.get(effect.generation)
        if self._refused == (one.turn, one.asked):
            contradict("a model that refused is not asked the same again", effect.request)
        self._refused = None


class DuesAccount:
    """What must have been said or asked before a silence counts as one."""

    __slots__ = ("_asked_us", "_book", "_cut_by_hold", "_known", "_reply_us", "_spoke")

    def __init__(self, book: Book) -> None:
        self._book = book
        self._cut_by_hold = False
        self._reply_us = -1  # when a reply was last heard to its end, after which the hang-up question is due
        self._asked_us = -1
        self._known: set[str] = set()
        self._spoke = False  # the caller has said something since the hang-up question

    def reads(self) -> Handlers:
        """What it judges."""
        return {
            ev.TranscriptPartial: self._partial,
            ev.TranscriptFinal: self._final,
            ev.ClassifierVerdict: self._judged,
            fx.Clear: self._clear,
            fx.AskModel: self._ask,
            fx.CallTool: self._ask,
            fx.Transfer: self._ask,
            fx.AgentSaid: self._said,
            fx.AskClassifier: self._ask_whether_over,
            fx.UserSaid: self._user_said,
            fx.Speak: self._speak,
            fx.HangUp: self._hang_up,
        }

    def close(self) -> None:
        """Nothing is left to judge."""

    def _clear(self, effect: fx.Clear) -> None:
        event, one = self._book.event, self._book.replies.get(effect.generation)
        if isinstance(event, ev.LineHeld) and event.on and one.purpose != "transfer":
            self._cut_by_hold = True

    def _ask(self, _effect: fx.AskModel | fx.CallTool | fx.Transfer) -> None:
        self._cut_by_hold = False

    def _user_said(self, _effect: fx.UserSaid) -> None:
        self._cut_by_hold = False
        self._spoke = True

    def _partial(self, event: ev.TranscriptPartial) -> None:
        self._known.update(event.text.split())

    def _final(self, event: ev.TranscriptFinal) -> None:
        words = [word for word in event.text.split() if word[:1] == "w" and word[1:].isdigit()]
        new = set(words) - self._known
        self._known |= new
        self._spoke = self._spoke or (bool(new) and not self._book.notes("words_revised", "echo", "back_channel"))

    def _said(self, effect: fx.AgentSaid) -> None:
        one = self._book.replies.get(effect.generation)
        whole = effect.purpose == "reply" and not effect.cut and one.sound.cleared_us < 0
        waits = self._book.replies.pending or self._book.work.under_way
        if whole and not (one.called or one.broken_off or effect.resumes or waits):
            self._reply_us = self._book.at_us

    def _ask_whether_over(self, effect: fx.AskClassifier) -> None:
        if effect.purpose != "hangup":
            return
        self._asked_us = self._book.at_us
        self._spoke = False

    def _judged(self, event: ev.ClassifierVerdict) -> None:
        ends = self._book.emits(fx.HangUp) or any(
            isinstance(one, fx.Speak) and one.purpose == "goodbye" for one in self._book.effects
        )
        if event.purpose == "hangup" and event.verdict and ends and self._spoke and event.request:
            contradict("a verdict is void when the caller has spoken", event.request)

    def _speak(self, effect: fx.Speak) -> None:
        if effect.purpose == "apology":
            self._cut_by_hold = False  # it says that the caller may speak
        elif effect.purpose == "silence" and self._cut_by_hold:
            contradict("an agent cut by a hold goes on afterwards", self._book.at_us)

    def _hang_up(self, effect: fx.HangUp) -> None:
        if effect.reason != "inactivity_timeout":
            return
        if self._cut_by_hold:
            contradict("an agent cut by a hold goes on afterwards", self._book.at_us)
        if self._book.plan.hangup_by_prompt and self._asked_us < self._reply_us:
            contradict("after a reply it is asked whether the call is over", self._reply_us)
