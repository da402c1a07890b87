"""The list of executions over all agents."""
