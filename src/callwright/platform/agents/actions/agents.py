"""Agents: create, read, replace, patch, delete, and stop their waiting calls (contract 3.1)."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from callwright.domain.errors import (
    ConflictError,
    InvalidAgentError,
    NotFoundError,
    StaleRevisionError,
    TooLargeError,
)
from callwright.domain.limits import MAX_AGENT_BYTES, MAX_STOPPED_AT_ONCE, MAX_UNKNOWN_KEYS
from callwright.domain.provider_table import CARRIER_FORMAT
from callwright.platform.accounts.rules import Principal
from callwright.platform.agents.actions.credentials import Holder, sealed_body
from callwright.platform.agents.rules.credentials import (
    Credential,
    check_credentials,
    kept_credentials,
    with_credentials,
)
from callwright.platform.agents.rules.known_keys import ignored_by_patch
from callwright.platform.agents.rules.parsing import check_addresses, parse_agent
from callwright.platform.agents.rules.spec import AgentWarning
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.agents.rules.tasks import changed_tasks, kind_of_task
from callwright.platform.agents.rules.versions import AgentVersion
from callwright.platform.audit.actions.record import audit
from callwright.platform.batches.actions.stop import stop_batches_of_agent, stop_undialled
from callwright.platform.executions.actions.transition import transition
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Phase
from callwright.platform.executions.rules.retry import RETRIES_STOPPED, policy_of
from callwright.platform.jobs.rules import SpeechOrder
from callwright.platform.provider_keys.actions.options import check_options
from callwright.platform.provider_keys.rules.sealing import mask_of, sealed_bytes
from callwright.platform.services import Services, missing, object_id
from callwright.platform.unit import Unit

#: Keys the platform writes into an agent's answer; a client that sends a read body back sends them too, and they are not stored.
READ_ONLY = frozenset(
    {
        "id",
        "agent_id",
        "agent_status",
        "created_at",
        "updated_at",
        "humanized_created_at",
        "created_by",
        "creation_source",
        "parent_agent_id",
        "source_agent_id",
        "restricted",
        "inbound_phone_number",
        "dispositions",
        "callwright",
    }
)

_GUARDRAILS = "calling_guardrails"

#: What PATCH may change within ``agent_config`` (contract 3.1), besides those of _PATCHED_DEEPER.
PATCHABLE = (
    "agent_name",
    "agent_welcome_message",
    "webhook_url",
    "ingest_source_config",
    _GUARDRAILS,
    "sip_header_variables",
    "ingest_lookup_key",
    "webhook_headers",
    "webhook_config",
)
#: What PATCH changes within tasks. ``tasks`` themselves only if it is not strict.
_PATCHED_DEEPER = ("synthesizer", "telephony_provider", "tasks")
_PATCH_TRIES = 5


def flat_body(wire: Mapping[str, Any], *, allow_flat: bool = False) -> dict[str, Any]:
    """The stored form of ``{"agent_config": {...}, "agent_prompts": {...}}``: one flat object without read-only keys.

    With ``allow_flat`` also an object as reads return it. Raises InvalidAgentError.
    """
    config = wire.get("agent_config")
    if config is None and allow_flat and "tasks" in wire:
        config = {}
    if config is None:
        raise InvalidAgentError("agent_config is required", field="agent_config")
    if not isinstance(config, Mapping):
        raise InvalidAgentError("agent_config must be an object", field="agent_config")
    outside = {name: value for name, value in wire.items() if name != "agent_config"}
    return {name: value for name, value in {**outside, **config}.items() if name not in READ_ONLY}


@dataclass(frozen=True, slots=True)
class CheckedAgent:
    """A body that can be stored, with the agent's name."""

    name: str
    body: Mapping[str, Any]


async def checked_agent(
    services: Services,
    unit: Unit,
    principal: Principal,
    body: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    template: Mapping[str, Any] | None = None,
) -> CheckedAgent:
    """``body`` as it is stored: checked, and its credentials sealed. ``before``: the agent's stored body, sealed; ``template``: the body
    whose credentials may stand in ``body`` as masks, else ``before``. Raises InvalidAgentError, TooLargeError or VaultLockedError."""
    check_credentials(body)
    kept = kept_credentials(body, template or before or {})
    name = check_body(services, kept, await model_names(unit, principal), before)
    return CheckedAgent(name, await sealed_body(services, unit, holder_in(principal), kept, before))


def holder_in(principal: Principal) -> Holder:
    """Whose agents the principal saves."""
    return Holder(principal.tenant_id, principal.organisation_id)


def check_body(
    services: Services, body: Mapping[str, Any], models: Collection[str] = (), before: Mapping[str, Any] | None = None
) -> str:
    """Check a flat body as a call would need it and return the agent's name. ``models``: names of the organisation's own, which may stand
    for a provider. ``before``: the agent's stored body. Raises InvalidAgentError or TooLargeError."""
    size = len(json.dumps(with_credentials(body, _as_sent), ensure_ascii=False).encode())
    if size > MAX_AGENT_BYTES:
        raise TooLargeError(
            f"the agent is {size} bytes of JSON, at most {MAX_AGENT_BYTES} are allowed", field="agent_config"
        )

    def names(kind: str) -> set[str]:
        return {*services.names(kind), *(models if kind == "model" else ())}

    kept: set[str] = set()
    if before is not None:
        # An agent that today's rules refuse can be corrected.
        with suppress(InvalidAgentError):
            kept = {tool.name for tool in parse_agent(before).tools}
    spec = parse_agent(body, names, services.policy.defaults, kept)
    check_addresses(spec)
    check_options(services.plugins(), spec)
    return spec.name


def _as_sent(one: Credential) -> str:
    """A credential in the length in which it was sent: its sealed form is longer."""
    return one.text if sealed_bytes(one.text) is None else mask_of(one.text)


async def model_names(unit: Unit, principal: Principal) -> set[str]:
    """Names of the organisation's own models."""
    return {model.name for model in await unit.custom_models.all(principal.organisation_id)}


async def create_agent(services: Services, principal: Principal, wire: Mapping[str, Any]) -> StoredAgent:
    """Save a new agent, unless strict also from an object as reads return it, with the credentials of the agent of its ``id``. Raises
    InvalidAgentError: nothing was saved then."""
    body = flat_body(wire, allow_flat=not services.policy.strict)
    now = services.clock.now()
    async with services.ledger.unit() as unit:
        copied = await _copied(services, unit, principal, wire)
        checked = await checked_agent(services, unit, principal, body, None, copied)
        agent = StoredAgent(
            id=services.ids.uuid(),
            tenant_id=principal.tenant_id,
            name=checked.name,
            body=checked.body,
            revision=1,
            created_at=now,
            updated_at=now,
        )
        await unit.agents.insert(agent)
        await _stored(services, unit, principal, agent)
        await audit(unit, principal, "agent.created", agent.id, after=agent.body)
    services.agent_saved(agent.body)
    return agent


async def _copied(
    services: Services, unit: Unit, principal: Principal, wire: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """The stored body of the agent that a new one is a copy of: the one whose ``id`` it has."""
    agent_id = wire.get("id")
    if not isinstance(agent_id, str):
        return None
    try:
        agent = await agent_of(unit, principal, agent_id)
    except NotFoundError:
        return None
    return await sealed_body(services, unit, holder_in(principal), agent.body)


async def get_agent(services: Services, principal: Principal, agent_id: str) -> StoredAgent:
    """One agent of the tenant. Raises NotFoundError."""
    async with services.ledger.unit() as unit:
        return await agent_of(unit, principal, agent_id)


async def agent_of(unit: Unit, principal: Principal, agent_id: str) -> StoredAgent:
    """One agent of the tenant within a unit. Raises NotFoundError."""
    agent = await unit.agents.get(principal.tenant_id, object_id(agent_id, "agent"))
    if agent is None:
        raise missing("agent")
    return agent


async def list_agents(services: Services, principal: Principal) -> list[StoredAgent]:
    """The tenant's agents, newest first."""
    async with services.ledger.unit() as unit:
        return await unit.agents.all(principal.tenant_id)


async def replace_agent(
    services: Services,
    principal: Principal,
    agent_id: str,
    wire: Mapping[str, Any],
    expected: Collection[int] | None = None,
) -> StoredAgent:
    """Replace the whole configuration, except a name that is not given. ``expected``: the revisions that may be replaced, None for any.
    Raises NotFoundError, InvalidAgentError or StaleRevisionError."""
    agent_id = object_id(agent_id, "agent")
    body = flat_body(wire, allow_flat=True)
    async with services.ledger.unit() as unit:
        agent = await agent_to_change(unit, principal, agent_id, expected)
        before = await sealed_body(services, unit, holder_in(principal), agent.body)
        if body.get("agent_name") is None:
            body["agent_name"] = before["agent_name"]
        checked = await checked_agent(services, unit, principal, body, before)
        updated = await store_change(services, unit, principal, agent, checked, before)
    services.agent_saved(updated.body)
    return updated


async def agent_to_change(
    unit: Unit, principal: Principal, agent_id: str, expected: Collection[int] | None
) -> StoredAgent:
    """An agent of the tenant; with ``expected`` nobody else changes it until the unit ends. Raises NotFoundError, or StaleRevisionError for
    another revision than expected."""
    if expected is not None:
        await unit.agents.lock(principal.tenant_id, object_id(agent_id, "agent"))
    agent = await agent_of(unit, principal, agent_id)
    if expected is not None and agent.revision not in expected:
        wanted = " or ".join(str(one) for one in expected) or "none of it"
        raise StaleRevisionError(
            f"the agent is at revision {agent.revision}, and If-Match names {wanted}: somebody changed it in the meantime"
        )
    return agent


async def store_change(
    services: Services,
    unit: Unit,
    principal: Principal,
    agent: StoredAgent,
    checked: CheckedAgent,
    before: Mapping[str, Any],
) -> StoredAgent:
    """Store the changed body of an agent as its next revision. ``before``: its body until now, sealed. Raises NotFoundError."""
    updated = await unit.agents.update(principal.tenant_id, agent.id, checked.name, checked.body)
    if updated is None:
        raise missing("agent")
    await _stored(services, unit, principal, updated)
    if checked.body.get(_GUARDRAILS) != before.get(_GUARDRAILS):
        await unit.calling_policies.decide_anew(principal.tenant_id, agent.id)
    await audit(unit, principal, "agent.changed", agent.id, before=before, after=checked.body)
    return updated


async def _stored(services: Services, unit: Unit, principal: Principal, agent: StoredAgent) -> None:
    """Keep the body of an agent that was just stored, so that it can be brought back, and have its fixed sentences rendered."""
    if services.renders_speech:
        await unit.jobs.put_speech(SpeechOrder(agent.id, agent.tenant_id, agent.revision))
    await unit.agents.versions.insert(
        AgentVersion(
            agent.id,
            agent.tenant_id,
            agent.revision,
            agent.name,
            agent.body,
            agent.updated_at,
            principal.key_id,
            principal.name,
        )
    )


async def patch_agent(
    services: Services,
    principal: Principal,
    agent_id: str,
    wire: Mapping[str, Any],
    expected: Collection[int] | None = None,
) -> StoredAgent:
    """Change some settings. Keys of :func:`not_patched` are ignored. A patch that changes nothing makes no revision. ``expected``: the
    revisions that may be changed, None for any. Raises NotFoundError, InvalidAgentError or StaleRevisionError.

    Two patches at once both take effect: the one that finds the agent changed since it read it starts again.
    """
    for _ in range(_PATCH_TRIES):
        try:
            agent = await _patch_once(services, principal, agent_id, wire, expected)
        except StaleRevisionError:
            raise
        except ConflictError:
            continue
        services.agent_saved(agent.body)
        return agent
    raise ConflictError("the agent is being changed by others all the time; send the change again")


async def _patch_once(
    services: Services,
    principal: Principal,
    agent_id: str,
    wire: Mapping[str, Any],
    expected: Collection[int] | None,
) -> StoredAgent:
    async with services.ledger.unit() as unit:
        agent = await agent_to_change(unit, principal, agent_id, expected)
        before = await sealed_body(services, unit, holder_in(principal), agent.body)
        body = patched(before, wire, strict=services.policy.strict)
        checked = await checked_agent(services, unit, principal, body, before)
        if checked.body == before:
            return agent
        updated = await store_change(services, unit, principal, agent, checked, before)
        if updated.revision != agent.revision + 1:
            raise ConflictError("the agent was changed in the meantime")
    return updated


def not_patched(wire: Mapping[str, Any], *, strict: bool) -> list[str]:
    """Paths in the body of a patch that it ignores. Strict as the hosted service: ``tasks`` too."""
    config = wire.get("agent_config")
    allowed = {*PATCHABLE, *_PATCHED_DEEPER} - ({"tasks"} if strict else set())
    beside = [name for name in wire if name not in ("agent_config", "agent_prompts")]
    within = [f"agent_config.{name}" for name in (config if isinstance(config, Mapping) else ()) if name not in allowed]
    return beside + within


def patch_warnings(wire: Mapping[str, Any], ignored: Iterable[str]) -> list[AgentWarning]:
    """A warning for each key of :func:`not_patched`, of the first MAX_UNKNOWN_KEYS of them. Read-only keys are no mistake."""
    asked = (ignored_by_patch(wire, key) for key in islice(ignored, MAX_UNKNOWN_KEYS) if key not in READ_ONLY)
    return [warning for warning in asked if warning is not None]


def patched(body: Mapping[str, Any], wire: Mapping[str, Any], *, strict: bool = False) -> dict[str, Any]:
    """``body`` with the allowed changes of ``wire``. ``null`` clears what may be absent. Raises InvalidAgentError for a wrong shape."""
    config = wire.get("agent_config")
    prompts = wire.get("agent_prompts")
    for name, value in (("agent_config", config), ("agent_prompts", prompts)):
        if value is not None and not isinstance(value, Mapping):
            raise InvalidAgentError(f"{name} must be an object", field=name)
    config = config or {}
    changed = {**body, **{name: config[name] for name in PATCHABLE if name in config}}
    if prompts:
        changed["agent_prompts"] = {**(body.get("agent_prompts") or {}), **prompts}
    tools: dict[str, Any] = {}
    if "synthesizer" in config:
        tools["synthesizer"] = config["synthesizer"]
    if "telephony_provider" in config:
        provider = config["telephony_provider"]
        changed["telephony_provider"] = provider
        if isinstance(provider, str):
            side = {"provider": provider, "format": CARRIER_FORMAT.get(provider, "wav")}
            tools |= {"input": side, "output": dict(side)}
    tasks = body.get("tasks") or []
    if not strict:
        tasks = changed_tasks(tasks, config.get("tasks"))
    if changed.get("telephony_provider") is None and (former := body.get("telephony_provider")):
        # What names the carrier once it is cleared would go on calling over it.
        tasks = [_without_carrier(task, former) for task in tasks]
    changed["tasks"] = [_with_tools(task, tools) for task in tasks]
    return changed


def _without_carrier(task: Any, carrier: Any) -> Any:
    """A task whose input and output do not name ``carrier``."""
    tools = task.get("tools_config") if isinstance(task, Mapping) else None
    if not isinstance(tools, Mapping):
        return task
    sides = {name: tools[name] for name in ("input", "output") if isinstance(tools.get(name), Mapping)}
    cleared = {
        name: {key: value for key, value in side.items() if key not in ("provider", "format")}
        for name, side in sides.items()
        if side.get("provider") == carrier
    }
    return {**task, "tools_config": {**tools, **cleared}}


def _with_tools(task: Any, tools: Mapping[str, Any]) -> Any:
    """A conversation task with some of its ``tools_config`` replaced; other tasks as they are."""
    if not tools or not isinstance(task, Mapping) or kind_of_task(task) != "conversation":
        return task
    return {**task, "tools_config": {**(task.get("tools_config") or {}), **tools}}


async def stop_waiting_calls(services: Services, principal: Principal, agent_id: str) -> list[str]:
    """Stop the agent's batches whole, and at most MAX_STOPPED_AT_ONCE of its other queued and scheduled calls; live ones go on, and are not
    made again. Returns the ids of those stopped, the batches' first, at most MAX_STOPPED_AT_ONCE of them. Raises NotFoundError."""
    async with services.ledger.unit() as unit:
        await unit.pace.hold_admission()
        agent = await agent_of(unit, principal, agent_id)
        if not await unit.agents.lock(principal.tenant_id, agent.id):
            raise missing("agent")
        batches, contacts = await stop_batches_of_agent(unit, services, principal, agent.id)
    of_batches, others = list[str](), list[str]()
    # Another unit, because nobody admits a call during the first.
    async with services.ledger.unit() as unit:
        if not await unit.agents.lock(principal.tenant_id, agent.id):
            # Deleted in the meantime, with all that waited.
            return contacts
        # In one look: a live call may come to wait for its next attempt at any moment.
        unfinished = await unit.agents.unfinished(principal.tenant_id, agent.id, MAX_STOPPED_AT_ONCE)
        now = services.clock.now()
        # In one order, as everybody who locks many of them.
        for execution_id in sorted(unfinished):
            row = await unit.executions.lock(execution_id)
            if row is None or row.phase is Phase.DONE:
                continue
            if row.phase in (Phase.WAITING, Phase.ADMITTED, Phase.CLAIMED):
                if await stop_undialled(unit, services.publisher, row, now):
                    (of_batches if row.batch_id in batches else others).append(execution_id)
            elif policy_of(row.options.get("retry_config")) is not None:
                # Dialled already: no longer ours to stop.
                marked = Change(columns={"options": {**row.options, RETRIES_STOPPED: True}})
                await transition(unit, execution_id, marked, services.publisher)
        stopped = [*of_batches, *contacts, *others][:MAX_STOPPED_AT_ONCE]
        if stopped:
            await audit(
                unit,
                principal,
                "agent.stopped",
                agent.id,
                before={"stopped_executions": []},
                after={"stopped_executions": stopped},
            )
    return stopped
