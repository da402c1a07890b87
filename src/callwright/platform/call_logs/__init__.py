"""Call logs in pieces."""
