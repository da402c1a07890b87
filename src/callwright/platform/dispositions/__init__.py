"""Questions asked after a call."""
