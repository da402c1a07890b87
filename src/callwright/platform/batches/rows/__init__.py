"""Rows in PostgreSQL of batches."""
