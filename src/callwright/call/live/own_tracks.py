"""Sounds of one call: those of the process, and the ambient tracks of the call's own account."""

from __future__ import annotations

import asyncio

from callwright.call.live.sounds import Bill, Saying, SoundLibrary, SoundMissingError
from callwright.domain.errors import UnavailableError
from callwright.domain.limits import TRACK_SECONDS
from callwright.media.ambient import TRACKS, Bed
from callwright.platform.ledger import Ledger
from callwright.ports.speech import Voice, VoiceSettings


class AccountSounds:
    """``sounds.Sounds`` of an account. A track of its own goes before one of the ambient folder; the synthesised ones keep their names."""

    def __init__(self, library: SoundLibrary, ledger: Ledger, tenant_id: str) -> None:
        self._library = library
        self._ledger = ledger
        self._tenant_id = tenant_id

    def ringing(self) -> bytes:
        """See :class:`SoundLibrary`."""
        return self._library.ringing()

    async def saying(self, voice: Voice, settings: VoiceSettings, text: str, bill: Bill) -> Saying:
        """See :class:`SoundLibrary`. Not shared with other accounts: a voice of the same name may be another one there."""
        return await self._library.saying(voice, settings, text, bill, account=self._tenant_id)

    async def bed(self, name: str) -> Bed:
        """A loop of the account's track with that id or name, else of the process's. Raises SoundMissingError."""
        if name in TRACKS:
            return await self._library.bed(name)
        try:
            async with asyncio.timeout(TRACK_SECONDS):
                pcm = await self._own(name)
        except (UnavailableError, TimeoutError):
            raise SoundMissingError(
                f"the ambient track {name!r} could not be read: the database cannot be reached"
            ) from None
        return await self._library.bed(name) if pcm is None else Bed(pcm)

    async def _own(self, name: str) -> bytes | None:
        async with self._ledger.unit() as unit:
            found = await unit.own_tracks.find(self._tenant_id, name)
            if found is None:
                return None
            known = self._library.kept(found.id)
            if known is not None:
                return known
            pcm = await unit.own_tracks.pcm(self._tenant_id, found.id)
        if pcm is not None:
            self._library.keep(found.id, pcm)
        return pcm
