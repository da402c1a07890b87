"""Voices of the installed providers and of the organisation's accounts at vendors, under ids that stay the same (contract 3.10)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from callwright.domain.errors import BadInputError
from callwright.platform.accounts.rules import Principal
from callwright.platform.services import Services, missing
from callwright.platform.voices.actions.lists import listed_by_vendors, remembered_of_vendors
from callwright.platform.voices.actions.memory import VoiceList
from callwright.platform.voices.actions.samples import spoken_sample
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
    custom: tuple[ListedVoice, ...] = ()
    """The organisation's own voices at it."""
    listed: VoiceList | None = None
    """The vendor's list, None where there is none or no key for it."""

    @property
    def is_supported(self) -> bool:
        """Whether any of its models is."""
        return any(model.is_supported for model in self.models)


@dataclass(frozen=True, slots=True)
class VoiceWish:
    """Which voices are asked for; an empty ``language`` is any."""

    provider_id: str
    model_id: str
    language: str


@dataclass(frozen=True, slots=True)
class _Offers:
    """A voice provider and its vendor's list."""

    plugin: Plugin
    listed: VoiceList | None
    imported: Sequence[VoiceOffer] = ()

    @property
    def voices(self) -> Sequence[VoiceOffer]:
        """The voices it has of its own, then those that the organisation imported, then those of the vendor's list, each once."""
        listed = () if self.listed is None else self.listed.voices
        found = (*self.plugin.voices, *self.imported, *listed)
        return tuple({(offer.model, offer.voice_id): offer for offer in reversed(found)}.values())[::-1]


@dataclass(frozen=True, slots=True)
class VoicePage:
    """One page of the voices of a model."""

    number: int
    size: int
    total: int
    rows: Sequence[ListedVoice]


async def list_voices(services: Services, principal: Principal) -> list[ListedVoice]:
    """Every voice of every installed provider, with those of the organisation's accounts at vendors."""
    return [voice for found in await _offers(services, principal) for voice in _voices(found)]


async def list_providers(services: Services, principal: Principal, language: str) -> list[ListedProvider]:
    """The installed voice providers and their models; an empty ``language`` is any. Raises BadInputError."""
    wanted = _language(language)
    return [_provider(found, wanted) for found in await _offers(services, principal)]


async def voices_of_model(
    services: Services, principal: Principal, wish: VoiceWish, number: int, size: int
) -> VoicePage:
    """A page, from 1, of the voices of a provider's model that speak the language. Raises BadInputError."""
    wanted = _language(wish.language)
    offers = await _offers(services, principal)
    models = {model.id: provider.id for provider in (_provider(one, "") for one in offers) for model in provider.models}
    if wish.provider_id not in models.values():
        raise BadInputError("provider_id is none of GET /api/v1/voice-config/tts", field="provider_id")
    if models.get(wish.model_id) != wish.provider_id:
        raise BadInputError("model_id is none of that provider", field="model_id")
    listed = (voice for one in offers for voice in _voices(one))
    found = [voice for voice in listed if voice.model_id == wish.model_id and speaks(voice.offer, wanted)]
    return VoicePage(number, size, len(found), found[(number - 1) * size : number * size])


async def sample(services: Services, principal: Principal, voice_id: str) -> bytes:
    """A WAV file in which a listed voice says a sentence. Raises NotFoundError, RateLimitedError and UnavailableError."""
    # Whoever asks has seen it in a list: nothing is asked of the vendors, unless it was another process's.
    known = [voice for found in await _offers(services, principal, read=False) for voice in _voices(found)]
    voice = next((one for one in known if one.id == voice_id), None)
    if voice is None:
        voice = next((one for one in await list_voices(services, principal) if one.id == voice_id), None)
    if voice is None:
        raise missing("voice")
    return await spoken_sample(services, principal, voice.provider, voice.offer)


def provider_id_of(name: str) -> str:
    """The id of a voice provider."""
    return _id("provider", name)


def voice_id_of(provider: str, offer: VoiceOffer) -> str:
    """The id of a provider's voice."""
    return _id("voice", provider, offer.model, offer.voice_id)


def model_id_of(provider: str, model: str) -> str:
    """The id of a provider's model."""
    return _id("model", provider, model)


def speaks(offer: VoiceOffer, language: str) -> bool:
    """Whether a voice speaks a language, whatever its region; an empty one is any."""
    return not language or not offer.languages or language in offer.languages


async def _offers(services: Services, principal: Principal, *, read: bool = True) -> list[_Offers]:
    """What each installed voice provider offers the organisation. ``read``: vendors' lists that are due are read."""
    plugins = [plugin for plugin in services.plugins() if plugin.kind == "voice"]
    lists_of = listed_by_vendors if read else remembered_of_vendors
    lists = await lists_of(services, principal, [plugin for plugin in plugins if plugin.lists_voices])
    imported = await _imported(services, principal, plugins)
    return [_Offers(plugin, lists.get(plugin.name), imported.get(plugin.name, ())) for plugin in plugins]


async def _imported(
    services: Services, principal: Principal, plugins: Sequence[Plugin]
) -> Mapping[str, Sequence[VoiceOffer]]:
    """The voices that the organisation imported, by provider."""
    if not any(plugin.imports_voices for plugin in plugins):
        return {}
    async with services.ledger.reading() as unit:
        kept = await unit.provider_keys.voices.all(principal.organisation_id)
    found: dict[str, list[VoiceOffer]] = {}
    for one in kept:
        found.setdefault(one.provider, []).append(one.offer)
    return found


def listed_voice(provider: str, offer: VoiceOffer) -> ListedVoice:
    """A provider's voice with its ids."""
    return ListedVoice(
        id=voice_id_of(provider, offer),
        provider_id=provider_id_of(provider),
        provider=provider,
        model_id=model_id_of(provider, offer.model or provider),
        offer=offer,
    )


def _voices(found: _Offers) -> list[ListedVoice]:
    return [listed_voice(found.plugin.name, offer) for offer in found.voices]


def _provider(found: _Offers, language: str) -> ListedProvider:
    """A provider that says nothing of its voices has one model, by its name."""
    plugin, voices = found.plugin, found.voices
    names = dict.fromkeys(offer.model or plugin.name for offer in voices) or {plugin.name: None}
    models = tuple(
        ListedModel(
            model_id_of(plugin.name, name),
            name,
            not voices or any(speaks(o, language) for o in voices if (o.model or plugin.name) == name),
        )
        for name in names
    )
    provider_id = provider_id_of(plugin.name)
    custom = tuple(voice for voice in _voices(found) if voice.offer.custom)
    return ListedProvider(provider_id, plugin.name, plugin.summary, models, custom, found.listed)


def _language(text: str) -> str:
    """The language of a tag without its region: ``en-US`` is ``en``."""
    tag = text.strip().lower()
    if len(tag) > _MOST_LANGUAGE_CHARACTERS:
        raise BadInputError("language must be a code such as en", field="language")
    return tag.replace("_", "-").partition("-")[0]


def _id(*names: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "callwright:voices:" + "/".join(names)))
