"""Routes of agents."""
