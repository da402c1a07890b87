"""Placing and stopping calls: `/call...`."""
