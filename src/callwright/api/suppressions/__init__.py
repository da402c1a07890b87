"""Suppressions: numbers that are not called any more."""
