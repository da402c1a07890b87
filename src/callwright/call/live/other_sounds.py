"""What one call makes heard beside its replies: fillers, a listener's sounds, the ringing of a transfer, ambient noise under everything.

All but the noise go through the same playout as replies, as utterances with negative numbers: so a reply that is released while one sounds
follows it without a gap, one clear silences both, and no reply's position is confused.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from functools import partial

from callwright.call.live.boundary import plugin_boundary
from callwright.call.live.fixed_speech import KeptClause
from callwright.call.live.metering import usage_reported
from callwright.call.live.runner import CallRunner
from callwright.call.live.sounds import SoundMissingError, Sounds
from callwright.conversation.effects import PlayAsset
from callwright.conversation.events import AssetPlayed
from callwright.conversation.heard import Clause, heard_of
from callwright.conversation.interjections import back_channels_in, fillers_in
from callwright.conversation.lanes import AMBIENT, BACK_CHANNEL, EARLY_MEDIA, FILLER, PARTING, RINGING
from callwright.conversation.plan import CallPlan
from callwright.media.ambient import Bed
from callwright.media.g711 import pcm_of_mulaw
from callwright.media.pacing import Playout
from callwright.ports.billing import billed_as
from callwright.ports.failures import ProviderError
from callwright.ports.leg import SILENCE_FRAME
from callwright.ports.speech import UsageAmount, Voice, VoiceChunk, VoiceSettings

_LOG = logging.getLogger(__name__)

_EARLY_RESERVE = 3 * SILENCE_FRAME
"""Silence before early media, which comes no faster than it is played: what is late by less leaves no gap."""

MULAW_BYTES_PER_MS = 8


def _nothing_kept(text: str) -> KeptClause | None:
    return None


class _KeptVoice:
    """Says what is kept of the speech of ``voice``, in its name and at no cost."""

    def __init__(self, voice: Voice, speech: KeptClause) -> None:
        self.name = voice.name
        self._voice = voice
        self._speech = speech

    async def speak(self, text: str, settings: VoiceSettings) -> AsyncGenerator[VoiceChunk, None]:
        """One piece."""
        nothing = UsageAmount("voice", *billed_as(self._voice, settings), 0)
        yield VoiceChunk(pcm_of_mulaw(self._speech.mulaw), last=True, usage=nothing)

    async def warm(self, settings: VoiceSettings) -> None:
        """Nothing is to be prepared."""


class OtherSounds:
    """One call's. ``bed`` is None where nothing lies under the agent."""

    def __init__(self, runner: CallRunner, playout: Playout, library: Sounds) -> None:
        self._runner = runner
        self._playout = playout
        self._library = library
        self._ready: dict[tuple[str, str], bytes] = {}
        self._playing: dict[int, PlayAsset] = {}
        self._number = 0
        self._early = 0
        self._parting: list[Clause] = []
        self._loaded: Bed | None = None
        self._wanted = False
        self.bed: Bed | None = None

    async def prepare(
        self,
        plan: CallPlan,
        voices: Sequence[tuple[Voice, str, VoiceSettings]],
        kept: Callable[[str], KeptClause | None] = _nothing_kept,
    ) -> None:
        """Have ready what the plan may want, by the first of ``voices`` that makes all of it: each with the name that the agent has and its
        settings. ``kept``: what is kept of the first one's speech. What fails is missing in the call, which goes on without it."""
        if plan.ambient:
            try:
                self._loaded = await self._library.bed(plan.ambient)
            except SoundMissingError as error:
                self._runner.fact(
                    "core", "sound_missing", {"lane": AMBIENT, "asset": plan.ambient, "reason": str(error)}
                )
                _LOG.warning("%s", error)
            if self._wanted:
                self._begin_bed()
        wanted = [(FILLER, text) for text in fillers_in(plan.language)] if plan.fillers else []
        if plan.backchannels:
            wanted += [(BACK_CHANNEL, text) for text in back_channels_in(plan.language)]
        failures: list[ProviderError] = []
        for voice, provider, settings in voices:
            with plugin_boundary(provider) as outcome:
                await self._make(wanted, voice, settings, kept)
            if outcome.failure is None:
                return
            failures.append(outcome.failure)
            kept = _nothing_kept
        for failure in failures[-1:]:
            values = {"lane": FILLER, "asset": "", "reason": f"{failure.kind.value}: {failure.message}"}
            self._runner.fact("core", "sound_missing", values)

    async def _make(
        self,
        wanted: Sequence[tuple[str, str]],
        voice: Voice,
        settings: VoiceSettings,
        kept: Callable[[str], KeptClause | None],
    ) -> None:
        for lane, text in wanted:
            unknown = UsageAmount("voice", *billed_as(voice, settings), len(text))
            speech = kept(text)
            mouth = voice if speech is None else _KeptVoice(voice, speech)
            saying = await self._library.saying(mouth, settings, text, partial(self._bill, lane, unknown))
            self._ready[lane, text] = saying.quiet if lane == BACK_CHANNEL else saying.audio

    def play(self, effect: PlayAsset) -> bool:
        """Begin the sound; returns whether the playout has something new to write."""
        if effect.lane == AMBIENT:
            self._wanted = True
            self._begin_bed()
            return self.bed is not None
        if effect.asset == EARLY_MEDIA:
            self._early = self._open(effect, _EARLY_RESERVE)
            return True
        if effect.lane == RINGING:
            audio = self._library.ringing()
        else:
            audio = self._ready.get((effect.lane, effect.asset), b"")
        if not audio:
            self._tell(effect, 0, False)
            return False
        self._begin(effect, audio)
        return True

    def _begin(self, effect: PlayAsset, audio: bytes) -> None:
        number = self._open(effect, audio)
        self._playout.end_clause(number, 0)
        self._playout.end_utterance(number, 1)

    def _open(self, effect: PlayAsset, audio: bytes) -> int:
        """Begin a sound that more may be added to; returns its number."""
        self._number -= 1
        self._playing[self._number] = effect
        self._playout.add(self._number, 0, audio)
        self._playout.release(self._number)
        return self._number

    def early_media(self, frame: bytes) -> bool:
        """The next 20 ms of a transfer's target that has not answered; returns whether they are heard."""
        if self._early not in self._playing:
            return False
        self._playout.add(self._early, 0, frame)
        return True

    def say(self, clauses: Sequence[tuple[str, KeptClause]]) -> int:
        """Say what is no reply, and has no place in the conversation any more. Returns its bytes of mu-law."""
        self._parting = [
            Clause(text, len(kept.mulaw) // MULAW_BYTES_PER_MS, kept.words, kept.estimated) for text, kept in clauses
        ]
        audio = b"".join(kept.mulaw for _, kept in clauses)
        self._begin(PlayAsset(PARTING, PARTING), audio)
        return len(audio)

    def sounds(self, lane: str) -> bool:
        """Whether something of ``lane`` is heard."""
        return any(effect.lane == lane for effect in self._playing.values())

    def played(self, number: int, now_us: int) -> None:
        """The playout has played the sound ``number`` to its end."""
        effect = self._playing.pop(number, None)
        if effect is not None:
            self._tell(effect, self._playout.played_ms(number, now_us), True)

    def cut(self, number: int, played_ms: int) -> None:
        """The playout was cleared while it played the sound ``number``."""
        effect = self._playing.pop(number, None)
        if effect is not None:
            self._tell(effect, played_ms, False)

    def under(self, frames: Sequence[bytes]) -> Sequence[bytes]:
        """``frames`` with the ambient sound under them."""
        bed = self.bed
        return frames if bed is None else [bed.under(frame) for frame in frames]

    def end(self) -> None:
        """The call is over."""
        self._wanted = False
        self.bed = None
        self._playout.fill(False)

    def _begin_bed(self) -> None:
        if self._loaded is not None:
            self.bed = self._loaded
            self._playout.fill(True)

    def _tell(self, effect: PlayAsset, played_ms: int, whole: bool) -> None:
        runner, asset = self._runner, effect.asset
        if effect.lane == PARTING:
            asset = heard_of(self._parting, played_ms, len(self._parting) if whole else 0).text
        runner.post(AssetPlayed(runner.now_us(), asset, effect.lane, played_ms, whole))

    def _bill(self, purpose: str, unknown: UsageAmount, used: UsageAmount | None) -> None:
        runner = self._runner
        if used is None:
            runner.fact("core", "usage_estimated", {"kind": unknown.kind, "request": 0})
        runner.post(usage_reported(runner.now_us(), used or unknown, purpose))
