"""The agent's words: what the model gave, what the voice was given, what left the loudspeaker, and what the record says was heard."""

from __future__ import annotations

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import VOICE_WAIT_MS
from proof.accounts.book import LATE_US, Book, Handlers, contradict
from proof.accounts.replies import Utterance

SPECULATIVE_WORDS_ENOUGH = 5


class SpeechAccount:
    """From the model's mouth to the caller's ear."""

    __slots__ = ("_book", "_replies", "_stopped_models")

    def __init__(self, book: Book) -> None:
        self._book = book
        self._replies = book.replies
        self._stopped_models: set[int] = set()

    def reads(self) -> Handlers:
        """What it judges."""
        return {
            fx.Speak: self._speak,
            fx.EndSpeech: self._end_speech,
            fx.AgentSaid: self._said,
            fx.Withdrawn: self._withdrawn,
            fx.CancelModel: self._stop_model,
            fx.Release: self._release,
            fx.Clear: self._clear,
            fx.Note: self._note,
        }

    def close(self) -> None:
        """Every utterance has an end."""
        for one in self._replies.all.values():
            if not (one.over or one.acted) and (one.sound.clauses or not (one.called or one.farewell)):
                contradict("every utterance is settled", f"{one.purpose} {one.number}")

    def _speak(self, effect: fx.Speak) -> None:
        one = self._replies.get(effect.generation)
        if one.request:
            words = effect.text.split()
            before = len(one.sound.spoken) - len(words)
            if one.words_given[before : before + len(words)] != words:
                contradict("the agent says what the model said, in its order", f"{effect.text!r} in {one.number}")
            if one.speculative and before >= SPECULATIVE_WORDS_ENOUGH:
                contradict("a guess gives the voice its first words only", f"{before} words before {effect.text!r}")
        if one.purpose == "transfer" and not self._book.work.transferring:
            contradict("only a transfer that comes is announced", effect.text)
        if one.over or one.sound.cleared_us >= 0:
            contradict("nothing is said for an utterance that is over", one.number)

    def _end_speech(self, effect: fx.EndSpeech) -> None:
        one = self._replies.get(effect.generation)
        if self._breaks_off(one):
            return
        if one.request:
            if one.sound.spoken != one.words_given:
                contradict(
                    "a reply is spoken to its last word",
                    f"{len(one.sound.spoken)} of {len(one.words_given)} in {one.number}",
                )
            return
        book, plan = self._book, self._book.plan
        messages = {
            "welcome": (plan.welcome_message,),
            "silence": (plan.user_online_message,),
            "apology": (plan.apology_message,),
            "goodbye": (plan.hangup_message, plan.failure_message, plan.opt_out_message),
            "transfer": tuple(tool.message for tool in plan.transfers),
            "tool": (*plan.waiting_messages, *(words.message for words in plan.tool_words)),
        }.get(one.purpose)
        if messages is None or one.sound.spoken in [book.rendered(message) for message in messages]:
            return
        # What is resumed is the end of what was cut.
        count = len(one.sound.spoken)
        cut = [other for other in self._replies.all.values() if other.purpose == one.purpose and other.over]
        if any(other.request and other.sound.lost for other in cut):
            return  # what the model goes on to say was not given to the voice that had failed: see ``_release``
        if not any(other.sound.spoken[-count:] == one.sound.spoken for other in cut):
            contradict("prepared words are those of the settings", f"{one.purpose} {' '.join(one.sound.spoken)!r}")

    def _stop_model(self, effect: fx.CancelModel) -> None:
        self._stopped_models.add(effect.request)

    def _release(self, effect: fx.Release) -> None:
        """What follows a reply at which the voice failed is all that the model had to say behind what was heard of it."""
        cut, said = self._replies.get(effect.resumes), self._replies.get(effect.generation).sound.spoken
        if not (cut.request and cut.sound.lost):
            return
        left = cut.words_given[len(cut.said.split()) :]
        stopped = cut.request in self._stopped_models
        if said != (left[: len(said)] if stopped else left):
            contradict("a reply is spoken to its last word", f"{len(said)} of {len(left)} behind {cut.number}")

    def _breaks_off(self, one: Utterance) -> bool:
        """Whether the voice fails in this step at a clause of what is heard: then it ends before that clause."""
        event = self._book.event
        failed = isinstance(event, ev.ProviderFailed) and event.kind == "voice" and event.generation == one.number
        return failed and self._replies.audible is one and one.sound.lost > 0

    def _said(self, effect: fx.AgentSaid) -> None:
        one = self._replies.get(effect.generation)
        words = effect.text.split()
        if words != one.sound.spoken[: len(words)]:
            contradict("what was heard is the beginning of what was said", f"{effect.text!r} of {one.number}")
        # The reply to a tool's answer takes a "hello?" as a turn, and is the answer of that.
        turns = {one.turn, one.released_turn} if one.purpose == "reply" and not one.asked else {one.turn}
        if effect.turn not in turns or effect.purpose != one.purpose:
            contradict("an utterance keeps its turn and purpose", f"{effect.turn} {effect.purpose} of {one.number}")
        if not effect.cut and (len(words) < len(one.sound.spoken) or not one.sound.complete):
            contradict("what was broken off is recorded as cut", f"{effect.text!r} of {one.number}")
        if not effect.cut and one.sound.lost:
            contradict("what was broken off is recorded as cut", f"{effect.text!r} of {one.number}")
        if effect.cut and one.sound.cleared_us < 0 and not (one.sound.lost or self._book.over):
            contradict("what was said to its end is not recorded as cut", one.number)
        event = self._book.event
        cleared = isinstance(event, ev.Cleared) and event.generation == one.number and one.sound.cleared_us >= 0
        marked = one.sound.marked >= one.sound.clauses and one.sound.complete and one.sound.cleared_us < 0
        left = self._left(one)
        if not effect.estimated and not (cleared or marked or left):
            contradict("a guess of what was heard is marked", one.number)
        told_ms = max(event.played_ms, 0) if isinstance(event, ev.Cleared | ev.LegEnded) else 0
        if (cleared or left) and effect.heard_ms != told_ms:
            contradict("the time heard is what was played", f"{effect.heard_ms} and {told_ms} of {one.number}")
        if effect.estimated:
            self._bound(one, words)
        if left or not effect.estimated:
            self._compare(one, set(words))

    def _left(self, one: Utterance) -> bool:
        """Whether the call is over just now, and how far the agent got with ``one`` was told with it."""
        event = self._book.event
        return isinstance(event, ev.LegEnded) and event.generation == one.number and event.played_ms >= 0

    def _compare(self, one: Utterance, words: set[str]) -> None:
        """With every word's time known, the record has what left the loudspeaker: no more, and no less."""
        heard = self._book.heard.get(one.number)
        known = len(one.sound.lengths) == one.sound.clauses and all(
            length.words for length in one.sound.lengths.values()
        )
        if heard is not None and known and words != heard:
            contradict("what was heard is in the record", f"{sorted(heard - words)[:5]} of {one.number}")

    def _bound(self, one: Utterance, words: list[str]) -> None:
        """A guess, too, holds no word that did not leave the loudspeaker. What is known of a clause without a length is how far its letters
        may have come; of one without any sound, that nobody heard it, unless more was played than those before it last."""
        heard = self._book.heard.get(one.number)
        if heard is None:
            return
        sound = one.sound
        event = self._book.event
        told = isinstance(event, ev.Cleared | ev.LegEnded) and event.generation == one.number and event.played_ms > 0
        sounded = set(range(len(sound.texts))) if told else sound.sounded
        may = set(heard)
        for index in sounded if sounded - sound.lengths.keys() else ():
            may.update(sound.texts[index].split())
        more = [word for word in words if word not in may]
        if more:
            contradict("a guess of what was heard is no more than was played", f"{more[:5]} of {one.number}")

    def _withdrawn(self, effect: fx.Withdrawn) -> None:
        one = self._replies.get(effect.generation)
        if effect.reason == "unheard":
            event = self._book.event
            if one.sound.released_us >= 0 and (isinstance(event, ev.Cleared) or self._left(one)):
                self._compare(one, set())
            return
        if one.sound.released_us >= 0:
            contradict("what is audible is not withdrawn", one.number)
        if self._book.over:
            return
        self._stopped(one)

    def _clear(self, effect: fx.Clear) -> None:
        self._stopped(self._replies.get(effect.generation))

    def _stopped(self, one: Utterance) -> None:
        """What is given up is stopped in the same step: the model, unless it has finished, and the voice."""
        book = self._book
        if one.answering and fx.CancelModel(one.request) not in book.effects:
            contradict("the model of what is given up is stopped", one.number)
        if one.sound.clauses and fx.CancelVoice(one.number) not in book.effects:
            contradict("the voice of what is given up is stopped", one.number)

    def _note(self, effect: fx.Note) -> None:
        one = self._replies.audible
        if effect.kind == "mark_missing" and one is not None and one.sound.playout_us >= 0:
            # A clause behind one at which the voice failed is none of it any more, also where it was made. What was over when it was first
            # told that any of it sounds, because the beginning never was, is not waited for.
            length_us = one.sound.least_ms(one.sound.clauses) * 1000
            if self._book.at_us + LATE_US < one.sound.playout_us + length_us and not one.sound.hurried:
                contradict("what is still playing is waited for", f"{one.number} of {length_us // 1000} ms")
        if one is not None and effect == fx.Note("voice_failed", f"generation {one.number}"):
            self._given_up(one)

    def _given_up(self, one: Utterance) -> None:
        """A voice that says nothing of prepared words, neither a sound nor that it failed, has its time."""
        book = self._book
        if one.request or one.sound.voice_us >= 0 or isinstance(book.event, ev.ProviderFailed):
            return
        if book.at_us + LATE_US < one.sound.spoken_us + VOICE_WAIT_MS * 1000:
            contradict("a voice has its time", f"{one.number} since {one.sound.spoken_us}")

    def waits(self) -> None:
        """The voice is not waited for longer than its bound."""
        for one in (self._replies.audible, self._replies.pending):
            if one is None or one.sound.spoken_us < 0 or one.sound.voice_us >= 0 or one.sound.cleared_us >= 0:
                continue
            if self._book.at_us - one.sound.spoken_us > VOICE_WAIT_MS * 1000 + LATE_US:
                contradict("a voice is not waited for too long", f"{one.number} since {one.sound.spoken_us}")
