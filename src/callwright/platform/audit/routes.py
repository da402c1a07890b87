"""Routes of the audit trail (our own)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from callwright.api.answers import answer
from callwright.api.schemas import errors, shown
from callwright.api.services import principal_of, services_of
from callwright.insight.wire import wire_time
from callwright.platform.audit.actions.trail import read_trail
from callwright.platform.audit.schemas import AuditPageView, AuditQuery

router = APIRouter(prefix="/v1/callwright/audit", tags=["audit"])


@router.get("", summary="Read the audit trail", responses={200: shown("One page.", AuditPageView), **errors(400)})
async def read(request: Request, query: Annotated[AuditQuery, Query()]) -> Response:
    """Who changed what, newest first, for administrators. An organisation sees what was done with its keys, a sub-account what was done
    with its own. It is only ever added to."""
    page = await read_trail(services_of(request).actions, principal_of(request), query.narrow(), query.size)
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
