"""Agents: `/v2/agent...`."""
