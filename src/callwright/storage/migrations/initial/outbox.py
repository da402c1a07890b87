"""Webhooks of executions, in order for each execution."""

STATEMENTS = [
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
    "create index outbox_due on outbox (tenant_id, due_at, id) where state = 'waiting' and due_at < 'infinity'",
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
