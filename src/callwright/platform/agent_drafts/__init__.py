"""Agents that are tried before they are saved."""
