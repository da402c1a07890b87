"""Dispositions: made, read, changed with copy on write, linked to agents, deleted (contract 3.12)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from callwright.domain.errors import BadInputError, NoSuchAgentError, NotFoundError, UnprocessableError
from callwright.domain.fields import Fields
from callwright.domain.limits import (
    MAX_AGENT_DISPOSITIONS,
    MAX_DISPOSITIONS,
)
from callwright.domain.settings.setting import read_all
from callwright.platform.accounts.rules import Principal
from callwright.platform.agents.actions.agents import agent_of
from callwright.platform.audit.actions.record import audit
from callwright.platform.dispositions.rules import (
    AGENT_ID,
    AGENTS,
    SEVERAL,
    StoredDisposition,
    check_disposition,
    disposition_body,
)
from callwright.platform.services import Services, missing, object_id
from callwright.platform.unit import Unit


async def list_dispositions(services: Services, principal: Principal, agent_id: str = "") -> list[StoredDisposition]:
    """All dispositions of the tenant, or those of one agent in the order in which they are asked. Raises NoSuchAgentError."""
    async with services.ledger.unit() as unit:
        if not agent_id.strip():
            return await unit.dispositions.of_tenant(principal.tenant_id)
        return await unit.dispositions.of_agent(principal.tenant_id, await _agent(unit, principal, agent_id))


async def create_disposition(services: Services, principal: Principal, wire: Mapping[str, Any]) -> StoredDisposition:
    """A new disposition of the agents of ``agent_id`` and ``agent_ids``, or of none. Strict as the hosted service: of one agent.

    Raises UnprocessableError or NoSuchAgentError.
    """
    body = disposition_body(wire)
    check_disposition(body)
    given = {"agent_id": _agent_id(wire)} if services.policy.strict else _agent_ids(wire)
    async with services.ledger.unit() as unit:
        (made,) = await _insert(services, unit, principal, given, [body])
        return made


async def create_dispositions(
    services: Services, principal: Principal, wire: Mapping[str, Any]
) -> list[StoredDisposition]:
    """Several dispositions of one agent, all or none, in the order in which they came. Raises UnprocessableError or NoSuchAgentError."""
    given = read_all(SEVERAL, _fields(wire))
    async with services.ledger.unit() as unit:
        return await _insert(services, unit, principal, {"agent_id": given["agent_id"]}, given["dispositions"])


async def get_disposition(
    services: Services, principal: Principal, disposition_id: str, agent_id: str = ""
) -> StoredDisposition:
    """One disposition of the tenant; with ``agent_id`` only when it is asked of that agent's calls. Raises NotFoundError."""
    async with services.ledger.unit() as unit:
        found = await unit.dispositions.get(principal.tenant_id, object_id(disposition_id, "disposition"))
    wanted = agent_id.strip()
    if found is None or (wanted and object_id(wanted, "disposition") not in found.agent_ids):
        raise missing("disposition")
    return found


async def change_disposition(
    services: Services, principal: Principal, disposition_id: str, wire: Mapping[str, Any]
) -> tuple[StoredDisposition, bool]:
    """Change some keys, and whether that made a copy: with ``agent_id``, a disposition that other agents share stays as it is for them, and
    that agent gets a copy in its place. Raises NotFoundError, BadInputError (nothing to change), UnprocessableError or NoSuchAgentError."""
    disposition_id = object_id(disposition_id, "disposition")
    changes = disposition_body(wire)
    async with services.ledger.unit() as unit:
        before = await unit.dispositions.lock(principal.tenant_id, disposition_id)
        if before is None:
            raise missing("disposition")
        if not changes:
            raise BadInputError("the body names nothing to change")
        body = {**before.body, **changes}
        check_disposition(body)
        agent_id = await _agent(unit, principal, _agent_id(wire)) if wire.get("agent_id") is not None else None
        if agent_id is not None and set(before.agent_ids) - {agent_id}:
            return await _copy(services, unit, principal, before, body, agent_id), True
        changed = await unit.dispositions.update(principal.tenant_id, before.id, body)
        if changed is None:
            raise missing("disposition")
        if agent_id is not None and agent_id not in before.agent_ids:
            await _link(unit, principal, before.id, agent_id)
        await audit(unit, principal, "disposition.changed", before.id, before=before.body, after=body)
        return changed, False


async def delete_disposition(services: Services, principal: Principal, disposition_id: str) -> str:
    """Delete it for all its agents; what it found in earlier calls stays. Returns its id. Raises NotFoundError."""
    disposition_id = object_id(disposition_id, "disposition")
    async with services.ledger.unit() as unit:
        found = await unit.dispositions.lock(principal.tenant_id, disposition_id)
        if found is None or not await unit.dispositions.delete(principal.tenant_id, disposition_id):
            raise missing("disposition")
        gone = {**found.body, "agent_ids": list(found.agent_ids)}
        await audit(unit, principal, "disposition.deleted", disposition_id, before=gone)
    return disposition_id


async def link_disposition(
    services: Services, principal: Principal, disposition_id: str, agent_id: str
) -> StoredDisposition:
    """Ask it of one more agent's calls, which makes it shared. Raises NotFoundError or UnprocessableError."""
    disposition_id = object_id(disposition_id, "disposition")
    async with services.ledger.unit() as unit:
        found = await unit.dispositions.get(principal.tenant_id, disposition_id)
        if found is None:
            raise missing("disposition")
        agent = await agent_of(unit, principal, agent_id)
        if agent.id not in found.agent_ids:
            await _link(unit, principal, disposition_id, agent.id)
            await audit(unit, principal, "disposition.linked", disposition_id, after={"agent_id": agent.id})
        return await unit.dispositions.get(principal.tenant_id, disposition_id) or found


async def unlink_disposition(services: Services, principal: Principal, disposition_id: str, agent_id: str) -> None:
    """Ask it of an agent's calls no more. Raises NotFoundError, also when it was not asked of them."""
    disposition_id = object_id(disposition_id, "disposition")
    async with services.ledger.unit() as unit:
        agent = await agent_of(unit, principal, agent_id)
        if not await unit.dispositions.unlink(principal.tenant_id, disposition_id, agent.id):
            raise missing("disposition")
        await audit(unit, principal, "disposition.unlinked", disposition_id, before={"agent_id": agent.id})


def _fields(wire: Mapping[str, Any]) -> Fields:
    return Fields(wire, "", UnprocessableError)


def _agent_id(wire: Mapping[str, Any]) -> str:
    return str(AGENT_ID.of(_fields(wire)))


def _agent_ids(wire: Mapping[str, Any]) -> dict[str, str]:
    """The agents of ``agent_id`` and ``agent_ids`` by their paths. Each of the two may be missing or empty."""
    given = read_all(AGENTS, _fields(wire))
    first = {} if given["agent_id"] is None else {"agent_id": given["agent_id"]}
    return {**first, **{f"agent_ids[{index}]": one for index, one in enumerate(given["agent_ids"])}}


async def _agent(unit: Unit, principal: Principal, agent_id: str, path: str = "agent_id") -> str:
    """The id of an agent of the tenant. A foreign one and none at all are the same NoSuchAgentError, as the contract answers here (403)."""
    try:
        return (await agent_of(unit, principal, agent_id.strip())).id
    except NotFoundError:
        raise NoSuchAgentError(f"{path} names no agent of this key's organisation", field=path) from None


async def _insert(
    services: Services, unit: Unit, principal: Principal, given: Mapping[str, str], bodies: Sequence[Mapping[str, Any]]
) -> list[StoredDisposition]:
    """``given``: the agents' ids by their paths in the request."""
    agent_ids = tuple(dict.fromkeys([await _agent(unit, principal, one, path) for path, one in given.items()]))
    for agent_id in agent_ids:
        await _check_room(unit, principal, agent_id, len(bodies))
    if await unit.dispositions.count(principal.tenant_id) + len(bodies) > MAX_DISPOSITIONS:
        raise UnprocessableError(f"an organisation may have at most {MAX_DISPOSITIONS} dispositions; delete some first")
    made = [_new(services, principal, body, agent_ids) for body in bodies]
    for one in made:
        await unit.dispositions.insert(one)
        await audit(unit, principal, "disposition.created", one.id, after={**one.body, "agent_ids": list(agent_ids)})
    return made


async def _check_room(unit: Unit, principal: Principal, agent_id: str, more: int) -> None:
    there = len(await unit.dispositions.of_agent(principal.tenant_id, agent_id))
    if there + more > MAX_AGENT_DISPOSITIONS:
        raise UnprocessableError(
            f"the agent has {there} dispositions and may have at most {MAX_AGENT_DISPOSITIONS}; delete some first",
            field="agent_id",
        )


async def _link(unit: Unit, principal: Principal, disposition_id: str, agent_id: str) -> None:
    await _check_room(unit, principal, agent_id, 1)
    await unit.dispositions.link(principal.tenant_id, disposition_id, agent_id)


def _new(
    services: Services, principal: Principal, body: Mapping[str, Any], agent_ids: tuple[str, ...]
) -> StoredDisposition:
    now = services.clock.now()
    return StoredDisposition(
        id=services.ids.uuid(),
        tenant_id=principal.tenant_id,
        body=body,
        created_by=principal.key_id,
        created_at=now,
        updated_at=now,
        agent_ids=agent_ids,
    )


async def _copy(
    services: Services,
    unit: Unit,
    principal: Principal,
    before: StoredDisposition,
    body: Mapping[str, Any],
    agent_id: str,
) -> StoredDisposition:
    copy = _new(services, principal, body, ())
    await unit.dispositions.insert(copy)
    if not await unit.dispositions.put_in_place(principal.tenant_id, before.id, copy.id, agent_id):
        await _link(unit, principal, copy.id, agent_id)
    kept = {**body, "agent_ids": [agent_id], "copied_from": before.id}
    await audit(unit, principal, "disposition.copied", copy.id, after=kept)
    return copy
