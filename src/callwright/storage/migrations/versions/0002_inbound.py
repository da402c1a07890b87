"""Calls that come in: the states in which an execution may begin, and the short names under which agents are called."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BEGINNING = [
    """
create table execution_beginning (
  direction text collate "C" not null,
  phase text collate "C" not null,
  detail text collate "C" not null,
  primary key (direction, phase, detail)
)""",
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
]

EXTENSION = [
    # One name for the whole platform, as a phone number would be: who calls it says nothing of a tenant.
    """
create table extension (
  name text collate "C" primary key constraint extension_form check (name ~ '^[a-z0-9._-]{1,32}$'),
  tenant_id text collate "C" not null references tenant (id),
  agent_id text collate "C" not null,
  created_at timestamptz not null,
  constraint extension_agent_of_tenant foreign key (tenant_id, agent_id) references agent (tenant_id, id) on delete cascade
)""",
    "create index extension_agent on extension (tenant_id, agent_id)",
]


def upgrade() -> None:
    """Create what is new."""
    for statement in (*BEGINNING, *EXTENSION):
        op.execute(statement)
