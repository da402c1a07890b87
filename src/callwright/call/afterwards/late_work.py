"""What a run spent whose work another one has finished: two runs of one job at the same moment, because it was taken over from a process
that only looked dead. What the other found stands; what this one spent is spent, and belongs into the log and the cost of the call."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from callwright.call.afterwards.post_log import PostLog, post_part
from callwright.call.live.deps import RuntimeDeps
from callwright.call.live.logfile import POST
from callwright.insight.extra_cost import Extra, rated, with_extra
from callwright.insight.usage import usage_breakdown
from callwright.insight.view import view_of
from callwright.platform.call_logs.rules import LogChunk
from callwright.platform.executions.actions.transition import transition
from callwright.platform.executions.rules.attempts import EARLIER, earlier_attempts, is_earlier
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Execution
from callwright.platform.unit import Unit


async def section_of(unit: Unit, row: Execution, attempt: int | None = None) -> bytes:
    """The post-call section of an attempt (by default the present one) of an execution whose row this unit has locked, as the ledger has it
    now."""
    return post_part(await unit.logs.read(row.id, row.attempt if attempt is None else attempt, POST))


async def pay_late(unit: Unit, row: Execution, attempt: int, live_log: str, post: PostLog, deps: RuntimeDeps) -> None:
    """Add what this run spent since it was last in the ledger to the log and the cost of an attempt of ``row``, which this unit has
    locked."""
    spent = post.take_in_over(await section_of(unit, row, attempt))
    if not spent:
        return
    post.sent()
    await unit.logs.append(LogChunk(row.id, attempt, POST, 0, post.text.encode()))
    view = await asyncio.to_thread(view_of, live_log + post.text)
    extra = rated(spent, deps.book.at(datetime.fromisoformat(view.header.started_at)))
    used = {"usage_breakdown": usage_breakdown(view)}
    record: dict[str, Any]
    if is_earlier(row, attempt):
        record = {EARLIER: [_paid(one, extra, used, attempt) for one in earlier_attempts(row.record)]}
    else:
        record = {**with_extra(row.record, extra), **used}
    columns = {"total_cost_nano": row.total_cost_nano + extra.cost_nano}
    await transition(unit, row.id, Change(columns=columns, record=record), deps.publisher)


def _paid(entry: Mapping[str, Any], extra: Extra, used: Mapping[str, Any], attempt: int) -> dict[str, Any]:
    """The entry of an earlier attempt, with ``extra`` in it when it is that of ``attempt``."""
    if entry["attempt"] != attempt:
        return dict(entry)
    more = with_extra(entry, extra)
    whole = {name: more[name] for name in ("cost_nano", "usage_lines")}
    return {**entry, **whole, **used, "cost": int(entry["cost"]) + extra.cost_nano}
