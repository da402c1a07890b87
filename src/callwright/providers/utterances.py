"""Recognition of whole utterances: the local voice activity detector cuts them, and they are read again as they grow.

At each pause the whole utterance so far is read and reported as final under one segment number. While the caller talks over the agent,
partial readings are made when the reader has nothing better to do.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.speech import FRAME_MS, TranscriberSettings, TranscriberSink, UsageAmount

_BYTES_PER_MS = 16
_LEAD_BYTES = 600 * _BYTES_PER_MS
"""Kept from before the detector noticed speech: it needs some 100 ms, and with less than 400 ms of quiet before it the model takes the
first word for the middle of a sentence ("attend in the morning" for "At ten in the morning")."""
_TAIL_BYTES = 400 * _BYTES_PER_MS
"""Of a pause inside an utterance that is kept; the rest tells a recogniser nothing and costs time."""
_PARTIAL_EVERY_BYTES = 700 * _BYTES_PER_MS
_LONGEST_BYTES = 27_000 * _BYTES_PER_MS
"""After so much speech the text up to here is settled under its segment and a new one begins: the model reads 30 s at most."""
_LAST_READING_SECONDS = 3.0
"""For the caller's last words after the call's end; a busy speech process loses them."""


class UtteranceReader(Protocol):
    """Reads an utterance."""

    @property
    def is_idle(self) -> bool:
        """Whether a partial reading would delay nothing."""
        ...

    async def read(self, pcm: bytes, *, final: bool) -> str:
        """The words of the audio, which is that of the ports; empty where there are none. Raises ProviderError."""
        ...


class Utterance:
    """The audio of one segment. ``active`` while the caller talks."""

    __slots__ = ("active", "audio", "quiet_bytes", "read_bytes", "segment")

    def __init__(self, segment: int, lead: bytes) -> None:
        self.segment = segment
        self.audio = bytearray(lead)
        self.active = True
        self.quiet_bytes = 0
        self.read_bytes = 0

    def add(self, pcm: bytes) -> None:
        """More audio; of a pause only its beginning is kept."""
        self.quiet_bytes = 0 if self.active else self.quiet_bytes + len(pcm)
        if self.quiet_bytes <= _TAIL_BYTES:
            self.audio += pcm


class UtteranceStream:
    """One call's recognition (``ports.speech.TranscriberStream``)."""

    def __init__(
        self,
        reader: UtteranceReader,
        settings: TranscriberSettings,
        sink: TranscriberSink,
        billed_as: tuple[str, str],
        *,
        by_reading: bool,
    ) -> None:
        """``billed_as``: provider and model. ``by_reading``: the audio of each reading is billed, in place of the call's."""
        self._reader = reader
        self._billed_as = billed_as
        self._by_reading = by_reading
        self._sink = sink
        self._language = settings.language or "en"
        self._partials = bool(settings.options.get("partials", True))
        self._wanted = False
        self._recent = bytearray()
        self._audio_ms = 0
        self._unbilled_ms = 0
        self._has_billed = False
        self._segment = 0
        self._utterance: Utterance | None = None
        self._reading: asyncio.Task[None] | None = None
        self._read_segment = 0
        self._before: asyncio.Task[None] | None = None
        """The last reading of the segment before that of ``_reading``."""
        self._unfinished: set[asyncio.Task[None]] = set()
        self._closed = False

    def feed(self, pcm: bytes) -> None:
        """The next 20 ms."""
        self._audio_ms += FRAME_MS
        if not self._by_reading:
            self._unbilled_ms += FRAME_MS
        utterance = self._utterance
        if utterance is None:
            self._recent += pcm
            del self._recent[:-_LEAD_BYTES]
            return
        utterance.add(pcm)
        if utterance.active and len(utterance.audio) - utterance.read_bytes >= _PARTIAL_EVERY_BYTES:
            self._read_partial(utterance)
        if len(utterance.audio) >= _LONGEST_BYTES:
            self._settle(utterance)

    def activity(self, active: bool, audio_ms: int) -> None:
        """Speech began or paused; a pause has the utterance read."""
        if active:
            if self._utterance is None:
                self._segment += 1
                self._utterance = Utterance(self._segment, bytes(self._recent))
                self._recent.clear()
            self._utterance.active = True
        elif self._utterance is not None and self._utterance.active:
            self._utterance.active = False
            self._read(self._utterance, final=True)

    def close_utterance(self, audio_ms: int) -> None:
        """The turn was taken. What the caller says from here on is a new segment; speech that goes on is cut at this position."""
        utterance, self._utterance = self._utterance, None
        if utterance is None:
            return
        later = max(0, min(self._audio_ms - audio_ms, len(utterance.audio) // _BYTES_PER_MS)) * _BYTES_PER_MS
        after = bytes(utterance.audio[len(utterance.audio) - later :]) if later else b""
        if utterance.active:
            self._segment += 1
            self._utterance = Utterance(self._segment, after)
        else:
            self._recent = bytearray(after[-_LEAD_BYTES:])

    def set_patience(self, silence_ms: int) -> None:
        """Nothing to do: this recogniser leaves the end of a turn to the core."""

    def want_partials(self, wanted: bool) -> None:
        """Read while the caller talks only where it may interrupt: a reading takes as long as the final one and delays it."""
        self._wanted = wanted

    async def aclose(self) -> None:
        """Read what the caller said last, which the end may have cut off in mid-word, and report the audio not yet billed."""
        utterance, self._utterance = self._utterance, None
        if utterance is not None and utterance.active and not self._closed:
            self._read(utterance, final=True)
        if self._unfinished:
            _, late = await asyncio.wait(tuple(self._unfinished), timeout=_LAST_READING_SECONDS)
            self._closed = True
            for reading in late:
                reading.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self._closed = True
        self._bill()

    def _read_partial(self, utterance: Utterance) -> None:
        if self._partials and self._wanted and self._reader.is_idle and (self._reading is None or self._reading.done()):
            utterance.read_bytes = len(utterance.audio)
            self._read(utterance, final=False)

    def _settle(self, utterance: Utterance) -> None:
        """A very long utterance: read what there is for good and go on in a new segment."""
        self._read(utterance, final=True)
        self._segment += 1
        active = utterance.active
        self._utterance = Utterance(self._segment, b"")
        self._utterance.active = active

    def _read(self, utterance: Utterance, *, final: bool) -> None:
        """Read the utterance so far. A newer reading of the same segment replaces one in progress."""
        if self._read_segment != utterance.segment:
            self._read_segment, self._before = utterance.segment, self._reading
        elif self._reading is not None:
            self._reading.cancel()  # the newer reading covers it
        self._reading = asyncio.create_task(
            self._transcribe(utterance.segment, bytes(utterance.audio), final, self._before)
        )
        self._unfinished.add(self._reading)
        self._reading.add_done_callback(self._unfinished.discard)

    async def _transcribe(self, segment: int, pcm: bytes, final: bool, previous: asyncio.Task[None] | None) -> None:
        audio_ms = self._audio_ms
        if self._by_reading:
            self._unbilled_ms += len(pcm) // _BYTES_PER_MS
        try:
            text = await self._reader.read(pcm, final=final)
        except ProviderError as error:
            if final or error.kind != FailureKind.LIMIT:
                self._fail(error)
            return
        if previous is not None and not previous.done():
            await asyncio.wait({previous})  # segments are reported in the order of speech
        if self._closed:
            return
        if final:
            self._sink.final(segment, text, audio_ms, self._language)
            self._bill()
        elif text:
            self._sink.partial(segment, text, audio_ms)

    def _bill(self) -> None:
        """Reports the audio not yet billed, none only where nothing was reported before."""
        amount_ms, self._unbilled_ms = self._unbilled_ms, 0
        if amount_ms or not self._has_billed:
            self._has_billed = True
            self._sink.usage(UsageAmount("transcriber", *self._billed_as, amount_ms))

    def _fail(self, error: ProviderError) -> None:
        if not self._closed:
            self._closed = True
            self._sink.failed(error)
