"""Searching calls for words of their conversations.

The words are in a table of their own, so that the rows that every list reads stay narrow.
"""

STATEMENTS = [
    # Without positions: a search asks whether a word is there.
    """
create table execution_words (
  execution_id text collate "C" primary key references execution_summary (execution_id) on delete cascade,
  tenant_id text collate "C" not null,
  created_at timestamptz not null,
  words tsvector not null
)""",
    "create index execution_words_found on execution_words using gin (words)",
    # A word of very many calls is looked for in the newest ones.
    "create index execution_words_newest on execution_words (tenant_id, created_at desc)",
    # It had the words of summary and reason, which are in the new table, too.
    "alter table execution_summary drop column words",
    # Calls from before get their words in the background (storage.execution_list.catch_up). ``listed``: only the words are missing.
    "alter table execution_summary_missing add column listed boolean not null default false",
    "insert into execution_summary_missing (execution_id, listed) select execution_id, true from execution_summary on conflict do nothing",
    "create index execution_summary_unlisted on execution_summary_missing (execution_id) where not listed",
]
