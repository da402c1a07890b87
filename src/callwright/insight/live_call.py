"""A call that goes on, in a few words: who said what last, how long the caller waited, and what the call doctor finds so far."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from callwright.insight.doctor import diagnose
from callwright.insight.doctor_case import Case
from callwright.insight.view import CallView

LINES = 4
"""Lines that are shown of a call."""


@dataclass(frozen=True, slots=True)
class SaidLine:
    """What somebody said, and when. ``who``: caller or agent."""

    who: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LiveFacts:
    """The newest lines, oldest first; turns of the caller; the newest and the longest wait; rules of the doctor with their severities."""

    lines: tuple[SaidLine, ...] = ()
    turns: int = 0
    wait_last_ms: int | None = None
    wait_max_ms: int | None = None
    findings: tuple[tuple[str, str], ...] = ()


def live_facts(view: CallView, *, with_findings: bool = True) -> LiveFacts:
    """The facts of a call as far as its log goes."""
    case = Case(view)
    waits = [one.total_us // 1000 for one in case.latencies]
    rules: dict[str, str] = {}
    for one in sorted(diagnose(view).findings if with_findings else (), key=lambda finding: finding.rank):
        rules.setdefault(one.rule, one.severity)
    return LiveFacts(
        lines=tuple(_lines(case)[-LINES:]),
        turns=len(view.of("UserSaid")),
        wait_last_ms=waits[-1] if waits else None,
        wait_max_ms=max(waits, default=None),
        findings=tuple(rules.items()),
    )


def _lines(case: Case) -> list[SaidLine]:
    began = datetime.fromisoformat(case.view.header.started_at).astimezone(UTC)
    found = [
        SaidLine("caller", str(e.values["text"]), began + timedelta(microseconds=e.at_us))
        for e in case.view.of("UserSaid")
    ]
    # What is being said shows from its first sound on, before anybody knows how far it will be heard.
    for speech in case.line.agent:
        text = speech.text or case.spoken(speech.generation)
        found.append(SaidLine("agent", text, began + timedelta(microseconds=speech.span.from_us)))
    return sorted((one for one in found if one.text), key=lambda one: one.at)
