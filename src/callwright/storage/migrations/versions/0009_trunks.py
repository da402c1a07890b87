"""SIP trunks, and the numbers that belong to them."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TRUNKS = [
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
    'alter table phone_number add column trunk_id text collate "C"',
    """
alter table phone_number add constraint phone_number_trunk foreign key (tenant_id, trunk_id)
  references sip_trunk (tenant_id, id) on delete cascade""",
    "alter table phone_number add constraint phone_number_of_trunk check ((kind = 'trunk') = (trunk_id is not null))",
    "create index phone_number_trunk_id on phone_number (trunk_id)",
]


def upgrade() -> None:
    """Create what is new."""
    for statement in TRUNKS:
        op.execute(statement)
