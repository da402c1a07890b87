"""The call doctor on answers that were ready and not heard yet: what they waited for."""

from __future__ import annotations

from collections.abc import Iterator

from callwright.insight.doctor_case import Case
from callwright.insight.timeline import COVER_US, Span


def held_back(case: Case, from_us: int, ready: Span) -> dict[str, int]:
    """How long an answer that was ready waited for what, in microseconds. ``from_us``: the caller's last sound, as far as it is answered.

    ``hold``: the agent's ``incremental_delay`` behind the caller's last sound of all; ``backoff``: its pause behind an interruption;
    ``caller``: they made a sound, perhaps of more words, typed, or had the line on hold; ``send``: none of it.
    """
    parts: dict[str, int] = {}
    at_us = ready.from_us
    for cause, until_us in _boundaries(case, from_us, ready.to_us):
        moved_us = max(at_us, min(until_us, ready.to_us))
        parts[cause] = parts.get(cause, 0) + moved_us - at_us
        at_us = moved_us
    return parts


def heard_again_us(case: Case, from_us: int, to_us: int) -> int | None:
    """When the caller was first heard again behind ``from_us``, or did something, up to ``to_us``; None when not."""
    zero_us = case.view.audio_began_us
    signs = [one.span.from_us for one in case.line.caller]
    signs += [e.at_us for e in case.view.of("KeyPressed", "LineHeld")]
    # The last words of a turn may be read a little behind its last sound.
    words = (zero_us + int(e.values["audio_ms"]) * 1000 for e in case.view.of("TranscriptPartial", "TranscriptFinal"))
    signs += [at_us for at_us in words if at_us > from_us + COVER_US]
    return min((at_us for at_us in signs if from_us < at_us <= to_us), default=None)


def _boundaries(case: Case, from_us: int, to_us: int) -> Iterator[tuple[str, int]]:
    """What holds an answer back, in order, and until when."""
    ends = [one.span.to_us for one in case.line.caller] + [e.at_us for e in case.view.of("KeyPressed")]
    ended_us = max((at_us for at_us in ends if from_us < at_us <= to_us), default=from_us)
    gate_us, backoff_us = ended_us + int(case.plan("incremental_delay_ms")) * 1000, _backoff_us(case, from_us, to_us)
    yield "caller", ended_us
    yield ("backoff" if backoff_us > gate_us else "hold"), max(gate_us, backoff_us)
    yield ("send" if heard_again_us(case, from_us, to_us) is None else "caller"), to_us


def _backoff_us(case: Case, from_us: int, to_us: int) -> int:
    """Until when an agent that was interrupted, and has said nothing since, waits before it speaks; 0 for one that was not."""
    acts = [e for e in case.view.of("Clear", "Release") if e.at_us < to_us]
    if not acts or acts[-1].type != "Clear":
        return 0
    return max(from_us, acts[-1].at_us) + int(case.plan("backoff_ms")) * 1000
