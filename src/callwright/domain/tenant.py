"""Tenants (organisations), API keys and who is asking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

DEFAULT_TENANT_ID = "00000000-0000-4000-8000-000000000001"

KEY_PREFIX = "bn-"
"""User keys start with this on the wire, as the hosted service's do."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking: the tenant and the key that authenticated the request. ``scope`` is ``full`` or ``read``.

    A tenant is an organisation or one of its sub-accounts; ``parent_id`` is the organisation of a sub-account. What a tenant has for
    itself (agents, calls) is kept under ``tenant_id``; what an organisation shares (wallet, phone numbers, provider keys) under
    ``organisation_id``.
    """

    tenant_id: str
    key_id: str
    name: str
    scope: str = "full"
    parent_id: str | None = None

    @property
    def organisation_id(self) -> str:
        """The tenant that owns what is shared: the organisation itself, or the one a sub-account belongs to."""
        return self.parent_id or self.tenant_id


def operator(tenant_id: str, name: str = "cli") -> Principal:
    """Whoever acts at the command line, or the platform itself, on behalf of a tenant; no key was needed."""
    return Principal(tenant_id, name, name)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as stored: never the key itself, only its keyed hash and its last four characters."""

    id: str
    tenant_id: str
    name: str
    digest: bytes
    last4: str
    scope: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tenant:
    """An organisation. ``max_concurrency`` bounds its live calls; ``wallet_nano`` is its balance in nano-cents."""

    id: str
    name: str
    email: str
    max_concurrency: int
    wallet_nano: int
    created_at: datetime
