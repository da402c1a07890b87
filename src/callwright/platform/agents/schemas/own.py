"""Shapes of our own routes of agents for the API description."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from callwright.api.schemas import Open, Timestamp, example
from callwright.domain.limits import MAX_AGENT_ERRORS, MAX_AGENT_VERSIONS
from callwright.platform.agents.schemas.agents import AGENT_VIEW, AgentView, Warned


class AgentErrorView(Open):
    """Why an agent cannot be saved."""

    path: str = Field(description="Where it stands.")
    message: str = Field(description="What is wrong.")
    code: str = Field(description="That of the error which saving would answer.")


_ERROR: dict[str, Any] = {
    "path": "agent_config.tasks[0].task_config.hangup_after_silence",
    "message": "agent_config.tasks[0].task_config.hangup_after_silence must be a number from 0 to 3600, not a string of 4 characters",
    "code": "invalid_agent",
}


class AgentValidation(Open):
    """What is wrong with an agent that was not saved."""

    model_config = example({"valid": False, "errors": [_ERROR], "complete": True, "warnings": []})

    valid: bool = Field(description="Whether it could be saved.")
    errors: list[AgentErrorView] = Field(description=f"At most {MAX_AGENT_ERRORS}.")
    complete: bool = Field(description="Whether these are all errors. Others may show when these are corrected.")
    warnings: list[Warned] = Field(
        description="What does not do what it seems to. Of an agent with errors, nothing about its providers."
    )


_VERSION: dict[str, Any] = {
    "revision": 3,
    "name": "Clinic reminder",
    "saved_at": "2026-11-24T16:31:07.193399+00:00",
    "saved_by": {"id": "771d1ccd-8e6b-40cd-910d-5c401902bd23", "name": "dashboard"},
    "is_current": True,
}


class SavedBy(Open):
    """The key that saved a version."""

    id: str
    name: str = Field(description="Its name then.")


class AgentVersionView(Open):
    """What an agent was at a revision."""

    model_config = example(_VERSION)

    revision: int
    name: str
    saved_at: Timestamp
    saved_by: SavedBy | None = Field(description="null: it was there before versions were kept.")
    is_current: bool = Field(description="Whether the agent is at this revision.")


class AgentVersionsView(Open):
    """The kept versions of an agent."""

    model_config = example({"items": [_VERSION]})

    items: list[AgentVersionView] = Field(description=f"Newest first, at most {MAX_AGENT_VERSIONS}.")


class WholeAgentVersionView(AgentVersionView):
    """A version with the whole agent."""

    model_config = example({**_VERSION, "agent": AGENT_VIEW})

    agent: AgentView


_LISTED: dict[str, Any] = {
    "id": "7d1c0c1e-58f4-4b0e-9a55-2b2f6a1d9c10",
    "name": "Clinic reminder",
    "revision": 3,
    "created_at": "2026-11-24T16:31:07.193399+00:00",
    "updated_at": "2026-11-24T16:31:07.193399+00:00",
    "calls_7d": 412,
    "answered_7d": 318,
    "wait_p50_ms": 893,
    "findings": 21,
    "cost": 1834.25,
}


class ListedAgent(Open):
    """An agent in a list, with figures of the last seven days."""

    id: str
    name: str
    revision: int
    created_at: Timestamp
    updated_at: Timestamp
    calls_7d: int = Field(description="Calls and chats that are over.")
    answered_7d: int
    wait_p50_ms: int | None = Field(description="The median wait for the agent, within 5 %; null: nobody waited.")
    findings: int = Field(description="How many of them have findings of the call doctor.")
    cost: float = Field(description="Cents.")


class AgentListView(Open):
    """The agents of an account."""

    model_config = example({"items": [_LISTED], "complete": True})

    items: list[ListedAgent]
    complete: bool = Field(description="false while calls from before an upgrade are still being counted in.")
