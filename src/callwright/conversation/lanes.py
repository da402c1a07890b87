"""Sounds beside speech, each in a lane of its own: a filler while the caller waits, a listener's "mhm", ambient noise, and the ringing of a
transfer's target (``transfer`` begins and ends it).

They are no replies: no generation, nothing in the history, no turn. One short sound at a time, and only while the agent says nothing; a
reply that becomes ready meanwhile follows it.
"""

from __future__ import annotations

from callwright.conversation.bounds import (
    ASSET_MOST_MS,
    ECHO_LAG_MS,
    FILLER_AFTER_MS,
    FILLER_AGAIN_MS,
    FILLER_LEAST_MS,
    FILLERS_MOST,
)
from callwright.conversation.effects import PlayAsset, StopAsset
from callwright.conversation.events import AssetPlayed
from callwright.conversation.heard import Clause
from callwright.conversation.interjections import back_channels_in, fillers_in
from callwright.conversation.shared_state import SharedState
from callwright.conversation.spoken import SpokenWord, timeline

FILLER, BACK_CHANNEL, AMBIENT = "filler", "backchannel", "ambient"
RINGING, RINGING_TONE, EARLY_MEDIA = "ringing", "ringing tone", "early media"
"""The lane of a transfer's target that rings, and what is played in it: a tone, which is a setting of the platform, or what the target
itself sounds before it answers."""
PARTING = "parting"
"""The lane of kept words that are said when the agent has lost its voice; the asset of ``AssetPlayed`` is those that were heard."""


class Lanes:
    """The short sounds of one call. Which comes next is drawn from the call's seed, never the same twice in a row."""

    __slots__ = (
        "_begun_us",
        "_ended_us",
        "_heard",
        "_last",
        "_listener_us",
        "_listens",
        "_said",
        "_seed",
        "_shared",
        "_sounds",
        "_until_us",
        "_waits",
    )

    def __init__(self, shared: SharedState) -> None:
        self._shared = shared
        self._seed = 0
        self._said = 0  # sounds so far
        self._last: dict[str, str] = {}
        self._sounds = ""  # the lane that sounds now, by what is known
        self._heard = ""  # the last short sound, when it began and when it ended (-1: it sounds)
        self._begun_us = 0
        self._ended_us = 0
        self._until_us = 0
        self._waits = 0  # fillers in the present wait; 0 when nobody waits, else one more than were said
        self._listens = False
        self._listener_us = -1

    def begin(self, seed: int) -> None:
        """The call's seed is known."""
        self._seed = seed

    def answer(self) -> None:
        """The call was answered: the ambient sound begins."""
        if self._shared.plan.ambient:
            self._shared.emit(PlayAsset(self._shared.plan.ambient, AMBIENT))

    def play(self, lane: str, choice: tuple[str, ...]) -> bool:
        """Say one of ``choice`` (two or more) in ``lane``; returns False when another short sound is still heard."""
        shared = self._shared
        if self._sounds and shared.now_us < self._until_us:
            return False
        text = self._next(lane, choice)
        self._sounds, self._until_us = lane, shared.now_us + ASSET_MOST_MS * 1000
        self._heard, self._begun_us, self._ended_us = text, shared.now_us, -1
        shared.emit(PlayAsset(text, lane))
        return True

    def sounds(self, lane: str) -> bool:
        """Whether a sound of ``lane`` is heard, by what is known."""
        return self._sounds == lane and self._shared.now_us < self._until_us

    def stop(self, lane: str) -> None:
        """Silence ``lane`` if it sounds."""
        if self.sounds(lane):
            self._shared.emit(StopAsset(lane))
        if self._sounds == lane:
            self._sounds = ""
            self._ended_us = self._shared.now_us

    def hush(self) -> None:
        """Nobody waits any more, and nobody is listened to."""
        self.update_wait(False)
        self.stop(FILLER)
        self.stop(BACK_CHANNEL)

    def ended(self, event: AssetPlayed) -> None:
        """A short sound is over, or was never there."""
        if event.lane == self._sounds:
            self._sounds = ""
            self._ended_us = self._shared.now_us
            if not event.played_ms:
                self._heard = ""

    def spoken(self) -> tuple[list[SpokenWord], int]:
        """The words of the last short sound, and until when an echo of it may begin: nobody says the agent's "mhm" after it."""
        if not self._heard:
            return [], 0
        silent_us = self._ended_us if self._ended_us >= 0 else min(self._until_us, self._shared.now_us + 1)
        clause = Clause(self._heard, max(self._ended_us - self._begun_us, 0) // 1000)
        return timeline([clause], self._begun_us), silent_us + ECHO_LAG_MS * 1000

    def update_wait(self, waits: bool, since_us: int = 0, silent_until_us: int = 0) -> None:
        """Whether the caller waits for a reply that nobody can hear yet, since ``since_us``. Nothing is said before ``silent_until_us``."""
        timers = self._shared.timers
        if waits == bool(self._waits):
            if timers.armed("filler") and silent_until_us > self._shared.now_us:
                timers.arm_later("filler", silent_until_us + FILLER_LEAST_MS * 1000)
            return
        self._waits = int(waits)
        if waits:
            earliest_us = max(silent_until_us, self._shared.now_us) + FILLER_LEAST_MS * 1000
            timers.arm("filler", max(since_us + FILLER_AFTER_MS * 1000, earliest_us))
        else:
            timers.cancel("filler")

    def fill(self) -> None:
        """The wait has become long."""
        shared = self._shared
        if not self._waits:
            return
        self.play(FILLER, fillers_in(shared.plan.language))
        self._waits += 1
        if self._waits <= FILLERS_MOST:
            shared.after_ms("filler", FILLER_AGAIN_MS)

    def update_listening(self, pauses: bool, spoken_ms: int, aloud: bool = True) -> None:
        """Whether the caller pauses and will go on, having spoken for ``spoken_ms``: then a listener makes a sound, if it
        may be ``aloud``."""
        if pauses == self._listens:
            return
        self._listens = pauses
        shared, plan = self._shared, self._shared.plan
        early = spoken_ms < plan.backchannel_delay_ms
        soon = self._listener_us >= 0 and shared.now_us - self._listener_us < plan.backchannel_gap_ms * 1000
        if pauses and aloud and not early and not soon and self.play(BACK_CHANNEL, back_channels_in(plan.language)):
            self._listener_us = shared.now_us

    def _next(self, lane: str, choice: tuple[str, ...]) -> str:
        last = self._last.get(lane)
        others = [text for text in choice if text != last]
        # A multiplicative step of the seed: as good as random here, and the same in every replay.
        self._said += 1
        text = others[(self._seed + self._said * 2_654_435_761 >> 7) % len(others)]
        self._last[lane] = text
        return text
