"""Manners: nobody is talked over, cut off wrongly, or not let in."""

from __future__ import annotations

from collections.abc import Sequence

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import (
    ASSET_MOST_MS,
    CALLER_FIRST_MS,
    COVER_SLACK_MS,
    DOUBT_MOST_MS,
    ECHO_LAG_MS,
    FINAL_WAIT_MS,
    HOLD_MOST_MS,
    RESUME_MS,
    VERDICT_WAIT_MS,
    WELCOME_YIELDS_MS,
)
from callwright.conversation.hearing import LONGEST_SIGNAL_WORDS
from callwright.conversation.lanes import BACK_CHANNEL, FILLER
from callwright.conversation.phrases import DENIALS, REFUSALS, STOPS
from callwright.conversation.stops import normalised, phrasebook
from proof.accounts.book import LATE_US, Book, Handlers, contradict
from proof.accounts.pauses import ASKS_CODE, is_all
from proof.accounts.words import LEAST_PATIENCE_PERCENT, KeysAccount, is_numbered

ECHOED_MOST = 3
"""Of so many of the agent's last utterances an echo may still be read."""

_STOP_PHRASES = frozenset(STOPS["en"])
_REFUSALS = frozenset((*DENIALS["en"], *REFUSALS["en"]))


class FloorAccount:
    """Who has the floor: the agent begins to speak when the caller has finished, and only then."""

    __slots__ = (
        "_book",
        "_doubted",
        "_final_ms",
        "_human_us",
        "_keys",
        "_mute_us",
        "_possible_us",
        "_stirred_us",
        "_texts",
        "_verdicts",
        "_welcomed",
    )

    def __init__(self, book: Book, keys: KeysAccount) -> None:
        self._book = book
        self._keys = keys
        self._possible_us = 0  # since when a transfer may go ahead at the earliest
        self._verdicts = _Verdicts(book)
        self._welcomed = False
        self._doubted = 0  # the reply during which the caller's last sound went on
        self._stirred_us = -1  # when the first sound began since a reply was asked for
        self._mute_us = -1  # since when something sounds and no words are told
        self._texts: dict[int, str] = {}  # segment -> its newest words
        self._final_ms = 0  # up to where in the caller's audio finals know the words
        self._human_us = -1  # when a person was recognised, who need not be listened to for longer

    def reads(self) -> Handlers:
        """What it judges."""
        return {
            **self._verdicts.reads(),
            ev.ActivityBegan: self._began,
            ev.TranscriptPartial: self._tell,
            ev.TranscriptFinal: self._final,
            ev.RecogniserResumed: self._resumed,
            ev.LineHeld: self._held,
            ev.MachineDetected: self._sensed,
            fx.UserSaid: self._user_said,
            fx.Release: self._release,
            fx.AskModel: self._ask,
            fx.AgentSaid: self._agent_said,
            fx.Transfer: self._transfer,
            fx.SendKeys: self._press,
            fx.AskTurnModel: self._ask_turn_model,
            fx.CloseUtterance: self._close_utterance,
        }

    def close(self) -> None:
        """Nothing is left to judge."""

    def _talks(self) -> bool:
        """Whether the core knows that the caller is speaking."""
        return self._book.caller.talks(self._book.at_us)

    def _held_now(self) -> bool:
        held_us = self._book.held_us
        return 0 <= held_us < self._book.at_us < held_us + HOLD_MOST_MS * 1000

    def _release(self, effect: fx.Release) -> None:
        book, one = self._book, self._book.replies.get(effect.generation)
        if effect.resumes and book.live and not book.machine and self._held_now():  # last words are said all the same
            contradict("nobody speaks into a line on hold", one.number)
        if one.purpose == "welcome" and self._talks() and not self._welcomed and book.at_us < self._yields_until_us():
            contradict("nobody is welcomed in the middle of a sentence", f"{one.number} since {book.caller.talking_us}")
        self._welcomed = self._welcomed or one.purpose == "welcome"
        if one.number == self._doubted and not one.asked and book.live:
            self._wait_for_words(one.number, 0)
        if one.purpose not in ("reply", "tool"):
            return
        if self._talks() and not effect.resumes:  # an agent that was cut by nothing goes on over a noise
            contradict("nobody is talked over", f"{one.number} since {book.caller.talking_us}")
        if self._held_now() and (book.live or not effect.resumes):
            contradict("nobody speaks into a line on hold", one.number)
        if self._keys.typing and (book.live or not effect.resumes):
            contradict("nobody is spoken to while typing", one.number)
        if one.asked:
            floor_us = book.answered_us + (book.caller.end_ms + book.plan.incremental_delay_ms) * 1000
            if book.at_us + LATE_US < floor_us and not self._is_outwaited():
                contradict("a reply has its floor time", f"{one.number} {(floor_us - book.at_us) // 1000} ms early")

    def _yields_until_us(self) -> int:
        """Until when a welcome certainly waits for whoever speaks."""
        plan = self._book.plan
        least_us = self._book.answered_us + plan.welcome_delay_ms * 1000
        due_us = max(least_us, self._book.answered_us + plan.voicemail_listen_ms * 1000 if plan.voicemail else 0)
        if self._human_us >= 0:
            due_us = min(due_us, max(least_us, self._human_us))
        return due_us + WELCOME_YIELDS_MS * 1000 - LATE_US

    def _sensed(self, event: ev.MachineDetected) -> None:
        if event.kind == "human" and self._human_us < 0:
            self._human_us = event.at_us

    def _ask(self, effect: fx.AskModel) -> None:
        book = self._book
        self._stirred_us = book.at_us if book.caller.talking_us >= 0 else -1
        # An utterance that is closed behind an echo is no turn.
        taken = book.emits(fx.CloseUtterance) and not book.notes("echo")
        answers = effect.messages[-1].role == "user"  # else the model is told what became of a tool
        if taken and answers and not (book.replies.get(effect.generation).speculative or self._is_mute()):
            self._verdicts.judge(effect.generation, effect.messages[-1].content)

    def _tell(self, event: ev.TranscriptPartial | ev.TranscriptFinal) -> None:
        if event.text and normalised(event.text) != self._texts.get(event.segment):
            self._texts[event.segment] = normalised(event.text)
            self._mute_us = -1

    def _is_mute(self) -> bool:
        """Whether sound has followed sound without words for so long that those before it are taken for all."""
        return self._mute_us >= 0 and self._book.at_us + LATE_US >= self._mute_us + DOUBT_MOST_MS * 1000

    def _final(self, event: ev.TranscriptFinal) -> None:
        self._tell(event)
        self._verdicts.hear(event)
        self._final_ms = max(self._final_ms, event.audio_ms)

    def _user_said(self, effect: fx.UserSaid) -> None:
        """The words of a turn are taken."""
        self._mute_us = -1
        pending = self._book.replies.pending
        if pending is not None and pending.turn == effect.turn:
            self._decide(effect.text)
        self._verdicts.take(effect)

    def _close_utterance(self, _effect: fx.CloseUtterance) -> None:
        pending = self._book.replies.pending
        if pending is not None and pending.number == self._doubted:
            self._decide(pending.asked)
            self._doubted = 0  # what is heard of the caller afterwards is too short for another doubt, or begins one

    def _decide(self, words: str) -> None:
        """A reply during which a sound went on waits as long as any: what was said in it may be more."""
        book, pending = self._book, self._book.replies.pending
        if pending is not None and pending.number == self._doubted and book.live:
            if words and not self._is_outwaited():
                self._verdicts.judge(pending.number, words)
            self._wait_for_words(pending.number, LEAST_PATIENCE_PERCENT if pending.asked else 0)

    def _wait_for_words(self, number: int, patience_percent: int) -> None:
        book = self._book
        known = self._final_ms + COVER_SLACK_MS >= book.caller.end_ms
        waits_ms = book.caller.end_ms + book.plan.patience_ms * patience_percent // 100 + FINAL_WAIT_MS
        early = book.at_us + LATE_US < book.answered_us + waits_ms * 1000
        if not known and early and not self._is_outwaited():
            contradict("what is said while a reply is made is waited for", number)

    def _is_outwaited(self) -> bool:
        """Whether sounds may have held the reply back for as long as they can."""
        return self._stirred_us >= 0 and self._book.at_us + LATE_US >= self._stirred_us + DOUBT_MOST_MS * 1000

    def _began(self, event: ev.ActivityBegan) -> None:
        self._doubted = 0
        pending = self._book.replies.pending
        self._stirred_us = event.at_us if self._stirred_us < 0 else self._stirred_us
        self._mute_us = event.at_us if self._mute_us < 0 else self._mute_us
        certain = self._book.live and self._book.caller.talking_us == event.at_us == self._book.caller.moved_us
        if certain and pending is not None and pending.speculative and not self._withdrawn(pending.number):
            contradict("a caller who goes on withdraws a guess", pending.number)

    def _resumed(self, _event: ev.RecogniserResumed) -> None:
        pending = self._book.replies.pending
        if (
            self._book.live
            and pending is not None
            and self._answers(pending.turn)
            and not self._withdrawn(pending.number)
        ):
            contradict("a recogniser that resumes withdraws the reply", pending.number)

    def _answers(self, turn: int) -> bool:
        """Whether a reply of this turn answers words that no turn has yet."""
        return turn > self._verdicts.turn

    def _withdrawn(self, generation: int) -> bool:
        return any(isinstance(one, fx.Withdrawn) and one.generation == generation for one in self._book.effects)

    def _held(self, event: ev.LineHeld) -> None:
        audible = self._book.replies.audible
        if not (event.on and self._book.live) or audible is None or audible.sound.cleared_us >= 0 or audible.farewell:
            return
        newly = self._book.held_us == event.at_us
        if (
            newly
            and audible.purpose not in ("goodbye", "voicemail")
            and audible.sound.marked < audible.sound.clauses
            and not self._silenced(audible.number)
        ):
            contradict("an agent on hold stops speaking", audible.number)

    def _silenced(self, generation: int) -> bool:
        return fx.Clear(generation) in self._book.effects

    def _transfer(self, effect: fx.Transfer) -> None:
        if self._talks() and self._book.at_us - self._possible_us < CALLER_FIRST_MS * 1000 - LATE_US:
            contradict("nobody is transferred in mid-word", f"{effect.call_id} since {self._book.caller.talking_us}")

    def _press(self, effect: fx.SendKeys) -> None:
        if self._held_now():
            contradict("no keys are pressed into a line on hold", effect.call_id)

    def _agent_said(self, effect: fx.AgentSaid) -> None:
        self._verdicts.agent_said(effect)
        self._possible_us = self._book.at_us

    def _ask_turn_model(self, effect: fx.AskTurnModel) -> None:
        self._verdicts.asked(effect)
        if not self._book.plan.turn_model:
            contradict("only a turn model that the agent has is asked", effect.request)

    def step(self) -> None:
        """A sound that goes on puts the reply in doubt that was prepared before it."""
        book, pending = self._book, self._book.replies.pending
        if book.caller.talking_us >= 0 and not self._talks():
            self._doubted = 0  # it has gone on for too long to be the caller's, or has only begun
        if pending is None or not book.live or not self._talks():
            return
        talking_us = book.caller.talking_us
        silent = pending.purpose == "reply" and book.replies.audible is None and self._possible_us < talking_us
        if not (silent or self._answers(pending.turn)):
            return
        if pending.begun_us < talking_us and book.at_us - talking_us > RESUME_MS * 1000 + LATE_US:
            self._doubted = pending.number


class _Verdicts:
    """Whether anybody said that the caller had finished."""

    __slots__ = ("_answering", "_asked", "_asked_us", "_book", "_excused", "_request", "_said_yes", "_typed", "turn")

    def __init__(self, book: Book) -> None:
        self._book = book
        self._request = 0
        self._asked_us = -1
        self._said_yes = False
        self._excused = True  # the turn is over for another reason, or may be
        self._typed = False  # an entry by the keys ends a turn when it is complete
        self._answering = (
            ""  # the same when the newest words were told: who answers while the agent goes on answers that
        )
        self._asked = ""  # what the agent was last heard to say since the caller's last turn
        self.turn = 0

    def reads(self) -> Handlers:
        """What it follows."""
        excuses: tuple[type, ...] = (ev.RecogniserEnd, ev.ProviderFailed)
        return {
            ev.KeyPressed: self._press,
            ev.TurnVerdict: self._verdict,
            ev.TranscriptPartial: self.hear,
            **dict.fromkeys(excuses, self._excuse),
        }

    def asked(self, effect: fx.AskTurnModel) -> None:
        """A new pause is judged."""
        self._request, self._asked_us, self._said_yes = effect.request, self._book.at_us, False
        # Where words or a deadline begin the pause and not the end of a sound, patience may have passed before.
        self._excused = not isinstance(self._book.event, ev.ActivityEnded)

    def take(self, effect: fx.UserSaid) -> None:
        """The caller's words are in a turn."""
        self.turn = effect.turn
        self._typed, self._asked, self._answering = False, "", ""

    def agent_said(self, effect: fx.AgentSaid) -> None:
        """What was asked, perhaps."""
        self._asked = self._book.replies.get(effect.generation).said

    def _press(self, _event: ev.KeyPressed) -> None:
        self._typed = True

    def hear(self, _event: ev.TranscriptPartial | ev.TranscriptFinal) -> None:
        """Words."""
        self._answering = self._asked

    def _excuse(self, event: ev.Event) -> None:
        if not isinstance(event, ev.ProviderFailed) or event.kind == "turn":
            self._excused = True

    def _verdict(self, event: ev.TurnVerdict) -> None:
        if event.request == self._request and event.probability_ppm >= self._book.plan.turn_threshold_ppm:
            self._said_yes = True

    def judge(self, generation: int, words: str) -> None:
        """A turn is asked as certain: somebody or something must have said that it is over, be it its own words ("yes, please")."""
        book, asked = self._book, self._asked
        if is_all(book.plan, asked, words) or is_all(book.plan, self._answering, words):
            return
        # Who has begun with the yes or no that was asked for is waited for less, though other words came to it.
        # So is who has said all digits of a code; the account of pauses holds that they are all.
        whole = ASKS_CODE in asked and not is_numbered(words.split()[-1])
        began = is_all(book.plan, asked, words.partition(" ")[0])
        percent = LEAST_PATIENCE_PERCENT if whole or began else 100
        patient_us = book.answered_us + (book.caller.end_ms + book.plan.patience_ms * percent // 100) * 1000
        waited = book.at_us + LATE_US >= min(self._asked_us + VERDICT_WAIT_MS * 1000, patient_us)
        if book.plan.turn_model and not (self._said_yes or self._excused or self._typed or waited):
            contradict("a turn is over when somebody says so", generation)


class _Beside:
    """The last filler or listener's sound, which the line may give back as any of the agent's words."""

    __slots__ = ("_book", "_until_us", "_words")

    def __init__(self, book: Book) -> None:
        self._book = book
        self._words: frozenset[str] = frozenset()
        self._until_us = 0  # an echo of it has begun by then

    def reads(self) -> Handlers:
        """What it follows."""
        return {fx.PlayAsset: self._play, fx.StopAsset: self._over, ev.AssetPlayed: self._over}

    def may_echo(self, words: Sequence[str], stops: bool) -> bool:
        """Whether two in three of the caller's ``words``, or all that ask the agent to stop, are of that sound, and the caller's own sound
        began, as far as known, before an echo of it cannot any more."""
        book = self._book
        if book.answered_us + book.caller.began_ms * 1000 > self._until_us + LATE_US:
            return False
        same = sum(normalised(word) in self._words for word in words)
        return bool(same) and 3 * same >= (3 if stops else 2) * len(words)

    def _play(self, effect: fx.PlayAsset) -> None:
        if effect.lane in (FILLER, BACK_CHANNEL):
            self._words = frozenset(normalised(effect.asset).split())
            self._until_us = self._book.at_us + (ASSET_MOST_MS + ECHO_LAG_MS) * 1000

    def _over(self, item: fx.StopAsset | ev.AssetPlayed) -> None:
        if item.lane not in (FILLER, BACK_CHANNEL):
            return
        if isinstance(item, ev.AssetPlayed) and not item.played_ms:
            self._words = frozenset()  # it was not there
        else:
            self._until_us = min(self._until_us, self._book.at_us + ECHO_LAG_MS * 1000)


class BargeInAccount:
    """The agent yields to enough words at once, and to nothing less."""

    __slots__ = (
        "_beside",
        "_book",
        "_final",
        "_first",
        "_fresh",
        "_keys",
        "_pending",
        "_read_ms",
        "_seen",
        "_taken",
        "_typed",
    )

    def __init__(self, book: Book, keys: KeysAccount) -> None:
        self._book = book
        self._keys = keys
        self._beside = _Beside(book)
        self._fresh: set[int] = set()  # segments spoken without a pause, or a key, and with no word taken
        self._first: set[int] = set()  # of these, those before which nothing is pending
        self._pending: dict[int, list[str]] = {}  # segment -> newest words
        self._taken: set[str] = set()
        self._final: set[int] = set()
        self._read_ms: dict[int, int] = {}  # segment -> up to where in the audio its finals reach
        self._seen: set[int] = set()
        self._typed = False  # an entry by the keys is a stretch of its own

    def reads(self) -> Handlers:
        """What it judges."""
        return {
            **self._beside.reads(),
            ev.ActivityBegan: self._pause,
            ev.KeyPressed: self._press,
            ev.TranscriptPartial: self._hear,
            ev.TranscriptFinal: self._hear,
            fx.UserSaid: self._user_said,
            fx.Note: self._note,
        }

    def close(self) -> None:
        """Nothing is left to judge."""

    def _pause(self, _event: ev.Event) -> None:
        self._fresh.clear()
        self._first.clear()

    def _press(self, event: ev.KeyPressed) -> None:
        if self._book.plan.keys:
            self._typed = True
            self._pause(event)

    def _user_said(self, effect: fx.UserSaid) -> None:
        self._typed = False
        self._taken.update(effect.text.split())
        self._pending.clear()
        self._pause(self._book.event)

    def _note(self, effect: fx.Note) -> None:
        if effect.kind == "echo":
            # One segment is dropped; what the caller said beside it stays.
            self._taken.update(effect.text.split())
            self._pending = {number: words for number, words in self._pending.items() if " ".join(words) != effect.text}
        elif effect.kind in ("discarded_words", "back_channel", "words_unconfirmed"):
            self._taken.update(effect.text.split())
            self._pending.clear()
            self._pause(self._book.event)

    def _hear(self, event: ev.TranscriptPartial | ev.TranscriptFinal) -> None:
        words = event.text.split()
        segment, final = event.segment, isinstance(event, ev.TranscriptFinal)
        if not final and (segment in self._final or event.audio_ms <= self._read_ms.get(segment, -1)):
            return  # it was overtaken by its own final
        if final:
            self._read_ms[segment] = max(event.audio_ms, self._read_ms.get(segment, -1))
        if final and words:
            self._final.add(segment)
        new = segment not in self._seen
        self._seen.add(segment)
        if words and new and not (self._keys.begun or self._taken.intersection(words)):
            if not any(self._pending.values()):
                self._first.add(segment)
            self._fresh.add(segment)
        if words and not self._pending.get(segment):
            # Read late, they stand before what was read earlier all the same.
            self._first = {one for one in self._first if one <= segment}
        repeated = self._pending.get(segment) == words and not final
        self._pending[segment] = words
        if repeated:
            return  # nothing new was said
        audible = self._book.replies.audible
        if not self._book.live or audible is None or audible.sound.cleared_us >= 0 or audible.purpose == "goodbye":
            return
        if self._book.machine or self._book.notes("voicemail_found"):
            return  # a machine's words end what is said, and nothing ends the message
        answers = audible.asked or audible.released_turn > audible.turn  # what was said while it was made
        if audible.sound.playout_us >= 0 or not answers:  # else any word takes it back: nobody has heard it
            self._judge(event, audible.number, audible.farewell)

    def _judge(self, event: ev.TranscriptPartial | ev.TranscriptFinal, generation: int, farewell: bool) -> None:
        enough, final = self._book.plan.words_to_interrupt, isinstance(event, ev.TranscriptFinal)
        if self._book.plan.written:
            self._judge_line(event, generation, farewell)
            return
        words = self._pending[event.segment]
        cleared = fx.Clear(generation) in self._book.effects
        said = event.text.strip(" .!").lower()
        one = self._book.replies.get(generation)
        announced = one.purpose == "transfer" and "?" not in " ".join(one.sound.spoken)  # else it may be an answer
        stop = said in _STOP_PHRASES or (announced and said in _REFUSALS)
        many = 0 < enough < len(words) and any(map(is_numbered, words)) and event.segment in self._fresh
        alone = stop and event.segment in self._first and (final or enough > 0)
        lately = list(self._book.replies.all.values())[-ECHOED_MOST:]
        pending = [word for words in self._pending.values() for word in words]
        echoes = any(word in one.sound.spoken for one in lately for word in pending)
        echoes = echoes or self._beside.may_echo(words, stop) or self._beside.may_echo(pending, stop)
        # The newest words are the entry's where these stand before it: because they are read anew, or by their segment's number.
        typed = self._typed and (event.segment not in self._fresh or event.segment < max(self._seen))
        if (many or alone) and not (farewell or cleared or echoes or typed):
            contradict("a caller who interrupts is let in at once", f"{event.text!r} over {generation}")
        if cleared and farewell:
            contradict("last words are said to their end", generation)
        if cleared and not self._interrupts(final):
            contradict("the agent yields to enough words only", f"{event.text!r} over {generation}")
        if cleared and not (typed or echoes) and self._only_goes_on():
            contradict("who only says 'go on' does not interrupt", f"{event.text!r} over {generation}")

    def _only_goes_on(self) -> bool:
        """Whether all that is pending are back-channels, each segment by itself or all together as they were spoken, and not so much that
        it is a speech. What is not read to its end may be one that has only begun."""
        told = [(number, words) for number, words in sorted(self._pending.items()) if words]
        words = [word for _, words in told for word in words]
        if not 0 < len(words) <= LONGEST_SIGNAL_WORDS:
            return False
        nods = phrasebook(self._book.plan.language).is_backchannel
        alone = all(nods(" ".join(words), number not in self._final) for number, words in told)
        return alone or nods(" ".join(words), told[-1][0] not in self._final)

    def _judge_line(self, event: ev.TranscriptPartial | ev.TranscriptFinal, generation: int, farewell: bool) -> None:
        """Who writes means every line; a line that is not sent yet is none."""
        cleared = fx.Clear(generation) in self._book.effects
        new = any(is_numbered(word) and word not in self._taken for word in event.text.split())
        if isinstance(event, ev.TranscriptFinal):
            if new and event.segment in self._fresh and not (farewell or cleared or self._typed):
                contradict("a written line silences the agent", f"{event.text!r} over {generation}")
        elif cleared:
            contradict("only a line that was sent silences the agent", f"{event.text!r} over {generation}")

    def _interrupts(self, final: bool) -> bool:
        """Whether anything pending could interrupt: by the number of words, or by words that may be a stop phrase."""
        enough = self._book.plan.words_to_interrupt
        count = sum(map(len, self._pending.values()))
        if enough > 0 and count > enough:
            return True
        texts = [" ".join(words) for words in self._pending.values() if words]
        return (final or enough > 0) and any(not is_numbered(text.split()[-1].strip(".")) for text in texts)
