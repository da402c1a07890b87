"""Routes of ambient sounds (contract 3.15)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from callwright.api.answers import answer
from callwright.api.forms import FileRule, FormRules
from callwright.api.idempotent import IdempotencyKey, answer_once
from callwright.api.reading import form_body
from callwright.api.schemas import Acknowledged, errors, shown
from callwright.api.services import principal_of, services_of
from callwright.api.uploads import read_upload
from callwright.domain.limits import MAX_UPLOADED_SOUND_BYTES
from callwright.insight.wire import wire_time
from callwright.platform.ambient_sounds import actions as ambient_sounds
from callwright.platform.ambient_sounds.actions import SoundUpload
from callwright.platform.ambient_sounds.rules import OwnTrack
from callwright.platform.ambient_sounds.schemas import EXAMPLE, AmbientSoundForm, AmbientSoundView
from callwright.platform.services import Services

router = APIRouter(prefix="/ambient-sounds", tags=["ambient sounds"])

_Form = Annotated[
    AmbientSoundForm,
    form_body(AmbientSoundForm, EXAMPLE, FormRules({"file": FileRule(MAX_UPLOADED_SOUND_BYTES)}), read_upload),
]


@router.get(
    "",
    summary="List ambient sounds",
    responses={200: shown("Presets, then one's own.", list[AmbientSoundView]), **errors()},
)
async def list_all(request: Request) -> Response:
    """A bare array, never paged."""
    own = await ambient_sounds.list_tracks(services_of(request).actions, principal_of(request))
    return answer([*(_preset(name) for name in ambient_sounds.presets()), *(_view(track) for track in own)])


@router.post(
    "/custom",
    summary="Upload an ambient sound",
    responses={200: shown("It can be used at once.", AmbientSoundView), **errors(400, 409, 413)},
)
async def add(request: Request, form: _Form, idempotency_key: IdempotencyKey = None) -> Response:
    """It is brought to telephone rate and to the loudness of the presets, and played in a loop under the agent."""
    upload = SoundUpload(form.name or "", form.file.file_name, await form.file.read())
    asked = {"name": upload.name, "file_name": upload.file_name, "file": form.file.sha256}

    async def work(services: Services) -> dict[str, Any]:
        return _view(await ambient_sounds.add_track(services, principal_of(request), upload))

    return await answer_once(request, idempotency_key, asked, work)


@router.delete(
    "/{sound_id}",
    summary="Delete an ambient sound",
    responses={200: shown("Deleted.", Acknowledged), **errors(400, 404)},
)
async def delete(request: Request, sound_id: str) -> Response:
    """One's own only. Calls under way keep it; later ones go without, and say so in `callwright.sounds`."""
    await ambient_sounds.delete_track(services_of(request).actions, principal_of(request), sound_id)
    return answer({"message": "success", "state": "deleted"})


def _preset(name: str) -> dict[str, Any]:
    title = name.replace("-", " ").title()
    return {"id": name, "name": title, "type": "preset", "duration_ms": None, "created_at": None}


def _view(track: OwnTrack) -> dict[str, Any]:
    return {
        "id": track.id,
        "name": track.name,
        "type": "custom",
        "duration_ms": track.duration_ms,
        "created_at": wire_time(track.created_at),
    }
