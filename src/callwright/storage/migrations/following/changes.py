"""What changes in the tables of the first revision."""

STATEMENTS = [
    # Nothing ever read or wrote it. The wallet has tables of its own.
    "alter table tenant drop column wallet_nano",
    "alter table api_key drop constraint api_key_scope_check",
    "alter table api_key add check (scope in ('full', 'read', 'call', 'operator'))",
    # lane: calls that wait for the same limits. Admission looks at the first calls of each lane, so one at its limit holds up no other.
    # Adding it writes the table anew, during which nothing else uses it.
    """
alter table execution
  add column rescheduled_at timestamptz,
  add column lane text collate "C" not null generated always as (
    case when batch_id is null then 'number ' || carrier || ' ' || from_number else 'batch ' || batch_id || ' ' || carrier end
    || case when retry_count > 0 then ' again' else '' end
  ) stored,
  drop constraint execution_scheduled,
  add constraint execution_scheduled check (detail not in ('scheduled', 'rescheduled') or scheduled_at is not null)""",
    "drop index execution_waiting",
    (
        "create index execution_waiting on execution (tenant_id, lane, due_at, id)"
        " where phase = 'waiting' and detail <> 'prepared'"
    ),
    "drop index execution_batch_open",
    "create index execution_batch_open on execution (batch_id, phase, due_at) where batch_id is not null and phase <> 'done'",
    # Attempts of earlier versions have none of these: no breaker and no number's rest counts them.
    """
alter table attempt
  add column tenant_id text collate "C" not null default '',
  add column batch_id text collate "C",
  add column from_number text not null default ''""",
    # How the newest attempts of a batch, and of one of our numbers, ended.
    (
        "create index attempt_of_batch on attempt (batch_id, closed_at desc) include (outcome, hangup_code)"
        " where batch_id is not null and closed_at is not null"
    ),
    (
        "create index attempt_of_number on attempt (tenant_id, from_number, closed_at desc) include (answered_at, initiated_at)"
        " where from_number <> '' and closed_at is not null"
    ),
    "alter table node add column late_ms integer not null default 0 check (late_ms >= 0)",
    """
alter table batch
  add column list_format json,
  add column pace json not null default '{}',
  add column paused_at timestamptz,
  add column paused_by text,
  add column paused_reason text,
  add column resumed_at timestamptz,
  add constraint batch_pause_whole check (
    (paused_at is null) = (paused_by is null) and (paused_at is null) = (paused_reason is null)
    and paused_by in ('request', 'breaker'))""",
    "alter table batch_contact add column written text not null default ''",
    # Rows of the list that are not called, for its report.
    """
create table batch_refused (
  batch_id text collate "C" not null references batch (id) on delete cascade,
  line integer not null check (line > 0),
  reason text not null,
  hint text not null,
  cells json not null,
  primary key (batch_id, line)
)""",
    # replays: how often it was sent again after it was over. hurried: the next try was asked for and does not count. endpoint: empty in
    # webhooks of earlier versions, which no endpoint's failures hold up.
    """
alter table outbox
  add column endpoint text collate "C" not null default '',
  add column replays integer not null default 0 check (replays >= 0),
  add column hurried boolean not null default false""",
    "drop index outbox_due",
    "create index outbox_due on outbox (tenant_id, endpoint, due_at, id) where state = 'waiting' and due_at < 'infinity'",
    # What is written together lies together, so that a range of time is found by an index that costs nothing at a change.
    "create index outbox_written on outbox using brin (created_at)",
    """
create or replace function outbox_guard() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    if pg_trigger_depth() < 2 then
      raise exception 'webhook % can only be deleted with its execution', old.id
        using errcode = 'check_violation', constraint = 'outbox_no_delete';
    end if;
    return old;
  end if;
  if old.state = 'delivered' and not (new.state = 'waiting' and new.replays = old.replays + 1) then
    raise exception 'webhook % was delivered and cannot change', old.id
      using errcode = 'check_violation', constraint = 'outbox_delivered_immutable';
  end if;
  if (new.id, new.tenant_id, new.execution_id, new.sequence, new.status, new.url, new.headers::text, new.body, new.created_at, new.endpoint)
    is distinct from
    (old.id, old.tenant_id, old.execution_id, old.sequence, old.status, old.url, old.headers::text, old.body, old.created_at, old.endpoint)
  then
    raise exception 'the content of webhook % was frozen at the change', old.id
      using errcode = 'check_violation', constraint = 'outbox_frozen';
  end if;
  return new;
end $$""",
    """
alter table batch_outbox
  add column endpoint text collate "C" not null default '',
  add column replays integer not null default 0 check (replays >= 0),
  add column hurried boolean not null default false""",
    "drop index batch_outbox_due",
    "create index batch_outbox_due on batch_outbox (tenant_id, endpoint, due_at, id) where state = 'waiting' and due_at < 'infinity'",
    # Agents that are deleted while their executions, of which there may be very many, are deleted a piece at a time.
    "alter table agent add column deleted_at timestamptz",
    # Beside the foreign key, whose agent is still there: none of a deleted agent is added. The lock is the one that the key takes.
    """
create or replace function execution_begin_guard() returns trigger language plpgsql as $$
begin
  if not exists (
    select from execution_beginning b
    where b.direction = new.direction and b.phase = new.phase and b.detail = new.detail
  ) then
    raise exception 'an % execution cannot begin %/%', new.direction, new.phase, new.detail
      using errcode = 'check_violation', constraint = 'execution_begins';
  end if;
  perform from agent a where a.tenant_id = new.tenant_id and a.id = new.agent_id and a.deleted_at is null for key share;
  if not found then
    raise exception 'execution %: there is no agent %', new.id, new.agent_id
      using errcode = 'foreign_key_violation', constraint = 'execution_agent_of_tenant';
  end if;
  return new;
end $$""",
    # Finding a call by the carrier's id: a carrier may send a request again, also to another life of the server.
    "create index execution_came_in on execution (provider_call_id) where direction = 'inbound'",
]
