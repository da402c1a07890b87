"""Routes of extensions (our own)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from callwright.api.answers import answer
from callwright.api.reading import json_body
from callwright.api.schemas import Acknowledged, errors, shown
from callwright.api.services import principal_of, services_of
from callwright.insight.wire import wire_time
from callwright.platform.extensions import actions as extensions
from callwright.platform.extensions.rules import Extension
from callwright.platform.extensions.schemas import EXAMPLE, ExtensionBody, ExtensionView

router = APIRouter(prefix="/v1/callwright/extensions", tags=["extensions"])


@router.get(
    "", summary="List extensions", responses={200: shown("All extensions, by name.", list[ExtensionView]), **errors()}
)
async def list_all(request: Request) -> Response:
    """A bare array, never paged."""
    found = await extensions.list_extensions(services_of(request).actions, principal_of(request))
    return answer([_view(extension) for extension in found])


@router.put(
    "/{extension}",
    summary="Give an agent an extension",
    responses={
        200: shown("It pointed at an agent before.", ExtensionView),
        201: shown("It is new.", ExtensionView),
        **errors(400, 404, 409),
    },
)
async def put(
    request: Request, extension: str, body: Annotated[ExtensionBody, json_body(ExtensionBody, EXAMPLE)]
) -> Response:
    """Calls to `sip:<extension>@<host>` reach the agent from now on. 1 to 32 characters of a-z, 0-9, dot, underscore and hyphen. It is
    deleted with the agent. Names are those of one SIP address space, which all organizations of the server share: one that another
    account has, also one of the same organization, is refused with 409."""
    services, principal = services_of(request).actions, principal_of(request)
    # What was read of an extension that nobody answers can be sent back.
    nobody = "agent_id" in body.wire and body.wire["agent_id"] is None
    found, is_new = await extensions.put_extension(services, principal, extension, body.agent_id, nobody=nobody)
    return answer(_view(found), 201 if is_new else 200)


@router.get(
    "/{extension}",
    summary="Read an extension",
    responses={200: shown("The extension.", ExtensionView), **errors(404)},
)
async def read(request: Request, extension: str) -> Response:
    """Which agent answers."""
    return answer(_view(await extensions.get_extension(services_of(request).actions, principal_of(request), extension)))


@router.delete(
    "/{extension}",
    summary="Delete an extension",
    responses={200: shown("Deleted.", Acknowledged), **errors(404)},
)
async def delete(request: Request, extension: str) -> Response:
    """Further calls to it are refused with 404; calls under way go on."""
    await extensions.delete_extension(services_of(request).actions, principal_of(request), extension)
    return answer({"message": "success", "state": "deleted"})


def _view(extension: Extension) -> dict[str, Any]:
    return {
        "extension": extension.name,
        "agent_id": extension.agent_id,
        "created_at": wire_time(extension.created_at),
    }
