"""The schema of the ledger as alembic revisions in plain SQL."""
