"""Organisations: who they are, what they may use at once, and how the operator makes them."""
