"""Ambient tracks: those everybody has, and an account's own (contract 3.15)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from callwright.domain.errors import BadInputError, ConflictError
from callwright.domain.limits import MAX_OWN_TRACKS
from callwright.media.ambient import TRACKS
from callwright.media.framing import SAMPLE_RATE_HZ
from callwright.media.sound_file import track_of_sound
from callwright.media.wav import WavError
from callwright.platform.accounts.rules import Principal
from callwright.platform.ambient_sounds.rules import OwnTrack, parse_track_name
from callwright.platform.audit.actions.record import audit
from callwright.platform.services import Services, missing
from callwright.platform.uploads import check_quota


@dataclass(frozen=True, slots=True)
class SoundUpload:
    """A file as it came. ``name`` may be empty: then the file's own name counts."""

    name: str
    file_name: str
    content: bytes


def presets() -> list[str]:
    """Names of the tracks everybody has; they are their ids too."""
    return list(TRACKS)


async def list_tracks(services: Services, principal: Principal) -> list[OwnTrack]:
    """The account's own tracks, oldest first."""
    async with services.ledger.unit() as unit:
        return await unit.own_tracks.all(principal.tenant_id)


async def add_track(services: Services, principal: Principal, upload: SoundUpload) -> OwnTrack:
    """Keep a sound as a track, its first two minutes at telephone rate. Raises BadInputError, ConflictError for a name there is or one more
    than MAX_OWN_TRACKS."""
    name = parse_track_name(upload.name, upload.file_name)
    if name in TRACKS:
        raise BadInputError(f"name: {name!r} is a track everybody has; choose another name", field="name")
    try:
        # On a thread: a long MP3 takes a second to decode, and calls go on meanwhile.
        pcm = await asyncio.to_thread(track_of_sound, upload.content)
    except WavError as error:
        raise BadInputError(
            f"file: {error}; send a WAV (PCM16, A-law or mu-law) or an MP3 file", field="file"
        ) from None
    track = OwnTrack(
        id=services.ids.uuid(),
        tenant_id=principal.tenant_id,
        name=name,
        duration_ms=max(1, len(pcm) * 1000 // (2 * SAMPLE_RATE_HZ)),
        created_at=services.clock.now(),
    )
    async with services.ledger.unit() as unit:
        known = await unit.own_tracks.all(principal.tenant_id)
        if any(one.name == name for one in known):
            raise ConflictError(f"there is a track named {name!r} already; delete it or choose another name")
        if len(known) >= MAX_OWN_TRACKS:
            raise ConflictError(f"there are {MAX_OWN_TRACKS} tracks already; delete one that is not needed")
        await unit.own_tracks.insert(track, pcm)
        await check_quota(services, unit, principal)
        told = {"name": name, "duration_ms": track.duration_ms}
        await audit(unit, principal, "ambient_sound.created", track.id, after=told)
    return track


async def delete_track(services: Services, principal: Principal, track_id: str) -> None:
    """Forget a track of the account; calls under way keep it. Raises NotFoundError, BadInputError for one everybody has."""
    if track_id in TRACKS:
        raise BadInputError(f"{track_id} is a track everybody has and cannot be deleted", field="sound_id")
    if not track_id.isprintable():
        # No id of ours, and nothing the database could be asked for.
        raise missing("ambient sound")
    async with services.ledger.unit() as unit:
        found = await unit.own_tracks.find(principal.tenant_id, track_id)
        if found is None or found.id != track_id or not await unit.own_tracks.delete(principal.tenant_id, track_id):
            raise missing("ambient sound")
        await audit(unit, principal, "ambient_sound.deleted", track_id, before={"name": found.name})
