"""Agents that are deleted while their executions, of which there may be very many, are deleted a piece at a time."""

STATEMENTS = [
    "alter table agent add column deleted_at timestamptz",
    # Beside the foreign key, whose agent is still there: none of a deleted agent is added. The lock is the one that the key takes.
    """
create or replace function execution_begin_guard() returns trigger language plpgsql as $$
begin
  if not exists (
    select from execution_beginning b
    where b.direction = new.direction and b.phase = new.phase and b.detail = new.detail
  ) then
    raise exception 'an % execution cannot begin %/%', new.direction, new.phase, new.detail
      using errcode = 'check_violation', constraint = 'execution_begins';
  end if;
  perform from agent a where a.tenant_id = new.tenant_id and a.id = new.agent_id and a.deleted_at is null for key share;
  if not found then
    raise exception 'execution %: there is no agent %', new.id, new.agent_id
      using errcode = 'foreign_key_violation', constraint = 'execution_agent_of_tenant';
  end if;
  return new;
end $$""",
]
