"""Use cases, one transaction each of voices."""
