"""Tenants (organisations), API keys and who is asking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from callwright.domain.errors import BadInputError
from callwright.platform.sub_accounts.rules import Places

DEFAULT_TENANT_ID = "00000000-0000-4000-8000-000000000001"
DEFAULT_CONCURRENCY = 100
"""Calls at once of an organisation of which nothing else is said."""

NO_EMAIL = "not-set@callwright.invalid"
"""The address of an organisation whose operator gave none. Nobody can have it: `.invalid` is never a domain (RFC 2606)."""

KEY_PREFIX = "bn-"
"""User keys start with this on the wire, as the hosted service's do."""

SUB_ACCOUNT_PREFIX = "sa-"
"""Keys of sub-accounts start with this; 32 hex digits follow (contract 1.2)."""

FULL, READ, CALL, OPERATOR = "full", "read", "call", "operator"
"""Scopes: everything its role may do; only reading; only placing, stopping and holding calls; only the operator's routes, such as topping
up the wallet of any organisation."""

ADMIN, MEMBER = "admin", "member"
"""Roles: everything; reading, calls and one's own keys."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking: the tenant and the key that authenticated the request. ``holder`` says whose key it is, for members;
    ``expires_at`` until when the key is good. ``session_id`` is the session that the request came with, empty for the key itself.

    A tenant is an organisation or one of its sub-accounts; ``parent_id`` is the organisation of a sub-account. What a tenant has for
    itself (agents, calls) is kept under ``tenant_id``; what an organisation shares (wallet, phone numbers, provider keys) under
    ``organisation_id``.
    """

    tenant_id: str
    key_id: str
    name: str
    scope: str = FULL
    parent_id: str | None = None
    role: str = ADMIN
    holder: str = ""
    expires_at: datetime | None = None
    session_id: str = ""

    @property
    def organisation_id(self) -> str:
        """The tenant that owns what is shared: the organisation itself, or the one a sub-account belongs to."""
        return self.parent_id or self.tenant_id


def expiry_of_new(by: Principal, wished: datetime | None) -> datetime | None:
    """When a key expires that ``by`` makes: never after the key that makes it. Raises BadInputError for a wish that is later."""
    if by.expires_at is None or wished is None:
        return wished or by.expires_at
    if wished > by.expires_at:
        until = by.expires_at.isoformat(timespec="seconds")
        raise BadInputError(
            f"expires_at is later than {until}, when the key that makes this one expires; give no later time, or leave it out",
            field="expires_at",
        )
    return wished


def operator(tenant_id: str, name: str = "cli") -> Principal:
    """Whoever acts at the command line, or the platform itself, on behalf of a tenant; no key was needed."""
    return Principal(tenant_id, name, name)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as stored: never the key itself, only its keyed hash and its last four characters.

    ``derived``: the key can be computed again from its id and the server's secret (``platform.keys.actions.keys``) and shown again.
    ``holder`` is the member whose key it is. ``used_at`` is the last use, to the minute. ``parent_id`` is its tenant's organisation.
    """

    id: str
    tenant_id: str
    name: str
    digest: bytes
    last4: str
    scope: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    role: str = ADMIN
    holder: str = ""
    derived: bool = False
    used_at: datetime | None = None
    parent_id: str | None = None

    def is_good(self, now: datetime) -> bool:
        """Whether it is neither revoked nor expired at ``now``."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


@dataclass(frozen=True, slots=True)
class Tenant:
    """An organisation, or a sub-account of the organisation ``parent_id``.

    ``max_concurrency`` bounds live calls; None, for a sub-account, means as many as the organisation has room for. ``min_concurrency`` is
    what a sub-account is guaranteed; of an organisation, what its sub-accounts may be guaranteed together (None: all of its maximum).
    """

    id: str
    name: str
    email: str
    max_concurrency: int | None
    created_at: datetime
    parent_id: str | None = None
    min_concurrency: int | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def places(self) -> Places:
        """Its calls at once."""
        least = self.min_concurrency
        if least is None:
            least = 0 if self.parent_id is not None else (self.max_concurrency or 0)
        return Places(least, self.max_concurrency)
