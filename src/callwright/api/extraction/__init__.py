"""Asking past calls again (our own)."""
