"""Use cases of the API: one function, one transaction."""
