"""Routes of the audit trail (our own)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from callwright.actions.trail import read_trail
from callwright.api.answers import answer
from callwright.api.audit.schemas import AuditPageView
from callwright.api.schemas import errors, shown
from callwright.api.services import principal_of, services_of
from callwright.insight.wire import wire_time

router = APIRouter(prefix="/v1/callwright/audit", tags=["audit"])


@router.get("", summary="Read the audit trail", responses={200: shown("One page.", AuditPageView), **errors(400)})
async def read(
    request: Request,
    before: Annotated[str, Query(description="Entries with an id below this one: `next_before` of a page.")] = "",
    page_size: Annotated[str, Query(description="20 by default; larger than 50 is 50.")] = "",
    object_type: Annotated[str, Query(description="Such as `agent`, `execution`, `key`.")] = "",
    object_id: Annotated[str, Query(description="Changes of one object.")] = "",
    actor: Annotated[str, Query(description="Id of a key: what was done with it.")] = "",
    since: Annotated[str, Query(alias="from", description="ISO 8601.")] = "",
    until: Annotated[str, Query(alias="to", description="ISO 8601.")] = "",
) -> Response:
    """Who changed what, newest first, for administrators. An organisation sees what was done with its keys, a sub-account what was done
    with its own. It is only ever added to."""
    query = {
        "before": before,
        "page_size": page_size,
        "object_type": object_type,
        "object_id": object_id,
        "actor": actor,
        "from": since,
        "to": until,
    }
    page = await read_trail(services_of(request).actions, principal_of(request), query)
    rows = [
        {
            "id": row.id,
            "at": wire_time(row.at),
            "actor": row.actor,
            "action": row.action,
            "object_type": row.object_type,
            "object_id": row.object_id,
            "before": row.before,
            "after": row.after,
        }
        for row in page.rows
    ]
    return answer({"data": rows, "has_more": page.next_before is not None, "next_before": page.next_before})
