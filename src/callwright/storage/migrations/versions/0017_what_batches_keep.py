"""A batch keeps the figures of executions that retention has deleted, and its webhooks are delivered also when it is gone."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

STATEMENTS = [
    """
create table batch_pruned (
  batch_id text collate "C" not null references batch (id) on delete cascade,
  status text collate "C" not null,
  number bigint not null check (number > 0),
  cost bigint not null,
  answered bigint not null,
  talk_us bigint not null,
  primary key (batch_id, status)
)""",
    # What waits to be delivered outlives its batch; what was delivered goes with it, and the rest when it is settled (housekeeping).
    "alter table batch_outbox drop constraint batch_outbox_batch_id_fkey",
    """
create function batch_webhooks_settled() returns trigger language plpgsql as $$
begin
  delete from batch_outbox where batch_id = old.id and state <> 'waiting';
  return null;
end $$""",
    "create trigger batch_webhooks_settled after delete on batch for each row execute function batch_webhooks_settled()",
]


def upgrade() -> None:
    """Make room for both."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Webhooks of batches that are gone are dropped, and so are the figures."""
    op.execute("drop trigger batch_webhooks_settled on batch")
    op.execute("drop function batch_webhooks_settled()")
    op.execute("delete from batch_outbox o where not exists (select from batch b where b.id = o.batch_id)")
    op.execute(
        "alter table batch_outbox add constraint batch_outbox_batch_id_fkey"
        " foreign key (batch_id) references batch (id) on delete cascade"
    )
    op.execute("drop table batch_pruned")
