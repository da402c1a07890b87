"""A number that has the national prefix after its country's code, as in ``+49 030 901820``, is also known without it."""

STATEMENTS = [
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
    # As before, and the number without its national prefix as the last key: it binds every spelling.
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
    # Numbers that are listed with it. The guard takes a lock for each, and nothing is dialled now.
    "alter table suppression disable trigger suppression_guard",
    """
insert into suppression (number, tenant_id, reason, created_at, execution_id, said, note)
select key, s.tenant_id, s.reason, s.created_at, s.execution_id, s.said, s.note
from suppression s, unnest(address_keys(s.number)) key
where without_national_prefix(substring(s.number from '^(?:sip:)?([+][0-9]+)')) is not null
order by s.created_at
on conflict do nothing""",
    "alter table suppression enable trigger suppression_guard",
]
