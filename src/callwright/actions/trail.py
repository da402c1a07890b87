"""Reading the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from callwright.actions.schedule import moment
from callwright.actions.services import Services
from callwright.domain.audit import AuditEntry
from callwright.domain.errors import BadInputError
from callwright.domain.fields import Fields
from callwright.domain.limits import MAX_NAME_CHARACTERS, MAX_PAGE_SIZE
from callwright.domain.tenant import Principal
from callwright.ports.ledger import AuditFilter

_LARGEST = 2**62


@dataclass(frozen=True, slots=True)
class TrailPage:
    """Entries, newest first. ``next_before`` continues below the last one; None when there is nothing more."""

    rows: list[AuditEntry]
    next_before: int | None


async def read_trail(services: Services, principal: Principal, query: Mapping[str, str]) -> TrailPage:
    """A page of the tenant's trail. ``before`` is the id below which it begins. Raises BadInputError."""
    fields = Fields({name: value.strip() or None for name, value in query.items()}, "", BadInputError)
    size = min(MAX_PAGE_SIZE, fields.whole("page_size", 20, 1, _LARGEST))
    since, until = (fields.text(name) for name in ("from", "to"))
    narrow = AuditFilter(
        before=fields.whole("before", _LARGEST, 1, _LARGEST),
        object_type=fields.text("object_type", longest=MAX_NAME_CHARACTERS) or None,
        object_id=fields.text("object_id", longest=MAX_NAME_CHARACTERS) or None,
        actor=fields.text("actor", longest=MAX_NAME_CHARACTERS) or None,
        since=moment(since, "from") if since else None,
        until=moment(until, "to") if until else None,
    )
    async with services.ledger.unit() as unit:
        rows = await unit.audit.page(principal.tenant_id, narrow, size + 1)
    return TrailPage(rows[:size], rows[size - 1].id if len(rows) > size else None)
