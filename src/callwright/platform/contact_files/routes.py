"""Routes of files of contacts (our own)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from callwright.api.answers import answer
from callwright.api.schemas import Acknowledged, errors, shown
from callwright.api.services import principal_of, services_of
from callwright.api.uploads import read_whole_file
from callwright.domain.limits import MAX_CONTACT_FILE_BYTES
from callwright.insight.wire import wire_time
from callwright.platform.contact_files import actions as contact_files
from callwright.platform.contact_files.rules import ContactFile
from callwright.platform.contact_files.schemas import EXAMPLE, ContactFileView

router = APIRouter(prefix="/v1/callwright/contact-files", tags=["contact files"])

_CSV = {"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}, "example": EXAMPLE}}}}


@router.get(
    "", summary="List files of contacts", responses={200: shown("All, by name.", list[ContactFileView]), **errors()}
)
async def list_all(request: Request) -> Response:
    """A bare array, never paged."""
    found = await contact_files.list_contact_files(services_of(request).actions, principal_of(request))
    return answer([_view(file) for file in found])


@router.put(
    "/{name}",
    summary="Put a file of contacts",
    responses={
        200: shown("It is in place of the one of that name.", ContactFileView),
        201: shown("It is new.", ContactFileView),
        **errors(400, 404, 409, 413),
    },
    openapi_extra=_CSV,
)
async def put(request: Request, name: str) -> Response:
    """The body is CSV in UTF-8; its first line names the columns, among them `contact_number`. Of several rows with one number the first
    counts."""
    services, principal = services_of(request).actions, principal_of(request)
    async with read_whole_file(request, MAX_CONTACT_FILE_BYTES) as csv:
        file, is_new = await contact_files.put_contact_file(services, principal, name, csv)
    return answer(_view(file), 201 if is_new else 200)


@router.get(
    "/{name}", summary="Read a file of contacts", responses={200: shown("The file.", ContactFileView), **errors(404)}
)
async def read(request: Request, name: str) -> Response:
    """Its columns and how many contacts it has; the contacts themselves are not told."""
    return answer(
        _view(await contact_files.get_contact_file(services_of(request).actions, principal_of(request), name))
    )


@router.delete(
    "/{name}", summary="Delete a file of contacts", responses={200: shown("Deleted.", Acknowledged), **errors(404)}
)
async def delete(request: Request, name: str) -> Response:
    """Agents that name it find no caller any more."""
    await contact_files.delete_contact_file(services_of(request).actions, principal_of(request), name)
    return answer({"message": "success", "state": "deleted"})


def _view(file: ContactFile) -> dict[str, Any]:
    return {
        "name": file.name,
        "columns": list(file.columns),
        "contacts": file.contacts,
        "created_at": wire_time(file.created_at),
        "updated_at": wire_time(file.updated_at),
    }
