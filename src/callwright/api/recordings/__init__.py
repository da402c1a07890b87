"""Recordings behind signed links."""
