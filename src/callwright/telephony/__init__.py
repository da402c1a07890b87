"""Plugins for carriers. None imports another."""
