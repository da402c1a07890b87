"""Wallets of organisations."""
