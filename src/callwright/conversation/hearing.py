"""What the caller does, and when the caller's words interrupt the agent."""

from __future__ import annotations

from callwright.conversation import events as ev
from callwright.conversation.agent_turn import AgentTurn
from callwright.conversation.bounds import RESUME_MS
from callwright.conversation.ending import Ending
from callwright.conversation.lanes import FILLER
from callwright.conversation.overlap import Echoes
from callwright.conversation.reply import Generation
from callwright.conversation.shared_state import SharedState
from callwright.conversation.spoken import QUESTION_MARKS
from callwright.conversation.stops import normalised
from callwright.conversation.turn import CallerTurn

LONGEST_SIGNAL_WORDS = 12
"""Longer stretches are neither stop phrases nor back-channels, whatever their words."""


def only_waits(shared: SharedState, turn: CallerTurn, asked: str, certain: bool = False) -> bool:
    """Returns whether the caller, after the words in ``asked``, has only asked for presence ("hello?").

    ``certain`` is false while the last words may still change: then the beginning of such a question is enough.
    """
    behind = turn.words.read_behind(asked)
    if behind is None or turn.patience.is_half(asked):
        return False
    return shared.book.asks_for_presence([(text, more and not certain) for text, more in behind])


class Hearing:
    """Takes the caller's sounds and words."""

    __slots__ = ("_agent", "_echoes", "_ending", "_shared", "_turn")

    def __init__(self, shared: SharedState, agent: AgentTurn, turn: CallerTurn, ending: Ending, echoes: Echoes) -> None:
        self._shared = shared
        self._ending = ending
        self._echoes = echoes
        self._agent = agent
        self._turn = turn

    def began(self, event: ev.ActivityBegan) -> None:
        """A sound holds the prepared reply back; if it goes on, what is said in it decides whether the reply is still the answer."""
        self._shared.observe_audio(event.audio_ms)
        if self._turn.begin_sound(event.audio_ms):
            pending = self._agent.pending
            if pending is not None and pending.state == "speculative":
                self._agent.withdraw("caller_continued")
            elif pending is not None and self._awaits(pending):
                self._shared.after_ms("resume", RESUME_MS)

    def ended(self, event: ev.ActivityEnded) -> None:
        """The caller pauses."""
        self._shared.observe_audio(event.audio_ms)
        self._turn.end_sound(event.audio_ms)
        if self._turn.state != "talking":  # else it was the end of an earlier sound
            self._shared.timers.cancel("resume")

    def partial(self, event: ev.TranscriptPartial) -> None:
        """Words that may change."""
        self._shared.observe_audio(event.audio_ms)
        self._echoes.read(event.segment, event.text, event.audio_ms)
        if self._turn.hear(event, False, self._agent.audible is None):
            self._weigh(event.segment, event.audio_ms, False)

    def final(self, event: ev.TranscriptFinal) -> None:
        """Words that stay."""
        self._shared.observe_audio(event.audio_ms)
        self._echoes.read(event.segment, event.text, event.audio_ms)
        self._turn.hear(event, True, self._agent.audible is None)
        self._echoes.drop(event.segment, event.text, event.audio_ms)
        self._weigh(event.segment, event.audio_ms, True)

    def collect_partial(self, event: ev.TranscriptPartial) -> None:
        """Words during the goodbye: kept for the record."""
        self._turn.collect(event, False)

    def collect_final(self, event: ev.TranscriptFinal) -> None:
        """Final words during the goodbye: kept for the record."""
        self._turn.collect(event, True)

    def eager(self, event: ev.RecogniserEager) -> None:
        """The recogniser says that the turn may be over."""
        self._turn.guess_end(event.audio_ms)

    def recogniser_end(self, event: ev.RecogniserEnd) -> None:
        """The recogniser says the turn is over."""
        self._turn.recogniser_ended(event.audio_ms)

    def resumed(self, _event: ev.RecogniserResumed) -> None:
        """The recogniser says the caller goes on."""
        self._turn.resume()
        pending = self._agent.pending
        if pending is not None and pending.asked:
            self._agent.withdraw("caller_continued")

    def verdict(self, event: ev.TurnVerdict) -> None:
        """The turn model's answer."""
        self._turn.judge(event.request, event.probability_ppm)

    def key(self, event: ev.KeyPressed) -> None:
        """A key outside the conversation: kept for the record."""
        self._shared.note("key", event.key)

    def early_words(self, event: ev.TranscriptFinal) -> None:
        """Words before the answer are the network's or a neighbour's, not the caller's."""
        if event.text:
            self._shared.note("words_before_answer", event.text)

    def expire_resume(self) -> None:
        """The caller goes on making sound: the prepared reply may answer half a sentence, or the caller only asks whether somebody is
        there. It goes on being made, and is heard when that is known."""
        pending = self._agent.pending
        if pending is not None and self._awaits(pending) and self._turn.state == "talking":
            self._agent.doubt()

    def _awaits(self, pending: Generation) -> bool:
        """Whether the caller waits for this reply in silence: what they say meanwhile decides what becomes of it."""
        return bool(pending.asked) or (pending.purpose == "reply" and self._agent.audible is None)

    def _weigh(self, segment: int, audio_ms: int, final: bool) -> None:
        """New words take a prepared reply back, or interrupt the audible one if they are enough."""
        agent, turn = self._agent, self._turn
        if self._ending.revocable:
            if self._stays(audio_ms, final):
                self._ending.take_back()
            return
        pending, audible = agent.pending, agent.audible
        if pending is not None and agent.is_taken_back and normalised(turn.words.text()) != normalised(pending.asked):
            waits = pending.state == "committed" and pending.purpose == "reply" and audible is None
            if waits and only_waits(self._shared, turn, pending.asked):
                agent.doubt()
            else:
                agent.withdraw("caller_continued")
        if self._takes_back():
            agent.interrupt("caller_continued")
            self._call_off_transfer()
            return
        cuts = audible is not None and audible.state != "clearing" and audible.interruptible
        fills = audible is None and pending is None and agent.lanes.sounds(FILLER)  # a tool runs meanwhile
        if (cuts or fills or agent.transfers.coming) and self._interrupts(segment, final):
            if self._echoes.hears_agent(self._stretch_text(), audio_ms, final):
                return
            if cuts:
                agent.interrupt("caller_interrupted")
            elif fills:
                agent.lanes.stop(FILLER)
            self._call_off_transfer()

    def _call_off_transfer(self) -> None:
        """A transfer that was not asked for yet waits for another wish of the caller's."""
        if self._agent.transfers.coming:
            self._agent.transfers.call_off()

    def _stretch_text(self) -> str:
        """The words of the present stretch of speech."""
        words = self._turn.words
        return words.text(max(words.count - self._turn.stretch_count, 0))

    def _only_listens(self) -> bool:
        """Whether the words of the present stretch only say "go on", those included that the recogniser has only begun to read."""
        return self._shared.book.only_listens(self._stretch_read())

    def _stretch_read(self) -> list[tuple[str, bool]]:
        words = self._turn.words
        return words.read(max(words.count - self._turn.stretch_count, 0))

    def _takes_back(self) -> bool:
        """Whether the caller goes on before a word of the reply is heard: then it is taken back, however few the words."""
        audible, turn = self._agent.audible, self._turn
        if audible is None or audible.state != "released" or not audible.asked or not audible.interruptible:
            return False
        return turn.words.count > 0 and not self._only_listens()

    def _stays(self, audio_ms: int, final: bool) -> bool:
        """Whether the caller speaks over the goodbye of a silence, and not to return it. Who speaks before any of it is heard takes it back
        with an "okay", too, though the recogniser reads that later."""
        text, book, unheard = self._stretch_text(), self._shared.book, self._ending.unheard
        if not text or not (unheard or self._shared.plan.interruptible_goodbye):
            return False
        if self._shared.plan.written:
            return final
        if book.takes_leave(text) or (self._only_listens() and not (unheard and book.assents(text))):
            return False
        return not self._echoes.hears_agent(text, audio_ms, final)

    def _interrupts(self, segment: int, final: bool) -> bool:
        """The rule of barge-in: more words than the plan says that are not all back-channels, or a stop phrase. With 0 words only a
        final stop phrase does. Who writes means every word."""
        count, enough = self._turn.stretch_count, self._shared.plan.words_to_interrupt
        if self._shared.plan.written:
            return final and count > 0
        if enough > 0:
            if count > enough:
                return count > LONGEST_SIGNAL_WORDS or not (self._only_listens() or self._lets_transfer())
        elif not final:
            return False
        if 0 < count <= LONGEST_SIGNAL_WORDS and self._stops(self._stretch_text()):
            return True
        # Words of a later segment may be known before the final ones of this: they take nothing from a stop that came first.
        words = self._turn.words
        first = words.before(segment) <= words.count - count
        return final and first and self._stops(" ".join(words.pieces().get(segment, ())))

    def _stops(self, text: str) -> bool:
        """Whether ``text`` asks the agent to stop, or refuses the transfer that it announces ("not now"). Where the agent asks something
        the same words may be the answer: "anything else before I connect you?" "no, thanks"."""
        if self._shared.book.stops(text):
            return True
        return self._agent.transfers.coming and not self._asks() and self._shared.book.refuses(text)

    def _lets_transfer(self) -> bool:
        """Whether the words only agree to the transfer that is announced ("okay, thank you")."""
        return self._agent.transfers.coming and not self._asks() and self._shared.book.agrees(self._stretch_read())

    def _asks(self) -> bool:
        agent = self._agent
        heard = agent.audible if agent.audible is not None else agent.lately[0] if agent.lately is not None else None
        return heard is not None and any(mark in heard.speech.text for mark in QUESTION_MARKS)
