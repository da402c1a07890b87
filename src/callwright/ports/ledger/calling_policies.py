"""Port of storage: calling policies of organisations."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from callwright.domain.dialling.policy import CallingPolicy, StoredPolicy


class CallingPolicies(Protocol):
    """Calling policies. An organisation that has none stored has the default one, in version 0."""

    async def binding(self, tenant_id: str) -> StoredPolicy:
        """The policy that binds a tenant: its organisation's."""
        ...

    async def lock(self, tenant_id: str) -> StoredPolicy:
        """The policy of an organisation, which nobody else changes until the unit ends."""
        ...

    async def put(self, tenant_id: str, policy: CallingPolicy, at: datetime) -> StoredPolicy:
        """Store the policy of an organisation in its next version."""
        ...
