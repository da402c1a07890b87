"""Pure rules of executions."""
