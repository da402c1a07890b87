"""Routes of voices (contract 3.10)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from callwright.actions import voices
from callwright.api.answers import answer
from callwright.api.schemas import errors, shown
from callwright.api.services import services_of
from callwright.api.voices.mapping import account_voice, provider_view, voice_view
from callwright.api.voices.schemas import AccountVoiceView, VoiceConfigView, VoicePageView, VoiceQuery
from callwright.domain.limits import MAX_VOICES_PAGE_SIZE

router = APIRouter(tags=["voices"])

Language = Annotated[str, Query(description="ISO 639-1, such as `en`; a region is ignored.")]


@router.get(
    "/me/voices",
    summary="List voices, the older way",
    responses={200: shown("Every voice of the installed providers.", list[AccountVoiceView]), **errors()},
)
async def of_account(request: Request) -> Response:
    """A bare array, never paged. Ids stay the same as long as the voice is offered."""
    return answer([account_voice(voice) for voice in voices.list_voices(services_of(request).actions)])


@router.get(
    "/api/v1/voice-config/tts",
    summary="List voice providers",
    responses={200: shown("The installed providers and their models.", VoiceConfigView), **errors(400)},
)
async def providers(request: Request, language: Language = "") -> Response:
    """`is_supported` says whether there are voices for the language."""
    services = services_of(request).actions
    found = voices.list_providers(services, language)
    default = services.policy.defaults.voice
    return answer(
        {
            "language": language.strip(),
            "providers": [provider_view(provider) for provider in found],
            "custom_voices": {},
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
    found = voices.voices_of_model(services, query.provider_id, query.model_id, query.language, query.page, size)
    return answer(
        {
            "items": [voice_view(voice, query.language) for voice in found.rows],
            "page": found.number,
            "page_size": found.size,
            "total": found.total,
            "has_more": found.number * found.size < found.total,
        }
    )
