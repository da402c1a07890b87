"""Shapes of our own routes of agents for the API description."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from callwright.api.agents.schemas import Warned
from callwright.api.schemas import Open, example
from callwright.domain.limits import MAX_AGENT_ERRORS


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
