"""The call doctor on values: which value of a setting would have helped in this call, computed from its log.

Every value is in the unit of its setting and within its range. None where the setting alone would not have helped, or the log does
not tell.
"""

from __future__ import annotations

from collections.abc import Mapping

from callwright.insight.doctor_case import Case
from callwright.insight.doctor_rules import RULES
from callwright.insight.timeline import AgentSpeech, CallerSpeech, Span
from callwright.platform.agent_settings.rules.table import SETTINGS

Value = int | float

_STEP_MS = 100
"""Milliseconds are told in steps of so many: down where a setting is lowered, up where it is raised."""
_HEARD_US = 300_000
"""An answer that begins so long before the caller goes on is heard."""
_DETECTED_US = 400_000
"""So long after a sound began it is known at the latest."""
_RANGES: Mapping[str, tuple[float, float]] = {
    row.key: (row.least, row.most) for row in SETTINGS if row.least is not None and row.most is not None
}


def values(**found: Value | None) -> dict[str, Value]:
    """The values that are known, by cause."""
    return {cause: value for cause, value in found.items() if value is not None}


def in_range(setting: str, value: Value) -> Value | None:
    """``value`` if the setting takes it."""
    least, most = _RANGES[setting.removeprefix("tools_config.")]
    return value if least <= value <= most else None


def sooner(case: Case, cause: str, part_us: int, excess_us: int, taken_us: int) -> Value | None:
    """For a reply that came ``excess_us`` too late because of ``cause``, which took ``part_us`` of the wait. ``taken_us``: when the turn
    was taken."""
    if part_us <= excess_us:
        return None  # something else was slow as well
    match cause:
        case "hold":
            return less("task_config.incremental_delay", int(case.plan("incremental_delay_ms")), excess_us)
        case "backoff":
            return less("task_config.interruption_backoff_period", int(case.plan("backoff_ms")), excess_us)
        case "endpointing":
            return less("tools_config.transcriber.endpointing", int(case.plan("endpointing_ms")), excess_us)
        case "keys":
            tenths = (int(case.plan("keys_pause_ms")) - _ceiling(excess_us, 1_000)) // 100
            return in_range("task_config.dtmf_timeout", tenths / 10)
        case "end_of_turn":
            # A pause may be a multiple of the setting, by what was asked: it shrinks with it, and the rest of the part does not.
            pause_us = min(part_us, patience_us(case, taken_us))
            ms = int(case.plan("patience_ms")) * (pause_us - excess_us) // pause_us
            return in_range("task_config.patience", ms // _STEP_MS * _STEP_MS)
    return None


def released_in(case: Case, cause: str, pause: Span, generation: int) -> Value | None:
    """For an answer that was ready in a pause of the caller and was held back until they went on (``hold``, ``backoff``)."""
    ready = [e.at_us for e in case.view.of("VoiceReady") if e.values["generation"] == generation]
    latest_us = pause.to_us - _HEARD_US
    if not ready or not pause.from_us <= ready[0] <= latest_us:
        return None
    if cause == "hold":
        setting, now_ms, from_us = (
            "task_config.incremental_delay",
            int(case.plan("incremental_delay_ms")),
            pause.from_us,
        )
    elif cause == "backoff":
        cut = [e.at_us for e in case.view.of("Clear") if e.at_us < pause.to_us]
        setting, now_ms = "task_config.interruption_backoff_period", int(case.plan("backoff_ms"))
        from_us = max([pause.from_us, *cut[-1:]])
    else:
        return None
    ms = (latest_us - from_us) // 1000 // _STEP_MS * _STEP_MS
    return in_range(setting, ms) if ms < now_ms else None


def later(case: Case, reply: AgentSpeech, before: CallerSpeech, again: CallerSpeech) -> dict[str, Value]:
    """By cause, for a reply that began in a pause: the caller's going on would have been known before it began."""
    zero_us = case.view.audio_began_us
    told = (
        e for e in case.view.of("ActivityBegan") if zero_us + int(e.values["audio_ms"]) * 1000 >= again.span.from_us
    )
    known_us = next((e.at_us for e in told), again.span.from_us + _DETECTED_US)
    needed_us = max(known_us, reply.span.from_us) - before.span.to_us
    ms = _ceiling(needed_us + 1, _STEP_MS * 1000) * _STEP_MS
    patience = int(case.plan("patience_ms"))
    taken = [e.at_us for e in case.view.of("CloseUtterance") if before.span.to_us < e.at_us <= reply.span.from_us]
    # A pause may be a multiple of the setting, by what was asked: it grows with it.
    paused_us = (taken[-1] if taken else reply.span.from_us) - before.span.to_us
    enough = _ceiling(patience * needed_us, paused_us * _STEP_MS) * _STEP_MS + _STEP_MS
    by_patience = paused_us >= patience_us(case, reply.span.from_us)
    # Without a turn model silence decides, at the latest when patience is over.
    outlasted = not case.plan("turn_model") and patience < ms
    endpointing = int(case.plan("endpointing_ms"))
    return values(
        floor=_more("task_config.incremental_delay", int(case.plan("incremental_delay_ms")), ms),
        patience=_more("task_config.patience", patience, enough) if by_patience else None,
        endpointing=None if outlasted else _more("tools_config.transcriber.endpointing", endpointing, ms),
    )


def patience_us(case: Case, at_us: int) -> int:
    """How long a pause the caller could make up to a moment, before it was the end of their turn by itself. What is told at the very moment
    is for the next turn."""
    told = [int(e.values["silence_ms"]) for e in case.view.of("SetPatience") if e.at_us < at_us]
    return (told[-1] if told else int(case.plan("patience_ms"))) * 1000


def fewer_words(case: Case, caller: CallerSpeech) -> Value | None:
    """For an agent that went on over the caller: they said more words than this. Never 0, at which no words interrupt."""
    most = min(len(caller.text.split()), int(case.plan("words_to_interrupt"))) - 1
    return most if most >= 1 else None


def more_words(case: Case, cut_seq: int) -> Value | None:
    """For an agent that was cut for nothing: so many words were heard. None where fewer cut it than the setting asks for: a stop phrase."""
    heard = [e for e in case.view.of("TranscriptPartial", "TranscriptFinal") if e.seq < cut_seq]
    words = len(str(heard[-1].values["text"]).split()) if heard else 0
    return _more("task_config.number_of_words_for_interruption", int(case.plan("words_to_interrupt")), words)


def one_more_turn(case: Case) -> Value | None:
    """Seconds for a call that its longest duration ended: room for one more turn, as long as the longest of this call."""
    zero_us, line = case.view.audio_began_us, case.line
    begun = {int(e.values["turn"]): zero_us + int(e.values["from_ms"]) * 1000 for e in case.view.of("UserSaid")}
    turns = [one.span.from_us + _whole_us(case, one) - begun[one.turn] for one in line.agent if one.turn in begun]
    if not turns:
        return None
    seconds = _ceiling(line.ended_us - line.answered_us + max(turns), 10_000_000) * 10
    return _more("task_config.call_terminate", int(case.plan("call_terminate_ms")) // 1000, seconds)


def sooner_seconds(setting: str, now_ms: int, limit: str) -> Value | None:
    """Whole seconds for a setting that ends a silence: less than the doctor's own limit of a silence."""
    seconds = (RULES["dead_air"].limit(limit) - 1) // 1000
    return in_range(setting, seconds) if seconds * 1000 < now_ms else None


def _whole_us(case: Case, speech: AgentSpeech) -> int:
    """How long a reply lasts. Of one that was cut, by the share of its words that was heard."""
    heard, whole = len(speech.text), len(case.spoken(speech.generation))
    return speech.span.lasted_us * max(heard, whole) // heard if speech.cut and heard else speech.span.lasted_us


def less(setting: str, now_ms: int, excess_us: int) -> Value | None:
    """Milliseconds of a setting that held something up for ``excess_us`` too long."""
    ms = (now_ms * 1000 - excess_us) // 1000 // _STEP_MS * _STEP_MS
    return in_range(setting, ms) if ms < now_ms else None


def _more(setting: str, now: int, needed: int) -> Value | None:
    return in_range(setting, needed) if needed > now else None


def _ceiling(number: int, by: int) -> int:
    return -(-number // by)
