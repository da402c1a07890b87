"""What the caller gave is kept: words and keys."""

from __future__ import annotations

import re
import string
from collections import Counter

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.lab.trace import Trace
from proof.judges.reading import numbered, plan_of

KEPT_IN_NOTES = frozenset(
    {
        "back_channel",
        "echo",
        "words_revised",
        "words_unconfirmed",
        "discarded_words",
        "words_before_answer",
        "words_after_end",
        "utterance_cut",
    }
)
"""Kinds of notes that hold a caller's words no turn has."""

_ENTRY = re.compile(r"dtmf_number: ([0-9*#A-D]+)")
_MARKS = string.punctuation + "।"


def judge_words(trace: Trace) -> str:
    """The caller's words are never lost, are in one turn, and no turn has others."""
    finals: dict[int, str] = {}
    heard: set[str] = set()
    kept: set[str] = set()
    turns: dict[str, int] = {}
    for event, effects in trace.steps:
        if isinstance(event, ev.TranscriptPartial | ev.TranscriptFinal):
            heard.update(numbered(event.text))
        if isinstance(event, ev.TranscriptFinal):
            finals[event.segment] = event.text
        for effect in effects:
            if isinstance(effect, fx.UserSaid) or (isinstance(effect, fx.Note) and effect.kind in KEPT_IN_NOTES):
                kept.update(map(_bare, effect.text.split()))
            if not isinstance(effect, fx.UserSaid):
                continue
            for word in numbered(effect.text):
                if word not in heard:
                    return f"a turn has words that were said: {word} in turn {effect.turn}"
                if turns.setdefault(word, effect.turn) != effect.turn:
                    return f"a caller's words are in one turn: {word} again in turn {effect.turn}"
    lost = [word for text in finals.values() for word in text.split() if _bare(word) not in kept]
    return f"a caller's words are never lost: {lost[:5]}" if lost else ""


def _bare(word: str) -> str:
    """A word without its marks: the recogniser may write others the next time."""
    return word.strip(_MARKS).casefold()


def judge_keys(trace: Trace) -> str:
    """Every key pressed is part of an entry or in a note of its own; a finishing key may be used up."""
    pressed: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    turns: dict[int, str] = {}
    for event, effects in trace.steps:
        if isinstance(event, ev.KeyPressed):
            pressed[event.key] += 1
        for effect in effects:
            if isinstance(effect, fx.Note) and effect.kind == "key":
                kept[effect.text] += 1
            elif isinstance(effect, fx.UserSaid):
                turns[effect.turn] = effect.text  # the last turn may be told again
            elif isinstance(effect, fx.Note) and effect.kind in KEPT_IN_NOTES:
                kept.update("".join(_ENTRY.findall(effect.text)))
    kept.update("".join(key for text in turns.values() for key in _ENTRY.findall(text)))
    end = plan_of(trace).keys_end
    lost = [key for key in pressed if key != end and pressed[key] != kept[key]]
    return f"a caller's keys are never lost: {lost}" if lost else ""
