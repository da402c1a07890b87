"""Replays of calls, and what-if."""
