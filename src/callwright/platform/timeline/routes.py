"""Routes of a call's timeline, log entries, waveform and recording (our own)."""

from __future__ import annotations

import asyncio
import base64
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from callwright.api.answers import answer_bytes
from callwright.api.schemas import errors, shown
from callwright.api.services import principal_of, services_of
from callwright.insight.entries import entries_page
from callwright.insight.timeline_body import costs_of, in_ms, nothing_yet, timeline_body
from callwright.insight.view import CallView, view_of
from callwright.insight.wire import encode
from callwright.platform.call_logs.actions import CallLog, call_log_of
from callwright.platform.encoded import names_tag
from callwright.platform.executions.rules.attempts import recording_name
from callwright.platform.executions.schemas import AttemptQuery
from callwright.platform.recordings.actions import waveform_of
from callwright.platform.recordings.routes.ranged_file import FILE_ANSWERS, RangeHeader, recording_file
from callwright.platform.services import missing
from callwright.platform.timeline.schemas import CallEntriesView, EntriesQuery, PeaksQuery, PeaksView, TimelineView

router = APIRouter(prefix="/v1/callwright/executions/{execution_id}", tags=["executions"])


@router.get(
    "/timeline",
    summary="Read the timeline of a call",
    responses={
        200: shown("Sounds, turns, waits, work, marks and findings on one axis.", TimelineView),
        **errors(400, 404),
    },
)
async def read_timeline(request: Request, execution_id: str, query: Annotated[AttemptQuery, Query()]) -> Response:
    """What either side was heard to say, when, how long each wait was and why, and what worked meanwhile. It grows while the call goes
    on, and is empty before it was dialled."""
    services = services_of(request).actions
    found = await call_log_of(services, principal_of(request), execution_id, query.attempt)
    # In a thread: a long call takes long enough to disturb the calls this process may be holding.
    return answer_bytes(await asyncio.to_thread(_timeline, found))


def _timeline(found: CallLog) -> bytes:
    record = found.record
    named = {"execution_id": found.execution.id, "attempt": found.attempt}
    if not found.log:
        return encode({**named, **nothing_yet(), "recording": None})
    view = view_of(found.log.decode())
    whole = found.is_newest and not found.is_live
    body = timeline_body(
        view,
        live=found.is_live,
        costs=None if found.is_live else costs_of(record),
        doctor=record.get("doctor") if whole else None,
    )
    return encode({**named, **body, "recording": _recording(found, view, record.get("recording"))})


def _recording(found: CallLog, view: CallView, made: Any) -> dict[str, Any] | None:
    if not made:
        return None
    path = f"/v1/callwright/executions/{found.execution.id}/recording?attempt={found.attempt}"
    return {"from_ms": in_ms(view.answered_us or 0), "duration_ms": float(made["duration_ms"]), "url_path": path}


@router.get(
    "/entries",
    summary="Read the entries of a call's log",
    responses={200: shown("Entries in order.", CallEntriesView), **errors(400, 404)},
)
async def read_entries(request: Request, execution_id: str, query: Annotated[EntriesQuery, Query()]) -> Response:
    """The log as the platform wrote it, from which every view of a call is made. A call that goes on has more each time."""
    services = services_of(request).actions
    found = await call_log_of(services, principal_of(request), execution_id, query.attempt)
    return answer_bytes(await asyncio.to_thread(_entries, found, query))


def _entries(found: CallLog, query: EntriesQuery) -> bytes:
    view = view_of(found.log.decode()) if found.log else None
    page = entries_page(view, query.after, query.size, query.types, live=found.is_live)
    return encode({"execution_id": found.execution.id, "attempt": found.attempt, "live": found.is_live, **page})


@router.get(
    "/peaks",
    summary="Read the waveform of a recording",
    responses={200: shown("Amplitudes of both sides.", PeaksView), **errors(400, 404)},
)
async def read_peaks(request: Request, execution_id: str, query: Annotated[PeaksQuery, Query()]) -> Response:
    """How loud either side was, without the recording itself."""
    services = services_of(request).actions
    wave = await waveform_of(services, principal_of(request), execution_id, query.attempt, query.per_second)
    headers = {"ETag": wave.tag, "Cache-Control": "private, no-cache"}
    if names_tag(", ".join(request.headers.getlist("if-none-match")), wave.tag):
        return Response(status_code=304, headers=headers)
    from_ms, found = await wave.made()
    body = {
        "per_second": found.per_second,
        "from_ms": from_ms,
        "duration_ms": found.duration_ms,
        "caller": base64.b64encode(found.left).decode(),
        "agent": base64.b64encode(found.right).decode(),
    }
    return answer_bytes(encode(body), 200, headers)


@router.get(
    "/recording",
    summary="Hear the recording of a call",
    responses={**FILE_ANSWERS, **errors(400, 404)},
)
async def hear_recording(
    request: Request, execution_id: str, query: Annotated[AttemptQuery, Query()], _range: RangeHeader = None
) -> Response:
    """The file itself, for the same key or session: the caller left, the agent right. `telephony_data.recording_url` leads to a link that
    needs none."""
    services = services_of(request).actions
    found = await call_log_of(services, principal_of(request), execution_id, query.attempt)
    name = recording_name(found.attempt)
    path = await asyncio.to_thread(services.recordings.path, found.execution.id, name)
    if path is None:
        raise missing("recording")
    return recording_file(path, name)
