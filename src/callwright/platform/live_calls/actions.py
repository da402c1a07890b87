"""The calls of an account that go on, and the changes of all its calls as they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from callwright.conversation.log import LogFormatError
from callwright.domain.errors import ExpiredCursorError
from callwright.domain.limits import EVENT_POLL_SECONDS, MAX_EVENTS_LISTED, MAX_LIVE_EXAMINED_BYTES, MAX_LIVE_LISTED
from callwright.insight.live_call import LiveFacts, live_facts
from callwright.insight.view import view_of
from callwright.platform.accounts.rules import Principal
from callwright.platform.events.actions import EventRequest, ReadEvents, newest_cursor, read_events
from callwright.platform.executions.rules.execution import Execution
from callwright.platform.keys.actions.keys import account_of
from callwright.platform.services import Services


@dataclass(frozen=True, slots=True)
class LiveList:
    """The newest calls that go on, each with what its log tells; names of their agents; ``live`` and ``waiting``: how many there are;
    places that are used and that there are."""

    calls: Sequence[tuple[Execution, LiveFacts]]
    agents: Mapping[str, str]
    live: int
    waiting: int
    places_used: int
    places: int | None


async def live_calls(services: Services, principal: Principal) -> LiveList:
    """The calls of the account that go on, the newest first."""
    account = await account_of(services, principal)
    most = (
        account.organisation.max_concurrency
        if account.tenant.max_concurrency is None
        else account.tenant.max_concurrency
    )
    async with services.ledger.reading() as unit:
        found = await unit.executions.summaries.live(principal.tenant_id, MAX_LIVE_LISTED)
        logs = [await unit.logs.read(one.id, one.attempt) for one in found.rows]
        agents = await unit.executions.summaries.names(
            principal.tenant_id, sorted({one.agent_id for one in found.rows})
        )
    facts = await asyncio.to_thread(lambda: [_facts(log) for log in logs])
    calls = list(zip(found.rows, facts, strict=True))
    return LiveList(calls, agents, found.live, found.waiting, account.live_calls, most)


def _facts(log: bytes) -> LiveFacts:
    """Of a log as far as the ledger has it. The call doctor looks at short ones only: it is asked every few seconds."""
    if not log:
        return LiveFacts()
    try:
        return live_facts(view_of(log.decode()), with_findings=len(log) <= MAX_LIVE_EXAMINED_BYTES)
    except LogFormatError:
        return LiveFacts()


async def follow_events(services: Services, principal: Principal, after: str) -> AsyncGenerator[ReadEvents]:
    """The published changes of the account behind a cursor as they come (empty: from now on), page by page. The first page may be empty:
    its cursor is where the stream begins. Raises BadInputError for a cursor that is none; one that is too old begins now."""
    asked = EventRequest(after, MAX_EVENTS_LISTED, None)
    if not after:
        asked = replace(asked, after=await newest_cursor(services, principal))
    try:
        found = await read_events(services, principal, asked)
    except ExpiredCursorError:
        asked = replace(asked, after=await newest_cursor(services, principal))
        found = await read_events(services, principal, asked)
    yield found
    async with aclosing(services.ledger.new_events(principal.tenant_id, EVENT_POLL_SECONDS)) as news:
        async for _ in news:
            more = True
            while more:
                found = await read_events(services, principal, replace(asked, after=found.next_cursor))
                more = found.has_more
                if found.events:
                    yield found
