"""Use cases, one transaction each of audit."""
