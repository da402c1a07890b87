"""The counts of a batch are read from an index alone: lists and progress of batches do not touch the wide rows of its executions."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The index has all that the counts need; it stands in for the one of batch and status alone."""
    op.execute(
        "create index execution_batch_counts on execution (batch_id, status)"
        " include (total_cost_nano, answered_at, ended_at) where batch_id is not null"
    )
    op.execute("drop index execution_batch_status")


def downgrade() -> None:
    """The index of batch and status alone."""
    op.execute("create index execution_batch_status on execution (batch_id, status) where batch_id is not null")
    op.execute("drop index execution_batch_counts")
