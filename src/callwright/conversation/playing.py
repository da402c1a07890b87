"""What becomes of the agent's words on their way to the caller's ear."""

from __future__ import annotations

from callwright.conversation import events as ev
from callwright.conversation.agent_turn import WELCOME, AgentTurn
from callwright.conversation.bounds import VOICE_FAILURES_IN_A_ROW
from callwright.conversation.ending import ERROR, LAST_WORDS, Ending
from callwright.conversation.heard import Clause
from callwright.conversation.reply import Generation
from callwright.conversation.shared_state import SharedState


class Playing:
    """Takes what the voice and the pacer report. ``failures`` counts voice failures since a clause was heard that was made after them."""

    __slots__ = ("_agent", "_ending", "_shared", "failures")

    def __init__(self, shared: SharedState, agent: AgentTurn, ending: Ending) -> None:
        self._shared = shared
        self._agent = agent
        self._ending = ending
        self.failures = 0

    def voice_ready(self, event: ev.VoiceReady) -> None:
        """The first audio of a clause is there: with that of the first a prepared reply may be released."""
        generation = self._agent.by_number(event.generation)
        if generation is None or not 0 <= event.index < len(generation.speech.clauses):
            return
        clause = generation.speech.clauses[event.index]
        self._sounds(clause)
        self._ready(generation)
        if not (clause.begun or clause.audio_ms):  # one that is told again, or late, says nothing of when
            clause.begun = True
            self._agent.expect_end()

    def voice_finished(self, event: ev.VoiceFinished) -> None:
        """A clause's length and words are known."""
        generation = self._agent.by_number(event.generation)
        if generation is None or not 0 <= event.index < len(generation.speech.clauses):
            return
        self._ready(generation)
        clause = generation.speech.clauses[event.index]
        self._sounds(clause)
        clause.audio_ms = max(event.audio_ms, 0)
        clause.words = event.words
        clause.estimated = event.estimated
        self._agent.expect_end()
        self._forgive(generation)

    def playout(self, event: ev.PlayoutStarted) -> None:
        """The caller begins to hear the generation."""
        generation = self._agent.audible
        if generation is not None and generation.number == event.generation:
            self._play(generation)

    def mark(self, event: ev.MarkPlayed) -> None:
        """A clause was played to its end. A mark that comes after a clear is void: carriers return all open marks then."""
        generation = self._agent.audible
        if generation is None or generation.number != event.generation or generation.state == "clearing":
            return
        speech = generation.speech
        if not 0 <= event.index < len(speech.clauses):
            return
        self._play(generation)
        if event.index >= speech.played:  # one that is told again, or late, says nothing of when
            speech.clauses[event.index].ended_us = self._shared.now_us
        speech.played = max(speech.played, event.index + 1)
        self._agent.expect_end()
        self._forgive(generation)

    def cleared(self, event: ev.Cleared) -> None:
        """The shell says how far the silenced generation got."""
        generation = self._agent.audible
        if generation is not None and generation.number == event.generation and generation.state == "clearing":
            self._agent.settle_cut(max(event.played_ms, 0), False)

    def failed(self, event: ev.ProviderFailed) -> None:
        """The voice failed: words nobody heard are said again, once."""
        generation = self._agent.by_number(event.generation)
        if generation is not None:
            self._fail(generation, event.index)
            return
        generation = self._agent.awaiting_voice()
        if generation is not None:
            self._fail(generation)

    def expire_voice(self) -> None:
        """The voice has given no audio for too long."""
        generation = self._agent.awaiting_voice()
        if generation is not None:
            self._shared.note("voice_timeout", f"generation {generation.number}")
            self._fail(generation)

    def expire_playout(self) -> None:
        """The last mark of a generation is missing."""
        generation = self._agent.audible
        if generation is None or generation.state == "clearing":
            return
        speech = generation.speech
        if speech.playout_us >= 0 and all(clause.audio_ms for clause in speech.clauses):
            self._shared.note("mark_missing", f"generation {generation.number}")
            speech.played = len(speech.clauses)
            speech.guessed = True
        else:
            self._fail(generation)

    def expire_cleared(self) -> None:
        """The shell does not say how far the silenced generation got."""
        self._shared.note("cleared_missing")
        self._agent.settle_by_time()

    def _sounds(self, clause: Clause) -> None:
        if clause.sounded_us < 0:
            clause.sounded_us = self._shared.now_us

    def _ready(self, generation: Generation) -> None:
        if not generation.speech.ready:
            generation.speech.ready = True
            self._agent.expect_voice()

    def _play(self, generation: Generation) -> None:
        self._ready(generation)
        if generation.speech.playout_us < 0:
            generation.speech.playout_us = self._shared.now_us
            generation.move("play")
            self._agent.expect_end()
        self._forgive(generation)

    def _forgive(self, generation: Generation) -> None:
        """The voice works again when a clause is heard that it has made whole. One that sounds and breaks off proves nothing."""
        speech = generation.speech
        if speech.playout_us >= 0 and (speech.played or speech.clauses[0].audio_ms):
            self.failures = 0

    def _fail(self, generation: Generation, index: int = -1) -> None:
        """The voice failed at the clause ``index``, or at nobody knows which (-1)."""
        shared, agent, speech = self._shared, self._agent, generation.speech
        sounds = generation is agent.audible and generation.state != "clearing"
        if speech.lost and index >= len(speech.clauses):
            return  # it was given up already
        # What is before that clause, and is heard, was made after the last failure.
        self.failures = 0 if sounds and 0 < index < len(speech.clauses) else self.failures + 1
        # Of last words that the voice breaks off the rest is said again.
        goes_on = sounds and index >= 0 and speech.playout_us >= 0 and generation.purpose in LAST_WORDS
        if sounds and speech.played < index < len(speech.clauses):
            agent.break_off(generation, index)
        elif self.failures >= VOICE_FAILURES_IN_A_ROW or (shared.phase == "closing" and not goes_on):
            self._ending.give_up("synthesizer_error", ERROR)
        elif generation is agent.pending:
            agent.withdraw("voice_failed")
            if generation.purpose == WELCOME and agent.claim_second_welcome():
                agent.ask_welcome()
        else:
            if speech.playout_us < 0 and generation.state != "clearing":
                # What was silenced before its voice failed waits for what it was silenced for: the caller's words, the end of a hold.
                agent.owed.again = generation
            agent.interrupt("voice_failed")
        shared.note("voice_failed", f"generation {generation.number}")
