"""Numbers that are not called any more. That they are not is a rule of the database: it holds against every way of dialling, and against
a call that is placed while somebody says so."""

STATEMENTS = [
    """
create table suppression (
  tenant_id text collate "C" not null references tenant (id),
  number text collate "C" not null constraint suppression_number_form check (number <> '' and length(number) <= 200),
  reason text not null constraint suppression_reason_known check (reason in ('said', 'api')),
  execution_id text collate "C",
  said text,
  note text,
  created_at timestamptz not null,
  primary key (tenant_id, number),
  constraint suppression_said_in_a_call check (reason <> 'said' or (execution_id is not null and said is not null))
)""",
    "create index suppression_newest on suppression (tenant_id, created_at desc, number)",
    # The ASCII characters that are escaped in the user of an address, as themselves.
    r"""
create function unescaped_user(escaped text) returns text language sql immutable as $$
  select case when position('%' in escaped) = 0 then escaped else (
    select string_agg(case when found[1] is null then found[2] else chr(('x' || found[1])::bit(8)::integer) end, '' order by place)
    from regexp_matches(escaped, '%([2-7][0-9A-Fa-f])|(%|[^%]+)', 'g') with ordinality matches (found, place)
  ) end
$$""",
    # domain.dialled.named_number, by the same expressions.
    r"""
create function named_number(address text) returns text language sql immutable as $$
  select coalesce(regexp_replace(number, '^([+]|00)?([1-9][0-9]{6,14})$', '+\2'), '')
  from substring(
    translate(
      unescaped_user((regexp_match(btrim(address), '^(sips?[:](?=.*@|[^.]*$)|tel[:]|)([^;:@?]*)', 'i'))[2]),
      ' .()/-' || chr(160), ''
    ) from '^([+]?[0-9]+)([,;:@?&=$!~''].*)?$'
  ) number
$$""",
    # What an address is known by: the number it names in E.164 form, after the SIP address at which it is the user; a name at a host;
    # else the text as it is. The first line is for long lists, which are of such numbers mostly.
    r"""
create function address_keys(address text) returns text[] language sql immutable as $$
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
$$""",
    (
        "create function suppression_lock(tenant text, key text) returns bigint language sql immutable as"
        " $$ select hashtextextended(tenant || ' ' || key, 7) $$"
    ),
    # Whoever suppresses a number waits for those who are about to dial it, and whoever dials it waits for who suppresses it: the later one
    # sees what the earlier one did.
    """
create function suppression_guard() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock(suppression_lock(new.tenant_id, new.number));
  return new;
end $$""",
    "create trigger suppression_guard before insert on suppression for each row execute function suppression_guard()",
    # The lists that bind a tenant: its own, and its organisation's. In an order of their own, so that locks are taken in one order.
    """
create function suppression_lists(whose text) returns setof text language sql stable as $$
  select l from (select whose union select t.parent_id from tenant t where t.id = whose and t.parent_id is not null) lists (l) order by l
$$""",
    # A row that only keeps the record of a contact ("prepared", never admitted) dials nobody: it may be written for a number that
    # is not to be called, and is looked at again, as every execution, before it could be dialled.
    """
create function execution_suppression_guard() returns trigger language plpgsql as $$
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
end $$""",
    (
        "create trigger execution_suppression_guard before insert or update on execution"
        " for each row execute function execution_suppression_guard()"
    ),
]
