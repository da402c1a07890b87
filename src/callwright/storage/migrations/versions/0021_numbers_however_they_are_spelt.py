"""A number that is not to be called is not called under any of its spellings: with a plus, with 00 or with neither, with escapes,
separators and parameters, in a ``sip:`` or ``tel:`` address."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

NAMED_NUMBER = [
    # The ASCII characters that are escaped in the user of an address, as themselves.
    r"""
create or replace function unescaped_user(escaped text) returns text language sql immutable as $$
  select case when position('%' in escaped) = 0 then escaped else (
    select string_agg(case when found[1] is null then found[2] else chr(('x' || found[1])::bit(8)::integer) end, '' order by place)
    from regexp_matches(escaped, '%([2-7][0-9A-Fa-f])|(%|[^%]+)', 'g') with ordinality matches (found, place)
  ) end
$$""",
    # domain.dialled.named_number, by the same expressions.
    r"""
create or replace function named_number(address text) returns text language sql immutable as $$
  select coalesce(regexp_replace(number, '^([+]|00)?([1-9][0-9]{6,14})$', '+\2'), '')
  from substring(
    translate(
      unescaped_user((regexp_match(btrim(address), '^(sips?[:](?=.*@|[^.]*$)|tel[:]|)([^;:@?]*)', 'i'))[2]),
      ' .()/-' || chr(160), ''
    ) from '^([+]?[0-9]+)([,;:@?&=$!~''].*)?$'
  ) number
$$""",
]

# What an address is known by: the number it names in E.164 form, behind the SIP address at which it is the user; a name at a host; else the
# text as it is. The first line is for long lists, which are of such numbers mostly.
ADDRESS_KEYS = r"""
create or replace function address_keys(address text) returns text[] language sql immutable as $$
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
$$"""

# The oldest row of an address is the one whose words and note its other names take over.
NEW_ROWS = """
insert into suppression (tenant_id, number, reason, execution_id, said, note, created_at)
select distinct on (s.tenant_id, key) s.tenant_id, key, s.reason, s.execution_id, s.said, s.note, s.created_at
from suppression s, unnest(address_keys(s.number)) key where key <> s.number order by s.tenant_id, key, s.created_at, s.number
on conflict do nothing"""

OLD_ADDRESS_KEYS = r"""
create or replace function address_keys(address text) returns text[] language sql immutable as $$
  select case when address ~* '^sips?:' then array_remove(array[
    lower(regexp_replace(regexp_replace(regexp_replace(address, ';.*$', ''), ':[0-9]+$', ''), '^sips:', 'sip:', 'i')),
    substring(address from '(?i)^sips?:(\+[1-9][0-9]{6,14})@')
  ], null) else array[address] end
$$"""


def upgrade() -> None:
    """Know a number in each of its spellings, and write the rows that are there anew under their number. Whoever lists a number meanwhile
    waits. Without the guard, because its lock for each row of a long list is more than a server has room for."""
    for statement in (*NAMED_NUMBER, ADDRESS_KEYS):
        op.execute(statement)
    op.execute("alter table suppression disable trigger suppression_guard")
    op.execute(NEW_ROWS)
    op.execute("delete from suppression where number <> all(address_keys(number))")
    op.execute("alter table suppression enable trigger suppression_guard")


def downgrade() -> None:
    """Know a number in a SIP address by its plus alone. Rows that were written anew stay."""
    op.execute(OLD_ADDRESS_KEYS)
    op.execute("drop function named_number(text)")
    op.execute("drop function unescaped_user(text)")
