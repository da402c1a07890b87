"""The call doctor: what went wrong in a call, when, and which setting to change. Rules over the log, no model.

The rules are the table in ``doctor_rules``; docs/reference/doctor.md shows it. A call without findings had none of
these faults, which is not to say that what was said made sense: of all words only days and clock times are understood.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from callwright.domain.limits import MAX_DOCTOR_FINDINGS
from callwright.insight.cost import CallCost
from callwright.insight.doctor_case import Case
from callwright.insight.doctor_finding import Finding, worst
from callwright.insight.doctor_line import line_faults, recogniser_drop_out
from callwright.insight.doctor_rules import RULES
from callwright.insight.doctor_services import (
    broken_log,
    broken_rule,
    cut_recording,
    failed_tool,
    provider_failed,
    provider_switched,
    slow_tool,
    withdrawn_work,
)
from callwright.insight.doctor_silence import dead_air
from callwright.insight.doctor_times import wrong_time
from callwright.insight.doctor_turns import (
    early_cut,
    echo,
    false_interruption,
    hung_up_mid_sentence,
    loop,
    missed_answer,
    slow_reply,
    talk_over,
)
from callwright.insight.doctor_withdrawn import withdrawn_reply
from callwright.insight.timeline import Span
from callwright.insight.view import CallView

_CHECKS: tuple[Callable[[Case], Iterator[Finding]], ...] = (
    slow_reply,
    slow_tool,
    failed_tool,
    early_cut,
    talk_over,
    false_interruption,
    echo,
    loop,
    missed_answer,
    withdrawn_reply,
    wrong_time,
    recogniser_drop_out,
    hung_up_mid_sentence,
    provider_failed,
    provider_switched,
    withdrawn_work,
    line_faults,
    cut_recording,
    broken_rule,
    broken_log,
)
_OF_CHATS = (
    *(slow_tool, failed_tool, loop, wrong_time),
    *(provider_failed, provider_switched, withdrawn_work, broken_rule, broken_log),
)
"""What can go wrong in writing: nobody is heard, and nobody minds a pause."""
_EXPLAINS_SILENCE = frozenset({"slow_reply", "slow_tool", "missed_answer", "withdrawn_reply"})
"""Rules whose finding is the explanation of a silence: it is not told a second time as dead air."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The findings in the order of the call, at most MAX_DOCTOR_FINDINGS, the worst; ``left_out`` is how many more there were."""

    answered_us: int | None
    findings: tuple[Finding, ...]
    left_out: int

    def as_record(self) -> dict[str, Any]:
        """The diagnosis as plain data: the ``callwright.doctor`` of an execution."""
        return {"findings": [one.as_record(self.answered_us) for one in self.findings], "left_out": self.left_out}


def diagnose(view: CallView, cost: CallCost | None = None, *, over: bool | None = False) -> Diagnosis:
    """Examine a call. Without ``cost`` nothing is said of money. A call nobody answered has no findings but failures. ``over``: the call
    has ended, and its log should have, too; None where nobody knows whether it has."""
    case = Case(view, cost, over)
    if view.answered_us is None:
        findings = [*provider_failed(case), *provider_switched(case), *broken_rule(case)]
    elif case.plan("written"):
        findings = [finding for check in _OF_CHATS for finding in check(case)]
    else:
        findings = [finding for check in _CHECKS for finding in check(case)]
        explained = [Span(f.at_us, f.at_us + f.lasted_us) for f in findings if f.rule in _EXPLAINS_SILENCE]
        findings += dead_air(case, explained)
    kept = worst(findings, MAX_DOCTOR_FINDINGS)
    return Diagnosis(view.answered_us, tuple(kept), len(findings) - len(kept))


def examined(view: CallView, cost: CallCost | None = None, *, over: bool | None = False) -> dict[str, Any]:
    """The diagnosis as plain data. A log the doctor cannot make sense of costs its own findings and never the record they are part of:
    ``failed`` then says why."""
    try:
        return diagnose(view, cost, over=over).as_record()
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        return {"findings": [], "left_out": 0, "failed": f"{type(error).__name__}: {error}"}


def as_text(diagnosis: dict[str, Any]) -> list[str]:
    """A diagnosis (as its record) in lines for people."""
    findings, left_out = diagnosis["findings"], diagnosis["left_out"]
    if "failed" in diagnosis:
        return [f"this call could not be examined: {diagnosis['failed']}"]
    if not findings:
        return ["nothing to complain about"]
    lines: list[str] = []
    for one in findings:
        rule = RULES.get(one["rule"])
        title = one["rule"] if rule is None else rule.title
        turn = "" if one["turn"] is None else f", turn {one['turn']}"
        lines += [f"{_clock(one)}  {one['severity']:<7}  {title}{turn}", f"  {one['what']}"]
        lines += [f"  {a['direction']} {a['setting']}{_to(a.get('value'))}: {a['why']}" for a in one["change"]]
    if left_out:
        lines.append(f"and {left_out} more, none of them worse")
    return lines


def _to(value: int | float | None) -> str:
    """The value of an advice, where it has one."""
    return "" if value is None else f" to {value:,}"


def _clock(finding: dict[str, Any]) -> str:
    """Where in the recording, or in the call when there is none yet."""
    at_ms = finding["recording_ms"]
    if at_ms is None:
        return f"call {finding['call_ms'] / 1000:7.1f} s"
    minutes, ms = divmod(int(at_ms), 60_000)
    return f"{minutes:02}:{ms / 1000:04.1f}"
