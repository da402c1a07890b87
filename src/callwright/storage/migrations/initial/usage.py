"""Usage of accounts, counted when a call is done, so that a month of it is a sum of a few thousand rows however many calls there were."""

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

STATEMENTS = [
    # What calls add is only appended, so that no two calls that end at once wait for each other; housekeeping sums it up.
    f"create table usage_entry (id bigint generated always as identity primary key, {_LINE})",
    "create index usage_entry_tenant on usage_entry (tenant_id, quarter)",
    f"create table usage_quarter ({_LINE}, primary key (tenant_id, quarter, kind, provider, model))",
]
