"""How much accounts may store of what they upload: knowledge bases, ambient tracks, answers to violations, files of contacts."""

from __future__ import annotations

from callwright.actions.services import Services
from callwright.domain.errors import QuotaError
from callwright.domain.tenant import Principal
from callwright.ports.ledger import Unit

_MEGABYTE = 1_048_576


async def check_quota(services: Services, unit: Unit, principal: Principal) -> None:
    """Refuse a file that was just written in ``unit`` and is one too many for the organisation, its sub-accounts counted too; what it
    replaced is not counted any more. Raises QuotaError, so that the unit is undone."""
    quota = services.upload_quota_bytes
    if not quota:
        return
    # Behind the lock every other file is either written for good or not at all.
    await unit.accounts.lock_uploads(principal.organisation_id)
    stored = await unit.accounts.uploaded_bytes(principal.organisation_id)
    if stored > quota:
        raise QuotaError(
            f"the organisation would store {stored / _MEGABYTE:.1f} MB of uploaded files; {quota / _MEGABYTE:.1f} MB are allowed"
        )
