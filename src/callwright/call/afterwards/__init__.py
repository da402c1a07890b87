"""Work after a call."""
