"""Sub-accounts of organisations."""
