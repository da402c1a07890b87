"""Short names of agents."""
