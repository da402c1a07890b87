"""Seeded worlds, synthetic callers, virtual clock, line conditions."""
