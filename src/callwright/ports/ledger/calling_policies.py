"""Port of storage: calling policies of organisations."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Protocol

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

    async def guardrails(self, tenant_id: str, agent_ids: Collection[str]) -> Mapping[str, Any]:
        """``calling_guardrails`` of agents as they are now, by agent; None where there are none, nothing of an agent that is gone."""
        ...

    async def decide_anew(self, tenant_id: str, agent_id: str | None = None) -> None:
        """Have the rescheduled calls of an organisation, or of one agent of a tenant, decided about again: they may be dialled earlier."""
        ...
