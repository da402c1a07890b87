"""Routes of batches (contract 3.4)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from callwright.api.answers import answer
from callwright.api.forms import FileRule, FormRules
from callwright.api.idempotent import IdempotencyKey, answer_once
from callwright.api.reading import form_body
from callwright.api.schemas import STREAMED, Acknowledged, errors, shown
from callwright.api.services import principal_of, public_url_of, services_of
from callwright.api.standing import StandingStream
from callwright.api.uploads import received_upload
from callwright.domain.limits import MAX_BATCH_FILE_BYTES
from callwright.insight.batch_record import batch_body, offset_time
from callwright.insight.record import execution_body
from callwright.insight.wire import encode
from callwright.platform.batches.actions import batches
from callwright.platform.batches.schemas import (
    CREATE_EXAMPLE,
    SCHEDULE_EXAMPLE,
    BatchCreated,
    BatchForm,
    BatchView,
    ScheduleForm,
)
from callwright.platform.executions.schemas import ExecutionView
from callwright.platform.services import Services

router = APIRouter(prefix="/batches", tags=["batches"])
singular = APIRouter(prefix="/batch", tags=["batches"], deprecated=True)
"""As one page of the hosted documentation spells it."""

_OWN_FIELDS = ("default_country", "duplicates", "encoding", "scheduled_at", "bypass_call_guardrails")
"""Fields that the hosted service does not know."""

_Form = Annotated[
    BatchForm,
    form_body(BatchForm, CREATE_EXAMPLE, FormRules({"file": FileRule(MAX_BATCH_FILE_BYTES)}), received_upload),
]


@router.post(
    "",
    summary="Create a batch from a list of contacts",
    status_code=201,
    responses={201: shown("The whole list is staged.", BatchCreated), **errors(400, 404, 409, 413)},
)
async def create(request: Request, form: _Form, idempotency_key: IdempotencyKey = None) -> Response:
    """Reads the list and keeps all of its contacts, or nothing. Nobody is called before the batch is scheduled, here by `scheduled_at` or
    by `POST /batches/{batch_id}/schedule`. Rows that cannot be called are left out; `GET /v1/callwright/batches/{batch_id}/refused.csv`
    has them with the reasons."""
    principal, asked, file = principal_of(request), form.request, form.file

    async def work(services: Services) -> dict[str, Any]:
        batch = await batches.create_batch(services, principal, asked, file.file_name, file.content)
        return {"batch_id": batch.id, "state": "created"}

    wire = {
        **asked.pace.as_wire(),
        "agent_id": asked.agent_id,
        "from": list(asked.from_numbers),
        "retry": asked.retry_config,
        "webhook_url": asked.webhook_url,
        "file": file.sha256,
        **{name: given for name in _OWN_FIELDS if (given := form.wire.get(name))},
    }
    return await answer_once(request, idempotency_key, wire, work, 201)


@router.get("/{batch_id}", summary="Read a batch", responses={200: shown("The batch.", BatchView), **errors(404)})
async def read(request: Request, batch_id: str) -> Response:
    """Its status, how many of its executions have which status, and what they cost together. `callwright.decisions`, here only, counts
    executions by the rules that decided about them."""
    services = services_of(request).actions
    batch, progress = await batches.get_batch(services, principal_of(request), batch_id)
    body = batch_body(batch, progress, services.clock.now())
    body["callwright"]["decisions"] = dict(await batches.decisions_of_batch(services, batch.id))
    return answer(body)


@router.get(
    "/{agent_id}/all",
    summary="List an agent's batches",
    responses={200: shown("A bare array, newest first.", list[BatchView]), **errors(404)},
)
async def list_of_agent(request: Request, agent_id: str) -> Response:
    """A bare array, never paged."""
    services = services_of(request).actions
    found = await batches.list_batches(services, principal_of(request), agent_id)
    now = services.clock.now()
    return answer([batch_body(batch, progress, now) for batch, progress in found])


@router.get(
    "/{batch_id}/executions",
    summary="List the executions of a batch",
    responses={200: shown("A bare array, one for each contact.", list[ExecutionView]), **errors(404)},
    openapi_extra={STREAMED: True},
)
async def list_executions(request: Request, batch_id: str) -> Response:
    """A bare array, never paged, sent in pieces as it is read: one execution for each accepted row, in the order of the file. It has no
    ETag; `GET /batches/{batch_id}`, which has one, is the answer to poll. When the key is revoked or expires it is cut, without its `]`."""
    services, principal = services_of(request).actions, principal_of(request)
    batch, _ = await batches.get_batch(services, principal, batch_id)
    return StandingStream(request, _array(services, request, batch.id), "application/json")


@singular.get(
    "/{batch_id}/executions",
    summary="List the executions of a batch",
    responses={200: shown("A bare array, one for each contact.", list[ExecutionView]), **errors(404)},
    openapi_extra={STREAMED: True},
)
async def list_executions_of_one(request: Request, batch_id: str) -> Response:
    """The same as `GET /batches/{batch_id}/executions`."""
    return await list_executions(request, batch_id)


async def _array(services: Services, request: Request, batch_id: str) -> AsyncIterator[bytes]:
    public_url = public_url_of(request)
    opening = b"["
    async for rows in batches.executions_of_batch(services, principal_of(request), batch_id):
        pieces = [encode(execution_body(row, public_url=public_url)) for row in rows]
        yield opening + b",".join(pieces)
        opening = b","
        # Long lists must not keep calls of this process waiting.
        await asyncio.sleep(0)
    yield b"[]" if opening == b"[" else b"]"


@router.post(
    "/{batch_id}/schedule",
    summary="Schedule a batch",
    responses={200: shown("It has its start.", Acknowledged), **errors(400, 404, 409, 413)},
)
async def schedule(
    request: Request,
    batch_id: str,
    form: Annotated[ScheduleForm, form_body(ScheduleForm, SCHEDULE_EXAMPLE, once=True)],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """A form, or JSON. Any time from now on; with the strict setting at least two minutes and at most 30 days ahead, rounded up to the next
    ten minutes, as the hosted service does. A scheduled batch can be given another start."""
    principal, bypass = principal_of(request), form.bypass_call_guardrails

    async def work(services: Services) -> dict[str, Any]:
        batch = await batches.schedule_batch(services, principal, batch_id, form.scheduled_at, bypass)
        return {"message": "success", "state": f"scheduled at {offset_time(batch.scheduled_at)}"}

    asked = {"scheduled_at": form.wire.get("scheduled_at"), "bypass": form.wire.get("bypass_call_guardrails")}
    return await answer_once(request, idempotency_key, asked, work)


@router.post(
    "/{batch_id}/stop",
    summary="Stop a batch",
    responses={200: shown("Stopped.", Acknowledged), **errors(404)},
)
async def stop(request: Request, batch_id: str) -> Response:
    """Contacts and calls that wait become `stopped`; live calls come to their end. Of each contact a webhook tells; these webhooks, the
    usage and the agent's list of executions follow in the background. 404 for a batch that is not scheduled, queued or running."""
    await batches.stop_batch(services_of(request).actions, principal_of(request), batch_id)
    return answer({"message": "success", "state": "stopped"})


@router.delete("/{batch_id}", summary="Delete a batch", responses={200: shown("Deleted.", Acknowledged), **errors(404)})
async def delete(request: Request, batch_id: str) -> Response:
    """Contacts that wait are forgotten, calls that wait become `stopped`, live calls come to their end. What was dialled or stopped
    stays in the agent's executions; what a stop of the batch has still to write is written."""
    await batches.delete_batch(services_of(request).actions, principal_of(request), batch_id)
    return answer({"message": "success", "state": "deleted"})
