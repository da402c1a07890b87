"""What a what-if run takes from a recorded call: the inputs up to a turn, and the caller's words, tools and pace after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from callwright.conversation import events as ev
from callwright.conversation.log import Entry, event_from_wire
from callwright.domain.errors import BadInputError
from callwright.insight.timeline import Timeline, timeline
from callwright.insight.view import CallView
from callwright.lab.whatif_lines import (
    SILENCE,
    CallerLine,
    Ears,
    ears_of,
    lines_of,
    replies_in,
    spoken_from_us,
    spoken_until_us,
)

USUAL_FIRST_TOKEN_MS = 400
USUAL_PIECE_MS = 30
USUAL_FIRST_AUDIO_MS = 150
USUAL_MS_PER_CHARACTER = 60
USUAL_STAY_MS = 1_500
"""After the last reply, where the recording does not tell when the caller hung up."""


class NotRecordedError(Exception):
    """The recording does not tell what was to come here. The message says what is missing."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the agent said in a turn, as far as it was to be said. ``cut``: some of it was not heard, or is not known."""

    text: str
    cut: bool


@dataclass(frozen=True, slots=True)
class Leaving:
    """How the caller hung up: at ``at_us``, ``wait_ms`` after the end of the agent's last reply.

    ``over``: over that reply, so long after it began. ``unanswered``: so long after the caller's own last words, without a reply to them.
    """

    at_us: int
    wait_ms: int
    over: bool = False
    unanswered: bool = False


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the recorded call's services were, in milliseconds. ``piece_ms``: between two pieces of the model's answer."""

    first_token_ms: int
    piece_ms: int
    first_audio_ms: int
    ms_per_character: float


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded call, parted before the caller's words of a turn. ``cut_us`` is when the run goes on by itself.

    ``audio_began_us`` is position 0 of the caller's audio. ``lines`` are the caller's from that turn on, ``replies`` what the agent said in
    each turn, ``tools`` the recorded results of calls that were made after the cut, by tool name with the milliseconds each took. ``left``
    is how the caller hung up, None where the agent ended the call. ``last_segment`` is the recogniser's highest, ``silence_ms``
    the silence it was told to wait for last before the cut.
    """

    started: ev.Started
    entries: Sequence[Entry]
    cut_us: int
    audio_began_us: int
    lines: tuple[CallerLine, ...]
    left: Leaving | None
    replies: Mapping[int, Reply]
    tools: Mapping[str, tuple[tuple[int, bool, str], ...]]
    pace: Pace
    last_segment: int
    silence_ms: int
    ears: Ears

    def before(self) -> list[Entry]:
        """The entries before the cut that the core has a part in."""
        return [e for e in self.entries if e.at_us < self.cut_us and e.direction in ("in", "out")]

    def under_way(self) -> list[ev.Event]:
        """Recorded inputs after the cut that answer what was asked before it: they happen in the what-if too, unless it is called off."""
        asked = {int(e.values["request"]) for e in self.before() if e.direction == "out" and "request" in e.values}
        found = [
            event_from_wire(e.type, e.at_us, e.values)
            for e in self.entries
            if e.direction == "in"
            and e.at_us >= self.cut_us
            and e.type in _ANSWERS
            and int(e.values["request"]) in asked
        ]
        if self.cut_us == 0:
            found += [
                event_from_wire(e.type, e.at_us, e.values) for e in self.entries if e.type in ("Ringing", "Answered")
            ]
        return found


_ANSWERS = frozenset({"ReplyText", "ReplyTool", "ReplyEnded", "ToolResult", "ClassifierVerdict", "UsageReported"})


def recording_of(view: CallView, from_turn: int) -> Recording:
    """Part a call before the caller's words of ``from_turn``; 0 is from the very beginning. Raises BadInputError for a turn it has not."""
    cut_us = cut_before(view, from_turn)
    started = view.first("Started")
    assert started is not None
    begun = event_from_wire(started.type, started.at_us, started.values)
    assert isinstance(begun, ev.Started)
    sounds = timeline(view)
    ears = ears_of(view)
    told = [int(e.values["silence_ms"]) for e in view.of("SetPatience") if e.at_us < cut_us]
    return Recording(
        started=begun,
        entries=view.entries,
        cut_us=cut_us,
        audio_began_us=view.audio_began_us,
        lines=lines_of(view, from_turn, sounds, ears),
        left=_leaving(view, sounds),
        replies=_replies(view),
        tools=_tools(view, cut_us),
        pace=_pace(view),
        last_segment=max(
            (int(e.values["segment"]) for e in view.of("TranscriptPartial", "TranscriptFinal")), default=0
        ),
        silence_ms=told[-1] if told else begun.plan.endpointing_ms,
        ears=ears,
    )


def cut_before(view: CallView, from_turn: int) -> int:
    """When the caller began to speak in ``from_turn``; 0 for turn 0. Raises BadInputError for a turn the call has not."""
    if view.first("Started") is None or view.answered_us is None:
        raise BadInputError("nobody answered this call, so there is no turn to go on from")
    if not from_turn:
        return 0
    said = {int(e.values["turn"]): e for e in view.of("UserSaid")}
    if from_turn not in said:
        there = (
            f"it has turns {min(said)} to {max(said)}, and 0 for the whole call"
            if said
            else "the caller said nothing: use 0"
        )
        raise BadInputError(f"this call has no turn {from_turn}; {there}", field="from-turn")
    # Never before the answer itself, which the caller's first words may come with.
    return max(spoken_from_us(said[from_turn], view), view.answered_us + 1)


def _leaving(view: CallView, sounds: Timeline) -> Leaving | None:
    if view.first("HangUp") or any(e.values["transferred"] for e in view.of("TransferSettled")):
        return None
    left_us = view.ended_us
    if view.first("LegEnded") is None:
        return Leaving(left_us, USUAL_STAY_MS)  # the log breaks off
    replies, said = replies_in(sounds), view.last("UserSaid")
    heard_us = replies[-1].span.to_us if replies else sounds.answered_us
    if replies and replies[-1].cut and heard_us >= left_us:
        return Leaving(left_us, (left_us - replies[-1].span.from_us) // 1000, over=True)
    spoken_us = spoken_until_us(said, view) if said else 0
    unanswered = spoken_us >= heard_us
    return Leaving(left_us, max(0, left_us - max(spoken_us, heard_us)) // 1000, unanswered=unanswered)


def _replies(view: CallView) -> dict[int, Reply]:
    spoken: dict[int, list[str]] = {}
    for entry in view.of("Speak"):
        spoken.setdefault(int(entry.values["generation"]), []).append(str(entry.values["text"]))
    replies: dict[int, Reply] = {}
    for entry in view.of("AgentSaid"):
        if entry.values["purpose"] != SILENCE:
            turn, texts = int(entry.values["turn"]), spoken.get(int(entry.values["generation"]))
            said = Reply(" ".join(texts or [str(entry.values["text"])]), bool(entry.values["cut"]))
            replies[turn] = with_more(replies.get(turn), said)
    return replies


def with_more(before: Reply | None, more: Reply) -> Reply:
    """What the agent said in a turn, when it says ``more`` in it."""
    return more if before is None else Reply(f"{before.text} {more.text}", before.cut or more.cut)


def _tools(view: CallView, cut_us: int) -> dict[str, tuple[tuple[int, bool, str], ...]]:
    results = {int(e.values["request"]): e for e in reversed(view.of("ToolResult"))}
    found: dict[str, list[tuple[int, bool, str]]] = {}
    for call in view.of("CallTool", "SendKeys"):
        result = results.get(int(call.values["request"]))
        if result is not None and call.at_us >= cut_us:
            took_ms = (result.at_us - call.at_us) // 1000
            answer = (took_ms, bool(result.values["ok"]), str(result.values["result"]))
            found.setdefault(str(call.values["name"]), []).append(answer)
    return {name: tuple(answers) for name, answers in found.items()}


def _pace(view: CallView) -> Pace:
    asks = {int(e.values["request"]): e.at_us for e in view.of("AskModel")}
    words: dict[int, list[int]] = {}
    for entry in view.of("ReplyText"):
        words.setdefault(int(entry.values["request"]), []).append(entry.at_us)
    speaks = {(e.values["generation"], e.values["index"]): e for e in view.of("Speak")}
    ready = [
        e.at_us - speaks[e.values["generation"], 0].at_us
        for e in view.of("VoiceReady")
        if e.values["index"] == 0 and (e.values["generation"], 0) in speaks
    ]
    finished = [
        (int(e.values["audio_ms"]), speaks.get((e.values["generation"], e.values["index"])))
        for e in view.of("VoiceFinished")
    ]
    spoken_ms = sum(ms for ms, speak in finished if speak is not None)
    characters = sum(len(str(speak.values["text"])) for _, speak in finished if speak is not None)
    return Pace(
        first_token_ms=_median_ms(
            [at_us[0] - asks[request] for request, at_us in words.items() if request in asks], USUAL_FIRST_TOKEN_MS
        ),
        piece_ms=_median_ms(
            [after - before for at_us in words.values() for before, after in pairwise(at_us)], USUAL_PIECE_MS
        ),
        first_audio_ms=_median_ms(ready, USUAL_FIRST_AUDIO_MS),
        ms_per_character=spoken_ms / characters if characters and spoken_ms else USUAL_MS_PER_CHARACTER,
    )


def _median_ms(lasted_us: Sequence[int], usual_ms: int) -> int:
    return max(1, round(median(lasted_us) / 1000)) if lasted_us else usual_ms
