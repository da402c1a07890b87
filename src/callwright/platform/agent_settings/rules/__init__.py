"""Pure rules of agent settings."""
