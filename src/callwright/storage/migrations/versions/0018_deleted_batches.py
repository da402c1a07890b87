"""A batch that is deleted stays, unseen, until the executions of its stopped contacts are written."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Room for the moment."""
    op.execute("alter table batch add column deleted_at timestamptz")


def downgrade() -> None:
    """What was deleted goes, with the contacts that are left in it."""
    op.execute("delete from batch where deleted_at is not null")
    op.execute("alter table batch drop column deleted_at")
