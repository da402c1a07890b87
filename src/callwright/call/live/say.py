"""Saying: clauses become audio, and audio goes out when it is due.

Each generation has one task that synthesises its clauses in order, so the next is made while the one before plays. The audio waits in the
playout (``media.pacing``) until the generation is released; from then on the shared clock writes it to the leg, ``ahead_ms`` early.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from callwright.call.live.boundary import plugin_boundary
from callwright.call.live.clause_spoken import ClauseSpoken, PieceLimit
from callwright.call.live.failover import VoiceChain, at_work, is_first
from callwright.call.live.fixed_speech import FixedSpeech
from callwright.call.live.metering import usage_reported
from callwright.call.live.other_sounds import MULAW_BYTES_PER_MS, OtherSounds
from callwright.call.live.pacer_clock import Lateness, PacerClock
from callwright.call.live.runner import CallRunner
from callwright.call.live.sounds import SoundLibrary, Sounds
from callwright.conversation.effects import CancelVoice, Clear, EndSpeech, PlayAsset, Release, Speak, StopAsset
from callwright.conversation.events import (
    Cleared,
    MarkPlayed,
    PlayoutStarted,
    ProviderFailed,
    VoiceFinished,
    VoiceReady,
)
from callwright.conversation.lanes import AMBIENT
from callwright.conversation.plan import CallPlan
from callwright.domain.limits import VOICE_CLOSE_SECONDS
from callwright.media.framing import FRAME_MS
from callwright.media.pacing import ClausePlayed, Playout, PlayoutBegan, PlayoutQuality, UtterancePlayed
from callwright.ports.billing import billed_as
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.speech import UsageAmount, Voice, VoiceChunk, VoiceSettings
from callwright.ports.world import Clock

_LOG = logging.getLogger(__name__)

PCM_BYTES_PER_MS = 16
PIECE_BYTES = 100 * PCM_BYTES_PER_MS
"""So much sound of a voice waits for no more."""
MOST_AHEAD_MS = 400
MOST_AHEAD_IN_PIECES_MS = 4_000
FAR_AHEAD_MS = 200
"""A leg that takes so much ahead gets frames together, once half of what was written ahead has been played."""


@dataclass(frozen=True, slots=True)
class Position:
    """The generation that was released last, 0 for none, and how many milliseconds of it were played; -1: not known."""

    generation: int = 0
    played_ms: int = -1


@dataclass(frozen=True, slots=True)
class Speaker:
    """The voice of a call: the plugin, the provider's name as the agent has it, its settings, and what is kept of its speech."""

    voice: Voice
    provider: str
    settings: VoiceSettings
    fixed: FixedSpeech | None = None

    @property
    def billed_as(self) -> tuple[str, str]:
        """The provider and the model of its usage where the voice reports none."""
        return billed_as(self.voice, self.settings)

    @property
    def at_work(self) -> str:
        """The provider that was asked last."""
        return at_work(self.voice, self.provider)


class Line(Protocol):
    """The way to the caller's ear: writes to the leg and to the recording. Times are monotonic microseconds."""

    @property
    def open(self) -> bool:
        """Whether anybody hears what is written: some carriers report the answer before the order to dial has come back."""
        ...

    @property
    def ahead_ms(self) -> int:
        """How far ahead of real time frames may be written."""
        ...

    @property
    def delay_ms(self) -> int:
        """How much later than it is written a frame is heard, where the leg learns it; else 0."""
        ...

    @property
    def continuous(self) -> bool:
        """Whether the far end plays without pauses, so that a sound may lie under the agent."""
        ...

    def write(self, frames: Sequence[bytes], plays_at_us: int) -> None:
        """Frames of 20 ms; the first is played at ``plays_at_us``, the others follow it."""

    def clear(self, now_us: int) -> None:
        """Nothing of what was written is heard from now on."""


@dataclass(slots=True, eq=False)
class _Utterance:
    """Clauses of a generation that wait for the voice, and the task that says them."""

    clauses: deque[Speak] = field(default_factory=deque)
    task: asyncio.Task[None] | None = None


class Say:
    """The agent's voice on one call."""

    def __init__(
        self,
        runner: CallRunner,
        speaker: Speaker,
        line: Line,
        pacer: PacerClock,
        clock: Clock,
        library: Sounds | None = None,
    ) -> None:
        self._runner = runner
        self._speaker = speaker
        self._line = line
        self._pacer = pacer
        self._clock = clock
        self._playout = Playout()
        self._other_sounds = OtherSounds(runner, self._playout, library or SoundLibrary())
        self._utterances: dict[int, _Utterance] = {}
        self._released = 0
        self.quiet_until_us = 0
        """See ``pacer_clock.Paced``."""
        self._closing: set[asyncio.Task[None]] = set()
        self.lateness = Lateness()

    @property
    def quality(self) -> PlayoutQuality:
        """How smoothly the line was fed."""
        return self._playout.quality

    def speak(self, effect: Speak) -> None:
        """Have a clause synthesised after those of its generation before it."""
        self._playout.open_clause(effect.generation, effect.index)
        utterance = self._utterances.setdefault(effect.generation, _Utterance())
        utterance.clauses.append(effect)
        if utterance.task is None:
            utterance.task = asyncio.get_running_loop().create_task(self._synthesise(utterance))

    def end_speech(self, effect: EndSpeech) -> None:
        """No clause will be added. Those behind the last, if any were given, are not synthesised any more."""
        utterance = self._utterances.get(effect.generation)
        while utterance is not None and utterance.clauses and utterance.clauses[-1].index >= effect.clauses:
            utterance.clauses.pop()
        self._playout.end_utterance(effect.generation, effect.clauses)
        self._pump()

    def release(self, effect: Release) -> None:
        """The generation may be heard. What is ready goes out at once, not at the next tick."""
        self._released = effect.generation
        self._playout.release(effect.generation)
        self._pacer.add(self)
        self._pump()

    async def prepare(self, plan: CallPlan) -> None:
        """Have the sounds beside speech ready before they are wanted."""
        speaker = self._speaker
        voices = [(speaker.voice, speaker.provider, speaker.settings)]
        if isinstance(speaker.voice, VoiceChain):
            # A sound is kept for other calls under the voice that made it.
            voices = [(link.plugin, link.provider, link.settings) for link in speaker.voice.fresh()]
        fixed = speaker.fixed
        if fixed is not None and is_first(speaker.voice):
            await fixed.loaded()
            await self._other_sounds.prepare(plan, voices, fixed.clause)
        else:
            await self._other_sounds.prepare(plan, voices)
        if self._other_sounds.bed is not None:
            self._pacer.add(self)

    async def prepare_fixed(self, fixed: FixedSpeech, after_s: float = 0.0) -> None:
        """Have the voice make, after a while, what the agent says after a failure, when there may be no voice."""
        if after_s:
            await self._clock.sleep(after_s)
        speaker = self._speaker
        link = speaker.voice.first() if isinstance(speaker.voice, VoiceChain) else None
        if link is not None:
            speaker = replace(speaker, voice=link.plugin, provider=link.provider, settings=link.settings)
        if link is not None and not is_first(self._speaker.voice):
            return

        def failed(kind: FailureKind, message: str) -> None:
            _LOG.info("the voice %s could not speak ahead: %s", speaker.provider, message)

        with plugin_boundary(speaker.provider, failed):
            for text in await fixed.missing():
                clause = ClauseSpoken(Speak(0, 0, 0, "apology", text), asked=True)
                with clause.billed(speaker.billed_as, self._used):
                    await clause.spoken_by(speaker.voice, speaker.settings)
                if clause.sound:
                    self._keep(fixed, clause)

    def part(self) -> int:
        """The agent has lost its voice: say what is kept for that. Returns how many milliseconds it takes."""
        clauses = [] if self._speaker.fixed is None else self._speaker.fixed.parting()
        if not clauses:
            return 0
        # What has begun will not be said to its end.
        self._silence(self._clock.monotonic_us())
        bytes_said = self._other_sounds.say(clauses)
        self._pacer.add(self)
        self._pump()
        return bytes_said // MULAW_BYTES_PER_MS + self._line.ahead_ms + self._line.delay_ms

    def play(self, effect: PlayAsset) -> None:
        """A sound beside speech."""
        if effect.lane == AMBIENT and not self._line.continuous:
            values = {"lane": AMBIENT, "asset": effect.asset, "reason": "the far end plays in pieces"}
            self._runner.fact("core", "sound_missing", values)
        elif self._other_sounds.play(effect):
            self._pacer.add(self)
            self._pump()

    def stop(self, effect: StopAsset) -> None:
        """Silence a sound beside speech; nothing else is heard while one sounds, or the whole line would have been cleared."""
        now_us = self._clock.monotonic_us()
        # One that ended by itself since the last tick is told now, and what follows it on the line is not silenced in its stead.
        self._tell(now_us)
        if self._other_sounds.sounds(effect.lane):
            self._silence(now_us)

    def early_media(self, frame: bytes) -> None:
        """The next 20 ms of a transfer's target that has not answered. They are heard while the conversation lets the target sound."""
        if self._other_sounds.early_media(frame):
            self._pump(unless_quiet=True)

    def cancel(self, effect: CancelVoice) -> None:
        """Stop the generation's synthesis and drop what is not on the line."""
        utterance = self._utterances.pop(effect.generation, None)
        if utterance is not None:
            utterance.clauses.clear()
            if utterance.task is not None:
                utterance.task.cancel()
        self._playout.withdraw(effect.generation)

    def clear(self, effect: Clear) -> None:
        """Silence the agent now and say how far it got."""
        now_us = self._clock.monotonic_us()
        self._silence(now_us)
        played_ms = self._playout.played_ms(effect.generation, now_us)
        self._runner.post(Cleared(self._runner.now_us(), effect.generation, played_ms))

    def tick(self, now_us: int, late_us: int) -> bool:
        """20 ms passed (see ``pacer_clock.Paced``)."""
        self.lateness.add(late_us)
        self._write(now_us)
        return not self._playout.idle(now_us)

    def end_bed(self) -> None:
        """The call is being hung up: the ambient sound ends with the last word, so that the line can run dry."""
        self._other_sounds.end()

    def hush(self) -> Position:
        """The leg is gone: nothing more is written. Returns how far the agent got, also with what was silenced or over before."""
        now_us = self._clock.monotonic_us()
        self._pacer.discard(self)
        self._other_sounds.end()
        for number, played_ms in self._playout.clear(now_us).items():
            self._other_sounds.cut(number, played_ms)
        return Position(self._released, self._playout.played_ms(self._released, now_us))

    async def aclose(self) -> None:
        """Stop everything and wait until what was used has been reported."""
        self.hush()
        tasks = [utterance.task for utterance in self._utterances.values() if utterance.task is not None]
        self._utterances.clear()
        tasks.extend(self._closing)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _silence(self, now_us: int) -> None:
        self.quiet_until_us = 0
        self._playout.delay_us = self._line.delay_ms * 1000
        for number, played_ms in self._playout.clear(now_us).items():
            self._other_sounds.cut(number, played_ms)
        self._line.clear(now_us)

    def _pump(self, *, unless_quiet: bool = False) -> None:
        now_us = self._clock.monotonic_us()
        if not unless_quiet or now_us >= self.quiet_until_us:
            self._write(now_us)

    def _write(self, now_us: int) -> None:
        if not self._line.open:
            return
        playout = self._playout
        playout.delay_us = self._line.delay_ms * 1000
        plays_at_us = playout.write_at_us(now_us)
        ahead_ms = min(self._line.ahead_ms, MOST_AHEAD_MS if self._line.continuous else MOST_AHEAD_IN_PIECES_MS)
        frames = playout.due(now_us, ahead_ms)
        if frames:
            self._line.write(self._other_sounds.under(frames), plays_at_us)
        self._tell(now_us)
        if ahead_ms >= FAR_AHEAD_MS:
            self.quiet_until_us = playout.quiet_until_us(now_us, ahead_ms, ahead_ms // (2 * FRAME_MS))

    def _tell(self, now_us: int) -> None:
        """What the playout has begun and ended up to now."""
        for event in self._playout.events(now_us):
            if event.generation < 0:
                if isinstance(event, UtterancePlayed):
                    self._other_sounds.played(event.generation, now_us)
            elif isinstance(event, PlayoutBegan):
                self._runner.post(PlayoutStarted(self._runner.now_us(), event.generation))
            elif isinstance(event, ClausePlayed):
                self._runner.post(MarkPlayed(self._runner.now_us(), event.generation, event.index))

    async def _synthesise(self, utterance: _Utterance) -> None:
        """Say the clauses that wait; a later clause starts the task anew."""
        clause: ClauseSpoken | None = None

        def failed(kind: FailureKind, message: str) -> None:
            utterance.clauses.clear()
            if clause is not None:
                self._fail(clause.effect, kind, message)

        try:
            with plugin_boundary(self._speaker.provider, failed):
                while utterance.clauses:
                    clause = ClauseSpoken(utterance.clauses.popleft())
                    with clause.billed(self._speaker.billed_as, self._used):
                        await self._say(clause)
                    # A clause may be made without a wait: the audio of other calls comes between two of them.
                    await asyncio.sleep(0)
        finally:
            utterance.task = None

    async def _say(self, clause: ClauseSpoken) -> None:
        effect, runner, fixed = clause.effect, self._runner, self._speaker.fixed
        clause.asked = True
        kept = None if fixed is None else fixed.clause(effect.text)
        if kept is None:
            await self._speak(clause)
        else:
            clause.repeat(kept, UsageAmount("voice", *self._speaker.billed_as, 0))
            self._play(effect, kept.mulaw, first=True)
        if not clause.pcm_bytes and any(character.isalnum() for character in effect.text):
            # The record would say that words were heard which never sounded.
            raise ProviderError(
                FailureKind.BROKEN_STREAM, self._speaker.provider, "the voice made no sound of the words"
            )
        runner.post(
            VoiceFinished(
                runner.now_us(),
                effect.generation,
                effect.index,
                clause.pcm_bytes // PCM_BYTES_PER_MS,
                clause.words,
                clause.estimated,
            )
        )
        self._playout.end_clause(effect.generation, effect.index)
        self._pump()
        if kept is None and fixed is not None and fixed.is_fixed(effect.text) and is_first(self._speaker.voice):
            self._keep(fixed, clause)

    async def _speak(self, clause: ClauseSpoken) -> None:
        """Have the voice say a clause. Its first piece is played at once; what follows without a wait is played together."""
        loop, played, soon = asyncio.get_running_loop(), 0, False

        def play() -> None:
            nonlocal played, soon
            first, played, soon = not played, clause.pcm_bytes, False
            self._play(clause.effect, clause.mulaw(), first=first)

        try:
            async with PieceLimit() as limit:
                pieces = aiter(self._speaker.voice.speak(clause.effect.text, self._speaker.settings))
                async for chunk in pieces:
                    limit.came()
                    clause.add(chunk)
                    if not played or clause.pcm_bytes - played >= PIECE_BYTES:
                        play()
                    elif not soon:
                        soon = True
                        loop.call_soon(play)
                    if chunk.last:
                        self._close(pieces)
                        break
        finally:
            play()

    def _play(self, effect: Speak, mulaw: bytes, *, first: bool) -> None:
        """The next sound of a clause, if it is any."""
        if not mulaw:
            return
        self._playout.add(effect.generation, effect.index, mulaw)
        if first:
            self._runner.post(VoiceReady(self._runner.now_us(), effect.generation, effect.index))
        # The voice is often ready before the reply may be heard: then there is nothing to write yet.
        if effect.generation <= self._released:
            self._pump(unless_quiet=True)

    def _keep(self, fixed: FixedSpeech, clause: ClauseSpoken) -> None:
        """Keep the clause for later calls, if it is speech."""
        kept = clause.kept(self._speaker.at_work)
        if kept is not None:
            fixed.made(clause.effect.text, kept)

    def _close(self, pieces: AsyncIterator[VoiceChunk]) -> None:
        """Nothing is wanted of the voice behind the last piece: how it takes its leave neither delays nor spoils the clause."""
        task = asyncio.get_running_loop().create_task(self._closed(pieces))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _closed(self, pieces: AsyncIterator[VoiceChunk]) -> None:
        def failed(kind: FailureKind, message: str) -> None:
            _LOG.warning(
                "the voice %s failed behind its last piece: %s, %s", self._speaker.provider, kind.value, message
            )

        with plugin_boundary(self._speaker.provider, failed):
            if isinstance(pieces, AsyncGenerator):
                async with asyncio.timeout(VOICE_CLOSE_SECONDS):
                    await pieces.aclose()

    def _used(self, effect: Speak, amount: UsageAmount) -> None:
        self._runner.post(usage_reported(self._runner.now_us(), amount, effect.purpose, effect.generation))

    def _fail(self, effect: Speak, kind: FailureKind, message: str) -> None:
        runner = self._runner
        runner.post(
            ProviderFailed(
                runner.now_us(),
                "voice",
                self._speaker.at_work,
                kind.value,
                message,
                effect.generation,
                index=effect.index,
            )
        )
