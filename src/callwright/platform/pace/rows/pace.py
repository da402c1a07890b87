"""When the limits per second let the next call begin, how attempts ended, and what is known of the numbers we call from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from callwright.domain.limits import MAX_BREAKER_CALLS, MAX_REST_CALLS
from callwright.platform.pace.rows import admission
from callwright.platform.pace.rules.choice import Slot
from callwright.platform.pace.rules.numbers import NumberState
from callwright.platform.pace.rules.outcomes import CONTACT_CODES, FAILED_OUTCOMES, UNCOUNTED_OUTCOMES, Outcomes
from callwright.platform.pace.rules.policy import NO_LIMIT, BatchPace, Limit, Rest

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)

# The only limit of a call, taken at once: whoever comes later waits for the row and then sees when it was taken. The moment is the
# database's after that wait.
_TAKE_ONE = """
update dial_slot set taken_at = clock_timestamp(), reserved_at = greatest(reserved_at, clock_timestamp())
where tenant_id = $1 and kind = $2 and name = $3
  and case when $5 then taken_at else greatest(reserved_at, taken_at) end + $4 <= clock_timestamp()
returning taken_at
"""

_ENDED = """
select count(*) as ended,
  count(*) filter (where outcome = any ($4) and (hangup_code is null or hangup_code <> all ($5::integer[]))) as failed
from (
  select outcome, hangup_code from attempt
  where batch_id = $1 and closed_at > greatest(now() - make_interval(secs => $2), $3) and outcome <> all ($6::text[])
  order by closed_at desc limit $7
) newest
"""

_MEASURE = """
insert into caller_number (tenant_id, number, asked, answered, measured_at)
select $1, n.number, count(a.closed_at), count(a.answered_at), now()
from unnest($2::text[]) n(number) left join caller_number c on c.tenant_id = $1 and c.number = n.number left join lateral (
  select closed_at, answered_at from attempt
  where tenant_id = $1 and from_number = n.number and initiated_at is not null
    and closed_at > greatest(now() - make_interval(mins => $3), case when c.rests_until < now() then c.rests_until end)
  order by closed_at desc limit $4
) a on true where c.measured_at is null or c.measured_at < now() - interval '15 seconds' group by n.number order by n.number
on conflict (tenant_id, number) do update set asked = excluded.asked, answered = excluded.answered, measured_at = excluded.measured_at
returning number, used_at, asked, answered, rests_until
"""


class PaceRows:
    """Limits per second: the moments at which calls begin are kept here, so they hold over all processes. ``slots`` come in the order of
    ``rules.choice.slots``."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def hold_admission(self) -> None:
        """Wait for an admission under way; no call is admitted until the unit ends."""
        await admission.hold(self._connection)

    async def withdraw(self, batch_id: str) -> None:
        """Let the admitted calls of a batch that no process has taken wait again. Their status does not change."""
        await admission.withdraw(self._connection, batch_id)

    async def take(self, slots: Sequence[Slot], *, promised: bool = False) -> tuple[datetime | None, float]:
        """Begin a call now: the moment, or None and the seconds until every limit may allow it. ``promised``: the moment was reserved, so
        only calls that have begun count. ``slots`` come in the order of ``choice.slots``, in which the rows are locked."""
        if len(slots) == 1:
            # Other calls wait for the row until the unit ends.
            key, every = slots[0].key, slots[0].every
            taken_at = await self._connection.fetchval(_TAKE_ONE, *key, every, promised)
            if taken_at is not None:
                return taken_at, 0.0
        rows, now = await self._locked(slots)
        begun = [row["taken_at"] if promised else max(row["reserved_at"], row["taken_at"]) for row in rows]
        free = max(at + slot.every for at, slot in zip(begun, slots, strict=True))
        if free > now:
            return None, (free - now).total_seconds()
        await self._write(slots, "taken_at = $4, reserved_at = greatest(s.reserved_at, $4)", now)
        return now, 0.0

    async def reserve(self, slots: Sequence[Slot]) -> float:
        """Promise a call the next moment that every limit allows: the seconds until then."""
        rows, now = await self._locked(slots)
        at = max(now, *(row["reserved_at"] + slot.every for row, slot in zip(rows, slots, strict=True)))
        await self._write(slots, "reserved_at = $4", at)
        return float((at - now).total_seconds())

    async def _locked(self, slots: Sequence[Slot]) -> tuple[list[Any], datetime]:
        """The rows of the limits, locked in one order, and the time after that."""
        keys = _keys(slots)
        await self._connection.execute(
            "insert into dial_slot (tenant_id, kind, name, reserved_at, taken_at)"
            " select k.*, $4, $4 from unnest($1::text[], $2::text[], $3::text[]) k on conflict do nothing",
            *keys,
            _NEVER,
        )
        rows = await self._connection.fetch(
            "select s.reserved_at, s.taken_at from dial_slot s"
            " join unnest($1::text[], $2::text[], $3::text[]) k(tenant_id, kind, name) using (tenant_id, kind, name)"
            " order by s.tenant_id, s.kind, s.name for update of s",
            *keys,
        )
        return list(rows), await self._connection.fetchval("select clock_timestamp()")

    async def _write(self, slots: Sequence[Slot], assigned: str, at: datetime) -> None:
        await self._connection.execute(
            f"update dial_slot s set {assigned} from unnest($1::text[], $2::text[], $3::text[]) k(tenant_id, kind, name)"
            " where s.tenant_id = k.tenant_id and s.kind = k.kind and s.name = k.name",
            *_keys(slots),
            at,
        )

    async def of_batch(self, batch_id: str) -> tuple[Limit, bool]:
        """The limit that a batch sets, and whether it is paused; neither of one that was deleted."""
        row = await self._connection.fetchrow(
            "select pace, paused_at is not null as paused from batch where id = $1", batch_id
        )
        return (NO_LIMIT, False) if row is None else (BatchPace.stored(row["pace"]).limit, row["paused"])

    async def outcomes(self, batch_id: str, window_seconds: int, since: datetime | None) -> Outcomes:
        """How the newest attempts of a batch ended, of the last ``window_seconds`` and after ``since``; at most MAX_BREAKER_CALLS."""
        row = await self._connection.fetchrow(
            _ENDED,
            batch_id,
            float(window_seconds),
            since or _NEVER,
            list(FAILED_OUTCOMES),
            list(CONTACT_CODES),
            list(UNCOUNTED_OUTCOMES),
            MAX_BREAKER_CALLS,
        )
        return Outcomes(row["ended"], row["failed"])

    async def measure(self, tenant_id: str, numbers: Sequence[str], rest: Rest) -> list[NumberState]:
        """Count the newest attempts from each number in the window of ``rest``, at most MAX_REST_CALLS; those before its last rest count no
        more. Numbers that were measured within 15 seconds are left out."""
        rows = await self._connection.fetch(_MEASURE, tenant_id, sorted(numbers), rest.window_minutes, MAX_REST_CALLS)
        return [NumberState(**row) for row in rows]

    async def rest(self, tenant_id: str, number: str, until: datetime) -> None:
        """Let a number rest: batches with another one do not call from it until then."""
        await self._connection.execute(
            "update caller_number set rests_until = $3 where tenant_id = $1 and number = $2", tenant_id, number, until
        )

    async def resting(self, tenant_id: str, numbers: Sequence[str]) -> list[NumberState]:
        """Those of the numbers that rest now."""
        rows = await self._connection.fetch(
            "select number, used_at, asked, answered, rests_until from caller_number"
            " where tenant_id = $1 and number = any ($2) and rests_until > now() order by number",
            tenant_id,
            list(numbers),
        )
        return [NumberState(**row) for row in rows]


def _keys(slots: Sequence[Slot]) -> tuple[list[str], list[str], list[str]]:
    organisation_ids, kinds, names = zip(*(slot.key for slot in slots), strict=True)
    return list(organisation_ids), list(kinds), list(names)
