"""Vendors' lists of an organisation's voices: read with its provider keys, kept for a while, and kept on when they cannot be read again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from callwright.domain.errors import VaultLockedError
from callwright.domain.limits import VOICE_CATALOGUE_RETRY_SECONDS, VOICE_CATALOGUE_SECONDS
from callwright.platform.accounts.rules import Principal
from callwright.platform.provider_keys.rules.access import Access
from callwright.platform.services import Services
from callwright.platform.voices.actions.memory import VoiceList
from callwright.ports.failures import ProviderError
from callwright.ports.registry import Plugin


@dataclass(frozen=True, slots=True)
class KeysOf:
    """What an organisation has with one provider, and when it was stored."""

    access: Access
    stored: tuple[datetime, ...]


async def keys_of(services: Services, principal: Principal, plugins: Sequence[Plugin]) -> dict[str, KeysOf]:
    """The organisation's keys of each provider of which it has some. Raises VaultLockedError."""
    if not any(plugin.keys for plugin in plugins):
        return {}
    async with services.ledger.reading() as unit:
        stored = {key.name.upper(): key for key in await unit.provider_keys.all(principal.organisation_id)}
        data_key = await unit.provider_keys.data_key(principal.organisation_id) if stored else None
    found: dict[str, KeysOf] = {}
    for plugin in plugins:
        names = [name for name in plugin.keys if name in stored]
        if names and data_key is not None:
            keys = {name: services.vault.open(data_key, name, stored[name].sealed) for name in names}
            found[plugin.name] = KeysOf(Access(keys), tuple(stored[name].updated_at for name in names))
    return found


async def listed_by_vendors(
    services: Services, principal: Principal, plugins: Sequence[Plugin]
) -> Mapping[str, VoiceList]:
    """The list of each vendor of which the organisation has keys, by the provider's name. Those that are due are read at the same time,
    each once for all who ask."""
    try:
        keys = await keys_of(services, principal, plugins)
    except VaultLockedError as error:
        return {plugin.name: VoiceList(failure=error.message) for plugin in plugins}
    reading = (_list(services, principal.organisation_id, name, own) for name, own in keys.items())
    return dict(zip(keys, await asyncio.gather(*reading), strict=True))


async def remembered_of_vendors(
    services: Services, principal: Principal, plugins: Sequence[Plugin]
) -> Mapping[str, VoiceList]:
    """As :func:`listed_by_vendors`, as they were last read. Nothing is asked of a vendor."""
    try:
        keys = await keys_of(services, principal, plugins)
    except VaultLockedError:
        return {}
    return {name: services.voice_lists.get(principal.organisation_id, name, own.stored) for name, own in keys.items()}


async def _list(services: Services, organisation_id: str, provider: str, own: KeysOf) -> VoiceList:
    last = services.voice_lists.get(organisation_id, provider, own.stored)
    if last.due_at is not None and services.clock.now() < last.due_at:
        return last
    lists, key = services.voice_lists, (organisation_id, provider, own.stored)
    reading = lists.reading.get(key)
    if reading is None:
        reading = lists.reading[key] = asyncio.ensure_future(_read(services, organisation_id, provider, own))
        reading.add_done_callback(lambda _: lists.reading.pop(key, None))
    # Shielded: several requests may wait for the same list, and the end of one of them is no reason to stop.
    return await asyncio.shield(reading)


async def _read(services: Services, organisation_id: str, provider: str, own: KeysOf) -> VoiceList:
    now, last = services.clock.now(), services.voice_lists.get(organisation_id, provider, own.stored)
    try:
        voices = await services.voice_of(provider).voices(own.access)
        read = VoiceList(voices, now, due_at=now + timedelta(seconds=VOICE_CATALOGUE_SECONDS))
    except ProviderError as error:
        again_at = now + timedelta(seconds=VOICE_CATALOGUE_RETRY_SECONDS)
        read = replace(last, failure=str(error), due_at=again_at)
    services.voice_lists.put(organisation_id, provider, own.stored, read)
    return read
