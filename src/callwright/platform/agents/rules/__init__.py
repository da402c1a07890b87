"""Agents: their JSON read into what a call needs."""
