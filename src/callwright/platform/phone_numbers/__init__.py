"""Phone numbers: rented, connected, assigned to agents."""
