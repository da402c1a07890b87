"""Routes of voices (contract 3.10)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from callwright.api.answers import answer
from callwright.api.idempotent import IdempotencyKey, answer_once
from callwright.api.reading import json_body
from callwright.api.schemas import Acknowledged, errors, shown
from callwright.api.services import principal_of, services_of
from callwright.domain.limits import MAX_VOICES_PAGE_SIZE
from callwright.platform.services import Services
from callwright.platform.voices.actions import voices
from callwright.platform.voices.actions.imports import delete_imported_voice, import_voice
from callwright.platform.voices.mapping import account_voice, provider_view, voice_view
from callwright.platform.voices.schemas import (
    IMPORT_EXAMPLE,
    AccountVoiceView,
    ImportedVoiceView,
    VoiceConfigView,
    VoiceImportBody,
    VoicePageView,
    VoiceQuery,
)

router = APIRouter(tags=["voices"])

_BYTES = {"schema": {"type": "string", "format": "binary"}}

Language = Annotated[str, Query(description="ISO 639-1, such as `en`; a region is ignored.")]


@router.get(
    "/me/voices",
    summary="List voices, the older way",
    responses={200: shown("Every voice of the installed providers.", list[AccountVoiceView]), **errors()},
)
async def of_account(request: Request) -> Response:
    """A bare array, never paged. Ids stay the same as long as the voice is offered."""
    listed = await voices.list_voices(services_of(request).actions, principal_of(request))
    return answer([account_voice(voice) for voice in listed])


@router.get(
    "/voices/{voice_id}/sample",
    summary="Hear a voice",
    responses={200: {"content": {"audio/wav": _BYTES}, "description": "A WAV file."}, **errors(404, 429, 503)},
)
async def sample(request: Request, voice_id: str) -> Response:
    """One sentence, in the voice's language. A vendor bills it the first time; it is kept for the next."""
    wav = await voices.sample(services_of(request).actions, principal_of(request), voice_id)
    return Response(wav, media_type="audio/wav")


@router.post(
    "/v1/callwright/voices",
    summary="Import a voice by its id",
    status_code=201,
    responses={201: shown("The voice.", ImportedVoiceView), **errors(400, 409, 503)},
)
async def add(
    request: Request,
    body: Annotated[VoiceImportBody, json_body(VoiceImportBody, IMPORT_EXAMPLE, once=True)],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """The vendor is asked for the voice with the organisation's key. From then on the lists have it, as a custom voice. Of ElevenLabs and
    Cartesia; voices are cloned at the vendor."""

    async def work(services: Services) -> dict[str, Any]:
        principal = principal_of(request)
        voice = await import_voice(services, principal, body.provider, body.voice_id, body.name or "")
        return {**voice_view(voice, ""), "provider": voice.provider, "model": voice.model}

    return await answer_once(request, idempotency_key, body.wire, work, 201)


@router.delete(
    "/v1/callwright/voices/{voice_id}",
    summary="Delete an imported voice",
    responses={200: shown("Off the lists.", Acknowledged), **errors(404)},
)
async def delete(request: Request, voice_id: str) -> Response:
    """By the `id` of its row. Agents that name the voice go on speaking with it."""
    await delete_imported_voice(services_of(request).actions, principal_of(request), voice_id)
    return answer({"message": "success", "state": "deleted"})


@router.get(
    "/api/v1/voice-config/tts",
    summary="List voice providers",
    responses={200: shown("The installed providers and their models.", VoiceConfigView), **errors(400)},
)
async def providers(request: Request, language: Language = "") -> Response:
    """`is_supported` says whether there are voices for the language. With a vendor's provider key, its models and voices are those that the
    vendor lists, at most an hour old. `callwright.failure` says why a list could not be read again; the last one stays."""
    services = services_of(request).actions
    found = await voices.list_providers(services, principal_of(request), language)
    default = services.policy.defaults.voice
    return answer(
        {
            "language": language.strip(),
            "providers": [provider_view(provider) for provider in found],
            "custom_voices": {
                provider.id: [voice_view(voice, language) for voice in provider.custom]
                for provider in found
                if provider.custom
            },
            "default": next((provider.id for provider in found if provider.name == default), None),
        }
    )


@router.get(
    "/api/v1/voice-config/tts/voices",
    summary="List voices of a model",
    responses={200: shown("One page.", VoicePageView), **errors(400)},
)
async def of_model(request: Request, query: Annotated[VoiceQuery, Query()]) -> Response:
    """Only those that speak the language, where one is given."""
    services = services_of(request).actions
    size = min(MAX_VOICES_PAGE_SIZE, query.page_size)
    wish = voices.VoiceWish(query.provider_id, query.model_id, query.language)
    found = await voices.voices_of_model(services, principal_of(request), wish, query.page, size)
    return answer(
        {
            "items": [voice_view(voice, query.language) for voice in found.rows],
            "page": found.number,
            "page_size": found.size,
            "total": found.total,
            "has_more": found.number * found.size < found.total,
        }
    )
