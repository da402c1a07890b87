"""Replays of a call: exact, with a changed agent, and as a scenario."""
