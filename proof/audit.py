"""What must hold in every simulated conversation."""

from __future__ import annotations

from callwright.conversation.log import canonical, values_of
from callwright.lab.trace import Trace
from proof.judges.caller import judge_keys, judge_words
from proof.judges.ending import judge_ending
from proof.judges.manners import judge_manners
from proof.judges.memory import judge_heard, judge_history
from proof.judges.turns import judge_answers, judge_interruptions
from proof.judges.work import judge_tools

JUDGES = (
    *(judge_words, judge_keys, judge_heard, judge_history),
    *(judge_tools, judge_answers, judge_interruptions, judge_manners),
)


def audit(trace: Trace, *, voice_tells: bool = False) -> str:
    """The first rule the whole conversation breaks, or nothing. A rule's text has no numbers before its colon.
    ``voice_tells``: the voice reports each clause that it loses, as the real shell does (`call.live.say`)."""
    if trace.broken:
        return trace.broken
    rule = judge_ending(trace, voice_tells=voice_tells)
    return rule or next((found for judge in JUDGES if (found := judge(trace))), "")


def same_effects(first: Trace, second: Trace) -> str:
    """The first difference of two traces' effects, as they would stand in a log, or nothing."""
    left, right = _flat(first), _flat(second)
    for position, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return f"effect {position}: {one} and {other}"
    return "" if len(left) == len(right) else f"{len(left)} effects and {len(right)}"


def _flat(trace: Trace) -> list[str]:
    return [
        f"{type(effect).__name__} {canonical(values_of(effect))}" for _, effects in trace.steps for effect in effects
    ]
