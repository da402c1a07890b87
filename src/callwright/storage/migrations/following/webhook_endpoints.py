"""Webhook endpoints that fail. One that answers has no row."""

STATEMENTS = [
    # endpoint has no secrets (domain.webhook_address). probe_at is null for one that said it is gone: only a person resumes it.
    """
create table webhook_endpoint (
  organisation_id text collate "C" not null references tenant (id) on delete cascade,
  endpoint text collate "C" not null check (endpoint <> ''),
  failures integer not null check (failures > 0),
  failing_since timestamptz not null,
  failed_at timestamptz not null,
  reason text not null,
  paused_at timestamptz,
  probe_at timestamptz,
  primary key (organisation_id, endpoint),
  constraint webhook_endpoint_probed_when_paused check (probe_at is null or paused_at is not null)
)""",
]
