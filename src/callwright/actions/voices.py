"""Voices of the installed providers, under ids that stay the same (contract 3.10)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from callwright.actions.services import Services
from callwright.domain.errors import BadInputError
from callwright.ports.catalogue import VoiceOffer
from callwright.ports.registry import Plugin

_MOST_LANGUAGE_CHARACTERS = 35
"""Of the longest language tag."""


@dataclass(frozen=True, slots=True)
class ListedVoice:
    """A voice with its ids; they are made of names and are the same in every process and version."""

    id: str
    provider_id: str
    provider: str
    model_id: str
    offer: VoiceOffer

    @property
    def model(self) -> str:
        """The model that speaks it."""
        return self.offer.model or self.provider


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model of a voice provider. ``is_supported``: it has voices for the language that was asked for."""

    id: str
    name: str
    is_supported: bool


@dataclass(frozen=True, slots=True)
class ListedProvider:
    """A voice provider."""

    id: str
    name: str
    summary: str
    models: tuple[ListedModel, ...]

    @property
    def is_supported(self) -> bool:
        """Whether any of its models is."""
        return any(model.is_supported for model in self.models)


@dataclass(frozen=True, slots=True)
class VoicePage:
    """One page of the voices of a model."""

    number: int
    size: int
    total: int
    rows: Sequence[ListedVoice]


def list_voices(services: Services) -> list[ListedVoice]:
    """Every voice of every installed provider."""
    return [voice for plugin in _voice_plugins(services) for voice in _voices(plugin)]


def list_providers(services: Services, language: str) -> list[ListedProvider]:
    """The installed voice providers and their models; an empty ``language`` is any. Raises BadInputError."""
    wanted = _language(language)
    return [_provider(plugin, wanted) for plugin in _voice_plugins(services)]


def voices_of_model(
    services: Services, provider_id: str, model_id: str, language: str, number: int, size: int
) -> VoicePage:
    """A page, from 1, of the voices of a provider's model that speak ``language``; an empty one is any. Raises BadInputError."""
    wanted = _language(language)
    models = {model.id: provider.id for provider in list_providers(services, "") for model in provider.models}
    if provider_id not in models.values():
        raise BadInputError("provider_id is none of GET /api/v1/voice-config/tts", field="provider_id")
    if models.get(model_id) != provider_id:
        raise BadInputError("model_id is none of that provider", field="model_id")
    found = [voice for voice in list_voices(services) if voice.model_id == model_id and speaks(voice.offer, wanted)]
    return VoicePage(number, size, len(found), found[(number - 1) * size : number * size])


def provider_id_of(name: str) -> str:
    """The id of a voice provider."""
    return _id("provider", name)


def model_id_of(provider: str, model: str) -> str:
    """The id of a provider's model."""
    return _id("model", provider, model)


def speaks(offer: VoiceOffer, language: str) -> bool:
    """Whether a voice speaks a language, whatever its region; an empty one is any."""
    return not language or not offer.languages or language in offer.languages


def _voice_plugins(services: Services) -> Iterable[Plugin]:
    return (plugin for plugin in services.plugins() if plugin.kind == "voice")


def _voices(plugin: Plugin) -> list[ListedVoice]:
    provider_id = provider_id_of(plugin.name)
    return [
        ListedVoice(
            id=_id("voice", plugin.name, offer.model, offer.voice_id),
            provider_id=provider_id,
            provider=plugin.name,
            model_id=model_id_of(plugin.name, offer.model or plugin.name),
            offer=offer,
        )
        for offer in plugin.voices
    ]


def _provider(plugin: Plugin, language: str) -> ListedProvider:
    """A provider that says nothing of its voices has one model, by its name."""
    names = dict.fromkeys(offer.model or plugin.name for offer in plugin.voices) or {plugin.name: None}
    models = tuple(
        ListedModel(
            model_id_of(plugin.name, name),
            name,
            not plugin.voices or any(speaks(o, language) for o in plugin.voices if (o.model or plugin.name) == name),
        )
        for name in names
    )
    return ListedProvider(provider_id_of(plugin.name), plugin.name, plugin.summary, models)


def _language(text: str) -> str:
    """The language of a tag without its region: ``en-US`` is ``en``."""
    tag = text.strip().lower()
    if len(tag) > _MOST_LANGUAGE_CHARACTERS:
        raise BadInputError("language must be a code such as en", field="language")
    return tag.replace("_", "-").partition("-")[0]


def _id(*names: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "callwright:voices:" + "/".join(names)))
