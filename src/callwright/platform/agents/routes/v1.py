"""The older routes of agents (contract 3.1, deprecated): the same agents and the same answers under ``/agent``."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from callwright.api.answers import answer, answer_encoded
from callwright.api.idempotent import IdempotencyKey
from callwright.api.schemas import errors, shown
from callwright.api.services import principal_of, public_url_of, services_of
from callwright.domain.limits import MAX_BARE_EXECUTIONS
from callwright.insight.record import execution_body
from callwright.platform.agents.actions import agents
from callwright.platform.agents.mapping import agent_view
from callwright.platform.agents.routes import agents as routes
from callwright.platform.agents.routes.revisions import ETAG, IfMatch
from callwright.platform.agents.schemas.agents import AgentPatched, AgentSaved, AgentView
from callwright.platform.executions.actions import executions
from callwright.platform.executions.schemas import ExecutionView

router = APIRouter(prefix="/agent", tags=["agents v1"], deprecated=True)


@router.post(
    "",
    summary="Create an agent (v1)",
    responses={200: shown("Created.", AgentSaved), **errors(400, 409, 413)},
)
async def create(request: Request, wire: routes.Agent, idempotency_key: IdempotencyKey = None) -> Response:
    """As `POST /v2/agent`, and answers 200. The older flat `llm_agent` (settings in it without `llm_config`) has `max_tokens` 350 and for
    `openai` the model `gpt-4.1-mini` by default."""
    return await routes.created(request, wire, idempotency_key, 200)


@router.get(
    "/all",
    summary="List agents (v1)",
    responses={200: shown("All agents of the key's organisation, newest first.", list[AgentView]), **errors()},
)
async def list_all(request: Request) -> Response:
    """As `GET /v2/agent/all`."""
    found = await agents.list_agents(services_of(request).actions, principal_of(request))
    return answer([agent_view(agent) for agent in found])


@router.get(
    "/{agent_id}",
    summary="Read an agent (v1)",
    responses={200: shown("The agent.", AgentView), **errors(404)},
)
async def read(request: Request, agent_id: str) -> Response:
    """As `GET /v2/agent/{agent_id}`."""
    return await routes.read(request, agent_id)


@router.put(
    "/{agent_id}",
    summary="Replace an agent (v1)",
    responses={200: {**shown("Replaced.", AgentSaved), "headers": ETAG}, **errors(400, 404, 412, 413)},
)
async def replace(request: Request, agent_id: str, wire: routes.Agent, if_match: IfMatch = None) -> Response:
    """As `PUT /v2/agent/{agent_id}`."""
    return await routes.replace(request, agent_id, wire, if_match)


@router.patch(
    "/{agent_id}",
    summary="Change some settings of an agent (v1)",
    responses={200: {**shown("Changed.", AgentPatched), "headers": ETAG}, **errors(400, 404, 409, 412, 413)},
)
async def patch(request: Request, agent_id: str, wire: routes.Changes, if_match: IfMatch = None) -> Response:
    """As `PATCH /v2/agent/{agent_id}`."""
    return await routes.patch(request, agent_id, wire, if_match)


@router.get(
    "/{agent_id}/executions",
    summary="List an agent's executions (v1)",
    responses={
        200: shown(f"Newest first, at most {MAX_BARE_EXECUTIONS}.", list[ExecutionView]),
        **errors(404),
    },
)
async def list_executions(request: Request, agent_id: str) -> Response:
    """A bare array without pages; `GET /v2/agent/{agent_id}/executions` reaches all of them."""
    rows = await executions.newest_of_agent(services_of(request).actions, principal_of(request), agent_id)
    return answer([execution_body(row, public_url=public_url_of(request)) for row in rows])


@router.get(
    "/{agent_id}/execution/{execution_id}",
    summary="Read an execution of an agent (v1)",
    responses={200: shown("The execution.", ExecutionView), **errors(404)},
)
async def read_execution(request: Request, agent_id: str, execution_id: str) -> Response:
    """As `GET /executions/{execution_id}`; an execution of another agent is not found."""
    services, principal = services_of(request).actions, principal_of(request)
    found = await executions.read_execution(
        services, principal, execution_id, public_url_of(request), agent_id=agent_id
    )
    return answer_encoded(found)
