"""The timeline of a call."""
