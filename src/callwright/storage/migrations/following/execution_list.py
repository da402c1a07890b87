"""The list of executions over all agents: a narrow row of each that is done, and sums of these rows per day.

``execution`` is wide, and most of it is text that no list shows: a list, a filter and a sum read these tables alone.
"""

_KEY = """
  tenant_id text collate "C" not null references tenant (id) on delete cascade,
  day date not null,
  agent_id text collate "C" not null,
  direction text collate "C" not null,
  status text collate "C" not null,
  findings boolean not null
"""

_FIGURES = "agent_id, direction, status, answered, talk_ms, cost_nano, rules, waits_ms"

STATEMENTS = [
    """
create table execution_summary (
  execution_id text collate "C" primary key references execution (id) on delete cascade,
  tenant_id text collate "C" not null,
  agent_id text collate "C" not null,
  created_at timestamptz not null,
  status text collate "C" not null,
  direction text collate "C" not null,
  carrier text not null,
  number text collate "C" not null,
  batch_id text collate "C",
  answered boolean not null,
  talk_ms integer,
  turns integer not null,
  interruptions integer not null,
  waits_ms integer[] not null,
  wait_p50_ms integer,
  wait_max_ms integer,
  cost_nano bigint not null,
  rules text[] collate "C" not null,
  severities text[] collate "C" not null,
  summary text,
  dispositions text[] not null,
  ended_by text,
  ended_reason text,
  sandbox boolean not null,
  recorded boolean not null
)""",
    "create index execution_summary_newest on execution_summary (tenant_id, created_at desc, execution_id desc)",
    "create index execution_summary_agent on execution_summary (tenant_id, agent_id, created_at desc, execution_id desc)",
    "create index execution_summary_status on execution_summary (tenant_id, status, created_at desc, execution_id desc)",
    # What totals add up stands in three of the indexes, so that these are read alone.
    (
        "create index execution_summary_findings on execution_summary (tenant_id, created_at desc, execution_id desc)"
        f" include ({_FIGURES}) where rules <> '{{}}'"
    ),
    (
        "create index execution_summary_wait on execution_summary (tenant_id, wait_max_ms desc, execution_id desc)"
        f" include (created_at, {_FIGURES}) where wait_max_ms is not null"
    ),
    (
        "create index execution_summary_cost on execution_summary (tenant_id, cost_nano desc, execution_id desc)"
        " where cost_nano > 0"
    ),
    (
        "create index execution_summary_talk on execution_summary (tenant_id, talk_ms desc, execution_id desc)"
        " where talk_ms is not null"
    ),
    (
        "create index execution_summary_batch on execution_summary (tenant_id, batch_id, created_at desc, execution_id desc)"
        f" include ({_FIGURES}) where batch_id is not null"
    ),
    "create index execution_summary_number on execution_summary (tenant_id, number)",
    "create index execution_summary_number_end on execution_summary (tenant_id, reverse(number))",
    "create index execution_summary_dispositions on execution_summary using gin (dispositions)",
    f"""
create table execution_day (
  {_KEY},
  calls bigint not null,
  answered bigint not null,
  talk_ms bigint not null,
  cost_nano bigint not null,
  primary key (tenant_id, day, agent_id, direction, status, findings)
)""",
    # step: the wait in steps of 10 % (wait_step).
    f"""
create table execution_day_wait (
  {_KEY},
  step smallint not null,
  n bigint not null,
  primary key (tenant_id, day, agent_id, direction, status, findings, step)
)""",
    # What summaries add is only appended, so that no two calls that end at once wait for each other; housekeeping sums it up.
    f"""
create table execution_day_entry (
  id bigint generated always as identity primary key,
  {_KEY},
  times smallint not null,
  answered boolean not null,
  talk_ms bigint not null,
  cost_nano bigint not null,
  waits_ms integer[] not null
)""",
    "create index execution_day_entry_tenant on execution_day_entry (tenant_id, day)",
    "create function wait_step(ms integer) returns smallint language sql immutable return floor(ln(greatest(ms, 1)) / ln(1.1))::smallint",
    """
create function execution_summed() returns trigger language plpgsql as $$
begin
  if tg_op <> 'INSERT' then
    insert into execution_day_entry (tenant_id, day, agent_id, direction, status, findings, times, answered, talk_ms, cost_nano, waits_ms)
      select tenant_id, (created_at at time zone 'UTC')::date, agent_id, direction, status, rules <> '{}', -1, answered,
        coalesce(talk_ms, 0), cost_nano, waits_ms from old_rows order by execution_id;
  end if;
  if tg_op <> 'DELETE' then
    insert into execution_day_entry (tenant_id, day, agent_id, direction, status, findings, times, answered, talk_ms, cost_nano, waits_ms)
      select tenant_id, (created_at at time zone 'UTC')::date, agent_id, direction, status, rules <> '{}', 1, answered,
        coalesce(talk_ms, 0), cost_nano, waits_ms from new_rows order by execution_id;
  end if;
  return null;
end $$""",
    (
        "create trigger execution_summary_added after insert on execution_summary referencing new table as new_rows"
        " for each statement execute function execution_summed()"
    ),
    (
        "create trigger execution_summary_changed after update on execution_summary referencing old table as old_rows new table as new_rows"
        " for each statement execute function execution_summed()"
    ),
    (
        "create trigger execution_summary_removed after delete on execution_summary referencing old table as old_rows"
        " for each statement execute function execution_summed()"
    ),
    # Words of conversations are in a table of their own, so that the rows that every list reads stay narrow.
    # Without positions: a search asks whether a word is there.
    """
create table execution_words (
  execution_id text collate "C" primary key references execution_summary (execution_id) on delete cascade,
  tenant_id text collate "C" not null,
  created_at timestamptz not null,
  words tsvector not null
)""",
    "create index execution_words_found on execution_words using gin (words)",
    # A word of very many calls is looked for in the newest ones.
    "create index execution_words_newest on execution_words (tenant_id, created_at desc)",
    # Executions that were done before there was this table get their rows in the background (storage.execution_list.catch_up).
    # listed: only the words are missing.
    """
create table execution_summary_missing (
  execution_id text collate "C" primary key,
  listed boolean not null default false
)""",
    "create index execution_summary_unlisted on execution_summary_missing (execution_id) where not listed",
    "insert into execution_summary_missing (execution_id) select id from execution where phase = 'done'",
]
