"""Routes of executions."""
