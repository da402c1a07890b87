"""Import of voices by id: a voice that the vendor's list leaves out is added to the organisation's catalogue."""

from __future__ import annotations

from dataclasses import replace

from callwright.domain.errors import BadInputError, ConflictError, UnavailableError
from callwright.domain.limits import MAX_IMPORTED_VOICES
from callwright.platform.accounts.rules import Principal
from callwright.platform.audit.actions.record import audit
from callwright.platform.services import Services, missing
from callwright.platform.voices.actions.lists import keys_of
from callwright.platform.voices.actions.voices import ListedVoice, listed_voice
from callwright.platform.voices.rules import ImportedVoice
from callwright.ports.catalogue import VoiceOffer
from callwright.ports.failures import FailureKind, ProviderError


async def import_voice(
    services: Services, principal: Principal, provider: str, voice_id: str, name: str = ""
) -> ListedVoice:
    """Add a voice of a vendor to the organisation's catalogue, under another ``name`` if one is given. An imported one is read anew.

    Raises BadInputError for a provider without import or key, or an id that the vendor does not know; UnavailableError for a vendor that
    cannot be asked; ConflictError for one more than MAX_IMPORTED_VOICES."""
    offer = await _offer(services, principal, provider, voice_id)
    offer = replace(offer, name=name) if name else offer
    owner = principal.organisation_id
    voice = listed_voice(provider, offer)
    async with services.ledger.unit() as unit:
        kept = await unit.provider_keys.voices.all(owner)
        before = next((one for one in kept if (one.provider, one.offer.voice_id) == (provider, voice_id)), None)
        if before is None and len(kept) >= MAX_IMPORTED_VOICES:
            raise ConflictError(
                f"there are {MAX_IMPORTED_VOICES} imported voices already; delete one that is not needed"
            )
        await unit.provider_keys.voices.put(ImportedVoice(owner, provider, offer, services.clock.now()))
        told = {"provider": provider, "voice_id": voice_id, "name": offer.name}
        if before is None:
            await audit(unit, principal, "imported_voice.created", voice.id, after=told)
        else:
            old = {**told, "name": before.offer.name}
            await audit(unit, principal, "imported_voice.changed", voice.id, before=old, after=told)
    return voice


async def delete_imported_voice(services: Services, principal: Principal, voice_id: str) -> None:
    """Take an imported voice, by the id of its row, off the catalogue. Agents go on speaking with it. Raises NotFoundError."""
    async with services.ledger.unit() as unit:
        for kept in await unit.provider_keys.voices.all(principal.organisation_id):
            if listed_voice(kept.provider, kept.offer).id == voice_id:
                await unit.provider_keys.voices.delete(kept.tenant_id, kept.provider, kept.offer.voice_id)
                told = {"provider": kept.provider, "voice_id": kept.offer.voice_id, "name": kept.offer.name}
                await audit(unit, principal, "imported_voice.deleted", voice_id, before=told)
                return
    raise missing("imported voice")


async def _offer(services: Services, principal: Principal, provider: str, voice_id: str) -> VoiceOffer:
    """What the vendor says of the voice."""
    importing = [one for one in services.plugins() if one.kind == "voice" and one.imports_voices]
    plugins = [one for one in importing if one.name == provider]
    if not plugins:
        names = ", ".join(one.name for one in importing) or "none here"
        raise BadInputError(f"provider: voices can be imported from {names}", field="provider")
    own = (await keys_of(services, principal, plugins)).get(provider)
    if own is None:
        raise BadInputError(f"provider: store its key {plugins[0].keys[0]} first (POST /providers)", field="provider")
    try:
        offer: VoiceOffer = await services.voice_of(provider).voice(voice_id, own.access)
    except ProviderError as error:
        if error.kind is FailureKind.BAD_REQUEST:
            raise BadInputError(f"voice_id: {error.message}", field="voice_id") from None
        raise UnavailableError(f"the voice cannot be imported now: {error}") from None
    return offer
