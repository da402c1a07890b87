"""How long the list of executions over all agents takes: `make bench-list`, or `python bench/list_bench.py [--rows N] [--explain]`.

Fills an embedded database by SQL with a million calls of one account, over 90 days and ten agents. Prints the median time that the ledger
needs for a first page, a page behind a cursor, filters and totals, each against 100 ms, and what one more call costs when it is done. With
``--explain`` the plan of every statement follows. The server's HTTP part is not in it: `api_bench` has that.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg

from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.execution_list.rows import SummaryRows
from callwright.platform.execution_list.rules import COST, NEWEST, WAIT, SummaryFilter, SummaryPage
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Execution, Phase, Status
from callwright.platform.ledger import Ledger
from callwright.storage.embedded import EmbeddedPostgres, ServerPlacement
from callwright.storage.migrate import migrate

TARGET_MS = 100.0
ROUNDS = 9
DAYS = 90
AGENTS = 10
BATCH_ID = "b" * 32

_FILL = (
    """
insert into agent (id, tenant_id, name, body, revision, created_at, updated_at)
  select 'agent-' || n, $1, 'Agent ' || n, '{{}}', 1, now(), now() from generate_series(0, {agents} - 1) n
""",
    "alter table execution disable trigger user",
    """
insert into execution (id, tenant_id, agent_id, status, phase, detail, attempt, direction, carrier, to_number, from_number,
  created_at, updated_at, batch_id, total_cost_nano, hangup_by, hangup_reason, user_data, options, agent, record)
  select gen_random_uuid()::text, $1, 'agent-' || n % {agents}, status, 'done', status, 1,
    case n % 7 when 0 then 'inbound' else 'outbound' end, 'loopback', '+1555' || lpad((n * 7919 % 10000000)::text, 7, '0'), '+15550100',
    now() - make_interval(secs => n * {days} * 86400.0 / {rows}), now(), case when n % 50 = 3 then '{batch}' end, n % 997 * 10000000,
    'Callee', 'Call recipient hung up', '{{}}', '{{}}', '{{}}', '{{}}'
  from generate_series(0::bigint, {rows} - 1) n,
    lateral (select (array['completed', 'completed', 'completed', 'no-answer', 'busy', 'failed'])[1 + (n * 31 % 6)::int] as status) s
""",
    "alter table execution enable trigger user",
    "alter table execution_summary disable trigger user",
    """
insert into execution_summary (execution_id, tenant_id, agent_id, created_at, status, direction, carrier, number, batch_id, answered,
  talk_ms, turns, interruptions, waits_ms, wait_p50_ms, wait_max_ms, cost_nano, rules, severities, summary, dispositions,
  ended_by, ended_reason, sandbox, recorded)
  select id, tenant_id, agent_id, created_at, status, direction, carrier, to_number, batch_id, answered, case when answered then 60000 end,
    4, 0, waits, waits[1], waits[2], total_cost_nano, rules, case when rules = '{{}}' then '{{}}'::text[] else '{{warning}}' end,
    case when answered then 'The caller booked visit ' || h % 5000 || ' and asked for a quiet table.' end,
    case when answered then array['booked=', 'booked=' || (array['yes', 'no'])[1 + (h % 2)::int]] else '{{}}' end,
    hangup_by, hangup_reason, false, answered
  from (
    select *, case when answered then array[500 + h % 700, 1200 + h % 2500, 800, 900]::int[] else '{{}}' end as waits,
      case when answered and h % 7 = 0
        then array[(array['slow_reply', 'early_cut', 'dead_air'])[1 + (h % 3)::int]] else '{{}}'::text[] end as rules
    from (select *, status = 'completed' as answered, hashtext(id)::bigint & 2147483647 as h from execution) x) e
""",
    "alter table execution_summary enable trigger user",
    # 80 of 3,000 words, some far more frequent than others; "hello" is in every conversation, "refund" in one of 200.
    """
insert into execution_words (execution_id, tenant_id, created_at, words)
  select execution_id, tenant_id, created_at, strip(to_tsvector('simple', concat_ws(' ', summary, ended_reason, said)))
  from execution_summary, lateral (
    select case when answered then 'hello ' || case when hashtext(execution_id) % 200 = 0 then 'refund ' else '' end
      || string_agg('word' || floor(3000 * power(random(), 3))::int, ' ') end as said
    from generate_series(1, 80 + 0 * length(execution_id))) s
""",
    """
insert into execution_day (tenant_id, day, agent_id, direction, status, findings, calls, answered, talk_ms, cost_nano)
  select tenant_id, (created_at at time zone 'UTC')::date, agent_id, direction, status, rules <> '{{}}', count(*),
    count(*) filter (where answered), coalesce(sum(talk_ms), 0), sum(cost_nano) from execution_summary group by 1, 2, 3, 4, 5, 6
""",
    """
insert into execution_day_wait (tenant_id, day, agent_id, direction, status, findings, step, n)
  select tenant_id, (created_at at time zone 'UTC')::date, agent_id, direction, status, rules <> '{{}}', wait_step(ms), count(*)
  from execution_summary, unnest(waits_ms) ms group by 1, 2, 3, 4, 5, 6, 7
""",
)
_VACUUM = (
    "vacuum analyze execution",
    "vacuum analyze execution_summary",
    "vacuum analyze execution_words",
    "vacuum analyze execution_day",
    "vacuum analyze execution_day_wait",
)


async def fill(dsn: str, rows: int) -> None:
    """An account with so many calls that are done."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("set maintenance_work_mem = '256MB'")
        # Made again at the end: one by one, a million rows take ten times as long.
        indexes = await connection.fetch(
            "select indexname as name, indexdef as made from pg_indexes"
            " where tablename in ('execution', 'execution_summary', 'execution_words')"
            " and indexname not in (select conname from pg_constraint)"
        )
        for index in indexes:
            await connection.execute(f"drop index {index['name']}")
        for statement in (
            *_FILL,
            *(index["made"].replace("{", "{{").replace("}", "}}") for index in indexes),
            *_VACUUM,
        ):
            text = statement.format(agents=AGENTS, rows=rows, days=DAYS, batch=BATCH_ID)
            arguments = [DEFAULT_TENANT_ID] if "$1" in text else []
            await connection.execute(text, *arguments, timeout=3_600)
    finally:
        await connection.close()


class Explained:
    """A connection that answers as another one does and keeps the plans of what it was asked."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.plans: list[str] = []

    async def fetch(self, text: str, *arguments: Any) -> Any:
        """Rows."""
        await self._explain(text, *arguments)
        return await self._connection.fetch(text, *arguments)

    async def fetchrow(self, text: str, *arguments: Any) -> Any:
        """A row."""
        await self._explain(text, *arguments)
        return await self._connection.fetchrow(text, *arguments)

    async def fetchval(self, text: str, *arguments: Any) -> Any:
        """A value."""
        await self._explain(text, *arguments)
        return await self._connection.fetchval(text, *arguments)

    async def _explain(self, text: str, *arguments: Any) -> None:
        rows = await self._connection.fetch(f"explain (analyze, costs off, buffers off) {text}", *arguments)
        self.plans.append("\n".join([text, *(row[0] for row in rows)]))


Read = Callable[[SummaryRows], Awaitable[Any]]


def reads() -> dict[str, Read]:
    """What is measured, by name."""
    now = datetime.now(UTC)
    month = SummaryFilter(created_from=now - timedelta(days=30, hours=7), created_to=now)
    filters = {
        "all": SummaryFilter(),
        "agent": SummaryFilter(agent_id="agent-3"),
        "status": SummaryFilter(statuses=("busy",)),
        "30 days": month,
        "findings": SummaryFilter(findings=True),
        "rule": SummaryFilter(rule="early_cut"),
        "wait over 3.6 s": SummaryFilter(min_wait_ms=3_600),
        "cost over 9.9 cents": SummaryFilter(min_cost_nano=9_900_000_000),
        "disposition": SummaryFilter(disposition="booked=yes"),
        "batch": SummaryFilter(batch_id=BATCH_ID),
        "number": SummaryFilter(text="5554321"),
        "words": SummaryFilter(text="visit 4321"),
        "a rare word": SummaryFilter(text="refund"),
        "a frequent word": SummaryFilter(text="hello"),
        "a beginning": SummaryFilter(text="wor"),
    }

    def page(narrow: SummaryFilter, order: str = NEWEST, after: Any = None) -> Read:
        return lambda rows: rows.page(SummaryPage(DEFAULT_TENANT_ID, narrow, order, after, 51))

    def totals(narrow: SummaryFilter) -> Read:
        return lambda rows: rows.totals(DEFAULT_TENANT_ID, narrow)

    found = {f"page, {name}": page(narrow) for name, narrow in filters.items()}
    found["page behind a cursor"] = page(filters["all"], NEWEST, (now - timedelta(days=40), "x"))
    found["page by longest wait"] = page(filters["all"], WAIT)
    found["page by cost"] = page(filters["all"], COST)
    found["page by cost, where calls without begin"] = page(filters["all"], COST, (10_000_000, ""))
    found["page by longest wait, agent"] = page(filters["agent"], WAIT)
    return {**found, **{f"totals, {name}": totals(narrow) for name, narrow in filters.items()}}


async def measured(dsn: str, explain: bool) -> tuple[dict[str, float], list[str]]:
    """Median milliseconds of each read, and their plans."""
    ledger = Ledger(dsn)
    await ledger.open()
    times: dict[str, float] = {}
    plans: list[str] = []
    try:
        for name, read in reads().items():
            async with ledger.reading() as unit:
                took = []
                for _ in range(ROUNDS):
                    began = time.perf_counter()
                    await read(SummaryRows(unit.connection))
                    took.append((time.perf_counter() - began) * 1_000)
                times[name] = round(statistics.median(took), 1)
                if explain:
                    explained = Explained(unit.connection)
                    await read(SummaryRows(explained))
                    plans += [f"-- {name}", *explained.plans]
        times["one more call that is done"] = await completing(ledger)
    finally:
        await ledger.aclose()
    return times, plans


async def completing(ledger: Ledger) -> float:
    """Median milliseconds of the row of a call that is done: the change with it less the change without."""
    now = datetime.now(UTC)
    turns = [{"part": "turn", "turn": n, "latency_us": {"total": 812_345}, "cost_nano": {}} for n in range(4)]
    change = Change(
        Phase.DONE, "stopped", {}, {"turns": turns, "summary": "The caller booked a visit.", "conversation_ms": 4}
    )
    took = []
    for number in range(200):
        row = Execution(
            f"more-{number}", DEFAULT_TENANT_ID, "agent-1", Status.QUEUED, Phase.WAITING, "queued", 0, "outbound",
            "loopback", "+15550123", "+15550100", now, now,
        )  # fmt: skip
        async with ledger.unit() as unit:
            await unit.executions.insert(row)
        async with ledger.unit() as unit:
            after = await unit.executions.change(row.id, change)
            await unit.connection.execute("delete from execution_summary where execution_id = $1", row.id)
            began = time.perf_counter()
            await unit.executions.summaries.note(row, after)
            took.append((time.perf_counter() - began) * 1_000)
    return round(statistics.median(took), 2)


def main(argv: Sequence[str] | None = None) -> int:
    """Print one JSON object; 1 when a figure misses its target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--explain", action="store_true", help="print the plans")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        place = ServerPlacement(elsewhere=Path(folder) / "elsewhere", settings={"fsync": "off"})
        server = EmbeddedPostgres(Path(folder) / "postgres", placement=place)
        try:
            dsn = server.acquire()
            asyncio.run(migrate(dsn))
            asyncio.run(fill(dsn, options.rows))
            times, plans = asyncio.run(measured(dsn, options.explain))
        finally:
            server.release()
    sys.stdout.write("".join(f"{plan}\n\n" for plan in plans))
    found = {"bench": "list", "rows": options.rows, "target_ms": TARGET_MS, "ms": times}
    sys.stdout.write(json.dumps(found, indent=1) + "\n")
    return int(max(times.values()) > TARGET_MS)


if __name__ == "__main__":
    sys.exit(main())
