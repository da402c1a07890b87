"""Usage of accounts, counted when a call is done, so that a month of it is a sum of a few thousand rows however many calls there were."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_LINE = """
  tenant_id text collate "C" not null references tenant (id),
  quarter timestamptz not null,
  kind text collate "C" not null,
  provider text collate "C" not null,
  model text collate "C" not null,
  records bigint not null,
  amount bigint not null,
  amount_output bigint not null,
  cost_nano bigint not null
"""

USAGE = [
    # What calls add is only appended, so that no two calls that end at once wait for each other; housekeeping sums it up.
    f"create table usage_entry (id bigint generated always as identity primary key, {_LINE})",
    "create index usage_entry_tenant on usage_entry (tenant_id, quarter)",
    f"create table usage_quarter ({_LINE}, primary key (tenant_id, quarter, kind, provider, model))",
    "create index execution_unfinished on execution (tenant_id, created_at) where phase <> 'done'",
]

_PLACE = "tenant_id, date_bin('15 minutes', created_at, timestamptz '2000-01-01 00:00:00+00')"
_INTO = "insert into usage_entry (tenant_id, quarter, kind, provider, model, records, amount, amount_output, cost_nano)"
_DONE = "from execution where phase = 'done'"

# Calls from before: their records say what each leg cost, and which models did how much, but not what each model cost.
BEFORE = [
    (
        f"{_INTO} select {_PLACE}, 'calls', '', status, 1, coalesce((record->>'conversation_ms')::bigint, 0), 0, total_cost_nano {_DONE}"
    ),
    *(
        f"{_INTO} select {_PLACE}, '{leg}', '', '', 0, 0, 0, (record->'cost_nano'->'legs'->>'{leg}')::bigint {_DONE}"
        f" and (record->'cost_nano'->'legs'->>'{leg}')::bigint <> 0"
        for leg in ("platform", "network", "llm")
    ),
    *(
        f"{_INTO} select {_PLACE}, '{leg}', coalesce(record->'usage_breakdown'->>'{leg}_provider', ''),"
        f" coalesce(record->'usage_breakdown'->>'{leg}_model', ''), 0,"
        f" round(coalesce((record->'usage_breakdown'->>'{amount}')::numeric, 0) * {factor})::bigint, 0,"
        f" coalesce((record->'cost_nano'->'legs'->>'{leg}')::bigint, 0) {_DONE}"
        f" and coalesce((record->'usage_breakdown'->>'{amount}')::numeric, 0) <> 0"
        for leg, amount, factor in (
            ("transcriber", "transcriber_duration", 1000),
            ("synthesizer", "synthesizer_characters", 1),
        )
    ),
    (
        f"{_INTO} select {_PLACE}, 'llm', '', m.key, 0, (m.value->>'input')::bigint, (m.value->>'output')::bigint, 0"
        " from execution, json_each(record->'usage_breakdown'->'llm_model') m where phase = 'done'"
    ),
]


def upgrade() -> None:
    """Create what is new and count what there is."""
    for statement in (*USAGE, *BEFORE):
        op.execute(statement)
