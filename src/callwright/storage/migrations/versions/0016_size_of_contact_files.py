"""How many bytes a file of contacts had, so that what accounts store can be bounded."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

STATEMENTS = [
    "alter table contact_file add column bytes bigint not null default 0 constraint contact_file_size check (bytes >= 0)",
    # Of those that are there the file itself is gone: what is kept of it is close.
    """
update contact_file f set bytes = coalesce(
  (select sum(octet_length(contact_number) + octet_length(data::text)) from contact c
   where c.tenant_id = f.tenant_id and c.file = f.name), 0)""",
]


def upgrade() -> None:
    """Count them."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Forget it."""
    op.execute("alter table contact_file drop column bytes")
