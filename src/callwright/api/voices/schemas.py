"""Shapes of voices for the API description."""

from __future__ import annotations

from pydantic import Field

from callwright.api.schemas import Open


class AccountVoiceView(Open):
    """A voice, as the older list has it."""

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


class VoiceProviderView(Open):
    """A provider of voices."""

    id: str
    name: str
    is_supported: bool
    models: list[VoiceModelView]


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


class VoiceConfigView(Open):
    """Providers and their models."""

    language: str
    providers: list[VoiceProviderView]
    custom_voices: dict[str, list[VoiceView]] = Field(description="Empty: voices are not cloned here.")
    default: str | None = Field(description="The provider of agents that name none.")


class VoicePageView(Open):
    """One page of voices."""

    items: list[VoiceView]
    page: int
    page_size: int
    total: int
    has_more: bool
