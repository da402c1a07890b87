"""Samples of voices: one sentence, spoken when somebody asks for it and kept for the next who does."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

from callwright.domain.errors import RateLimitedError, UnavailableError
from callwright.domain.limits import MAX_SAMPLES_AT_ONCE, VOICE_SAMPLE_SECONDS
from callwright.media.wav import write_wav
from callwright.platform.accounts.rules import Principal
from callwright.platform.provider_keys.rules.access import Access
from callwright.platform.services import Services
from callwright.platform.voices.actions.lists import keys_of
from callwright.ports.catalogue import VoiceOffer
from callwright.ports.failures import ProviderError
from callwright.ports.registry import UnknownPluginError
from callwright.ports.speech import SAMPLE_RATE_HZ, VoiceSettings

_SENTENCES = {
    "en": "Hello. This is how I sound on the phone.",
    "de": "Hallo. So klinge ich am Telefon.",
    "es": "Hola. Así sueno por teléfono.",
    "fr": "Bonjour. Voici ma voix au téléphone.",
    "hi": "नमस्ते। फ़ोन पर मेरी आवाज़ ऐसी है।",
    "it": "Ciao. Questa è la mia voce al telefono.",
    "pt": "Olá. É assim que eu falo ao telefone.",
}
_CHECK = "Check the provider key of the voice, then ask again."
_MAX_BYTES = VOICE_SAMPLE_SECONDS * SAMPLE_RATE_HZ * 2


async def spoken_sample(services: Services, principal: Principal, provider: str, offer: VoiceOffer) -> bytes:
    """A WAV file of a sentence in the voice's language. Raises RateLimitedError while another is spoken for the organisation, and
    UnavailableError when the voice fails."""
    samples, owner = services.voice_samples, principal.organisation_id
    name = (owner, provider, offer.model, offer.voice_id)
    if name in samples.kept:
        samples.kept.move_to_end(name)
        return samples.kept[name]
    if owner in samples.speaking or len(samples.speaking) >= MAX_SAMPLES_AT_ONCE:
        raise RateLimitedError("a sample of a voice is being spoken; ask again in a moment")
    samples.speaking.add(owner)
    try:
        wav = write_wav(await _spoken(services, principal, provider, offer))
    finally:
        samples.speaking.discard(owner)
    samples.keep(name, wav)
    return wav


async def _spoken(services: Services, principal: Principal, provider: str, offer: VoiceOffer) -> bytes:
    plugins = [plugin for plugin in services.plugins() if plugin.kind == "voice" and plugin.name == provider]
    own = (await keys_of(services, principal, plugins)).get(provider)
    language = "en" if not offer.languages or "en" in offer.languages else offer.languages[0]
    settings = VoiceSettings(offer.voice_id, offer.model, language, access=own.access if own else Access())
    try:
        async with asyncio.timeout(VOICE_SAMPLE_SECONDS):
            return await _pcm(services.voice_of(provider), _SENTENCES.get(language, _SENTENCES["en"]), settings)
    except (ProviderError, UnknownPluginError) as error:
        raise UnavailableError(f"the voice cannot be heard now: {error}", hint=_CHECK) from None
    except TimeoutError:
        why = f"{provider} did not speak within {VOICE_SAMPLE_SECONDS} seconds"
        raise UnavailableError(why, hint=_CHECK) from None


async def _pcm(voice: Any, text: str, settings: VoiceSettings) -> bytes:
    pcm = bytearray()
    async with aclosing(voice.speak(text, settings)) as chunks:
        async for chunk in chunks:
            pcm += chunk.pcm
            if len(pcm) >= _MAX_BYTES:
                break
    return bytes(pcm[:_MAX_BYTES])
