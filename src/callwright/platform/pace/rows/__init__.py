"""Rows in PostgreSQL of pace."""
