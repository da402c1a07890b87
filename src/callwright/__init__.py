"""Callwright: a self-hosted platform for AI agents that make and take phone calls."""

__version__ = "0.1.0"
