"""The schema of the ledger: revisions in plain SQL. A database has all of them, applied in order, each once.

Rules that must never break are constraints here, not only code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from callwright.storage.migrations.following import (
    agent_versions,
    changes,
    dialling,
    events,
    execution_list,
    imported_voices,
    named_numbers,
    notices,
    number_owners,
    pace,
    prices,
    sessions,
    wallet,
    webhook_endpoints,
)
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

_INITIAL = (accounts, executions, outbox, usage, suppressions, questions, batches, numbers, uploads)
_FOLLOWING = (
    changes,
    dialling,
    events,
    webhook_endpoints,
    wallet,
    number_owners,
    pace,
    sessions,
    agent_versions,
    execution_list,
    prices,
    imported_voices,
    notices,
    named_numbers,
)

# The first is that of tests/releases/0.1.0.sql. The numbers between were never released: a database with one of them is refused, and one
# that has the last has the same schema.
REVISIONS: Mapping[str, Sequence[str]] = {
    "0001": [statement for subject in _INITIAL for statement in subject.STATEMENTS],
    "0011": [statement for subject in _FOLLOWING for statement in subject.STATEMENTS],
}
"""Number of a revision -> its statements, the first revision first. A released revision never changes: add another."""
