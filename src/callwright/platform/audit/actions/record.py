"""The one way a use case tells the audit trail what it changed, in the unit of the change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callwright.platform.accounts.rules import Principal
from callwright.platform.audit.rules import AuditEntry, bounded, differences
from callwright.platform.unit import Unit


async def audit(
    unit: Unit,
    principal: Principal,
    action: str,
    object_id: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    about: Mapping[str, Any] | None = None,
) -> None:
    """Write that ``principal`` did ``action`` to an object, in the same unit as the change.

    ``action`` is ``<object type>.<verb in the past>``: ``agent.created``, ``extension.deleted``. Give ``after`` alone for what was made,
    ``before`` alone for what was deleted, both for what was changed: then only their differences are kept, and nothing is written when
    there are none. ``about`` says which object it was where the id does not, as people call it: it is kept on each side that is given, also
    where it did not change. Secrets are redacted here, by name and by form, and long texts cut; hand over plain JSON values.
    """
    if before is not None and after is not None:
        before, after = differences(before, after)
        if not before and not after:
            return
    before, after = (None if side is None else {**(about or {}), **side} for side in (before, after))
    entry = AuditEntry(
        tenant_id=principal.tenant_id,
        actor=principal.key_id,
        action=action,
        object_type=action.partition(".")[0],
        object_id=object_id,
        before=None if before is None else bounded(before),
        after=None if after is None else bounded(after),
    )
    await unit.audit.add(entry)
