"""Rows in PostgreSQL of executions."""
