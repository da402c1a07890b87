"""Use cases, one transaction each of wallet."""
