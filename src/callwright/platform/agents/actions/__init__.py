"""Use cases, one transaction each of agents."""
