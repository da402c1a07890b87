"""Sounds beside speech, kept by the process for all calls: short sayings per voice, ambient tracks, and the ringing tone.

A saying is synthesised once per voice, before a call needs it; a track is made, or read from the configured folder, once; the tone is made
when it is first wanted.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from callwright.conversation.bounds import ASSET_MOST_MS, TRANSFER_WAIT_MS
from callwright.domain.limits import (
    MAX_AMBIENT_FILE_BYTES,
    MAX_SPOKEN_ASSETS,
    MAX_TRACKS_IN_MEMORY,
    VOICE_PIECE_SECONDS,
)
from callwright.media.ambient import TRACKS, Bed, track, track_of_wav
from callwright.media.framing import PCM_FRAME_BYTES
from callwright.media.g711 import fainter, loudness, mulaw_of
from callwright.media.tones import RINGING, ringing
from callwright.media.wav import WavError
from callwright.ports.speech import UsageAmount, Voice, VoiceSettings

SLACK_MS = 500
"""A saying is this much shorter than the core waits for its end, at least."""
_PCM_BYTES_PER_MS = 16
_SILENT_BELOW = 60
_QUIET_PER_THOUSAND = 500
_ALIASES = {"convention_hall": "call-center", "coffee_shop": "coffee-shop", "office_ambience": "office-ambience"}


class SoundMissingError(LookupError):
    """There is no such sound. The message says why, and what to do."""


Bill = Callable[[UsageAmount | None], None]
"""Takes what the making of a saying used, None when the voice did not tell it."""


@dataclass(frozen=True, slots=True)
class Saying:
    """A short saying as mu-law, at its own loudness and ``quiet``, and what its making used."""

    audio: bytes
    quiet: bytes
    usage: UsageAmount | None


class _Making:
    """A saying being made. ``sounded``: the voice has given some of it, which has its price."""

    def __init__(self, voice: Voice, settings: VoiceSettings, text: str) -> None:
        self.sounded = False
        self.task = asyncio.get_running_loop().create_task(self._make(voice, settings, text))

    @property
    def failed(self) -> bool:
        """Whether there will be nothing of it."""
        return self.task.done() and (self.task.cancelled() or self.task.exception() is not None)

    async def _make(self, voice: Voice, settings: VoiceSettings, text: str) -> Saying:
        pcm, usage = bytearray(), None
        # One that hangs would be waited for by every later call.
        async with (
            asyncio.timeout(VOICE_PIECE_SECONDS),
            aclosing(voice.speak(text, settings)) as chunks,  # type: ignore[type-var]
        ):
            async for chunk in chunks:
                self.sounded = self.sounded or bool(chunk.pcm)
                pcm += chunk.pcm
                usage = chunk.usage or usage
        sounding = _trimmed(bytes(pcm))
        if len(sounding) > (ASSET_MOST_MS - SLACK_MS) * _PCM_BYTES_PER_MS:
            sounding = b""
        return Saying(mulaw_of(sounding), mulaw_of(fainter(sounding, _QUIET_PER_THOUSAND)), usage)


class Sounds(Protocol):
    """Sounds beside speech as one call gets them."""

    def ringing(self) -> bytes:
        """The ringing tone as mu-law, for as long as a transfer may take; nothing where callers shall hear none."""
        ...

    async def saying(self, voice: Voice, settings: VoiceSettings, text: str, bill: Bill) -> Saying:
        """``text`` by this voice. ``bill`` is called if this call has it made, once, also when the call ends before it is. Raises
        ProviderError."""
        ...

    async def bed(self, name: str) -> Bed:
        """A loop of its own of the track ``name``. Raises SoundMissingError."""
        ...


_Key = tuple[str, str, str, str, str, str, str]


class SoundLibrary:
    """Belongs to one event loop. ``folder`` holds WAV files of ambient tracks, ``<name>.wav``. ``tone`` is how ringing sounds
    (``media.tones.RINGING``), anything else for none. ``threads`` false: tracks are made in the loop, which waits for them; for loops
    without real time."""

    def __init__(self, folder: Path | None = None, tone: str = "us", *, threads: bool = True) -> None:
        self._folder = folder
        self._tone = RINGING.get(tone)
        self._ringing = b""
        self._threads = threads
        self._sayings: OrderedDict[_Key, _Making] = OrderedDict()
        self._tracks: dict[str, asyncio.Task[bytes]] = {}
        self._own: OrderedDict[str, bytes] = OrderedDict()

    def ringing(self) -> bytes:
        """The ringing tone as mu-law, for as long as a transfer may take; nothing where callers shall hear none."""
        if self._tone is not None and not self._ringing:
            self._ringing = mulaw_of(ringing(self._tone, TRANSFER_WAIT_MS))
        return self._ringing

    async def saying(
        self, voice: Voice, settings: VoiceSettings, text: str, bill: Bill, *, account: str = ""
    ) -> Saying:
        """``text`` by this voice, for the calls of ``account``. ``bill`` is called if this call has it made, once, also when the call ends
        before it is, or the voice fails in the middle. Raises ProviderError; after a failure the next call tries again."""
        how = repr((sorted(settings.options.items()), settings.access.addresses))
        key = (account, voice.name, settings.voice, settings.model, settings.language, how, text)
        making = self._sayings.get(key)
        if making is not None and not making.failed:
            self._sayings.move_to_end(key)
            # Shielded: several calls may wait for the same saying, and the end of one of them is no reason to stop.
            return await asyncio.shield(making.task)
        making = self._sayings[key] = _Making(voice, settings, text)
        self._sayings.move_to_end(key)
        while len(self._sayings) > MAX_SPOKEN_ASSETS:
            self._sayings.popitem(last=False)
        used: UsageAmount | None = None
        try:
            saying = await asyncio.shield(making.task)
            used = saying.usage
        finally:
            # Also when this call ends before: it is made all the same, and the record of the call is written before that.
            if making.sounded or not making.failed:
                bill(used)
        return saying

    async def bed(self, name: str) -> Bed:
        """A loop of its own of the track ``name``. Raises SoundMissingError."""
        name = _ALIASES.get(name, name)
        task = self._tracks.get(name)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            work = asyncio.to_thread(_track, self._folder, name) if self._threads else _made(self._folder, name)
            task = self._tracks[name] = asyncio.get_running_loop().create_task(work)
        return Bed(await asyncio.shield(task))

    def kept(self, track_id: str) -> bytes | None:
        """The sound of an account's track, where it is in memory. Tracks never change under their id."""
        found = self._own.get(track_id)
        if found is not None:
            self._own.move_to_end(track_id)
        return found

    def keep(self, track_id: str, pcm: bytes) -> None:
        """Keep it for further calls."""
        self._own[track_id] = pcm
        while len(self._own) > MAX_TRACKS_IN_MEMORY:
            self._own.popitem(last=False)

    async def aclose(self) -> None:
        """Give up what is still being made."""
        tasks = [*(making.task for making in self._sayings.values()), *self._tracks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _made(folder: Path | None, name: str) -> bytes:
    return _track(folder, name)


def _trimmed(pcm: bytes) -> bytes:
    """``pcm`` without the silence around it, frame by frame: a reply that waits for its end shall not wait for silence."""
    frames = [pcm[at : at + PCM_FRAME_BYTES] for at in range(0, len(pcm), PCM_FRAME_BYTES)]
    loud = [number for number, frame in enumerate(frames) if loudness(frame) >= _SILENT_BELOW]
    return b"".join(frames[loud[0] : loud[-1] + 1]) if loud else b""


def _track(folder: Path | None, name: str) -> bytes:
    if name in TRACKS:
        return track(name)
    known = ", ".join(TRACKS)
    if folder is None:
        raise SoundMissingError(
            f"there is no ambient track {name!r}; known: {known}; own ones are uploaded (POST /ambient-sounds/custom)"
            " or lie in a folder (CALLWRIGHT_AMBIENT)"
        )
    path = folder / f"{name}.wav"
    try:
        if path.stat().st_size > MAX_AMBIENT_FILE_BYTES:
            raise SoundMissingError(f"the ambient track {path.name} is larger than {MAX_AMBIENT_FILE_BYTES} bytes")
        return track_of_wav(path.read_bytes())
    except (OSError, WavError) as error:
        raise SoundMissingError(
            f"the ambient track {name!r} cannot be read from {path.name} in the ambient folder: {error}; known: {known}"
        ) from error
