"""Sub-accounts of organisations with places of their own, and what a key may do, for whom, and when it was last used."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ACCOUNTS = [
    # A tenant is an organisation, or a sub-account of one: every row of a tenant is apart from every other tenant's without another rule.
    # Of an organisation min_concurrency is what its sub-accounts may be guaranteed together (null: all of its maximum).
    """
alter table tenant
  add column parent_id text collate "C" references tenant (id) constraint tenant_not_its_own_parent check (parent_id <> id),
  add column min_concurrency integer constraint tenant_minimum_not_negative check (min_concurrency >= 0),
  add column updated_at timestamptz not null default now(),
  add column deleted_at timestamptz,
  alter column max_concurrency drop not null,
  add constraint tenant_places_of_an_organisation check (parent_id is not null or max_concurrency is not null),
  add constraint tenant_places_of_a_sub_account check (parent_id is null or min_concurrency is not null),
  add constraint tenant_only_sub_accounts_go check (parent_id is not null or deleted_at is null)""",
    "create index tenant_sub_accounts on tenant (parent_id, created_at, id) where parent_id is not null",
    # A sub-account has no sub-accounts, and stays where it is.
    """
create function tenant_guard() returns trigger language plpgsql as $$
begin
  if new.parent_id is not null and (
    exists (select from tenant p where p.id = new.parent_id and p.parent_id is not null)
    or exists (select from tenant c where c.parent_id = new.id)
  ) then
    raise exception 'a sub-account has no sub-accounts' using errcode = 'check_violation', constraint = 'tenant_one_level';
  end if;
  if tg_op = 'UPDATE' and (new.id, new.parent_id) is distinct from (old.id, old.parent_id) then
    raise exception 'a tenant stays what it is' using errcode = 'check_violation', constraint = 'tenant_identity';
  end if;
  return new;
end $$""",
    "create trigger tenant_guard before insert or update on tenant for each row execute function tenant_guard()",
]

KEYS = [
    "alter table api_key drop constraint api_key_scope_check",
    # derived: the key can be computed again from the server's secret, so it can be shown again.
    """
alter table api_key
  add constraint api_key_scope_check check (scope in ('full', 'read', 'call')),
  add column role text not null default 'admin' constraint api_key_role_known check (role in ('admin', 'member')),
  add column holder text not null default '',
  add column derived boolean not null default false,
  add column used_at timestamptz""",
]


def upgrade() -> None:
    """Create what is new."""
    for statement in (*ACCOUNTS, *KEYS):
        op.execute(statement)
