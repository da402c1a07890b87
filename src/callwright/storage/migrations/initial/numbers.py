"""Everything that can be called: extensions, numbers of SIP trunks, numbers of carriers; and the callers that an agent's own lists know."""

STATEMENTS = [
    # ``name``, ``inbound`` and ``networks`` are what the body says, in a form that can be looked up. ``sealed`` is the password.
    """
create table sip_trunk (
  id text collate "C" primary key check (id <> ''),
  tenant_id text collate "C" not null references tenant (id),
  name text not null,
  body json not null,
  sealed bytea,
  is_active boolean not null,
  inbound boolean not null,
  networks cidr[] not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (tenant_id, id),
  unique (tenant_id, name)
)""",
    # ``dialled`` is what is looked up when somebody calls: the number without its plus, or the name. An extension is one for the whole
    # platform, as a phone number would be: who calls it says nothing of a tenant. The agent may be one of a part of the tenant.
    """
create table phone_number (
  id text collate "C" primary key check (id <> ''),
  tenant_id text collate "C" not null references tenant (id),
  number text not null constraint phone_number_length check (length(number) between 1 and 200),
  dialled text collate "C" not null constraint phone_number_dialled check (dialled <> ''),
  kind text not null constraint phone_number_kind check (kind in ('extension', 'trunk', 'carrier')),
  provider text not null,
  name text,
  agent_tenant_id text collate "C",
  agent_id text collate "C",
  details json not null default '{}',
  created_at timestamptz not null,
  updated_at timestamptz not null,
  trunk_id text collate "C",
  constraint phone_number_agent foreign key (agent_tenant_id, agent_id) references agent (tenant_id, id)
    on delete set null (agent_tenant_id, agent_id),
  constraint phone_number_agent_whole check ((agent_id is null) = (agent_tenant_id is null)),
  constraint extension_form check (kind <> 'extension' or (number ~ '^[a-z0-9._-]{1,32}$' and dialled = number)),
  constraint phone_number_trunk foreign key (tenant_id, trunk_id) references sip_trunk (tenant_id, id) on delete cascade,
  constraint phone_number_of_trunk check ((kind = 'trunk') = (trunk_id is not null))
)""",
    "create unique index phone_number_extension on phone_number (dialled) where kind = 'extension'",
    "create unique index phone_number_once on phone_number (tenant_id, dialled) where kind <> 'extension'",
    "create index phone_number_called on phone_number (dialled)",
    "create index phone_number_newest on phone_number (tenant_id, created_at desc, id)",
    "create index phone_number_agent_id on phone_number (agent_id)",
    "create index phone_number_trunk_id on phone_number (trunk_id)",
    # A number outlives its agent; the short name of an agent goes with it.
    """
create function agent_extensions_go() returns trigger language plpgsql as $$
begin
  delete from phone_number where kind = 'extension' and agent_id = old.id;
  return old;
end $$""",
    "create trigger agent_extensions_go before delete on agent for each row execute function agent_extensions_go()",
    """
create table contact_file (
  tenant_id text collate "C" not null references tenant (id),
  name text collate "C" not null constraint contact_file_name check (length(name) between 1 and 200),
  columns json not null,
  contacts integer not null check (contacts >= 0),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  bytes bigint not null default 0 constraint contact_file_size check (bytes >= 0),
  primary key (tenant_id, name)
)""",
    """
create table contact (
  tenant_id text collate "C" not null,
  file text collate "C" not null,
  contact_number text collate "C" not null,
  data json not null,
  primary key (tenant_id, file, contact_number),
  foreign key (tenant_id, file) references contact_file (tenant_id, name) on delete cascade
)""",
]
