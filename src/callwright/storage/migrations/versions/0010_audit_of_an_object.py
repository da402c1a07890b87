"""Who changed this object: found without reading the whole audit trail of its tenant."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create what is new."""
    op.execute("create index audit_object on audit (tenant_id, object_id, id desc)")
