"""Use cases, one transaction each of executions."""
