"""Ambient sounds: tracks that lie under an agent."""
