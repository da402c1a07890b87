"""What a plugin offers, for lists that people choose from: voices and language models. Descriptions only; nothing is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from callwright.platform.provider_keys.rules.access import Access


@dataclass(frozen=True, slots=True)
class VoiceOffer:
    """A voice. ``voice_id`` is what an agent writes; ``model`` the model that speaks it (the plugin's name where it has only one);
    ``languages`` codes of ISO 639-1, empty for any."""

    voice_id: str
    name: str
    model: str = ""
    languages: tuple[str, ...] = ("en",)
    gender: str | None = None
    accent: str | None = None
    age_range: str | None = None
    use_case: tuple[str, ...] = ()
    preview_url: str | None = None
    custom: bool = False
    """The account's own: cloned, or added to it at the vendor."""


class VoiceCatalogue(Protocol):
    """A voice whose descriptor has ``lists_voices``: its vendor says which voices an account has."""

    async def voices(self, access: Access) -> tuple[VoiceOffer, ...]:
        """The voices of the account with these keys, at most ``domain.limits.MAX_CATALOGUE_VOICES``. Raises ProviderError."""
        ...


class VoiceImports(Protocol):
    """A voice whose descriptor has ``imports_voices``: its vendor says what a voice is whose id is known."""

    async def voice(self, voice_id: str, access: Access) -> VoiceOffer:
        """The voice with this id, as the account with these keys may use it. Raises ProviderError, of the kind BAD_REQUEST for an id that
        the vendor does not know."""
        ...


@dataclass(frozen=True, slots=True)
class ModelOffer:
    """A language model. ``model`` is what an agent writes, empty for the plugin's own choice."""

    model: str
    display_name: str
    family: str = ""
    deprecated: bool = False
