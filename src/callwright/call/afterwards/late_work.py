"""What a run spent whose work another one has finished: two runs of one job at the same moment, because it was taken over from a process
that only looked dead. What the other found stands; what this one spent is spent, and belongs into the log and the cost of the call."""

from __future__ import annotations

import asyncio

from callwright.actions.transition import transition
from callwright.call.afterwards.post_log import PostLog, post_part
from callwright.call.live.deps import RuntimeDeps
from callwright.call.live.logfile import POST
from callwright.domain.execution import Execution
from callwright.insight.extra_cost import rated, with_extra
from callwright.insight.usage import usage_breakdown
from callwright.insight.view import view_of
from callwright.ports.ledger import Change, LogChunk, Unit


async def section_of(unit: Unit, row: Execution) -> bytes:
    """The post-call section of an execution's present attempt, whose row this unit has locked, as the ledger has it now."""
    return post_part(await unit.logs.read(row.id, row.attempt, POST))


async def pay_late(unit: Unit, row: Execution, live_log: str, post: PostLog, deps: RuntimeDeps) -> None:
    """Add what this run spent since it was last in the ledger to the log and the cost of ``row``, which this unit has locked."""
    spent = post.take_in_over(await section_of(unit, row))
    if not spent:
        return
    post.sent()
    await unit.logs.append(LogChunk(row.id, row.attempt, POST, 0, post.text.encode()))
    extra = rated(spent, deps.book)
    view = await asyncio.to_thread(view_of, live_log + post.text)
    record = {**with_extra(row.record, extra), "usage_breakdown": usage_breakdown(view)}
    columns = {"total_cost_nano": row.total_cost_nano + extra.cost_nano}
    await transition(unit, row.id, Change(columns=columns, record=record), deps.publisher)
