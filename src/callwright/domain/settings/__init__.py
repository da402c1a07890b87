"""An agent's settings as rows of one table."""
