"""Decisions outlive their executions: a number was dialled, whether or not the call, its agent or its batch is still there."""

STATEMENTS = [
    "alter table dial_decision alter column execution_id drop not null",
    # Nothing else of a decision may change.
    """
create or replace function dial_decision_guard() returns trigger language plpgsql as $$
begin
  if new.execution_id is null and to_jsonb(new) - 'execution_id' = to_jsonb(old) - 'execution_id' then
    return new;
  end if;
  raise exception 'decision % was made and cannot change', old.number
    using errcode = 'check_violation', constraint = 'dial_decision_kept';
end $$""",
    (
        "alter table dial_decision drop constraint dial_decision_execution_id_fkey, add constraint dial_decision_execution_id_fkey"
        " foreign key (execution_id) references execution (id) on delete set null"
    ),
    # What housekeeping deletes by its age.
    "create index dial_decision_without_execution on dial_decision (at) where execution_id is null",
]
