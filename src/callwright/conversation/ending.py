"""How a call ends: last words, goodbye, hanging up, and the facts that settle what is still open."""

from __future__ import annotations

from callwright.conversation.agent_turn import AgentTurn
from callwright.conversation.bounds import (
    CLEARED_WAIT_MS,
    ENDING_MOST_MS,
    FALSE_WAIT_MS,
    GOODBYE_MOST_MS,
    HANDED_WAIT_MS,
    LEAVE_WAIT_MS,
)
from callwright.conversation.effects import AskClassifier, HangUp
from callwright.conversation.last_words import LastWords
from callwright.conversation.shared_state import SharedState
from callwright.conversation.turn import CallerTurn
from callwright.domain.limits import MAX_CALL_SECONDS
from callwright.ports.model import Message

AGENT = "Agent"
ERROR = "Error"
TRANSFERRED = "call_transferred"
MAXIMUM = "max_duration_reached"
HANGUP = "hangup"
"""Of the question to a model whether the conversation is over."""

LAST_WORDS = frozenset({"reply", "goodbye", "voicemail"})
"""Of these the rest is said in a call that ends, where the voice failed at it. What is asked of a caller who is to hear a goodbye next, or
announced and does not come, is not."""

WAITS = ("answer", "voice", "playout")
"""What is waited for while something is said: the model's next words, the voice's first sound, the end of what it told the length of."""

DEFAULT_HANGUP_PROMPT = "Is the conversation over, so that the call should be ended now?"


class Ending:
    """The end of one call. The phase goes live -> closing -> leaving -> ended, and back only where a goodbye is ``revocable``: it is said
    because nobody spoke, and who speaks now takes it back."""

    __slots__ = (
        "_agent",
        "_ask_again",
        "_asked_turn",
        "_by",
        "_message",
        "_reason",
        "_request",
        "_shared",
        "_turn",
        "last_words",
        "revocable",
    )

    def __init__(self, shared: SharedState, agent: AgentTurn, turn: CallerTurn) -> None:
        self._shared = shared
        self._agent = agent
        self._turn = turn
        self._by = ""
        self._reason = ""
        self._message = ""
        self._request = 0
        self._ask_again = False  # its yes was void for a sound alone, which is not read yet
        self._asked_turn = 0
        self.last_words: LastWords | None = None
        self.revocable = False

    def close(self, reason: str, message: str, by: str = AGENT, *, cut: bool = False, revocable: bool = False) -> None:
        """Say ``message`` and hang up. What is audible is spoken to its end first, or ``cut`` at once.

        Both take as long as they are: what is waited for in them has the bounds that it has in a call that goes on, and the whole one for
        what never ends.
        """
        shared, agent = self._shared, self._agent
        self._ask_again = False
        self._by, self._reason, self._message = by, reason, shared.rendered(message)
        self.revocable = revocable
        shared.phase = "closing"
        agent.withdraw("call_ending")
        agent.owed.reply = False
        agent.owed.again = None
        agent.owed.rest = None
        agent.transfers.abandon("the call is ending")
        if cut:
            agent.interrupt("call_ending")
            if agent.audible is not None:
                # Also of what a failing voice had cut already the rest is not said again.
                agent.audible.cut_for = "call_ending"
        waits = agent.audible is not None and agent.audible.state != "clearing"
        if not revocable:  # else nothing is waited for but what a call that goes on needs
            # What is waited for is not waited for longer because the call ends, nor is the call longer than its maximum.
            shared.timers.cancel_all(but=("maximum", *WAITS) if waits else ("maximum",))
        shared.after_ms("goodbye", ENDING_MOST_MS)
        self._rearm_cleared()

    def settle(self) -> None:
        """In closing: go on when nothing is audible any more."""
        agent = self._agent
        if agent.audible is not None:
            return
        rest, agent.owed.rest = agent.owed.rest, None
        if rest is not None and rest.generation.purpose in LAST_WORDS and agent.resume(rest):
            return  # the voice failed in the middle of the last words
        message, self._message = self._message, ""
        if message and not self.revocable and self._turn.words.all_final and self._turn.state != "talking":
            # What the caller said before the goodbye, which nobody answers any more, stands before it in the record.
            agent.take_words()
        if message and agent.say("goodbye", message, agent.turn_number):
            return
        if not self._awaits_words():
            self.hang_up(self._by, self._reason)

    def take_back(self) -> None:
        """The caller speaks: the call goes on."""
        shared = self._shared
        self.revocable = False
        self._message = ""
        shared.phase = "live"
        shared.timers.cancel("goodbye")
        shared.note("goodbye_taken_back")
        self._turn.patience.tell()
        self._agent.interrupt("caller_interrupted")

    @property
    def unheard(self) -> bool:
        """Whether nobody has heard any of the goodbye of a silence, or the caller began to speak before it sounded: in the sound that the
        words are of, as who coughs before it has not spoken."""
        sounds_us = self._sounds_us
        return sounds_us < 0 or self._turn.onset.before(sounds_us, self._shared.call_us)

    @property
    def _sounds_us(self) -> int:
        """Since when the goodbye is heard, -1: it is not."""
        agent = self._agent
        goodbye = agent.audible if agent.audible is not None else agent.lately[0] if agent.lately is not None else None
        return -1 if goodbye is None else goodbye.speech.playout_us

    def _awaits_words(self) -> bool:
        """Whether the caller made a sound over the goodbye whose words may yet take it back: some that were told already may change, or
        be followed by more."""
        turn = self._turn
        # The first sound may have been a word: the recogniser may be late.
        early = turn.from_ms >= 0 and self._shared.call_us(turn.from_ms) < self._sounds_us
        if not (self.revocable and (self._shared.plan.interruptible_goodbye or early or self.unheard)):
            return False
        turn.look_for_nothing()
        if turn.state == "quiet" or turn.likely:
            return False
        self._shared.timers.arm_sooner("goodbye", self._agent.silent_us + FALSE_WAIT_MS * 1000)
        return True

    def cut_short(self) -> None:
        """The last words or the goodbye never end, or the call is over its maximum, or the words of a sound over it do not come."""
        if self._agent.audible is not None:
            self._shared.note("goodbye_cut")
        self.hang_up(self._by, self._reason)

    def hang_up(self, by: str, reason: str) -> None:
        """Hang up now; whatever is audible is silenced."""
        shared, agent = self._shared, self._agent
        agent.withdraw("call_ending")
        agent.interrupt("call_ending")
        agent.transfers.abandon("the call is ending")
        shared.emit(HangUp(by, reason))
        self.revocable = False
        shared.phase = "leaving"
        shared.timers.cancel_all()
        shared.after_ms("leave", LEAVE_WAIT_MS)
        self._rearm_cleared()

    def hand_over(self, *, stays: bool = False) -> None:
        """Somebody else has the caller now: the leg closes by itself, or we hang up after a while. ``stays``: the two talk over our leg,
        for as long as a call may last."""
        shared, agent = self._shared, self._agent
        if shared.phase not in ("live", "closing"):
            return
        agent.withdraw(TRANSFERRED)
        agent.interrupt(TRANSFERRED)
        self.revocable = False
        shared.phase = "leaving"
        shared.timers.cancel_all()
        self._by, self._reason = AGENT, MAXIMUM if stays else TRANSFERRED
        shared.after_ms("handed", MAX_CALL_SECONDS * 1000 if stays else HANDED_WAIT_MS)
        self._rearm_cleared()

    def let_go(self) -> None:
        """The leg of a caller who was handed over is still there."""
        self.hang_up(self._by, self._reason)

    def give_up(self, reason: str, by: str) -> None:
        """The agent cannot speak any more: hang up without a word, for the reason the call was ending with anyway if there was one."""
        closing = self._shared.phase == "closing"
        self.hang_up(self._by if closing else by, self._reason if closing else reason)

    def hasten(self) -> None:
        """The call's maximum duration is over: an ending gets its last seconds, and is not taken back."""
        self.revocable = False
        self._shared.timers.arm_sooner("goodbye", self._shared.now_us + GOODBYE_MOST_MS * 1000)

    def give_up_leg(self) -> None:
        """The leg does not confirm its end."""
        self._shared.note("leg_unconfirmed")
        self.finish()

    def finish(self, generation: int = 0, played_ms: int = -1) -> None:
        """The call is over: facts for all that is still open. ``played_ms`` of ``generation`` as in ``events.LegEnded``."""
        shared, agent = self._shared, self._agent
        shared.watch.ended = True
        shared.phase = "ended"
        agent.withdraw("call_ended", cancel=False)
        agent.settle_last(generation, played_ms)
        agent.transfers.abandon("the call has ended")
        agent.tools.abandon()
        self._turn.enter()
        if shared.answered:
            self.last_words = LastWords(shared, self._turn.words, agent.turn_number + 1, *self._turn.span())
        agent.take_words()
        shared.timers.cancel_all()

    def ask_whether_over(self) -> None:
        """Ask a model whether the conversation is over (contract 4.7, ``hangup_after_LLMCall``)."""
        shared, agent = self._shared, self._agent
        self._request = shared.next_request()
        self._asked_turn = agent.turn_number
        question = shared.rendered(shared.plan.hangup_prompt or DEFAULT_HANGUP_PROMPT)
        messages = (Message("system", question), Message("user", agent.history.transcript()))
        shared.emit(AskClassifier(self._request, HANGUP, messages))

    def judge_over(self, request: int, verdict: bool) -> None:
        """The answer. A caller who has spoken since, may have, or holds the line voids it."""
        if not request or request != self._request:
            return
        self._request = 0
        if not verdict:
            return
        if self._turn.state == "quiet" and not self._spoke():
            self.close("llm_prompted_hangup", self._shared.plan.hangup_message)
            return
        self._shared.note("hangup_voided")
        self._ask_again = self._turn.state != "talking" and not self._spoke()

    def settle_over(self) -> None:
        """A yes that was void for a sound alone, which was not read yet, is asked for anew when that had no words."""
        if self._ask_again and (self._spoke() or self._turn.state == "quiet"):
            self._ask_again = False
            if not self._spoke():
                self.ask_whether_over()

    def _spoke(self) -> bool:
        """Whether the caller has certainly gone on since the question, or holds the line."""
        agent, turn = self._agent, self._turn
        new = agent.turn_number != self._asked_turn or turn.words.count or turn.typing
        return bool(new or turn.state == "talking" or agent.pending is not None or self._shared.held)

    def forget_question(self, request: int) -> bool:
        """The question ``request`` will not be answered; returns whether it was ours."""
        ours = request != 0 and request == self._request
        if ours:
            self._request = 0
        return ours

    def _rearm_cleared(self) -> None:
        audible = self._agent.audible
        if audible is not None and audible.state == "clearing":
            self._shared.after_ms("cleared", CLEARED_WAIT_MS)
