"""The settings of agents as a table."""
