"""Plugins for speech and language. None imports another."""
