--
-- PostgreSQL database dump
--


-- Dumped from database version 18.6
-- Dumped by pg_dump version 18.6

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: pgqueuer_status; Type: TYPE; Schema: public; Owner: -
--

CREATE TYPE public.pgqueuer_status AS ENUM (
    'queued',
    'picked',
    'successful',
    'exception',
    'canceled',
    'deleted',
    'failed'
);


--
-- Name: address_keys(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.address_keys(address text) RETURNS text[]
    LANGUAGE sql IMMUTABLE
    AS $_$
  select case when address ~ '^[+][1-9][0-9]{6,14}$' then array[address] else (
    select case
      when address ~* '^sips?[:].*@' then array_remove(array[
        left('sip:' || coalesce(nullif(number, ''), lower(substring(address from '^[^:]*[:]([^;:@?]*)'))) || '@' || lower(host), 200),
        substring(number from '^[+][1-9][0-9]{6,14}$')
      ], null)
      when number <> '' then array[number]
      when address ~* '^sips?[:]' then array[
        lower(regexp_replace(regexp_replace(regexp_replace(address, ';.*$', ''), ':[0-9]+$', ''), '^sips:', 'sip:', 'i'))
      ]
      else array[address] end
    from named_number(address) number, regexp_replace(substring(address from '@([^;?]*)'), ':[0-9]+$', '') host
  ) end
$_$;


--
-- Name: agent_extensions_go(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.agent_extensions_go() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  delete from phone_number where kind = 'extension' and agent_id = old.id;
  return old;
end $$;


--
-- Name: audit_guard(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.audit_guard() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  raise exception 'the audit trail is only ever added to' using errcode = 'check_violation', constraint = 'audit_append_only';
end $$;


--
-- Name: audit_retention(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.audit_retention() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  if old.at < nullif(current_setting('callwright.audit_deleted_before', true), '')::timestamptz and old.at < now() - interval '30 days' then
    return old;
  end if;
  raise exception 'the audit trail is only ever added to' using errcode = 'check_violation', constraint = 'audit_append_only';
end $$;


--
-- Name: batch_guard(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.batch_guard() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  if (new.id, new.tenant_id, new.agent_id, new.created_at) is distinct from (old.id, old.tenant_id, old.agent_id, old.created_at) then
    raise exception 'the identity of batch % cannot change', old.id
      using errcode = 'check_violation', constraint = 'batch_identity';
  end if;
  if new.status <> old.status
    and not exists (select from batch_transition t where t.before = old.status and t.after = new.status) then
    raise exception 'batch %: status % cannot follow %', old.id, new.status, old.status
      using errcode = 'check_violation', constraint = 'batch_status_transition';
  end if;
  return new;
end $$;


--
-- Name: batch_outbox_number(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.batch_outbox_number() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
  last record;
begin
  perform from batch where id = new.batch_id for no key update;
  select o.sequence, o.state = 'waiting' and not o.passed as holds_up into last
    from batch_outbox o where o.batch_id = new.batch_id order by o.sequence desc limit 1;
  new.sequence := coalesce(last.sequence, 0) + 1;
  if last.holds_up then
    new.due_at := 'infinity';
  end if;
  return new;
end $$;


--
-- Name: batch_webhooks_settled(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.batch_webhooks_settled() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  delete from batch_outbox where batch_id = old.id and state <> 'waiting';
  return null;
end $$;


--
-- Name: execution_begin_guard(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.execution_begin_guard() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  if not exists (
    select from execution_beginning b
    where b.direction = new.direction and b.phase = new.phase and b.detail = new.detail
  ) then
    raise exception 'an % execution cannot begin %/%', new.direction, new.phase, new.detail
      using errcode = 'check_violation', constraint = 'execution_begins';
  end if;
  return new;
end $$;


--
-- Name: execution_counted(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.execution_counted() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  insert into execution_count as c (agent_id, hour, slot, n)
    select agent_id, date_trunc('hour', created_at, 'UTC'), pg_backend_pid() % 8, count(*) * (case tg_op when 'INSERT' then 1 else -1 end)
    from changed group by 1, 2 order by 1, 2
    on conflict (agent_id, hour, slot) do update set n = c.n + excluded.n;
  return null;
end $$;


--
-- Name: execution_guard(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.execution_guard() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  if (new.id, new.tenant_id, new.agent_id, new.direction, new.created_at)
    is distinct from (old.id, old.tenant_id, old.agent_id, old.direction, old.created_at) then
    raise exception 'the identity of execution % cannot change', old.id
      using errcode = 'check_violation', constraint = 'execution_identity';
  end if;
  if new.status <> old.status
    and not exists (select from status_transition t where t.before = old.status and t.after = new.status) then
    raise exception 'execution %: status % cannot follow %', old.id, new.status, old.status
      using errcode = 'check_violation', constraint = 'execution_status_transition';
  end if;
  if new.phase <> old.phase then
    if not exists (select from phase_transition t where t.before = old.phase and t.after = new.phase) then
      raise exception 'execution %: phase % cannot follow %', old.id, new.phase, old.phase
        using errcode = 'check_violation', constraint = 'execution_phase_transition';
    end if;
    new.phase_at := now();
  end if;
  if new.attempt <> old.attempt
    and not (new.attempt = old.attempt + 1 and old.phase = 'admitted' and new.phase = 'claimed') then
    raise exception 'execution %: attempt % cannot follow %', old.id, new.attempt, old.attempt
      using errcode = 'check_violation', constraint = 'execution_attempt_sequence';
  end if;
  if old.owner is not null and new.owner is not null and new.owner <> old.owner then
    raise exception 'execution % belongs to another process', old.id
      using errcode = 'check_violation', constraint = 'execution_owner_kept';
  end if;
  return new;
end $$;


--
-- Name: execution_suppression_guard(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.execution_suppression_guard() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
  lists text[];
  list text;
  key text;
begin
  if new.direction <> 'outbound' or (tg_op = 'INSERT' and new.detail = 'prepared') then
    return new;
  end if;
  if tg_op = 'UPDATE' and (new.phase <> 'dialling' or old.phase = 'dialling') then
    return new;
  end if;
  lists := array(select suppression_lists(new.tenant_id));
  foreach list in array lists loop
    for key in select k from unnest(address_keys(new.to_number)) k order by k loop
      perform pg_advisory_xact_lock_shared(suppression_lock(list, key));
    end loop;
  end loop;
  if exists (select from suppression s where s.tenant_id = any(lists) and s.number = any(address_keys(new.to_number))) then
    raise exception 'execution %: whoever is there asked not to be called any more', new.id
      using errcode = 'check_violation', constraint = 'execution_not_suppressed';
  end if;
  return new;
end $$;


--
-- Name: execution_told(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.execution_told() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  perform pg_notify('execution_changed', new.id);
  if new.phase = 'waiting' or (tg_op = 'UPDATE' and old.owner is not null and new.owner is null) then
    perform pg_notify('execution_waiting', '');
  elsif new.phase = 'admitted' then
    perform pg_notify('execution_admitted', '');
  end if;
  return null;
end $$;


--
-- Name: fn_pgqueuer_changed(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.fn_pgqueuer_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    to_emit BOOLEAN := false;  -- Flag to decide whether to emit a notification
BEGIN
    -- Check operation type and set the emit flag accordingly
    IF TG_OP = 'UPDATE' AND OLD IS DISTINCT FROM NEW THEN
        to_emit := true;
    ELSIF TG_OP = 'DELETE' THEN
        to_emit := true;
    ELSIF TG_OP = 'INSERT' THEN
        to_emit := true;
    ELSIF TG_OP = 'TRUNCATE' THEN
        to_emit := true;
    END IF;

    -- Perform notification if the emit flag is set
    IF to_emit THEN
        PERFORM pg_notify(
            'ch_pgqueuer',
            json_build_object(
                'channel', 'ch_pgqueuer',
                'operation', lower(TG_OP),
                'sent_at', NOW(),
                'table', TG_TABLE_NAME,
                'type', 'table_changed_event'
            )::text
        );
    END IF;

    -- Return appropriate value based on the operation
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        RETURN NEW;
    ELSIF TG_OP = 'DELETE' THEN
        RETURN OLD;
    ELSE
        RETURN NULL; -- For TRUNCATE and other non-row-specific contexts
    END IF;

END;
$$;


--
-- Name: key_told(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.key_told() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  perform pg_notify('key_changed', '');
  return null;
end $$;


--
-- Name: named_number(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.named_number(address text) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $_$
  select coalesce(regexp_replace(number, '^([+]|00)?([1-9][0-9]{6,14})$', '+\2'), '')
  from substring(
    translate(
      unescaped_user((regexp_match(btrim(address), '^(sips?[:](?=.*@|[^.]*$)|tel[:]|)([^;:@?]*)', 'i'))[2]),
      ' .()/-' || chr(160), ''
    ) from '^([+]?[0-9]+)([,;:@?&=$!~''].*)?$'
  ) number
$_$;


--
-- Name: outbox_guard(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.outbox_guard() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  if tg_op = 'DELETE' then
    if pg_trigger_depth() < 2 then
      raise exception 'webhook % can only be deleted with its execution', old.id
        using errcode = 'check_violation', constraint = 'outbox_no_delete';
    end if;
    return old;
  end if;
  if old.state = 'delivered' then
    raise exception 'webhook % was delivered and cannot change', old.id
      using errcode = 'check_violation', constraint = 'outbox_delivered_immutable';
  end if;
  if (new.id, new.tenant_id, new.execution_id, new.sequence, new.status, new.url, new.headers::text, new.body, new.created_at)
    is distinct from
    (old.id, old.tenant_id, old.execution_id, old.sequence, old.status, old.url, old.headers::text, old.body, old.created_at) then
    raise exception 'the content of webhook % was frozen at the change', old.id
      using errcode = 'check_violation', constraint = 'outbox_frozen';
  end if;
  return new;
end $$;


--
-- Name: outbox_number(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.outbox_number() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
  last record;
begin
  perform from execution where id = new.execution_id for no key update;
  select o.sequence, o.state = 'waiting' and not o.passed as holds_up into last
    from outbox o where o.execution_id = new.execution_id order by o.sequence desc limit 1;
  new.sequence := coalesce(last.sequence, 0) + 1;
  -- The last one speaks for all: it could only go, or fail, when none before it held it up.
  if last.holds_up then
    new.due_at := 'infinity';
  else
    perform pg_notify('outbox_added', '');
  end if;
  return new;
end $$;


--
-- Name: suppression_guard(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.suppression_guard() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  perform pg_advisory_xact_lock(suppression_lock(new.tenant_id, new.number));
  return new;
end $$;


--
-- Name: suppression_lists(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.suppression_lists(whose text) RETURNS SETOF text
    LANGUAGE sql STABLE
    AS $$
  select l from (select whose union select t.parent_id from tenant t where t.id = whose and t.parent_id is not null) lists (l) order by l
$$;


--
-- Name: suppression_lock(text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.suppression_lock(tenant text, key text) RETURNS bigint
    LANGUAGE sql IMMUTABLE
    AS $$ select hashtextextended(tenant || ' ' || key, 7) $$;


--
-- Name: tenant_guard(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.tenant_guard() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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
end $$;


--
-- Name: unescaped_user(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.unescaped_user(escaped text) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
  select case when position('%' in escaped) = 0 then escaped else (
    select string_agg(case when found[1] is null then found[2] else chr(('x' || found[1])::bit(8)::integer) end, '' order by place)
    from regexp_matches(escaped, '%([2-7][0-9A-Fa-f])|(%|[^%]+)', 'g') with ordinality matches (found, place)
  ) end
$$;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: agent; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.agent (
    id text NOT NULL COLLATE pg_catalog."C",
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL,
    body json NOT NULL,
    revision integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT agent_id_check CHECK ((id <> ''::text)),
    CONSTRAINT agent_revision_check CHECK ((revision > 0))
);


--
-- Name: agent_disposition; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.agent_disposition (
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    agent_id text NOT NULL COLLATE pg_catalog."C",
    disposition_id text NOT NULL COLLATE pg_catalog."C",
    number bigint NOT NULL
);


--
-- Name: agent_disposition_number_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.agent_disposition ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.agent_disposition_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: api_key; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.api_key (
    id text NOT NULL COLLATE pg_catalog."C",
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL,
    digest bytea NOT NULL,
    last4 text NOT NULL,
    scope text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    role text DEFAULT 'admin'::text NOT NULL,
    holder text DEFAULT ''::text NOT NULL,
    derived boolean DEFAULT false NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT api_key_digest_check CHECK (((octet_length(digest) >= 16) AND (octet_length(digest) <= 64))),
    CONSTRAINT api_key_expires_later CHECK ((expires_at > created_at)),
    CONSTRAINT api_key_id_check CHECK ((id <> ''::text)),
    CONSTRAINT api_key_last4_check CHECK ((length(last4) = 4)),
    CONSTRAINT api_key_role_known CHECK ((role = ANY (ARRAY['admin'::text, 'member'::text]))),
    CONSTRAINT api_key_scope_check CHECK ((scope = ANY (ARRAY['full'::text, 'read'::text, 'call'::text])))
);


--
-- Name: attempt; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.attempt (
    execution_id text NOT NULL COLLATE pg_catalog."C",
    attempt integer NOT NULL,
    owner text NOT NULL COLLATE pg_catalog."C",
    opened_at timestamp with time zone DEFAULT now() NOT NULL,
    initiated_at timestamp with time zone,
    ringing_at timestamp with time zone,
    answered_at timestamp with time zone,
    ended_at timestamp with time zone,
    provider_call_id text,
    hangup_by text,
    hangup_reason text,
    hangup_code integer,
    closed_at timestamp with time zone,
    outcome text,
    CONSTRAINT attempt_attempt_check CHECK ((attempt > 0)),
    CONSTRAINT attempt_check CHECK ((closed_at >= opened_at)),
    CONSTRAINT attempt_outcome_when_closed CHECK (((closed_at IS NULL) = (outcome IS NULL))),
    CONSTRAINT attempt_owner_check CHECK ((owner <> ''::text))
);


--
-- Name: audit; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.audit (
    id bigint NOT NULL,
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    at timestamp with time zone DEFAULT now() NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    object_type text NOT NULL,
    object_id text NOT NULL,
    before json,
    after json,
    CONSTRAINT audit_action_check CHECK ((action <> ''::text)),
    CONSTRAINT audit_actor_check CHECK ((actor <> ''::text))
);


--
-- Name: audit_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.audit ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: batch; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.batch (
    id text NOT NULL COLLATE pg_catalog."C",
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    agent_id text NOT NULL COLLATE pg_catalog."C",
    status text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    scheduled_at timestamp with time zone,
    file_name text NOT NULL,
    from_numbers json NOT NULL,
    webhook_url text,
    retry_config json,
    bypass_call_guardrails boolean NOT NULL,
    total_contacts integer NOT NULL,
    valid_contacts integer NOT NULL,
    refused json NOT NULL,
    sandbox boolean DEFAULT false NOT NULL,
    stand_ins json DEFAULT '[]'::json NOT NULL,
    deleted_at timestamp with time zone,
    contacts_failed_at timestamp with time zone,
    CONSTRAINT batch_contacts_counted CHECK (((0 <= valid_contacts) AND (valid_contacts <= total_contacts))),
    CONSTRAINT batch_has_a_time CHECK (((scheduled_at IS NOT NULL) OR (status = ANY (ARRAY['created'::text, 'processed'::text, 'failed'::text])))),
    CONSTRAINT batch_id_form CHECK ((id ~ '^[0-9a-f]{32}$'::text)),
    CONSTRAINT batch_status_known CHECK ((status = ANY (ARRAY['created'::text, 'processed'::text, 'scheduled'::text, 'queued'::text, 'running'::text, 'completed'::text, 'stopped'::text, 'failed'::text]))),
    CONSTRAINT batch_updated_after_creation CHECK ((updated_at >= created_at))
);


--
-- Name: batch_contact; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.batch_contact (
    batch_id text NOT NULL COLLATE pg_catalog."C",
    "position" integer NOT NULL,
    line integer NOT NULL,
    execution_id uuid NOT NULL,
    number text NOT NULL,
    carrier text NOT NULL,
    user_data json NOT NULL,
    CONSTRAINT batch_contact_line_check CHECK ((line > 0)),
    CONSTRAINT batch_contact_position_check CHECK (("position" > 0))
);


--
-- Name: batch_outbox; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.batch_outbox (
    id text NOT NULL COLLATE pg_catalog."C",
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    batch_id text NOT NULL COLLATE pg_catalog."C",
    sequence integer NOT NULL,
    status text NOT NULL,
    url text NOT NULL,
    headers json NOT NULL,
    body bytea NOT NULL,
    state text DEFAULT 'waiting'::text NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone DEFAULT now() NOT NULL,
    failing_since timestamp with time zone,
    passed boolean DEFAULT false NOT NULL,
    leased_by text,
    leased_until timestamp with time zone,
    settled_at timestamp with time zone,
    http_status integer,
    answer text,
    gap boolean DEFAULT false NOT NULL,
    CONSTRAINT batch_outbox_id_check CHECK ((id <> ''::text)),
    CONSTRAINT batch_outbox_lease_whole CHECK (((leased_by IS NULL) = (leased_until IS NULL))),
    CONSTRAINT batch_outbox_no_lease_when_over CHECK (((state = 'waiting'::text) OR (leased_by IS NULL))),
    CONSTRAINT batch_outbox_sequence_check CHECK ((sequence > 0)),
    CONSTRAINT batch_outbox_settled_when_over CHECK (((state = 'waiting'::text) = (settled_at IS NULL))),
    CONSTRAINT batch_outbox_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'delivered'::text, 'given_up'::text]))),
    CONSTRAINT batch_outbox_tries_check CHECK ((tries >= 0))
);


--
-- Name: batch_pruned; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.batch_pruned (
    batch_id text NOT NULL COLLATE pg_catalog."C",
    status text NOT NULL COLLATE pg_catalog."C",
    number bigint NOT NULL,
    cost bigint NOT NULL,
    answered bigint NOT NULL,
    talk_us bigint NOT NULL,
    CONSTRAINT batch_pruned_number_check CHECK ((number > 0))
);


--
-- Name: batch_transition; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.batch_transition (
    before text NOT NULL COLLATE pg_catalog."C",
    after text NOT NULL COLLATE pg_catalog."C"
);


--
-- Name: call_log; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.call_log (
    execution_id text NOT NULL COLLATE pg_catalog."C",
    attempt integer NOT NULL,
    section text NOT NULL COLLATE pg_catalog."C",
    chunk integer NOT NULL,
    data bytea NOT NULL,
    CONSTRAINT call_log_chunk_check CHECK ((chunk >= 0)),
    CONSTRAINT call_log_section_check CHECK ((section = ANY (ARRAY['live'::text, 'post'::text])))
);


--
-- Name: contact; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.contact (
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    file text NOT NULL COLLATE pg_catalog."C",
    contact_number text NOT NULL COLLATE pg_catalog."C",
    data json NOT NULL
);


--
-- Name: contact_file; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.contact_file (
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    columns json NOT NULL,
    contacts integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    bytes bigint DEFAULT 0 NOT NULL,
    CONSTRAINT contact_file_contacts_check CHECK ((contacts >= 0)),
    CONSTRAINT contact_file_name CHECK (((length(name) >= 1) AND (length(name) <= 200))),
    CONSTRAINT contact_file_size CHECK ((bytes >= 0))
);


--
-- Name: custom_model; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.custom_model (
    id text NOT NULL COLLATE pg_catalog."C",
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    url text NOT NULL,
    model text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT custom_model_id_check CHECK ((id <> ''::text)),
    CONSTRAINT custom_model_model_check CHECK ((model <> ''::text)),
    CONSTRAINT custom_model_name_check CHECK ((name <> ''::text)),
    CONSTRAINT custom_model_url_form CHECK ((url ~ '^https?://'::text))
);


--
-- Name: data_key; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.data_key (
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    master text NOT NULL COLLATE pg_catalog."C",
    wrapped bytea NOT NULL,
    CONSTRAINT data_key_master_form CHECK ((master ~ '^[0-9a-f]{16}$'::text)),
    CONSTRAINT data_key_wrapped CHECK ((octet_length(wrapped) = 61))
);


--
-- Name: disposition; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.disposition (
    id text NOT NULL COLLATE pg_catalog."C",
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    body json NOT NULL,
    created_by text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    number bigint NOT NULL,
    CONSTRAINT disposition_id_check CHECK ((id <> ''::text))
);


--
-- Name: disposition_number_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.disposition ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.disposition_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: execution; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.execution (
    id text NOT NULL COLLATE pg_catalog."C",
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    agent_id text NOT NULL COLLATE pg_catalog."C",
    status text NOT NULL COLLATE pg_catalog."C",
    phase text NOT NULL COLLATE pg_catalog."C",
    detail text NOT NULL COLLATE pg_catalog."C",
    attempt integer DEFAULT 0 NOT NULL,
    direction text NOT NULL,
    carrier text NOT NULL,
    to_number text NOT NULL,
    from_number text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    owner text COLLATE pg_catalog."C",
    owned boolean GENERATED ALWAYS AS ((owner IS NOT NULL)) STORED NOT NULL,
    batch_id text COLLATE pg_catalog."C",
    error_message text,
    scheduled_at timestamp with time zone,
    initiated_at timestamp with time zone,
    ringing_at timestamp with time zone,
    answered_at timestamp with time zone,
    ended_at timestamp with time zone,
    completed_at timestamp with time zone,
    provider_call_id text,
    hangup_by text,
    hangup_reason text,
    hangup_code integer,
    total_cost_nano bigint DEFAULT 0 NOT NULL,
    retry_count integer DEFAULT 0 NOT NULL,
    user_data json NOT NULL,
    options json NOT NULL,
    agent json NOT NULL,
    record json NOT NULL,
    answered_by_voice_mail boolean,
    due_at timestamp with time zone DEFAULT now() NOT NULL,
    phase_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT execution_attempt_check CHECK ((attempt >= 0)),
    CONSTRAINT execution_attempted CHECK (((attempt > 0) OR (phase <> ALL (ARRAY['claimed'::text, 'dialling'::text, 'live'::text, 'finishing'::text])))),
    CONSTRAINT execution_cost_not_negative CHECK ((total_cost_nano >= 0)),
    CONSTRAINT execution_direction_check CHECK ((direction = ANY (ARRAY['outbound'::text, 'inbound'::text]))),
    CONSTRAINT execution_id_check CHECK ((id <> ''::text)),
    CONSTRAINT execution_owner_check CHECK ((owner <> ''::text)),
    CONSTRAINT execution_retry_count_check CHECK ((retry_count >= 0)),
    CONSTRAINT execution_scheduled CHECK (((detail <> 'scheduled'::text) OR (scheduled_at IS NOT NULL))),
    CONSTRAINT execution_times_ordered CHECK (((COALESCE(initiated_at, created_at) >= created_at) AND (COALESCE(ringing_at, initiated_at, created_at) >= COALESCE(initiated_at, created_at)) AND (COALESCE(answered_at, ringing_at, initiated_at, created_at) >= COALESCE(ringing_at, initiated_at, created_at)) AND (COALESCE(ended_at, answered_at, ringing_at, initiated_at, created_at) >= COALESCE(answered_at, ringing_at, initiated_at, created_at)) AND (COALESCE(completed_at, ended_at, answered_at, ringing_at, initiated_at, created_at) >= COALESCE(ended_at, answered_at, ringing_at, initiated_at, created_at)))),
    CONSTRAINT execution_updated_after_creation CHECK ((updated_at >= created_at))
);


--
-- Name: execution_beginning; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.execution_beginning (
    direction text NOT NULL COLLATE pg_catalog."C",
    phase text NOT NULL COLLATE pg_catalog."C",
    detail text NOT NULL COLLATE pg_catalog."C"
);


--
-- Name: execution_count; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.execution_count (
    agent_id text NOT NULL COLLATE pg_catalog."C",
    hour timestamp with time zone NOT NULL,
    slot smallint NOT NULL,
    n bigint NOT NULL
)
WITH (fillfactor='70');


--
-- Name: execution_state; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.execution_state (
    phase text NOT NULL COLLATE pg_catalog."C",
    detail text NOT NULL COLLATE pg_catalog."C",
    status text NOT NULL COLLATE pg_catalog."C",
    owned boolean NOT NULL
);


--
-- Name: extraction_template; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.extraction_template (
    id text NOT NULL COLLATE pg_catalog."C",
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    body json NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    number bigint NOT NULL,
    CONSTRAINT extraction_template_id_check CHECK ((id <> ''::text))
);


--
-- Name: extraction_template_number_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.extraction_template ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.extraction_template_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: idempotency; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.idempotency (
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    key text NOT NULL COLLATE pg_catalog."C",
    request_digest text NOT NULL,
    http_status integer,
    body bytea,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    held_until timestamp with time zone,
    CONSTRAINT idempotency_answer_whole CHECK (((http_status IS NULL) = (body IS NULL))),
    CONSTRAINT idempotency_key_check CHECK ((key <> ''::text))
);


--
-- Name: knowledge_base; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.knowledge_base (
    id text NOT NULL COLLATE pg_catalog."C",
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    vector_id text NOT NULL COLLATE pg_catalog."C",
    source_type text NOT NULL,
    file_name text NOT NULL,
    status text NOT NULL,
    reason text,
    chunk_size integer NOT NULL,
    similarity_top_k integer NOT NULL,
    overlapping integer NOT NULL,
    language_support text,
    content bytea,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT knowledge_base_chunk_size_check CHECK ((chunk_size > 0)),
    CONSTRAINT knowledge_base_error_explained CHECK (((status <> 'error'::text) OR (reason IS NOT NULL))),
    CONSTRAINT knowledge_base_file_kept CHECK (((source_type <> 'pdf'::text) OR (content IS NOT NULL))),
    CONSTRAINT knowledge_base_file_name_check CHECK ((file_name <> ''::text)),
    CONSTRAINT knowledge_base_id_check CHECK ((id <> ''::text)),
    CONSTRAINT knowledge_base_overlap_smaller CHECK (((overlapping >= 0) AND (overlapping <= (chunk_size - 1)))),
    CONSTRAINT knowledge_base_similarity_top_k_check CHECK ((similarity_top_k > 0)),
    CONSTRAINT knowledge_base_source_known CHECK ((source_type = ANY (ARRAY['pdf'::text, 'url'::text]))),
    CONSTRAINT knowledge_base_status_known CHECK ((status = ANY (ARRAY['processing'::text, 'processed'::text, 'error'::text])))
);
ALTER TABLE ONLY public.knowledge_base ALTER COLUMN content SET STORAGE EXTERNAL;


--
-- Name: node; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.node (
    incarnation text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL,
    counter bigint DEFAULT 0 NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    beat_at timestamp with time zone DEFAULT now() NOT NULL,
    stopped_at timestamp with time zone,
    dead_at timestamp with time zone,
    CONSTRAINT node_counter_check CHECK ((counter >= 0)),
    CONSTRAINT node_incarnation_check CHECK ((incarnation <> ''::text))
);


--
-- Name: outbox; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.outbox (
    id text NOT NULL COLLATE pg_catalog."C",
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    execution_id text NOT NULL COLLATE pg_catalog."C",
    sequence integer NOT NULL,
    status text NOT NULL,
    url text NOT NULL,
    headers json NOT NULL,
    body bytea NOT NULL,
    state text DEFAULT 'waiting'::text NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone DEFAULT now() NOT NULL,
    failing_since timestamp with time zone,
    passed boolean DEFAULT false NOT NULL,
    leased_by text,
    leased_until timestamp with time zone,
    settled_at timestamp with time zone,
    http_status integer,
    answer text,
    gap boolean DEFAULT false NOT NULL,
    CONSTRAINT outbox_id_check CHECK ((id <> ''::text)),
    CONSTRAINT outbox_lease_whole CHECK (((leased_by IS NULL) = (leased_until IS NULL))),
    CONSTRAINT outbox_no_lease_when_over CHECK (((state = 'waiting'::text) OR (leased_by IS NULL))),
    CONSTRAINT outbox_sequence_check CHECK ((sequence > 0)),
    CONSTRAINT outbox_settled_when_over CHECK (((state = 'waiting'::text) = (settled_at IS NULL))),
    CONSTRAINT outbox_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'delivered'::text, 'given_up'::text]))),
    CONSTRAINT outbox_tries_check CHECK ((tries >= 0))
);


--
-- Name: own_track; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.own_track (
    id text NOT NULL COLLATE pg_catalog."C",
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    duration_ms integer NOT NULL,
    pcm bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT own_track_duration_ms_check CHECK ((duration_ms > 0)),
    CONSTRAINT own_track_id_check CHECK ((id <> ''::text)),
    CONSTRAINT own_track_name_check CHECK ((name <> ''::text)),
    CONSTRAINT own_track_whole_samples CHECK (((octet_length(pcm) > 0) AND ((octet_length(pcm) % 2) = 0)))
);
ALTER TABLE ONLY public.own_track ALTER COLUMN pcm SET STORAGE EXTERNAL;


--
-- Name: pgqueuer; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.pgqueuer (
    id bigint NOT NULL,
    priority integer NOT NULL,
    queue_manager_id uuid,
    created timestamp with time zone DEFAULT now() NOT NULL,
    updated timestamp with time zone DEFAULT now() NOT NULL,
    heartbeat timestamp with time zone DEFAULT now() NOT NULL,
    execute_after timestamp with time zone DEFAULT now() NOT NULL,
    status public.pgqueuer_status NOT NULL,
    entrypoint text NOT NULL,
    dedupe_key text,
    payload bytea,
    headers jsonb,
    attempts integer DEFAULT 0 NOT NULL,
    slot bigint
);


--
-- Name: pgqueuer_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.pgqueuer_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: pgqueuer_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.pgqueuer_id_seq OWNED BY public.pgqueuer.id;


--
-- Name: pgqueuer_log; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.pgqueuer_log (
    id bigint NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    job_id bigint NOT NULL,
    status public.pgqueuer_status NOT NULL,
    priority integer NOT NULL,
    entrypoint text NOT NULL,
    traceback jsonb,
    aggregated boolean DEFAULT false
);


--
-- Name: pgqueuer_log_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.pgqueuer_log ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.pgqueuer_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: pgqueuer_schedules; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.pgqueuer_schedules (
    id bigint NOT NULL,
    expression text NOT NULL,
    entrypoint text NOT NULL,
    heartbeat timestamp with time zone DEFAULT now() NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    updated timestamp with time zone DEFAULT now() NOT NULL,
    next_run timestamp with time zone DEFAULT now() NOT NULL,
    last_run timestamp with time zone,
    status public.pgqueuer_status DEFAULT 'queued'::public.pgqueuer_status
);


--
-- Name: pgqueuer_schedules_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.pgqueuer_schedules_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: pgqueuer_schedules_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.pgqueuer_schedules_id_seq OWNED BY public.pgqueuer_schedules.id;


--
-- Name: pgqueuer_statistics; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.pgqueuer_statistics (
    id bigint NOT NULL,
    created timestamp with time zone DEFAULT date_trunc('sec'::text, now()) NOT NULL,
    count bigint NOT NULL,
    priority integer NOT NULL,
    status public.pgqueuer_status NOT NULL,
    entrypoint text NOT NULL
);


--
-- Name: pgqueuer_statistics_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.pgqueuer_statistics_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: pgqueuer_statistics_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.pgqueuer_statistics_id_seq OWNED BY public.pgqueuer_statistics.id;


--
-- Name: phase_transition; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.phase_transition (
    before text NOT NULL COLLATE pg_catalog."C",
    after text NOT NULL COLLATE pg_catalog."C"
);


--
-- Name: phone_number; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.phone_number (
    id text NOT NULL COLLATE pg_catalog."C",
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    number text NOT NULL,
    dialled text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL,
    provider text NOT NULL,
    name text,
    agent_tenant_id text COLLATE pg_catalog."C",
    agent_id text COLLATE pg_catalog."C",
    details json DEFAULT '{}'::json NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    trunk_id text COLLATE pg_catalog."C",
    CONSTRAINT extension_form CHECK (((kind <> 'extension'::text) OR ((number ~ '^[a-z0-9._-]{1,32}$'::text) AND (dialled = number)))),
    CONSTRAINT phone_number_agent_whole CHECK (((agent_id IS NULL) = (agent_tenant_id IS NULL))),
    CONSTRAINT phone_number_dialled CHECK ((dialled <> ''::text)),
    CONSTRAINT phone_number_id_check CHECK ((id <> ''::text)),
    CONSTRAINT phone_number_kind CHECK ((kind = ANY (ARRAY['extension'::text, 'trunk'::text, 'carrier'::text]))),
    CONSTRAINT phone_number_length CHECK (((length(number) >= 1) AND (length(number) <= 200))),
    CONSTRAINT phone_number_of_trunk CHECK (((kind = 'trunk'::text) = (trunk_id IS NOT NULL)))
);


--
-- Name: platform; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.platform (
    name text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL
);


--
-- Name: provider_key; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.provider_key (
    id text NOT NULL COLLATE pg_catalog."C",
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    hint text NOT NULL,
    sealed bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT provider_key_hint_short CHECK ((length(hint) <= 2)),
    CONSTRAINT provider_key_id_check CHECK ((id <> ''::text)),
    CONSTRAINT provider_key_name_form CHECK ((name ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$'::text)),
    CONSTRAINT provider_key_sealed CHECK (((octet_length(sealed) > 29) AND (get_byte(sealed, 0) = 1))),
    CONSTRAINT provider_key_updated_later CHECK ((updated_at >= created_at))
);


--
-- Name: sip_trunk; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.sip_trunk (
    id text NOT NULL COLLATE pg_catalog."C",
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL,
    body json NOT NULL,
    sealed bytea,
    is_active boolean NOT NULL,
    inbound boolean NOT NULL,
    networks cidr[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT sip_trunk_id_check CHECK ((id <> ''::text))
);


--
-- Name: status_transition; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.status_transition (
    before text NOT NULL COLLATE pg_catalog."C",
    after text NOT NULL COLLATE pg_catalog."C"
);


--
-- Name: suppression; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.suppression (
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    number text NOT NULL COLLATE pg_catalog."C",
    reason text NOT NULL,
    execution_id text COLLATE pg_catalog."C",
    said text,
    note text,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT suppression_number_form CHECK (((number <> ''::text) AND (length(number) <= 200))),
    CONSTRAINT suppression_reason_known CHECK ((reason = ANY (ARRAY['said'::text, 'api'::text]))),
    CONSTRAINT suppression_said_in_a_call CHECK (((reason <> 'said'::text) OR ((execution_id IS NOT NULL) AND (said IS NOT NULL))))
);


--
-- Name: tenant; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.tenant (
    id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL,
    email text NOT NULL,
    max_concurrency integer,
    wallet_nano bigint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    parent_id text COLLATE pg_catalog."C",
    min_concurrency integer,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT tenant_id_check CHECK ((id <> ''::text)),
    CONSTRAINT tenant_max_concurrency_check CHECK ((max_concurrency >= 0)),
    CONSTRAINT tenant_minimum_not_negative CHECK ((min_concurrency >= 0)),
    CONSTRAINT tenant_not_its_own_parent CHECK ((parent_id <> id)),
    CONSTRAINT tenant_only_sub_accounts_go CHECK (((parent_id IS NOT NULL) OR (deleted_at IS NULL))),
    CONSTRAINT tenant_places_of_a_sub_account CHECK (((parent_id IS NULL) OR (min_concurrency IS NOT NULL))),
    CONSTRAINT tenant_places_of_an_organisation CHECK (((parent_id IS NOT NULL) OR (max_concurrency IS NOT NULL)))
);


--
-- Name: usage_entry; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.usage_entry (
    id bigint NOT NULL,
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    quarter timestamp with time zone NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    provider text NOT NULL COLLATE pg_catalog."C",
    model text NOT NULL COLLATE pg_catalog."C",
    records bigint NOT NULL,
    amount bigint NOT NULL,
    amount_output bigint NOT NULL,
    cost_nano bigint NOT NULL
);


--
-- Name: usage_entry_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.usage_entry ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.usage_entry_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: usage_quarter; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.usage_quarter (
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    quarter timestamp with time zone NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    provider text NOT NULL COLLATE pg_catalog."C",
    model text NOT NULL COLLATE pg_catalog."C",
    records bigint NOT NULL,
    amount bigint NOT NULL,
    amount_output bigint NOT NULL,
    cost_nano bigint NOT NULL
);


--
-- Name: violation; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.violation (
    id text NOT NULL COLLATE pg_catalog."C",
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    status text NOT NULL,
    execution_id text COLLATE pg_catalog."C",
    agent_id text COLLATE pg_catalog."C",
    from_number text NOT NULL,
    to_number text NOT NULL,
    date_of_call timestamp with time zone,
    email text NOT NULL,
    note text,
    file_name text,
    content bytea,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT violation_answer_kept CHECK (((status <> 'submitted'::text) OR (content IS NOT NULL))),
    CONSTRAINT violation_id_check CHECK ((id <> ''::text)),
    CONSTRAINT violation_status_known CHECK ((status = ANY (ARRAY['pending'::text, 'submitted'::text, 'accepted'::text, 'rejected'::text])))
);
ALTER TABLE ONLY public.violation ALTER COLUMN content SET STORAGE EXTERNAL;


--
-- Name: pgqueuer id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgqueuer ALTER COLUMN id SET DEFAULT nextval('public.pgqueuer_id_seq'::regclass);


--
-- Name: pgqueuer_schedules id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgqueuer_schedules ALTER COLUMN id SET DEFAULT nextval('public.pgqueuer_schedules_id_seq'::regclass);


--
-- Name: pgqueuer_statistics id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgqueuer_statistics ALTER COLUMN id SET DEFAULT nextval('public.pgqueuer_statistics_id_seq'::regclass);


--
-- Data for Name: agent; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.agent VALUES ('5eaccb5b-10b1-427b-827c-7be47308cbf7', '00000000-0000-4000-8000-000000000001', 'Trial', '{"agent_prompts":{"task_1":{"system_prompt":"Be brief."}},"agent_name":"Trial","agent_welcome_message":"Hello, this is a trial.","tasks":[{"task_type":"conversation","toolchain":{"execution":"parallel","pipelines":[["transcriber","llm","synthesizer"]]},"tools_config":{"llm_agent":{"provider":"scripted","model":"scripted","rules":[{"say":"Thank you, goodbye.","end_call":true}]}}}],"end_call_tool_mode":"auto"}', 1, '2026-11-29 08:03:35.928701+00', '2026-11-29 08:03:35.928701+00');


--
-- Data for Name: agent_disposition; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: api_key; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.api_key VALUES ('dadd35c0-962c-4635-aaff-c87a328dc59f', '00000000-0000-4000-8000-000000000001', 'trial', '\x1537a2a162373a3afbf009c057db28bd545280a85bd65789c794a106eec109f2', '6b4c', 'full', '2026-11-29 08:03:35.785354+00', NULL, NULL, 'admin', '', false, '2026-11-29 08:03:44.985817+00');


--
-- Data for Name: attempt; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.attempt VALUES ('fa4b75f9-3fb1-47aa-8049-251796d14768', 1, '32e2ccb8-32d0-4d47-9515-27e95aa87c4a', '2026-11-29 08:03:35.948425+00', '2026-11-29 08:03:35.959495+00', '2026-11-29 08:03:36.012725+00', '2026-11-29 08:03:37.013765+00', '2026-11-29 08:03:44.696227+00', 'loopback-fa4b75f9-3fb1-47aa-8049-251796d14768.1-1', 'API Request', 'end_call_tool', 4000, '2026-11-29 08:03:44.709035+00', 'completed');


--
-- Data for Name: audit; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (1, '00000000-0000-4000-8000-000000000001', '2026-11-29 08:03:35.783155+00', 'cli', 'key.created', 'key', 'dadd35c0-962c-4635-aaff-c87a328dc59f', NULL, '{"name":"trial","scope":"full","role":"admin","last4":"6b4c","tenant_id":"00000000-0000-4000-8000-000000000001"}');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (2, '00000000-0000-4000-8000-000000000001', '2026-11-29 08:03:35.928839+00', 'dadd35c0-962c-4635-aaff-c87a328dc59f', 'agent.created', 'agent', '5eaccb5b-10b1-427b-827c-7be47308cbf7', NULL, '{"agent_prompts":{"task_1":{"system_prompt":"Be brief."}},"agent_name":"Trial","agent_welcome_message":"Hello, this is a trial.","tasks":[{"task_type":"conversation","toolchain":{"execution":"parallel","pipelines":[["transcriber","llm","synthesizer"]]},"tools_config":{"llm_agent":{"provider":"scripted","model":"scripted","rules":[{"say":"Thank you, goodbye.","end_call":true}]}}}],"end_call_tool_mode":"auto"}');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (3, '00000000-0000-4000-8000-000000000001', '2026-11-29 08:03:35.937002+00', 'dadd35c0-962c-4635-aaff-c87a328dc59f', 'execution.placed', 'execution', 'fa4b75f9-3fb1-47aa-8049-251796d14768', NULL, '{"agent_id":"5eaccb5b-10b1-427b-827c-7be47308cbf7","scheduled_at":null}');


--
-- Data for Name: batch; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: batch_contact; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: batch_outbox; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: batch_pruned; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: batch_transition; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.batch_transition VALUES ('created', 'failed');
INSERT INTO public.batch_transition VALUES ('created', 'processed');
INSERT INTO public.batch_transition VALUES ('processed', 'scheduled');
INSERT INTO public.batch_transition VALUES ('queued', 'completed');
INSERT INTO public.batch_transition VALUES ('queued', 'running');
INSERT INTO public.batch_transition VALUES ('queued', 'stopped');
INSERT INTO public.batch_transition VALUES ('running', 'completed');
INSERT INTO public.batch_transition VALUES ('running', 'stopped');
INSERT INTO public.batch_transition VALUES ('scheduled', 'queued');
INSERT INTO public.batch_transition VALUES ('scheduled', 'stopped');


--
-- Data for Name: call_log; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.call_log VALUES ('fa4b75f9-3fb1-47aa-8049-251796d14768', 1, 'live', 0, '\x7b226167656e74223a7b226167656e745f6e616d65223a22547269616c222c226167656e745f70726f6d707473223a7b227461736b5f31223a7b2273797374656d5f70726f6d7074223a2242652062726965662e227d7d2c226167656e745f77656c636f6d655f6d657373616765223a2248656c6c6f2c2074686973206973206120747269616c2e222c22656e645f63616c6c5f746f6f6c5f6d6f6465223a226175746f222c227461736b73223a5b7b227461736b5f74797065223a22636f6e766572736174696f6e222c22746f6f6c636861696e223a7b22657865637574696f6e223a22706172616c6c656c222c22706970656c696e6573223a5b5b227472616e73637269626572222c226c6c6d222c2273796e74686573697a6572225d5d7d2c22746f6f6c735f636f6e666967223a7b226c6c6d5f6167656e74223a7b226d6f64656c223a227363726970746564222c2270726f7669646572223a227363726970746564222c2272756c6573223a5b7b22656e645f63616c6c223a747275652c22736179223a225468616e6b20796f752c20676f6f646279652e227d5d7d7d7d5d7d2c22617474656d7074223a312c22636f7265223a31372c22657865637574696f6e5f6964223a2266613462373566392d336662312d343761612d383034392d323531373936643134373638222c226c6f67223a312c2273656564223a313035313231353034323936383238313631312c22737461727465645f6174223a22323032362d31312d32395430383a30333a33352e3935383434322b30303a3030222c227661726961626c6573223a7b226167656e745f6964223a2235656163636235622d313062312d343237622d383237632d376265343733303863626637222c2263616c6c5f736964223a22222c2263757272656e745f64617465223a2253756e6461792c204e6f76656d6265722032392c2032303236222c2263757272656e745f74696d65223a2230383a30333a333520414d222c22657865637574696f6e5f6964223a2266613462373566392d336662312d343761612d383034392d323531373936643134373638222c2266726f6d5f6e756d626572223a222b3135353530313030222c2274696d657a6f6e65223a22555443222c22746f5f6e756d626572223a222b3135353530313233227d7d0a7b226174223a3334352c22646972223a22696e222c22736563223a22636f7265222c22736571223a312c2274797065223a2253746172746564222c2276223a7b22706c616e223a7b22616d6269656e74223a22222c2261706f6c6f67795f6d657373616765223a22536f7272792c204920646964206e6f742067657420746861742e20436f756c6420796f752073617920697420616761696e3f222c226261636b6368616e6e656c5f64656c61795f6d73223a353030302c226261636b6368616e6e656c5f6761705f6d73223a353030302c226261636b6368616e6e656c73223a66616c73652c226261636b6f66665f6d73223a302c2263616c6c5f7465726d696e6174655f6d73223a39303030302c22636865636b5f69665f757365725f6f6e6c696e65223a747275652c22646973636172645f7072655f77656c636f6d65223a66616c73652c22656e645f63616c6c5f746f6f6c223a66616c73652c22656e64706f696e74696e675f6d73223a3235302c226661696c7572655f6d657373616765223a22536f7272792c204920616d20686176696e6720746563686e6963616c2074726f75626c652e20476f6f646279652e222c2266696c6c657273223a66616c73652c2268616e6775705f61667465725f73696c656e63655f6d73223a31303030302c2268616e6775705f62795f70726f6d7074223a66616c73652c2268616e6775705f6d657373616765223a22222c2268616e6775705f70726f6d7074223a22222c22696e6372656d656e74616c5f64656c61795f6d73223a3430302c22696e7465727275707469626c655f676f6f64627965223a747275652c226b65795f746f6f6c73223a5b5d2c226b657973223a66616c73652c226b6579735f656e64223a2223222c226b6579735f696e74657272757074223a747275652c226b6579735f6d6f7374223a302c226b6579735f70617573655f6d73223a333030302c226c616e6775616765223a22656e222c226f70745f6f7574223a747275652c226f70745f6f75745f6d657373616765223a22556e64657273746f6f642e2057652077696c6c206e6f742063616c6c2074686973206e756d62657220616761696e2e20476f6f646279652e222c2270617469656e63655f6d73223a313030302c227265706c795f74696d656f75745f6d73223a32303030302c2273706563756c617465223a66616c73652c2273797374656d5f70726f6d7074223a2242652062726965662e222c22746f6f6c5f776f726473223a5b5d2c22746f6f6c73223a5b5d2c227472616e7366657273223a5b5d2c227475726e5f6d6f64656c223a66616c73652c227475726e5f7468726573686f6c645f70706d223a3335303030302c22757365725f6f6e6c696e655f61667465725f6d73223a31303030302c22757365725f6f6e6c696e655f6d657373616765223a224865792c2061726520796f75207374696c6c2074686572653f222c22766f6963656d61696c223a66616c73652c22766f6963656d61696c5f636865636b5f6d73223a373030302c22766f6963656d61696c5f6c697374656e5f6d73223a302c22766f6963656d61696c5f6d657373616765223a22222c22766f6963656d61696c5f77696e646f775f6d73223a33303030302c22766f6963656d61696c5f776f726473223a372c2277616974696e675f6d65737361676573223a5b5d2c2277656c636f6d655f62795f6d6f64656c223a66616c73652c2277656c636f6d655f64656c61795f6d73223a302c2277656c636f6d655f6d657373616765223a2248656c6c6f2c2074686973206973206120747269616c2e222c22776f7264735f746f5f696e74657272757074223a322c227772697474656e223a66616c73657d2c2273656564223a313035313231353034323936383238313631312c227661726961626c6573223a5b5b226167656e745f6964222c2235656163636235622d313062312d343237622d383237632d376265343733303863626637225d2c5b2263616c6c5f736964222c22225d2c5b2263757272656e745f64617465222c2253756e6461792c204e6f76656d6265722032392c2032303236225d2c5b2263757272656e745f74696d65222c2230383a30333a333520414d225d2c5b22657865637574696f6e5f6964222c2266613462373566392d336662312d343761612d383034392d323531373936643134373638225d2c5b2266726f6d5f6e756d626572222c222b3135353530313030225d2c5b2274696d657a6f6e65222c22555443225d2c5b22746f5f6e756d626572222c222b3135353530313233225d5d7d7d0a7b226174223a3638352c22646972223a2266616374222c22736563223a22636f7265222c22736571223a322c2274797065223a2273616e64626f78222c2276223a7b227374616e645f696e73223a5b7b226c6567223a226c696e65222c22726561736f6e223a22746865206361727269657220276c6f6f706261636b272072696e6773206e6f2070686f6e65732c20697420706c6179732073796e7468657469632063616c6c6572733b206e6f626f647927732070686f6e652072616e67222c2272656d656479223a22504f5354202f7369702d7472756e6b732f7472756e6b73222c2275736564223a226c6f6f706261636b222c2277616e746564223a2264656661756c74227d5d7d7d0a7b226174223a3831372c22646972223a2266616374222c22736563223a22636f7265222c22736571223a332c2274797065223a2270726f76696465725f636f6e6e6563746564222c2276223a7b226b696e64223a226d6f64656c222c226c616e6775616765223a22656e222c226d6f64656c223a227363726970746564222c226d73223a302c2270726f7669646572223a227363726970746564222c22766f696365223a22227d7d0a7b226174223a3834372c22646972223a2266616374222c22736563223a22636f7265222c22736571223a342c2274797065223a2270726f76696465725f636f6e6e6563746564222c2276223a7b226b696e64223a22766f696365222c226c616e6775616765223a22656e222c226d6f64656c223a22222c226d73223a302c2270726f7669646572223a227363726970746564222c22766f696365223a22227d7d0a7b226174223a3934322c22646972223a2266616374222c22736563223a22636f7265222c22736571223a352c2274797065223a2270726f76696465725f636f6e6e6563746564222c2276223a7b226b696e64223a227472616e73637269626572222c226c616e6775616765223a22656e222c226d6f64656c223a22222c226d73223a302c2270726f7669646572223a227363726970746564222c22766f696365223a22227d7d0a7b226174223a333639332c22646972223a2266616374222c22736563223a226c6567222c22736571223a362c2274797065223a226469616c6c696e67222c2276223a7b2263616c6c6261636b5f6964223a2266613462373566392d336662312d343761612d383034392d3235313739366431343736382e31222c2263617272696572223a226c6f6f706261636b227d7d0a7b226174223a333930372c22646972223a2266616374222c22736563223a226c6567222c22736571223a372c2274797065223a226469616c6c6564222c2276223a7b2263617272696572223a226c6f6f706261636b222c2266726f6d5f6e756d626572223a222b3135353530313030222c2270726f76696465725f63616c6c5f6964223a226c6f6f706261636b2d66613462373566392d336662312d343761612d383034392d3235313739366431343736382e312d31222c22746f5f6e756d626572223a222b3135353530313233227d7d0a7b226174223a333932372c22646972223a2266616374222c22736563223a22636f7265222c22736571223a382c2274797065223a2270726f76696465725f636f6e6e6563746564222c2276223a7b226b696e64223a2263617272696572222c226c616e6775616765223a22222c226d6f64656c223a22222c226d73223a302c2270726f7669646572223a226c6f6f706261636b222c22766f696365223a22227d7d0a');
INSERT INTO public.call_log VALUES ('fa4b75f9-3fb1-47aa-8049-251796d14768', 1, 'live', 3813, '\x7b226174223a35343333322c22646972223a22696e222c22736563223a226c6567222c22736571223a392c2274797065223a2252696e67696e67222c2276223a7b7d7d0a');
INSERT INTO public.call_log VALUES ('fa4b75f9-3fb1-47aa-8049-251796d14768', 1, 'live', 3881, '\x7b226174223a313035353332332c22646972223a22696e222c22736563223a226c6567222c22736571223a31302c2274797065223a22416e737765726564222c2276223a7b7d7d0a7b226174223a313035353332332c22646972223a226f7574222c22736563223a22636f7265222c22736571223a31312c2274797065223a2253746172745265636f7264696e67222c2276223a7b7d7d0a7b226174223a313035353332332c22646972223a226f7574222c22736563223a22636f7265222c22736571223a31322c2274797065223a22537065616b222c2276223a7b2267656e65726174696f6e223a312c22696e646578223a302c22707572706f7365223a2277656c636f6d65222c2274657874223a2248656c6c6f2c222c227475726e223a307d7d0a7b226174223a313035353332332c22646972223a226f7574222c22736563223a22636f7265222c22736571223a31332c2274797065223a22537065616b222c2276223a7b2267656e65726174696f6e223a312c22696e646578223a312c22707572706f7365223a2277656c636f6d65222c2274657874223a2274686973206973206120747269616c2e222c227475726e223a307d7d0a7b226174223a313035353332332c22646972223a226f7574222c22736563223a22636f7265222c22736571223a31342c2274797065223a22456e64537065656368222c2276223a7b22636c6175736573223a322c2267656e65726174696f6e223a317d7d0a7b226174223a313035353332332c22646972223a226f7574222c22736563223a22636f7265222c22736571223a31352c2274797065223a2252656c65617365222c2276223a7b2267656e65726174696f6e223a312c22726573756d6573223a302c227475726e223a307d7d0a7b226174223a313035373039382c22646972223a22696e222c22736563223a22636f7265222c22736571223a31362c2274797065223a22566f6963655265616479222c2276223a7b2267656e65726174696f6e223a312c22696e646578223a307d7d0a7b226174223a313035373330332c22646972223a22696e222c22736563223a22636f7265222c22736571223a31372c2274797065223a22506c61796f757453746172746564222c2276223a7b2267656e65726174696f6e223a317d7d0a7b226174223a313035373831312c22646972223a22696e222c22736563223a22636f7265222c22736571223a31382c2274797065223a22566f69636546696e6973686564222c2276223a7b22617564696f5f6d73223a3430302c22657374696d61746564223a66616c73652c2267656e65726174696f6e223a312c22696e646578223a302c22776f726473223a5b5b2248656c6c6f2c222c302c3336305d5d7d7d0a7b226174223a313035373933312c22646972223a22696e222c22736563223a22636f7265222c22736571223a31392c2274797065223a2255736167655265706f72746564222c2276223a7b22616d6f756e74223a362c22616d6f756e745f636163686564223a302c22616d6f756e745f6f7574707574223a302c2267656e65726174696f6e223a312c226b696e64223a22766f696365222c226d6f64656c223a227363726970746564222c2270726f7669646572223a227363726970746564222c22707572706f7365223a2277656c636f6d65222c2272657175657374223a307d7d0a7b226174223a313035383434372c22646972223a22696e222c22736563223a22636f7265222c22736571223a32302c2274797065223a22566f6963655265616479222c2276223a7b2267656e65726174696f6e223a312c22696e646578223a317d7d0a7b226174223a313036323533372c22646972223a22696e222c22736563223a22636f7265222c22736571223a32312c2274797065223a22566f69636546696e6973686564222c2276223a7b22617564696f5f6d73223a313030302c22657374696d61746564223a66616c73652c2267656e65726174696f6e223a312c22696e646578223a312c22776f726473223a5b5b2274686973222c302c3234305d2c5b226973222c3330302c3432305d2c5b2261222c3438302c3534305d2c5b22747269616c2e222c3630302c3936305d5d7d7d0a7b226174223a313036323931312c22646972223a22696e222c22736563223a22636f7265222c22736571223a32322c2274797065223a2255736167655265706f72746564222c2276223a7b22616d6f756e74223a31362c22616d6f756e745f636163686564223a302c22616d6f756e745f6f7574707574223a302c2267656e65726174696f6e223a312c226b696e64223a22766f696365222c226d6f64656c223a227363726970746564222c2270726f7669646572223a227363726970746564222c22707572706f7365223a2277656c636f6d65222c2272657175657374223a307d7d0a7b226174223a313435393635302c22646972223a22696e222c22736563223a22636f7265222c22736571223a32332c2274797065223a224d61726b506c61796564222c2276223a7b2267656e65726174696f6e223a312c22696e646578223a307d7d0a');
INSERT INTO public.call_log VALUES ('fa4b75f9-3fb1-47aa-8049-251796d14768', 1, 'live', 5748, '\x7b226174223a323437393531362c22646972223a22696e222c22736563223a22636f7265222c22736571223a32342c2274797065223a224d61726b506c61796564222c2276223a7b2267656e65726174696f6e223a312c22696e646578223a317d7d0a7b226174223a323437393531362c22646972223a226f7574222c22736563223a22636f7265222c22736571223a32352c2274797065223a224167656e7453616964222c2276223a7b22637574223a66616c73652c22657374696d61746564223a66616c73652c2267656e65726174696f6e223a312c2268656172645f6d73223a313430302c22707572706f7365223a2277656c636f6d65222c22726573756d6573223a302c2274657874223a2248656c6c6f2c2074686973206973206120747269616c2e222c227475726e223a307d7d0a');
INSERT INTO public.call_log VALUES ('fa4b75f9-3fb1-47aa-8049-251796d14768', 1, 'live', 6056, '\x7b226174223a343135373734392c22646972223a22696e222c22736563223a22636f7265222c22736571223a32362c2274797065223a224163746976697479426567616e222c2276223a7b22617564696f5f6d73223a333034307d7d0a7b226174223a343333373539322c22646972223a22696e222c22736563223a22636f7265222c22736571223a32372c2274797065223a225472616e7363726970745061727469616c222c2276223a7b22617564696f5f6d73223a333237302c227365676d656e74223a312c2274657874223a2248692c227d7d0a7b226174223a343435373537352c22646972223a22696e222c22736563223a22636f7265222c22736571223a32382c2274797065223a225472616e7363726970745061727469616c222c2276223a7b22617564696f5f6d73223a333339302c227365676d656e74223a312c2274657874223a2248692c2049227d7d0a7b226174223a343435373537352c22646972223a226f7574222c22736563223a22636f7265222c22736571223a32392c2274797065223a2253657450617469656e6365222c2276223a7b2273696c656e63655f6d73223a3930307d7d0a7b226174223a343831373632342c22646972223a22696e222c22736563223a22636f7265222c22736571223a33302c2274797065223a225472616e7363726970745061727469616c222c2276223a7b22617564696f5f6d73223a333735302c227365676d656e74223a312c2274657874223a2248692c204920776f756c64227d7d0a7b226174223a343831373632342c22646972223a226f7574222c22736563223a22636f7265222c22736571223a33312c2274797065223a2253657450617469656e6365222c2276223a7b2273696c656e63655f6d73223a3235307d7d0a');
INSERT INTO public.call_log VALUES ('fa4b75f9-3fb1-47aa-8049-251796d14768', 1, 'live', 6711, '\x7b226174223a353131393735342c22646972223a22696e222c22736563223a22636f7265222c22736571223a33322c2274797065223a225472616e7363726970745061727469616c222c2276223a7b22617564696f5f6d73223a343035302c227365676d656e74223a312c2274657874223a2248692c204920776f756c64206c696b65227d7d0a7b226174223a353131393735342c22646972223a226f7574222c22736563223a22636f7265222c22736571223a33332c2274797065223a2253657450617469656e6365222c2276223a7b2273696c656e63655f6d73223a3930307d7d0a7b226174223a353239393638382c22646972223a22696e222c22736563223a22636f7265222c22736571223a33342c2274797065223a225472616e7363726970745061727469616c222c2276223a7b22617564696f5f6d73223a343233302c227365676d656e74223a312c2274657874223a2248692c204920776f756c64206c696b6520746f227d7d0a7b226174223a353630333637342c22646972223a22696e222c22736563223a22636f7265222c22736571223a33352c2274797065223a225472616e7363726970745061727469616c222c2276223a7b22617564696f5f6d73223a343533302c227365676d656e74223a312c2274657874223a2248692c204920776f756c64206c696b6520746f20626f6f6b227d7d0a7b226174223a353630333637342c22646972223a226f7574222c22736563223a22636f7265222c22736571223a33362c2274797065223a2253657450617469656e6365222c2276223a7b2273696c656e63655f6d73223a3235307d7d0a7b226174223a353732333634352c22646972223a22696e222c22736563223a22636f7265222c22736571223a33372c2274797065223a225472616e7363726970745061727469616c222c2276223a7b22617564696f5f6d73223a343635302c227365676d656e74223a312c2274657874223a2248692c204920776f756c64206c696b6520746f20626f6f6b2061227d7d0a7b226174223a353732333634352c22646972223a226f7574222c22736563223a22636f7265222c22736571223a33382c2274797065223a2253657450617469656e6365222c2276223a7b2273696c656e63655f6d73223a3930307d7d0a');
INSERT INTO public.call_log VALUES ('fa4b75f9-3fb1-47aa-8049-251796d14768', 1, 'live', 7551, '\x7b226174223a363133373532322c22646972223a22696e222c22736563223a22636f7265222c22736571223a33392c2274797065223a225472616e7363726970745061727469616c222c2276223a7b22617564696f5f6d73223a353037302c227365676d656e74223a312c2274657874223a2248692c204920776f756c64206c696b6520746f20626f6f6b20612064656e74616c227d7d0a7b226174223a363133373532322c22646972223a226f7574222c22736563223a22636f7265222c22736571223a34302c2274797065223a2253657450617469656e6365222c2276223a7b2273696c656e63655f6d73223a3235307d7d0a7b226174223a363733373631372c22646972223a22696e222c22736563223a22636f7265222c22736571223a34312c2274797065223a225472616e7363726970745061727469616c222c2276223a7b22617564696f5f6d73223a353637302c227365676d656e74223a312c2274657874223a2248692c204920776f756c64206c696b6520746f20626f6f6b20612064656e74616c20636c65616e696e672c227d7d0a');
INSERT INTO public.call_log VALUES ('fa4b75f9-3fb1-47aa-8049-251796d14768', 1, 'live', 7958, '\x7b226174223a373335373438312c22646972223a22696e222c22736563223a22636f7265222c22736571223a34322c2274797065223a225472616e73637269707446696e616c222c2276223a7b22617564696f5f6d73223a363039302c226c616e6775616765223a22656e222c227365676d656e74223a312c2274657874223a2248692c204920776f756c64206c696b6520746f20626f6f6b20612064656e74616c20636c65616e696e672c20706c656173652e227d7d0a7b226174223a373335383035362c22646972223a22696e222c22736563223a22636f7265222c22736571223a34332c2274797065223a2255736167655265706f72746564222c2276223a7b22616d6f756e74223a363330302c22616d6f756e745f636163686564223a302c22616d6f756e745f6f7574707574223a302c2267656e65726174696f6e223a302c226b696e64223a227472616e73637269626572222c226d6f64656c223a227363726970746564222c2270726f7669646572223a227363726970746564222c22707572706f7365223a2268656172696e67222c2272657175657374223a307d7d0a7b226174223a373335383131352c22646972223a2266616374222c22736563223a22636f7265222c22736571223a34342c2274797065223a22766f696365645f656e64222c2276223a7b22617272697665645f7573223a373135373339302c22617564696f5f6d73223a363130307d7d0a7b226174223a373335383133382c22646972223a22696e222c22736563223a22636f7265222c22736571223a34352c2274797065223a224163746976697479456e646564222c2276223a7b22617564696f5f6d73223a363130307d7d0a7b226174223a373339393531352c22646972223a22696e222c22736563223a22636f7265222c22736571223a34362c2274797065223a225265636f676e69736572456e64222c2276223a7b22617564696f5f6d73223a363039307d7d0a7b226174223a373339393531352c22646972223a226f7574222c22736563223a22636f7265222c22736571223a34372c2274797065223a22436c6f73655574746572616e6365222c2276223a7b22617564696f5f6d73223a363130307d7d0a7b226174223a373339393531352c22646972223a226f7574222c22736563223a22636f7265222c22736571223a34382c2274797065223a2241736b4d6f64656c222c2276223a7b2267656e65726174696f6e223a322c226d65737361676573223a7b22636f756e74223a332c226c617374223a7b22636f6e74656e74223a2248692c204920776f756c64206c696b6520746f20626f6f6b20612064656e74616c20636c65616e696e672c20706c656173652e222c22726f6c65223a2275736572227d2c22736861323536223a2266656537353837333735393166613366623731616262343366353734326334333538396361316661396438313739663630363161376362346165363732356565227d2c22707572706f7365223a227265706c79222c2272657175657374223a312c22746f6f6c73223a5b5d2c227475726e223a317d7d0a7b226174223a373430303736382c22646972223a22696e222c22736563223a22636f7265222c22736571223a34392c2274797065223a225265706c7954657874222c2276223a7b2267656e65726174696f6e223a322c2272657175657374223a312c2274657874223a225468616e6b227d7d0a7b226174223a373430303836312c22646972223a22696e222c22736563223a22636f7265222c22736571223a35302c2274797065223a225265706c7954657874222c2276223a7b2267656e65726174696f6e223a322c2272657175657374223a312c2274657874223a2220796f752c227d7d0a7b226174223a373430303930382c22646972223a22696e222c22736563223a22636f7265222c22736571223a35312c2274797065223a225265706c7954657874222c2276223a7b2267656e65726174696f6e223a322c2272657175657374223a312c2274657874223a2220676f6f646279652e227d7d0a7b226174223a373430303930382c22646972223a226f7574222c22736563223a22636f7265222c22736571223a35322c2274797065223a22537065616b222c2276223a7b2267656e65726174696f6e223a322c22696e646578223a302c22707572706f7365223a227265706c79222c2274657874223a225468616e6b20796f752c222c227475726e223a317d7d0a7b226174223a373430313131372c22646972223a22696e222c22736563223a22636f7265222c22736571223a35332c2274797065223a225265706c79546f6f6c222c2276223a7b22617267756d656e7473223a227b5c22726561736f6e5c223a205c2274686520636f6e766572736174696f6e206973206f7665725c227d222c2263616c6c5f6964223a2273637269707465642d332d30222c2267656e65726174696f6e223a322c226e616d65223a22656e645f63616c6c222c2272657175657374223a317d7d0a7b226174223a373430313230372c22646972223a22696e222c22736563223a22636f7265222c22736571223a35342c2274797065223a2255736167655265706f72746564222c2276223a7b22616d6f756e74223a32382c22616d6f756e745f636163686564223a302c22616d6f756e745f6f7574707574223a332c2267656e65726174696f6e223a322c226b696e64223a226d6f64656c222c226d6f64656c223a227363726970746564222c2270726f7669646572223a227363726970746564222c22707572706f7365223a227265706c79222c2272657175657374223a317d7d0a7b226174223a373430313235312c22646972223a22696e222c22736563223a22636f7265222c22736571223a35352c2274797065223a225265706c79456e646564222c2276223a7b2267656e65726174696f6e223a322c22726561736f6e223a22746f6f6c222c2272657175657374223a317d7d0a7b226174223a373430313235312c22646972223a226f7574222c22736563223a22636f7265222c22736571223a35362c2274797065223a22537065616b222c2276223a7b2267656e65726174696f6e223a322c22696e646578223a312c22707572706f7365223a227265706c79222c2274657874223a22676f6f646279652e222c227475726e223a317d7d0a7b226174223a373430313235312c22646972223a226f7574222c22736563223a22636f7265222c22736571223a35372c2274797065223a22456e64537065656368222c2276223a7b22636c6175736573223a322c2267656e65726174696f6e223a327d7d0a7b226174223a373430313437332c22646972223a22696e222c22736563223a22636f7265222c22736571223a35382c2274797065223a22566f6963655265616479222c2276223a7b2267656e65726174696f6e223a322c22696e646578223a307d7d0a7b226174223a373430313631372c22646972223a22696e222c22736563223a22636f7265222c22736571223a35392c2274797065223a22566f69636546696e6973686564222c2276223a7b22617564696f5f6d73223a3634302c22657374696d61746564223a66616c73652c2267656e65726174696f6e223a322c22696e646578223a302c22776f726473223a5b5b225468616e6b222c302c3330305d2c5b22796f752c222c3336302c3630305d5d7d7d0a7b226174223a373430313638352c22646972223a22696e222c22736563223a22636f7265222c22736571223a36302c2274797065223a2255736167655265706f72746564222c2276223a7b22616d6f756e74223a31302c22616d6f756e745f636163686564223a302c22616d6f756e745f6f7574707574223a302c2267656e65726174696f6e223a322c226b696e64223a22766f696365222c226d6f64656c223a227363726970746564222c2270726f7669646572223a227363726970746564222c22707572706f7365223a227265706c79222c2272657175657374223a307d7d0a7b226174223a373430313736392c22646972223a22696e222c22736563223a22636f7265222c22736571223a36312c2274797065223a22566f6963655265616479222c2276223a7b2267656e65726174696f6e223a322c22696e646578223a317d7d0a7b226174223a373430313838362c22646972223a22696e222c22736563223a22636f7265222c22736571223a36322c2274797065223a22566f69636546696e6973686564222c2276223a7b22617564696f5f6d73223a3532302c22657374696d61746564223a66616c73652c2267656e65726174696f6e223a322c22696e646578223a312c22776f726473223a5b5b22676f6f646279652e222c302c3438305d5d7d7d0a7b226174223a373430313934362c22646972223a22696e222c22736563223a22636f7265222c22736571223a36332c2274797065223a2255736167655265706f72746564222c2276223a7b22616d6f756e74223a382c22616d6f756e745f636163686564223a302c22616d6f756e745f6f7574707574223a302c2267656e65726174696f6e223a322c226b696e64223a22766f696365222c226d6f64656c223a227363726970746564222c2270726f7669646572223a227363726970746564222c22707572706f7365223a227265706c79222c2272657175657374223a307d7d0a7b226174223a373431393431312c22646972223a22696e222c22736563223a22636f7265222c22736571223a36342c2274797065223a22446561646c696e6552656163686564222c2276223a7b7d7d0a7b226174223a373537313332372c22646972223a22696e222c22736563223a22636f7265222c22736571223a36352c2274797065223a22446561646c696e6552656163686564222c2276223a7b7d7d0a7b226174223a373537313332372c22646972223a226f7574222c22736563223a22636f7265222c22736571223a36362c2274797065223a225573657253616964222c2276223a7b2266726f6d5f6d73223a333034302c2274657874223a2248692c204920776f756c64206c696b6520746f20626f6f6b20612064656e74616c20636c65616e696e672c20706c656173652e222c22746f5f6d73223a363130302c227475726e223a317d7d0a7b226174223a373537313332372c22646972223a226f7574222c22736563223a22636f7265222c22736571223a36372c2274797065223a2252656c65617365222c2276223a7b2267656e65726174696f6e223a322c22726573756d6573223a302c227475726e223a317d7d0a7b226174223a373537313332372c22646972223a226f7574222c22736563223a22636f7265222c22736571223a36382c2274797065223a224e6f7465222c2276223a7b226b696e64223a22656e645f63616c6c5f726561736f6e222c2274657874223a2274686520636f6e766572736174696f6e206973206f766572227d7d0a7b226174223a373537323032352c22646972223a22696e222c22736563223a22636f7265222c22736571223a36392c2274797065223a22506c61796f757453746172746564222c2276223a7b2267656e65726174696f6e223a327d7d0a');
INSERT INTO public.call_log VALUES ('fa4b75f9-3fb1-47aa-8049-251796d14768', 1, 'live', 12022, '\x7b226174223a383231323032332c22646972223a22696e222c22736563223a22636f7265222c22736571223a37302c2274797065223a224d61726b506c61796564222c2276223a7b2267656e65726174696f6e223a322c22696e646578223a307d7d0a7b226174223a383733353430312c22646972223a22696e222c22736563223a22636f7265222c22736571223a37312c2274797065223a224d61726b506c61796564222c2276223a7b2267656e65726174696f6e223a322c22696e646578223a317d7d0a7b226174223a383733353430312c22646972223a226f7574222c22736563223a22636f7265222c22736571223a37322c2274797065223a224167656e7453616964222c2276223a7b22637574223a66616c73652c22657374696d61746564223a66616c73652c2267656e65726174696f6e223a322c2268656172645f6d73223a313136302c22707572706f7365223a227265706c79222c22726573756d6573223a302c2274657874223a225468616e6b20796f752c20676f6f646279652e222c227475726e223a317d7d0a7b226174223a383733353430312c22646972223a226f7574222c22736563223a22636f7265222c22736571223a37332c2274797065223a2248616e675570222c2276223a7b226279223a224167656e74222c22726561736f6e223a22656e645f63616c6c5f746f6f6c227d7d0a7b226174223a383733373436372c22646972223a2266616374222c22736563223a226c6567222c22736571223a37342c2274797065223a22636c6f736564222c2276223a7b226f7574636f6d65223a22616e737765726564222c2270726f76696465725f636f6465223a226e6f726d616c5f636c656172696e67227d7d0a7b226174223a383733373738352c22646972223a22696e222c22736563223a226c6567222c22736571223a37352c2274797065223a224c6567456e646564222c2276223a7b226279223a224150492052657175657374222c22636f6465223a343030302c2267656e65726174696f6e223a322c226f7574636f6d65223a22616e737765726564222c22706c617965645f6d73223a313136302c22726561736f6e223a22656e645f63616c6c5f746f6f6c227d7d0a7b226174223a383733383234342c22646972223a22696e222c22736563223a22636f7265222c22736571223a37362c2274797065223a2255736167655265706f72746564222c2276223a7b22616d6f756e74223a313338302c22616d6f756e745f636163686564223a302c22616d6f756e745f6f7574707574223a302c2267656e65726174696f6e223a302c226b696e64223a227472616e73637269626572222c226d6f64656c223a227363726970746564222c2270726f7669646572223a227363726970746564222c22707572706f7365223a2268656172696e67222c2272657175657374223a307d7d0a7b226174223a383733383332352c22646972223a2266616374222c22736563223a22636f7265222c22736571223a37372c2274797065223a227661645f747261636b222c2276223a7b2264617461223a2241414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141442f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f38414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141222c2266726f6d5f6d73223a302c22737465705f6d73223a32307d7d0a7b226174223a383733383337392c22646972223a2266616374222c22736563223a226c6567222c22736571223a37382c2274797065223a226c696e65222c2276223a7b2263616c6c65725f736f756e645f66726f6d5f6d73223a333036322c22636c69707065645f6672616d6573223a302c22636c69707065645f66726f6d5f6d73223a6e756c6c2c226672616d65735f696e223a3338342c226672616d65735f6f7574223a3132382c226c6174655f6672616d6573223a302c226c6174655f7039395f6d73223a372c226e6f6973655f6462223a2d31342c227370656563685f6462223a2d31342c22737461727665645f6672616d6573223a302c22756e766f696365645f6672616d6573223a322c22766f696365645f6672616d6573223a3135317d7d0a7b226174223a383733383430362c22646972223a2266616374222c22736563223a226c6567222c22736571223a37392c2274797065223a227265636f7264696e67222c2276223a7b2263616c6c65725f66726f6d5f7573223a313735302c226475726174696f6e5f6d73223a373638312c22676170735f6d73223a302c226c6f7374223a22227d7d0a');
INSERT INTO public.call_log VALUES ('fa4b75f9-3fb1-47aa-8049-251796d14768', 1, 'post', 0, '\x7b226174223a383834333733302c22646972223a2266616374222c22736563223a22706f7374222c22736571223a38302c2274797065223a227265636f7264696e675f7265616479222c2276223a7b226475726174696f6e5f6d73223a373638312c226e616d65223a2263616c6c2e776176222c2273697a655f6279746573223a3234353836307d7d0a');


--
-- Data for Name: contact; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: contact_file; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: custom_model; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: data_key; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: disposition; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: execution; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.execution VALUES ('fa4b75f9-3fb1-47aa-8049-251796d14768', '00000000-0000-4000-8000-000000000001', '5eaccb5b-10b1-427b-827c-7be47308cbf7', 'completed', 'done', 'completed', 1, 'outbound', 'loopback', '+15550123', '+15550100', '2026-11-29 08:03:35.939354+00', '2026-11-29 08:03:44.816471+00', NULL, DEFAULT, NULL, NULL, NULL, '2026-11-29 08:03:35.959495+00', '2026-11-29 08:03:36.012725+00', '2026-11-29 08:03:37.013765+00', '2026-11-29 08:03:44.696227+00', '2026-11-29 08:03:44.817236+00', 'loopback-fa4b75f9-3fb1-47aa-8049-251796d14768.1-1', 'API Request', 'end_call_tool', 4000, 0, 0, '{}', '{}', '{"agent_prompts":{"task_1":{"system_prompt":"Be brief."}},"agent_name":"Trial","agent_welcome_message":"Hello, this is a trial.","tasks":[{"task_type":"conversation","toolchain":{"execution":"parallel","pipelines":[["transcriber","llm","synthesizer"]]},"tools_config":{"llm_agent":{"provider":"scripted","model":"scripted","rules":[{"say":"Thank you, goodbye.","end_call":true}]}}}],"end_call_tool_mode":"auto"}', '{"sandbox":true,"stand_ins":[{"leg":"line","reason":"the carrier ''loopback'' rings no phones, it plays synthetic callers; nobody''s phone rang","remedy":"POST /sip-trunks/trunks","used":"loopback","wanted":"default"}],"conversation_ms":7682,"transcript":"assistant: Hello, this is a trial.\nuser: Hi, I would like to book a dental cleaning, please.\nassistant: Thank you, goodbye.","usage_breakdown":{"llm_tokens":31,"llmTokens":31,"llm_model":{"scripted":{"input":28,"output":3}},"llmModel":{"scripted":{"input":28,"output":3}},"llm_usage_breakdown":{"conversation":{"input":28,"output":3}},"synthesizer_characters":40,"synthesizerCharacters":40,"synthesizer_model":"","synthesizer_provider":"scripted","voice_id":"","synthesizer_usage_breakdown":{"welcome_message":22,"conversation":18},"transcriber_duration":7.68,"transcriber_model":"","transcriber_provider":"scripted","transcriber_language":"en","transcriber_usage_breakdown":{"conversation":7.68,"analytics":0},"provider_source":{"llm":"scripted","synthesizer":"scripted","transcriber":"scripted"}},"cost_nano":{"legs":{"transcriber":0,"llm":0,"synthesizer":0,"network":0,"platform":0},"parts":{"welcome":{"transcriber":0,"llm":0,"synthesizer":0,"network":0,"platform":0},"turn:1":{"transcriber":0,"llm":0,"synthesizer":0,"network":0,"platform":0},"waste":{"transcriber":0,"llm":0,"synthesizer":0,"network":0,"platform":0},"post_call":{"transcriber":0,"llm":0,"synthesizer":0,"network":0,"platform":0}},"categories":{"llm":{"conversation":0,"extraction":0,"summarization":0,"hangup":0,"analytics":0,"routing":0,"voicemail":0},"synthesizer":{"conversation":0,"welcome_message":0},"transcriber":{"conversation":0,"analytics":0}}},"usage_lines":[{"leg":"synthesizer","provider":"scripted","model":"scripted","amount":40,"amount_output":0,"cost":0},{"leg":"transcriber","provider":"scripted","model":"scripted","amount":7680,"amount_output":0,"cost":0},{"leg":"llm","provider":"scripted","model":"scripted","amount":28,"amount_output":3,"cost":0}],"latency_data":{"stream_id":0,"time_to_first_audio":2.0,"region":null,"transcriber":{"time_to_connect":0,"turns":[{"turn":1,"turn_latency":[{"sequence_id":1,"audio_to_text_latency":210.4,"text":"Hi, I would like to book a dental cleaning, please."}]}]},"llm":{"time_to_connect":0,"turns":[{"turn":1,"time_to_first_token":1.3,"time_to_last_token":1.7}]},"synthesizer":{"time_to_connect":0,"turns":[{"turn":0,"time_to_first_token":1.8,"time_to_last_token":7.2},{"turn":1,"time_to_first_token":0.6,"time_to_last_token":1.0}]},"rag":{"time_to_connect":null,"turns":[]},"interruption_stats":{"user_interrupted_agent_count":0,"agent_interrupted_user_count":0,"total_interruptions":0,"barge_in_recovery_count":0,"barge_in_recovery_rate":null,"interruption_events":[],"agent_speaking_ms":2586,"user_speaking_ms":3060,"talk_to_listen_ratio":45.8,"longest_agent_monologue_ms":1422}},"turns":[{"part":"welcome","turn":0,"cost_nano":{"transcriber":0,"llm":0,"synthesizer":0,"network":0,"platform":0},"latency_us":null,"user":"","assistant":"Hello, this is a trial.","assistant_estimated":false},{"part":"turn","turn":1,"cost_nano":{"transcriber":0,"llm":0,"synthesizer":0,"network":0,"platform":0},"latency_us":{"total":414635,"end_of_turn":242125,"ask":0,"model_failed":0,"voice_failed":0,"tool":0,"first_token":1253,"first_clause":140,"first_audio":565,"hold":169854,"send":698},"user":"Hi, I would like to book a dental cleaning, please.","assistant":"Thank you, goodbye.","assistant_estimated":false},{"part":"waste","turn":null,"cost_nano":{"transcriber":0,"llm":0,"synthesizer":0,"network":0,"platform":0},"latency_us":null},{"part":"post_call","turn":null,"cost_nano":{"transcriber":0,"llm":0,"synthesizer":0,"network":0,"platform":0},"latency_us":null}],"ended_by":"agent","answered_by_voice_mail":null,"opt_out":null,"sounds":[],"transfers":[],"tools":[],"context":{},"end_reason":"the conversation is over","line":{"frames_in":384,"frames_out":128,"starved_frames":0,"late_frames":0,"late_p99_ms":7,"caller_sound_from_ms":3062,"voiced_frames":151,"unvoiced_frames":2,"speech_db":-14,"noise_db":-14,"clipped_frames":0,"clipped_from_ms":null,"codec":null,"rx_packets":null,"rx_lost":null,"rx_jitter_ms":null,"tx_packets":null,"tx_lost":null,"tx_jitter_ms":null,"rtt_ms":null,"jbuf_late":null,"jbuf_lost":null,"loss_from":null,"held_in_stack_ms_max":null,"tx_starved_frames":null,"rx_loss_percent":null,"tx_loss_percent":null,"one_way":"","holds":0,"held_ms":0,"moved_to":[],"refer_refused":[],"post_dial_delay_ms":50,"ring_ms":1000,"provider_code":"normal_clearing","sip":null,"headers":{}},"dial_ms":{"post_dial_delay":50,"ring":1000},"doctor":{"findings":[],"left_out":0},"extracted_data":null,"extraction_rejected":[],"summary":null,"recording":{"duration_ms":7681,"name":"call.wav","size_bytes":245860},"post_failures":[],"extraction_runs":[],"finished_attempt":1}', false, '2026-11-29 08:03:35.937002+00', '2026-11-29 08:03:44.816471+00');


--
-- Data for Name: execution_beginning; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.execution_beginning VALUES ('inbound', 'dialling', 'ringing');
INSERT INTO public.execution_beginning VALUES ('outbound', 'waiting', 'prepared');
INSERT INTO public.execution_beginning VALUES ('outbound', 'waiting', 'queued');
INSERT INTO public.execution_beginning VALUES ('outbound', 'waiting', 'rescheduled');
INSERT INTO public.execution_beginning VALUES ('outbound', 'waiting', 'scheduled');


--
-- Data for Name: execution_count; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.execution_count VALUES ('5eaccb5b-10b1-427b-827c-7be47308cbf7', '2026-11-29 08:00:00+00', 7, 1);


--
-- Data for Name: execution_state; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.execution_state VALUES ('admitted', '', 'queued', false);
INSERT INTO public.execution_state VALUES ('claimed', '', 'queued', true);
INSERT INTO public.execution_state VALUES ('dialling', 'initiated', 'initiated', true);
INSERT INTO public.execution_state VALUES ('dialling', 'ringing', 'ringing', true);
INSERT INTO public.execution_state VALUES ('done', 'balance-low', 'balance-low', false);
INSERT INTO public.execution_state VALUES ('done', 'busy', 'busy', false);
INSERT INTO public.execution_state VALUES ('done', 'canceled', 'canceled', false);
INSERT INTO public.execution_state VALUES ('done', 'completed', 'completed', false);
INSERT INTO public.execution_state VALUES ('done', 'error', 'error', false);
INSERT INTO public.execution_state VALUES ('done', 'failed', 'failed', false);
INSERT INTO public.execution_state VALUES ('done', 'no-answer', 'no-answer', false);
INSERT INTO public.execution_state VALUES ('done', 'stopped', 'stopped', false);
INSERT INTO public.execution_state VALUES ('finishing', '', 'call-disconnected', false);
INSERT INTO public.execution_state VALUES ('live', '', 'in-progress', true);
INSERT INTO public.execution_state VALUES ('waiting', 'prepared', 'prepared', false);
INSERT INTO public.execution_state VALUES ('waiting', 'queued', 'queued', false);
INSERT INTO public.execution_state VALUES ('waiting', 'rescheduled', 'rescheduled', false);
INSERT INTO public.execution_state VALUES ('waiting', 'scheduled', 'scheduled', false);


--
-- Data for Name: extraction_template; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: idempotency; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: knowledge_base; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: node; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.node VALUES ('32e2ccb8-32d0-4d47-9515-27e95aa87c4a', 'callwright', 11, '2026-11-29 08:03:33.974385+00', '2026-11-29 08:03:45.059086+00', '2026-11-29 08:03:45.202156+00', NULL);


--
-- Data for Name: outbox; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: own_track; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: pgqueuer; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: pgqueuer_log; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.pgqueuer_log VALUES (1, '2026-11-29 08:03:44.709035+00', 1, 'queued', 0, 'finish', NULL, false);
INSERT INTO public.pgqueuer_log VALUES (2, '2026-11-29 08:03:44.748042+00', 1, 'picked', 0, 'finish', NULL, false);
INSERT INTO public.pgqueuer_log VALUES (3, '2026-11-29 08:03:44.84997+00', 1, 'successful', 0, 'finish', NULL, false);


--
-- Data for Name: pgqueuer_schedules; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: pgqueuer_statistics; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: phase_transition; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.phase_transition VALUES ('admitted', 'claimed');
INSERT INTO public.phase_transition VALUES ('admitted', 'done');
INSERT INTO public.phase_transition VALUES ('admitted', 'waiting');
INSERT INTO public.phase_transition VALUES ('claimed', 'dialling');
INSERT INTO public.phase_transition VALUES ('claimed', 'done');
INSERT INTO public.phase_transition VALUES ('dialling', 'done');
INSERT INTO public.phase_transition VALUES ('dialling', 'live');
INSERT INTO public.phase_transition VALUES ('done', 'waiting');
INSERT INTO public.phase_transition VALUES ('finishing', 'done');
INSERT INTO public.phase_transition VALUES ('live', 'done');
INSERT INTO public.phase_transition VALUES ('live', 'finishing');
INSERT INTO public.phase_transition VALUES ('waiting', 'admitted');
INSERT INTO public.phase_transition VALUES ('waiting', 'done');


--
-- Data for Name: phone_number; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: platform; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.platform VALUES ('revision', '0001');
INSERT INTO public.platform VALUES ('rules', 'a309bc8c9615c135');
INSERT INTO public.platform VALUES ('pgqueuer', '1.6.0');


--
-- Data for Name: provider_key; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: sip_trunk; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: status_transition; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.status_transition VALUES ('busy', 'scheduled');
INSERT INTO public.status_transition VALUES ('call-disconnected', 'completed');
INSERT INTO public.status_transition VALUES ('call-disconnected', 'error');
INSERT INTO public.status_transition VALUES ('error', 'scheduled');
INSERT INTO public.status_transition VALUES ('failed', 'scheduled');
INSERT INTO public.status_transition VALUES ('in-progress', 'call-disconnected');
INSERT INTO public.status_transition VALUES ('in-progress', 'completed');
INSERT INTO public.status_transition VALUES ('in-progress', 'error');
INSERT INTO public.status_transition VALUES ('initiated', 'busy');
INSERT INTO public.status_transition VALUES ('initiated', 'canceled');
INSERT INTO public.status_transition VALUES ('initiated', 'error');
INSERT INTO public.status_transition VALUES ('initiated', 'failed');
INSERT INTO public.status_transition VALUES ('initiated', 'in-progress');
INSERT INTO public.status_transition VALUES ('initiated', 'no-answer');
INSERT INTO public.status_transition VALUES ('initiated', 'ringing');
INSERT INTO public.status_transition VALUES ('no-answer', 'scheduled');
INSERT INTO public.status_transition VALUES ('prepared', 'canceled');
INSERT INTO public.status_transition VALUES ('prepared', 'error');
INSERT INTO public.status_transition VALUES ('prepared', 'queued');
INSERT INTO public.status_transition VALUES ('prepared', 'scheduled');
INSERT INTO public.status_transition VALUES ('prepared', 'stopped');
INSERT INTO public.status_transition VALUES ('queued', 'balance-low');
INSERT INTO public.status_transition VALUES ('queued', 'canceled');
INSERT INTO public.status_transition VALUES ('queued', 'error');
INSERT INTO public.status_transition VALUES ('queued', 'failed');
INSERT INTO public.status_transition VALUES ('queued', 'initiated');
INSERT INTO public.status_transition VALUES ('queued', 'rescheduled');
INSERT INTO public.status_transition VALUES ('queued', 'stopped');
INSERT INTO public.status_transition VALUES ('rescheduled', 'error');
INSERT INTO public.status_transition VALUES ('rescheduled', 'queued');
INSERT INTO public.status_transition VALUES ('rescheduled', 'stopped');
INSERT INTO public.status_transition VALUES ('ringing', 'busy');
INSERT INTO public.status_transition VALUES ('ringing', 'canceled');
INSERT INTO public.status_transition VALUES ('ringing', 'error');
INSERT INTO public.status_transition VALUES ('ringing', 'failed');
INSERT INTO public.status_transition VALUES ('ringing', 'in-progress');
INSERT INTO public.status_transition VALUES ('ringing', 'no-answer');
INSERT INTO public.status_transition VALUES ('scheduled', 'error');
INSERT INTO public.status_transition VALUES ('scheduled', 'queued');
INSERT INTO public.status_transition VALUES ('scheduled', 'stopped');


--
-- Data for Name: suppression; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: tenant; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.tenant VALUES ('00000000-0000-4000-8000-000000000001', 'Default', '', 100, 0, '2026-11-29 08:03:33.94135+00', NULL, NULL, '2026-11-29 08:03:33.94135+00', NULL);


--
-- Data for Name: usage_entry; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.usage_entry OVERRIDING SYSTEM VALUE VALUES (1, '00000000-0000-4000-8000-000000000001', '2026-11-29 08:00:00+00', 'calls', '', 'completed', 1, 7682, 0, 0);
INSERT INTO public.usage_entry OVERRIDING SYSTEM VALUE VALUES (2, '00000000-0000-4000-8000-000000000001', '2026-11-29 08:00:00+00', 'synthesizer', 'scripted', 'scripted', 0, 40, 0, 0);
INSERT INTO public.usage_entry OVERRIDING SYSTEM VALUE VALUES (3, '00000000-0000-4000-8000-000000000001', '2026-11-29 08:00:00+00', 'transcriber', 'scripted', 'scripted', 0, 7680, 0, 0);
INSERT INTO public.usage_entry OVERRIDING SYSTEM VALUE VALUES (4, '00000000-0000-4000-8000-000000000001', '2026-11-29 08:00:00+00', 'llm', 'scripted', 'scripted', 0, 28, 3, 0);


--
-- Data for Name: usage_quarter; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: violation; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Name: agent_disposition_number_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.agent_disposition_number_seq', 1, false);


--
-- Name: audit_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.audit_id_seq', 3, true);


--
-- Name: disposition_number_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.disposition_number_seq', 1, false);


--
-- Name: extraction_template_number_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.extraction_template_number_seq', 1, false);


--
-- Name: pgqueuer_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.pgqueuer_id_seq', 1, true);


--
-- Name: pgqueuer_log_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.pgqueuer_log_id_seq', 3, true);


--
-- Name: pgqueuer_schedules_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.pgqueuer_schedules_id_seq', 1, false);


--
-- Name: pgqueuer_statistics_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.pgqueuer_statistics_id_seq', 1, false);


--
-- Name: usage_entry_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.usage_entry_id_seq', 4, true);


--
-- Name: agent_disposition agent_disposition_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.agent_disposition
    ADD CONSTRAINT agent_disposition_pkey PRIMARY KEY (agent_id, disposition_id);


--
-- Name: agent agent_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.agent
    ADD CONSTRAINT agent_pkey PRIMARY KEY (id);


--
-- Name: agent agent_tenant_id_id_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.agent
    ADD CONSTRAINT agent_tenant_id_id_key UNIQUE (tenant_id, id);


--
-- Name: api_key api_key_digest_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.api_key
    ADD CONSTRAINT api_key_digest_key UNIQUE (digest);


--
-- Name: api_key api_key_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.api_key
    ADD CONSTRAINT api_key_pkey PRIMARY KEY (id);


--
-- Name: attempt attempt_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.attempt
    ADD CONSTRAINT attempt_pkey PRIMARY KEY (execution_id, attempt);


--
-- Name: audit audit_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (id);


--
-- Name: batch_contact batch_contact_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.batch_contact
    ADD CONSTRAINT batch_contact_pkey PRIMARY KEY (batch_id, "position");


--
-- Name: batch_outbox batch_outbox_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.batch_outbox
    ADD CONSTRAINT batch_outbox_pkey PRIMARY KEY (id);


--
-- Name: batch_outbox batch_outbox_sequence_once; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.batch_outbox
    ADD CONSTRAINT batch_outbox_sequence_once UNIQUE (batch_id, sequence);


--
-- Name: batch batch_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.batch
    ADD CONSTRAINT batch_pkey PRIMARY KEY (id);


--
-- Name: batch_pruned batch_pruned_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.batch_pruned
    ADD CONSTRAINT batch_pruned_pkey PRIMARY KEY (batch_id, status);


--
-- Name: batch_transition batch_transition_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.batch_transition
    ADD CONSTRAINT batch_transition_pkey PRIMARY KEY (before, after);


--
-- Name: call_log call_log_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.call_log
    ADD CONSTRAINT call_log_pkey PRIMARY KEY (execution_id, attempt, section, chunk);


--
-- Name: contact_file contact_file_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.contact_file
    ADD CONSTRAINT contact_file_pkey PRIMARY KEY (tenant_id, name);


--
-- Name: contact contact_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.contact
    ADD CONSTRAINT contact_pkey PRIMARY KEY (tenant_id, file, contact_number);


--
-- Name: custom_model custom_model_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.custom_model
    ADD CONSTRAINT custom_model_pkey PRIMARY KEY (id);


--
-- Name: custom_model custom_model_tenant_id_name_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.custom_model
    ADD CONSTRAINT custom_model_tenant_id_name_key UNIQUE (tenant_id, name);


--
-- Name: data_key data_key_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.data_key
    ADD CONSTRAINT data_key_pkey PRIMARY KEY (tenant_id);


--
-- Name: disposition disposition_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.disposition
    ADD CONSTRAINT disposition_pkey PRIMARY KEY (id);


--
-- Name: disposition disposition_tenant_id_id_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.disposition
    ADD CONSTRAINT disposition_tenant_id_id_key UNIQUE (tenant_id, id);


--
-- Name: execution_beginning execution_beginning_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.execution_beginning
    ADD CONSTRAINT execution_beginning_pkey PRIMARY KEY (direction, phase, detail);


--
-- Name: execution_count execution_count_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.execution_count
    ADD CONSTRAINT execution_count_pkey PRIMARY KEY (agent_id, hour, slot);


--
-- Name: execution execution_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.execution
    ADD CONSTRAINT execution_pkey PRIMARY KEY (id);


--
-- Name: execution_state execution_state_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.execution_state
    ADD CONSTRAINT execution_state_pkey PRIMARY KEY (phase, detail);


--
-- Name: execution_state execution_state_status_phase_detail_owned_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.execution_state
    ADD CONSTRAINT execution_state_status_phase_detail_owned_key UNIQUE (status, phase, detail, owned);


--
-- Name: extraction_template extraction_template_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.extraction_template
    ADD CONSTRAINT extraction_template_pkey PRIMARY KEY (id);


--
-- Name: idempotency idempotency_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.idempotency
    ADD CONSTRAINT idempotency_pkey PRIMARY KEY (tenant_id, key);


--
-- Name: knowledge_base knowledge_base_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.knowledge_base
    ADD CONSTRAINT knowledge_base_pkey PRIMARY KEY (id);


--
-- Name: knowledge_base knowledge_base_vector_id_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.knowledge_base
    ADD CONSTRAINT knowledge_base_vector_id_key UNIQUE (vector_id);


--
-- Name: node node_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.node
    ADD CONSTRAINT node_pkey PRIMARY KEY (incarnation);


--
-- Name: outbox outbox_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);


--
-- Name: outbox outbox_sequence_once; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_sequence_once UNIQUE (execution_id, sequence);


--
-- Name: own_track own_track_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.own_track
    ADD CONSTRAINT own_track_pkey PRIMARY KEY (id);


--
-- Name: own_track own_track_tenant_id_name_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.own_track
    ADD CONSTRAINT own_track_tenant_id_name_key UNIQUE (tenant_id, name);


--
-- Name: pgqueuer_log pgqueuer_log_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgqueuer_log
    ADD CONSTRAINT pgqueuer_log_pkey PRIMARY KEY (id);


--
-- Name: pgqueuer pgqueuer_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgqueuer
    ADD CONSTRAINT pgqueuer_pkey PRIMARY KEY (id);


--
-- Name: pgqueuer_schedules pgqueuer_schedules_expression_entrypoint_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgqueuer_schedules
    ADD CONSTRAINT pgqueuer_schedules_expression_entrypoint_key UNIQUE (expression, entrypoint);


--
-- Name: pgqueuer_schedules pgqueuer_schedules_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgqueuer_schedules
    ADD CONSTRAINT pgqueuer_schedules_pkey PRIMARY KEY (id);


--
-- Name: pgqueuer_statistics pgqueuer_statistics_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgqueuer_statistics
    ADD CONSTRAINT pgqueuer_statistics_pkey PRIMARY KEY (id);


--
-- Name: phase_transition phase_transition_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.phase_transition
    ADD CONSTRAINT phase_transition_pkey PRIMARY KEY (before, after);


--
-- Name: phone_number phone_number_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.phone_number
    ADD CONSTRAINT phone_number_pkey PRIMARY KEY (id);


--
-- Name: platform platform_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.platform
    ADD CONSTRAINT platform_pkey PRIMARY KEY (name);


--
-- Name: provider_key provider_key_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.provider_key
    ADD CONSTRAINT provider_key_pkey PRIMARY KEY (id);


--
-- Name: sip_trunk sip_trunk_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sip_trunk
    ADD CONSTRAINT sip_trunk_pkey PRIMARY KEY (id);


--
-- Name: sip_trunk sip_trunk_tenant_id_id_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sip_trunk
    ADD CONSTRAINT sip_trunk_tenant_id_id_key UNIQUE (tenant_id, id);


--
-- Name: sip_trunk sip_trunk_tenant_id_name_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sip_trunk
    ADD CONSTRAINT sip_trunk_tenant_id_name_key UNIQUE (tenant_id, name);


--
-- Name: status_transition status_transition_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.status_transition
    ADD CONSTRAINT status_transition_pkey PRIMARY KEY (before, after);


--
-- Name: suppression suppression_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.suppression
    ADD CONSTRAINT suppression_pkey PRIMARY KEY (tenant_id, number);


--
-- Name: tenant tenant_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tenant
    ADD CONSTRAINT tenant_pkey PRIMARY KEY (id);


--
-- Name: usage_entry usage_entry_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.usage_entry
    ADD CONSTRAINT usage_entry_pkey PRIMARY KEY (id);


--
-- Name: usage_quarter usage_quarter_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.usage_quarter
    ADD CONSTRAINT usage_quarter_pkey PRIMARY KEY (tenant_id, quarter, kind, provider, model);


--
-- Name: violation violation_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.violation
    ADD CONSTRAINT violation_pkey PRIMARY KEY (id);


--
-- Name: agent_disposition_of; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX agent_disposition_of ON public.agent_disposition USING btree (disposition_id);


--
-- Name: agent_newest; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX agent_newest ON public.agent USING btree (tenant_id, created_at DESC, id DESC);


--
-- Name: api_key_tenant; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX api_key_tenant ON public.api_key USING btree (tenant_id, created_at DESC);


--
-- Name: attempt_one_open; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX attempt_one_open ON public.attempt USING btree (execution_id) WHERE (closed_at IS NULL);


--
-- Name: audit_newest; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX audit_newest ON public.audit USING btree (tenant_id, id DESC);


--
-- Name: audit_object; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX audit_object ON public.audit USING btree (tenant_id, object_id, id DESC);


--
-- Name: batch_active; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX batch_active ON public.batch USING btree (scheduled_at, id) WHERE (status = ANY (ARRAY['queued'::text, 'running'::text]));


--
-- Name: batch_contact_execution; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX batch_contact_execution ON public.batch_contact USING btree (execution_id);


--
-- Name: batch_due; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX batch_due ON public.batch USING btree (scheduled_at, id) WHERE (status = 'scheduled'::text);


--
-- Name: batch_ended; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX batch_ended ON public.batch USING btree (updated_at) WHERE (status = ANY (ARRAY['completed'::text, 'stopped'::text, 'failed'::text]));


--
-- Name: batch_newest; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX batch_newest ON public.batch USING btree (tenant_id, agent_id, created_at DESC, id DESC);


--
-- Name: batch_outbox_due; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX batch_outbox_due ON public.batch_outbox USING btree (tenant_id, due_at, id) WHERE ((state = 'waiting'::text) AND (due_at < 'infinity'::timestamp with time zone));


--
-- Name: batch_outbox_failing; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX batch_outbox_failing ON public.batch_outbox USING btree (failing_since) WHERE ((state = 'waiting'::text) AND (NOT passed) AND (failing_since IS NOT NULL));


--
-- Name: disposition_oldest; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX disposition_oldest ON public.disposition USING btree (tenant_id, created_at, number);


--
-- Name: execution_admitted; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX execution_admitted ON public.execution USING btree (due_at, id) WHERE (phase = 'admitted'::text);


--
-- Name: execution_batch; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX execution_batch ON public.execution USING btree (batch_id, created_at, id) WHERE (batch_id IS NOT NULL);


--
-- Name: execution_batch_counts; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX execution_batch_counts ON public.execution USING btree (batch_id, status) INCLUDE (total_cost_nano, answered_at, ended_at) WHERE (batch_id IS NOT NULL);


--
-- Name: execution_batch_open; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX execution_batch_open ON public.execution USING btree (batch_id, phase) WHERE ((batch_id IS NOT NULL) AND (phase <> 'done'::text));


--
-- Name: execution_busy; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX execution_busy ON public.execution USING btree (tenant_id) WHERE (phase = ANY (ARRAY['admitted'::text, 'claimed'::text, 'dialling'::text, 'live'::text]));


--
-- Name: execution_caller; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX execution_caller ON public.execution USING btree (agent_id, ((options ->> 'caller'::text))) WHERE (direction = 'inbound'::text);


--
-- Name: execution_ended; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX execution_ended ON public.execution USING btree (created_at, id) WHERE (phase = 'done'::text);


--
-- Name: execution_finishing; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX execution_finishing ON public.execution USING btree (phase_at) WHERE (phase = 'finishing'::text);


--
-- Name: execution_newest; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX execution_newest ON public.execution USING btree (tenant_id, agent_id, created_at DESC, id DESC);


--
-- Name: execution_owner; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX execution_owner ON public.execution USING btree (owner) WHERE (owner IS NOT NULL);


--
-- Name: execution_unfinished; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX execution_unfinished ON public.execution USING btree (tenant_id, created_at) WHERE (phase <> 'done'::text);


--
-- Name: execution_waiting; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX execution_waiting ON public.execution USING btree (tenant_id, due_at, id) WHERE ((phase = 'waiting'::text) AND (detail <> 'prepared'::text));


--
-- Name: extraction_template_oldest; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX extraction_template_oldest ON public.extraction_template USING btree (tenant_id, created_at, number);


--
-- Name: idempotency_age; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idempotency_age ON public.idempotency USING btree (created_at);


--
-- Name: knowledge_base_newest; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX knowledge_base_newest ON public.knowledge_base USING btree (tenant_id, created_at DESC, id DESC);


--
-- Name: outbox_due; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX outbox_due ON public.outbox USING btree (tenant_id, due_at, id) WHERE ((state = 'waiting'::text) AND (due_at < 'infinity'::timestamp with time zone));


--
-- Name: outbox_failing; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX outbox_failing ON public.outbox USING btree (failing_since) WHERE ((state = 'waiting'::text) AND (NOT passed) AND (failing_since IS NOT NULL));


--
-- Name: pgqueuer_ep_ea_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgqueuer_ep_ea_idx ON public.pgqueuer USING btree (entrypoint, execute_after) WHERE (status = 'queued'::public.pgqueuer_status);


--
-- Name: pgqueuer_ep_prio_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgqueuer_ep_prio_id_idx ON public.pgqueuer USING btree (entrypoint, priority DESC, id) WHERE (status = 'queued'::public.pgqueuer_status);


--
-- Name: pgqueuer_log_created; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgqueuer_log_created ON public.pgqueuer_log USING btree (created);


--
-- Name: pgqueuer_log_job_id_status; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgqueuer_log_job_id_status ON public.pgqueuer_log USING btree (job_id, created DESC);


--
-- Name: pgqueuer_log_not_aggregated; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgqueuer_log_not_aggregated ON public.pgqueuer_log USING btree ((1)) WHERE (NOT aggregated);


--
-- Name: pgqueuer_log_status; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgqueuer_log_status ON public.pgqueuer_log USING btree (status);


--
-- Name: pgqueuer_picked_heartbeat_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgqueuer_picked_heartbeat_idx ON public.pgqueuer USING btree (heartbeat) WHERE (status = 'picked'::public.pgqueuer_status);


--
-- Name: pgqueuer_picked_slot_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX pgqueuer_picked_slot_idx ON public.pgqueuer USING btree (entrypoint, slot) WHERE ((status = 'picked'::public.pgqueuer_status) AND (slot IS NOT NULL));


--
-- Name: pgqueuer_priority_id_id1_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgqueuer_priority_id_id1_idx ON public.pgqueuer USING btree (priority, id DESC) INCLUDE (id) WHERE (status = 'queued'::public.pgqueuer_status);


--
-- Name: pgqueuer_queue_manager_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgqueuer_queue_manager_id_idx ON public.pgqueuer USING btree (queue_manager_id) WHERE (queue_manager_id IS NOT NULL);


--
-- Name: pgqueuer_statistics_unique_count; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX pgqueuer_statistics_unique_count ON public.pgqueuer_statistics USING btree (priority, date_trunc('sec'::text, timezone('UTC'::text, created)), status, entrypoint);


--
-- Name: pgqueuer_unique_dedupe_key; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX pgqueuer_unique_dedupe_key ON public.pgqueuer USING btree (dedupe_key) WHERE ((status = ANY (ARRAY['queued'::public.pgqueuer_status, 'picked'::public.pgqueuer_status])) AND (dedupe_key IS NOT NULL));


--
-- Name: pgqueuer_updated_id_id1_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgqueuer_updated_id_id1_idx ON public.pgqueuer USING btree (updated, id DESC) INCLUDE (id) WHERE (status = 'picked'::public.pgqueuer_status);


--
-- Name: phone_number_agent_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX phone_number_agent_id ON public.phone_number USING btree (agent_id);


--
-- Name: phone_number_called; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX phone_number_called ON public.phone_number USING btree (dialled);


--
-- Name: phone_number_extension; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX phone_number_extension ON public.phone_number USING btree (dialled) WHERE (kind = 'extension'::text);


--
-- Name: phone_number_newest; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX phone_number_newest ON public.phone_number USING btree (tenant_id, created_at DESC, id);


--
-- Name: phone_number_once; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX phone_number_once ON public.phone_number USING btree (tenant_id, dialled) WHERE (kind <> 'extension'::text);


--
-- Name: phone_number_trunk_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX phone_number_trunk_id ON public.phone_number USING btree (trunk_id);


--
-- Name: provider_key_name; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX provider_key_name ON public.provider_key USING btree (tenant_id, upper(name));


--
-- Name: suppression_newest; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX suppression_newest ON public.suppression USING btree (tenant_id, created_at DESC, number);


--
-- Name: tenant_sub_accounts; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX tenant_sub_accounts ON public.tenant USING btree (parent_id, created_at, id) WHERE (parent_id IS NOT NULL);


--
-- Name: usage_entry_tenant; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX usage_entry_tenant ON public.usage_entry USING btree (tenant_id, quarter);


--
-- Name: violation_newest; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX violation_newest ON public.violation USING btree (tenant_id, created_at DESC, id DESC);


--
-- Name: agent agent_extensions_go; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER agent_extensions_go BEFORE DELETE ON public.agent FOR EACH ROW EXECUTE FUNCTION public.agent_extensions_go();


--
-- Name: audit audit_guard; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER audit_guard BEFORE UPDATE OR TRUNCATE ON public.audit FOR EACH STATEMENT EXECUTE FUNCTION public.audit_guard();


--
-- Name: audit audit_retention; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER audit_retention BEFORE DELETE ON public.audit FOR EACH ROW EXECUTE FUNCTION public.audit_retention();


--
-- Name: batch batch_guard; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER batch_guard BEFORE UPDATE ON public.batch FOR EACH ROW EXECUTE FUNCTION public.batch_guard();


--
-- Name: batch_outbox batch_outbox_number; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER batch_outbox_number BEFORE INSERT ON public.batch_outbox FOR EACH ROW EXECUTE FUNCTION public.batch_outbox_number();


--
-- Name: batch batch_webhooks_settled; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER batch_webhooks_settled AFTER DELETE ON public.batch FOR EACH ROW EXECUTE FUNCTION public.batch_webhooks_settled();


--
-- Name: execution execution_added; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER execution_added AFTER INSERT ON public.execution REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.execution_counted();


--
-- Name: execution execution_begin_guard; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER execution_begin_guard BEFORE INSERT ON public.execution FOR EACH ROW EXECUTE FUNCTION public.execution_begin_guard();


--
-- Name: execution execution_guard; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER execution_guard BEFORE UPDATE ON public.execution FOR EACH ROW EXECUTE FUNCTION public.execution_guard();


--
-- Name: execution execution_removed; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER execution_removed AFTER DELETE ON public.execution REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.execution_counted();


--
-- Name: execution execution_suppression_guard; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER execution_suppression_guard BEFORE INSERT OR UPDATE ON public.execution FOR EACH ROW EXECUTE FUNCTION public.execution_suppression_guard();


--
-- Name: execution execution_told; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER execution_told AFTER INSERT OR UPDATE ON public.execution FOR EACH ROW EXECUTE FUNCTION public.execution_told();


--
-- Name: api_key key_told; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER key_told AFTER DELETE OR UPDATE OF tenant_id, scope, expires_at, revoked_at, role, holder, digest ON public.api_key FOR EACH STATEMENT EXECUTE FUNCTION public.key_told();


--
-- Name: outbox outbox_guard; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER outbox_guard BEFORE DELETE OR UPDATE ON public.outbox FOR EACH ROW EXECUTE FUNCTION public.outbox_guard();


--
-- Name: outbox outbox_number; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER outbox_number BEFORE INSERT ON public.outbox FOR EACH ROW EXECUTE FUNCTION public.outbox_number();


--
-- Name: suppression suppression_guard; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER suppression_guard BEFORE INSERT ON public.suppression FOR EACH ROW EXECUTE FUNCTION public.suppression_guard();


--
-- Name: tenant tenant_guard; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER tenant_guard BEFORE INSERT OR UPDATE ON public.tenant FOR EACH ROW EXECUTE FUNCTION public.tenant_guard();


--
-- Name: tenant tenant_key_told; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER tenant_key_told AFTER DELETE OR UPDATE ON public.tenant FOR EACH STATEMENT EXECUTE FUNCTION public.key_told();


--
-- Name: pgqueuer tg_pgqueuer_changed; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER tg_pgqueuer_changed AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON public.pgqueuer FOR EACH STATEMENT EXECUTE FUNCTION public.fn_pgqueuer_changed();


--
-- Name: agent_disposition agent_disposition_agent; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.agent_disposition
    ADD CONSTRAINT agent_disposition_agent FOREIGN KEY (tenant_id, agent_id) REFERENCES public.agent(tenant_id, id) ON DELETE CASCADE;


--
-- Name: agent_disposition agent_disposition_disposition; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.agent_disposition
    ADD CONSTRAINT agent_disposition_disposition FOREIGN KEY (tenant_id, disposition_id) REFERENCES public.disposition(tenant_id, id) ON DELETE CASCADE;


--
-- Name: agent agent_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.agent
    ADD CONSTRAINT agent_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);


--
-- Name: api_key api_key_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.api_key
    ADD CONSTRAINT api_key_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);


--
-- Name: attempt attempt_execution_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.attempt
    ADD CONSTRAINT attempt_execution_id_fkey FOREIGN KEY (execution_id) REFERENCES public.execution(id) ON DELETE CASCADE;


--
-- Name: audit audit_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);


--
-- Name: batch batch_agent_of_tenant; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.batch
    ADD CONSTRAINT batch_agent_of_tenant FOREIGN KEY (tenant_id, agent_id) REFERENCES public.agent(tenant_id, id) ON DELETE CASCADE;


--
-- Name: batch_contact batch_contact_batch_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.batch_contact
    ADD CONSTRAINT batch_contact_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES public.batch(id) ON DELETE CASCADE;


--
-- Name: batch_outbox batch_outbox_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.batch_outbox
    ADD CONSTRAINT batch_outbox_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);


--
-- Name: batch_pruned batch_pruned_batch_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.batch_pruned
    ADD CONSTRAINT batch_pruned_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES public.batch(id) ON DELETE CASCADE;


--
-- Name: batch batch_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.batch
    ADD CONSTRAINT batch_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);


--
-- Name: call_log call_log_execution_id_attempt_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.call_log
    ADD CONSTRAINT call_log_execution_id_attempt_fkey FOREIGN KEY (execution_id, attempt) REFERENCES public.attempt(execution_id, attempt) ON DELETE CASCADE;


--
-- Name: contact_file contact_file_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.contact_file
    ADD CONSTRAINT contact_file_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);


--
-- Name: contact contact_tenant_id_file_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.contact
    ADD CONSTRAINT contact_tenant_id_file_fkey FOREIGN KEY (tenant_id, file) REFERENCES public.contact_file(tenant_id, name) ON DELETE CASCADE;


--
-- Name: custom_model custom_model_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.custom_model
    ADD CONSTRAINT custom_model_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);


--
-- Name: data_key data_key_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.data_key
    ADD CONSTRAINT data_key_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);


--
-- Name: disposition disposition_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.disposition
    ADD CONSTRAINT disposition_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);


--
-- Name: execution execution_agent_of_tenant; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.execution
    ADD CONSTRAINT execution_agent_of_tenant FOREIGN KEY (tenant_id, agent_id) REFERENCES public.agent(tenant_id, id);


--
-- Name: execution_count execution_count_agent_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.execution_count
    ADD CONSTRAINT execution_count_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES public.agent(id) ON DELETE CASCADE;


--
-- Name: execution execution_state_exists; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.execution
    ADD CONSTRAINT execution_state_exists FOREIGN KEY (status, phase, detail, owned) REFERENCES public.execution_state(status, phase, detail, owned);


--
-- Name: execution execution_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.execution
    ADD CONSTRAINT execution_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);


--
-- Name: extraction_template extraction_template_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.extraction_template
    ADD CONSTRAINT extraction_template_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);


--
-- Name: idempotency idempotency_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.idempotency
    ADD CONSTRAINT idempotency_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);


--
-- Name: knowledge_base knowledge_base_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.knowledge_base
    ADD CONSTRAINT knowledge_base_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);


--
-- Name: outbox outbox_execution_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_execution_id_fkey FOREIGN KEY (execution_id) REFERENCES public.execution(id) ON DELETE CASCADE;


--
-- Name: outbox outbox_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);


--
-- Name: own_track own_track_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.own_track
    ADD CONSTRAINT own_track_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);


--
-- Name: phone_number phone_number_agent; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.phone_number
    ADD CONSTRAINT phone_number_agent FOREIGN KEY (agent_tenant_id, agent_id) REFERENCES public.agent(tenant_id, id) ON DELETE SET NULL (agent_tenant_id, agent_id);


--
-- Name: phone_number phone_number_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.phone_number
    ADD CONSTRAINT phone_number_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);


--
-- Name: phone_number phone_number_trunk; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.phone_number
    ADD CONSTRAINT phone_number_trunk FOREIGN KEY (tenant_id, trunk_id) REFERENCES public.sip_trunk(tenant_id, id) ON DELETE CASCADE;


--
-- Name: provider_key provider_key_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.provider_key
    ADD CONSTRAINT provider_key_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.data_key(tenant_id) ON DELETE CASCADE;


--
-- Name: sip_trunk sip_trunk_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sip_trunk
    ADD CONSTRAINT sip_trunk_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);


--
-- Name: suppression suppression_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.suppression
    ADD CONSTRAINT suppression_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);


--
-- Name: tenant tenant_parent_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tenant
    ADD CONSTRAINT tenant_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES public.tenant(id);


--
-- Name: usage_entry usage_entry_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.usage_entry
    ADD CONSTRAINT usage_entry_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);


--
-- Name: usage_quarter usage_quarter_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.usage_quarter
    ADD CONSTRAINT usage_quarter_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);


--
-- Name: violation violation_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.violation
    ADD CONSTRAINT violation_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);


--
-- PostgreSQL database dump complete
--


