"""``callwright extract``: ask past calls again. The order goes into the queue; the running platform works on it."""

from __future__ import annotations

import argparse
import asyncio
import os
from datetime import datetime
from pathlib import Path

from callwright.bootstrap.foundation import open_actions
from callwright.domain.errors import BadInputError
from callwright.domain.fields import Fields
from callwright.domain.limits import MAX_EXTRACTIONS_AT_ONCE
from callwright.ops.settings import load_settings
from callwright.platform.accounts.rules import operator
from callwright.platform.executions.actions.schedule import moment
from callwright.platform.extraction.actions import Ordered, PastCalls, ask_again, ask_all_again
from callwright.platform.services import Services, missing, object_id

_LOOK_SECONDS = 2.0
_OPEN = "queued"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("call", nargs="?", default="", help="an execution's id")
    parser.add_argument("--agent", default="", help="an agent's id: its completed calls of a period")
    parser.add_argument("--from", dest="begin", default="", metavar="TIME", help="with --agent: created from then on")
    parser.add_argument("--to", dest="end", default="", metavar="TIME", help="with --agent: created until then")
    parser.add_argument("--limit", default="200", help="with --agent: at most so many calls, the newest")
    parser.add_argument("--dry-run", action="store_true", help="with --agent: only say which calls")
    parser.add_argument(
        "--force", action="store_true", help="also where exactly the same was asked and answered before"
    )
    parser.add_argument("--wait", action="store_true", help="until all of them are done, and say how each ended")
    parser.add_argument("--data", type=Path, help="data folder (CALLWRIGHT_DATA)")


def run(arguments: argparse.Namespace) -> int:
    """Order it; 0 unless waiting shows one that failed."""
    if bool(arguments.call) == bool(arguments.agent):
        raise BadInputError("name one execution, or an agent with --agent ID --from TIME --to TIME")
    return asyncio.run(_run(arguments))


async def _run(arguments: argparse.Namespace) -> int:
    async with open_actions(load_settings(os.environ, data=arguments.data)) as services:
        ordered = await _order(services, arguments)
        said = "would be asked again" if arguments.dry_run else "wait to be asked again"
        print(f"{len(ordered.execution_ids)} calls {said}; left out: {ordered.left_out}")
        for execution_id in ordered.execution_ids:
            print(execution_id)
        if arguments.dry_run or not arguments.wait:
            return 0
        return await _wait(services, ordered)


async def _order(services: Services, arguments: argparse.Namespace) -> Ordered:
    if arguments.call:
        async with services.ledger.unit() as unit:
            call = await unit.executions.get_any(object_id(arguments.call, "execution"))
        if call is None:
            raise missing("execution")
        return await ask_again(services, operator(call.tenant_id), call.id, force=arguments.force)
    async with services.ledger.unit() as unit:
        agent = await unit.agents.get_any(object_id(arguments.agent, "agent"))
    if agent is None:
        raise missing("agent")
    fields = Fields({"limit": arguments.limit}, "", BadInputError)
    most = fields.whole("limit", MAX_EXTRACTIONS_AT_ONCE, 1, MAX_EXTRACTIONS_AT_ONCE)
    begin, end = _moment(arguments.begin, "from"), _moment(arguments.end, "to")
    wanted = PastCalls(begin, end, most, arguments.force, arguments.dry_run)
    return await ask_all_again(services, operator(agent.tenant_id), agent.id, wanted)


def _moment(text: str, name: str) -> datetime:
    if not text:
        raise BadInputError(f"{name} is required", field=name)
    return moment(text, name)


async def _wait(services: Services, ordered: Ordered) -> int:
    left = dict.fromkeys(ordered.execution_ids)
    failed = 0
    while left:
        for execution_id in list(left):
            async with services.ledger.unit() as unit:
                row = await unit.executions.get_any(execution_id)
            state = {"status": "deleted"} if row is None else (row.record.get("extraction_state") or {})
            if state.get("status") != _OPEN:
                del left[execution_id]
                failed += state.get("status") == "failed"
                print(f"{execution_id} {state.get('status')} {state.get('reason') or ''}".rstrip())
        if left:
            await services.clock.sleep(_LOOK_SECONDS)
    return 1 if failed else 0
