"""Voices of the installed providers."""
