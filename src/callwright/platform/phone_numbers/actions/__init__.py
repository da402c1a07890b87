"""Use cases, one transaction each of phone numbers."""
