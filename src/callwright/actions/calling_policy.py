"""The calling policy of an organisation: reading and replacing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callwright.actions.audit import audit
from callwright.actions.services import Services
from callwright.domain.dialling.policy import StoredPolicy, parse_policy, policy_wire
from callwright.domain.tenant import Principal


async def get_calling_policy(services: Services, principal: Principal) -> StoredPolicy:
    """The policy that binds the account: its organisation's."""
    async with services.ledger.unit() as unit:
        return await unit.calling_policies.binding(principal.tenant_id)


async def put_calling_policy(services: Services, principal: Principal, body: Mapping[str, Any]) -> StoredPolicy:
    """Replace the policy of the organisation. Calls that wait are decided by the new one. The same policy again changes nothing.
    Raises BadInputError."""
    policy = parse_policy(body)
    async with services.ledger.unit() as unit:
        before = await unit.calling_policies.lock(principal.organisation_id)
        if before.policy == policy:
            return before
        after = await unit.calling_policies.put(principal.organisation_id, policy, services.clock.now())
        was, now = policy_wire(before.policy), policy_wire(policy)
        await audit(unit, principal, "calling_policy.changed", principal.organisation_id, before=was, after=now)
    return after
