"""Which agent answers a number, and its menu of keys."""
