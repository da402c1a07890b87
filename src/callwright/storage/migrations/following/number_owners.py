"""Organisations to which phone numbers belong, by the operator's word."""

STATEMENTS = [
    """
create table number_owner (
  dialled text collate "C" primary key constraint number_owner_dialled check (dialled <> ''),
  tenant_id text collate "C" not null references tenant (id) on delete cascade,
  number text not null constraint number_owner_length check (length(number) between 1 and 200),
  proved_at timestamptz not null
)""",
    "create index number_owner_tenant on number_owner (tenant_id)",
]
