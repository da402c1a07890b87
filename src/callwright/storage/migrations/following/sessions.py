"""Sessions of the dashboard, and the codes of sign-in links."""

STATEMENTS = [
    """
create table dashboard_session (
  id text collate "C" primary key check (id <> ''),
  tenant_id text collate "C" not null references tenant (id) on delete cascade,
  key_id text collate "C" not null references api_key (id) on delete cascade,
  digest bytea not null unique constraint dashboard_session_digest check (octet_length(digest) = 32),
  client text not null constraint dashboard_session_client_short check (length(client) <= 200),
  created_at timestamptz not null,
  used_at timestamptz not null constraint dashboard_session_used_later check (used_at >= created_at),
  expires_at timestamptz not null constraint dashboard_session_at_most_seven_days
    check (expires_at > created_at and expires_at <= created_at + interval '7 days')
)""",
    "create index dashboard_session_of_key on dashboard_session (key_id, used_at desc, id desc)",
    "create index dashboard_session_of_tenant on dashboard_session (tenant_id, used_at desc, id desc)",
    """
create table sign_in_code (
  digest bytea primary key constraint sign_in_code_digest check (octet_length(digest) = 32),
  tenant_id text collate "C" not null references tenant (id) on delete cascade,
  created_at timestamptz not null,
  expires_at timestamptz not null constraint sign_in_code_at_most_ten_minutes
    check (expires_at > created_at and expires_at <= created_at + interval '10 minutes')
)""",
    "create index sign_in_code_of_tenant on sign_in_code (tenant_id)",
]
