"""Notices of batches that may have something to do, and of their webhooks: whoever releases and sends them need not look every second."""

STATEMENTS = [
    # The channel is the trigger's argument.
    """
create function told() returns trigger language plpgsql as $$
begin
  perform pg_notify(tg_argv[0], '');
  return null;
end $$""",
    (
        "create trigger batch_told after insert or update of status, scheduled_at on batch for each row"
        " when (new.status in ('scheduled', 'queued', 'running')) execute function told('batch_changed')"
    ),
    (
        "create trigger batch_outbox_added after insert on batch_outbox for each row"
        " when (new.due_at < 'infinity') execute function told('batch_outbox_added')"
    ),
    # One that nothing holds up any more, or that is sent again.
    (
        "create trigger batch_outbox_freed after update on batch_outbox for each row"
        " when (new.state = 'waiting' and new.due_at < 'infinity' and (old.state <> 'waiting' or old.due_at = 'infinity'))"
        " execute function told('batch_outbox_added')"
    ),
]
