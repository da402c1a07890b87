"""Connecting carriers."""
