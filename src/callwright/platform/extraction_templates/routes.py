"""Routes of extraction templates (contract 3.12, older). They are kept for programs that manage them; no call is asked by them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from callwright.api.answers import answer
from callwright.api.idempotent import IdempotencyKey, answer_once
from callwright.api.reading import kept_body
from callwright.api.schemas import errors, shown
from callwright.api.services import principal_of, services_of
from callwright.insight.wire import wire_time
from callwright.platform.extraction_templates import actions as templates
from callwright.platform.extraction_templates.rules import StoredTemplate
from callwright.platform.extraction_templates.schemas import (
    EXAMPLE,
    UPDATE_EXAMPLE,
    AllTemplates,
    OneTemplate,
    TemplateBody,
    TemplateDeleted,
    TemplateUpdate,
)
from callwright.platform.services import Services

router = APIRouter(prefix="/extractions", tags=["extraction templates"])

# Read by the domain: unknown keys are kept, and changes are judged with the stored template.
_New = Annotated[dict[str, Any], kept_body(TemplateBody, EXAMPLE)]
_Changes = Annotated[dict[str, Any], kept_body(TemplateUpdate, UPDATE_EXAMPLE)]
_DEFAULTS = {one.name: one.default for one in templates.TEMPLATE if not one.required}


@router.get("", summary="List extraction templates", responses={200: shown("All of them.", AllTemplates), **errors()})
async def list_all(request: Request) -> Response:
    """Oldest first, never paged."""
    found = await templates.list_templates(services_of(request).actions, principal_of(request))
    return answer({"data": [_view(one) for one in found]})


@router.post(
    "",
    summary="Create an extraction template",
    status_code=201,
    responses={201: shown("Created.", OneTemplate), **errors(400, 409, 413)},
)
async def create(request: Request, wire: _New, idempotency_key: IdempotencyKey = None) -> Response:
    """Kept as it came, unknown keys included; with or without the `data` of an answer around it."""

    async def work(services: Services) -> dict[str, Any]:
        return {"data": _view(await templates.create_template(services, principal_of(request), wire))}

    return await answer_once(request, idempotency_key, wire, work, 201)


@router.get(
    "/{template_id}",
    summary="Read an extraction template",
    responses={200: shown("The template.", OneTemplate), **errors(404)},
)
async def read(request: Request, template_id: str) -> Response:
    """In `data`, as everything here."""
    found = await templates.get_template(services_of(request).actions, principal_of(request), template_id)
    return answer({"data": _view(found)})


@router.put(
    "/{template_id}",
    summary="Change an extraction template",
    responses={200: shown("Changed.", OneTemplate), **errors(400, 404, 413)},
)
async def change(request: Request, template_id: str, wire: _Changes) -> Response:
    """Changes the keys that are named; with or without the `data` of an answer around them."""
    changed = await templates.change_template(services_of(request).actions, principal_of(request), template_id, wire)
    return answer({"data": _view(changed)})


@router.delete(
    "/{template_id}",
    summary="Delete an extraction template",
    responses={200: shown("Deleted.", TemplateDeleted), **errors(404)},
)
async def delete(request: Request, template_id: str) -> Response:
    """It is gone for good."""
    await templates.delete_template(services_of(request).actions, principal_of(request), template_id)
    return answer({"message": "Template deleted successfully"})


def _view(template: StoredTemplate) -> dict[str, Any]:
    given = {name: value for name, value in template.body.items() if value is not None or name not in _DEFAULTS}
    return {
        "id": template.id,
        **_DEFAULTS,
        **given,
        "created_at": wire_time(template.created_at),
        "updated_at": wire_time(template.updated_at),
    }
