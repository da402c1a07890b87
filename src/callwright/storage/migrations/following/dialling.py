"""What decides whether a number may be dialled: the calling policies of organisations, and each decision that was made."""

STATEMENTS = [
    """
create table calling_policy (
  tenant_id text collate "C" primary key references tenant (id),
  body json not null,
  version integer not null check (version > 0),
  updated_at timestamptz not null
)""",
    # A decision outlives its execution: a number was dialled, whether or not the call, its agent or its batch is still there.
    # called: the number that the address names, in one form for all spellings, else the address.
    """
create table dial_decision (
  number bigint generated always as identity primary key,
  tenant_id text collate "C" not null references tenant (id),
  execution_id text collate "C" references execution (id) on delete set null,
  batch_id text collate "C",
  attempt integer not null check (attempt >= 0),
  step text collate "C" not null check (step in ('admission', 'dialling', 'transfer')),
  at timestamptz not null,
  verdict text collate "C" not null check (verdict in ('dial', 'wait', 'never')),
  rule text collate "C" not null check (rule <> ''),
  reason text not null,
  until timestamptz,
  called text collate "C" not null,
  inputs json not null,
  version text not null,
  constraint dial_decision_waits_until check ((verdict = 'wait') = (until is not null))
)""",
    "create index dial_decision_of on dial_decision (execution_id, number)",
    "create index dial_decision_of_batch on dial_decision (batch_id, rule, execution_id) where batch_id is not null",
    # How often a number was dialled.
    "create index dial_decision_dialled on dial_decision (called, at) where step = 'dialling' and verdict = 'dial'",
    # Of a decision only the execution may go.
    """
create function dial_decision_guard() returns trigger language plpgsql as $$
begin
  if new.execution_id is null and to_jsonb(new) - 'execution_id' = to_jsonb(old) - 'execution_id' then
    return new;
  end if;
  raise exception 'decision % was made and cannot change', old.number
    using errcode = 'check_violation', constraint = 'dial_decision_kept';
end $$""",
    "create trigger dial_decision_guard before update on dial_decision for each row execute function dial_decision_guard()",
    # What housekeeping deletes by its age.
    "create index dial_decision_without_execution on dial_decision (at) where execution_id is null",
]
