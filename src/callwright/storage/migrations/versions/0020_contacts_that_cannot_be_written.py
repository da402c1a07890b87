"""Since when the contacts of a stopped batch cannot be written."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Room for the moment."""
    op.execute("alter table batch add column contacts_failed_at timestamptz")


def downgrade() -> None:
    """Forget it: what fails is found again by the next who tries."""
    op.execute("alter table batch drop column contacts_failed_at")
