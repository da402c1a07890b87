"""Routes of web calls."""
