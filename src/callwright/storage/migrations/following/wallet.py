"""Wallets: a double-entry ledger of each organisation. Its rules are here: what an entry moves sums to zero, nothing is ever changed, a
call's attempt reserves once and is settled once, and the sums beside the ledger are written by the ledger alone."""

STATEMENTS = [
    # The row of an organisation is locked by every reservation: one after the other looks at what is available.
    """
create table wallet (
  tenant_id text collate "C" primary key references tenant (id),
  enabled boolean not null default false,
  changed_at timestamptz not null default now()
)""",
    # account_id: whose call it was, the organisation's or a sub-account's. before_nano: what the execution had cost before the attempt.
    # Executions are deleted in time and their entries are not.
    """
create table wallet_entry (
  id bigint generated always as identity primary key,
  tenant_id text collate "C" not null references wallet (tenant_id),
  kind text collate "C" not null constraint wallet_entry_kind_known
    check (kind in ('top-up', 'correction', 'reserve', 'settle', 'extra')),
  at timestamptz not null default now(),
  account_id text collate "C",
  execution_id text collate "C",
  attempt integer constraint wallet_entry_attempt_positive check (attempt > 0),
  batch_id text collate "C",
  day date,
  before_nano bigint,
  note text,
  unique (tenant_id, id),
  constraint wallet_entry_of_an_attempt check (
    (kind in ('top-up', 'correction')) = (execution_id is null) and num_nulls(execution_id, attempt, account_id, day, before_nano) in (0, 5)
  ),
  constraint wallet_correction_explained check (kind <> 'correction' or coalesce(note, '') <> '')
)""",
    "create unique index wallet_entry_once on wallet_entry (execution_id, attempt, kind) where kind in ('reserve', 'settle')",
    "create index wallet_entry_execution on wallet_entry (execution_id, attempt) where execution_id is not null",
    "create index wallet_entry_account on wallet_entry (tenant_id, account_id, id)",
    """
create table wallet_posting (
  tenant_id text collate "C" not null,
  entry_id bigint not null,
  account text collate "C" not null constraint wallet_account_known
    check (account in ('available', 'postpaid', 'reserved', 'spent', 'topped_up')),
  amount_nano bigint not null constraint wallet_posting_moves check (amount_nano <> 0),
  primary key (entry_id, account),
  foreign key (tenant_id, entry_id) references wallet_entry (tenant_id, id)
)""",
    """
create table wallet_balance (
  tenant_id text collate "C" not null references wallet (tenant_id),
  account text collate "C" not null,
  amount_nano bigint not null,
  primary key (tenant_id, account)
) with (fillfactor = 50)""",
    # What is reserved and spent, by what caps are set for: an account, a UTC day, a batch.
    """
create table wallet_total (
  tenant_id text collate "C" not null references wallet (tenant_id),
  scope text collate "C" not null check (scope in ('account', 'day', 'batch')),
  key text collate "C" not null,
  amount_nano bigint not null,
  primary key (tenant_id, scope, key)
) with (fillfactor = 50)""",
    """
create function wallet_total_keys(account_id text, day date, batch_id text) returns table (scope text, key text) language sql stable as $$
  select 'account', account_id where account_id is not null
  union all select 'day', to_char(day, 'YYYY-MM-DD') where day is not null
  union all select 'batch', batch_id where batch_id is not null
$$""",
    # All postings of an entry come in one statement, and the sums follow them, in one order for whoever writes.
    """
create function wallet_posted() returns trigger language plpgsql as $$
declare
  wrong bigint;
begin
  select p.entry_id into wrong from posted p group by p.entry_id having sum(p.amount_nano) <> 0 limit 1;
  if wrong is not null then
    raise exception 'the postings of wallet entry % do not sum to zero', wrong
      using errcode = 'check_violation', constraint = 'wallet_entry_balanced';
  end if;
  insert into wallet_balance as b (tenant_id, account, amount_nano)
    select p.tenant_id, p.account, sum(p.amount_nano) from posted p group by 1, 2 order by 1, 2
    on conflict (tenant_id, account) do update set amount_nano = b.amount_nano + excluded.amount_nano;
  insert into wallet_total as t (tenant_id, scope, key, amount_nano)
    select p.tenant_id, k.scope, k.key, sum(p.amount_nano)
    from posted p join wallet_entry e on e.id = p.entry_id cross join wallet_total_keys(e.account_id, e.day, e.batch_id) k
    where p.account in ('reserved', 'spent') group by 1, 2, 3 having sum(p.amount_nano) <> 0 order by 1, 2, 3
    on conflict (tenant_id, scope, key) do update set amount_nano = t.amount_nano + excluded.amount_nano;
  return null;
end $$""",
    (
        "create trigger wallet_posted after insert on wallet_posting referencing new table as posted"
        " for each statement execute function wallet_posted()"
    ),
    """
create function wallet_entry_posted() returns trigger language plpgsql as $$
begin
  if not exists (select from wallet_posting p where p.entry_id = new.id) then
    raise exception 'wallet entry % moves nothing', new.id using errcode = 'check_violation', constraint = 'wallet_entry_moves';
  end if;
  return null;
end $$""",
    (
        "create constraint trigger wallet_entry_posted after insert on wallet_entry deferrable initially deferred"
        " for each row execute function wallet_entry_posted()"
    ),
    """
create function wallet_guard() returns trigger language plpgsql as $$
begin
  raise exception 'the wallet''s ledger is only ever added to' using errcode = 'check_violation', constraint = 'wallet_append_only';
end $$""",
    "create trigger wallet_entry_kept before update or delete on wallet_entry for each row execute function wallet_guard()",
    "create trigger wallet_posting_kept before update or delete on wallet_posting for each row execute function wallet_guard()",
    "create trigger wallet_entry_whole before truncate on wallet_entry for each statement execute function wallet_guard()",
    "create trigger wallet_posting_whole before truncate on wallet_posting for each statement execute function wallet_guard()",
    # Only wallet_posted writes the sums: what a statement of somebody else fires is no trigger within a trigger.
    """
create function wallet_sum_guard() returns trigger language plpgsql as $$
begin
  if pg_trigger_depth() < 2 or tg_op = 'DELETE' then
    raise exception 'only postings change the sums of a wallet' using errcode = 'check_violation', constraint = 'wallet_sum_derived';
  end if;
  return new;
end $$""",
    (
        "create trigger wallet_balance_derived before insert or update or delete on wallet_balance"
        " for each row execute function wallet_sum_guard()"
    ),
    (
        "create trigger wallet_total_derived before insert or update or delete on wallet_total"
        " for each row execute function wallet_sum_guard()"
    ),
]
