"""A recogniser of several: when one fails or hears nothing of the caller's voice, the next gets the audio since the last final words.

What the caller says while the recognisers change is kept and recognised afterwards. Segments go on in one numbering. Words that were not
final yet have the number under which the next recogniser reports them again, so that no word counts twice.

One that reports nothing while the caller speaks is not replaced on suspicion, for the sound may hold no words. The next recogniser is
opened beside it and gets the same audio. The first of the two that reports words stays.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from callwright.call.live.boundary import plugin_boundary
from callwright.call.live.failover import Chain, Failover, Link
from callwright.domain.limits import (
    FALLBACK_OPEN_SECONDS,
    MAX_RELISTENED_SECONDS,
    MAX_SECOND_RECOGNISERS,
    PROVIDER_CLOSE_SECONDS,
    SECOND_RECOGNISER_SECONDS,
)
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.speech import (
    FRAME_MS,
    Transcriber,
    TranscriberSettings,
    TranscriberSink,
    TranscriberStream,
    UsageAmount,
    reading_pause_ms,
)

TranscriberLink = Link[Transcriber, TranscriberSettings]

_LEAST_VOICE_MS = 400
"""Voice of which at least something is to be reported: a cough is shorter."""

_CLOSE_SECONDS = PROVIDER_CLOSE_SECONDS - 1
"""The call waits a second longer for the whole chain, and then estimates what nobody billed."""

_UNREAD_VOICE_MS = 6_000
"""The same of one that has not shown yet whether it reports words while the caller speaks."""


class TranscriberChain(Chain[Transcriber, TranscriberSettings]):
    """``ports.speech.Transcriber`` of several."""

    def __init__(self, links: Sequence[TranscriberLink], failover: Failover, after_ms: int) -> None:
        super().__init__("transcriber", links, failover, after_ms)
        self.name = links[0].plugin.name
        self.reading_pause_ms = reading_pause_ms(links[0].plugin)

    async def open(self, settings: TranscriberSettings, sink: TranscriberSink) -> TranscriberStream:
        """Open the first one that can be opened. Raises ProviderError: of the last."""
        stream = _ChainStream(self, sink)
        failure = await stream.open()
        if failure is not None:
            raise failure
        return stream


@dataclass(frozen=True, slots=True)
class _Told:
    """20 ms of the caller up to the position ``at_ms``, or with ``active`` the beginning or end of a voice there."""

    at_ms: int
    pcm: bytes = b""
    active: bool | None = None


class _Recogniser:
    """One open recogniser of a chain, and the sink it reports to. Its positions begin at ``from_ms`` of the call, its segments after
    ``base``."""

    def __init__(self, owner: _ChainStream, link: TranscriberLink) -> None:
        self._owner = owner
        self.link = link
        self.stream: TranscriberStream | None = None
        self.from_ms = 0
        self.base = 0
        self.failure: ProviderError | None = None
        self.streams_words = False
        self.given_ms = 0
        self.billed_ms = 0
        self.reported = False

    def give(self, told: _Told) -> None:
        """The next of the caller's audio and voice. Raises whatever the plugin raises."""
        assert self.stream is not None, "it is open"
        if told.active is not None:
            self.stream.activity(told.active, max(0, told.at_ms - self.from_ms))
            return
        self.given_ms += FRAME_MS
        self.stream.feed(told.pcm)

    # -- ports.speech.TranscriberSink --------------------------------------------------------------------------------------

    def partial(self, segment: int, text: str, audio_ms: int) -> None:
        """Words so far."""
        self.streams_words = self.streams_words or bool(text.strip())
        if self._owner.takes(self, text):
            self._owner.partial(self.base + segment, text, self.from_ms + audio_ms)

    def final(self, segment: int, text: str, audio_ms: int, language: str) -> None:
        """Words that stay."""
        if self._owner.takes(self, text):
            self._owner.final(self.base + segment, text, self.from_ms + audio_ms, language)

    def eager_end(self, audio_ms: int) -> None:
        """Perhaps the caller has finished."""
        if self._owner.takes(self, ""):
            self._owner.sink.eager_end(self.from_ms + audio_ms)

    def resumed(self, audio_ms: int) -> None:
        """The caller went on."""
        if self._owner.takes(self, ""):
            self._owner.sink.resumed(self.from_ms + audio_ms)

    def end_of_turn(self, audio_ms: int) -> None:
        """Its own end of the turn."""
        if self._owner.takes(self, ""):
            self._owner.sink.end_of_turn(self.from_ms + audio_ms)

    def usage(self, amount: UsageAmount) -> None:
        """Audio billed."""
        self.billed_ms += amount.amount
        self.reported = True
        self._owner.sink.usage(amount)

    def failed(self, error: ProviderError) -> None:
        """It is over."""
        if self.failure is None:
            self.failure = ProviderError(error.kind, self.link.provider, error.message)
            self._owner.lose(self)


class _ChainStream:
    """One call's recognition by a chain (``ports.speech.TranscriberStream``)."""

    def __init__(self, chain: TranscriberChain, sink: TranscriberSink) -> None:
        self._chain = chain
        self.sink = sink
        self._now: _Recogniser | None = None
        self._second: _Recogniser | None = None
        self._kept: deque[_Told] = deque()
        self._voice_before_kept = False
        self._position_ms = 0
        self._settled_ms = self._settled_segment = self._seen_segment = 0
        self._patience_ms: int | None = None
        self._wants_partials: bool | None = None
        self._voice = _UnreportedVoice()
        self._changing: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._is_opening = self._asks_second = self._closed = False
        self._seconds = 0

    async def open(self) -> ProviderError | None:
        """Open the next recogniser that can be, and give it what was kept. Returns the failure of the last where none can."""
        self._is_opening = True
        try:
            return await self._open()
        finally:
            self._is_opening = False

    async def _open(self) -> ProviderError | None:
        failure: ProviderError | None = None
        for link, last in self._chain.tries():
            opened = await self._opened(link, None if last else FALLBACK_OPEN_SECONDS)
            if self._closed:
                self._let_go(opened)
                return None
            failure = opened.failure
            if failure is None:
                self._take(opened)
                # It may have failed at what was kept.
                failure = opened.failure
                if failure is None:
                    return None
            else:
                self._chain.failed(link, failure)
            self._let_go(opened)
        return failure

    # -- ports.speech.TranscriberStream ------------------------------------------------------------------------------------

    def feed(self, pcm: bytes) -> None:
        """The next 20 ms."""
        self._position_ms += FRAME_MS
        self._tell(_Told(self._position_ms, pcm))
        self._voice.frame(self._position_ms)
        self._suspect()

    def activity(self, active: bool, audio_ms: int) -> None:
        """What the voice activity detector says."""
        self._voice.turn(active, audio_ms)
        self._tell(_Told(audio_ms, active=active))

    def close_utterance(self, audio_ms: int) -> None:
        """The turn was taken: nothing up to here is recognised again."""
        self._settled_ms = max(self._settled_ms, audio_ms)
        self._settled_segment = max(self._settled_segment, self._seen_segment)
        self._each(lambda one, stream: stream.close_utterance(max(0, audio_ms - one.from_ms)))

    def set_patience(self, silence_ms: int) -> None:
        """How long a pause the caller may make."""
        self._patience_ms = silence_ms
        self._each(lambda _, stream: stream.set_patience(silence_ms))

    def want_partials(self, wanted: bool) -> None:
        """Whether words before the end of a sentence matter."""
        self._wants_partials = wanted
        self._each(lambda _, stream: stream.want_partials(wanted))

    async def aclose(self) -> None:
        """Close every recogniser, and wait for those that are closing already: all are billed then. What one does not bill is estimated."""
        self._closed = True
        changing, self._changing = self._changing, None
        if changing is not None:
            changing.cancel()
        open_now = [one for one in (self._now, self._second) if one is not None]
        self._now = self._second = None
        for one in open_now:
            self._let_go(one)
        if self._closing:
            await asyncio.wait(tuple(self._closing))

    # -- reports -----------------------------------------------------------------------------------------------------------

    def takes(self, one: _Recogniser, text: str) -> bool:
        """Whether a report of the recogniser counts. With its first words one that was opened beside a silent one takes over."""
        if one is self._second and text.strip() and self._now is not None:
            silent = self._now
            silent.failure = ProviderError(
                FailureKind.UNAVAILABLE, silent.link.provider, "it reported none of the words that another one heard"
            )
            # Perhaps only the agent's language is not the caller's.
            self._chain.failed(silent.link, silent.failure, shared=False)
            self._promote(one)
            self._let_go(silent)
        if one is not self._now:
            return False
        if text.strip():
            self._voice.reported()
            self._dismiss_second()
        return True

    def _promote(self, second: _Recogniser) -> None:
        """The one that was opened beside the other goes on alone."""
        self._now, self._second = second, None
        self._chain.take(second.link)

    def partial(self, segment: int, text: str, audio_ms: int) -> None:
        """Words so far, of a segment of the call."""
        self._seen_segment = max(self._seen_segment, segment)
        self.sink.partial(segment, text, audio_ms)

    def final(self, segment: int, text: str, audio_ms: int, language: str) -> None:
        """Words that stay. The audio up to here is not needed any more."""
        self._voice.reported()
        self._seen_segment = max(self._seen_segment, segment)
        self._settled_segment = max(self._settled_segment, segment)
        self._settled_ms = max(self._settled_ms, audio_ms)
        if self._now is not None:
            self._chain.worked(self._now.link)
        self.sink.final(segment, text, audio_ms, language)

    def lose(self, one: _Recogniser) -> None:
        """The recogniser has failed."""
        if one.failure is None or one not in (self._now, self._second):
            return
        self._chain.failed(one.link, one.failure)
        if one is self._second:
            self._dismiss_second()
            return
        self._now = None
        if self._is_opening:
            return  # it failed at what was kept: the next one is opened already
        self._let_go(one)
        if self._second is not None:
            # It was opened beside the silent one, and has the same audio.
            self._promote(self._second)
            return
        self._changing = self._chain.failover.begin(self._change())

    async def _change(self) -> None:
        failure = await self.open()
        self._changing = None
        if failure is not None and not self._closed:
            self.sink.failed(failure)

    # -- recognisers -------------------------------------------------------------------------------------------------------

    async def _opened(self, link: TranscriberLink, within_s: float | None) -> _Recogniser:
        """The recogniser, open or with its failure."""
        one = _Recogniser(self, link)
        with plugin_boundary(link.provider) as outcome:
            async with asyncio.timeout(within_s):
                one.stream = await link.plugin.open(link.settings, one)
        one.failure = one.failure or outcome.failure
        return one

    def _take(self, one: _Recogniser) -> None:
        """Go on with this one."""
        self._now = one
        self._chain.take(one.link)
        self._catch_up(one)

    def _catch_up(self, one: _Recogniser) -> None:
        """Give it what the caller has said since the last final words."""
        kept = [told for told in self._kept if told.at_ms > self._settled_ms]
        spoke = self._voice_before_kept
        for told in self._kept:
            if told.at_ms <= self._settled_ms and told.active is not None:
                spoke = told.active
        first = next((told for told in kept if told.active is None), None)
        one.from_ms = self._position_ms if first is None else first.at_ms - FRAME_MS
        one.base = self._settled_segment
        with plugin_boundary(one.link.provider, lambda kind, message: self._broke(one, kind, message)):
            assert one.stream is not None, "it is open"
            if self._patience_ms is not None:
                one.stream.set_patience(self._patience_ms)
            if self._wants_partials is not None:
                one.stream.want_partials(self._wants_partials)
            if spoke:
                one.stream.activity(True, 0)
            for told in kept:
                if one.failure is None:
                    one.give(told)

    def _tell(self, told: _Told) -> None:
        self._kept.append(told)
        while self._kept[0].at_ms <= self._position_ms - MAX_RELISTENED_SECONDS * 1_000:
            gone = self._kept.popleft()
            self._voice_before_kept = self._voice_before_kept if gone.active is None else gone.active
        self._each(lambda one, _: one.give(told))

    def _each(self, tell: Callable[[_Recogniser, TranscriberStream], None]) -> None:
        for one in (self._now, self._second):
            if one is not None and one.stream is not None:
                with plugin_boundary(one.link.provider) as outcome:
                    tell(one, one.stream)
                if outcome.failure is not None:
                    self._broke(one, outcome.failure.kind, outcome.failure.message)

    @staticmethod
    def _broke(one: _Recogniser, kind: FailureKind, message: str) -> None:
        one.failed(ProviderError(kind, one.link.provider, message))

    def _let_go(self, one: _Recogniser) -> None:
        task = self._chain.failover.begin(self._close(one), closes=True)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _close(self, one: _Recogniser) -> None:
        """Close it, and bill what it was given and did not bill itself."""
        closed = False
        if one.stream is not None:
            with plugin_boundary(one.link.provider) as outcome:
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await one.stream.aclose()
            closed = outcome.failure is None
        rest_ms = one.given_ms - one.billed_ms
        if rest_ms > 0 and not (closed and one.reported):
            self.sink.usage(UsageAmount("transcriber", *one.link.billed_as, rest_ms))

    # -- a silent recogniser -----------------------------------------------------------------------------------------------

    def _suspect(self) -> None:
        """Open another one beside a recogniser that should have reported something by now."""
        now = self._now
        if now is None or self._asks_second or self._second is not None or self._seconds >= MAX_SECOND_RECOGNISERS:
            return
        if not self._misses_words(now):
            return
        other = next((link for link in self._chain.fresh() if link is not now.link), None)
        if other is not None:
            self._seconds += 1
            self._asks_second = True
            self._chain.failover.begin(self._ask_second(other, now))

    async def _ask_second(self, link: TranscriberLink, suspected: _Recogniser) -> None:
        try:
            one = await self._opened(link, FALLBACK_OPEN_SECONDS)
        finally:
            self._asks_second = False
        if one.failure is not None and not self._closed:
            self._chain.failed(link, one.failure)
        # Meanwhile the other one may have reported its words, or another may have taken over.
        if one.failure is not None or self._closed or self._now is not suspected or not self._misses_words(suspected):
            self._let_go(one)
            return
        self._second = one
        self._catch_up(one)
        await asyncio.sleep(SECOND_RECOGNISER_SECONDS)
        if self._second is one:
            self._voice.reported()
            self._dismiss_second()

    def _misses_words(self, one: _Recogniser) -> bool:
        return self._voice.is_missed(self._position_ms, round(self._chain.after_s * 1_000), one.streams_words)

    def _dismiss_second(self) -> None:
        second, self._second = self._second, None
        if second is not None:
            self._let_go(second)


class _UnreportedVoice:
    """The caller's voice since the last report of words."""

    def __init__(self) -> None:
        self._active = False
        self._voiced_ms = 0
        self._began_ms = -1
        self._ended_ms = -1

    def turn(self, active: bool, audio_ms: int) -> None:
        """The voice begins or ends."""
        self._active = active
        if active and self._began_ms < 0:
            self._began_ms = audio_ms
        self._ended_ms = -1 if active else audio_ms

    def frame(self, now_ms: int) -> None:
        """20 ms passed, up to ``now_ms``."""
        if self._active:
            self._voiced_ms += FRAME_MS
            self._began_ms = now_ms if self._began_ms < 0 else self._began_ms

    def reported(self) -> None:
        """Words were reported: what comes now is new."""
        self._voiced_ms = 0
        self._began_ms = -1

    def is_missed(self, now_ms: int, after_ms: int, streams_words: bool) -> bool:
        """Whether words of it should have been reported. A recogniser that reports them while the caller speaks is measured from the
        beginning of the voice, another one from its end."""
        if self._voiced_ms < _LEAST_VOICE_MS:
            return False
        if streams_words and self._began_ms >= 0:
            return now_ms - self._began_ms >= after_ms + _LEAST_VOICE_MS
        if self._ended_ms >= 0:
            return now_ms - self._ended_ms >= after_ms
        return self._voiced_ms >= _UNREAD_VOICE_MS
