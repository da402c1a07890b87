"""The whole schema. Databases of development versions from before it (revisions 0001 to 0021) are not upgraded.

Rules that must never break are constraints here, not only code.
"""

from alembic import op

from callwright.storage.migrations.initial import (
    accounts,
    batches,
    executions,
    numbers,
    outbox,
    questions,
    suppressions,
    uploads,
    usage,
)

revision = "0022"
down_revision = None
branch_labels = None
depends_on = None

IN_ORDER = (accounts, executions, outbox, usage, suppressions, questions, batches, numbers, uploads)


def upgrade() -> None:
    """Create everything."""
    for subject in IN_ORDER:
        for statement in subject.STATEMENTS:
            op.execute(statement)
