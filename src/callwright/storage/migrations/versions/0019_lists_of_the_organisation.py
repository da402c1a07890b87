"""What an organisation does not call, its sub-accounts do not call either."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

LISTS = [
    # The lists that bind a tenant: its own, and its organisation's. In an order of their own, so that locks are taken in one order.
    """
create function suppression_lists(whose text) returns setof text language sql stable as $$
  select l from (select whose union select t.parent_id from tenant t where t.id = whose and t.parent_id is not null) lists (l) order by l
$$""",
]

GUARD = """
create or replace function execution_suppression_guard() returns trigger language plpgsql as $$
declare
  lists text[];
  list text;
  key text;
begin
  if new.direction <> 'outbound' or (tg_op = 'INSERT' and new.detail = 'prepared') then
    return new;
  end if;
  if tg_op = 'UPDATE' and (new.phase <> 'dialling' or old.phase = 'dialling') then
    return new;
  end if;
  lists := {lists};
  foreach list in array lists loop
    for key in select k from unnest(address_keys(new.to_number)) k order by k loop
      perform pg_advisory_xact_lock_shared(suppression_lock(list, key));
    end loop;
  end loop;
  if exists (select from suppression s where s.tenant_id = any(lists) and s.number = any(address_keys(new.to_number))) then
    raise exception 'execution %: whoever is there asked not to be called any more', new.id
      using errcode = 'check_violation', constraint = 'execution_not_suppressed';
  end if;
  return new;
end $$"""


def upgrade() -> None:
    """Look at both lists."""
    for statement in (*LISTS, GUARD.format(lists="array(select suppression_lists(new.tenant_id))")):
        op.execute(statement)


def downgrade() -> None:
    """Look at the tenant's own list alone."""
    op.execute(GUARD.format(lists="array[new.tenant_id]"))
    op.execute("drop function suppression_lists(text)")
