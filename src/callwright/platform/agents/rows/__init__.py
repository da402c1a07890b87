"""Rows in PostgreSQL of agents."""
