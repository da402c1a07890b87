"""Rows of the price book that are entered by the API. They belong to the operator: no organisation has prices of its own."""

STATEMENTS = [
    """
create table price (
  id text collate "C" primary key check (id <> ''),
  kind text collate "C" not null check (kind <> ''),
  provider text collate "C" not null check (length(provider) between 1 and 200),
  model text collate "C" not null check (length(model) between 1 and 200),
  nano_cents bigint not null constraint price_not_negative check (nano_cents >= 0),
  per bigint not null constraint price_per_positive check (per > 0),
  increment bigint not null constraint price_increment_positive check (increment > 0),
  valid_from timestamptz not null,
  source text not null check (length(source) <= 200),
  created_at timestamptz not null default now(),
  constraint price_of_a_model_has_a_provider check (provider <> '*' or model = '*'),
  constraint price_once unique (kind, provider, model, valid_from)
)""",
]
