"""Questions asked after a call, whose calls they are asked of, and the older extraction templates."""

STATEMENTS = [
    # number: several made in one request have the same time, and keep their order.
    """
create table disposition (
  id text collate "C" primary key check (id <> ''),
  tenant_id text collate "C" not null references tenant (id),
  body json not null,
  created_by text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  number bigint generated always as identity,
  unique (tenant_id, id)
)""",
    "create index disposition_oldest on disposition (tenant_id, created_at, number)",
    # Both sides with their tenant: a disposition can never be asked of another organisation's calls.
    """
create table agent_disposition (
  tenant_id text collate "C" not null,
  agent_id text collate "C" not null,
  disposition_id text collate "C" not null,
  number bigint generated always as identity,
  primary key (agent_id, disposition_id),
  constraint agent_disposition_agent foreign key (tenant_id, agent_id) references agent (tenant_id, id) on delete cascade,
  constraint agent_disposition_disposition foreign key (tenant_id, disposition_id)
    references disposition (tenant_id, id) on delete cascade
)""",
    "create index agent_disposition_of on agent_disposition (disposition_id)",
    """
create table extraction_template (
  id text collate "C" primary key check (id <> ''),
  tenant_id text collate "C" not null references tenant (id),
  body json not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  number bigint generated always as identity
)""",
    "create index extraction_template_oldest on extraction_template (tenant_id, created_at, number)",
]
