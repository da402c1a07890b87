"""Webhooks: signing and schedule (pure) and delivery."""
