"""Calls that pages in a browser make."""
