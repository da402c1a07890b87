"""The facts of an execution that lists show, filter and sum: a narrow row beside its record, written when it is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median_low
from typing import Any

from callwright.domain.limits import MAX_SEARCHED_CHARACTERS, MAX_SUMMARY_SHOWN, MAX_SUMMARY_VALUES
from callwright.platform.executions.rules.execution import CHAT, TERMINAL, Execution, Phase
from callwright.platform.suppressions.rules import far_number

_TURN = "turn"
_VALUE_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class ExecutionSummary:
    """What a list tells of an execution. ``number`` is the other side's. ``talk_ms`` is None where nobody spoke: nobody answered, or it is
    a chat.

    ``waits_ms``: how long the caller waited for each answer, in order; none in a chat. ``rules`` and ``severities``: the call doctor's
    findings, the worst of each rule, the worst first. ``dispositions``: of what was found of the call ``name=value``, and ``name=`` to be
    found by the name.
    """

    execution_id: str
    tenant_id: str
    agent_id: str
    created_at: datetime
    status: str
    direction: str
    carrier: str
    number: str
    batch_id: str | None
    answered: bool
    talk_ms: int | None
    turns: int
    interruptions: int
    waits_ms: tuple[int, ...]
    cost_nano: int
    rules: tuple[str, ...]
    severities: tuple[str, ...]
    summary: str | None
    dispositions: tuple[str, ...]
    ended_by: str | None
    ended_reason: str | None
    sandbox: bool
    recorded: bool

    @property
    def answers(self) -> dict[str, str]:
        """The dispositions by name."""
        pairs = (one.partition("=") for one in self.dispositions)
        return {name: value for name, _, value in pairs if value}

    @property
    def wait_p50_ms(self) -> int | None:
        """The median wait, the lower of two, as the totals of a list have it."""
        return median_low(self.waits_ms) if self.waits_ms else None

    @property
    def wait_max_ms(self) -> int | None:
        """The longest wait."""
        return max(self.waits_ms, default=None)


def summary_of(execution: Execution) -> ExecutionSummary:
    """The facts of an execution, from its columns and its record."""
    record = execution.record
    answered = execution.answered_at is not None
    spoken = answered and execution.carrier != CHAT
    turns = [row for row in record.get("turns") or () if row.get("part") == _TURN]
    stats = (record.get("latency_data") or {}).get("interruption_stats") or {}
    waits = [int(row["latency_us"]["total"]) // 1000 for row in turns if row.get("latency_us")]
    findings = list(_findings(record.get("doctor") or {}))
    text = record.get("summary")
    return ExecutionSummary(
        execution_id=execution.id,
        tenant_id=execution.tenant_id,
        agent_id=execution.agent_id,
        created_at=execution.created_at,
        status=execution.status.value,
        direction=execution.direction,
        carrier=execution.carrier,
        number=far_number(execution),
        batch_id=execution.batch_id,
        answered=answered,
        talk_ms=int(record.get("conversation_ms") or 0) if spoken else None,
        turns=len(turns),
        interruptions=int(stats.get("user_interrupted_agent_count") or 0),
        waits_ms=tuple(waits[:MAX_SUMMARY_VALUES]) if spoken else (),
        cost_nano=execution.total_cost_nano,
        rules=tuple(rule for rule, _ in findings),
        severities=tuple(severity for _, severity in findings),
        summary=None if not text else str(text)[:MAX_SUMMARY_SHOWN],
        dispositions=tuple(_dispositions(record.get("extracted_data") or {}))[:MAX_SUMMARY_VALUES],
        ended_by=execution.hangup_by,
        ended_reason=execution.hangup_reason or execution.error_message,
        sandbox=bool(record.get("sandbox")),
        recorded=bool(record.get("recording")),
    )


def searched_text(execution: Execution) -> str:
    """The text whose words a search finds: the summary, the reason of the end and the conversation without its roles, up to a limit."""
    record = execution.record
    said = (line.partition(": ")[2] for line in str(record.get("transcript") or "").splitlines())
    parts = (record.get("summary"), execution.hangup_reason or execution.error_message, *said)
    return "\n".join(str(part) for part in parts if part)[:MAX_SEARCHED_CHARACTERS]


def changed_summary(before: Execution, after: Execution) -> ExecutionSummary | None:
    """The facts to write for a change, or None where none are, or they and the searched text stay as they are."""
    if after.phase is not Phase.DONE:
        return None
    found = summary_of(after)
    same = before.phase is Phase.DONE and summary_of(before) == found and searched_text(before) == searched_text(after)
    return None if same else found


def _findings(doctor: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each rule once, with its worst severity; the worst first."""
    worst: dict[str, str] = {}
    for one in doctor.get("findings") or ():
        rule, severity = str(one["rule"]), str(one["severity"])
        if rule not in worst or _RANK.get(severity, 9) < _RANK.get(worst[rule], 9):
            worst[rule] = severity
    yield from sorted(worst.items(), key=lambda found: _RANK.get(found[1], 9))


_RANK = {"bad": 0, "warning": 1, "note": 2}


def _dispositions(extracted: Mapping[str, Any]) -> Iterator[str]:
    for group in extracted.values():
        if not isinstance(group, Mapping):
            continue
        for name, result in group.items():
            if isinstance(result, Mapping):
                value = result.get("objective") or result.get("subjective")
                if isinstance(value, str) and value and "=" not in str(name):
                    yield from (f"{name}=", f"{name}={value}"[:_VALUE_CHARACTERS])


@dataclass(frozen=True, slots=True)
class AgentFigures:
    """Figures of the executions of one agent that are done. ``with_findings``: how many have findings of the call doctor.
    ``wait_p50_ms``: the median of all waits, within 5 %; None where nobody waited."""

    calls: int = 0
    answered: int = 0
    cost_nano: int = 0
    with_findings: int = 0
    wait_p50_ms: int | None = None


@dataclass(frozen=True, slots=True)
class SummaryFilter:
    """What a list of an account is narrowed to; None means any. ``statuses`` is empty for any.

    ``text`` is looked for in numbers, ids, summaries, reasons and conversations. ``findings``: with some, or with none.
    """

    agent_id: str | None = None
    statuses: tuple[str, ...] = ()
    direction: str | None = None
    batch_id: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    text: str | None = None
    disposition: str | None = None
    rule: str | None = None
    findings: bool | None = None
    min_wait_ms: int | None = None
    min_cost_nano: int | None = None

    @property
    def is_summed(self) -> bool:
        """Whether sums per day can tell the totals."""
        narrow = (self.batch_id, self.text, self.disposition, self.rule, self.min_wait_ms, self.min_cost_nano)
        return all(one is None for one in narrow)

    @property
    def is_of_done(self) -> bool:
        """Whether only executions that are done can match."""
        facts = (self.disposition, self.rule, self.findings, self.min_wait_ms, self.min_cost_nano)
        return any(one is not None for one in facts)


@dataclass(frozen=True, slots=True)
class SummaryTotals:
    """Figures of all executions that a filter lets through. ``by_status`` disregards the filter's own statuses.

    ``exact``: the two waits are, and not only within 5 %. ``complete``: all executions were looked at.
    """

    calls: int = 0
    answered: int = 0
    talk_ms: int = 0
    cost_nano: int = 0
    with_findings: int = 0
    wait_p50_ms: int | None = None
    wait_p95_ms: int | None = None
    by_status: Mapping[str, int] = field(default_factory=dict)
    exact: bool = True
    complete: bool = True


NEWEST, OLDEST, WAIT, TALK, COST = "newest", "oldest", "wait", "talk", "cost"
"""Orders of a list. In the last three the longest wait, the longest or the dearest is first, and those without such a value are last, the
newest of them first: also all that are not done."""


def order_value(row: ExecutionSummary, order: str) -> datetime | int:
    """What an order goes by in a row: its value, or when it was created."""
    if order in (NEWEST, OLDEST) or row.status not in TERMINAL:
        return row.created_at
    value = {WAIT: row.wait_max_ms, TALK: row.talk_ms, COST: row.cost_nano or None}[order]
    return row.created_at if value is None else value


@dataclass(frozen=True, slots=True)
class SummaryPage:
    """Which rows of an account: those behind ``after`` (the :func:`order_value` of a row, and its id), at most ``size``."""

    tenant_id: str
    narrow: SummaryFilter
    order: str
    after: tuple[datetime | int, str] | None
    size: int


@dataclass(frozen=True, slots=True)
class LiveRows:
    """The newest executions that are dialled or spoken in, how many there are, and how many wait."""

    rows: Sequence[Execution]
    live: int
    waiting: int
