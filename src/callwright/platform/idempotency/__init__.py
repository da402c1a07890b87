"""First answers under idempotency keys."""
