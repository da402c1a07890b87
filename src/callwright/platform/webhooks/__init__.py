"""Webhooks: the outbox, deliveries and failing endpoints."""
