"""Executions: the ledger of calls and their records."""
