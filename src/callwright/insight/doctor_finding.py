"""What the call doctor finds: one bad moment, in words with its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from callwright.insight.doctor_rules import RULES, Advice

NOTE, WARNING, BAD = "note", "warning", "bad"
"""Severities. ``bad``: the caller certainly suffered; ``note``: worth knowing."""
_RANK: Mapping[str, int] = {BAD: 0, WARNING: 1, NOTE: 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """One bad moment. ``at_us`` counts from the attempt's beginning as the log does; ``turn`` is None where none is meant.

    ``causes`` are keys of the rule's advice. ``values``: by cause, the value of the setting that would have helped, where it is known.
    """

    rule: str
    severity: str
    at_us: int
    lasted_us: int
    what: str
    causes: tuple[str, ...]
    turn: int | None = None
    values: Mapping[str, int | float] = field(default_factory=dict)

    @property
    def advice(self) -> tuple[Advice, ...]:
        """What to change, most promising first."""
        return tuple(RULES[self.rule].advice[cause] for cause in self.causes)

    @property
    def rank(self) -> tuple[int, int]:
        """Worst first, then longest: what is kept when there are too many."""
        return _RANK[self.severity], -self.lasted_us

    def as_record(self, answered_us: int | None) -> dict[str, Any]:
        """The finding as plain data. ``call_ms`` counts from the attempt's beginning, ``recording_ms`` from the recording's, which is the
        answer; null when it was before."""
        inside = answered_us is not None and self.at_us >= answered_us
        return {
            "rule": self.rule,
            "severity": self.severity,
            "call_ms": self.at_us // 1000,
            "recording_ms": (self.at_us - (answered_us or 0)) // 1000 if inside else None,
            "lasted_ms": self.lasted_us // 1000,
            "turn": self.turn,
            "what": self.what,
            "change": [
                {
                    "setting": a.setting,
                    "path": a.path,
                    "direction": a.direction,
                    "value": self.values.get(cause),
                    "why": a.why,
                }
                for cause, a in zip(self.causes, self.advice, strict=True)
            ],
        }


def in_ms(us: int) -> str:
    """Microseconds as people read them."""
    return f"{us // 1000:,} ms"


def quoted(text: str, longest: int = 80) -> str:
    """Words in quotes, cut when they are many."""
    plain = " ".join(text.split())
    return f'"{plain}"' if len(plain) <= longest else f'"{plain[:longest].rstrip()}..."'


def worst(findings: Sequence[Finding], most: int) -> list[Finding]:
    """At most so many of the findings, the worst, in the order of the call."""
    kept = sorted(findings, key=lambda finding: finding.rank)[:most]
    return sorted(kept, key=lambda finding: (finding.at_us, finding.rank, finding.rule))
