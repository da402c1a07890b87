"""Connecting an account at a carrier with this server."""
