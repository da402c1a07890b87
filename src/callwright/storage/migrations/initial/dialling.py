"""What decides whether a number may be dialled: the calling policies of organisations."""

STATEMENTS = [
    """
create table calling_policy (
  tenant_id text collate "C" primary key references tenant (id),
  body json not null,
  version integer not null check (version > 0),
  updated_at timestamptz not null
)""",
]
