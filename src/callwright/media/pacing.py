"""Playout of one call: what the agent may say, when each frame is due, and what has been played at any instant.

An *utterance* is one generation of the agent's speech, made of clauses in the order they were opened. Its audio (mu-law, 8,000 Hz) arrives
in pieces of any size and is held until the generation is released. :class:`Playout` reads no clock: every call that concerns time takes
``now_us``, monotonic microseconds that never go back. One shared 20 ms clock may drive the playouts of all calls; ``due`` of an idle call
costs one comparison.

The line is modelled as it is: a frame written while others are ahead is played after them, a frame written to a dry line is played at once.
So the position played is known without asking the carrier: what was sent minus what is still ahead. A line whose far end tells how late it
plays has a ``delay_us``: positions and ends are then as they are heard there, and only they.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from callwright.media.framing import FRAME_US, MULAW_FRAME_BYTES, MULAW_SILENCE

BYTES_PER_MS = 8
FILL_AHEAD_MS = 40
US_PER_BYTE = 125


@dataclass(frozen=True, slots=True)
class PlayoutBegan:
    """The first frame of ``generation`` went out."""

    at_us: int
    generation: int


@dataclass(frozen=True, slots=True)
class ClausePlayed:
    """Clause ``index`` of ``generation`` was played to its end at ``at_us``."""

    at_us: int
    generation: int
    index: int


@dataclass(frozen=True, slots=True)
class UtterancePlayed:
    """``generation`` was played to its end: all its clauses, and no more were announced."""

    at_us: int
    generation: int


PlayoutEvent = PlayoutBegan | ClausePlayed | UtterancePlayed


@dataclass(slots=True)
class PlayoutQuality:
    """How smoothly the line was fed.

    ``starved_frames``: 20 ms slots in which the line ran dry in the middle of a clause because its audio was not there yet.
    ``late_frames``: slots lost although the audio was there, because ``due`` was called too late. Pauses between clauses are neither.
    """

    written_frames: int = 0
    starved_frames: int = 0
    late_frames: int = 0


@dataclass(slots=True, eq=False)
class _Clause:
    """Audio of one clause. ``taken`` counts the bytes already written to the line."""

    index: int
    audio: bytearray = field(default_factory=bytearray)
    taken: int = 0
    ended: bool = False


@dataclass(slots=True, eq=False)
class _Utterance:
    """One generation. ``sent`` counts its bytes written to the line, ``played`` those played by it; filling is never counted.

    ``marks`` are the ends of clauses as positions in bytes. ``announced`` is how many clauses there will be, -1 while unknown.
    """

    generation: int
    clauses: deque[_Clause] = field(default_factory=deque)
    marks: deque[tuple[int, int]] = field(default_factory=deque)
    sent: int = 0
    played: int = 0
    announced: int = -1
    opened: int = 0
    began: bool = False
    withdrawn: bool = False

    def clause(self, index: int) -> _Clause:
        """The clause ``index``, opened now if it was not."""
        for clause in self.clauses:
            if clause.index == index:
                return clause
        clause = _Clause(index)
        self.clauses.append(clause)
        self.opened += 1
        return clause

    def take(self, most_frames: int) -> bytes:
        """What comes next, of one clause: whole frames, the last one shorter at the end of the clause; nothing while no frame is there."""
        while self.clauses:
            clause = self.clauses[0]
            size = len(clause.audio) - clause.taken
            if not clause.ended:
                size -= size % MULAW_FRAME_BYTES
                if not size:
                    return b""
            size = min(size, most_frames * MULAW_FRAME_BYTES)
            sound = bytes(clause.audio[clause.taken : clause.taken + size])
            clause.taken += size
            self.sent += size
            if clause.ended and clause.taken == len(clause.audio):
                self.marks.append((self.sent, clause.index))
                self.clauses.popleft()
            if sound:
                return sound
        return b""

    def takes(self, index: int) -> bool:
        """Whether clause ``index`` may be heard: those behind the announced number are given up."""
        return self.announced < 0 or index < self.announced

    @property
    def in_clause(self) -> bool:
        """Whether the line has had part of a clause whose rest is still to come."""
        return bool(self.clauses) and self.clauses[0].taken > 0

    @property
    def written(self) -> bool:
        """Whether everything announced has been written to the line."""
        return 0 <= self.announced <= self.opened and not self.clauses and not self.withdrawn


@dataclass(slots=True, eq=False)
class _InFlight:
    """Sound of one clause on the line: played from ``at_us`` to ``until_us``, the last of it may be filling. ``before`` is the
    utterance's position at its first byte."""

    at_us: int
    until_us: int
    utterance: _Utterance
    before: int
    size: int


class Playout:
    """The agent's voice on one call. Owned by one task; not thread-safe."""

    def __init__(self) -> None:
        self.quality = PlayoutQuality()
        self.delay_us = 0
        self._utterances: dict[int, _Utterance] = {}
        self._line: deque[_Utterance] = deque()
        self._flight: deque[_InFlight] = deque()
        self._over: dict[int, int] = {}
        self._next_us = 0
        self._events: list[PlayoutEvent] = []
        self._starving = False
        self._flowing = False
        self._fill = False

    # -- filling ---------------------------------------------------------------------------------------------------------------

    def open_clause(self, generation: int, index: int) -> None:
        """Announce clause ``index``. Clauses are played in the order they are opened, whichever audio comes first."""
        utterance = self._open(generation)
        if utterance is not None and utterance.takes(index):
            utterance.clause(index)

    def add(self, generation: int, index: int, mulaw: bytes) -> None:
        """Audio of a clause, in order; opens the clause if needed. Dropped when the generation was cleared, withdrawn or is over, and of
        clauses behind the last."""
        utterance = self._open(generation)
        if utterance is not None and utterance.takes(index):
            utterance.clause(index).audio += mulaw

    def end_clause(self, generation: int, index: int) -> None:
        """The clause's audio is complete; :class:`ClausePlayed` follows when it has been played. A clause may have no audio at all."""
        utterance = self._open(generation)
        if utterance is not None and utterance.takes(index):
            utterance.clause(index).ended = True

    def end_utterance(self, generation: int, clauses: int) -> None:
        """The generation has exactly ``clauses`` clauses; :class:`UtterancePlayed` follows when the last has been played. Said again with
        fewer of them, it ends earlier: what is not on the line yet of those behind is dropped."""
        utterance = self._open(generation)
        if utterance is not None:
            utterance.announced = clauses
            while utterance.clauses and not utterance.takes(utterance.clauses[-1].index):
                utterance.clauses.pop()

    def release(self, generation: int) -> None:
        """The generation may be heard from now on, after those released before it."""
        utterance = self._open(generation)
        if utterance is not None and utterance not in self._line:
            self._line.append(utterance)

    def fill(self, on: bool) -> None:
        """Write silence where nobody speaks, so that something can be mixed under it, at most FILL_AHEAD_MS ahead: speech follows it."""
        self._fill = on

    def withdraw(self, generation: int) -> None:
        """Drop the generation's audio that is not on the line yet, and whatever still comes. What is on the line plays out, unreported."""
        utterance = self._utterances.get(generation)
        if utterance is None:
            self._over.setdefault(generation, 0)
            return
        utterance.clauses.clear()
        utterance.marks.clear()
        utterance.withdrawn = True
        if utterance in self._line:
            self._line.remove(utterance)

    # -- playing ---------------------------------------------------------------------------------------------------------------

    def due(self, now_us: int, ahead_ms: int) -> Sequence[bytes]:
        """Frames (160 bytes) to write now, so that about ``ahead_ms`` (20 at least) of audio is on the line.

        A tick that comes up to 10 ms early still writes its frame. Frames of one call are played back to back. The last frame of a clause
        is filled up with silence.
        """
        if not self._line:
            return self._filling(now_us, []) if self._fill else ()
        self._settle(now_us)
        limit_us = now_us + max(ahead_ms * 1000, FRAME_US) - FRAME_US // 2
        frames: list[bytes] = []
        while self._line and (room_us := limit_us - max(self._next_us, now_us)) > 0:
            utterance = self._line[0]
            sound = utterance.take(-(-room_us // FRAME_US))
            if sound:
                frames += self._write(utterance, sound, now_us)
                if utterance.marks and utterance.marks[0][0] <= utterance.played:
                    # The end of a clause became known only after it had been played.
                    self._report(utterance, now_us)
            elif not self._leave(utterance, now_us):
                break
        return self._filling(now_us, frames) if self._fill else frames

    def write_at_us(self, now_us: int) -> int:
        """When the next frame written would be played. Asked before ``due``, it is where the frames of ``due`` begin."""
        return max(self._next_us, now_us)

    def events(self, now_us: int) -> Sequence[PlayoutEvent]:
        """What happened up to ``now_us`` since the last call, in order of time."""
        if self._flight:
            self._settle(now_us)
        if not self._events:
            return ()
        events, self._events = self._events, []
        return events

    def played_ms(self, generation: int, now_us: int) -> int:
        """Milliseconds of the generation's audio that have been played, also when it is over; 0 when it was never on the line."""
        self._settle(now_us)
        utterance = self._utterances.get(generation)
        played = self._over.get(generation, 0) if utterance is None else self._position(utterance, now_us)
        return played // BYTES_PER_MS

    def speaking(self, now_us: int) -> int:
        """The generation that is being played at ``now_us``, 0 when the line is quiet."""
        self._settle(now_us)
        return (
            self._flight[0].utterance.generation
            if self._flight and self._flight[0].at_us <= now_us - self.delay_us
            else 0
        )

    def idle(self, now_us: int) -> bool:
        """Whether nothing released is left to play: neither queued nor on the line; and nothing is filled."""
        self._settle(now_us)
        return not self._line and not self._flight and not self._fill

    def quiet_until_us(self, now_us: int, ahead_ms: int, together: int) -> int:
        """Until when the line needs nothing: ``together`` frames and no fewer can then be written, or something will have been played of
        which an event tells. More audio changes nothing before. To be asked after ``due`` and ``events``."""
        if self._fill or not self._flight:
            return now_us
        until_us = self._flight[-1].until_us + self.delay_us
        if self._line:
            if len(self._line) > 1 or not self._line[0].began:
                # A generation begins with its first frame: that is told when it can be.
                together = 1
            # One microsecond more, so that the last of them is before the limit of ``due``.
            due_us = self._next_us - ahead_ms * 1000 + FRAME_US // 2 + (together - 1) * FRAME_US + 1
            until_us = min(until_us, due_us)
        last = self._flight[-1].utterance
        for sound in self._flight:
            if sound.at_us + self.delay_us >= until_us:
                break
            marks = sound.utterance.marks
            if (marks and marks[0][0] <= sound.before + sound.size) or sound.utterance is not last:
                return min(until_us, sound.until_us + self.delay_us)
        return until_us

    def clear(self, now_us: int) -> dict[int, int]:
        """Silence the line now. Returns the milliseconds played of each generation that had been released and was not over.

        Their remaining audio is dropped, also what still comes; they will not report any more. Generations that were never released are
        kept. The caller must also clear the leg.
        """
        self._settle(now_us)
        cut = [u for u in self._utterances.values() if u.began or u in self._line]
        for utterance in cut:
            self._over[utterance.generation] = self._position(utterance, now_us)
            del self._utterances[utterance.generation]
        self._flight.clear()
        self._line.clear()
        self._next_us = now_us
        self._flowing = self._starving = False
        return {utterance.generation: self._over[utterance.generation] // BYTES_PER_MS for utterance in cut}

    # -- inside ----------------------------------------------------------------------------------------------------------------

    def _open(self, generation: int) -> _Utterance | None:
        """The generation's utterance, made now if it is new; None when nothing more is taken for it."""
        if generation in self._over:
            return None
        utterance = self._utterances.get(generation)
        if utterance is None:
            utterance = self._utterances[generation] = _Utterance(generation)
        return None if utterance.withdrawn else utterance

    def _filling(self, now_us: int, frames: list[bytes]) -> list[bytes]:
        """``frames`` and the silence that follows them on a line that would run dry."""
        self._next_us = max(self._next_us, now_us)
        while self._next_us < now_us + FILL_AHEAD_MS * 1000:
            if self._starving:
                self.quality.starved_frames += 1
            frames.append(MULAW_SILENCE)
            self._next_us += FRAME_US
        return frames

    def _leave(self, utterance: _Utterance, now_us: int) -> bool:
        """Nothing to write for ``utterance`` now. True when it is wholly written, so that the next may follow."""
        self._flowing = False
        self._starving = utterance.in_clause
        if utterance.written:
            self._line.popleft()
        # An end that became known only after the line had run dry is reported here; others are as their frames end.
        self._report(utterance, now_us)
        return utterance.written

    def _write(self, utterance: _Utterance, sound: bytes, now_us: int) -> list[bytes]:
        """Put ``sound`` on the line. Returns its frames."""
        if self._next_us < now_us:
            lost = -(-(now_us - self._next_us) // FRAME_US)
            if self._flowing:
                self.quality.late_frames += lost
            elif self._starving:
                self.quality.starved_frames += lost
            self._next_us = now_us
        self._starving = False
        self._flowing = True
        if not utterance.began:
            utterance.began = True
            self._events.append(PlayoutBegan(now_us, utterance.generation))
        size = len(sound)
        if size % MULAW_FRAME_BYTES:
            sound += MULAW_SILENCE[size % MULAW_FRAME_BYTES :]
        frames = [sound[at : at + MULAW_FRAME_BYTES] for at in range(0, size, MULAW_FRAME_BYTES)]
        self.quality.written_frames += len(frames)
        at_us, long_us = self._next_us, len(frames) * FRAME_US
        self._flight.append(_InFlight(at_us, at_us + long_us, utterance, utterance.sent - size, size))
        self._next_us += long_us
        return frames

    def _settle(self, now_us: int) -> None:
        """Retire what has been played and report the clauses that ended with it."""
        flight = self._flight
        while flight and flight[0].until_us <= now_us - self.delay_us:
            sound = flight.popleft()
            sound.utterance.played = sound.before + sound.size
            self._report(sound.utterance, sound.at_us + self.delay_us + sound.size * US_PER_BYTE)

    def _report(self, utterance: _Utterance, at_us: int) -> None:
        while utterance.marks and utterance.marks[0][0] <= utterance.played:
            _, index = utterance.marks.popleft()
            self._events.append(ClausePlayed(at_us, utterance.generation, index))
        if utterance.written and utterance.played == utterance.sent:
            self._events.append(UtterancePlayed(at_us, utterance.generation))
            self._over[utterance.generation] = utterance.played
            del self._utterances[utterance.generation]
            if utterance in self._line:
                self._line.remove(utterance)
            if not self._line:
                # The pause until the next utterance is no lateness, even when no call of due came in between.
                self._flowing = False

    def _position(self, utterance: _Utterance, now_us: int) -> int:
        """Bytes of the utterance played at ``now_us``, part of what is being played included. What has been played was retired."""
        if self._flight and self._flight[0].utterance is utterance:
            sound = self._flight[0]
            return sound.before + max(0, min(sound.size, (now_us - self.delay_us - sound.at_us) // US_PER_BYTE))
        return utterance.played
