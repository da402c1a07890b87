"""Data keys: what a tenant's secrets are sealed under."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A tenant's data key as stored. ``master`` is the fingerprint of the master key that wraps it."""

    tenant_id: str
    master: str
    wrapped: bytes = field(repr=False)
