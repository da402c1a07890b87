"""Ports of hearing and speaking: voice activity, recognition, end of turn, voices.

Audio at every port is 16-bit little-endian mono PCM at 8,000 Hz. Frames on the live path are 20 ms (320 bytes). Methods that
are called per frame are plain functions: they must not block, and allocate as little as they can.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from callwright.domain.limits import MAX_USAGE_AMOUNT
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import ProviderError

FRAME_MS = 20
FRAME_BYTES = 320
SAMPLE_RATE_HZ = 8_000


@dataclass(frozen=True, slots=True)
class UsageAmount:
    """What one request used. ``amount`` is milliseconds of audio, input tokens or characters by ``kind``.

    ``transcriber`` counts milliseconds and ``voice`` characters. ``model`` counts input tokens, of which ``amount_cached`` came from the
    vendor's cache and ``amount_cache_written`` went into it, and ``amount_output`` output tokens, of which ``amount_reasoning`` were
    thought. An endpoint may tell anything: what is below 0 or above MAX_USAGE_AMOUNT is brought there.
    """

    kind: str
    provider: str
    model: str
    amount: int
    amount_output: int = 0
    amount_cached: int = 0
    amount_reasoning: int = 0
    amount_cache_written: int = 0

    def __post_init__(self) -> None:
        for name in ("amount", "amount_output", "amount_cached", "amount_reasoning", "amount_cache_written"):
            told = getattr(self, name)
            if not 0 <= told <= MAX_USAGE_AMOUNT:
                object.__setattr__(self, name, min(max(told, 0), MAX_USAGE_AMOUNT))


@dataclass(frozen=True, slots=True)
class TranscriberSettings:
    """How a call wants to be heard. ``options`` are the agent's remaining provider settings, as given."""

    language: str = "en"
    model: str = ""
    endpointing_ms: int = 250
    keywords: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    access: Access = field(default_factory=Access, repr=False)


class TranscriberSink(Protocol):
    """Where a recogniser's stream reports. Called from the event loop; every method returns at once.

    ``segment`` numbers the recogniser's pieces within the call, from 1: a later text with the same number replaces the earlier
    one. ``audio_ms`` is the position in the caller's audio up to which the text is known.
    """

    def partial(self, segment: int, text: str, audio_ms: int) -> None:
        """Words so far; may change."""

    def final(self, segment: int, text: str, audio_ms: int, language: str) -> None:
        """Words that will not change unless the same segment is sent again. Empty text: the sound held no words."""

    def eager_end(self, audio_ms: int) -> None:
        """The recogniser thinks the caller may have finished."""

    def resumed(self, audio_ms: int) -> None:
        """The caller went on after an eager end."""

    def end_of_turn(self, audio_ms: int) -> None:
        """The recogniser's own endpointing says the caller has finished."""

    def usage(self, amount: UsageAmount) -> None:
        """Audio billed since the last report."""

    def failed(self, error: ProviderError) -> None:
        """The stream is over and will be closed. Nothing but usage is reported after this."""


class TranscriberStream(Protocol):
    """One call's recognition."""

    def feed(self, pcm: bytes) -> None:
        """The next 20 ms of the caller's audio, without gaps (silence is sent too)."""

    def activity(self, active: bool, audio_ms: int) -> None:
        """What the local voice activity detector says, for recognisers that segment by it."""

    def close_utterance(self, audio_ms: int) -> None:
        """The turn was taken: words after this position belong to a new segment."""

    def set_patience(self, silence_ms: int) -> None:
        """How long a pause the caller may make within a turn, for recognisers that endpoint themselves."""

    def want_partials(self, wanted: bool) -> None:
        """Whether words before the end of a sentence matter now: the agent can be heard, so they may interrupt it. A hint for
        recognisers to which partial results cost much; others may go on sending them."""

    async def aclose(self) -> None:
        """End the stream and report the usage not yet reported, also after a failure. Called once, in PROVIDER_CLOSE_SECONDS
        (``domain.limits``). Audio of which nothing was ever reported, not even 0, or that was not when this fails, is billed by an
        estimate."""


class Transcriber(Protocol):
    """A recogniser. It may also be a :class:`ReadingTranscriber` and a :class:`CheckingTranscriber`."""

    name: str

    async def open(self, settings: TranscriberSettings, sink: TranscriberSink) -> TranscriberStream:
        """Open one call's stream. Raises ProviderError. Cancelled, when the call ends before, it leaves nothing open."""
        ...


@runtime_checkable
class CheckingTranscriber(Protocol):
    """A recogniser that knows before the call whether it can hear."""

    def check(self, settings: TranscriberSettings) -> None:
        """Raises ProviderError when it could not hear at all with these settings: MissingError for what can be added. No I/O beyond
        looking for files. Languages are the descriptor's (``ports.registry.Plugin.languages``)."""


@runtime_checkable
class ReadingTranscriber(Protocol):
    """A recogniser that reads what was said so far in short pauses."""

    reading_pause_ms: int
    """Length of the pauses it is told of (``TranscriberStream.activity``)."""


def reading_pause_ms(transcriber: Transcriber) -> int:
    """The pauses the recogniser wants to be told of; 0: those the conversation is told of."""
    return transcriber.reading_pause_ms if isinstance(transcriber, ReadingTranscriber) else 0


class VadStream(Protocol):
    """One call's voice activity detection."""

    def feed(self, pcm: bytes) -> int:
        """The next 20 ms; returns the probability of speech as 0..255 of the newest whole window."""
        ...


@runtime_checkable
class GatheringVadStream(Protocol):
    """A ``VadStream`` that judges the sound of several calls together, which costs less. A call uses ``submit`` or ``feed``, not both."""

    def submit(self, pcm: bytes, judged: Callable[[int], None]) -> None:
        """The next 20 ms. ``judged`` gets what ``feed`` would return, now or at most VAD_GATHER_SECONDS later; pieces are judged in
        order."""
        ...


class Vad(Protocol):
    """A voice activity detector: cheap enough to run in the call's own process."""

    name: str

    def open(self) -> VadStream:
        """A fresh detector for one call."""
        ...


@runtime_checkable
class CheckingDetector(Protocol):
    """A voice activity detector or turn model that knows before the call whether it can be used."""

    def check(self) -> None:
        """Raises ProviderError when it could not: MissingError for what can be added."""


class TurnModel(Protocol):
    """Says whether a caller who paused has finished."""

    name: str

    async def judge(self, pcm: bytes) -> int:
        """Probability in parts per million that the turn in ``pcm`` (at most its last 8 s) is complete. Raises ProviderError."""
        ...


@dataclass(frozen=True, slots=True)
class VoiceSettings:
    """How the agent sounds. ``voice`` is the provider's name of the voice."""

    voice: str = ""
    model: str = ""
    language: str = "en"
    options: Mapping[str, Any] = field(default_factory=dict)
    access: Access = field(default_factory=Access, repr=False)


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word and where it lies in its clause's audio."""

    text: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class VoiceChunk:
    """A piece of one clause's audio. The last one carries the word times (empty when the voice has none) and the usage.

    A voice that asks others in turn gives a piece of nothing but usage for each: first what it asks of that voice, and an amount of 0 if
    that one then refused. The usage of later pieces replaces it."""

    pcm: bytes = b""
    last: bool = False
    words: tuple[Word, ...] = ()
    estimated: bool = True
    usage: UsageAmount | None = None


class Voice(Protocol):
    """A synthesiser. It may also be a :class:`CheckingVoice`."""

    name: str

    def speak(self, text: str, settings: VoiceSettings) -> AsyncIterator[VoiceChunk]:
        """Stream one clause. Closing the iterator cancels the work. Raises ProviderError while iterating."""
        ...

    async def warm(self, settings: VoiceSettings) -> None:
        """Load what the first clause will need. Never raises for a mere failure to prepare."""


@runtime_checkable
class CheckingVoice(Protocol):
    """A voice that knows before the call whether it can speak."""

    def check(self, settings: VoiceSettings) -> None:
        """Raises ProviderError when it could not speak at all with these settings: MissingError for what can be added. No I/O beyond
        looking for files. Languages are the descriptor's (``ports.registry.Plugin.languages_of``)."""
