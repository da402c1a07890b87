"""Reading executions, their logs and lists of them (contract 3.3)."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from callwright.actions.agents import agent_of
from callwright.actions.encoded import Encoded, entity_tag
from callwright.actions.schedule import moment
from callwright.actions.services import Services, missing, object_id
from callwright.domain.batch import batch_id_in, execution_of_contact
from callwright.domain.errors import BadInputError, NotFoundError
from callwright.domain.execution import Execution, Status
from callwright.domain.limits import MAX_BARE_EXECUTIONS, MAX_NAME_CHARACTERS, MAX_PAGE_NUMBER, MAX_PAGE_SIZE
from callwright.domain.tenant import Principal
from callwright.insight.record import execution_body
from callwright.insight.wire import encode
from callwright.ports.ledger import ExecutionFilter, Page, Unit

DIRECTIONS = ("inbound", "outbound")
_STRICT_SPAN = timedelta(days=7)
_SWITCH = {"true": True, "1": True, "false": False, "0": False}


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
        return execution_of_contact(*waiting, services.policy.from_number)
    # Released between the two looks: then it is in the ledger now.
    return await unit.executions.get(tenant_id, execution_id)


async def get_execution(services: Services, principal: Principal, execution_id: str) -> Execution:
    """One execution of the tenant. Raises NotFoundError."""
    async with services.ledger.unit() as unit:
        found = await find_execution(unit, services, principal.tenant_id, object_id(execution_id, "execution"))
    if found is None:
        raise missing("execution")
    return found


async def get_log(services: Services, principal: Principal, execution_id: str) -> bytes:
    """The log of the newest attempt, empty when none was made. Raises NotFoundError."""
    async with services.ledger.unit() as unit:
        found = await find_execution(unit, services, principal.tenant_id, object_id(execution_id, "execution"))
        if found is None:
            raise missing("execution")
        return await unit.logs.read(found.id)


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
    """A page of an agent's executions, newest first. Raises NotFoundError for an unknown agent."""
    async with services.ledger.reading() as unit:
        agent = await agent_of(unit, principal, agent_id)
        if wanted.after is not None:
            # One more than wanted tells whether there is another page behind it.
            return await unit.executions.page_after(
                principal.tenant_id, agent.id, wanted.narrow, wanted.after, wanted.size + 1
            )
        return await unit.executions.page(principal.tenant_id, agent.id, wanted.narrow, wanted.number, wanted.size)


def read_page_request(query: Mapping[str, str], *, strict: bool) -> PageRequest:
    """Check the query of a list. Empty values mean any. Raises BadInputError naming the parameter.

    Strict as the hosted service since 2026: ``from`` and ``to`` are required and at most seven days apart.
    """
    given = {name: value.strip() for name, value in query.items() if value.strip()}
    created_from = moment(given["from"], "from") if "from" in given else None
    created_to = moment(given["to"], "to") if "to" in given else None
    if strict and (created_from is None or created_to is None):
        raise BadInputError("from and to are required", field="from")
    if created_from is not None and created_to is not None:
        if created_to < created_from:
            raise BadInputError("to must not be before from", field="to")
        if strict and created_to - created_from > _STRICT_SPAN:
            raise BadInputError("from and to may be at most 7 days apart", field="to")
    return PageRequest(
        number=_whole(given, "page_number", 1, MAX_PAGE_NUMBER),
        size=min(MAX_PAGE_SIZE, _whole(given, "page_size", 20, MAX_PAGE_NUMBER)),
        narrow=ExecutionFilter(
            status=_one_of(given, "status", tuple(Status)),
            call_type=_one_of(given, "call_type", DIRECTIONS),
            provider=_text(given, "provider"),
            answered_by_voice_mail=_switch(given, "answered_by_voice_mail"),
            batch_id=_batch_id(given),
            created_from=created_from,
            created_to=created_to,
        ),
        after=_cursor(given),
    )


def cursor_of(execution: Execution) -> str:
    """The cursor behind an execution: whoever sends it gets what comes after."""
    text = f"{execution.created_at.astimezone(UTC).isoformat()}|{execution.id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _cursor(given: Mapping[str, str]) -> tuple[datetime, str] | None:
    text = given.get("cursor")
    if text is None:
        return None
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        at, _, execution_id = base64.b64decode(padded, b"-_", validate=True).decode().partition("|")
        return moment(at, "cursor"), object_id(execution_id, "cursor")
    except (ValueError, BadInputError, NotFoundError):
        raise BadInputError("cursor must be a next_cursor of an earlier answer", field="cursor") from None


def _whole(given: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = given.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > len(str(most)) or not 1 <= int(text) <= most:
        raise BadInputError(f"{name} must be a whole number from 1 to {most}", field=name)
    return int(text)


def _one_of(given: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str | None:
    text = given.get(name)
    if text is not None and text not in allowed:
        raise BadInputError(f"{name} must be one of {', '.join(sorted(allowed))}", field=name)
    return text


def _text(given: Mapping[str, str], name: str) -> str | None:
    text = given.get(name)
    if text is not None and (len(text) > MAX_NAME_CHARACTERS or not text.isprintable()):
        raise BadInputError(f"{name} must be at most {MAX_NAME_CHARACTERS} printable characters", field=name)
    return text


def _batch_id(given: Mapping[str, str]) -> str | None:
    """Either form of it; what is none finds nothing."""
    text = _text(given, "batch_id")
    return None if text is None else batch_id_in(text) or text


def _switch(given: Mapping[str, str], name: str) -> bool | None:
    text = given.get(name)
    if text is None:
        return None
    if text.lower() not in _SWITCH:
        raise BadInputError(f"{name} must be true or false", field=name)
    return _SWITCH[text.lower()]
