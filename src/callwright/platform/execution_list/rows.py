"""Executions in lists over all agents: their narrow rows, and the sums of these per day."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from callwright.domain.limits import MAX_EXECUTIONS_SEARCHED, MAX_EXECUTIONS_SUMMED, MAX_WAITS_SORTED, SUMMARIES_AT_ONCE
from callwright.platform.execution_list.rules import (
    COST,
    NEWEST,
    OLDEST,
    TALK,
    WAIT,
    AgentFigures,
    ExecutionSummary,
    LiveRows,
    SummaryFilter,
    SummaryPage,
    SummaryTotals,
    changed_summary,
    order_value,
    searched_text,
    summary_of,
)
from callwright.platform.executions.rows.columns import SHOWN, execution_of
from callwright.platform.executions.rules.execution import Execution, Phase

_NAMES = tuple(field.name for field in fields(ExecutionSummary))
_OWN = ", ".join(_NAMES)
_COLUMNS = (*_NAMES, "wait_p50_ms", "wait_max_ms")
_NEW_WORDS = (
    "insert into execution_words (execution_id, tenant_id, created_at, words) values ($1, $2, $3, strip(to_tsvector('simple', $4::text)))"
    " on conflict (execution_id) do "
)
"""Words without their text and without their places."""
_NEW_SUMMARY = (
    f"insert into execution_summary ({', '.join(_COLUMNS)}) values ({', '.join(f'${n + 1}' for n in range(len(_COLUMNS)))})"
    " on conflict (execution_id) do "
)
_WORDS = f"{_NEW_WORDS}update set words = excluded.words"
_SUMMARY = f"{_NEW_SUMMARY}update set " + ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[1:])

_KEY = "tenant_id, day, agent_id, direction, status, findings"
_FOLD_LOCK = 0x6C697374
_FOLDED_AT_ONCE = 10_000
_FOLD = f"""
with taken as (
  delete from execution_day_entry where id in (select id from execution_day_entry order by id limit {_FOLDED_AT_ONCE}) returning *
), days as (
  insert into execution_day as d ({_KEY}, calls, answered, talk_ms, cost_nano)
    select {_KEY}, sum(times), sum(times * answered::int), sum(times * talk_ms), sum(times * cost_nano) from taken group by {_KEY}
    on conflict ({_KEY}) do update set calls = d.calls + excluded.calls, answered = d.answered + excluded.answered,
      talk_ms = d.talk_ms + excluded.talk_ms, cost_nano = d.cost_nano + excluded.cost_nano
)
insert into execution_day_wait as w ({_KEY}, step, n)
  select {_KEY}, wait_step(ms), sum(times) from taken, unnest(waits_ms) ms group by {_KEY}, wait_step(ms)
  on conflict ({_KEY}, step) do update set n = w.n + excluded.n
"""

#: Of many waits, those of some calls are counted: the ids choose which.
_LOOKED_AT = """
with matching as materialized (
  select status, answered, talk_ms, cost_nano, rules <> '{{}}' as findings, waits_ms, hashtext(execution_id) as hash
  from execution_summary where {where} limit {most}
), heard as (
  select waits_ms, hash from matching where answered and (${statuses}::text[] is null or status = any(${statuses}::text[]))
), counted as (
  select count(*) as n from heard
)
select counted.n as answered,
  (select coalesce(json_agg(g), '[]') from (
    select status, count(*) as calls, count(*) filter (where answered) as answered, coalesce(sum(talk_ms), 0) as talk_ms,
      sum(cost_nano) as cost_nano, count(*) filter (where findings) as with_findings
    from matching group by status order by status) g) as groups,
  (select percentile_disc(array[0.5, 0.95]) within group (order by ms) from heard, unnest(waits_ms) ms
    where counted.n <= {sorted}) as exact,
  (select coalesce(json_agg(s), '[]') from (
    select wait_step(ms) as step, count(*) as n from heard, unnest(waits_ms) ms
    where counted.n > {sorted} and hash % greatest(1, counted.n / {sorted}) = 0 group by 1 order by 1) s) as steps
from counted
"""

_WAYS: Mapping[str, str] = {NEWEST: "desc", OLDEST: "asc"}
_VALUES: Mapping[str, tuple[str, str, str]] = {
    WAIT: ("wait_max_ms", "wait_max_ms is not null", "wait_max_ms is null"),
    TALK: ("talk_ms", "talk_ms is not null", "talk_ms is null"),
    COST: ("cost_nano", "cost_nano > 0", "cost_nano = 0"),
}
"""The column of an order, and the conditions of rows with a value in it, as its index has it, and of those without."""
_OF_ENTRIES = "times, times * answered::int, times * talk_ms, times * cost_nano"
_OF_ROWS = "status, rules <> '{}', 1, answered::int, coalesce(talk_ms, 0), cost_nano"
_STEP = 1.1
_OF_AGENTS = f"""
select agent_id, sum(calls)::bigint as calls, sum(answered)::bigint as answered, sum(cost_nano)::bigint as cost_nano,
  coalesce(sum(calls) filter (where findings), 0)::bigint as with_findings
from (
  select agent_id, findings, calls, answered, talk_ms, cost_nano from execution_day where tenant_id = $1 and day >= $2
  union all select agent_id, findings, {_OF_ENTRIES} from execution_day_entry where tenant_id = $1 and day >= $2
) as parts (agent_id, findings, calls, answered, talk_ms, cost_nano) group by agent_id having sum(calls) > 0
"""
_MEDIANS_OF_AGENTS = """
select agent_id, min(step) as step from (
  select agent_id, step, sum(n) over (partition by agent_id order by step) as until, sum(n) over (partition by agent_id) as whole
  from (
    select agent_id, step, sum(n) as n from (
      select agent_id, step, n from execution_day_wait where tenant_id = $1 and day >= $2
      union all select agent_id, wait_step(ms), times from execution_day_entry, unnest(waits_ms) ms where tenant_id = $1 and day >= $2
    ) as parts group by agent_id, step
  ) as steps
) as sums where whole > 0 and 2 * until >= whole group by agent_id
"""
_SHORTEST_BEGINNING = 3
"""Letters from which a word of a search may be unfinished: fewer begin too many words."""
_DIGITS = re.compile(r"\+?[0-9][0-9 ()./-]*")


def _values(found: ExecutionSummary) -> list[Any]:
    return [getattr(found, name) for name in _COLUMNS]


def _words(found: ExecutionSummary, execution: Execution) -> list[Any]:
    return [found.execution_id, found.tenant_id, found.created_at, searched_text(execution)]


async def fold(pool: Any) -> None:
    """Add what summaries have appended to the sums per day."""
    async with pool.acquire() as connection, connection.transaction():
        # One process at a time: two would lock the same sums in different orders.
        if await connection.fetchval("select pg_try_advisory_xact_lock($1)", _FOLD_LOCK):
            await connection.execute(_FOLD)


async def catch_up(pool: Any) -> bool:
    """Write the rows of a few executions that were done before there were any. Returns whether some are left."""
    async with pool.acquire() as connection, connection.transaction():
        taken = await connection.fetch(
            "delete from execution_summary_missing where execution_id in (select execution_id from execution_summary_missing"
            f" order by execution_id desc limit {SUMMARIES_AT_ONCE} for update skip locked) returning execution_id"
        )
        if not taken:
            return False
        # Shared: none of them is changed between being read and being written.
        rows = await connection.fetch(
            f"select {SHOWN} from execution where id = any($1::text[]) and phase = 'done' order by id for share",
            [row["execution_id"] for row in taken],
        )
        found = [(summary_of(one), one) for one in map(execution_of, rows)]
        await connection.executemany(f"{_NEW_SUMMARY}nothing", [_values(summary) for summary, _ in found])
        await connection.executemany(f"{_NEW_WORDS}nothing", [_words(*pair) for pair in found])
        return len(taken) == SUMMARIES_AT_ONCE


class SummaryRows:
    """Executions as lists show them."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def note(self, before: Execution, after: Execution) -> None:
        """Write what lists tell of an execution that is done, in the unit of the change; take it away where it waits again."""
        found = changed_summary(before, after)
        if found is not None:
            await self._connection.defer(_WORDS, *_words(found, after))
            await self._connection.defer(_SUMMARY, *_values(found))
        elif before.phase is Phase.DONE and after.phase is not Phase.DONE:
            await self._connection.defer("delete from execution_summary where execution_id = $1", after.id)

    async def page(self, wanted: SummaryPage) -> list[ExecutionSummary]:
        """The rows in their order: those that are done from their narrow rows, the others as they are now."""
        # First those that go on: one that is done meanwhile is then in both, and never in none.
        found = {one.execution_id: one for one in await self._unfinished(wanted)}
        found |= {one.execution_id: one for one in await self._done(wanted)}

        def place(one: ExecutionSummary) -> tuple[bool, datetime | int, str]:
            at = order_value(one, wanted.order)
            return isinstance(at, int), at, one.execution_id

        return sorted(found.values(), key=place, reverse=wanted.order != OLDEST)[: wanted.size]

    async def live(self, tenant_id: str, most: int) -> LiveRows:
        """What goes on at the moment."""
        rows = await self._connection.fetch(
            f"select {SHOWN} from execution where tenant_id = $1 and phase in ('dialling', 'live')"
            " order by created_at desc, id desc limit $2",
            tenant_id,
            most,
        )
        counts = await self._connection.fetchrow(
            "select count(*) filter (where phase in ('dialling', 'live')) as live, count(*) filter (where phase = 'waiting') as waiting"
            " from execution where tenant_id = $1 and phase <> 'done'",
            tenant_id,
        )
        return LiveRows([execution_of(row) for row in rows], counts["live"], counts["waiting"])

    async def recent_records(self, count: int) -> list[Mapping[str, Any]]:
        """The records of the ``count`` newest executions that are done, of all organisations: for the operator, never for a request."""
        rows = await self._connection.fetch(
            "select record from execution where phase = 'done' order by created_at desc, id desc limit $1", count
        )
        return [row["record"] or {} for row in rows]

    async def names(self, tenant_id: str, agent_ids: Sequence[str]) -> dict[str, str]:
        """The present names of agents."""
        rows = await self._connection.fetch(
            "select id, name from agent where tenant_id = $1 and id = any($2::text[])", tenant_id, list(agent_ids)
        )
        return {row["id"]: row["name"] for row in rows}

    async def of_agents(self, tenant_id: str, since: date) -> dict[str, AgentFigures]:
        """Figures of executions that were created since the beginning of a day of UTC, by agent. One without any is left out."""
        steps = await self._connection.fetch(_MEDIANS_OF_AGENTS, tenant_id, since)
        medians = {row["agent_id"]: _middle_of(row["step"]) for row in steps}
        rows = [dict(row) for row in await self._connection.fetch(_OF_AGENTS, tenant_id, since)]
        return {
            agent_id: AgentFigures(**row, wait_p50_ms=medians.get(agent_id))
            for row in rows
            for agent_id in (row.pop("agent_id"),)
        }

    async def is_complete(self) -> bool:
        """Whether all executions that are done have their narrow rows: after an upgrade they are written in the background."""
        return not await self._connection.fetchval(
            "select exists (select from execution_summary_missing where not listed)"
        )

    async def _can_be_searched(self) -> bool:
        return not await self._connection.fetchval("select exists (select from execution_summary_missing)")

    async def _done(self, wanted: SummaryPage) -> list[ExecutionSummary]:
        if wanted.order not in _VALUES:
            return await self._done_in(wanted, "created_at", wanted.after)
        column, valued, bare = _VALUES[wanted.order]
        found: list[ExecutionSummary] = []
        after: tuple[datetime | int, str] | None = wanted.after
        if after is None or isinstance(after[0], int):
            found, after = await self._done_in(wanted, column, after, valued), None
        if len(found) < wanted.size and not _has_values(wanted):
            left = replace(wanted, size=wanted.size - len(found))
            found += await self._done_in(left, "created_at", after, bare)
        return found

    async def _done_in(
        self, wanted: SummaryPage, column: str, after: tuple[datetime | int, str] | None, only: str = ""
    ) -> list[ExecutionSummary]:
        """In the order of a column, each from its index."""
        where = _Where(wanted.tenant_id)
        where.narrow(wanted.narrow)
        if only:
            where.add(only)
        way = _WAYS.get(wanted.order, "desc")
        where.behind(after, way, column, "execution_id")
        rows = await self._connection.fetch(
            f"select {_OWN} from execution_summary where {where.text}"
            f" order by {column} {way}, execution_id {way} limit {int(wanted.size)}",
            *where.arguments,
        )
        return [_summary(row) for row in rows]

    async def _unfinished(self, wanted: SummaryPage) -> list[ExecutionSummary]:
        if wanted.narrow.is_of_done:
            return []
        where = _open(wanted.tenant_id, wanted.narrow)
        way = _WAYS.get(wanted.order, "desc")
        if wanted.after is not None and isinstance(wanted.after[0], datetime):
            where.behind(wanted.after, way, "created_at", "id")
        rows = await self._connection.fetch(
            f"select {SHOWN} from execution where {where.text} order by created_at {way}, id {way} limit {int(wanted.size)}",
            *where.arguments,
        )
        return [summary_of(execution_of(row)) for row in rows]

    async def totals(self, tenant_id: str, narrow: SummaryFilter) -> SummaryTotals:
        """Figures of all that match."""
        if narrow.is_summed:
            groups, complete = await self._summed(tenant_id, narrow), True
            waits, exact = await self._waits(tenant_id, narrow, groups)
        else:
            groups, waits, exact = await self._looked_at(tenant_id, narrow)
            complete = sum(group.calls for group in groups) <= _most(narrow)
        complete = complete and await (self.is_complete() if narrow.text is None else self._can_be_searched())
        groups += await self._open_groups(tenant_id, narrow)
        by_status: dict[str, int] = {}
        for group in groups:
            by_status[group.status] = by_status.get(group.status, 0) + group.calls
        wanted = [group for group in groups if not narrow.statuses or group.status in narrow.statuses]
        return SummaryTotals(
            calls=sum(group.calls for group in wanted),
            answered=sum(group.answered for group in wanted),
            talk_ms=sum(group.talk_ms for group in wanted),
            cost_nano=sum(group.cost_nano for group in wanted),
            with_findings=sum(group.with_findings for group in wanted),
            wait_p50_ms=waits[0],
            wait_p95_ms=waits[1],
            by_status={status: calls for status, calls in sorted(by_status.items()) if calls},
            exact=exact,
            complete=complete,
        )

    async def _summed(self, tenant_id: str, narrow: SummaryFilter) -> list[_Group]:
        """By status, from the sums per day; the first and the last day, of which a part is wanted, from their rows."""
        days = _Days(tenant_id, replace(narrow, statuses=()))
        parts = [
            f"select status, findings, calls, answered, talk_ms, cost_nano from execution_day where {days.whole}",
            f"select status, findings, {_OF_ENTRIES} from execution_day_entry where {days.whole}",
            f"select {_OF_ROWS} from execution_summary where {days.edges}",
        ]
        return await self._groups(" union all ".join(parts), days.arguments)

    async def _looked_at(
        self, tenant_id: str, narrow: SummaryFilter
    ) -> tuple[list[_Group], tuple[int | None, int | None], bool]:
        """By status, from the rows themselves, so many at most; with the two waits, and whether these are exact. The rows are read once."""
        where = _Where(tenant_id)
        where.narrow(replace(narrow, statuses=()))
        where.arguments.append(list(narrow.statuses) or None)
        row = await self._connection.fetchrow(
            _LOOKED_AT.format(
                where=where.text, most=_most(narrow) + 1, statuses=len(where.arguments), sorted=MAX_WAITS_SORTED
            ),
            *where.arguments,
        )
        groups = [_Group(**group) for group in row["groups"]]
        if row["answered"] <= MAX_WAITS_SORTED:
            return groups, tuple(row["exact"] or (None, None)), True
        steps = [(int(one["step"]), int(one["n"])) for one in row["steps"]]
        return groups, (_percentile(steps, 0.5), _percentile(steps, 0.95)), False

    async def _groups(self, parts: str, arguments: Sequence[Any]) -> list[_Group]:
        rows = await self._connection.fetch(
            "select status, sum(calls)::bigint as calls, sum(answered)::bigint as answered, sum(talk_ms)::bigint as talk_ms,"
            " sum(cost_nano)::bigint as cost_nano, coalesce(sum(calls) filter (where findings), 0)::bigint as with_findings"
            f" from ({parts}) as parts (status, findings, calls, answered, talk_ms, cost_nano) group by status",
            *arguments,
        )
        return [_Group(**row) for row in rows]

    async def _open_groups(self, tenant_id: str, narrow: SummaryFilter) -> list[_Group]:
        if narrow.is_of_done:
            return []
        where = _open(tenant_id, replace(narrow, statuses=()))
        rows = await self._connection.fetch(
            f"select status, count(*) as calls, count(answered_at) as answered, sum(total_cost_nano)::bigint as cost_nano"
            f" from execution where {where.text} group by status",
            *where.arguments,
        )
        return [_Group(row["status"], row["calls"], row["answered"], 0, row["cost_nano"], 0) for row in rows]

    async def _waits(
        self, tenant_id: str, narrow: SummaryFilter, groups: Sequence[_Group]
    ) -> tuple[tuple[int | None, int | None], bool]:
        """The median of all waits and the 95th percentile by the sums per day, and whether they are exact."""
        answered = sum(g.answered for g in groups if not narrow.statuses or g.status in narrow.statuses)
        if not answered:
            return (None, None), True
        if answered <= MAX_WAITS_SORTED:
            where = _Where(tenant_id)
            where.narrow(narrow)
            found = await self._connection.fetchval(
                "select percentile_disc(array[0.5, 0.95]) within group (order by ms) from execution_summary, unnest(waits_ms) ms"
                f" where answered and {where.text}",
                *where.arguments,
            )
            return (found[0], found[1]) if found else (None, None), True
        rows = await self._summed_steps(tenant_id, narrow)
        return (_percentile(rows, 0.5), _percentile(rows, 0.95)), False

    async def _summed_steps(self, tenant_id: str, narrow: SummaryFilter) -> list[tuple[int, int]]:
        """From the sums per day. Parts of days count only where no whole day is wanted."""
        days = _Days(tenant_id, narrow)
        parts = [
            f"select step, n from execution_day_wait where {days.whole}",
            f"select wait_step(ms), times from execution_day_entry, unnest(waits_ms) ms where {days.whole}",
        ]
        rows = await self._counted(" union all ".join(parts), days.whole_arguments)
        if rows:
            return rows
        return await self._counted(
            f"select wait_step(ms), 1 from execution_summary, unnest(waits_ms) ms where {days.edges}", days.arguments
        )

    async def _counted(self, parts: str, arguments: Sequence[Any]) -> list[tuple[int, int]]:
        rows = await self._connection.fetch(
            f"select step, sum(n)::bigint as n from ({parts}) as parts (step, n) group by step order by step",
            *arguments,
        )
        return [(int(row["step"]), int(row["n"])) for row in rows]


@dataclass(frozen=True, slots=True)
class _Group:
    """Sums of the executions of one status."""

    status: str
    calls: int
    answered: int
    talk_ms: int
    cost_nano: int
    with_findings: int


def _has_values(wanted: SummaryPage) -> bool:
    """Whether each execution that the filter lets through has a value in the order. To look for one without would mean to read all."""
    narrow = wanted.narrow
    if wanted.order == COST:
        return bool(narrow.min_cost_nano)
    # Only who talks waits.
    return narrow.min_wait_ms is not None


def _most(narrow: SummaryFilter) -> int:
    """How many rows are added up at most: more where an index has all that is added."""
    fetched = (narrow.text, narrow.disposition, narrow.min_cost_nano)
    return MAX_EXECUTIONS_SUMMED if all(one is None for one in fetched) else MAX_EXECUTIONS_SEARCHED


def _percentile(steps: Sequence[tuple[int, int]], share: float) -> int | None:
    """Of waits counted in steps, in the middle of its step."""
    left = share * sum(n for _, n in steps)
    for step, n in steps:
        left -= n
        if left <= 0:
            return _middle_of(step)
    return None


def _middle_of(step: int) -> int:
    """The wait in the middle of a step."""
    return round(float(_STEP ** (step + 0.5)))


class _Where:
    """Conditions on rows of an account, with their arguments."""

    def __init__(self, tenant_id: str) -> None:
        self.arguments: list[Any] = [tenant_id]
        self._conditions = ["tenant_id = $1"]

    @property
    def text(self) -> str:
        """The conditions as SQL."""
        return " and ".join(self._conditions)

    def add(self, condition: str, *arguments: Any) -> None:
        """One more, with a ``{}`` for each argument."""
        self.arguments += arguments
        first = len(self.arguments) - len(arguments) + 1
        self._conditions.append(condition.format(*(f"${first + n}" for n in range(len(arguments)))))

    def dimensions(self, narrow: SummaryFilter) -> None:
        """Agent, statuses, direction."""
        if narrow.agent_id is not None:
            self.add("agent_id = {}", narrow.agent_id)
        if narrow.statuses:
            self.add("status = any({}::text[])", list(narrow.statuses))
        if narrow.direction is not None:
            self.add("direction = {}", narrow.direction)

    def period(self, narrow: SummaryFilter) -> None:
        """When it was created."""
        if narrow.created_from is not None:
            self.add("created_at >= {}", narrow.created_from)
        if narrow.created_to is not None:
            self.add("created_at <= {}", narrow.created_to)

    def narrow(self, narrow: SummaryFilter) -> None:
        """All of a filter, on ``execution_summary``."""
        self.dimensions(narrow)
        self.period(narrow)
        if narrow.batch_id is not None:
            self.add("batch_id = {}", narrow.batch_id)
        if narrow.findings is not None:
            self.add("rules <> '{{}}'" if narrow.findings else "rules = '{{}}'")
        if narrow.rule is not None:
            self.add("rules <> '{{}}' and rules @> array[{}]", narrow.rule)
        if narrow.disposition is not None:
            name, equals, value = narrow.disposition.partition("=")
            self.add("dispositions @> array[{}]", f"{name}={value}" if equals else f"{name}=")
        if narrow.min_wait_ms is not None:
            self.add("wait_max_ms >= {}", narrow.min_wait_ms)
        if narrow.min_cost_nano is not None:
            self.add("cost_nano >= {}", narrow.min_cost_nano)
        if narrow.text is not None:
            self._search(narrow.text)

    def behind(self, after: tuple[datetime | int, str] | None, way: str, column: str, id_column: str) -> None:
        """What comes after the row that a cursor names."""
        if after is not None:
            self.add(f"({column}, {id_column}) {'>' if way == 'asc' else '<'} ({{}}, {{}})", *after)

    def _search(self, text: str) -> None:
        """By ids that are found first, each condition in its own index: joined by ``or``, all rows would be looked at."""
        rows, spoken = (
            f"select execution_id from execution_{name} where tenant_id = $1 and" for name in ("summary", "words")
        )
        found = [(f"{rows} execution_id like {{}}", f"{_pattern(text.lower())}%")]
        words = re.findall(r"\w+", text)
        if words:
            # Only the last word may be unfinished: the beginning of a frequent one is in very many rows.
            last = f"{words[-1]}:*" if len(words[-1]) >= _SHORTEST_BEGINNING else words[-1]
            newest = f"{spoken} words @@ to_tsquery('simple', {{}}) order by created_at desc"
            found.append((newest, " & ".join([*words[:-1], last])))
        number = _number(text)
        if number:
            found += [
                (f"{rows} number like {{}}", f"{number}%"),
                (f"{rows} number like {{}}", f"+{number}%"),
                (f"{rows} reverse(number) like {{}}", f"{number[::-1]}%"),
            ]
        else:
            found.append((f"{rows} number like {{}}", f"{_pattern(text)}%"))
        selects = " union ".join(f"({select} limit {MAX_EXECUTIONS_SEARCHED})" for select, _ in found)
        self.add(f"execution_id = any(array({selects}))", *(argument for _, argument in found))


def _number(text: str) -> str:
    """The digits of a text that is (a part of) a phone number."""
    return re.sub(r"[^0-9]", "", text) if _DIGITS.fullmatch(text) else ""


def _pattern(text: str) -> str:
    """A text that LIKE finds as it is."""
    return re.sub(r"([%_\\])", r"\\\1", text)


def _open(tenant_id: str, narrow: SummaryFilter) -> _Where:
    """Conditions on executions that are not done."""
    where = _Where(tenant_id)
    where.add("phase <> 'done'")
    where.dimensions(narrow)
    where.period(narrow)
    if narrow.batch_id is not None:
        where.add("batch_id = {}", narrow.batch_id)
    if narrow.text is not None:
        number = _pattern(_number(narrow.text) or narrow.text)
        far = "case direction when 'outbound' then to_number else from_number end"
        where.add(f"(id like {{}} or {far} like {{}})", f"{_pattern(narrow.text.lower())}%", f"%{number}%")
    return where


class _Days:
    """A filter on the sums per day (``whole``: the days that are wanted whole), and on the rows of what is left at both ends of the period
    (``edges``). Both have the same ``arguments``, and ``whole`` needs ``whole_arguments`` alone."""

    def __init__(self, tenant_id: str, narrow: SummaryFilter) -> None:
        where = _Where(tenant_id)
        where.dimensions(narrow)
        dimensions = where.text
        found = "" if narrow.findings is None else f" and findings = {narrow.findings}".lower()
        rows = "" if narrow.findings is None else f" and (rules <> '{{}}') = {narrow.findings}".lower()
        since, until = narrow.created_from, narrow.created_to
        first = None if since is None else _day_from(since)
        last = None if until is None else until.astimezone(UTC).date()
        self.arguments = where.arguments
        whole, edges = [dimensions + found], []
        if first is not None and last is not None and first >= last:
            whole.append("false")
            first = last = None
            edges.append("created_at >= {since} and created_at <= {until}")
        if first is not None:
            whole.append(f"day >= {self._argument(first)}")
            edges.append("created_at >= {since} and created_at < {first}")
        if last is not None:
            whole.append(f"day < {self._argument(last)}")
            edges.append("created_at >= {last} and created_at <= {until}")
        self.whole_arguments = list(self.arguments)
        times = {"since": since, "until": until, "first": first and _midnight(first), "last": last and _midnight(last)}
        for name, moment in times.items():
            if any(f"{{{name}}}" in edge for edge in edges):
                marker = self._argument(moment)
                edges = [edge.replace(f"{{{name}}}", marker) for edge in edges]
        self.whole = " and ".join(whole)
        self.edges = f"{dimensions}{rows} and ({' or '.join(edges) or 'false'})"

    def _argument(self, value: Any) -> str:
        self.arguments.append(value)
        return f"${len(self.arguments)}"


def _day_from(moment: datetime) -> date:
    """The first day of UTC that has not begun before a moment."""
    day = moment.astimezone(UTC).date()
    return day if _midnight(day) == moment else day + timedelta(days=1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _summary(row: Any) -> ExecutionSummary:
    values = dict(row)
    for name in ("waits_ms", "rules", "severities", "dispositions"):
        values[name] = tuple(values[name])
    return ExecutionSummary(**values)
