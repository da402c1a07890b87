"""Extensions: which agent answers under which short name."""

from __future__ import annotations

from callwright.domain.errors import BadInputError, ConflictError
from callwright.domain.limits import MAX_EXTENSIONS
from callwright.platform.accounts.rules import Principal
from callwright.platform.agents.actions.agents import agent_of
from callwright.platform.audit.actions.record import audit
from callwright.platform.extensions.rules import Extension, parse_extension
from callwright.platform.services import Services, missing


async def put_extension(
    services: Services, principal: Principal, name: str, agent_id: str, *, nobody: bool
) -> tuple[Extension, bool]:
    """Point an extension at an agent, and whether it is new. With ``nobody`` one that nobody answers stays as it is.

    Raises BadInputError, NotFoundError for an unknown agent, ConflictError for a name that another account has, also one of the same
    organisation, for the number of another organisation, or for one more than MAX_EXTENSIONS.
    """
    name = parse_extension(name)
    async with services.ledger.unit() as unit:
        if nobody:
            idle = await unit.extensions.get(principal.tenant_id, name)
            if idle is not None and idle.agent_id is None:
                return idle, False
        if not agent_id:
            raise BadInputError("agent_id is required", field="agent_id")
        # The agent first: whose a name is must not be learnt by naming an agent one does not have.
        agent = await agent_of(unit, principal, agent_id)
        before = await unit.extensions.get(principal.tenant_id, name)
        if before is None and len(await unit.extensions.all(principal.tenant_id)) >= MAX_EXTENSIONS:
            raise ConflictError(f"there are {MAX_EXTENSIONS} extensions already; delete one that is not needed")
        if await unit.numbers.owner(name) not in (None, principal.organisation_id):
            raise ConflictError("this is the number of another organization; choose another name")
        created_at = services.clock.now() if before is None else before.created_at
        extension = Extension(name, principal.tenant_id, agent.id, created_at)
        is_new = await unit.extensions.put(extension)
        old = None if before is None else {"agent_id": before.agent_id}
        action = "extension.created" if is_new else "extension.changed"
        await audit(unit, principal, action, name, before=old, after={"agent_id": agent.id})
        return extension, is_new


async def get_extension(services: Services, principal: Principal, name: str) -> Extension:
    """One extension of the tenant. Raises NotFoundError."""
    name = _known(name)
    async with services.ledger.unit() as unit:
        found = await unit.extensions.get(principal.tenant_id, name)
    if found is None:
        raise missing("extension")
    return found


async def list_extensions(services: Services, principal: Principal) -> list[Extension]:
    """All extensions of the tenant, by name."""
    async with services.ledger.unit() as unit:
        return await unit.extensions.all(principal.tenant_id)


async def delete_extension(services: Services, principal: Principal, name: str) -> None:
    """Forget an extension; calls under way go on. Raises NotFoundError."""
    name = _known(name)
    async with services.ledger.unit() as unit:
        before = await unit.extensions.get(principal.tenant_id, name)
        if before is None or not await unit.extensions.delete(principal.tenant_id, name):
            raise missing("extension")
        await audit(unit, principal, "extension.deleted", name, before={"agent_id": before.agent_id})


def _known(name: str) -> str:
    """What cannot be an extension is none: the same answer as for a missing one."""
    try:
        return parse_extension(name)
    except BadInputError:
        raise missing("extension") from None
