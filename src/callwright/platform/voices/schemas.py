"""Shapes of voices for the API description."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from callwright.api.reading import Asked, AskedQuery, reads
from callwright.api.schemas import Open, example
from callwright.domain.errors import BadInputError
from callwright.domain.fields import Fields
from callwright.domain.limits import MAX_NAME_CHARACTERS, MAX_PAGE_NUMBER, MAX_VOICE_ID_CHARACTERS, MAX_VOICES_PAGE_SIZE
from callwright.domain.settings.kinds import filled, text, whole
from callwright.domain.settings.setting import Kind

_PAGE = whole(1, MAX_PAGE_NUMBER)


def _id(given: Fields, name: str) -> str:
    found = given.text(name)
    if not found:
        raise BadInputError(f"{name} is required; GET /api/v1/voice-config/tts has them", field=name)
    return found


_ID = Kind("an id", text().schema, _id)


class VoiceQuery(AskedQuery):
    """Which voices of a model."""

    provider_id: Annotated[str, reads(_ID)] = Field(
        default="", validate_default=True, description="Of `GET /api/v1/voice-config/tts`; required."
    )
    model_id: Annotated[str, reads(_ID)] = Field(
        default="", validate_default=True, description="Of the same; required."
    )
    language: Annotated[str, reads(text())] = Field(
        default="", description="ISO 639-1, such as `en`; a region is ignored."
    )
    page: Annotated[int, reads(_PAGE)] = Field(default=1, description="From 1.")
    page_size: Annotated[int, reads(_PAGE)] = Field(default=MAX_VOICES_PAGE_SIZE, description="More than 100 is 100.")


IMPORT_EXAMPLE = {"provider": "elevenlabs", "voice_id": "21m00Tcm4TlvDq8ikWAM", "name": "Front desk"}
"""A voice that is imported."""


def _required(given: Fields, name: str) -> str:
    found = given.text(name).strip()
    if not 0 < len(found) <= MAX_VOICE_ID_CHARACTERS:
        raise BadInputError(f"{name} must be text of 1 to {MAX_VOICE_ID_CHARACTERS} characters", field=name)
    return found


_WORD = Kind("a name", text(MAX_VOICE_ID_CHARACTERS).schema, _required)


class VoiceImportBody(Asked):
    """Which voice is imported."""

    provider: Annotated[str, reads(_WORD)] = Field(description="`elevenlabs` or `cartesia`.")
    voice_id: Annotated[str, reads(_WORD)] = Field(description="The vendor's id of the voice.")
    name: Annotated[str | None, reads(filled(MAX_NAME_CHARACTERS))] = Field(
        default=None, description="The vendor's name of it by default."
    )


class AccountVoiceView(Open):
    """A voice, as the older list has it."""

    model_config = example(
        {
            "id": "46472532-b42e-587b-b279-518857f462ab",
            "voice_id": "nezumi",
            "provider": "kokoro",
            "name": "Nezumi",
            "model": "kokoro",
            "accent": "japanese",
        }
    )

    id: str
    voice_id: str = Field(description="What an agent writes as `voice_id`.")
    provider: str
    name: str
    model: str
    accent: str | None


class VoiceModelView(Open):
    """A model of a provider."""

    id: str
    model_id: str
    display_name: str
    description: str | None
    display_order: int
    quality_tier: str | None
    is_supported: bool = Field(description="Whether it has voices for the language.")
    is_deprecated: bool
    default: bool


class VoiceListView(Open):
    """A vendor's list of the account's voices."""

    listed_at: str | None = Field(description="When it was read.")
    failure: str | None = Field(description="Why it could not be read the last time. The one before stays.")


class VoiceProviderView(Open):
    """A provider of voices."""

    id: str
    name: str
    is_supported: bool
    models: list[VoiceModelView]
    callwright: VoiceListView | None = Field(default=None, description="Of a vendor whose provider key is stored.")


class VoiceView(Open):
    """A voice."""

    id: str
    provider_id: str
    voice_id: str
    name: str
    gender: str | None
    accent: str | None
    age_range: str | None
    use_case: list[str]
    is_native: bool
    preview_url: str | None
    source: str


class ImportedVoiceView(VoiceView):
    """A voice that was imported."""

    model_config = example(
        {
            "id": "f5a22520-aa9c-573f-91d3-90a2cbe9c752",
            "provider_id": "8a8eb81e-6579-5eff-bc60-c0ae8dec464f",
            "voice_id": "21m00Tcm4TlvDq8ikWAM",
            "name": "Front desk",
            "gender": "female",
            "accent": "american",
            "age_range": "young",
            "use_case": ["narration"],
            "is_native": True,
            "preview_url": None,
            "source": "custom",
            "provider": "elevenlabs",
            "model": "eleven_turbo_v2_5",
        }
    )

    provider: str
    model: str


class VoiceConfigView(Open):
    """Providers and their models."""

    model_config = example(
        {
            "language": "en",
            "providers": [
                {
                    "id": "e26857a6-e1d5-50a0-ac3b-a141001dd0b7",
                    "name": "kokoro",
                    "is_supported": True,
                    "models": [
                        {
                            "id": "8944e34b-7fc3-5e2f-9b02-54da2122e208",
                            "model_id": "kokoro",
                            "display_name": "kokoro",
                            "description": "Kokoro-82M: natural and slow",
                            "display_order": 0,
                            "quality_tier": None,
                            "is_supported": True,
                            "is_deprecated": False,
                            "default": True,
                        }
                    ],
                }
            ],
            "custom_voices": {},
            "default": "e26857a6-e1d5-50a0-ac3b-a141001dd0b7",
        }
    )

    language: str
    providers: list[VoiceProviderView]
    custom_voices: dict[str, list[VoiceView]] = Field(
        description="By provider: cloned or added at the vendor, or imported by id. Voices are not cloned here."
    )
    default: str | None = Field(description="The provider of agents that name none.")


class VoicePageView(Open):
    """One page of voices."""

    model_config = example(
        {
            "items": [
                {
                    "id": "46472532-b42e-587b-b279-518857f462ab",
                    "provider_id": "e26857a6-e1d5-50a0-ac3b-a141001dd0b7",
                    "voice_id": "nezumi",
                    "name": "Nezumi",
                    "gender": "female",
                    "accent": "japanese",
                    "age_range": None,
                    "use_case": [],
                    "is_native": True,
                    "preview_url": None,
                    "source": "platform",
                }
            ],
            "page": 1,
            "page_size": 100,
            "total": 1,
            "has_more": False,
        }
    )

    items: list[VoiceView]
    page: int
    page_size: int
    total: int
    has_more: bool
