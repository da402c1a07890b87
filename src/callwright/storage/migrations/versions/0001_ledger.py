"""The ledger: tenants, keys, agents, executions, attempts, webhooks, call logs, nodes, idempotency and audit.

Rules that must never break are constraints here, not only code. The tables of ``domain.execution`` are rows of ``execution_state``,
``status_transition`` and ``phase_transition``; ``storage.rules`` keeps those rows equal to the code at every migration.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

PLATFORM = """
create table platform (
  name text collate "C" primary key,
  value text not null
)"""

RULES = [
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
]

TENANTS = [
    """
create table tenant (
  id text collate "C" primary key check (id <> ''),
  name text not null,
  email text not null,
  max_concurrency integer not null check (max_concurrency >= 0),
  wallet_nano bigint not null default 0,
  created_at timestamptz not null default now()
)""",
    """
create table api_key (
  id text collate "C" primary key check (id <> ''),
  tenant_id text collate "C" not null references tenant (id),
  name text not null,
  digest bytea not null unique check (octet_length(digest) between 16 and 64),
  last4 text not null check (length(last4) = 4),
  scope text not null check (scope in ('full', 'read')),
  created_at timestamptz not null,
  expires_at timestamptz constraint api_key_expires_later check (expires_at > created_at),
  revoked_at timestamptz
)""",
    "create index api_key_tenant on api_key (tenant_id, created_at desc)",
    """
create table agent (
  id text collate "C" primary key check (id <> ''),
  tenant_id text collate "C" not null references tenant (id),
  name text not null,
  body json not null,
  revision integer not null check (revision > 0),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (tenant_id, id)
)""",
    "create index agent_newest on agent (tenant_id, created_at desc, id desc)",
]

EXECUTION = [
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
]

OUTBOX = [
    # due_at is infinity while an earlier webhook of the execution holds this one up, so that what may go now is found by one small index
    # whatever is waiting behind it. passed: this one has failed for so long that it holds up nothing any more.
    """
create table outbox (
  id text collate "C" primary key check (id <> ''),
  tenant_id text collate "C" not null references tenant (id),
  execution_id text collate "C" not null references execution (id) on delete cascade,
  sequence integer not null check (sequence > 0),
  status text not null,
  url text not null,
  headers json not null,
  body bytea not null,
  state text not null default 'waiting' check (state in ('waiting', 'delivered', 'given_up')),
  tries integer not null default 0 check (tries >= 0),
  created_at timestamptz not null,
  due_at timestamptz not null default now(),
  failing_since timestamptz,
  passed boolean not null default false,
  leased_by text,
  leased_until timestamptz,
  settled_at timestamptz,
  http_status integer,
  answer text,
  gap boolean not null default false,
  constraint outbox_sequence_once unique (execution_id, sequence),
  constraint outbox_lease_whole check ((leased_by is null) = (leased_until is null)),
  constraint outbox_settled_when_over check ((state = 'waiting') = (settled_at is null)),
  constraint outbox_no_lease_when_over check (state = 'waiting' or leased_by is null)
)""",
    "create index outbox_due on outbox (due_at, id) where state = 'waiting' and due_at < 'infinity'",
    "create index outbox_failing on outbox (failing_since) where state = 'waiting' and not passed and failing_since is not null",
    # The number is given here, under the lock of the execution's row, so that no way of writing can leave a gap or use one twice.
    """
create function outbox_number() returns trigger language plpgsql as $$
declare
  last record;
begin
  perform from execution where id = new.execution_id for no key update;
  select o.sequence, o.state = 'waiting' and not o.passed as holds_up into last
    from outbox o where o.execution_id = new.execution_id order by o.sequence desc limit 1;
  new.sequence := coalesce(last.sequence, 0) + 1;
  -- The last one speaks for all: it could only go, or fail, when none before it held it up.
  if last.holds_up then
    new.due_at := 'infinity';
  else
    perform pg_notify('outbox_added', '');
  end if;
  return new;
end $$""",
    "create trigger outbox_number before insert on outbox for each row execute function outbox_number()",
    # Deleting is for the execution's own deletion, which arrives here through the foreign key's trigger (depth 2).
    """
create function outbox_guard() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    if pg_trigger_depth() < 2 then
      raise exception 'webhook % can only be deleted with its execution', old.id
        using errcode = 'check_violation', constraint = 'outbox_no_delete';
    end if;
    return old;
  end if;
  if old.state = 'delivered' then
    raise exception 'webhook % was delivered and cannot change', old.id
      using errcode = 'check_violation', constraint = 'outbox_delivered_immutable';
  end if;
  if (new.id, new.tenant_id, new.execution_id, new.sequence, new.status, new.url, new.headers::text, new.body, new.created_at)
    is distinct from
    (old.id, old.tenant_id, old.execution_id, old.sequence, old.status, old.url, old.headers::text, old.body, old.created_at) then
    raise exception 'the content of webhook % was frozen at the change', old.id
      using errcode = 'check_violation', constraint = 'outbox_frozen';
  end if;
  return new;
end $$""",
    "create trigger outbox_guard before update or delete on outbox for each row execute function outbox_guard()",
]

REST = [
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
    """
create table idempotency (
  tenant_id text collate "C" not null references tenant (id),
  key text collate "C" not null check (key <> ''),
  request_digest text not null,
  http_status integer,
  body bytea,
  created_at timestamptz not null default now(),
  primary key (tenant_id, key),
  constraint idempotency_answer_whole check ((http_status is null) = (body is null))
)""",
    "create index idempotency_age on idempotency (created_at)",
    """
create table audit (
  id bigint generated always as identity primary key,
  tenant_id text collate "C" not null references tenant (id),
  at timestamptz not null default now(),
  actor text not null check (actor <> ''),
  action text not null check (action <> ''),
  object_type text not null,
  object_id text not null,
  before json,
  after json
)""",
    "create index audit_newest on audit (tenant_id, id desc)",
    """
create function audit_guard() returns trigger language plpgsql as $$
begin
  raise exception 'the audit trail is only ever added to' using errcode = 'check_violation', constraint = 'audit_append_only';
end $$""",
    "create trigger audit_guard before update or delete or truncate on audit for each statement execute function audit_guard()",
]


def upgrade() -> None:
    """Create everything."""
    for statement in (PLATFORM, *RULES, *TENANTS, *EXECUTION, *OUTBOX, *REST):
        op.execute(statement)
