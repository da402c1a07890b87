"""Agents: their settings, versions and texts."""
