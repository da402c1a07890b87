"""An agent that was silenced by nothing goes on with its sentence, from the first word that was not heard."""

from __future__ import annotations

from callwright.conversation.agent_turn import AgentTurn, Unsaid
from callwright.conversation.bounds import FALSE_WAIT_MS, RESUMES_MOST
from callwright.conversation.reply import Generation
from callwright.conversation.shared_state import SharedState
from callwright.conversation.turn import CallerTurn

BY_CALLER = frozenset({"caller_interrupted", "caller_continued"})
"""Reasons of a cut that may turn out to have been nothing."""


PURPOSES = frozenset({"welcome", "reply", "silence", "apology"})
"""What is resumed. What is said while a tool runs, or before a transfer, is out of date once it was cut."""


class Resuming:
    """Keeps what an interruption left unsaid (``agent.owed.rest``) until the caller has said something, or it is certain that there was
    nothing: the final text is empty, a back-channel or an echo, or no words come within FALSE_WAIT_MS."""

    __slots__ = ("_agent", "_shared", "_turn")

    def __init__(self, shared: SharedState, agent: AgentTurn, turn: CallerTurn) -> None:
        self._shared = shared
        self._agent = agent
        self._turn = turn

    def remember(self, generation: Generation) -> None:
        """A generation is over: what was not heard of it, if the caller's words cut it, or if its voice failed at it. How often that may
        happen is the voice's account (``playing``): whatever is gone on with has got further, or counts there."""
        if generation is self._agent.owed.again and generation.resumes:
            self._agent.owed.again = None
            self.leave(generation)
            return
        if generation.broken_off and generation is not self._agent.owed.again:
            if generation.purpose in (*PURPOSES, "voicemail"):
                self.leave(generation)
            return
        if generation.cut_for not in BY_CALLER or generation.purpose not in PURPOSES:
            return
        if generation.resumed < RESUMES_MOST:
            self.leave(generation)
        elif generation.unheard or self._unfinished(generation):
            self._shared.note("resume_given_up", f"generation {generation.number}")

    def leave(self, generation: Generation) -> None:
        """What was not heard of a generation that is over is left unsaid for now."""
        rest, unfinished = generation.unheard, self._unfinished(generation)
        if rest or unfinished:
            self._agent.owed.rest = Unsaid(generation, rest, unfinished)

    @staticmethod
    def _unfinished(generation: Generation) -> bool:
        speech = generation.speech
        return generation.unfinished or not (speech.lost_complete if speech.lost else speech.complete)

    def doubt(self) -> None:
        """Words that silenced the agent, and that nobody confirms, neither the recogniser by a final text nor the detector by a sound, are
        none. Should their final text come yet, it is heard as new."""
        agent, turn = self._agent, self._turn
        if agent.owed.rest is not None and turn.ready and turn.unconfirmed:
            self._shared.note("words_unconfirmed", turn.words.text())
            agent.withdraw("nothing_said")
            turn.words.forget()
            turn.expire("words")

    def go_on(self) -> bool:
        """Nothing is audible: say what is left, or wait until that is certain; returns whether the agent is occupied with it."""
        shared, agent, turn = self._shared, self._agent, self._turn
        rest, owed = agent.owed.rest, agent.owed
        if rest is None or turn.words.count or turn.typing or shared.held or owed.again is not None or owed.apology:
            return False
        due_us = self._due_us()
        if shared.now_us < due_us:
            shared.timers.arm("backoff", due_us)
            return True
        owed.rest = None
        shared.timers.cancel("backoff")
        if agent.resume(rest):
            return True
        owed.reply = True  # all that the model had said was heard: it goes on
        return False

    def _due_us(self) -> int:
        """When to go on: at once when the caller is known to have said nothing, yet not before the agent's backoff period."""
        shared, since_us = self._shared, self._agent.silent_us
        backoff_us = shared.plan.backoff_ms * 1000
        if self._turn.state == "quiet":
            voiced_end_us, rest = shared.call_us(self._turn.voiced_end_ms), self._agent.owed.rest
            if rest is not None and rest.generation.broken_off:  # nobody has interrupted the agent
                return max(since_us, voiced_end_us + backoff_us)
            return max(since_us, voiced_end_us) + backoff_us
        return since_us + max(FALSE_WAIT_MS * 1000, backoff_us)
