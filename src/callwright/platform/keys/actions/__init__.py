"""Use cases, one transaction each of keys."""
