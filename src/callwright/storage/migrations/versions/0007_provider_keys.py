"""Provider keys, sealed under a data key of each tenant, and language models of tenants' own."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STATEMENTS = [
    """
create table data_key (
  tenant_id text collate "C" primary key references tenant (id),
  master text collate "C" not null constraint data_key_master_form check (master ~ '^[0-9a-f]{16}$'),
  wrapped bytea not null constraint data_key_wrapped check (octet_length(wrapped) = 61)
)""",
    # 1 byte of form, 12 of nonce, 16 of tag: a value that was forgotten to be sealed is refused.
    """
create table provider_key (
  id text collate "C" primary key check (id <> ''),
  tenant_id text collate "C" not null references data_key (tenant_id) on delete cascade,
  name text collate "C" not null constraint provider_key_name_form check (name ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$'),
  hint text not null constraint provider_key_hint_short check (length(hint) <= 2),
  sealed bytea not null constraint provider_key_sealed check (octet_length(sealed) > 29 and get_byte(sealed, 0) = 1),
  created_at timestamptz not null,
  updated_at timestamptz not null constraint provider_key_updated_later check (updated_at >= created_at)
)""",
    "create unique index provider_key_name on provider_key (tenant_id, upper(name))",
    """
create table custom_model (
  id text collate "C" primary key check (id <> ''),
  tenant_id text collate "C" not null references tenant (id),
  name text collate "C" not null check (name <> ''),
  url text not null constraint custom_model_url_form check (url ~ '^https?://'),
  model text not null check (model <> ''),
  created_at timestamptz not null,
  unique (tenant_id, name)
)""",
]


def upgrade() -> None:
    """Create what is new."""
    for statement in STATEMENTS:
        op.execute(statement)
