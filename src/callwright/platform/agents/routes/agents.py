"""Routes of agents (contract 3.1)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from callwright.api.answers import answer
from callwright.api.idempotent import IdempotencyKey, answer_once
from callwright.api.reading import kept_body
from callwright.api.schemas import errors, shown
from callwright.api.services import principal_of, services_of
from callwright.domain.limits import MAX_AGENT_WARNINGS
from callwright.platform.agents.actions import agents
from callwright.platform.agents.actions.end import delete_agent
from callwright.platform.agents.actions.warnings import agent_warnings
from callwright.platform.agents.mapping import agent_view, saved
from callwright.platform.agents.routes.revisions import ETAG, IfMatch, answer_changed, answer_read, expected_revisions
from callwright.platform.agents.schemas.agents import (
    EXAMPLE,
    PATCH_EXAMPLE,
    AgentBody,
    AgentChanged,
    AgentPatch,
    AgentPatched,
    AgentSaved,
    AgentView,
    StoppedExecutions,
)
from callwright.platform.services import Services

router = APIRouter(prefix="/v2/agent", tags=["agents"])

# Read by the domain: unknown keys are kept, and a patch is judged with the stored agent.
Agent = Annotated[dict[str, Any], kept_body(AgentBody, EXAMPLE)]
Changes = Annotated[dict[str, Any], kept_body(AgentPatch, PATCH_EXAMPLE)]


@router.post(
    "",
    summary="Create an agent",
    status_code=201,
    responses={201: shown("Created.", AgentSaved), **errors(400, 409, 413)},
)
async def create(request: Request, wire: Agent, idempotency_key: IdempotencyKey = None) -> Response:
    """Saves the agent as it came, unknown keys included. An object as reads return it is accepted as well, unless strict. A wrong value is
    refused with its path; nothing is saved then. What is saved and does not do what it seems to is named in `callwright.warnings`."""
    return await created(request, wire, idempotency_key, 201)


async def created(request: Request, wire: dict[str, Any], key: str | None, http_status: int) -> Response:
    """Create an agent."""

    async def work(services: Services) -> dict[str, Any]:
        principal = principal_of(request)
        agent = await agents.create_agent(services, principal, wire)
        warnings = await agent_warnings(services, principal, agent)
        return {"agent_id": agent.id, "state": "created", "status": "created", "callwright": saved(agent, warnings)}

    return await answer_once(request, key, wire, work, http_status)


@router.get(
    "/all",
    summary="List agents",
    responses={200: shown("All agents of the key's organisation, newest first.", list[AgentView]), **errors()},
)
async def list_all(request: Request) -> Response:
    """A bare array, never paged."""
    found = await agents.list_agents(services_of(request).actions, principal_of(request))
    return answer([agent_view(agent) for agent in found])


@router.get("/{agent_id}", summary="Read an agent", responses={200: shown("The agent.", AgentView), **errors(404)})
async def read(request: Request, agent_id: str) -> Response:
    """The flat object: the keys of `agent_config` at the top level, plus `agent_prompts`. `callwright.warnings` names what in it does not
    do what it seems to."""
    services, principal = services_of(request).actions, principal_of(request)
    agent = await agents.get_agent(services, principal, agent_id)
    return answer_read(agent, agent_view(agent, await agent_warnings(services, principal, agent)))


@router.put(
    "/{agent_id}",
    summary="Replace an agent",
    responses={200: {**shown("Replaced.", AgentSaved), "headers": ETAG}, **errors(400, 404, 412, 413)},
)
async def replace(request: Request, agent_id: str, wire: Agent, if_match: IfMatch = None) -> Response:
    """Replaces the whole configuration. An object as reads return it is accepted as well; its read-only keys are ignored. Without
    `agent_name` the name stays."""
    services, principal = services_of(request).actions, principal_of(request)
    agent = await agents.replace_agent(services, principal, agent_id, wire, expected_revisions(if_match))
    ours = saved(agent, await agent_warnings(services, principal, agent))
    return answer_changed(agent, {"agent_id": agent.id, "state": "updated", "status": "updated", "callwright": ours})


@router.patch(
    "/{agent_id}",
    summary="Change some settings of an agent",
    responses={200: {**shown("Changed.", AgentPatched), "headers": ETAG}, **errors(400, 404, 409, 412, 413)},
)
async def patch(request: Request, agent_id: str, wire: Changes, if_match: IfMatch = None) -> Response:
    """Changes `agent_name`, `agent_welcome_message`, `webhook_url`, `webhook_headers`, `webhook_config`, `synthesizer`,
    `ingest_source_config`, `telephony_provider`, `calling_guardrails`, `sip_header_variables`, `ingest_lookup_key` and, at the top level,
    `agent_prompts` by task. `null` clears. `tasks` are merged one by one, in their order: objects key by key, `null` removes, anything else
    replaces; a strict server ignores them. `callwright.ignored` names the keys that were ignored, and
    `callwright.warnings` where they belong."""
    services, principal = services_of(request).actions, principal_of(request)
    agent = await agents.patch_agent(services, principal, agent_id, wire, expected_revisions(if_match))
    ignored = agents.not_patched(wire, strict=services.policy.strict)
    warnings = [*agents.patch_warnings(wire, ignored), *await agent_warnings(services, principal, agent)]
    ours = saved(agent, warnings[:MAX_AGENT_WARNINGS])
    if ignored:
        ours = {**ours, "ignored": ignored}
    return answer_changed(agent, {"message": "success", "state": "updated", "status": "success", "callwright": ours})


@router.delete(
    "/{agent_id}",
    summary="Delete an agent",
    responses={200: shown("Deleted.", AgentChanged), **errors(404, 409)},
)
async def delete(request: Request, agent_id: str) -> Response:
    """Deletes its executions, logs and recordings too; those beyond 2,000 executions go after the answer. Refused with 409 while one of
    its calls is live."""
    await delete_agent(services_of(request).actions, principal_of(request), agent_id)
    return answer({"message": "success", "state": "deleted", "status": "success"})


@router.post(
    "/{agent_id}/stop",
    summary="Stop an agent's waiting calls",
    responses={200: shown("The calls that were stopped.", StoppedExecutions), **errors(404)},
)
async def stop(request: Request, agent_id: str) -> Response:
    """Every queued or scheduled call becomes `stopped`, the agent's batches whole; live calls go on. The answer lists at most 5,000 calls,
    those of batches first, and of the calls that belong to no batch at most 5,000 are stopped in one request. What waited in a batch is
    `stopped` at once; lists, usage and webhooks of it follow in the background."""
    stopped = await agents.stop_waiting_calls(services_of(request).actions, principal_of(request), agent_id)
    return answer({"stopped_executions": stopped})
