"""Routes of violations (contract 3.14, and one of our own). The operator's side is `callwright violations`."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response

from callwright.api.answers import answer
from callwright.api.forms import FileRule, FormRules
from callwright.api.idempotent import IdempotencyKey, answer_once
from callwright.api.reading import form_body
from callwright.api.schemas import Acknowledged, errors, shown
from callwright.api.services import principal_of, public_url_of, services_of
from callwright.api.uploads import read_upload
from callwright.domain.limits import MAX_VIOLATION_FILE_BYTES
from callwright.insight.wire import wire_time
from callwright.platform.services import Services
from callwright.platform.violations import actions as violations
from callwright.platform.violations.actions import Answer
from callwright.platform.violations.rules import Violation
from callwright.platform.violations.schemas import EXAMPLE, ViolationForm, ViolationPageView, ViolationQuery

router = APIRouter(tags=["violations"])

_Form = Annotated[
    ViolationForm,
    form_body(ViolationForm, EXAMPLE, FormRules({"violation_file": FileRule(MAX_VIOLATION_FILE_BYTES)}), read_upload),
]


@router.get(
    "/violations/list",
    summary="List violations",
    responses={200: shown("One page, newest first.", ViolationPageView), **errors(400)},
)
async def list_page(request: Request, query: Annotated[ViolationQuery, Query()]) -> Response:
    """What the operator put before the account."""
    services, principal = services_of(request).actions, principal_of(request)
    page = await violations.list_violations(services, principal, query.status or "", query.page_number, query.size)
    offset = (page.number - 1) * page.size
    return answer(
        {
            "data": [_view(row, public_url_of(request)) for row in page.rows],
            "total": page.total,
            "limit": page.size,
            "offset": offset,
            "has_more": offset + len(page.rows) < page.total,
        }
    )


@router.post(
    "/violations/submit",
    summary="Answer a violation",
    responses={200: shown("It is submitted.", Acknowledged), **errors(400, 404, 409, 413)},
)
async def submit(request: Request, form: _Form, idempotency_key: IdempotencyKey = None) -> Response:
    """As often as needed until the operator has decided; the last file counts."""
    file = form.violation_file
    given = Answer(form.violation_id, file.file_name, await file.read())
    asked = {"violation_id": given.violation_id, "file": file.sha256}

    async def work(services: Services) -> dict[str, str]:
        await violations.answer_violation(services, principal_of(request), given)
        return {"message": "success", "state": "submitted"}

    return await answer_once(request, idempotency_key, asked, work)


@router.get(
    "/v1/callwright/violations/{violation_id}/file",
    summary="Read the answer to a violation",
    response_class=Response,
    responses={
        200: {
            "description": "The file.",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        },
        **errors(404),
    },
)
async def file(request: Request, violation_id: str) -> Response:
    """Always as a download, whatever it is."""
    name, content = await violations.file_of_violation(
        services_of(request).actions, principal_of(request), violation_id
    )
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
    return Response(content, media_type="application/octet-stream", headers=headers)


def _view(violation: Violation, public_url: str) -> dict[str, Any]:
    image = f"{public_url}/v1/callwright/violations/{violation.id}/file" if violation.file_name else None
    return {
        "id": violation.id,
        "status": violation.status,
        "from_phone_number": violation.from_number,
        "to_phone_number": violation.to_number,
        "date_of_call": wire_time(violation.date_of_call) or "",
        "created_at": wire_time(violation.created_at),
        "updated_at": wire_time(violation.updated_at),
        "user_id": violation.tenant_id,
        "agent_id": violation.agent_id,
        "execution_id": violation.execution_id,
        "image_url": image,
        "email": violation.email,
        "note": violation.note,
    }
