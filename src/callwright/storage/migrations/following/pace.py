"""Pace: when each limit per second last let a call through, and what is known of the numbers we call from."""

STATEMENTS = [
    # kind and name: what the limit is for (``platform.pace.rules.choice``). reserved_at: the last moment that was promised to a call;
    # taken_at: when the last call began.
    """
create table dial_slot (
  tenant_id text collate "C" not null references tenant (id),
  kind text collate "C" not null check (kind in ('account', 'carrier', 'number', 'batch')),
  name text collate "C" not null,
  reserved_at timestamptz not null,
  taken_at timestamptz not null,
  primary key (tenant_id, kind, name)
)""",
    """
create function batch_slot_goes() returns trigger language plpgsql as $$
begin
  delete from dial_slot where kind = 'batch' and name = old.id
    and tenant_id = (select coalesce(t.parent_id, t.id) from tenant t where t.id = old.tenant_id);
  return null;
end $$""",
    "create trigger batch_slot_goes after delete on batch for each row execute function batch_slot_goes()",
    # asked, answered: attempts from the number in the policy's window, and how many were answered.
    """
create table caller_number (
  tenant_id text collate "C" not null references tenant (id),
  number text collate "C" not null check (number <> ''),
  used_at timestamptz,
  asked integer not null default 0 check (asked >= 0),
  answered integer not null default 0 check (answered >= 0 and answered <= asked),
  measured_at timestamptz,
  rests_until timestamptz,
  primary key (tenant_id, number)
)""",
]
