"""Use cases, one transaction each of batches."""
