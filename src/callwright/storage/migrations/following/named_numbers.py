"""The number of an address is the same one behind dialling codes, 011, more zeros or pluses, with a ``(0)`` in it, and with the national
prefix after its country's code, as in ``+49 030 901820``."""

STATEMENTS = [
    # domain.dialled, by the same expressions: a written number in its E.164 form, null where it is in no international one.
    r"""
create function international_number(written text) returns text language sql immutable as $$
  select '+' || coalesce(
    (regexp_match(written, '^[+]?0*011([1-9][0-9]{8,14})$'))[1], (regexp_match(written, '^(?:[+]|[+]?00+)?([1-9][0-9]{6,14})$'))[1]
  )
$$""",
    r"""
create function spelt_out_user(escaped text) returns text language sql immutable as $$
  select translate(
    regexp_replace(
      regexp_replace(unescaped_user(escaped), '%[0-9A-Fa-f]{2}', '', 'g'),
      '((?:^|[+*#]|^00|^011)[ .()/\u00a0-]*(?!36|39|225|226|229|24[12]|378|881|992)[1-9][0-9]{0,2}[ .)/\u00a0-]*)'
      '[(] *0(?=[0-9 ]*[)])', '\1', 'g'
    ),
    ' .()/-' || chr(160), ''
  )
$$""",
    # What domain.dialled.dialled yields for a user, in that order. first: the number up to its first break. In PL/pgSQL, whose plans are
    # kept from one address of a long list to the next.
    r"""
create function dialled_numbers(called text) returns table (written text, first boolean, place bigint) language plpgsql immutable as $$
#variable_conflict use_column
begin
  return query
  with starts (rank, behind) as (
    select 1, place from generate_series(1, length(called)) place where substr(called, place, 1) = '+' and not exists (
      select from regexp_split_to_table(left(called, place - 1), '(?:[^0-9A-Za-z_]|_+(?![A-Za-z_]))+|(?<=[0-9])[PWXpwx]+(?![A-Za-z_])') part
      where part !~ '^[0-9]*$'
    )
    union all select 2, length(substring(called from '^(?:[*]+|#+)[1-9][0-9]'))
    union all select 3, length(substring(called from '^(?:[*#]+[0-9]{2}[^0-9A-Za-z_+]*)?[09]{1,2}(?:[^0-9A-Za-z_+]+|[PWXpwx]+)'))
    union all select 4, place from generate_series(1, length(substring(called from '^[*#][0-9*#]*'))) place
      where substr(called, place, 1) in ('*', '#')
    union all select 5, length(substring(called from '^[*#]+[0-9]{2}'))
    union all select 6, 0
  ), parts as (
    select rank, behind, part, n, bool_and(part ~ '^[0-9]+$') over (partition by rank, behind order by n) is_number
    from starts, regexp_split_to_table(substr(called, behind + 1), '(?:[^0-9A-Za-z_]|_+(?![A-Za-z_]))+|(?<=[0-9])[PWXpwx]+(?![A-Za-z_])')
      with ordinality split (part, n)
    where behind is not null and part <> ''
  )
  select
    case when rank = 1 then '+' else '' end || string_agg(part, '') over (partition by rank, behind order by n),
    row_number() over (partition by rank, behind order by n) = 1,
    row_number() over (order by rank, behind, n)
  from parts where is_number;
end $$""",
    # The first lines are for the addresses of long lists.
    r"""
create or replace function named_number(address text) returns text language plpgsql immutable as $$
declare
  called text := spelt_out_user((regexp_match(btrim(address), '^(sips?[:](?=.*@|[^.]*$)|tel[:]|)([^;:@?]*)', 'i'))[2]);
  found text;
begin
  if called ~ '^[+]?[0-9]*$' then
    return coalesce(international_number(called), nullif(called, '+'), '');
  elsif called ~ '^[A-Za-z]' then
    return '';
  end if;
  select coalesce(international_number(n.written), n.written) into found from dialled_numbers(called) n
    order by (n.first or n.written ~ '^[+0]') and international_number(n.written) is not null desc, n.place limit 1;
  return coalesce(found, '');
end $$""",
    # domain.national_number, by the same expression. Null where there is no such prefix. The first line is for long lists,
    # few of whose numbers go further.
    r"""
create function without_national_prefix(phone text) returns text language sql immutable as $$
  select case when phone ~ '^[+][1-9][0-9]{0,2}0' then nullif(regexp_replace(
    phone,
    '^[+](?:(36)06|(?!36|39|225|226|229|24[12]|378|881|992)(1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|2[1-689][0-9]'
    '|3[578][0-9]|42[0-9]|5[09][0-9]|6[7-9][0-9]|8[035789][0-9]|9[679][0-9])0)([1-9][0-9]{5,})$',
    '+\1\2\3'
  ), phone) end
$$""",
    # As in the first revision, and the number without its national prefix as the last key: it binds every spelling.
    r"""
create or replace function address_keys(address text) returns text[] language sql immutable as $$
  select case when address ~ '^[+][1-9][0-9]{6,14}$' then array_remove(array[address, without_national_prefix(address)], null) else (
    select case
      when address ~* '^sips?[:].*@' then array_remove(array[
        left('sip:' || coalesce(nullif(number, ''), lower(substring(address from '^[^:]*[:]([^;:@?]*)'))) || '@' || lower(host), 200),
        phone,
        without_national_prefix(phone)
      ], null)
      when number <> '' then array_remove(array[number, without_national_prefix(number)], null)
      when address ~* '^sips?[:]' then array[
        lower(regexp_replace(regexp_replace(regexp_replace(address, ';.*$', ''), ':[0-9]+$', ''), '^sips:', 'sip:', 'i'))
      ]
      else array[address] end
    from named_number(address) number, regexp_replace(substring(address from '@([^;?]*)'), ':[0-9]+$', '') host,
      substring(number from '^[+][1-9][0-9]{6,14}$') phone
  ) end
$$""",
    # Numbers that were listed by another spelling, or with a national prefix. The guard takes a lock for each, and nothing is dialled now.
    "alter table suppression disable trigger suppression_guard",
    """
insert into suppression (number, tenant_id, reason, created_at, execution_id, said, note)
select key, s.tenant_id, s.reason, s.created_at, s.execution_id, s.said, s.note
from suppression s, unnest(address_keys(s.number)) key
where not exists (select from suppression listed where listed.tenant_id = s.tenant_id and listed.number = key)
order by s.created_at
on conflict do nothing""",
    "alter table suppression enable trigger suppression_guard",
    "delete from suppression where number <> all(address_keys(number))",
]
