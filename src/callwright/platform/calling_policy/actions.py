"""The calling policy of an organisation: reading and replacing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callwright.domain.errors import BadInputError, ConflictError
from callwright.domain.fields import Fields
from callwright.domain.settings.kinds import whole
from callwright.domain.settings.setting import Setting
from callwright.platform.accounts.rules import Principal
from callwright.platform.agents.actions.agents import model_names
from callwright.platform.agents.rules.fallbacks import MODEL
from callwright.platform.agents.rules.providers import ProviderNames
from callwright.platform.audit.actions.record import audit
from callwright.platform.dialling.rules.policy import StoredPolicy, parse_policy, policy_wire
from callwright.platform.services import Services

_READ_ONLY = ("version", "updated_at")
VERSION = Setting("policy.version", whole(0, 2**31 - 1), None, "That of the policy that was read; null replaces any.")


async def get_calling_policy(services: Services, principal: Principal) -> StoredPolicy:
    """The policy that binds the account: its organisation's."""
    async with services.ledger.unit() as unit:
        return await unit.calling_policies.binding(principal.tenant_id)


async def put_calling_policy(services: Services, principal: Principal, body: Mapping[str, Any]) -> StoredPolicy:
    """Replace the policy of the organisation. Calls that wait are decided by the new one. The same policy again changes nothing.
    ``version`` and ``updated_at`` may be those that were read. Raises BadInputError, and ConflictError for the version of another policy
    than the present one."""
    policy = parse_policy({name: value for name, value in body.items() if name not in _READ_ONLY})
    version = VERSION.of(Fields(body, "", BadInputError))
    async with services.ledger.unit() as unit:
        models = await model_names(unit, principal)
        policy.fallbacks.check(ProviderNames(lambda kind: {*services.names(kind), *(models if kind == MODEL else ())}))
        before = await unit.calling_policies.lock(principal.organisation_id)
        if version not in (None, before.version):
            raise ConflictError(
                f"the calling policy has version {before.version}, not {version}: it was changed since it was read",
                field="version",
            )
        if before.policy == policy:
            return before
        after = await unit.calling_policies.put(principal.organisation_id, policy, services.clock.now())
        await unit.calling_policies.decide_anew(principal.organisation_id)
        was, now = policy_wire(before.policy), policy_wire(policy)
        await audit(unit, principal, "calling_policy.changed", principal.organisation_id, before=was, after=now)
    return after
