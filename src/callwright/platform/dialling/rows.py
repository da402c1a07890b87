"""The decisions whether calls may be dialled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from callwright.platform.calling_policy.rows import policy_of
from callwright.platform.dialling.rules.decision import Decision, Verdict
from callwright.platform.dialling.rules.facts import DialDecision, DialFacts
from callwright.platform.executions.rules.execution import Execution
from callwright.platform.pace.rules.policy import NO_LIMIT, BatchPace

_OF_CALL = ("tenant_id", "execution_id", "batch_id", "attempt", "step", "at", "called")
_OF_DECISION = ("verdict", "rule", "reason", "until", "inputs", "version")
_NAMES = (*_OF_CALL, *_OF_DECISION)
_COLUMNS = ", ".join(_NAMES)
_ADD = (
    f"insert into dial_decision ({_COLUMNS}) select * from unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::text[],"
    " $6::timestamptz[], $7::text[], $8::text[], $9::text[], $10::text[], $11::timestamptz[], $12::json[], $13::text[])"
)
"""From lists of the columns."""


_FACTS = """
select o.organisation_id, p.body::text as body, p.version, p.updated_at, a.id as agent_id, a.body -> 'calling_guardrails' as hours, b.pace,
  b.paused_at is not null as batch_paused, $3::text is not null and coalesce(b.status, 'stopped') = 'stopped' as batch_over,
  exists (select from wallet w where w.tenant_id = o.organisation_id) as has_wallet,
  exists (
    select from suppression s where s.tenant_id = any (array(select suppression_lists($1))) and s.number = any (address_keys($4))
  ) as suppressed
from (select coalesce((select parent_id from tenant where id = $1), $1) as organisation_id) o
left join calling_policy p on p.tenant_id = o.organisation_id
left join agent a on a.tenant_id = $1 and a.id = $2
left join batch b on b.id = $3
"""


class DialDecisionRows:
    """Decisions. They are added and read, never changed. They go with their execution; that a number was dialled stays and counts for the
    longest period of a policy."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def add(self, rows: Sequence[DialDecision]) -> None:
        """Write decisions."""
        if rows:
            await self._connection.defer(_ADD, *map(list, zip(*map(_values, rows), strict=True)))

    async def of_execution(self, tenant_id: str, execution_id: str, count: int) -> list[DialDecision]:
        """The newest ``count`` decisions about an execution of the tenant, oldest first."""
        rows = await self._connection.fetch(
            f"select {_COLUMNS} from dial_decision where execution_id = $1 and tenant_id = $2 order by number desc limit $3",
            execution_id,
            tenant_id,
            count,
        )
        return [_decision_of(row) for row in reversed(rows)]

    async def facts(self, execution: Execution) -> DialFacts:
        """What the decision about a call depends on. Raises BadInputError for a policy that cannot be read."""
        row = await self._connection.fetchrow(
            _FACTS, execution.tenant_id, execution.agent_id, execution.batch_id, execution.to_number
        )
        return DialFacts(
            stored=policy_of(row["organisation_id"], row),
            guardrails={} if row["agent_id"] is None else {row["agent_id"]: row["hours"]},
            suppressed=row["suppressed"],
            batch_limit=NO_LIMIT if row["pace"] is None else BatchPace.stored(row["pace"]).limit,
            batch_paused=row["batch_paused"],
            batch_over=row["batch_over"],
            has_wallet=row["has_wallet"],
        )

    async def attempts(
        self, organisation_id: str, called: Sequence[str], since: datetime
    ) -> Mapping[str, Sequence[datetime]]:
        """When each number was dialled by an organisation and its sub-accounts after ``since``, oldest first."""
        rows = await self._connection.fetch(
            "select called, at from dial_decision where step = 'dialling' and verdict = 'dial' and called = any ($2::text[]) and at > $3"
            " and tenant_id in (select id from tenant where $1 in (id, parent_id)) order by at, number",
            organisation_id,
            list(called),
            since,
        )
        found: dict[str, list[datetime]] = {}
        for row in rows:
            found.setdefault(row["called"], []).append(row["at"])
        return found

    async def lock_called(self, organisation_id: str, called: str) -> None:
        """Nobody else of the organisation who locks the number counts its attempts until the unit ends."""
        await self._connection.execute(
            "select pg_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 11))", organisation_id, called
        )

    async def rules_of_batch(self, batch_id: str) -> Mapping[str, int]:
        """By rule, how many executions of a batch it has decided."""
        rows = await self._connection.fetch(
            "select rule, count(distinct execution_id) as number from dial_decision"
            " where batch_id = $1 and execution_id is not null group by rule order by rule",
            batch_id,
        )
        return {row["rule"]: int(row["number"]) for row in rows}


def _values(row: DialDecision) -> tuple[Any, ...]:
    decision = {name: getattr(row.decision, name) for name in _OF_DECISION}
    decision["inputs"] = dict(row.decision.inputs)
    return (*(getattr(row, name) for name in _OF_CALL), *decision.values())


def _decision_of(row: Any) -> DialDecision:
    values = {name: row[name] for name in _OF_DECISION}
    decision = Decision(**{**values, "verdict": Verdict(values["verdict"])})
    return DialDecision(**{name: row[name] for name in _OF_CALL}, decision=decision)
