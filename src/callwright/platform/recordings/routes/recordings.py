"""Routes of recordings (contract 3.3) and of captured packets: a stable path behind the key that leads to a signed one."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import RedirectResponse

from callwright.api.schemas import Error, errors
from callwright.api.services import principal_of, services_of
from callwright.domain.errors import WrongStateError
from callwright.domain.limits import RECORDING_LINK_SECONDS
from callwright.platform.executions.actions.executions import get_execution
from callwright.platform.executions.rules.attempts import (
    MOST_ATTEMPTS,
    TRANSFER_RECORDING,
    capture_name,
    recording_name,
)
from callwright.platform.executions.rules.execution import Execution
from callwright.platform.executions.schemas import AttemptQuery
from callwright.platform.keys.actions.keys import is_good
from callwright.platform.recordings.routes.links import bad_link, check_link, signed_path
from callwright.platform.recordings.routes.ranged_file import FILE_ANSWERS, RangeHeader, recording_file
from callwright.platform.services import missing, object_id

router = APIRouter(prefix="/recordings", tags=["recordings"])

_ATTEMPTS = range(1, MOST_ATTEMPTS + 1)
_FILES = frozenset({TRANSFER_RECORDING, *map(recording_name, _ATTEMPTS), *map(capture_name, _ATTEMPTS)})
_REDIRECT: dict[int | str, dict[str, Any]] = {
    302: {"description": "To a link that is valid for 24 hours without a key."}
}


@router.get("/call/{execution_id}", summary="The recording of a call", responses={**_REDIRECT, **errors(400, 404)})
async def of_call(request: Request, execution_id: str, query: Annotated[AttemptQuery, Query()]) -> Response:
    """Stereo: the caller left, the agent right. `telephony_data.recording_url` leads here."""
    found = await _find(request, execution_id)
    return await _redirect(request, found, recording_name(query.attempt or found.attempt))


@router.get(
    "/transfer/{execution_id}", summary="The recording of a transferred leg", responses={**_REDIRECT, **errors(404)}
)
async def of_transfer(request: Request, execution_id: str) -> Response:
    """What was said after a transfer. Stereo: the caller left, the target right."""
    return await _redirect(request, await _find(request, execution_id), TRANSFER_RECORDING)


@router.get(
    "/capture/{execution_id}",
    summary="The captured packets of a call",
    responses={**_REDIRECT, **errors(400, 403, 404)},
)
async def of_packets(request: Request, execution_id: str, query: Annotated[AttemptQuery, Query()]) -> Response:
    """A pcap file, once the call is over. Only administrators: it has SIP messages and, if asked for, credentials."""
    found = await _find(request, execution_id)
    if found.owner is not None:
        raise WrongStateError("the capture can be had when the call is over")
    return await _redirect(request, found, capture_name(query.attempt or found.attempt))


async def _find(request: Request, execution_id: str) -> Execution:
    return await get_execution(services_of(request).actions, principal_of(request), execution_id)


async def _redirect(request: Request, found: Execution, name: str) -> Response:
    services = services_of(request)
    if await asyncio.to_thread(services.actions.recordings.path, found.id, name) is None:
        raise missing("recording")
    expires = int(services.actions.clock.now().timestamp()) + RECORDING_LINK_SECONDS
    key_id = principal_of(request).key_id if services.links_end_with_key else ""
    link = services.public_url + signed_path(services.link_secrets()[0], found.id, name, expires, key_id)
    return RedirectResponse(link, status_code=302)


@router.get(
    "/file/{execution_id}/{name}",
    summary="A recording by its signed link",
    responses={**FILE_ANSWERS, 403: {"model": Error, "description": "The link is wrong or has expired."}},
)
async def file(
    request: Request,
    execution_id: str,
    name: str,
    expires: str = "",
    signature: str = "",
    key: str = "",
    _range: RangeHeader = None,
) -> Response:
    """Needs no key: the signature is the permission."""
    services = services_of(request)
    now = int(services.actions.clock.now().timestamp())
    check_link(services.link_secrets(), execution_id, name, expires, signature, now, key)
    if (services.links_end_with_key or key) and not await is_good(services.actions, key):
        raise bad_link()
    # Signed names are ours, but a path is made of them: only the known ones, and only an id.
    if name not in _FILES:
        raise missing("recording")
    path = await asyncio.to_thread(services.actions.recordings.path, object_id(execution_id, "recording"), name)
    if path is None:
        raise missing("recording")
    return recording_file(path, name)
