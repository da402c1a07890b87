"""Language models of accounts' own, and the list of all models."""
