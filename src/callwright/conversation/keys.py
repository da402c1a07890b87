"""Keys the caller presses: an entry of several is one thing said, as `dtmf_number: 4711` (contract 17.2)."""

from __future__ import annotations

from callwright.conversation import events as ev
from callwright.conversation.agent_turn import AgentTurn
from callwright.conversation.shared_state import SharedState
from callwright.conversation.turn import CallerTurn
from callwright.domain.limits import MAX_KEY_DIGITS


class Keys:
    """Collects an entry until the finishing key, a count, or a pause. While ``turn.typing`` the agent does not begin to speak. A finishing
    key that is pressed out of habit behind the last digit of a count belongs to that entry."""

    __slots__ = ("_agent", "_counted_us", "_shared", "_turn")

    def __init__(self, shared: SharedState, agent: AgentTurn, turn: CallerTurn) -> None:
        self._shared = shared
        self._agent = agent
        self._turn = turn
        self._counted_us = -1  # when a count completed the latest entry

    def press(self, event: ev.KeyPressed) -> None:
        """A key, during the conversation."""
        shared, turn, plan = self._shared, self._turn, self._shared.plan
        finishes = event.key == plan.keys_end
        if not plan.keys or (self._has_just_counted() and finishes):
            shared.note("key", event.key)
            return
        if not turn.typing:
            self._begin()
        # The finishing key alone is an answer, too: "press hash to go on".
        if not finishes or not turn.typing:
            turn.press(event.key)
        counted = len(turn.entry) >= (plan.keys_most or MAX_KEY_DIGITS)
        if counted and not finishes:
            self._counted_us = shared.now_us
        if finishes or counted:
            turn.enter()
        else:
            shared.after_ms("keys", plan.keys_pause_ms)

    def _has_just_counted(self) -> bool:
        """Whether the key before this one completed an entry by its count, and this one follows it as if it belonged to it."""
        counted_us, self._counted_us = self._counted_us, -1
        return counted_us >= 0 and self._shared.now_us < counted_us + self._shared.plan.keys_pause_ms * 1000

    def _begin(self) -> None:
        """The first key of an entry takes back what is prepared, and interrupts the agent where the agent's settings say so."""
        agent, audible = self._agent, self._agent.audible
        if agent.pending is not None and (agent.pending.asked or audible is None):
            agent.withdraw("caller_pressed_keys")
        if audible is None or not self._shared.plan.keys_interrupt:
            return
        # A key over the announcement of a transfer is a habit of telephone menus and calls nothing off.
        if audible.state != "clearing" and audible.interruptible and audible.purpose != "transfer":
            agent.interrupt("caller_pressed_keys")
