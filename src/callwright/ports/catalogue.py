"""What a plugin offers, for lists that people choose from: voices and language models. Descriptions only; nothing is loaded."""

from __future__ import annotations

from dataclasses import dataclass


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


@dataclass(frozen=True, slots=True)
class ModelOffer:
    """A language model. ``model`` is what an agent writes, empty for the plugin's own choice."""

    model: str
    display_name: str
    family: str = ""
    deprecated: bool = False
