"""When a wanted transfer goes ahead: it is announced to the end, a caller who speaks is let first, then it is asked for."""

from __future__ import annotations

from callwright.conversation.agent_turn import AgentTurn
from callwright.conversation.shared_state import SharedState
from callwright.conversation.turn import CallerTurn


class Handover:
    """Leads a wanted transfer, whenever nothing is audible, to its request."""

    __slots__ = ("_agent", "_shared", "_turn")

    def __init__(self, shared: SharedState, agent: AgentTurn, turn: CallerTurn) -> None:
        self._shared = shared
        self._agent = agent
        self._turn = turn

    def go_on(self) -> None:
        """Nothing is audible and a transfer is wanted: the next step of it. Other tools of the same reply come first."""
        agent, transfers = self._agent, self._agent.transfers
        if agent.tools.busy or self._shared.held:
            return
        lost, agent.owed.again = agent.owed.again, None
        if lost is not None:
            # The voice failed at the announcement, or at the reply that stood for it.
            transfers.unheard = True
        if (transfers.state == "wanted" or lost is not None) and self._announce():
            return
        turn = self._turn
        waits_for_words = turn.state != "quiet" and not turn.words.count
        if not transfers.lets_caller_first(turn.state == "talking" or turn.typing or waits_for_words):
            agent.owed.rest = None  # while it is asked for nothing is said, and afterwards that is out of date
            transfers.ask()

    def _announce(self) -> bool:
        agent, transfers, wish = self._agent, self._agent.transfers, self._agent.transfers.wish
        assert wish is not None
        text = transfers.announcement()
        if not agent.say("transfer", text, wish.turn):
            return False
        # For the model it is part of the message that called the tool: the result stays the last thing it sees.
        said = agent.history.calling(wish.call.call_id)
        said.lead = said.content
        assert agent.audible is not None
        agent.audible.said = said
        if transfers.state == "wanted":
            transfers.announced()
        return True
