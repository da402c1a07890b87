"""How much accounts may store of what they upload: knowledge bases, ambient tracks, answers to violations, files of contacts."""

from __future__ import annotations

from callwright.domain.errors import QuotaError
from callwright.platform.accounts.rules import Principal
from callwright.platform.services import Services
from callwright.platform.unit import Unit

_MEGABYTE = 1_048_576


async def stored_before(services: Services, unit: Unit, principal: Principal) -> int:
    """Bytes that the organisation stores before ``unit`` replaces one of its files, for :func:`check_quota`. To be asked before any row is
    written; other files of the organisation then wait until the unit ends. 0 without a quota."""
    if not services.upload_quota_bytes:
        return 0
    await unit.accounts.lock_uploads(principal.organisation_id)
    return await unit.accounts.uploaded_bytes(principal.organisation_id)


async def check_quota(services: Services, unit: Unit, principal: Principal, before: int = 0) -> None:
    """Refuse a file that was just written in ``unit`` and is one too many for the organisation, its sub-accounts counted too; what it
    replaced is not counted any more. ``before``: the bytes of :func:`stored_before`; a file in place of one that was no smaller is kept
    even above the quota (it may have been lowered). Raises QuotaError, so that the unit is undone."""
    quota = services.upload_quota_bytes
    if not quota:
        return
    # Behind the lock every other file is either written for good or not at all.
    await unit.accounts.lock_uploads(principal.organisation_id)
    stored = await unit.accounts.uploaded_bytes(principal.organisation_id)
    if stored > max(quota, before):
        raise QuotaError(
            f"the organisation would store {stored / _MEGABYTE:.1f} MB of uploaded files; {quota / _MEGABYTE:.1f} MB are allowed"
        )
