"""The schema of the ledger: revisions in plain SQL. A database has all of them, applied in order, each once.

Rules that must never break are constraints here, not only code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from callwright.storage.migrations.campaigns import (
    changes,
    deleted_agents,
    dial_history,
    dialling,
    events,
    named_numbers,
    national_prefixes,
    notices,
    number_owners,
    pace,
    repeated_calls,
    wallet,
    webhook_endpoints,
)
from callwright.storage.migrations.catalogue import imported_voices
from callwright.storage.migrations.dashboard import agent_versions, conversation_search, execution_list, sessions
from callwright.storage.migrations.initial import (
    accounts,
    batches,
    executions,
    numbers,
    outbox,
    questions,
    suppressions,
    uploads,
    usage,
)
from callwright.storage.migrations.providers import prices

_INITIAL = (accounts, executions, outbox, usage, suppressions, questions, batches, numbers, uploads)
_CAMPAIGNS = (changes, dialling, events, webhook_endpoints, wallet, number_owners, pace)
_DASHBOARD = (sessions, agent_versions, execution_list)
_PROVIDERS = (prices,)
_CATALOGUE = (imported_voices,)
_SEARCH = (conversation_search,)
_NOTICES = (notices,)
_HISTORY = (dial_history, repeated_calls)
_SPELLINGS = (named_numbers,)
_DELETED = (deleted_agents,)
_PREFIXES = (national_prefixes,)

REVISIONS: Mapping[str, Sequence[str]] = {
    "0001": [statement for subject in _INITIAL for statement in subject.STATEMENTS],
    "0002": [statement for subject in _CAMPAIGNS for statement in subject.STATEMENTS],
    "0003": [statement for subject in _DASHBOARD for statement in subject.STATEMENTS],
    "0004": [statement for subject in _PROVIDERS for statement in subject.STATEMENTS],
    "0005": [statement for subject in _CATALOGUE for statement in subject.STATEMENTS],
    "0006": [statement for subject in _SEARCH for statement in subject.STATEMENTS],
    "0007": [statement for subject in _NOTICES for statement in subject.STATEMENTS],
    "0008": [statement for subject in _HISTORY for statement in subject.STATEMENTS],
    "0009": [statement for subject in _SPELLINGS for statement in subject.STATEMENTS],
    "0010": [statement for subject in _DELETED for statement in subject.STATEMENTS],
    "0011": [statement for subject in _PREFIXES for statement in subject.STATEMENTS],
}
"""Number of a revision -> its statements, the first revision first. A released revision never changes: add another."""
