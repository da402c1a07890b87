"""A vendor's recogniser as one of ours: one stream per call, or a request for each utterance.

The client's own retries are off. Who is reconnected to, and when, is decided above.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from callwright.media.resample import StreamResampler
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.registry import PluginContext
from callwright.ports.speech import FRAME_MS, SAMPLE_RATE_HZ, TranscriberSettings, TranscriberSink, UsageAmount
from callwright.providers.cloud import library
from callwright.providers.cloud.bridge import Bridge, Made, Order
from callwright.providers.cloud.failures import VendorBoundary, close
from callwright.providers.cloud.grpc_client import GrpcConnections
from callwright.providers.cloud.posted import PostedReader
from callwright.providers.cloud.sdk_client import watch_sdk
from callwright.providers.cloud.session import CONNECT_SECONDS
from callwright.providers.cloud.speech_http import SpeechHttp
from callwright.providers.cloud.vendor import Client, Vendor
from callwright.providers.utterances import UtteranceStream

MAX_UNSENT_FRAMES = 500
"""10 s of the caller that the vendor does not take; then the stream has failed."""

MAX_UNHEARD_VOICE_MS = 6_000
"""Voice of the caller after which a vendor that reported nothing at all has failed."""

_CLOSE_SECONDS = 2.0
_REST_MS = 1_500
"""The rest of a turn comes within so much audio after it was taken."""

_OWN = library.Framework(options=lambda **_: None, audio_frame=lambda pcm, *_: pcm, http=None)
"""What streams of our own take in place of the framework's options and frames."""


class CloudTranscriber:
    """``ports.speech.Transcriber`` over one vendor's clients."""

    def __init__(self, vendor: Vendor, context: PluginContext) -> None:
        self.name = vendor.name
        self._bridge = Bridge(vendor, context)
        self._context = context

    def check(self, settings: TranscriberSettings) -> None:
        """Raises ProviderError when it could not hear with these settings (``ports.speech.CheckingTranscriber``)."""
        self._bridge.check(settings.model, given(settings), settings.access)

    def billed_model(self, settings: TranscriberSettings) -> str:
        """See ``ports.billing.NamesBilledModel``."""
        return self._bridge.billed_model(settings.model, given(settings))

    async def open(self, settings: TranscriberSettings, sink: TranscriberSink) -> CloudStream | UtteranceStream:
        """Open one call's stream, once the vendor has accepted it where its client tells. A vendor that is sent utterances is first
        reached with the first of them. Raises ProviderError."""
        order = self._bridge.order(settings.model, given(settings), settings.access)
        if order.client.transcribe is not None:
            http = self._context.shared.get(SpeechHttp, lambda: SpeechHttp(self._context.settings))
            reader = PostedReader(self.name, order, http.streaming(moved=self._bridge.moved))
            return UtteranceStream(reader, settings, sink, (self.name, order.billed), by_reading=True)
        parts = _OWN if order.client.own else await library.framework()
        made = await self._bridge.made(order, once=True)
        stream = CloudStream(order, made, parts, sink, self.name, settings.language)
        try:
            if order.client.makes_session:
                await stream.take_session(self._bridge)
            if order.client.grpc:
                GrpcConnections(made, self._bridge, order.client.grpc, stream.opens)
            await stream.connected()
        except BaseException:
            await stream.aclose()
            raise
        return stream


def given(settings: TranscriberSettings) -> dict[str, Any]:
    """The settings by the names that the table has."""
    named = {**settings.options, "language": settings.language, "endpointing": settings.endpointing_ms}
    if settings.keywords and not named.get("keywords"):
        named["keywords"] = list(settings.keywords)
    return named


class CloudStream:
    """One call's recognition (``ports.speech.TranscriberStream``)."""

    def __init__(
        self,
        order: Order,
        made: Made,
        parts: library.Framework,
        sink: TranscriberSink,
        provider: str,
        language: str,
    ) -> None:
        self._order = order
        self._client = made.client
        self._session = made.session
        self._provider = provider
        self._frame = parts.audio_frame
        self._reports = _Reports(sink, provider, order.billed, language, order.client)
        self._resampler = StreamResampler(SAMPLE_RATE_HZ, order.client.rate_hz)
        self._stream = made.client.stream(conn_options=parts.options(max_retry=0, timeout=CONNECT_SECONDS))
        if order.client.sdk:
            watch_sdk(self._stream, self._session)
        self._reading = asyncio.get_running_loop().create_task(self._read())

    async def take_session(self, bridge: Bridge) -> None:
        """Gives the client's stream, which has not begun, the session and the address that others get as arguments."""
        theirs, self._stream._session = self._stream._session, self._session
        self._stream._opts.streaming_url = bridge.address(self._stream._opts.streaming_url)
        await theirs.close()

    def opens(self) -> int:
        """A connection of the client begins: the vendor's positions count from the audio that it is sent next. Returns its position."""
        at_ms: int = max(0, self._reports.fed_ms - self._stream._input_ch.qsize() * FRAME_MS)
        self._stream.start_time_offset = at_ms / 1000
        return at_ms

    async def connected(self) -> None:
        """Returns when the vendor has accepted the stream. Raises ProviderError when it does not."""
        waiting = asyncio.get_running_loop().create_task(self._session.opened.wait())
        try:
            await asyncio.wait(
                (waiting, self._reading), timeout=CONNECT_SECONDS + 1, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            waiting.cancel()
        if self._reports.failure is not None:
            raise self._reports.failure
        if not self._session.opened.is_set():
            raise ProviderError(FailureKind.UNAVAILABLE, self._provider, "it did not accept the connection in time")
        self._reports.begin()

    def feed(self, pcm: bytes) -> None:
        """The next 20 ms."""
        if self._reports.over:
            return
        self._reports.heard()
        made = self._resampler.feed(pcm)
        if made:
            # One that has just ended takes nothing; the reader tells why.
            with suppress(RuntimeError):
                self._stream.push_frame(self._frame(made, self._order.client.rate_hz, 1, len(made) // 2))
        if self._stream._input_ch.qsize() > MAX_UNSENT_FRAMES:
            self._reports.fail(ProviderError(FailureKind.BROKEN_STREAM, self._provider, "it takes no more audio"))

    def activity(self, active: bool, audio_ms: int) -> None:
        """Voice that a vendor reports nothing of is measured."""
        self._reports.voice(active, audio_ms)

    def close_utterance(self, audio_ms: int) -> None:
        """The turn was taken: what comes later belongs to a new segment."""
        if not self._reports.over and self._reports.close(audio_ms) and self._order.client.flushes:
            with suppress(RuntimeError):
                self._stream.flush()

    def set_patience(self, silence_ms: int) -> None:
        """Nothing to do: vendors are told at the opening."""

    def want_partials(self, wanted: bool) -> None:
        """Nothing to do: vendors send them all the time."""

    async def aclose(self) -> None:
        """Close the connection and report the usage not yet reported."""
        self._reports.close_all()
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        for closing in (self._stream.aclose, self._client.aclose):
            await close(self._provider, closing, _CLOSE_SECONDS)

    async def _read(self) -> None:
        boundary = VendorBoundary(self._provider, lambda: self._reports.begun, self._session)
        with boundary:
            async for event in self._stream:
                self._reports.take(event)
        ended = ProviderError(FailureKind.BROKEN_STREAM, self._provider, "it ended the stream")
        self._reports.fail(boundary.failed or ended)


class _Reports:
    """Turns a client's events into the port's: numbers the segments, keeps the positions, bills the audio."""

    def __init__(self, sink: TranscriberSink, provider: str, model: str, language: str, client: Client) -> None:
        self._sink = sink
        self._provider = provider
        self._model = model
        self._language = language
        self._ends_turns = client.ends_turns
        self._flushes = client.flushes
        self.begun = False
        self._segment = 1
        self._said = self._eager = False
        self.fed_ms = self._billed_ms = 0
        self._closed_ms = -1
        self._late_segment = 0
        self._voiced_ms = 0
        self._voiced = False
        self.over = False
        self.failure: ProviderError | None = None

    def begin(self) -> None:
        """The stream is open: what goes wrong from now on is told to the sink."""
        self.begun = True

    def heard(self) -> None:
        """20 ms were fed."""
        self.fed_ms += FRAME_MS
        if self._voiced:
            self._voiced_ms += FRAME_MS
            if self._voiced_ms > MAX_UNHEARD_VOICE_MS:
                why = f"it reports nothing of {MAX_UNHEARD_VOICE_MS // 1000} s of voice"
                self.fail(ProviderError(FailureKind.BROKEN_STREAM, self._provider, why))

    def voice(self, active: bool, _audio_ms: int) -> None:
        """The caller's voice begins or ends."""
        self._voiced = active

    def close(self, audio_ms: int) -> bool:
        """The turn was taken. Returns whether words of it may still come."""
        pending = self._said
        if pending:
            self._late_segment, self._closed_ms = self._segment, audio_ms
            self._segment += 1
            self._said = False
        return pending

    def take(self, event: Any) -> None:
        """One event of the client."""
        kind = event.type.value
        if self.over or kind == "recognition_usage":
            return
        self._voiced_ms = 0
        best = event.alternatives[0] if event.alternatives else None
        text = best.text.strip() if best is not None else ""
        at_ms = self._position(best)
        if kind in ("interim_transcript", "preflight_transcript") and text:
            self._partial(text, at_ms, eager=kind == "preflight_transcript")
        elif kind == "final_transcript" and text:
            self._final(text, at_ms, str(getattr(best, "language", "") or self._language))
        elif kind == "end_of_speech" and self._ends_turns:
            self._eager = False
            self._sink.end_of_turn(at_ms)

    def fail(self, error: ProviderError) -> None:
        """The stream is over; the sink is told of it if it was open."""
        if self.over:
            return
        self.over = True
        self.failure = error
        if self.begun:
            self._bill()
            self._sink.failed(error)

    def close_all(self) -> None:
        """The call is over: nothing but usage is reported."""
        self.over = True
        self._bill()

    def _partial(self, text: str, at_ms: int, *, eager: bool) -> None:
        segment = self._number(at_ms)
        self._said = self._said or segment == self._segment
        self._sink.partial(segment, text, at_ms)
        if eager:
            self._eager = True
            self._sink.eager_end(at_ms)
        elif self._eager:
            self._eager = False
            self._sink.resumed(at_ms)

    def _final(self, text: str, at_ms: int, language: str) -> None:
        segment = self._number(at_ms)
        self._sink.final(segment, text, at_ms, language)
        if segment == self._segment:
            self._segment += 1
            self._said = False
        else:
            self._late_segment = 0
        self._bill()

    def _number(self, at_ms: int) -> int:
        """The segment of words up to ``at_ms``: the one before, if the turn that was taken had not ended for the vendor."""
        return self._late_segment if self._late_segment and at_ms <= self._closed_ms else self._segment

    def _position(self, best: Any) -> int:
        """Up to where in the audio the text is known, by the times of its words if there are any. Without them, what a vendor that was
        asked for the rest of a turn tells soon is that rest."""
        words = getattr(best, "words", None) or ()
        end_s = next(
            (end for word in reversed(words) if isinstance(end := getattr(word, "end_time", None), float)), 0.0
        )
        if not end_s and self._flushes and self._late_segment and self.fed_ms - self._closed_ms <= _REST_MS:
            return self._closed_ms
        return min(self.fed_ms, round(end_s * 1000)) or self.fed_ms

    def _bill(self) -> None:
        unbilled_ms, self._billed_ms = self.fed_ms - self._billed_ms, self.fed_ms
        if unbilled_ms:
            self._sink.usage(UsageAmount("transcriber", self._provider, self._model, unbilled_ms))
