"""Use cases, one transaction each of calls."""
