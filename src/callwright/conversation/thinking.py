"""What the model answers: words, tools, the end of the call, and failures."""

from __future__ import annotations

import itertools
import json

from callwright.conversation import events as ev
from callwright.conversation.agent_turn import WELCOME, AgentTurn
from callwright.conversation.bounds import FAILURES_IN_A_ROW, SPECULATIONS_MOST
from callwright.conversation.ending import ERROR, HANGUP, Ending
from callwright.conversation.reply import Generation
from callwright.conversation.shared_state import SharedState
from callwright.conversation.tools import ends_call
from callwright.domain.limits import MAX_END_REASON_CHARACTERS, MAX_REPLY_CHARACTERS
from callwright.ports.failures import RETRYABLE
from callwright.ports.model import ToolCall

_RETRYABLE = frozenset(kind.value for kind in RETRYABLE)


class Thinking:
    """Takes the model's and the tools' answers. ``failures`` counts failed answers since the last one the caller heard."""

    __slots__ = ("_agent", "_broken", "_ending", "_shared", "failures")

    def __init__(self, shared: SharedState, agent: AgentTurn, ending: Ending) -> None:
        self._shared = shared
        self._agent = agent
        self._ending = ending
        self.failures = 0
        self._broken = 0  # the reply that was heard when the model broke off

    def delivered(self, generation: Generation) -> None:
        """A reply was heard to its end. A model that broke off in it has not worked again."""
        if generation.number != self._broken:
            self.failures = 0

    def text(self, event: ev.ReplyText) -> None:
        """Words of a reply go to the voice clause by clause."""
        generation = self._answered(event.request)
        if generation is None:
            return
        shared, speech = self._shared, generation.speech
        shared.after_ms("answer", shared.plan.reply_timeout_ms)
        room = MAX_REPLY_CHARACTERS - speech.characters
        speech.characters += len(event.text)
        for clause in speech.segmenter.feed(event.text[:room]):
            self._agent.speak(generation, clause)
        if len(event.text) > room:
            shared.note("reply_cut", f"longer than {MAX_REPLY_CHARACTERS} characters")
            self._agent.stop_answer(generation)
            self._complete(generation)

    def tool(self, event: ev.ReplyTool) -> None:
        """The model wants a tool called. It is called when the reply is committed; the call itself never depends on the sound."""
        agent, shared = self._agent, self._shared
        generation = self._answered(event.request)
        if generation is None:
            return
        shared.after_ms("answer", shared.plan.reply_timeout_ms)
        if ends_call(event.name):
            # A caller who is to be transferred is not hung up on; nor one whose transfer cannot be made, which the model does not know yet.
            generation.farewell = not (generation.hands_over or agent.transfers.busy)
            generation.why = _reason(event.arguments)
            return
        call_id = event.call_id or self._free_id(generation)
        if self._is_known(call_id, generation):
            shared.note("tool_repeated", call_id)
            return
        if generation.calls_left <= 0:
            shared.note("tool_loops", event.name)
            return
        generation.calls_left -= 1
        call = ToolCall(call_id, event.name, event.arguments)
        generation.hands_over = generation.hands_over or agent.transfers.takes(call.name)
        generation.farewell = generation.farewell and not generation.hands_over
        if generation is agent.pending:
            generation.calls.append(call)
            return
        said = agent.history.calls("" if generation.said else generation.speech.text, (call,))
        generation.said = generation.said or said
        agent.owed.reply = agent.tools.start(call, generation.turn) or agent.owed.reply

    def _is_known(self, call_id: str, generation: Generation) -> bool:
        return self._agent.tools.knows(call_id) or any(call.call_id == call_id for call in generation.calls)

    def _free_id(self, generation: Generation) -> str:
        """An id for a call of the reply that came without one."""
        ids = (f"call-{generation.request}-{number}" for number in itertools.count())
        return next(one for one in ids if not self._is_known(one, generation))

    def ended(self, event: ev.ReplyEnded) -> None:
        """The answer is complete."""
        generation = self._answered(event.request)
        if generation is None:
            return
        generation.answering = False
        self._shared.timers.cancel("answer")
        if event.reason == "error":
            self._fail(generation, "model_failed", True)
        else:
            self._complete(generation)

    def result(self, event: ev.ToolResult) -> None:
        """A tool answered, or a service that was asked to transfer."""
        agent = self._agent
        if agent.transfers.awaits(event.request):
            if agent.transfers.answered(event.request, event.ok, event.result) and not agent.tools.busy:
                agent.owed.reply = False
        elif agent.tools.take_result(event.request, event.ok, event.result):
            agent.owed.reply = True

    def classified(self, event: ev.ClassifierVerdict) -> None:
        """The question whether the conversation is over was answered."""
        if event.purpose == HANGUP:
            self._ending.judge_over(event.request, event.verdict)

    def failed(self, event: ev.ProviderFailed) -> None:
        """The model failed at a reply, or at a question about the conversation."""
        if self._ending.forget_question(event.request):
            return
        generation = self._answered(event.request)
        if generation is None:
            return
        generation.answering = False
        self._shared.timers.cancel("answer")
        self._fail(generation, "model_failed", event.failure in _RETRYABLE)

    def expire_answer(self) -> None:
        """The model has said nothing for too long."""
        for generation in (self._agent.pending, self._agent.audible):
            if generation is not None and generation.answering:
                self._agent.stop_answer(generation)
                self._fail(generation, "reply_timeout", True)
                return

    def _answered(self, request: int) -> Generation | None:
        """The generation the model still answers under ``request``."""
        for generation in (self._agent.pending, self._agent.audible):
            if generation is not None and generation.request == request and generation.answering:
                return generation
        return None

    def _complete(self, generation: Generation) -> None:
        agent, speech = self._agent, generation.speech
        for clause in speech.segmenter.flush():
            agent.speak(generation, clause)
        if speech.clauses:
            agent.end_speech(generation)
        elif not generation.calls and not generation.farewell:
            self._fail(generation, "empty_reply", False)

    def _fail(self, generation: Generation, reason: str, retryable: bool) -> None:
        """A failed answer: asked once more if that can help, then an apology; too many in a row end the call."""
        shared, agent = self._shared, self._agent
        shared.note(reason, f"generation {generation.number}")
        if generation.state == "speculative":
            # Perhaps the caller has not even finished: it is asked again when that is certain, and counts then.
            agent.guesses = SPECULATIONS_MOST
            agent.withdraw(reason)
            return
        if generation is agent.pending and generation.purpose == WELCOME:
            # The agent's own welcome message takes its place, if there is one.
            agent.withdraw(reason)
            if retryable and agent.claim_second_welcome():
                agent.ask_welcome()
            return
        self.failures += 1
        if generation is agent.audible:
            # What was said stays said, and the model goes on behind it, where asking again can help.
            self._broken = generation.number
            goes_on = retryable and self.failures < FAILURES_IN_A_ROW and shared.phase == "live"
            generation.unfinished = generation.unfinished or (goes_on and not generation.farewell)
            self._complete(generation)
            return
        agent.withdraw(reason)
        if shared.phase != "live":
            return
        if self.failures >= FAILURES_IN_A_ROW and agent.audible is None:
            self._ending.close("llm_error", shared.plan.failure_message, ERROR)
        elif retryable and not agent.owed.retried:
            agent.owed.retried = True
        else:
            agent.owed.apology = True
            agent.owed.unanswered = generation.asked


def _reason(arguments: str) -> str:
    """Why the model ends the call, in its own words."""
    try:
        given = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        return ""
    reason = given.get("reason", "") if isinstance(given, dict) else ""
    return str(reason)[:MAX_END_REASON_CHARACTERS]
