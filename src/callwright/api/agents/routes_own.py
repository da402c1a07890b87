"""Our own routes of agents, for editors: validation without saving."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from callwright.actions.agent_validation import validate_agent
from callwright.api.agents.routes import Agent
from callwright.api.agents.schemas_own import AgentValidation
from callwright.api.answers import answer
from callwright.api.schemas import errors, shown
from callwright.api.services import principal_of, services_of

router = APIRouter(prefix="/v1/callwright/agents", tags=["agents"])


@router.post(
    "/validate",
    summary="Validate an agent",
    responses={200: shown("What is wrong with it.", AgentValidation), **errors(400, 404, 413)},
)
async def validate(
    request: Request,
    wire: Agent,
    agent_id: Annotated[
        str, Query(description="The agent that it is to replace; its credentials may stand here as masks.")
    ] = "",
) -> Response:
    """Takes the body of `PUT /v2/agent/{agent_id}` and says all that saving it would refuse, each error with its path, and all that it
    would warn of. Nothing is saved."""
    found = await validate_agent(services_of(request).actions, principal_of(request), wire, agent_id)
    return answer(
        {
            "valid": not found.errors,
            "errors": [asdict(error) for error in found.errors],
            "complete": found.complete,
            "warnings": [asdict(warning) for warning in found.warnings],
        }
    )
