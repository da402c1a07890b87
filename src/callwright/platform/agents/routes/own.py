"""Our own routes of agents, for pages that show and edit them: a list with figures, validation without saving, and versions."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from callwright.api.answers import answer
from callwright.api.schemas import errors, shown
from callwright.api.services import principal_of, services_of
from callwright.domain.money import cents_from_nano
from callwright.insight.wire import wire_time
from callwright.platform.agents.actions.listing import list_with_figures
from callwright.platform.agents.actions.validation import validate_agent
from callwright.platform.agents.actions.versions import get_version, list_versions, restore_version
from callwright.platform.agents.actions.warnings import agent_warnings
from callwright.platform.agents.mapping import agent_view, saved
from callwright.platform.agents.routes.agents import Agent
from callwright.platform.agents.routes.revisions import ETAG, IfMatch, answer_changed, expected_revisions
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.agents.rules.versions import AgentVersion
from callwright.platform.agents.schemas.agents import AgentSaved
from callwright.platform.agents.schemas.own import (
    AgentListView,
    AgentValidation,
    AgentVersionsView,
    WholeAgentVersionView,
)
from callwright.platform.execution_list.rules import AgentFigures

router = APIRouter(prefix="/v1/callwright/agents", tags=["agents"])


@router.get(
    "", summary="List agents with figures", responses={200: shown("The last saved first.", AgentListView), **errors()}
)
async def list_figures(request: Request) -> Response:
    """Agents without their configuration, each with what its calls and chats of the last seven days came to: days of UTC, today included.
    What is not over yet is not counted."""
    found = await list_with_figures(services_of(request).actions, principal_of(request))
    items = [_listed(agent, found.figures.get(agent.id, AgentFigures())) for agent in found.agents]
    return answer({"items": items, "complete": found.complete})


def _listed(agent: StoredAgent, figures: AgentFigures) -> dict[str, Any]:
    return {
        "id": agent.id,
        "name": agent.name,
        "revision": agent.revision,
        "created_at": wire_time(agent.created_at),
        "updated_at": wire_time(agent.updated_at),
        "calls_7d": figures.calls,
        "answered_7d": figures.answered,
        "wait_p50_ms": figures.wait_p50_ms,
        "findings": figures.with_findings,
        "cost": cents_from_nano(figures.cost_nano),
    }


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


@router.get(
    "/{agent_id}/versions",
    summary="List an agent's versions",
    responses={200: shown("Newest first.", AgentVersionsView), **errors(404)},
)
async def versions(request: Request, agent_id: str) -> Response:
    """Each time it is saved, an agent is kept as it is then."""
    found = await list_versions(services_of(request).actions, principal_of(request), agent_id)
    return answer({"items": [_version(one, found.current) for one in found.kept]})


@router.get(
    "/{agent_id}/versions/{revision}",
    summary="Read a version of an agent",
    responses={200: shown("The agent as it was.", WholeAgentVersionView), **errors(400, 404)},
)
async def version(request: Request, agent_id: str, revision: int) -> Response:
    """`agent` is as `GET /v2/agent/{agent_id}` showed it; its credentials are masked."""
    found, agent = await get_version(services_of(request).actions, principal_of(request), agent_id, revision)
    then = replace(agent, name=found.name, body=found.body, revision=found.revision, updated_at=found.saved_at)
    return answer({**_version(found, agent.revision), "agent": agent_view(then)})


@router.post(
    "/{agent_id}/versions/{revision}/restore",
    summary="Bring a version of an agent back",
    responses={200: {**shown("Restored.", AgentSaved), "headers": ETAG}, **errors(400, 404, 412)},
)
async def restore(request: Request, agent_id: str, revision: int, if_match: IfMatch = None) -> Response:
    """The agent becomes what it was, credentials included, as its next revision."""
    services, principal = services_of(request).actions, principal_of(request)
    agent = await restore_version(services, principal, agent_id, revision, expected_revisions(if_match))
    ours = saved(agent, await agent_warnings(services, principal, agent))
    return answer_changed(agent, {"agent_id": agent.id, "state": "updated", "status": "updated", "callwright": ours})


def _version(found: AgentVersion, current: int) -> dict[str, Any]:
    return {
        "revision": found.revision,
        "name": found.name,
        "saved_at": wire_time(found.saved_at),
        "saved_by": {"id": found.saved_by, "name": found.saved_by_name} if found.saved_by else None,
        "is_current": found.revision == current,
    }
