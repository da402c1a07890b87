"""Executions and their attempts, the tables of states they may be in, logs of calls, and the processes that hold them.

The tables of ``platform.executions.rules.execution`` are rows of ``execution_state``, ``status_transition``, ``phase_transition`` and
``execution_beginning``; ``storage.rules`` keeps those rows equal to the code at every migration.
"""

STATEMENTS = [
    """
create table execution_state (
  phase text collate "C" not null,
  detail text collate "C" not null,
  status text collate "C" not null,
  owned boolean not null,
  primary key (phase, detail),
  unique (status, phase, detail, owned)
)""",
    """
create table status_transition (
  before text collate "C" not null,
  after text collate "C" not null,
  primary key (before, after)
)""",
    """
create table phase_transition (
  before text collate "C" not null,
  after text collate "C" not null,
  primary key (before, after)
)""",
    """
create table execution_beginning (
  direction text collate "C" not null,
  phase text collate "C" not null,
  detail text collate "C" not null,
  primary key (direction, phase, detail)
)""",
    # due_at: when it may be admitted; phase_at: since when it is in its phase. Both are the database's clock and only for the storage.
    # JSON is stored as text (json, not jsonb): key order and unusual characters come back exactly as they came, and nothing queries it.
    """
create table execution (
  id text collate "C" primary key check (id <> ''),
  tenant_id text collate "C" not null references tenant (id),
  agent_id text collate "C" not null,
  status text collate "C" not null,
  phase text collate "C" not null,
  detail text collate "C" not null,
  attempt integer not null default 0 check (attempt >= 0),
  direction text not null check (direction in ('outbound', 'inbound')),
  carrier text not null,
  to_number text not null,
  from_number text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null constraint execution_updated_after_creation check (updated_at >= created_at),
  owner text collate "C" check (owner <> ''),
  owned boolean not null generated always as (owner is not null) stored,
  batch_id text collate "C",
  error_message text,
  scheduled_at timestamptz,
  initiated_at timestamptz,
  ringing_at timestamptz,
  answered_at timestamptz,
  ended_at timestamptz,
  completed_at timestamptz,
  provider_call_id text,
  hangup_by text,
  hangup_reason text,
  hangup_code integer,
  total_cost_nano bigint not null default 0 constraint execution_cost_not_negative check (total_cost_nano >= 0),
  retry_count integer not null default 0 check (retry_count >= 0),
  user_data json not null,
  options json not null,
  agent json not null,
  record json not null,
  answered_by_voice_mail boolean,
  due_at timestamptz not null default now(),
  phase_at timestamptz not null default now(),
  constraint execution_state_exists foreign key (status, phase, detail, owned)
    references execution_state (status, phase, detail, owned),
  constraint execution_agent_of_tenant foreign key (tenant_id, agent_id) references agent (tenant_id, id),
  constraint execution_attempted check (attempt > 0 or phase not in ('claimed', 'dialling', 'live', 'finishing')),
  constraint execution_scheduled check (detail <> 'scheduled' or scheduled_at is not null),
  constraint execution_times_ordered check (
    coalesce(initiated_at, created_at) >= created_at
    and coalesce(ringing_at, initiated_at, created_at) >= coalesce(initiated_at, created_at)
    and coalesce(answered_at, ringing_at, initiated_at, created_at) >= coalesce(ringing_at, initiated_at, created_at)
    and coalesce(ended_at, answered_at, ringing_at, initiated_at, created_at)
      >= coalesce(answered_at, ringing_at, initiated_at, created_at)
    and coalesce(completed_at, ended_at, answered_at, ringing_at, initiated_at, created_at)
      >= coalesce(ended_at, answered_at, ringing_at, initiated_at, created_at)
  )
)""",
    "create index execution_newest on execution (tenant_id, agent_id, created_at desc, id desc)",
    "create index execution_waiting on execution (tenant_id, due_at, id) where phase = 'waiting' and detail <> 'prepared'",
    "create index execution_admitted on execution (due_at, id) where phase = 'admitted'",
    "create index execution_busy on execution (tenant_id) where phase in ('admitted', 'claimed', 'dialling', 'live')",
    "create index execution_owner on execution (owner) where owner is not null",
    "create index execution_finishing on execution (phase_at) where phase = 'finishing'",
    "create index execution_ended on execution (created_at, id) where phase = 'done'",
    # How often a caller has called an agent.
    "create index execution_caller on execution (agent_id, (options ->> 'caller')) where direction = 'inbound'",
    "create index execution_batch on execution (batch_id, created_at, id) where batch_id is not null",
    # The counts of a batch are read from this index alone: they do not touch the wide rows of its executions.
    (
        "create index execution_batch_counts on execution (batch_id, status)"
        " include (total_cost_nano, answered_at, ended_at) where batch_id is not null"
    ),
    "create index execution_batch_open on execution (batch_id, phase) where batch_id is not null and phase <> 'done'",
    "create index execution_unfinished on execution (tenant_id, created_at) where phase <> 'done'",
    """
create function execution_guard() returns trigger language plpgsql as $$
begin
  if (new.id, new.tenant_id, new.agent_id, new.direction, new.created_at)
    is distinct from (old.id, old.tenant_id, old.agent_id, old.direction, old.created_at) then
    raise exception 'the identity of execution % cannot change', old.id
      using errcode = 'check_violation', constraint = 'execution_identity';
  end if;
  if new.status <> old.status
    and not exists (select from status_transition t where t.before = old.status and t.after = new.status) then
    raise exception 'execution %: status % cannot follow %', old.id, new.status, old.status
      using errcode = 'check_violation', constraint = 'execution_status_transition';
  end if;
  if new.phase <> old.phase then
    if not exists (select from phase_transition t where t.before = old.phase and t.after = new.phase) then
      raise exception 'execution %: phase % cannot follow %', old.id, new.phase, old.phase
        using errcode = 'check_violation', constraint = 'execution_phase_transition';
    end if;
    new.phase_at := now();
  end if;
  if new.attempt <> old.attempt
    and not (new.attempt = old.attempt + 1 and old.phase = 'admitted' and new.phase = 'claimed') then
    raise exception 'execution %: attempt % cannot follow %', old.id, new.attempt, old.attempt
      using errcode = 'check_violation', constraint = 'execution_attempt_sequence';
  end if;
  if old.owner is not null and new.owner is not null and new.owner <> old.owner then
    raise exception 'execution % belongs to another process', old.id
      using errcode = 'check_violation', constraint = 'execution_owner_kept';
  end if;
  return new;
end $$""",
    "create trigger execution_guard before update on execution for each row execute function execution_guard()",
    # A place became free when an execution leaves the busy phases: the pacer is woken as for a new one.
    """
create function execution_told() returns trigger language plpgsql as $$
begin
  perform pg_notify('execution_changed', new.id);
  if new.phase = 'waiting' or (tg_op = 'UPDATE' and old.owner is not null and new.owner is null) then
    perform pg_notify('execution_waiting', '');
  elsif new.phase = 'admitted' then
    perform pg_notify('execution_admitted', '');
  end if;
  return null;
end $$""",
    "create trigger execution_told after insert or update on execution for each row execute function execution_told()",
    """
create function execution_begin_guard() returns trigger language plpgsql as $$
begin
  if not exists (
    select from execution_beginning b
    where b.direction = new.direction and b.phase = new.phase and b.detail = new.detail
  ) then
    raise exception 'an % execution cannot begin %/%', new.direction, new.phase, new.detail
      using errcode = 'check_violation', constraint = 'execution_begins';
  end if;
  return new;
end $$""",
    "create trigger execution_begin_guard before insert on execution for each row execute function execution_begin_guard()",
    """
create table attempt (
  execution_id text collate "C" not null references execution (id) on delete cascade,
  attempt integer not null check (attempt > 0),
  owner text collate "C" not null check (owner <> ''),
  opened_at timestamptz not null default now(),
  initiated_at timestamptz,
  ringing_at timestamptz,
  answered_at timestamptz,
  ended_at timestamptz,
  provider_call_id text,
  hangup_by text,
  hangup_reason text,
  hangup_code integer,
  closed_at timestamptz check (closed_at >= opened_at),
  outcome text,
  primary key (execution_id, attempt),
  constraint attempt_outcome_when_closed check ((closed_at is null) = (outcome is null))
)""",
    "create unique index attempt_one_open on attempt (execution_id) where closed_at is null",
    # Slots: connections that add to the same hour of the same agent do not wait for each other. n may be negative in one slot.
    """
create table execution_count (
  agent_id text collate "C" not null references agent (id) on delete cascade,
  hour timestamptz not null,
  slot smallint not null,
  n bigint not null,
  primary key (agent_id, hour, slot)
) with (fillfactor = 70)""",
    """
create function execution_counted() returns trigger language plpgsql as $$
begin
  insert into execution_count as c (agent_id, hour, slot, n)
    select agent_id, date_trunc('hour', created_at, 'UTC'), pg_backend_pid() % 8, count(*) * (case tg_op when 'INSERT' then 1 else -1 end)
    from changed group by 1, 2 order by 1, 2
    on conflict (agent_id, hour, slot) do update set n = c.n + excluded.n;
  return null;
end $$""",
    (
        "create trigger execution_added after insert on execution referencing new table as changed"
        " for each statement execute function execution_counted()"
    ),
    (
        "create trigger execution_removed after delete on execution referencing old table as changed"
        " for each statement execute function execution_counted()"
    ),
    """
create table call_log (
  execution_id text collate "C" not null,
  attempt integer not null,
  section text collate "C" not null check (section in ('live', 'post')),
  chunk integer not null check (chunk >= 0),
  data bytea not null,
  primary key (execution_id, attempt, section, chunk),
  foreign key (execution_id, attempt) references attempt (execution_id, attempt) on delete cascade
)""",
    """
create table node (
  incarnation text collate "C" primary key check (incarnation <> ''),
  name text not null,
  counter bigint not null default 0 check (counter >= 0),
  started_at timestamptz not null default now(),
  beat_at timestamptz not null default now(),
  stopped_at timestamptz,
  dead_at timestamptz
)""",
]
