"""Numbers that are not called."""
