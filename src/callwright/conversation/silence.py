"""When nobody speaks: the question whether the caller is still there, once per silence, and the goodbye."""

from __future__ import annotations

from callwright.conversation.agent_turn import AgentTurn
from callwright.conversation.clauses import clauses_of
from callwright.conversation.ending import Ending
from callwright.conversation.shared_state import SharedState


class Silence:
    """The clock of common silence. It runs only while nobody speaks, thinks, types, waits for a tool, is being connected or keeps the line
    on hold."""

    __slots__ = ("_agent", "_asked_turn", "_ending", "_question_next", "_shared", "running")

    def __init__(self, shared: SharedState, agent: AgentTurn, ending: Ending) -> None:
        self._shared = shared
        self._agent = agent
        self._ending = ending
        self._asked_turn = -1
        self._question_next = False
        self.running = False

    def update(self, idle: bool) -> None:
        """Start or stop the clock."""
        if idle == self.running:
            return
        self.running = idle
        if idle:
            self._arm()
        else:
            self._shared.timers.cancel("silence")

    def expire(self) -> None:
        """The silence has lasted long enough for the next step."""
        plan, agent = self._shared.plan, self._agent
        self.running = False
        if self._question_next:
            self._asked_turn = agent.turn_number
            agent.say("silence", self._shared.rendered(plan.user_online_message), agent.turn_number)
        else:
            self._ending.close("inactivity_timeout", plan.hangup_message, revocable=True)

    @property
    def limited(self) -> bool:
        """Whether a silence that begins now has a limit."""
        return self._shared.plan.hangup_after_silence_ms > 0

    def _has_question(self) -> bool:
        return bool(clauses_of(self._shared.rendered(self._shared.plan.user_online_message)))

    def _arm(self) -> None:
        plan = self._shared.plan
        hangup_ms = plan.hangup_after_silence_ms
        may_ask = plan.check_if_user_online and self._asked_turn != self._agent.turn_number and self._has_question()
        # At the same time the question comes first; its playout restarts the clock.
        self._question_next = may_ask and (hangup_ms <= 0 or plan.user_online_after_ms <= hangup_ms)
        if self._question_next:
            self._shared.after_ms("silence", plan.user_online_after_ms)
        elif hangup_ms > 0:
            self._shared.after_ms("silence", hangup_ms)
