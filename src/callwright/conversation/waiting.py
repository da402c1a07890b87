"""What the caller hears while tools run: the tool's message, then, if it takes long, a few waiting messages.

A caller who interrupts them stops no tool.
"""

from __future__ import annotations

from callwright.conversation.agent_turn import AgentTurn
from callwright.conversation.bounds import TOOL_QUIET_MS, WAITING_GAP_MS
from callwright.conversation.clauses import clauses_of
from callwright.conversation.plan import ToolWords
from callwright.conversation.shared_state import SharedState
from callwright.conversation.turn import CallerTurn

PURPOSE = "tool"


class Waiting:
    """Fills the silence of running tools with at most one message of the tool and the plan's waiting messages, in order."""

    __slots__ = ("_agent", "_first", "_own_round", "_round", "_said", "_shared", "_since_us", "_turn")

    def __init__(self, shared: SharedState, agent: AgentTurn, turn: CallerTurn) -> None:
        self._shared = shared
        self._agent = agent
        self._turn = turn
        self._round = 0
        self._own_round = 0  # in which a tool's own message was said last
        self._said = 0  # waiting messages of this round
        self._since_us = -1  # since when it is silent
        self._first = True  # nothing was said in this round, and nobody spoke

    def go_on(self) -> None:
        """A tool runs and nothing is audible: say something when it is time."""
        shared, tools = self._shared, self._agent.tools
        if shared.held or self._turn.state == "talking" or self._turn.typing:
            if self._turn.state != "talking":
                self._since_us = -1  # the silence is counted anew
            self._first = False
            shared.timers.cancel("waiting")
            return
        if tools.round != self._round:
            self._round, self._said, self._since_us, self._first = tools.round, 0, -1, True
        words = self._words()
        if self._since_us < 0:
            self._since_us = shared.now_us
        at_once = words is not None and words.own_message and self._own_round != self._round
        wait_ms = 0 if at_once else TOOL_QUIET_MS if self._first and words is not None else WAITING_GAP_MS
        left = shared.plan.waiting_messages[self._said :]
        due_us = max(self._since_us + wait_ms * 1000, self._agent.backs_off_until_us)
        if not (at_once or self._first):
            # Whoever spoke meanwhile may go on as long as they would be waited for.
            pause_ms = max(self._turn.patience.most_ms, TOOL_QUIET_MS)
            due_us = max(due_us, shared.call_us(self._turn.voiced_end_ms) + pause_ms * 1000)
        if shared.now_us < due_us:
            if words is not None or left:
                shared.timers.arm("waiting", due_us)
            return
        self._since_us, self._first = -1, False
        if at_once:
            self._own_round = self._round
        if words is not None:
            self._say(words.message)
            return
        for message in left:
            self._said += 1
            if self._has_words(message):
                self._say(message)
                return

    def _words(self) -> ToolWords | None:
        """What is said once in a round: the first message that a tool of it has of its own, else the default one of the first, of those
        that still run. Nothing when something was said with the call of any."""
        tools, history = self._agent.tools, self._agent.history
        if self._said or any(history.calling(call.call_id).content for _, call, _ in tools.called):
            return None
        running = {call.name for request, call, _ in tools.called if request in tools.running}
        known = [one for one in self._shared.plan.tool_words if one.name in running and self._has_words(one.message)]
        order = [call.name for _, call, _ in tools.called]
        return min(known, key=lambda one: (not one.own_message, order.index(one.name)), default=None)

    def _has_words(self, message: str) -> bool:
        return bool(clauses_of(self._shared.rendered(message)))

    def _say(self, text: str) -> None:
        agent = self._agent
        _, call, turn = agent.tools.called[0]
        if not agent.say(PURPOSE, self._shared.rendered(text), turn):
            return
        # For the model it is part of the message that called the tool: the result stays the last thing it sees.
        said = agent.history.calling(call.call_id)
        said.lead = said.content
        assert agent.audible is not None
        agent.audible.said = said
