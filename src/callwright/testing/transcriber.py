"""The contract of a recogniser (``ports.speech.Transcriber``)."""

from __future__ import annotations

import asyncio
from statistics import median

from callwright.domain.limits import PROVIDER_CLOSE_SECONDS
from callwright.ops.clock import SystemClock
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.speech import (
    FRAME_BYTES,
    FRAME_MS,
    Transcriber,
    TranscriberSettings,
    TranscriberStream,
    UsageAmount,
)
from callwright.testing.contract import (
    TWO_TONE_TEXT,
    SpeechContract,
    failure_of,
    frames_of,
    left_out,
    must,
    must_be_billed_as_foreseen,
    must_leave_nothing,
    silence,
    with_plugin,
)
from callwright.testing.faults import FaultContract, Log

_PAUSE_MS = 1_000
_VOICED_MS = 8_000
_LONGEST_FRAME_US = 5_000
_AFTER_CLOSING_SECONDS = 0.2
_BILLED_WITHIN_MS = 1_000


class Heard:
    """A ``TranscriberSink`` that keeps what it is told, and notices what must not be told."""

    def __init__(self) -> None:
        self.finals: list[tuple[int, str, int]] = []
        """Segment, text and position of every final."""
        self.failure: ProviderError | None = None
        self.used: list[UsageAmount] = []
        self.reports = 0
        self.late: list[str] = []
        """Reports that came after the stream was closed."""
        self.closed = False
        self._news = asyncio.Event()

    @property
    def text(self) -> str:
        """All that was heard: the last text of each segment."""
        return " ".join({segment: text for segment, text, _ in self.finals}.values())

    def _report(self, what: str) -> None:
        self.reports += 1
        if self.closed:
            self.late.append(what)
        self._news.set()

    def partial(self, segment: int, text: str, audio_ms: int) -> None:
        """Words so far."""
        self._report("partial")

    def final(self, segment: int, text: str, audio_ms: int, language: str) -> None:
        """Words that stay."""
        self.finals.append((segment, text, audio_ms))
        self._report("final")

    def eager_end(self, audio_ms: int) -> None:
        """Perhaps the end."""
        self._report("eager_end")

    def resumed(self, audio_ms: int) -> None:
        """The caller went on."""
        self._report("resumed")

    def end_of_turn(self, audio_ms: int) -> None:
        """The end of the turn."""
        self._report("end_of_turn")

    def usage(self, amount: UsageAmount) -> None:
        """What was used; it may also come last."""
        self.used.append(amount)

    def failed(self, error: ProviderError) -> None:
        """It is over."""
        self.failure = error
        self._report("failed")

    async def until_failed(self) -> None:
        """Wait until the stream has failed."""
        while self.failure is None:
            self._news.clear()
            await self._news.wait()

    async def until(self, words: tuple[str, ...], after: int = 0) -> None:
        """Wait until the finals of segments after ``after`` have the words. Raises AssertionError when the stream fails."""
        while missing := self._missing(words, after):
            if self.failure is not None:
                raise AssertionError(f"the stream failed: {self.failure}") from self.failure
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), PROVIDER_CLOSE_SECONDS)
            except TimeoutError as error:
                raise AssertionError(
                    f"no final text has {missing}; heard {self.text!r}. Set `recording` and `words` to speech your recogniser hears"
                ) from error

    def _missing(self, words: tuple[str, ...], after: int) -> list[str]:
        heard = " ".join(text for segment, text, _ in self.finals if segment > after).lower()
        return [word for word in words if word.lower() not in heard]


class TranscriberContract(SpeechContract, FaultContract):
    """What a recogniser owes: the words of the audio in numbered segments, an honest bill, a quick end, calls apart."""

    kind = "transcriber"
    words: tuple[str, ...] = tuple(TWO_TONE_TEXT.split())
    """Words that are said in the recording."""
    transcriber_settings = TranscriberSettings()
    """How the call wants to be heard."""
    wrong_settings: TranscriberSettings | None = None
    """Settings the recogniser must refuse. None: that is not tested."""
    close_seconds: float = PROVIDER_CLOSE_SECONDS
    """Longest time until a stream is closed."""
    frame_seconds: float = 0.0
    """Time between two frames of 20 ms. Raise it for a client whose answers come later than the audio is fed without pauses."""

    async def work(self, made: Transcriber, settings: TranscriberSettings) -> None:
        """Hear the words twice, the second time from somebody who goes on speaking. Raises the failure of the stream."""
        heard = Heard()
        stream = await made.open(settings, heard)
        try:
            await self._hear_on(stream, heard)
        finally:
            await stream.aclose()
        if heard.failure is not None:
            must(sum(used.amount for used in heard.used) > 0, "a stream that failed has not billed what it heard")
            raise heard.failure

    async def _hear_on(self, stream: TranscriberStream, heard: Heard) -> None:
        failing = asyncio.ensure_future(heard.until_failed())
        words = asyncio.ensure_future(heard.until(self.words))
        try:
            await self._feed(stream, self.speech())
            stream.activity(True, 0)
            reports = -1
            while not (failing.done() or words.done()):
                # After a late report, a recogniser measures anew how much voice the vendor does not report.
                unheard_ms = _VOICED_MS if heard.reports > reports else 0
                reports = heard.reports
                for _ in range(unheard_ms // FRAME_MS):
                    if heard.failure is None and not words.done():
                        stream.feed(bytes(FRAME_BYTES))
                        await asyncio.sleep(self.frame_seconds)
                await asyncio.wait((failing, words), timeout=0.5, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in (failing, words):
                one.cancel()
            await asyncio.gather(failing, words, return_exceptions=True)

    async def _feed(self, stream: TranscriberStream, pcm: bytes, at_ms: int = 0, *, speech: bool = True) -> int:
        """Feed audio as a call does, with the detector's verdicts around speech; returns the position after it."""
        if speech:
            stream.activity(True, at_ms)
        for frame in frames_of(pcm):
            stream.feed(frame)
            at_ms += FRAME_MS
            await asyncio.sleep(self.frame_seconds)
        pause_ms = at_ms
        for frame in frames_of(silence(_PAUSE_MS)):
            stream.feed(frame)
            at_ms += FRAME_MS
            if speech and at_ms == pause_ms + 200:
                stream.activity(False, pause_ms)
            await asyncio.sleep(self.frame_seconds)
        return at_ms

    @with_plugin
    async def test_the_words_are_heard(self, transcriber: Transcriber) -> None:
        """The finals have the words, in segments from 1, at positions within the audio."""
        name = transcriber.name
        must(name == self.plugin.name, f"the recogniser's name is {name!r}, its plugin's {self.plugin.name!r}")
        heard = Heard()
        stream = await transcriber.open(self.transcriber_settings, heard)
        length_ms = await self._feed(stream, self.speech())
        await heard.until(self.words)
        await stream.aclose()
        for segment, text, audio_ms in heard.finals:
            must(segment >= 1, f"the text {text!r} is segment {segment}; segments are numbered from 1")
            must(0 <= audio_ms <= length_ms, f"the text {text!r} is at {audio_ms} ms, of {length_ms} ms that were fed")

    @with_plugin
    async def test_silence_has_no_words(self, transcriber: Transcriber) -> None:
        """From two seconds of silence no words are heard."""
        heard = Heard()
        stream = await transcriber.open(self.transcriber_settings, heard)
        await self._feed(stream, silence(_PAUSE_MS), speech=False)
        await stream.aclose()
        must(not heard.text.strip(), f"in silence the recogniser hears {heard.text!r}")

    @with_plugin
    async def test_a_taken_turn_begins_a_new_segment(self, transcriber: Transcriber) -> None:
        """Words after ``close_utterance`` belong to a segment with a larger number."""
        heard = Heard()
        stream = await transcriber.open(self.transcriber_settings, heard)
        at_ms = await self._feed(stream, self.speech())
        await heard.until(self.words)
        stream.close_utterance(at_ms)
        newest = max(segment for segment, _, _ in heard.finals)
        await self._feed(stream, self.speech(), at_ms)
        await heard.until(self.words, after=newest)
        await stream.aclose()

    @with_plugin
    async def test_the_audio_is_billed(self, transcriber: Transcriber) -> None:
        """When the stream is closed the usage of the kind transcriber adds up to the audio, to a second."""
        heard = Heard()
        stream = await transcriber.open(self.transcriber_settings, heard)
        length_ms = await self._feed(stream, self.speech())
        await stream.aclose()
        must(heard.used, "the recogniser reported no usage until it was closed")
        for used in heard.used:
            must(used.kind == "transcriber", f"the usage is of the kind {used.kind!r}, not 'transcriber'")
            must_be_billed_as_foreseen(used, transcriber, self.transcriber_settings)
        billed_ms = sum(used.amount for used in heard.used)
        must(
            abs(billed_ms - length_ms) <= _BILLED_WITHIN_MS,
            f"{length_ms} ms were fed and {billed_ms} ms reported as used",
        )

    @with_plugin
    async def test_a_closed_stream_is_quiet(self, transcriber: Transcriber) -> None:
        """Closing takes at most ``close_seconds``; afterwards nothing but usage is reported, whatever is fed."""
        heard = Heard()
        stream = await transcriber.open(self.transcriber_settings, heard)
        await self._feed(stream, self.speech())
        try:
            await asyncio.wait_for(stream.aclose(), self.close_seconds)
        except TimeoutError as error:
            raise AssertionError(f"closing the stream takes longer than {self.close_seconds:g} seconds") from error
        heard.closed = True
        await asyncio.sleep(_AFTER_CLOSING_SECONDS)
        must(not heard.late, f"after the stream was closed it reports {', '.join(heard.late)}")

    @with_plugin
    async def test_streams_leave_nothing_open(self, transcriber: Transcriber) -> None:
        """After streams were closed while the caller spoke, no task goes on and no connection stays."""

        async def cut_off() -> None:
            stream = await transcriber.open(self.transcriber_settings, Heard())
            for frame in frames_of(self.speech())[:10]:
                stream.feed(frame)
                await asyncio.sleep(0)
            await stream.aclose()

        await must_leave_nothing(cut_off, "a stream was closed")

    @with_plugin
    async def test_its_key_is_never_told(self, transcriber: Transcriber) -> None:
        """Neither in a line of the log nor in a repr."""
        if not self.secret:
            raise left_out("secret")
        heard = Heard()
        with Log() as log:
            stream = await transcriber.open(self.transcriber_settings, heard)
            await self._feed(stream, self.speech())
            await stream.aclose()
        shown = "\n".join([*log.lines, repr(transcriber), repr(stream), repr(self.transcriber_settings)])
        must(self.secret not in shown, "the log or a repr shows the key")

    @with_plugin
    async def test_hints_are_taken_at_any_time(self, transcriber: Transcriber) -> None:
        """Patience, partial results and verdicts of the detector are taken in silence too, and raise nothing."""
        heard = Heard()
        stream = await transcriber.open(self.transcriber_settings, heard)
        for wanted in (True, False):
            stream.want_partials(wanted)
            stream.set_patience(2_000)
            stream.activity(wanted, 0)
            stream.close_utterance(0)
        await self._feed(stream, self.speech())
        await stream.aclose()
        must(heard.failure is None, f"the stream failed: {heard.failure}")

    @with_plugin
    async def test_calls_do_not_disturb_each_other(self, transcriber: Transcriber) -> None:
        """A stream of silence hears no words while another stream hears them."""
        heard, quiet = Heard(), Heard()
        stream = await transcriber.open(self.transcriber_settings, heard)
        other = await transcriber.open(self.transcriber_settings, quiet)
        await self._feed(stream, self.speech())
        await self._feed(other, silence(_PAUSE_MS), speech=False)
        await heard.until(self.words)
        await stream.aclose()
        await other.aclose()
        must(not quiet.text.strip(), f"a stream of silence hears the words of another: {quiet.text!r}")

    @with_plugin
    async def test_a_frame_takes_hardly_any_time(self, transcriber: Transcriber) -> None:
        """``feed`` returns within 5 ms in the median."""
        clock = SystemClock()
        stream = await transcriber.open(self.transcriber_settings, Heard())
        took_us = []
        for frame in frames_of(self.speech()):
            began_us = clock.monotonic_us()
            stream.feed(frame)
            took_us.append(clock.monotonic_us() - began_us)
            await asyncio.sleep(0)
        await stream.aclose()
        must(
            median(took_us) <= _LONGEST_FRAME_US,
            f"feed() takes {median(took_us) / 1000:.1f} ms for 20 ms; it blocks the event loop for so long",
        )

    @with_plugin
    async def test_wrong_settings_are_a_bad_request(self, transcriber: Transcriber) -> None:
        """Settings that cannot be used raise ProviderError with BAD_REQUEST at the opening."""
        if self.wrong_settings is None:
            raise left_out("wrong_settings")
        error = await failure_of(transcriber.open(self.wrong_settings, Heard()), "opening with wrong settings")
        must(error.kind is FailureKind.BAD_REQUEST, f"wrong settings are {error.kind.value!r}, not a bad request")
