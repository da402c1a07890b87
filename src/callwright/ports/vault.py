"""Port of sealing: tenants' secrets at rest.

Each tenant has a data key; a master key, which is never in the database, wraps it. What is sealed is bound to its tenant and its name:
moved elsewhere it does not open.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from callwright.platform.provider_keys.rules.sealing import WrappedKey


class Vault(Protocol):
    """Seals and opens. Every method raises VaultLockedError, naming the master key, where that is missing or another one."""

    def new_data_key(self, tenant_id: str, masters: Collection[str]) -> WrappedKey:
        """A fresh data key under the present master key. ``masters``: fingerprints of those that wrap data keys already; without any a
        first master key is made where none is configured."""
        ...

    def seal(self, data_key: WrappedKey, name: str, value: str) -> bytes:
        """``value`` under the data key, bound to the tenant and ``name``."""
        ...

    def open(self, data_key: WrappedKey, name: str, sealed: bytes) -> str:
        """What was sealed under that name for that tenant."""
        ...

    def rewrap(self, data_key: WrappedKey) -> WrappedKey:
        """The same data key under the present master key."""
        ...
