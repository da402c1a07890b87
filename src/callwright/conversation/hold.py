"""A caller who put the line on hold hears nothing: the agent stops, waits without asking, and goes on afterwards."""

from __future__ import annotations

from callwright.conversation import events as ev
from callwright.conversation.agent_turn import AgentTurn
from callwright.conversation.bounds import HOLD_MOST_MS
from callwright.conversation.shared_state import SharedState


class Hold:
    """Whether the line is on hold is ``shared.held``; it counts for HOLD_MOST_MS, then the call goes on as if it were not."""

    __slots__ = ("_agent", "_cut", "_shared")

    def __init__(self, shared: SharedState, agent: AgentTurn) -> None:
        self._shared = shared
        self._agent = agent
        self._cut = False

    def change(self, event: ev.LineHeld) -> None:
        """The far end holds the line, or takes it back."""
        if event.on and not self._shared.held:
            self._begin()
        elif not event.on:
            self._end()

    def expire(self) -> None:
        """Nobody came back to the line."""
        self._shared.note("hold_too_long")
        self._end()

    def _begin(self) -> None:
        self._shared.held = True
        self._shared.after_ms("hold", HOLD_MOST_MS)
        audible = self._agent.audible
        if audible is not None and audible.state != "clearing" and audible.interruptible:
            self._agent.interrupt("held")
            if audible.purpose == "transfer":
                self._agent.owed.again = audible  # announced anew to who comes back to the line
            else:
                self._cut = True

    def _end(self) -> None:
        if not self._shared.held:
            return
        self._shared.held = False
        self._shared.timers.cancel("hold")
        if self._cut:
            # The model knows how far it was heard and goes on from there.
            self._cut = False
            self._agent.owed.reply = True
