"""Files of contacts in which callers are looked up (``source_type: csv``, contract 12.1); how they are put here is our own."""

from __future__ import annotations

import asyncio
from typing import Any

from callwright.domain.errors import BadInputError, ConflictError
from callwright.domain.limits import MAX_CONTACT_FILES, MAX_NAME_CHARACTERS
from callwright.platform.accounts.rules import Principal
from callwright.platform.audit.actions.record import audit
from callwright.platform.contact_files.rules import ContactFile, read_contact_file
from callwright.platform.services import Services, missing
from callwright.platform.uploads import check_quota, stored_before


async def put_contact_file(services: Services, principal: Principal, name: str, csv: bytes) -> tuple[ContactFile, bool]:
    """Keep a CSV file under a name, in place of what was there, and whether it is new. Raises BadInputError for what cannot be read,
    ConflictError for one more than MAX_CONTACT_FILES."""
    if not _is_name(name):
        raise BadInputError(f"the name must have 1 to {MAX_NAME_CHARACTERS} printable characters", field="name")
    contacts = await asyncio.to_thread(read_contact_file, csv)
    now = services.clock.now()
    async with services.ledger.unit() as unit:
        stored = await stored_before(services, unit, principal)
        before = await unit.contact_files.get(principal.tenant_id, name)
        if before is None and len(await unit.contact_files.all(principal.tenant_id)) >= MAX_CONTACT_FILES:
            raise ConflictError(
                f"there are {MAX_CONTACT_FILES} files of contacts already; delete one that is not needed"
            )
        file = ContactFile(
            name=name,
            tenant_id=principal.tenant_id,
            columns=contacts.columns,
            contacts=len(contacts.by_number),
            created_at=now if before is None else before.created_at,
            updated_at=now,
            bytes=len(csv),
        )
        is_new = await unit.contact_files.put(file, contacts)
        await check_quota(services, unit, principal, stored)
        action = "contact_file.created" if is_new else "contact_file.replaced"
        await audit(
            unit, principal, action, name, before=None if before is None else _shown(before), after=_shown(file)
        )
    return file, is_new


async def get_contact_file(services: Services, principal: Principal, name: str) -> ContactFile:
    """One file of the tenant. Raises NotFoundError."""
    async with services.ledger.unit() as unit:
        found = await unit.contact_files.get(principal.tenant_id, name) if _is_name(name) else None
    if found is None:
        raise missing("file of contacts")
    return found


async def list_contact_files(services: Services, principal: Principal) -> list[ContactFile]:
    """All files of the tenant, by name."""
    async with services.ledger.unit() as unit:
        return await unit.contact_files.all(principal.tenant_id)


async def delete_contact_file(services: Services, principal: Principal, name: str) -> None:
    """Forget a file; agents that name it find no caller any more. Raises NotFoundError."""
    async with services.ledger.unit() as unit:
        before = await unit.contact_files.get(principal.tenant_id, name) if _is_name(name) else None
        if before is None or not await unit.contact_files.delete(principal.tenant_id, name):
            raise missing("file of contacts")
        await audit(unit, principal, "contact_file.deleted", name, before=_shown(before))


def _shown(file: ContactFile) -> dict[str, Any]:
    """What the audit trail tells of a file: not the contacts. A file that is replaced has another time in any case."""
    return {"columns": list(file.columns), "contacts": file.contacts, "updated_at": file.updated_at.isoformat()}


def _is_name(name: str) -> bool:
    return 1 <= len(name) <= MAX_NAME_CHARACTERS and name.isprintable()
