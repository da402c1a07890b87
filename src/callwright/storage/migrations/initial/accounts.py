"""Accounts, their keys and agents, what is sealed for them, and the trail of what they changed."""

STATEMENTS = [
    """
create table platform (
  name text collate "C" primary key,
  value text not null
)""",
    # A tenant is an organisation, or a sub-account of one: every row of a tenant is apart from every other tenant's without another rule.
    # Of an organisation min_concurrency is what its sub-accounts may be guaranteed together (null: all of its maximum).
    """
create table tenant (
  id text collate "C" primary key check (id <> ''),
  name text not null,
  email text not null,
  max_concurrency integer check (max_concurrency >= 0),
  wallet_nano bigint not null default 0,
  created_at timestamptz not null default now(),
  parent_id text collate "C" references tenant (id) constraint tenant_not_its_own_parent check (parent_id <> id),
  min_concurrency integer constraint tenant_minimum_not_negative check (min_concurrency >= 0),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  constraint tenant_places_of_an_organisation check (parent_id is not null or max_concurrency is not null),
  constraint tenant_places_of_a_sub_account check (parent_id is null or min_concurrency is not null),
  constraint tenant_only_sub_accounts_go check (parent_id is not null or deleted_at is null)
)""",
    "create index tenant_sub_accounts on tenant (parent_id, created_at, id) where parent_id is not null",
    # A sub-account has no sub-accounts, and stays where it is.
    """
create function tenant_guard() returns trigger language plpgsql as $$
begin
  if new.parent_id is not null and (
    exists (select from tenant p where p.id = new.parent_id and p.parent_id is not null)
    or exists (select from tenant c where c.parent_id = new.id)
  ) then
    raise exception 'a sub-account has no sub-accounts' using errcode = 'check_violation', constraint = 'tenant_one_level';
  end if;
  if tg_op = 'UPDATE' and (new.id, new.parent_id) is distinct from (old.id, old.parent_id) then
    raise exception 'a tenant stays what it is' using errcode = 'check_violation', constraint = 'tenant_identity';
  end if;
  return new;
end $$""",
    "create trigger tenant_guard before insert or update on tenant for each row execute function tenant_guard()",
    # derived: the key can be computed again from the server's secret, so it can be shown again.
    """
create table api_key (
  id text collate "C" primary key check (id <> ''),
  tenant_id text collate "C" not null references tenant (id),
  name text not null,
  digest bytea not null unique check (octet_length(digest) between 16 and 64),
  last4 text not null check (length(last4) = 4),
  scope text not null check (scope in ('full', 'read', 'call')),
  created_at timestamptz not null,
  expires_at timestamptz constraint api_key_expires_later check (expires_at > created_at),
  revoked_at timestamptz,
  role text not null default 'admin' constraint api_key_role_known check (role in ('admin', 'member')),
  holder text not null default '',
  derived boolean not null default false,
  used_at timestamptz
)""",
    "create index api_key_tenant on api_key (tenant_id, created_at desc)",
    """
create table agent (
  id text collate "C" primary key check (id <> ''),
  tenant_id text collate "C" not null references tenant (id),
  name text not null,
  body json not null,
  revision integer not null check (revision > 0),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (tenant_id, id)
)""",
    "create index agent_newest on agent (tenant_id, created_at desc, id desc)",
    """
create function key_told() returns trigger language plpgsql as $$
begin
  perform pg_notify('key_changed', '');
  return null;
end $$""",
    (
        "create trigger key_told after delete or update of tenant_id, scope, expires_at, revoked_at, role, holder, digest on api_key"
        " for each statement execute function key_told()"
    ),
    "create trigger tenant_key_told after delete or update on tenant for each statement execute function key_told()",
    """
create table data_key (
  tenant_id text collate "C" primary key references tenant (id),
  master text collate "C" not null constraint data_key_master_form check (master ~ '^[0-9a-f]{16}$'),
  wrapped bytea not null constraint data_key_wrapped check (octet_length(wrapped) = 61)
)""",
    # 1 byte of form, 12 of nonce, 16 of tag: a value that was forgotten to be sealed is refused.
    """
create table provider_key (
  id text collate "C" primary key check (id <> ''),
  tenant_id text collate "C" not null references data_key (tenant_id) on delete cascade,
  name text collate "C" not null constraint provider_key_name_form check (name ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$'),
  hint text not null constraint provider_key_hint_short check (length(hint) <= 2),
  sealed bytea not null constraint provider_key_sealed check (octet_length(sealed) > 29 and get_byte(sealed, 0) = 1),
  created_at timestamptz not null,
  updated_at timestamptz not null constraint provider_key_updated_later check (updated_at >= created_at)
)""",
    "create unique index provider_key_name on provider_key (tenant_id, upper(name))",
    """
create table custom_model (
  id text collate "C" primary key check (id <> ''),
  tenant_id text collate "C" not null references tenant (id),
  name text collate "C" not null check (name <> ''),
  url text not null constraint custom_model_url_form check (url ~ '^https?://'),
  model text not null check (model <> ''),
  created_at timestamptz not null,
  unique (tenant_id, name)
)""",
    # Until held_until whoever has the key works; afterwards, without an answer, the key is free.
    """
create table idempotency (
  tenant_id text collate "C" not null references tenant (id),
  key text collate "C" not null check (key <> ''),
  request_digest text not null,
  http_status integer,
  body bytea,
  created_at timestamptz not null default now(),
  held_until timestamptz,
  primary key (tenant_id, key),
  constraint idempotency_answer_whole check ((http_status is null) = (body is null))
)""",
    "create index idempotency_age on idempotency (created_at)",
    """
create table audit (
  id bigint generated always as identity primary key,
  tenant_id text collate "C" not null references tenant (id),
  at timestamptz not null default now(),
  actor text not null check (actor <> ''),
  action text not null check (action <> ''),
  object_type text not null,
  object_id text not null,
  before json,
  after json
)""",
    "create index audit_newest on audit (tenant_id, id desc)",
    # Who changed this object: found without reading the whole trail of its tenant.
    "create index audit_object on audit (tenant_id, object_id, id desc)",
    """
create function audit_guard() returns trigger language plpgsql as $$
begin
  raise exception 'the audit trail is only ever added to' using errcode = 'check_violation', constraint = 'audit_append_only';
end $$""",
    "create trigger audit_guard before update or truncate on audit for each statement execute function audit_guard()",
    # Only retention deletes. It names in its own transaction the moment before which it deletes. Entries younger than 30 days stay
    # whatever it names: a wrong setting, or another program, cannot hide what was just done.
    """
create function audit_retention() returns trigger language plpgsql as $$
begin
  if old.at < nullif(current_setting('callwright.audit_deleted_before', true), '')::timestamptz and old.at < now() - interval '30 days' then
    return old;
  end if;
  raise exception 'the audit trail is only ever added to' using errcode = 'check_violation', constraint = 'audit_append_only';
end $$""",
    "create trigger audit_retention before delete on audit for each row execute function audit_retention()",
]
