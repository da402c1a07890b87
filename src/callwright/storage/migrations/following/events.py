"""Events of executions and batches in the order in which accounts read them."""

STATEMENTS = [
    "create sequence event_written",
    # body is null where the outbox of the same id has it. position is given after the commit (storage.events says why).
    """
create table event (
  written bigint primary key,
  id text collate "C" not null check (id <> ''),
  tenant_id text collate "C" not null references tenant (id),
  execution_id text collate "C" references execution (id) on delete cascade,
  batch_id text collate "C" references batch (id) on delete cascade,
  status text collate "C" not null,
  created_at timestamptz not null,
  body bytea,
  position bigint check (position > 0),
  constraint event_of_one_subject check (num_nonnulls(execution_id, batch_id) = 1)
)""",
    "create unique index event_of_execution on event (execution_id, id) where execution_id is not null",
    "create unique index event_of_batch on event (batch_id, id) where batch_id is not null",
    "create unique index event_position on event (tenant_id, position) where position is not null",
    "create index event_unordered on event (written) where position is null",
    # last: the newest position given. pruned: the newest position that is past its time and deleted.
    """
create table event_head (
  tenant_id text collate "C" primary key references tenant (id) on delete cascade,
  last bigint not null check (last > 0),
  pruned bigint not null default 0 check (pruned >= 0)
)""",
    # The number is drawn under the lock of the execution or batch, so that its events are written in the order of its changes.
    """
create function event_write() returns trigger language plpgsql as $$
begin
  if new.execution_id is not null then
    perform from execution where id = new.execution_id for no key update;
  else
    perform from batch where id = new.batch_id for no key update;
  end if;
  new.written := nextval('event_written');
  new.position := null;
  perform pg_notify('event_added', '');
  return new;
end $$""",
    "create trigger event_write before insert on event for each row execute function event_write()",
    """
create function event_guard() returns trigger language plpgsql as $$
begin
  if old.position is not null or (new.written, new.id, new.tenant_id, new.execution_id, new.batch_id, new.status, new.created_at, new.body)
    is distinct from
    (old.written, old.id, old.tenant_id, old.execution_id, old.batch_id, old.status, old.created_at, old.body) then
    raise exception 'event % was frozen at the change', old.id
      using errcode = 'check_violation', constraint = 'event_frozen';
  end if;
  return new;
end $$""",
    "create trigger event_guard before update on event for each row execute function event_guard()",
    # Every webhook is an event, whoever writes it. A batch may be gone before its last webhook.
    """
create function outbox_is_event() returns trigger language plpgsql as $$
begin
  insert into event (id, tenant_id, execution_id, status, created_at)
    values (new.id, new.tenant_id, new.execution_id, new.status, new.created_at);
  return null;
end $$""",
    "create trigger outbox_is_event after insert on outbox for each row execute function outbox_is_event()",
    """
create function batch_outbox_is_event() returns trigger language plpgsql as $$
begin
  insert into event (id, tenant_id, batch_id, status, created_at)
    select new.id, new.tenant_id, b.id, new.status, new.created_at from batch b where b.id = new.batch_id;
  return null;
end $$""",
    "create trigger batch_outbox_is_event after insert on batch_outbox for each row execute function batch_outbox_is_event()",
]
