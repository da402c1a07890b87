"""Accounts' credentials with providers."""
