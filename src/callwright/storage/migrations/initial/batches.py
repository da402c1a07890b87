"""Batches: lists of contacts that become executions one after the other, and the webhooks that tell how far a list is.

A contact waits in ``batch_contact`` until its execution is written; both happen in one transaction, so that none is lost and none is called
twice. A batch's executions stay when it is deleted: they are the record of what was dialled.
"""

STATEMENTS = [
    """
create table batch_transition (
  before text collate "C" not null,
  after text collate "C" not null,
  primary key (before, after)
)""",
    # A deleted batch stays, unseen, until the executions of its stopped contacts are written. contacts_failed_at: since when they
    # cannot be written.
    """
create table batch (
  id text collate "C" primary key constraint batch_id_form check (id ~ '^[0-9a-f]{32}$'),
  tenant_id text collate "C" not null references tenant (id),
  agent_id text collate "C" not null,
  status text collate "C" not null constraint batch_status_known check (
    status in ('created', 'processed', 'scheduled', 'queued', 'running', 'completed', 'stopped', 'failed')),
  created_at timestamptz not null,
  updated_at timestamptz not null constraint batch_updated_after_creation check (updated_at >= created_at),
  scheduled_at timestamptz,
  file_name text not null,
  from_numbers json not null,
  webhook_url text,
  retry_config json,
  bypass_call_guardrails boolean not null,
  total_contacts integer not null,
  valid_contacts integer not null,
  refused json not null,
  sandbox boolean not null default false,
  stand_ins json not null default '[]',
  deleted_at timestamptz,
  contacts_failed_at timestamptz,
  constraint batch_contacts_counted check (0 <= valid_contacts and valid_contacts <= total_contacts),
  constraint batch_has_a_time check (scheduled_at is not null or status in ('created', 'processed', 'failed')),
  constraint batch_agent_of_tenant foreign key (tenant_id, agent_id) references agent (tenant_id, id) on delete cascade
)""",
    "create index batch_newest on batch (tenant_id, agent_id, created_at desc, id desc)",
    "create index batch_due on batch (scheduled_at, id) where status = 'scheduled'",
    "create index batch_active on batch (scheduled_at, id) where status in ('queued', 'running')",
    "create index batch_ended on batch (updated_at) where status in ('completed', 'stopped', 'failed')",
    """
create function batch_guard() returns trigger language plpgsql as $$
begin
  if (new.id, new.tenant_id, new.agent_id, new.created_at) is distinct from (old.id, old.tenant_id, old.agent_id, old.created_at) then
    raise exception 'the identity of batch % cannot change', old.id
      using errcode = 'check_violation', constraint = 'batch_identity';
  end if;
  if new.status <> old.status
    and not exists (select from batch_transition t where t.before = old.status and t.after = new.status) then
    raise exception 'batch %: status % cannot follow %', old.id, new.status, old.status
      using errcode = 'check_violation', constraint = 'batch_status_transition';
  end if;
  return new;
end $$""",
    "create trigger batch_guard before update on batch for each row execute function batch_guard()",
    """
create table batch_contact (
  batch_id text collate "C" not null references batch (id) on delete cascade,
  position integer not null check (position > 0),
  line integer not null check (line > 0),
  execution_id uuid not null,
  number text not null,
  carrier text not null,
  user_data json not null,
  primary key (batch_id, position)
)""",
    "create unique index batch_contact_execution on batch_contact (execution_id)",
    # Figures of executions that retention has deleted.
    """
create table batch_pruned (
  batch_id text collate "C" not null references batch (id) on delete cascade,
  status text collate "C" not null,
  number bigint not null check (number > 0),
  cost bigint not null,
  answered bigint not null,
  talk_us bigint not null,
  primary key (batch_id, status)
)""",
    # As the outbox of executions, in order for each batch.
    """
create table batch_outbox (
  id text collate "C" primary key check (id <> ''),
  tenant_id text collate "C" not null references tenant (id),
  batch_id text collate "C" not null,
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
  constraint batch_outbox_sequence_once unique (batch_id, sequence),
  constraint batch_outbox_lease_whole check ((leased_by is null) = (leased_until is null)),
  constraint batch_outbox_settled_when_over check ((state = 'waiting') = (settled_at is null)),
  constraint batch_outbox_no_lease_when_over check (state = 'waiting' or leased_by is null)
)""",
    "create index batch_outbox_due on batch_outbox (tenant_id, due_at, id) where state = 'waiting' and due_at < 'infinity'",
    (
        "create index batch_outbox_failing on batch_outbox (failing_since)"
        " where state = 'waiting' and not passed and failing_since is not null"
    ),
    """
create function batch_outbox_number() returns trigger language plpgsql as $$
declare
  last record;
begin
  perform from batch where id = new.batch_id for no key update;
  select o.sequence, o.state = 'waiting' and not o.passed as holds_up into last
    from batch_outbox o where o.batch_id = new.batch_id order by o.sequence desc limit 1;
  new.sequence := coalesce(last.sequence, 0) + 1;
  if last.holds_up then
    new.due_at := 'infinity';
  end if;
  return new;
end $$""",
    "create trigger batch_outbox_number before insert on batch_outbox for each row execute function batch_outbox_number()",
    # What waits to be delivered outlives its batch; what was delivered goes with it, and the rest when it is settled (housekeeping).
    """
create function batch_webhooks_settled() returns trigger language plpgsql as $$
begin
  delete from batch_outbox where batch_id = old.id and state <> 'waiting';
  return null;
end $$""",
    "create trigger batch_webhooks_settled after delete on batch for each row execute function batch_webhooks_settled()",
]
