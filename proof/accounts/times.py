"""Silence and the longest duration: neither too early nor too late."""

from __future__ import annotations

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import (
    FINAL_WAIT_MS,
    GOODBYE_MOST_MS,
    HANDED_WAIT_MS,
    HOLD_MOST_MS,
    PLAYOUT_SLACK_MS,
    TOOL_WAIT_MS,
    TRANSFER_WAIT_MS,
    VOICE_WAIT_MS,
    VOICEMAIL_BEEP_MS,
)
from proof.accounts.book import LATE_US, Book, Handlers, contradict
from proof.accounts.goodbyes import rest_ms
from proof.accounts.replies import Utterance
from proof.accounts.words import PATIENCE_MOST, is_numbered

SLACK_MS = 2_000
"""For what is decided between two waits."""


class SilenceAccount:
    """The clock of common silence, as somebody with a stopwatch beside the line would keep it."""

    __slots__ = (
        "_asked_turn",
        "_book",
        "_closing_us",
        "_final",
        "_held",
        "_known",
        "_moved_us",
        "_question_us",
        "_sign_us",
        "_told",
        "_turn",
    )

    def __init__(self, book: Book) -> None:
        self._book = book
        self._moved_us = 0  # when anything happened last, or was done
        self._sign_us = 0  # the last sign that somebody speaks, thinks or is at work
        self._turn = 0
        self._asked_turn = -1
        self._question_us = -1
        self._closing_us = -1
        self._held = False
        self._known: set[str] = set()
        self._told: set[int] = set()  # segments of which words were told
        self._final: set[int] = set()  # those of which no more words count

    def reads(self) -> Handlers:
        """What it judges."""
        signs: tuple[type, ...] = (fx.Release, fx.AskModel, fx.Withdrawn, fx.CallTool, fx.SendKeys)
        return {
            ev.ToolResult: self._result,
            ev.LineHeld: self._hold,
            ev.KeyPressed: self._key,
            ev.TranscriptPartial: self._words,
            ev.TranscriptFinal: self._words,
            fx.UserSaid: self._user_said,
            fx.AgentSaid: self._agent_said,
            fx.Speak: self._speak,
            fx.HangUp: self._hang_up,
            fx.Note: self._note,
            **dict.fromkeys(signs, self._sign),
        }

    def close(self) -> None:
        """Nothing is left to judge."""

    def _sign(self, _item: object) -> None:
        self._sign_us = self._book.at_us

    def _result(self, event: ev.ToolResult) -> None:
        if event.request in self._book.work.tools:
            self._sign(event)

    def _hold(self, event: ev.LineHeld) -> None:
        if not event.on and self._held:
            self._sign(event)
        self._held = self._book.held_us >= 0

    def _key(self, event: ev.KeyPressed) -> None:
        # One that is noted and no more is no entry, nor part of one: the finishing key behind a full number.
        if self._book.plan.keys and self._book.live and not self._book.notes("key"):
            self._sign(event)

    def _words(self, event: ev.TranscriptPartial | ev.TranscriptFinal) -> None:
        new = {word for word in event.text.split() if is_numbered(word)} - self._known
        self._known |= new
        old = (
            event.segment in self._final
        )  # a partial that was overtaken, or a final that is too late to change anything
        self._told.add(event.segment)
        if isinstance(event, ev.TranscriptFinal):
            self._final.add(event.segment)
        if new and self._book.live and not old:
            self._sign(event)

    def _note(self, effect: fx.Note) -> None:
        if effect.kind == "goodbye_taken_back":
            self._closing_us = -1
            self._sign(effect)
        elif effect.kind == "discarded_words":
            self._final |= self._told  # a late text of what was said before the welcome

    def _user_said(self, effect: fx.UserSaid) -> None:
        self._turn = effect.turn
        self._sign(effect)

    def _agent_said(self, effect: fx.AgentSaid) -> None:
        self._sign(effect)

    def _quiet_ms(self) -> int:
        since_us = max(self._sign_us, self._book.caller.moved_us, self._book.work.surely_rung_until_us)
        return (self._book.at_us + LATE_US - since_us) // 1000

    def _speak(self, effect: fx.Speak) -> None:
        plan = self._book.plan
        if effect.purpose == "goodbye" and self._closing_us < 0:
            self._closing_us = self._quiet_ms()
        if effect.purpose != "silence" or effect.index:
            return
        if not plan.check_if_user_online:
            contradict("the caller is asked only where the agent should", self._book.at_us)
        again, asked_turn, asked_us = self._unheard(), self._asked_turn, self._question_us
        self._asked_turn, self._question_us = self._turn, self._book.at_us
        if again:
            return  # the question was cut, or its voice failed, and it is said again
        if self._quiet_ms() < plan.user_online_after_ms:
            contradict("the caller is asked after the silence that was set", f"{self._quiet_ms()} ms")
        if asked_turn == self._turn:
            contradict("the caller is asked once in a silence", f"at {asked_us} and {self._book.at_us}")
        before_ms = plan.welcome_delay_ms + plan.voicemail_listen_ms  # a welcome without words makes no sign
        since_us = max(self._moved_us, self._book.work.rung_until_us)
        if self._book.at_us - since_us > (plan.user_online_after_ms + before_ms + SLACK_MS) * 1000:
            contradict("the caller is asked when it is time", f"at {self._book.at_us}, not a word since {since_us}")

    def _unheard(self) -> bool:
        """Whether nobody heard the last question to its end."""
        questions = [one for one in self._book.replies.all.values() if one.purpose == "silence"]
        before = questions[-2].sound if len(questions) > 1 else None
        return before is not None and (before.playout_us < 0 or before.cleared_us >= 0 or before.lost > 0)

    def _hang_up(self, effect: fx.HangUp) -> None:
        plan = self._book.plan
        if effect.reason != "inactivity_timeout":
            return
        quiet_ms = self._quiet_ms() if self._closing_us < 0 else self._closing_us
        if plan.hangup_after_silence_ms <= 0 or quiet_ms < plan.hangup_after_silence_ms:
            contradict("a call is hung up after the silence that was set", f"{quiet_ms} ms")
        asks = plan.check_if_user_online and plan.user_online_after_ms <= plan.hangup_after_silence_ms
        if asks and self._asked_turn != self._turn:
            contradict("the caller is asked before the call is hung up", self._book.at_us)

    def step(self) -> None:
        """After each step: whether it was one at all."""
        if self._book.effects or not isinstance(self._book.event, ev.DeadlineReached):
            self._moved_us = self._book.at_us


class LimitsAccount:
    """Nothing is waited for longer than its bound, and no call goes on after its maximum."""

    __slots__ = ("_allowed_ms", "_book", "_moved_us", "_renewed_us")

    def __init__(self, book: Book) -> None:
        self._book = book
        self._moved_us = 0
        self._allowed_ms = 1 << 40
        self._renewed_us: dict[int, int] = {}  # request -> when the model last gave a sign

    def reads(self) -> Handlers:
        """What it judges."""
        late: tuple[type, ...] = (fx.AskModel, fx.CallTool, fx.SendKeys, fx.Transfer)
        return {
            ev.ReplyText: self._renew,
            ev.ReplyTool: self._renew,
            fx.Speak: self._speak,
            fx.HangUp: self._hang_up,
            fx.Note: self._note,
            **dict.fromkeys(late, self._begin),
        }

    def close(self) -> None:
        """Nothing is left to judge."""

    def _renew(self, event: ev.ReplyText | ev.ReplyTool) -> None:
        if isinstance(event, ev.ReplyText) or self._book.live:  # no tool is called any more in a call that is ending
            self._renewed_us[event.request] = event.at_us

    @property
    def _too_late(self) -> bool:
        return self._book.answered_us >= 0 and self._book.at_us > self._book.maximum_us + LATE_US

    def _begin(self, effect: fx.AskModel | fx.CallTool | fx.SendKeys | fx.Transfer) -> None:
        if isinstance(effect, fx.AskModel):
            self._renewed_us[effect.request] = self._book.at_us
        if self._too_late:
            contradict("nothing is begun after the maximum", type(effect).__name__)

    def _speak(self, effect: fx.Speak) -> None:
        if self._too_late and effect.purpose != "goodbye" and not self._book.ending:
            contradict("nothing is begun after the maximum", f"{effect.purpose} {effect.text!r}")

    def _hang_up(self, effect: fx.HangUp) -> None:
        book = self._book
        if effect.reason == "max_duration_reached":
            if book.at_us + LATE_US < book.maximum_us:
                contradict("a call has its whole duration", book.at_us)
            if book.at_us > book.maximum_us + GOODBYE_MOST_MS * 1000 + LATE_US:
                contradict("the goodbye at the maximum is short", book.at_us)
            return
        # Who was handed over at the last moment is given time to leave by the far end.
        grace_ms = GOODBYE_MOST_MS + HANDED_WAIT_MS * book.handed
        if book.answered_us >= 0 and book.at_us > book.maximum_us + grace_ms * 1000 + LATE_US:
            contradict("a call is hung up at its maximum", book.at_us)

    def _note(self, effect: fx.Note) -> None:
        if effect.kind == "reply_timeout":
            number = int(effect.text.split()[-1])
            since_us = self._renewed_us.get(self._book.replies.get(number).request, 0)
            if self._book.at_us + LATE_US < since_us + self._book.plan.reply_timeout_ms * 1000:
                contradict("a model has its time to answer", effect.text)

    def step(self) -> None:
        """After each step: was the wait for it allowed, and how long may the next one be?"""
        book = self._book
        if book.at_us - self._moved_us > self._allowed_ms * 1000:
            contradict("nothing is waited for longer than its bound", f"{self._moved_us} to {book.at_us}")
        if book.effects or not isinstance(book.event, ev.DeadlineReached):
            self._moved_us = book.at_us
            self._allowed_ms = self._wait_ms() if book.live else 1 << 40
        audible = book.replies.audible
        if audible is None or not self._too_late:
            return
        last_words = audible.purpose == "goodbye" or audible.farewell or book.ending
        if audible.sound.cleared_us < 0 and not last_words:
            contradict("what is said at the maximum is cut", audible.number)

    def _wait_ms(self) -> int:
        book, plan = self._book, self._book.plan
        waits = [plan.welcome_delay_ms, plan.patience_ms * PATIENCE_MOST + FINAL_WAIT_MS + plan.incremental_delay_ms]
        if book.held_us >= 0:
            waits.append(HOLD_MOST_MS)
        if not book.replies.all:
            # Nothing was said yet: the welcome has its delay, waits for whoever answers, or until a voice that speaks on has stopped; and
            # one without words makes no sign.
            before_ms = max(plan.welcome_delay_ms, plan.voicemail_listen_ms if plan.voicemail else 0)
            waits.append(before_ms + plan.hangup_after_silence_ms)
        if book.machine:
            waits.append(VOICEMAIL_BEEP_MS)
        if book.work.tools:
            waits.append(TOOL_WAIT_MS)
        if book.work.transferring:
            waits.append(TRANSFER_WAIT_MS)
        if book.caller.talking_us >= 0 or book.caller.unsure or self._told_of_caller():
            waits.append(book.caller.waited_ms + plan.patience_ms * PATIENCE_MOST + FINAL_WAIT_MS)
        if plan.keys:
            waits.append(plan.keys_pause_ms)
        spoken = (book.replies.pending, book.replies.audible)
        waits.extend(self._utterance_ms(one) for one in spoken if one is not None)
        if plan.hangup_after_silence_ms <= 0:
            return 1 << 40
        # Who waits for somebody who is being rung is waited for first, and nothing tells that this is over.
        rung_ms = max(book.work.rung_until_us - book.at_us, 0) // 1000
        waits.append(rung_ms + plan.hangup_after_silence_ms)
        if plan.check_if_user_online:
            waits.append(min(plan.user_online_after_ms, plan.hangup_after_silence_ms))
        return max(waits) + SLACK_MS

    def _told_of_caller(self) -> bool:
        return isinstance(
            self._book.event, ev.ActivityBegan | ev.ActivityEnded | ev.TranscriptPartial | ev.TranscriptFinal
        )

    def _utterance_ms(self, one: Utterance) -> int:
        if one.answering:
            return self._book.plan.reply_timeout_ms
        if one.sound.voice_us < 0:
            return VOICE_WAIT_MS
        return rest_ms(one.sound) + PLAYOUT_SLACK_MS
