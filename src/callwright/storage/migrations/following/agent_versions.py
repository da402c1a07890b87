"""What agents were before. The agents that are there begin with the version that they are."""

STATEMENTS = [
    """
create table agent_version (
  id text collate "C" primary key check (id <> ''),
  agent_id text collate "C" not null references agent (id) on delete cascade,
  tenant_id text collate "C" not null references tenant (id),
  revision integer not null check (revision > 0),
  name text not null,
  body json not null,
  saved_at timestamptz not null,
  saved_by text not null,
  saved_by_name text not null,
  unique (agent_id, revision)
)""",
    """
insert into agent_version (id, agent_id, tenant_id, revision, name, body, saved_at, saved_by, saved_by_name)
  select id || '.' || revision, id, tenant_id, revision, name, body, updated_at, '', '' from agent""",
]
