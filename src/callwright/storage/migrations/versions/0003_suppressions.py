"""Numbers that are not called any more. That they are not is a rule of the database: it holds against every way of dialling, and against
a call that is placed while somebody says so."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SUPPRESSION = [
    """
create table suppression (
  tenant_id text collate "C" not null references tenant (id),
  number text collate "C" not null constraint suppression_number_form check (number <> '' and length(number) <= 200),
  reason text not null constraint suppression_reason_known check (reason in ('said', 'api')),
  execution_id text collate "C",
  said text,
  note text,
  created_at timestamptz not null,
  primary key (tenant_id, number),
  constraint suppression_said_in_a_call check (reason <> 'said' or (execution_id is not null and said is not null))
)""",
    "create index suppression_newest on suppression (tenant_id, created_at desc, number)",
    # What an address is known by: a SIP address without port, parameters and case, and also the number that is its user.
    """
create function address_keys(address text) returns text[] language sql immutable as $$
  select case when address ~* '^sips?:' then array_remove(array[
    lower(regexp_replace(regexp_replace(regexp_replace(address, ';.*$', ''), ':[0-9]+$', ''), '^sips:', 'sip:', 'i')),
    substring(address from '(?i)^sips?:(\\+[1-9][0-9]{6,14})@')
  ], null) else array[address] end
$$""",
    (
        "create function suppression_lock(tenant text, key text) returns bigint language sql immutable as"
        " $$ select hashtextextended(tenant || ' ' || key, 7) $$"
    ),
    # Whoever suppresses a number waits for those who are about to dial it, and whoever dials it waits for who suppresses it: the later one
    # sees what the earlier one did.
    """
create function suppression_guard() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock(suppression_lock(new.tenant_id, new.number));
  return new;
end $$""",
    "create trigger suppression_guard before insert on suppression for each row execute function suppression_guard()",
    """
create function execution_suppression_guard() returns trigger language plpgsql as $$
declare
  key text;
begin
  if new.direction <> 'outbound' then
    return new;
  end if;
  if tg_op = 'UPDATE' and (new.phase <> 'dialling' or old.phase = 'dialling') then
    return new;
  end if;
  for key in select k from unnest(address_keys(new.to_number)) k order by k loop
    perform pg_advisory_xact_lock_shared(suppression_lock(new.tenant_id, key));
  end loop;
  if exists (select from suppression s where s.tenant_id = new.tenant_id and s.number = any(address_keys(new.to_number))) then
    raise exception 'execution %: whoever is there asked not to be called any more', new.id
      using errcode = 'check_violation', constraint = 'execution_not_suppressed';
  end if;
  return new;
end $$""",
    (
        "create trigger execution_suppression_guard before insert or update on execution"
        " for each row execute function execution_suppression_guard()"
    ),
]


def upgrade() -> None:
    """Create what is new."""
    for statement in SUPPRESSION:
        op.execute(statement)
