"""Rows in PostgreSQL of webhooks."""
