"""Who could be heard when: the sounds of both sides of a call on one time axis, in microseconds since the attempt began."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from callwright.conversation.lanes import RINGING
from callwright.conversation.log import Entry
from callwright.insight.view import CallView

SHORT_SOUND_US = 1_000_000
"""A sound of the caller shorter than this that gave no words is a noise, nobody's turn."""
COVER_US = 300_000
"""Detector and recogniser disagree by so much about where a sound ends."""
QUICKEST_WORD_US = 200_000
"""Nobody says more words than one in this time."""
LONGEST_PAUSE_US = 3_000_000
"""A recogniser does not hear sounds with a longer pause between them as one."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, its end included."""

    from_us: int
    to_us: int

    @property
    def lasted_us(self) -> int:
        """How long."""
        return max(0, self.to_us - self.from_us)

    def shared_us(self, other: Span) -> int:
        """How long both last at the same time."""
        return max(0, min(self.to_us, other.to_us) - max(self.from_us, other.from_us))


@dataclass(frozen=True, slots=True)
class AgentSpeech:
    """One generation that was heard. ``sounds`` are its clauses as they were played, the pauses between them left out; ``clauses`` are
    the numbers of these clauses.

    ``text`` is what was heard of it, ``cut`` whether it broke off.
    """

    generation: int
    turn: int
    purpose: str
    span: Span
    sounds: tuple[Span, ...]
    text: str
    cut: bool
    clauses: tuple[int, ...] = (0,)


@dataclass(frozen=True, slots=True)
class CallerSpeech:
    """One voice activity of the caller and the recogniser's words for it, which may be none."""

    span: Span
    text: str

    @property
    def is_noise(self) -> bool:
        """Whether it is too short and wordless to count as speech."""
        return not self.text and self.span.lasted_us < SHORT_SOUND_US


@dataclass(frozen=True, slots=True)
class Timeline:
    """The sounds of an answered call. ``held`` is when the far end had the line on hold, ``other`` what else the caller heard.

    ``ended_us``: the leg was over, we hung up, or the caller was handed to somebody else, whichever came first.
    """

    answered_us: int
    ended_us: int
    agent: tuple[AgentSpeech, ...]
    caller: tuple[CallerSpeech, ...]
    held: tuple[Span, ...]
    other: tuple[Span, ...]

    def of_generation(self, generation: int) -> AgentSpeech | None:
        """The speech of a generation, or None when it was not heard."""
        return next((one for one in self.agent if one.generation == generation), None)


def timeline(view: CallView) -> Timeline:
    """The sounds of a call. A call nobody answered has none."""
    answered_us = view.answered_us
    if answered_us is None:
        return Timeline(0, 0, (), (), (), ())
    return Timeline(
        answered_us,
        max(answered_us, _over_us(view)),
        _agent(view),
        _caller(view, view.audio_began_us),
        _held(view),
        _other(view),
    )


def _other(view: CallView) -> tuple[Span, ...]:
    """What is no speech of either side. Keys and short sounds are moments; a ringing tone lasts as long as it was heard."""
    found = [Span(e.at_us, e.at_us) for e in view.of("PlayAsset", "SendKeys") if e.values.get("lane") != RINGING]
    tones = (e for e in view.of("AssetPlayed") if e.values["lane"] == RINGING and e.values["played_ms"])
    found += [Span(e.at_us - int(e.values["played_ms"]) * 1_000, e.at_us) for e in tones]
    return tuple(sorted(found, key=lambda one: one.from_us))


def _over_us(view: CallView) -> int:
    handed = [e.at_us for e in view.of("TransferSettled") if e.values["transferred"]]
    return min([view.ended_us, *(e.at_us for e in view.of("HangUp")), *handed])


def _agent(view: CallView) -> tuple[AgentSpeech, ...]:
    spoken = {int(e.values["generation"]): e for e in view.of("Speak")}
    ends: dict[int, Entry] = {}
    for entry in view.of("AgentSaid", "Withdrawn"):
        ends.setdefault(int(entry.values["generation"]), entry)
    marks = _clauses(view, "MarkPlayed")
    ready = _clauses(view, "VoiceReady")
    found: dict[int, AgentSpeech] = {}
    for entry in view.of("PlayoutStarted"):
        generation = int(entry.values["generation"])
        speak = spoken.get(generation)
        if generation in found or speak is None:
            continue
        end = ends.get(generation)
        ended_us = max(entry.at_us, view.ended_us if end is None else end.at_us)
        said = end is not None and end.type == "AgentSaid"
        sounds = _sounds(entry.at_us, ended_us, marks.get(generation, {}), ready.get(generation, {}))
        found[generation] = AgentSpeech(
            generation=generation,
            turn=int(speak.values["turn"]),
            purpose=str(speak.values["purpose"]),
            span=Span(entry.at_us, ended_us),
            sounds=tuple(sounds.values()),
            text=str(end.values["text"]) if end is not None and said else "",
            cut=bool(end.values["cut"]) if end is not None and said else True,
            clauses=tuple(sounds),
        )
    return tuple(found.values())


def _clauses(view: CallView, type_name: str) -> dict[int, dict[int, int]]:
    """generation -> clause -> when an event of the type came first."""
    found: dict[int, dict[int, int]] = {}
    for entry in view.of(type_name):
        clauses = found.setdefault(int(entry.values["generation"]), {})
        clauses.setdefault(int(entry.values["index"]), entry.at_us)
    return found


def _sounds(began_us: int, ended_us: int, marks: dict[int, int], ready: dict[int, int]) -> dict[int, Span]:
    """The clauses of one generation by their numbers. A clause sounds when the one before it has, and its own audio is there."""
    sounds: dict[int, Span] = {}
    at_us = began_us
    for index in sorted({*ready, *marks}):
        from_us = max(at_us, ready.get(index, at_us))
        if from_us > ended_us:
            break
        at_us = max(from_us, min(marks.get(index, ended_us), ended_us))
        sounds[index] = Span(from_us, at_us)
    return sounds or {0: Span(began_us, ended_us)}


def _caller(view: CallView, zero_us: int) -> tuple[CallerSpeech, ...]:
    spans = list(_activities(view, zero_us))
    if not spans:
        # No detector: what the core took for a turn is all that is known.
        return tuple(
            CallerSpeech(
                Span(zero_us + int(e.values["from_ms"]) * 1000, zero_us + int(e.values["to_ms"]) * 1000),
                str(e.values["text"]),
            )
            for e in view.of("UserSaid")
        )
    return _with_words(spans, _segments(view, zero_us))


def _activities(view: CallView, zero_us: int) -> Iterable[Span]:
    began_us: int | None = None
    for entry in view.of("ActivityBegan", "ActivityEnded"):
        at_us = zero_us + int(entry.values["audio_ms"]) * 1000
        if entry.type == "ActivityBegan":
            began_us = at_us if began_us is None else began_us
        elif began_us is not None:
            yield Span(began_us, max(began_us, at_us))
            began_us = None
    if began_us is not None:
        yield Span(began_us, max(began_us, view.ended_us))


def _segments(view: CallView, zero_us: int) -> list[tuple[int, str]]:
    """Where each recogniser segment ends, and its words. Partial words count while there are no final ones."""
    texts: dict[int, tuple[int, str, bool]] = {}
    for entry in view.of("TranscriptPartial", "TranscriptFinal"):
        segment, final = int(entry.values["segment"]), entry.type == "TranscriptFinal"
        if final or not texts.get(segment, (0, "", False))[2]:
            texts[segment] = (int(entry.values["audio_ms"]), str(entry.values["text"]).strip(), final)
    return [(zero_us + audio_ms * 1000, text) for audio_ms, text, _ in sorted(texts.values())]


def _with_words(spans: Sequence[Span], segments: Sequence[tuple[int, str]]) -> tuple[CallerSpeech, ...]:
    """Each sound with the words it was understood as.

    A segment's words belong to the sound it ends in, and to sounds before it as far as so many words take time to say: a recogniser may
    hear several sounds as one segment, but words said now do not account for a sound that was lost before them.
    """
    texts: list[list[str]] = [[] for _ in spans]
    done = 0  # sounds before this one are the earlier segments'
    for ends_us, text in segments:
        upto = done
        while upto < len(spans) and spans[upto].from_us < ends_us:
            upto += 1
        left_us = len(text.split()) * QUICKEST_WORD_US
        for position in range(upto - 1, -1, -1):
            span = spans[position]
            if left_us <= 0 or (position < done and span.to_us + COVER_US < ends_us):
                break
            if position + 1 < upto and spans[position + 1].from_us - span.to_us > LONGEST_PAUSE_US:
                break
            texts[position].append(text)
            left_us -= max(span.lasted_us, QUICKEST_WORD_US)
        done = upto
    return tuple(CallerSpeech(span, " ".join(words)) for span, words in zip(spans, texts, strict=True))


def _held(view: CallView) -> tuple[Span, ...]:
    found: list[Span] = []
    since: int | None = None
    for entry in view.of("LineHeld"):
        if entry.values["on"]:
            since = entry.at_us if since is None else since
        elif since is not None:
            found.append(Span(since, entry.at_us))
            since = None
    if since is not None:
        found.append(Span(since, max(since, view.ended_us)))
    return tuple(found)
