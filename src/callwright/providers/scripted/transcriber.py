"""A recogniser that hears text carried in two-tone audio: what was played of it, to the letter."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from callwright.media.framing import FRAME_MS
from callwright.media.tonetext import SYMBOL_MS, ToneTextDecoder
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.speech import TranscriberSettings, TranscriberSink, UsageAmount
from callwright.providers.scripted import options as script

SHORTEST_PAUSE_MS = 2 * SYMBOL_MS
"""A letter takes this long to be heard; a shorter silence is none."""


@dataclass(frozen=True, slots=True)
class _Script:
    """What the call asked for, and the options. ``drop`` and ``fail_at`` number the caller's utterances from 1."""

    language: str
    model: str
    endpointing_ms: int
    delay_ms: int
    drop: frozenset[int]
    fail_at: frozenset[int]
    fail: FailureKind


class ScriptedStream:
    """One call's recognition. Everything is decided by the audio fed, nothing by the clock, unless ``delay_ms`` asks for it."""

    def __init__(self, sink: TranscriberSink, asked: _Script) -> None:
        self._sink = sink
        self._script = asked
        self._decoder = ToneTextDecoder()
        self._text = ""
        self._segment = 1
        self._position_ms = 0
        self._letter_ms = 0
        self._patience_ms = asked.endpointing_ms
        self._turn_open = False
        self._over = self._closed = False
        self._billed_ms = 0

    @property
    def heard_ms(self) -> int:
        """Audio that it has listened to, up to its failure."""
        return self._position_ms

    def feed(self, pcm: bytes) -> None:
        """The next 20 ms: words so far at each space, the final text after a pause of ``endpointing_ms``."""
        if self._over:
            return
        self._position_ms += FRAME_MS
        for heard in self._decoder.feed(pcm):
            self._text += heard.text
            self._letter_ms = heard.end_ms
            self._turn_open = True
            if heard.text == " ":
                self._word()
        pause_ms = self._position_ms - self._letter_ms
        if self._text and pause_ms >= self._script.endpointing_ms:
            self._finish()
        if self._turn_open and pause_ms >= self._patience_ms:
            self._turn_open = False
            self._report(lambda: self._sink.end_of_turn(self._letter_ms))

    def activity(self, active: bool, audio_ms: int) -> None:
        """An end of voice activity is also the end of the text."""
        if not active and self._text and not self._over:
            self._finish()

    def close_utterance(self, audio_ms: int) -> None:
        """The turn was taken: what was heard so far is final, and what follows is a new segment."""
        self._turn_open = False
        if self._text and not self._over:
            self._finish()

    def set_patience(self, silence_ms: int) -> None:
        """Pause after which the turn is reported as over; texts become final as before."""
        self._patience_ms = max(SHORTEST_PAUSE_MS, silence_ms)

    def want_partials(self, wanted: bool) -> None:
        """Nothing to do: partial results cost nothing here."""

    async def aclose(self) -> None:
        """Report the usage not yet reported."""
        if not self._over:
            self._bill()
        self._over = self._closed = True

    def _word(self) -> None:
        if self._segment not in self._script.drop:
            segment, text, at_ms = self._segment, self._text.strip(), self._letter_ms
            self._report(lambda: self._sink.partial(segment, text, at_ms))

    def _finish(self) -> None:
        segment, text, at_ms = self._segment, self._text.strip(), self._letter_ms
        self._segment += 1
        self._text = ""
        if segment in self._script.fail_at:
            self._bill()
            self._over = True
            error = ProviderError(self._script.fail, script.PROVIDER, f"the script makes utterance {segment} fail")
            self._report(lambda: self._sink.failed(error))
            return
        said = "" if segment in self._script.drop else text
        self._report(lambda: self._sink.final(segment, said, at_ms, self._script.language))
        self._bill()

    def _bill(self) -> None:
        unbilled_ms = self._position_ms - self._billed_ms
        self._billed_ms = self._position_ms
        if unbilled_ms:
            self._sink.usage(UsageAmount("transcriber", script.PROVIDER, self._script.model, unbilled_ms))

    def _report(self, call: Callable[[], None]) -> None:
        if self._script.delay_ms:
            asyncio.get_running_loop().call_later(self._script.delay_ms / 1000, self._unless_closed, call)
        else:
            call()

    def _unless_closed(self, call: Callable[[], None]) -> None:
        if not self._closed:
            call()


class ScriptedTranscriber:
    """Options: ``delay_ms`` of every report; ``drop`` and ``fail_at``: utterances, counted from 1, that are lost or end the stream;

    ``fail``: the kind of failure then (``broken_stream``); ``fail_open``: the kind of failure already at the opening.
    """

    name = "scripted"

    async def open(self, settings: TranscriberSettings, sink: TranscriberSink) -> ScriptedStream:
        """Open one call's stream. Raises ProviderError for a wrong option or ``fail_open``."""
        given = settings.options
        if "fail_open" in given:
            kind = script.failure(given, "fail_open", FailureKind.UNAVAILABLE)
            raise ProviderError(kind, self.name, f"the script makes the opening fail with {kind}")
        asked = _Script(
            settings.language,
            settings.model or "scripted",
            max(SHORTEST_PAUSE_MS, settings.endpointing_ms),
            script.whole(given, "delay_ms"),
            script.numbers(given, "drop"),
            script.numbers(given, "fail_at"),
            script.failure(given, "fail", FailureKind.BROKEN_STREAM),
        )
        return ScriptedStream(sink, asked)
