"""``platform.wallet.rows.WalletRows``. The rules of the ledger are the database's (``storage.migrations.campaigns.wallet``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from callwright.ops.crash_points import point
from callwright.platform.executions.rows.columns import COLUMNS, execution_of
from callwright.platform.executions.rules.execution import Execution, Phase
from callwright.platform.prices.rows import PostgresPriceRows
from callwright.platform.usage.rules import spent_by
from callwright.platform.wallet.rules import (
    ACCOUNTS,
    AVAILABLE,
    CAP_ACCOUNT,
    CAP_BATCH,
    CAP_CALL,
    RESERVED,
    SPENT,
    Attempted,
    Charge,
    Committed,
    Doubt,
    Entry,
    Posting,
    Wallet,
    cost_of_attempt,
    settlement,
)

_WALLET = "select w.tenant_id, w.enabled from wallet w join tenant t on w.tenant_id = coalesce(t.parent_id, t.id) where t.id = $1"
_COMMITTED = """
select
  exists (select from wallet_entry where execution_id = $2 and attempt = $7 and kind = 'reserve') as reserved,
  coalesce((select amount_nano from wallet_balance where tenant_id = $1 and account = $6), 0)::bigint as available_nano,
  coalesce((
    select sum(p.amount_nano) from wallet_entry e join wallet_posting p on p.entry_id = e.id
    where e.execution_id = $2 and p.account in ('reserved', 'spent')
  ), 0)::bigint as call_nano,
  coalesce(max(t.amount_nano) filter (where t.scope = 'batch'), 0)::bigint as batch_nano,
  coalesce(max(t.amount_nano) filter (where t.scope = 'day'), 0)::bigint as day_nano,
  coalesce(max(t.amount_nano) filter (where t.scope = 'account'), 0)::bigint as account_nano
from wallet_total_keys($3, $4, $5) k join wallet_total t on t.tenant_id = $1 and t.scope = k.scope and t.key = k.key
"""
_HELD = """
select coalesce(sum(p.amount_nano), 0)::bigint from execution x
join wallet_entry e on e.execution_id = x.id join wallet_posting p on p.entry_id = e.id
where {of} and x.status in ('initiated', 'ringing', 'in-progress', 'call-disconnected') and p.account = 'reserved'
"""
_ADD = """
with entry as (
  insert into wallet_entry (tenant_id, kind, account_id, execution_id, attempt, batch_id, day, before_nano, note)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id, at
), posted as (
  insert into wallet_posting (tenant_id, entry_id, account, amount_nano)
  select $1, entry.id, p.account, p.amount_nano from entry cross join unnest($10::text[], $11::bigint[]) p (account, amount_nano)
)
select id, at from entry
"""
# What was moved, by attempt. The source is the account that the reservation was taken from.
_ATTEMPTS = f"""
select e.tenant_id, e.account_id, e.execution_id, e.attempt, max(e.batch_id) as batch_id, min(e.day) as day,
  min(e.before_nano) as before_nano,
  coalesce(sum(p.amount_nano) filter (where p.account = '{RESERVED}'), 0)::bigint as reserved_nano,
  coalesce(sum(p.amount_nano) filter (where p.account = '{SPENT}'), 0)::bigint as spent_nano,
  min(p.account) filter (where e.kind = 'reserve' and p.account <> '{RESERVED}') as source
from wallet_entry e join wallet_posting p on p.entry_id = e.id
where {{}} group by e.tenant_id, e.account_id, e.execution_id, e.attempt order by e.attempt
"""
_STILL_RESERVING = f"""
select {COLUMNS} from execution where id = any($1::text[]) and (
  select sum(p.amount_nano) from wallet_entry e join wallet_posting p on p.entry_id = e.id
  where e.execution_id = execution.id and p.account = 'reserved'
) <> 0 order by id
"""
# The cost of an execution is that of domain.usage.spent_by.
_DOUBTFUL = """
select a.execution_id, a.reserved_nano, a.spent_nano, a.cost_nano from (
  select e.execution_id,
    coalesce(sum(p.amount_nano) filter (where p.account = 'reserved'), 0)::bigint as reserved_nano,
    coalesce(sum(p.amount_nano) filter (where p.account = 'spent'), 0)::bigint as spent_nano,
    x.total_cost_nano - (array_agg(e.before_nano order by e.attempt))[1] as cost_nano,
    x.phase
  from wallet_entry e join wallet_posting p on p.entry_id = e.id left join execution x on x.id = e.execution_id
  where e.tenant_id = $1 and e.execution_id is not null group by e.execution_id, x.id
) a where a.reserved_nano <> 0 or a.phase = 'done' and a.cost_nano <> a.spent_nano order by a.execution_id
"""
_ENTRIES = """
select e.id, e.kind, e.at, e.account_id, e.execution_id, e.attempt, e.batch_id, e.day, e.before_nano, e.note,
  array_agg(p.account order by p.account) as accounts, array_agg(p.amount_nano order by p.account) as amounts
from wallet_entry e join wallet_posting p on p.entry_id = e.id
where e.tenant_id = $1 and ($2::text is null or e.account_id = $2) and e.id > $3 group by e.id order by e.id limit $4
"""
_CONTRADICTIONS = """
select 'entry ' || e.id || ' moves ' || coalesce(sum(p.amount_nano), 0) || ' nano-cents out of nothing' as found
from wallet_entry e left join wallet_posting p on p.entry_id = e.id where e.tenant_id = $1
group by e.id having coalesce(sum(p.amount_nano), 1) <> 0
union all
select 'the balance of ' || account || ' is ' || coalesce(b.amount_nano, 0) || ' nano-cents, its postings sum to ' || coalesce(s.amount, 0)
from (select account, sum(amount_nano) as amount from wallet_posting where tenant_id = $1 group by 1) s
full join (select account, amount_nano from wallet_balance where tenant_id = $1) b using (account)
where coalesce(b.amount_nano, 0) <> coalesce(s.amount, 0)
union all
select 'the total of ' || scope || ' ' || key || ' is ' || coalesce(t.amount_nano, 0) || ' nano-cents, its postings sum to '
  || coalesce(s.amount, 0)
from (
  select k.scope, k.key, sum(p.amount_nano) as amount from wallet_entry e join wallet_posting p on p.entry_id = e.id
  cross join wallet_total_keys(e.account_id, e.day, e.batch_id) k
  where e.tenant_id = $1 and p.account in ('reserved', 'spent') group by 1, 2
) s full join (select scope, key, amount_nano from wallet_total where tenant_id = $1) t using (scope, key)
where coalesce(t.amount_nano, 0) <> coalesce(s.amount, 0)
order by 1
"""


class WalletRows:
    """The ledgers of organisations. What an entry moves sums to zero, nothing in them is ever changed, and an attempt reserves once and is
    settled once: rules of the storage."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.prices = PostgresPriceRows(connection)

    async def get(self, tenant_id: str) -> Wallet | None:
        """The wallet of a tenant's organisation; None where there never was one."""
        row = await self._connection.fetchrow(_WALLET, tenant_id)
        return None if row is None else Wallet(*row)

    async def lock(self, tenant_id: str) -> Wallet | None:
        """The same, locked until the unit ends, so that reservations are decided one after the other."""
        row = await self._connection.fetchrow(f"{_WALLET} for no key update of w", tenant_id)
        return None if row is None else Wallet(*row)

    async def put(self, organisation_id: str, *, enabled: bool | None = None) -> Wallet:
        """Make the organisation's wallet if it has none, switch it where ``enabled`` is given, and lock it."""
        row = await self._connection.fetchrow(
            "insert into wallet as w (tenant_id, enabled) values ($1, coalesce($2, false)) on conflict (tenant_id) do update"
            " set enabled = coalesce($2, w.enabled), changed_at = now() returning tenant_id, enabled",
            organisation_id,
            enabled,
        )
        return Wallet(*row)

    async def committed(self, wallet: Wallet, execution: Execution, day: date) -> Committed:
        """What is available, and reserved or spent already, by all that a reservation of ``execution`` is measured by."""
        return Committed(
            **await self._connection.fetchrow(
                _COMMITTED,
                wallet.organisation_id,
                execution.id,
                execution.tenant_id,
                day,
                execution.batch_id,
                AVAILABLE,
                execution.attempt,
            )
        )

    async def held(self, wallet: Wallet, execution: Execution, rule: str) -> int:
        """What calls under way have reserved of the sum that ``rule`` measures for ``execution``; 0 for a cap of one call."""
        if rule == CAP_BATCH:
            return int(await self._connection.fetchval(_HELD.format(of="x.batch_id = $1"), execution.batch_id))
        if rule == CAP_ACCOUNT:
            return int(await self._connection.fetchval(_HELD.format(of="x.tenant_id = $1"), execution.tenant_id))
        return 0 if rule == CAP_CALL else (await self.balances(wallet.organisation_id)).get(RESERVED, 0)

    async def add(self, organisation_id: str, entry: Entry) -> Entry:
        """Write an entry; returns it with its id and time. ConflictError for a second reservation or settlement of an attempt."""
        charge = entry.charge
        row = await self._connection.fetchrow(
            _ADD,
            organisation_id,
            entry.kind,
            *(
                (None,) * 6
                if charge is None
                else (
                    charge.account_id,
                    charge.execution_id,
                    charge.attempt,
                    charge.batch_id,
                    charge.day,
                    charge.before_nano,
                )
            ),
            entry.note,
            [posting.account for posting in entry.postings],
            [posting.amount_nano for posting in entry.postings],
        )
        return replace(entry, id=row["id"], at=row["at"])

    async def attempts(self, execution_id: str) -> list[Attempted]:
        """What the ledger has of the attempts of an execution that reserved money, the first one first."""
        rows = await self._connection.fetch(_ATTEMPTS.format("e.execution_id = $1"), execution_id)
        return [_attempted(row) for row in rows]

    async def balances(self, organisation_id: str) -> Mapping[str, int]:
        """Nano-cents by account; an account that nothing moved is missing."""
        rows = await self._connection.fetch(
            "select account, amount_nano from wallet_balance where tenant_id = $1", organisation_id
        )
        found = {row["account"]: int(row["amount_nano"]) for row in rows}
        return {account: found[account] for account in ACCOUNTS if account in found}

    async def entries(self, organisation_id: str, account_id: str | None, after: int, size: int) -> list[Entry]:
        """Up to ``size`` entries behind the id ``after``, oldest first; with ``account_id`` only those of its calls."""
        rows = await self._connection.fetch(_ENTRIES, organisation_id, account_id, after, size)
        return [_entry(row) for row in rows]

    async def known(self) -> list[Wallet]:
        """All wallets: for the operator, never for a request."""
        rows = await self._connection.fetch("select tenant_id, enabled from wallet order by tenant_id")
        return [Wallet(*row) for row in rows]

    async def contradictions(self, organisation_id: str) -> list[str]:
        """What in the ledger contradicts itself, a sentence each: entries that do not sum to zero, sums that are not those of the postings.
        Nothing, as long as the storage's rules hold."""
        return [str(row["found"]) for row in await self._connection.fetch(_CONTRADICTIONS, organisation_id)]

    async def doubtful(self, organisation_id: str) -> list[Doubt]:
        """Executions that reserve money, and those that are done and have spent another amount than they cost since."""
        return [Doubt(**row) for row in await self._connection.fetch(_DOUBTFUL, organisation_id)]


async def is_charged(connection: Any, after: Execution) -> bool:
    """Whether the change to ``after`` of a row that is locked makes the cost final of an execution that reserved money."""
    if not after.attempt or after.phase not in (Phase.WAITING, Phase.DONE):
        return False
    # Not read with the lock: a statement that waited for it does not see what was reserved meanwhile.
    return bool(await connection.fetchval("select exists (select from wallet_entry where execution_id = $1)", after.id))


async def settle(connection: Any, execution: Execution) -> None:
    """Charge what an attempt cost, once that is final (:func:`is_charged`), in place of what it reserved, and later what comes on top: in
    the unit of the change."""
    rows = WalletRows(connection)
    attempts = await rows.attempts(execution.id)
    known = next((one for one in attempts if one.charge.attempt == execution.attempt), None)
    if known is None:
        return
    entry = settlement(known, cost_of_attempt(attempts, known, spent_by(execution)["cost"]))
    if entry is not None:
        await rows.add(known.organisation_id, entry)
        point("wallet.settling")


async def settle_deleted(connection: Any, execution_ids: Sequence[str]) -> None:
    """Settle what executions that are about to be deleted still reserve, with what they have cost by now: nobody else could."""
    rows = await connection.fetch(_STILL_RESERVING, list(execution_ids))
    for row in rows:
        await settle(connection, execution_of(row))


def _attempted(row: Any) -> Attempted:
    charge = Charge(
        row["account_id"], row["execution_id"], row["attempt"], row["batch_id"], row["day"], row["before_nano"]
    )
    return Attempted(row["tenant_id"], charge, row["source"], int(row["reserved_nano"]), int(row["spent_nano"]))


def _entry(row: Any) -> Entry:
    charge = None
    if row["execution_id"] is not None:
        charge = Charge(
            row["account_id"], row["execution_id"], row["attempt"], row["batch_id"], row["day"], row["before_nano"]
        )
    postings = tuple(Posting(*one) for one in zip(row["accounts"], row["amounts"], strict=True))
    return Entry(row["kind"], postings, charge, row["note"], row["id"], row["at"])
