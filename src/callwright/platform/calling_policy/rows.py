"""Calling policies of organisations."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from callwright.platform.dialling.rules.policy import CallingPolicy, StoredPolicy, policy_wire, stored_policy


class CallingPolicyRows:
    """Calling policies. An organisation that has none stored has the default one, in version 0."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def binding(self, tenant_id: str) -> StoredPolicy:
        """The policy that binds a tenant: its organisation's."""
        row = await self._connection.fetchrow(
            "select o.organisation_id, p.body::text as body, p.version, p.updated_at"
            " from (select coalesce(parent_id, id) as organisation_id from tenant where id = $1) o"
            " left join calling_policy p on p.tenant_id = o.organisation_id",
            tenant_id,
        )
        return policy_of(tenant_id if row is None else row["organisation_id"], row)

    async def lock(self, tenant_id: str) -> StoredPolicy:
        """The policy of an organisation, which nobody else changes until the unit ends."""
        # The tenant's row is there where the policy's is not yet.
        await self._connection.execute("select from tenant where id = $1 for no key update", tenant_id)
        return await self.binding(tenant_id)

    async def put(self, tenant_id: str, policy: CallingPolicy, at: datetime) -> StoredPolicy:
        """Store the policy of an organisation in its next version."""
        version = await self._connection.fetchval(
            "insert into calling_policy as p (tenant_id, body, version, updated_at) values ($1, $2, 1, $3)"
            " on conflict (tenant_id) do update set body = excluded.body, version = p.version + 1, updated_at = excluded.updated_at"
            " returning version",
            tenant_id,
            policy_wire(policy),
            at,
        )
        return StoredPolicy(tenant_id, policy, int(version), at)

    async def guardrails(self, tenant_id: str, agent_ids: Collection[str]) -> Mapping[str, Any]:
        """``calling_guardrails`` of agents as they are now, by agent; None where there are none, nothing of an agent that is gone."""
        rows = await self._connection.fetch(
            "select id, body -> 'calling_guardrails' as hours from agent where tenant_id = $1 and id = any ($2)",
            tenant_id,
            list(agent_ids),
        )
        return {row["id"]: row["hours"] for row in rows}

    async def decide_anew(self, tenant_id: str, agent_id: str | None = None) -> None:
        """Have the rescheduled calls of an organisation, or of one agent of a tenant, decided about again: they may be dialled earlier."""
        await self._connection.execute(
            "update execution set due_at = now() where phase = 'waiting' and detail = 'rescheduled' and due_at > now()"
            " and tenant_id in (select id from tenant where id = $1 or parent_id = $1) and ($2::text is null or agent_id = $2)",
            tenant_id,
            agent_id,
        )


def policy_of(tenant_id: str, row: Any) -> StoredPolicy:
    """The policy of an organisation whose columns ``row`` has; that of one without any where it has none."""
    if row is None or row["body"] is None:
        return StoredPolicy(tenant_id, CallingPolicy(), 0, None)
    return StoredPolicy(tenant_id, policy_of_text(row["body"]), row["version"], row["updated_at"])


@lru_cache(maxsize=1_000)
def policy_of_text(body: str) -> CallingPolicy:
    """The policy of a stored body. Each call reads it several times, and it seldom changes. Raises BadInputError."""
    return stored_policy(json.loads(body))
