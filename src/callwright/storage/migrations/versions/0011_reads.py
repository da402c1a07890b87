"""Counts of executions by agent and hour, kept by the database, so that a page is found without counting; news of keys that changed."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

STATEMENTS = [
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
    (
        "insert into execution_count (agent_id, hour, slot, n)"
        " select agent_id, date_trunc('hour', created_at, 'UTC'), 0, count(*) from execution group by 1, 2"
    ),
    """
create function key_told() returns trigger language plpgsql as $$
begin
  perform pg_notify('key_changed', '');
  return null;
end $$""",
    (
        "create trigger key_told after delete or update of tenant_id, scope, expires_at, revoked_at, role, holder, digest on api_key"
        " for each statement execute function key_told()"
    ),
    "create trigger tenant_key_told after delete or update on tenant for each statement execute function key_told()",
]


def upgrade() -> None:
    """Create them, and count what is there."""
    for statement in STATEMENTS:
        op.execute(statement)
