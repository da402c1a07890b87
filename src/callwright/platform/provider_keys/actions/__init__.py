"""Use cases, one transaction each of provider keys."""
