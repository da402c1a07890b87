"""A key of idempotency can be held by work that is no transaction; entries of the audit trail past their time can be deleted."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

STATEMENTS = [
    # Until then whoever has the key works; afterwards, without an answer, the key is free.
    "alter table idempotency add column held_until timestamptz",
    # The trail is still only ever added to. Retention names in its own transaction the moment before which it deletes, and what is younger
    # than 30 days stays whatever it names: a wrong setting, or another program, cannot hide what was just done.
    "drop trigger audit_guard on audit",
    "create trigger audit_guard before update or truncate on audit for each statement execute function audit_guard()",
    """
create function audit_retention() returns trigger language plpgsql as $$
begin
  if old.at < nullif(current_setting('callwright.audit_deleted_before', true), '')::timestamptz and old.at < now() - interval '30 days' then
    return old;
  end if;
  raise exception 'the audit trail is only ever added to' using errcode = 'check_violation', constraint = 'audit_append_only';
end $$""",
    "create trigger audit_retention before delete on audit for each row execute function audit_retention()",
]


def upgrade() -> None:
    """Make room for both."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Neither."""
    for statement in (
        "drop trigger audit_retention on audit",
        "drop function audit_retention()",
        "drop trigger audit_guard on audit",
        "create trigger audit_guard before update or delete or truncate on audit for each statement execute function audit_guard()",
        "alter table idempotency drop column held_until",
    ):
        op.execute(statement)
