"""Lists of executions over all agents."""
