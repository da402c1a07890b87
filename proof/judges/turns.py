"""Who speaks when: a caller who has finished is answered, and one who interrupts is let in."""

from __future__ import annotations

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.lab.trace import Trace
from proof.judges.reading import Line, follow, new_words, numbered, plan_of

ANSWER_MS = 15_000
"""So long after the last sign of anybody, and the model's time to answer, final words are in a turn, or in a note that says why not."""
LEAST_MS = 1_000
"""A sound that went on for so long, with a new word told within this time, is somebody speaking."""


PAUSE_MS = 900
"""Words behind a longer pause, or a key, are counted anew."""


def judge_answers(trace: Trace) -> str:
    """A caller who has finished is answered, to all that was said, and nobody is talked over."""
    return _in_time(trace) or _to_all(trace) or _not_over(trace)


def _in_time(trace: Trace) -> str:
    plan = plan_of(trace)
    waiting: dict[int, str] = {}  # segment -> final words that are in no turn and no note
    moved_us = 0
    for event, effects, before, line in follow(trace):
        if isinstance(event, ev.DeadlineReached) and waiting and _idle(before):
            late_ms = (event.at_us - moved_us) // 1000
            if late_ms > ANSWER_MS + plan.backoff_ms + plan.reply_timeout_ms:
                return f"a caller who has finished is answered: {list(waiting.values())[:3]}, nothing for {late_ms} ms"
        if isinstance(event, ev.TranscriptFinal):
            waiting[event.segment] = event.text
        for effect in effects:
            if isinstance(effect, fx.UserSaid) or (isinstance(effect, fx.Note) and effect.text):
                done = set(numbered(effect.text))
                waiting = {number: text for number, text in waiting.items() if not done & set(numbered(text))}
        waiting = {number: text for number, text in waiting.items() if numbered(text)}
        if not isinstance(event, ev.DeadlineReached) or effects or not _idle(line):
            moved_us = event.at_us
    return ""


def _idle(line: Line) -> bool:
    """Whether nobody speaks, and nothing is under way that goes before an answer."""
    busy = line.audible or line.working or line.transferring or line.ending or line.machine
    return line.answered_us >= 0 and line.active_us < 0 and line.held_us < 0 and not busy


def _to_all(trace: Trace) -> str:
    """A reply that is heard when a turn is taken answers all words of it."""
    asked: dict[int, str] = {}
    taken = 0
    for _, effects in trace.steps:
        said: dict[int, str] = {}
        for effect in effects:
            match effect:
                case fx.AskModel():
                    # After the turn was taken, the question may be asked again with the answers of tools.
                    asked[effect.generation] = effect.messages[-1].content if effect.turn > taken else ""
                case fx.UserSaid():
                    said[effect.turn], taken = effect.text, effect.turn
                case fx.Release() if effect.turn in said and effect.generation in asked:
                    left = set(numbered(said[effect.turn])) - set(numbered(asked[effect.generation]))
                    if left:
                        return f"a reply answers what was said: {sorted(left)} in generation {effect.generation}"
                case _:
                    pass
    return ""


def _not_over(trace: Trace) -> str:
    """No reply begins in the middle of words."""
    seen: set[str] = set()
    told_us = -LEAST_MS * 1000
    for event, effects, before, line in follow(trace):
        if new_words(event, seen):
            told_us = event.at_us
        if isinstance(event, ev.TranscriptFinal | ev.RecogniserEnd):
            told_us = -LEAST_MS * 1000
        speaks = 0 <= before.active_us < event.at_us - LEAST_MS * 1000 and event.at_us - told_us < LEAST_MS * 1000
        for effect in effects:
            begins = isinstance(effect, fx.Release) and line.purpose == "reply" and not effect.resumes
            if begins and speaks and line.active_us >= 0:
                return f"nobody is talked over: {effect} at {event.at_us}, speaking since {line.active_us}"
    return ""


def judge_interruptions(trace: Trace) -> str:
    """A caller who says more than the agent's number of words over it silences it at once; a noise does not."""
    plan = plan_of(trace)
    stretch = _Stretch()
    farewells: set[int] = set()  # replies with which the model ends the call
    told = False  # anything that may silence what is audible
    for event, effects, before, _ in follow(trace):
        if isinstance(event, ev.ReplyTool) and event.name == "end_call":
            farewells.add(event.generation)
        farewells |= {one.generation for one in effects if isinstance(one, fx.Release) and one.resumes in farewells}
        cleared = any(isinstance(effect, fx.Clear) for effect in effects)
        if isinstance(event, ev.TranscriptPartial | ev.TranscriptFinal):
            count = stretch.over(event, before)
            enough = count > plan.words_to_interrupt > 0
            if plan.written:  # a line that is being typed is none yet
                enough = count > 0 and isinstance(event, ev.TranscriptFinal)
            kept = before.audible in farewells or (before.purpose == "welcome" and plan.discard_pre_welcome)
            if enough and not cleared and not kept and _may_be_interrupted(before):
                return f"a caller who interrupts is let in at once: {event.text!r} over {before.audible}"
        noise = isinstance(event, ev.ActivityBegan | ev.ActivityEnded)
        if isinstance(event, ev.ActivityBegan | ev.KeyPressed):
            stretch.words.clear()
        told = before.audible > 0 and (told or not (noise or isinstance(event, _OF_THE_AGENT)))
        if cleared and noise and not told:
            return f"a noise does not silence the agent: {before.audible} by {type(event).__name__}"
    return ""


_OF_THE_AGENT = (ev.VoiceReady, ev.VoiceFinished, ev.PlayoutStarted, ev.MarkPlayed, ev.UsageReported, ev.ReplyText)
"""Events that never silence an agent."""


def _may_be_interrupted(line: Line) -> bool:
    ordinary = line.purpose in ("reply", "welcome", "silence")
    return line.audible > 0 and ordinary and not line.ending and not line.machine


class _Stretch:
    """The caller's words over what is audible, since the caller paused."""

    def __init__(self) -> None:
        self.words: set[str] = set()
        self._seen: set[str] = set()
        self._finals: set[int] = set()
        self._begun: dict[int, int] = {}  # segment -> what was heard when its first words were told
        self._told_us = 0

    def over(self, event: ev.TranscriptPartial | ev.TranscriptFinal, line: Line) -> int:
        """How many words are said over what is audible: all of the segment's are new ones, and begun over it; else 0."""
        stale = event.segment in self._finals
        if isinstance(event, ev.TranscriptFinal):
            self._finals.add(event.segment)
        new = new_words(event, self._seen)
        if not event.text:
            return 0
        begun = self._begun.setdefault(event.segment, line.audible if line.playing_us >= 0 else 0)
        if event.at_us - self._told_us > PAUSE_MS * 1000:
            self.words.clear()
        self.words.update(new)
        self._told_us = event.at_us
        words = event.text.split()
        if stale or not new or begun != line.audible or len(numbered(event.text)) < len(words):
            return 0
        return len(self.words.intersection(words))
