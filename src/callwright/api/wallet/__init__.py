"""Wallets: what organisations may spend, and have spent."""
