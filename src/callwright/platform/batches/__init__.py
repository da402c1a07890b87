"""Batches of calls: their lists, pace and stop."""
