"""The call doctor on what stands behind the conversation: tools, providers, money, and our own rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from callwright.conversation.log import Entry
from callwright.insight.doctor_case import Case
from callwright.insight.doctor_finding import BAD, NOTE, WARNING, Finding, in_ms, quoted
from callwright.insight.doctor_rules import RULES
from callwright.insight.provider_failures import BLOCKED, OF_TOOLS, UNANSWERED, ProviderSwitch, switches_of
from callwright.insight.timeline import Span
from callwright.insight.usage import WASTE
from callwright.insight.wholeness import wholeness

_SEVERITY: Mapping[str, str] = {"transcriber": BAD, "model": WARNING, "voice": WARNING, "turn": NOTE, "tool": WARNING}
_SHOWN_CHARACTERS = 240
_ENDS: Mapping[str, str] = {"model": "llm_error", "voice": "synthesizer_error"}
"""The reason of the hang-up when the failure of a kind of provider ended the call."""
_WAITS: Mapping[str, tuple[str, str]] = {
    "tool_loops": ("tools", "The model asked for more tools than a turn may have."),
    "voice_stalled": ("voice", "The voice stopped in the middle of what it was asked to say."),
    "mark_missing": ("carrier", "The line never said that a reply had been played."),
    "cleared_missing": ("carrier", "The line never said how far a reply had been played when it was silenced."),
    "leg_unconfirmed": ("carrier", "The line was hung up and never said so."),
}
"""Notes of the core that tell of a wait it gave up, or of tools it did not call: kind -> (cause, what happened). Those of a provider are in
``provider_failures``. ``voice_stalled`` is a ``voice_failed`` of which neither the voice nor another note says why."""


def slow_tool(case: Case) -> Iterator[Finding]:
    """Tools that took long, or never answered."""
    rule = RULES["slow_tool"]
    for call, result in case.tools:
        ended_us = case.line.ended_us if result is None else result.at_us
        lasted = Span(call.at_us, max(call.at_us, ended_us))
        if lasted.lasted_us < rule.limit("warn_ms") * 1000:
            continue
        spoken = not case.plan("written")
        silent_us = lasted.lasted_us - _spoken_us(case, lasted)
        quiet = f"; the caller heard nothing for {in_ms(silent_us)} of it" if silent_us >= 1_000_000 and spoken else ""
        name = str(call.values["name"])
        if result is None:
            what, cause = f"The tool {name} gave no answer in {in_ms(lasted.lasted_us)}{quiet}.", "never"
        else:
            what, cause = f"The tool {name} took {in_ms(lasted.lasted_us)}{quiet}.", "slow"
        severity = BAD if lasted.lasted_us >= rule.limit("bad_ms") * 1000 else WARNING
        yield Finding(rule.name, severity, call.at_us, lasted.lasted_us, what, (cause,), int(call.values["turn"]))


def failed_tool(case: Case) -> Iterator[Finding]:
    """Tools that answered with an error, and those whose calls were refused again and again: each once, with how often. A tool that failed
    as a provider does, or whose answer the model no longer waited for, is told of elsewhere."""
    told = {int(e.values["request"]) for e in case.view.of("CancelTool")}
    told |= {int(e.values["request"]) for e in case.view.of("ProviderFailed") if e.values["kind"] == "tool"}
    blocked_requests = {int(e.values["request"]) for e in case.view.of("tool_request") if e.values.get("blocked")}
    failed: dict[str, list[tuple[Entry, str]]] = {}
    blocked: dict[str, list[tuple[Entry, str]]] = {}
    for call, result in case.tools:
        if result is None or result.at_us >= case.line.ended_us:
            continue  # the call ended before it answered
        request = int(call.values["request"])
        if not result.values["ok"] and request not in told:
            found = blocked if request in blocked_requests else failed
            found.setdefault(str(call.values["name"]), []).append((result, str(result.values["result"])))
    refused: dict[str, list[tuple[Entry, str]]] = {}
    for note in case.view.of("Note"):
        if note.values["kind"] == "tool_refused":
            name, _, why = str(note.values["text"]).partition(": ")
            refused.setdefault(name, []).append((note, why))
    yield from _often_failed(case, "error", "The tool {} answered with an error", failed, 1)
    yield from _often_failed(case, BLOCKED, "The tool {} was never asked", blocked, 1)
    least = RULES["failed_tool"].limit("refused_times")
    yield from _often_failed(case, "refused", "The model's calls of the tool {} were refused", refused, least)


def _often_failed(
    case: Case, cause: str, what: str, found: Mapping[str, list[tuple[Entry, str]]], least: int
) -> Iterator[Finding]:
    """A finding for each tool of ``found`` that is there so often, with its first turn and the newest reason."""
    for name, failures in found.items():
        if len(failures) >= least:
            times = [entry.at_us for entry, _ in failures]
            text = f"{what.format(name)}{_often(times)}: {quoted(failures[-1][1], _SHOWN_CHARACTERS)}."
            turn = case.turn_of(failures[0][0])
            yield Finding("failed_tool", WARNING, times[0], times[-1] - times[0], text, (cause,), turn)


def _spoken_us(case: Case, span: Span) -> int:
    return sum(span.shared_us(sound) for speech in case.line.agent for sound in speech.sounds)


def provider_failed(case: Case) -> Iterator[Finding]:
    """Failures of providers, and waits for them that were given up. The same failure is told once, with how often it came."""
    ended = {str(e.values["reason"]) for e in case.view.of("HangUp")}
    for group in case.failures.groups.values():
        kind, _, failure = group.first.key
        if failure == UNANSWERED or (kind == "tool" and failure in OF_TOOLS):
            continue  # told by withdrawn_reply, dead_air and failed_tool
        cause = kind if kind in RULES["provider_failed"].advice else "carrier"
        severity = BAD if _ENDS.get(kind) in ended else _SEVERITY.get(kind, WARNING)
        times = group.times_us
        yield Finding(
            "provider_failed", severity, times[0], times[-1] - times[0], group.sentence, (cause,), group.first.turn
        )
    yield from _given_up(case)


def provider_switched(case: Case) -> Iterator[Finding]:
    """Fallbacks that took over: each pair of providers once, with how often."""
    groups: dict[tuple[str, str, str, str], list[ProviderSwitch]] = {}
    for one in switches_of(case.view):
        groups.setdefault((one.kind, one.before, one.after, one.failure), []).append(one)
    for found in groups.values():
        first, last = found[0], found[-1]
        often = f" It happened {len(found)} times in the call." if len(found) > 1 else ""
        lasted_us, cause = last.at_us - first.at_us, first.failure or "avoided"
        yield Finding("provider_switched", WARNING, first.at_us, lasted_us, first.sentence + often, (cause,))


def _given_up(case: Case) -> Iterator[Finding]:
    times: dict[str, list[Entry]] = {}
    told_us = {e.at_us for e in case.view.of("ProviderFailed") if e.values["kind"] == "voice"}
    told_us |= {e.at_us for e in case.view.of("Note") if e.values["kind"] == "voice_timeout"}
    for entry in case.view.of("Note"):
        kind = str(entry.values["kind"])
        if kind == "voice_failed" and entry.at_us not in told_us:
            kind = "voice_stalled"
        if kind in _WAITS:
            times.setdefault(kind, []).append(entry)
    for kind, notes in times.items():
        when, turn = [note.at_us for note in notes], case.turn_of(notes[0])
        cause, what = _WAITS[kind]
        severity = NOTE if cause == "carrier" else WARNING
        often = f" {len(when)} times in the call." if len(when) > 1 else ""
        yield Finding("provider_failed", severity, when[0], when[-1] - when[0], what + often, (cause,), turn)
    for entry in case.view.of("carrier_failed"):
        what = f"The line failed: {entry.values.get('message', '')}."
        yield Finding("provider_failed", WARNING, entry.at_us, 0, what, ("carrier",))


def _often(times: list[int]) -> str:
    return "" if len(times) == 1 else f" {len(times)} times"


def withdrawn_work(case: Case) -> Iterator[Finding]:
    """Money for replies nobody heard."""
    rule, cost = RULES["withdrawn_work"], case.cost
    if cost is None:
        return
    wasted = _sum(cost.parts.get(WASTE, {}))
    whole = _sum(cost.legs)
    if wasted < rule.limit("nano_cents") or wasted * 100 < whole * rule.limit("percent"):
        return
    reasons = [str(e.values["reason"]) for e in case.view.of("Withdrawn")]
    guesses = sum(1 for reason in reasons if reason == "caller_continued")
    cause = "speculation" if case.view.of("Speculative") and guesses * 2 >= len(reasons) else "interruptions"
    what = (
        f"{wasted * 100 // whole} % of the cost of model and voice, {wasted / 1e9:.3f} cents, went into {len(reasons)} replies"
        " that were given up."
    )
    yield Finding(rule.name, WARNING, case.line.answered_us, 0, what, (cause,))


def _sum(legs: Mapping[str, int]) -> int:
    return int(legs.get("llm", 0)) + int(legs.get("synthesizer", 0))


def cut_recording(case: Case) -> Iterator[Finding]:
    """The disk took the call's audio only up to a moment that is not known here."""
    recording = case.view.last("recording")
    lost = "" if recording is None else str(recording.values.get("lost") or "")
    if recording is not None and lost:
        what = f"The recording ends before the call does, because it could not be written: {lost}."
        yield Finding("cut_recording", WARNING, recording.at_us, 0, what, ("disk",))


def broken_rule(case: Case) -> Iterator[Finding]:
    """The core broke one of its own rules: never the caller's or the agent's fault."""
    for entry in case.view.of("broken_invariant"):
        what = f"The conversation was ended by a defect of ours: {entry.values.get('message', '')}."
        yield Finding("broken_rule", BAD, entry.at_us, 0, what, ("report",))


def broken_log(case: Case) -> Iterator[Finding]:
    """The log has no end, or a hole: the other rules judge what is left of it."""
    lacks = wholeness(case.view)
    if not lacks.has_all:
        at_us = max(lacks.gaps[0].at_us if lacks.gaps else 0, case.line.answered_us)
        yield Finding(
            "broken_log", WARNING, at_us, 0, f"The log of the call is not whole: {lacks.missing()}.", ("gap",)
        )
    if case.over is False or lacks.breaks_off_us is None:
        return
    after = f"{in_ms(max(0, lacks.breaks_off_us - case.line.answered_us))} after the answer"
    if case.over:
        what = f"The log of the call breaks off {after}, without an end of the call."
        yield Finding("broken_log", WARNING, lacks.breaks_off_us, 0, what, ("breaks_off",))
    else:
        what = f"The last entry of the log is {after}, and no end of the call is in it."
        yield Finding("broken_log", NOTE, lacks.breaks_off_us, 0, what, ("no_end",))
