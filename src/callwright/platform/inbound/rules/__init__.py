"""Pure rules of inbound."""
