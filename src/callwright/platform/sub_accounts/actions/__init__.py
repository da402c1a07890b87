"""Use cases, one transaction each of sub accounts."""
