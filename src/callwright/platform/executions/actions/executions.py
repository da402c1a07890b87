"""Reading executions, their logs and lists of them (contract 3.3)."""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime

from callwright.domain.errors import BadInputError, NotFoundError
from callwright.domain.limits import MAX_BARE_EXECUTIONS, MAX_DECISIONS_SHOWN
from callwright.insight.record import execution_body
from callwright.insight.wire import encode
from callwright.platform.accounts.rules import Principal
from callwright.platform.agents.actions.agents import agent_of
from callwright.platform.batches.actions.batches import Begins, execution_that_waits
from callwright.platform.batches.rules.batch import Batch, Contact, batch_id_in
from callwright.platform.dialling.rules.facts import DialDecision
from callwright.platform.encoded import Encoded, entity_tag
from callwright.platform.executions.actions.schedule import moment
from callwright.platform.executions.rules.changes import ExecutionFilter, Page
from callwright.platform.executions.rules.execution import Execution
from callwright.platform.services import Services, missing, object_id
from callwright.platform.unit import Unit


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page of an agent's executions is wanted: by number, or ``after`` the execution created then with that id. ``size`` is at most
    MAX_PAGE_SIZE."""

    number: int
    size: int
    narrow: ExecutionFilter
    after: tuple[datetime, str] | None = None


async def find_execution(unit: Unit, services: Services, tenant_id: str, execution_id: str) -> Execution | None:
    """An execution of the tenant, also one that is still a contact in its batch, or None."""
    found = await unit.executions.get(tenant_id, execution_id)
    if found is not None:
        return found
    waiting = await unit.batches.contacts.find(tenant_id, execution_id)
    if waiting is not None:
        return await execution_that_waits(services, unit, *waiting, {})
    # Released between the two looks: then it is in the ledger now.
    return await unit.executions.get(tenant_id, execution_id)


async def get_execution(services: Services, principal: Principal, execution_id: str) -> Execution:
    """One execution of the tenant. Raises NotFoundError."""
    async with services.ledger.unit() as unit:
        found = await find_execution(unit, services, principal.tenant_id, object_id(execution_id, "execution"))
    if found is None:
        raise missing("execution")
    return found


async def decisions_of(services: Services, principal: Principal, execution_id: str) -> list[DialDecision]:
    """The newest MAX_DECISIONS_SHOWN decisions about an execution of the tenant, oldest first. Raises NotFoundError."""
    async with services.ledger.unit() as unit:
        found = await find_execution(unit, services, principal.tenant_id, object_id(execution_id, "execution"))
        if found is None:
            raise missing("execution")
        return await unit.dial_decisions.of_execution(principal.tenant_id, found.id, MAX_DECISIONS_SHOWN)


async def get_log(services: Services, principal: Principal, execution_id: str, attempt: int | None = None) -> bytes:
    """The log of an attempt, by default the newest one; empty when it was not made. Raises NotFoundError."""
    async with services.ledger.unit() as unit:
        found = await find_execution(unit, services, principal.tenant_id, object_id(execution_id, "execution"))
        if found is None:
            raise missing("execution")
        return await unit.logs.read(found.id, attempt)


async def read_execution(
    services: Services, principal: Principal, execution_id: str, public_url: str, *, agent_id: str | None = None
) -> Encoded:
    """The body of one execution of the tenant as bytes, with its entity tag; with ``agent_id`` only of that agent. Raises NotFoundError.

    A client that polls gets the kept bytes until the row has changed: one query for its version, and nothing is read or encoded.
    """
    of_agent = None if agent_id is None else object_id(agent_id, "execution")
    wanted = object_id(execution_id, "execution")
    key = (principal.tenant_id, wanted, public_url)
    async with services.ledger.reading() as unit:
        found = services.encoded.get(key)
        if found is not None and await unit.executions.version(principal.tenant_id, wanted) != found.version:
            found = None
        shown = None if found is not None else await unit.executions.get_shown(principal.tenant_id, wanted)
    if found is None:
        if shown is not None:
            execution, version = shown
            body = encode(execution_body(execution, public_url=public_url))
            # The version alone would do for one row; the sum also tells bodies of another release of this platform from each other.
            found = Encoded(execution.agent_id, body, f'"{version:x}-{zlib.crc32(body):08x}"', version)
            services.encoded.keep(key, found)
        else:
            # A contact of a batch before its turn has no row of its own; whatever else is not there raises.
            waiting = await get_execution(services, principal, wanted)
            body = encode(execution_body(waiting, public_url=public_url))
            found = Encoded(waiting.agent_id, body, entity_tag(body))
    if of_agent is not None and found.agent_id != of_agent:
        raise missing("execution")
    return found


async def newest_of_agent(services: Services, principal: Principal, agent_id: str) -> list[Execution]:
    """An agent's executions, newest first, at most MAX_BARE_EXECUTIONS of them. Raises NotFoundError for an unknown agent."""
    async with services.ledger.unit() as unit:
        agent = await agent_of(unit, principal, agent_id)
        page = await unit.executions.page(principal.tenant_id, agent.id, ExecutionFilter(), 1, MAX_BARE_EXECUTIONS)
    return list(page.rows)


async def page_of_agent(services: Services, principal: Principal, agent_id: str, wanted: PageRequest) -> Page:
    """A page of an agent's executions, newest first; of a batch, contacts that still wait among them. Raises NotFoundError for an unknown
    agent."""
    async with services.ledger.reading() as unit:
        agent = await agent_of(unit, principal, agent_id)
        batch_id = batch_id_in(wanted.narrow.batch_id or "")
        batch = batch_id and await unit.batches.get(principal.tenant_id, batch_id, also_deleted=True)
        if batch and batch.agent_id == agent.id:
            return await _page_of_batch(services, unit, batch, wanted)
        if wanted.after is not None:
            # One more than wanted tells whether there is another page behind it.
            return await unit.executions.page_after(
                principal.tenant_id, agent.id, wanted.narrow, wanted.after, wanted.size + 1
            )
        return await unit.executions.page(principal.tenant_id, agent.id, wanted.narrow, wanted.number, wanted.size)


async def _page_of_batch(services: Services, unit: Unit, batch: Batch, wanted: PageRequest) -> Page:
    """The same of a batch, contacts that still wait among them."""
    by_number = wanted.after is None
    skip, size = ((wanted.number - 1) * wanted.size, wanted.size) if by_number else (0, wanted.size + 1)
    found, total = await unit.executions.page_of_batch(batch, wanted.narrow, skip, wanted.after, size)
    known: Begins = {}
    rows = [
        await execution_that_waits(services, unit, batch, one, known) if isinstance(one, Contact) else one
        for one in found
    ]
    return Page(rows, total)


def cursor_of(execution: Execution) -> str:
    """The cursor behind an execution: whoever sends it gets what comes after."""
    text = f"{execution.created_at.astimezone(UTC).isoformat()}|{execution.id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str) -> tuple[datetime, str]:
    """When the execution was created behind which a cursor is, and its id. Raises BadInputError."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        at, _, execution_id = base64.b64decode(padded, b"-_", validate=True).decode().partition("|")
        return moment(at, "cursor"), object_id(execution_id, "cursor")
    except (ValueError, BadInputError, NotFoundError):
        raise BadInputError("cursor must be a next_cursor of an earlier answer", field="cursor") from None
