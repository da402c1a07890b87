"""What the caller of a recorded call said as turns: their sounds with the pauses between them, and what each turn followed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from callwright.conversation.log import Entry
from callwright.conversation.turn import KEYED_AS
from callwright.insight.timeline import AgentSpeech, Span, Timeline
from callwright.insight.view import CallView

QUICKEST_WORD_MS = 150
USUAL_THINK_MS = 600
SILENCE = "silence"
"""The purpose of the question whether the caller is still there, which is no reply."""
ANSWERABLE_MS = 400
"""Nobody answers words that they have heard for less than this: who speaks then goes on with what they were saying."""
UNSURE_MS = 1_000
"""Who speaks so soon after the agent began may answer it or go on."""
COVER_MS = 300
"""Recogniser and detector disagree by so much about where a sound ends."""
USUAL_BEGAN_MS, USUAL_ENDED_MS, USUAL_FINAL_MS = 0, 200, 250
LATEST_MS = 1_500


@dataclass(frozen=True, slots=True)
class Sound:
    """One unbroken sound of the caller, ``from_ms`` to ``to_ms`` behind the beginning of the turn, with the words that were heard by its
    end. ``final``: the recogniser's segment ended with them. ``finished_ppm``: the turn model's verdict behind it, None if it gave none."""

    from_ms: int
    to_ms: int
    words: tuple[str, ...] = ()
    final: bool = True
    finished_ppm: int | None = None


@dataclass(frozen=True, slots=True)
class CallerLine:
    """What the caller said as a turn. ``think_ms`` after the agent's last reply; with ``over_ms`` over it, so long after it began.

    ``pause_ms``: so long after their own last words, where they heard too little of the agent in between to answer it: they went on.
    ``asked_ms``: so long after the question whether they are still there, where that came before the words. ``keys`` are the keys that
    were pressed, not said, each with the milliseconds since ``from_us``, which is when all of it began in the recording. ``detected``: a
    detector heard the sounds, and the recording tells which words stood in which.
    """

    turn: int
    text: str
    from_us: int
    sounds: tuple[Sound, ...]
    think_ms: int
    over_ms: int | None = None
    pause_ms: int | None = None
    asked_ms: int | None = None
    keys: tuple[tuple[int, str], ...] = ()
    detected: bool = False


@dataclass(frozen=True, slots=True)
class Ears:
    """How long after a sound detector and recogniser tell of it, in milliseconds.

    ``ends_turns``: the recogniser ends a turn after the silence it was told (``SetPatience``). ``own_ends``: it ends turns by itself,
    otherwise than it was told.
    """

    began_ms: int = USUAL_BEGAN_MS
    ended_ms: int = USUAL_ENDED_MS
    final_ms: int = USUAL_FINAL_MS
    ends_turns: bool = False
    own_ends: bool = False


def lines_of(view: CallView, from_turn: int, sounds: Timeline, ears: Ears) -> tuple[CallerLine, ...]:
    """The caller's turns from ``from_turn`` on."""
    reader = _Reader(view, sounds, ears)
    said = view.of("UserSaid")
    pairs = zip([None, *said], said, strict=False)
    return tuple(reader.line(one, before) for before, one in pairs if one.values["turn"] >= from_turn)


def ears_of(view: CallView) -> Ears:
    """How fast detector and recogniser were, by the median."""
    zero_us = view.audio_began_us
    late_ms = {
        name: [(e.at_us - zero_us) // 1000 - int(e.values["audio_ms"]) for e in view.of(name)]
        for name in ("ActivityBegan", "ActivityEnded", "TranscriptFinal")
    }
    obeys = _obeys(view)
    return Ears(
        _usual_ms(late_ms["ActivityBegan"], USUAL_BEGAN_MS),
        _usual_ms(late_ms["ActivityEnded"], USUAL_ENDED_MS),
        _usual_ms(late_ms["TranscriptFinal"], USUAL_FINAL_MS),
        ends_turns=bool(obeys) and all(obeys),
        own_ends=bool(obeys) and not all(obeys),
    )


def _usual_ms(late_ms: Sequence[int], usual_ms: int) -> int:
    return min(LATEST_MS, max(0, round(median(late_ms)))) if late_ms else usual_ms


def _obeys(view: CallView) -> list[bool]:
    """For each end of a turn that the recogniser told, whether it was the silence that it had been told to wait for."""
    started = view.first("Started")
    silence_ms = int(started.values["plan"].get("endpointing_ms", 0)) if started is not None else 0
    found: list[bool] = []
    for entry in view.of("SetPatience", "RecogniserEnd"):
        if entry.type == "SetPatience":
            silence_ms = int(entry.values["silence_ms"])
        else:
            waited_ms = (entry.at_us - view.audio_began_us) // 1000 - int(entry.values["audio_ms"])
            found.append(abs(waited_ms - silence_ms) <= COVER_MS)
    return found


def untold(lines: Sequence[CallerLine], ears: Ears, *, asks_turn_model: bool) -> list[str]:
    """What the recording does not tell of the caller's pauses, for a run with other settings of the end of a turn.

    ``asks_turn_model``: the run does.
    """
    told = [
        "what a caller kept back because they were answered the recording does not tell: a longer wait shows none of it"
    ]
    blind = [line.turn for line in lines if line.text and not line.detected]
    if blind:
        where = f"where the caller paused in {_turns(blind)}"
        told.append(f"the recording does not tell {where}: whether they would be cut there is not shown")
    unsure = [line.turn for line in lines if line.over_ms is not None and line.over_ms < UNSURE_MS]
    if unsure:
        told.append(
            f"the caller spoke within {UNSURE_MS:,} ms of the agent's beginning in {_turns(unsure)}: whether they interrupted it or went on"
            " by themselves the recording does not tell; here they interrupt it"
        )
    judged = any(sound.finished_ppm is not None for line in lines for sound in line.sounds)
    if asks_turn_model and not judged:
        told.append("the recording has no verdict of a turn model on these turns: here it is right about every pause")
    if ears.own_ends:
        told.append("the recogniser of this call ended turns by itself, which is not simulated")
    return told


def _turns(numbers: Sequence[int]) -> str:
    return f"turn{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"


def spoken_from_us(said: Entry, view: CallView) -> int:
    """When the caller began a turn."""
    return view.audio_began_us + int(said.values["from_ms"]) * 1000


def spoken_until_us(said: Entry, view: CallView) -> int:
    """When the caller had said a turn. One that was told because the call was over has no end of its own: then as far as it was heard."""
    from_ms, to_ms = int(said.values["from_ms"]), int(said.values["to_ms"])
    if to_ms <= from_ms:
        told_us = _told_us(said, view)
        heard = [e for e in view.of("TranscriptPartial", "TranscriptFinal", "ActivityEnded") if e.at_us <= told_us]
        to_ms = max([from_ms, *(int(e.values["audio_ms"]) for e in heard)])
    return view.audio_began_us + to_ms * 1000


def _told_us(said: Entry, view: CallView) -> int:
    """When a turn was told last."""
    return max(e.at_us for e in view.entries if e.type == "UserSaid" and e.values["turn"] == said.values["turn"])


def replies_in(sounds: Timeline) -> list[AgentSpeech]:
    """What the agent said, but for asking whether the caller is still there."""
    return [one for one in sounds.agent if one.purpose != SILENCE]


@dataclass(slots=True)
class _Segment:
    """Words the recogniser heard together, and where in the caller's audio each was first heard."""

    words: list[str] = field(default_factory=list)
    heard_ms: list[int] = field(default_factory=list)
    final: bool = False

    def hear(self, audio_ms: int, text: str, final: bool) -> None:
        if self.final and not final:
            return
        self.words, self.final = text.split(), final
        self.heard_ms = [*self.heard_ms, *[audio_ms] * len(self.words)][: len(self.words)]


class _Reader:
    """Reads turns off a call."""

    def __init__(self, view: CallView, sounds: Timeline, ears: Ears) -> None:
        self._view = view
        self._sounds = sounds
        self._ears = ears
        self._zero_us = view.audio_began_us
        self._detector = bool(view.of("ActivityBegan"))
        self._segments = self._heard()
        self._verdicts = self._judged()

    def _heard(self) -> list[_Segment]:
        found: dict[int, _Segment] = {}
        for entry in self._view.of("TranscriptPartial", "TranscriptFinal"):
            segment = found.setdefault(int(entry.values["segment"]), _Segment())
            segment.hear(int(entry.values["audio_ms"]), str(entry.values["text"]), entry.type == "TranscriptFinal")
        return [one for _, one in sorted(found.items()) if one.words]

    def _judged(self) -> list[tuple[int, int]]:
        """Position in the caller's audio and verdict of each question to the turn model that was answered."""
        given = {int(e.values["request"]): int(e.values["probability_ppm"]) for e in self._view.of("TurnVerdict")}
        asked = ((int(e.values["audio_ms"]), int(e.values["request"])) for e in self._view.of("AskTurnModel"))
        return [(audio_ms, given[request]) for audio_ms, request in asked if request in given]

    def line(self, said: Entry, before: Entry | None) -> CallerLine:
        """One turn; ``before`` is the one before it."""
        from_us = spoken_from_us(said, self._view)
        replies = replies_in(self._sounds)
        over = next((one for one in replies if one.span.from_us <= from_us < one.span.to_us), None)
        think_ms = _since_ms(replies, from_us)
        heard = [one for one in self._sounds.agent if one.span.from_us <= from_us]
        asked = heard[-1:] if heard and heard[-1].purpose == SILENCE else []
        pause_ms = None if before is None else self._pause_ms(before, from_us)
        words = _spoken(str(said.values["text"]))
        sounds = self._sounds_of(said, words)
        return CallerLine(
            turn=int(said.values["turn"]),
            text=" ".join(words),
            from_us=from_us,
            sounds=sounds or self._unbroken(said, words),
            think_ms=USUAL_THINK_MS if think_ms is None else think_ms,
            over_ms=None if over is None or pause_ms is not None else (from_us - over.span.from_us) // 1000,
            pause_ms=pause_ms,
            asked_ms=max(0, (from_us - asked[0].span.to_us) // 1000) if asked else None,
            keys=_typed(said, from_us, self._view),
            detected=bool(sounds),
        )

    def _pause_ms(self, before: Entry, from_us: int) -> int | None:
        """The caller's own pause before a turn; None where they had heard enough of the agent to answer it."""
        until_us = spoken_until_us(before, self._view)
        heard = [one.span for one in self._sounds.agent if one.span.to_us > until_us and one.span.from_us <= from_us]
        if from_us < until_us or any(span.from_us <= from_us - ANSWERABLE_MS * 1000 for span in heard):
            return None
        return (from_us - until_us) // 1000

    def _unbroken(self, said: Entry, words: Sequence[str]) -> tuple[Sound, ...]:
        """A turn of which nothing is known but its length: one sound."""
        if not words:
            return ()
        lasted_ms = (spoken_until_us(said, self._view) - spoken_from_us(said, self._view)) // 1000
        return (Sound(0, max(lasted_ms, len(words) * QUICKEST_WORD_MS), tuple(words)),)

    def _sounds_of(self, said: Entry, words: Sequence[str]) -> tuple[Sound, ...]:
        """The sounds of a turn with their words; none where the recording does not tell them."""
        from_us, until_us = spoken_from_us(said, self._view), spoken_until_us(said, self._view)
        spans = self._voiced(from_us, until_us)
        from_ms, until_ms = ((at_us - self._zero_us) // 1000 for at_us in (from_us, until_us))
        heard = [s for s in self._segments if from_ms < s.heard_ms[-1] <= until_ms + COVER_MS]
        if not spans or not words or [word for one in heard for word in one.words] != list(words):
            return ()
        texts: list[list[str]] = [[] for _ in spans]
        finals = [True for _ in spans]
        at = 0
        for segment in heard:
            for word, heard_ms in zip(segment.words, segment.heard_ms, strict=True):
                while at + 1 < len(spans) and spans[at + 1].from_us < self._zero_us + heard_ms * 1000:
                    at += 1
                texts[at].append(word)
                finals[at] = False
            finals[at] = True
        finals[-1] = True
        return tuple(
            Sound(
                (span.from_us - from_us) // 1000,
                max((span.to_us - from_us) // 1000, (span.from_us - from_us) // 1000 + len(text)),
                tuple(text),
                final,
                self._verdict(span.to_us),
            )
            for span, text, final in zip(spans, texts, finals, strict=True)
        )

    def _voiced(self, from_us: int, until_us: int) -> list[Span]:
        """The sounds of a turn; such as the detector could tell from one another only because it was late are one."""
        spans: list[Span] = []
        if not self._detector:
            return spans
        least_us = max(0, self._ears.ended_ms - self._ears.began_ms) * 1000
        for one in self._sounds.caller:
            span = Span(max(from_us, one.span.from_us), min(until_us, one.span.to_us))
            if span.from_us >= until_us or one.span.to_us <= from_us:
                continue
            if spans and span.from_us - spans[-1].to_us <= least_us:
                spans[-1] = Span(spans[-1].from_us, max(spans[-1].to_us, span.to_us))
            else:
                spans.append(span)
        # Words that no sound began with were said without one.
        return [replace(spans[0], from_us=from_us), *spans[1:]] if spans else spans

    def _verdict(self, at_us: int) -> int | None:
        audio_ms = (at_us - self._zero_us) // 1000
        found = [ppm for judged_ms, ppm in self._verdicts if abs(judged_ms - audio_ms) <= COVER_MS]
        return found[-1] if found else None


def _spoken(text: str) -> list[str]:
    """The words of a turn without the keys that were typed in it."""
    words = text.split()
    return [one for before, one in zip(["", *words], words, strict=False) if KEYED_AS not in (before, one)]


def _typed(said: Entry, from_us: int, view: CallView) -> tuple[tuple[int, str], ...]:
    """The keys that were pressed in a turn, until it was told of last: the finishing key is among them only where it was pressed."""
    if KEYED_AS not in str(said.values["text"]).split():
        return ()
    told_us = _told_us(said, view)
    pressed = [e for e in view.of("KeyPressed") if from_us <= e.at_us <= told_us]
    return tuple(((e.at_us - from_us) // 1000, str(e.values["key"])) for e in pressed)


def _since_ms(agent: Sequence[AgentSpeech], at_us: int) -> int | None:
    """The milliseconds at ``at_us`` since the agent last fell silent, or None where it had said nothing."""
    before = [one.span.to_us for one in agent if one.span.to_us <= at_us]
    return (at_us - before[-1]) // 1000 if before else None
