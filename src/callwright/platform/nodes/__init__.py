"""Processes that run calls."""
