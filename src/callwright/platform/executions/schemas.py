"""Shapes of executions (contract chapter 5), and the query of a list of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field

from callwright.api.reading import MOMENT, AskedQuery, reads
from callwright.api.schemas import Open, Timestamp, example
from callwright.domain.errors import BadInputError
from callwright.domain.fields import Fields
from callwright.domain.limits import MAX_NAME_CHARACTERS, MAX_PAGE_NUMBER, MAX_PAGE_SIZE
from callwright.domain.settings.kinds import text
from callwright.domain.settings.setting import Kind
from callwright.platform.batches.rules.batch import batch_id_in
from callwright.platform.executions.actions.executions import PageRequest, read_cursor
from callwright.platform.executions.example import EXECUTION
from callwright.platform.executions.rules.attempts import MOST_ATTEMPTS
from callwright.platform.executions.rules.changes import ExecutionFilter
from callwright.platform.executions.rules.execution import Status

_STRICT_SPAN = timedelta(days=7)
_VALUES = {"true": True, "1": True, "false": False, "0": False}


def _page_number(given: Fields, name: str) -> int:
    return _number(given, name, MAX_PAGE_NUMBER)


def _attempt_number(given: Fields, name: str) -> int:
    return _number(given, name, MOST_ATTEMPTS)


def _number(given: Fields, name: str, most: int) -> int:
    text = given.text(name)
    if not text.isascii() or not text.isdigit() or len(text) > len(str(most)) or not 1 <= int(text) <= most:
        raise BadInputError(f"{name} must be a whole number from 1 to {most}", field=name)
    return int(text)


def among(*allowed: str) -> Kind:
    """One of these texts."""

    def read(given: Fields, name: str) -> str:
        text = given.text(name)
        if text not in allowed:
            raise BadInputError(f"{name} must be one of {', '.join(sorted(allowed))}", field=name)
        return text

    return Kind(", ".join(allowed), {"type": "string", "enum": list(allowed)}, read)


def _name(given: Fields, name: str) -> str:
    text = given.text(name)
    if len(text) > MAX_NAME_CHARACTERS or not text.isprintable():
        raise BadInputError(f"{name} must be at most {MAX_NAME_CHARACTERS} printable characters", field=name)
    return text


def _switch(given: Fields, name: str) -> bool:
    found = _VALUES.get(given.text(name).lower())
    if found is None:
        raise BadInputError(f"{name} must be true or false", field=name)
    return found


_PAGE = Kind("a page", {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_NUMBER}, _page_number)
_ATTEMPT = Kind("an attempt", {"type": "integer", "minimum": 1, "maximum": MOST_ATTEMPTS}, _attempt_number)
NAME = Kind("a text", {"type": "string", "maxLength": MAX_NAME_CHARACTERS}, _name)
SWITCH = Kind("true or false", {"type": "boolean"}, _switch)


class PeriodQuery(AskedQuery):
    """When executions were created."""

    created_from: Annotated[datetime | None, reads(MOMENT)] = Field(
        default=None, alias="from", description="ISO 8601, UTC unless it has an offset."
    )
    created_to: Annotated[datetime | None, reads(MOMENT)] = Field(default=None, alias="to", description="ISO 8601.")

    def check(self, *, strict: bool) -> None:
        """Raises BadInputError. Strict as the hosted service since 2026: ``from`` and ``to`` are required and at most seven days apart."""
        begin, end = self.created_from, self.created_to
        if begin is None or end is None:
            if strict:
                raise BadInputError("from and to are required", field="from")
        elif end < begin:
            raise BadInputError("to must not be before from", field="to")
        elif strict and end - begin > _STRICT_SPAN:
            raise BadInputError("from and to may be at most 7 days apart", field="to")


class ExecutionQuery(PeriodQuery):
    """Which executions of an agent, and which page of them."""

    page_number: Annotated[int, reads(_PAGE)] = Field(default=1, description="From 1.")
    page_size: Annotated[int, reads(_PAGE)] = Field(default=20, description="Larger than 50 is 50.")
    status: Annotated[str | None, reads(among(*Status))] = Field(
        default=None, description="One of the published statuses."
    )
    call_type: Annotated[str | None, reads(among("inbound", "outbound"))] = None
    provider: Annotated[str | None, reads(NAME)] = None
    answered_by_voice_mail: Annotated[bool | None, reads(SWITCH)] = None
    batch_id: Annotated[str | None, reads(NAME)] = Field(default=None, description="In either form.")
    cursor: Annotated[str | None, reads(text())] = Field(
        default=None,
        description="`next_cursor` of an earlier answer: the page behind it, whatever `page_number` says.",
    )

    @property
    def page_request(self) -> PageRequest:
        """The page. Raises BadInputError."""
        narrow = ExecutionFilter(
            status=self.status,
            call_type=self.call_type,
            provider=self.provider,
            answered_by_voice_mail=self.answered_by_voice_mail,
            # What is no id of a batch finds nothing.
            batch_id=None if self.batch_id is None else batch_id_in(self.batch_id) or self.batch_id,
            created_from=self.created_from,
            created_to=self.created_to,
        )
        after = None if self.cursor is None else read_cursor(self.cursor)
        return PageRequest(self.page_number, min(MAX_PAGE_SIZE, self.page_size), narrow, after)


class AttemptQuery(AskedQuery):
    """Which attempt of an execution."""

    attempt: Annotated[int | None, reads(_ATTEMPT)] = Field(
        default=None, description="From 1; the newest one by default."
    )


class ExecutionView(Open):
    """An execution. Every documented key is present, null when empty; our own keys are under `callwright`."""

    model_config = example(EXECUTION)

    id: str
    agent_id: str
    status: str
    conversation_duration: float = Field(description="Seconds.")
    total_cost: float = Field(description="Cents, exact: the sum of `cost_breakdown`.")
    transcript: str | None
    created_at: Timestamp
    updated_at: Timestamp
    cost_breakdown: dict[str, Any]
    usage_breakdown: dict[str, Any]
    telephony_data: dict[str, Any]
    extracted_data: dict[str, Any] | None
    context_details: dict[str, Any]
    latency_data: dict[str, Any] | None
    callwright: dict[str, Any] = Field(
        description="What is ours. `sandbox`: whether the account is a sandbox; `stand_ins`: what ran there in place"
        " of what the agent wants (`leg`, `wanted`, `used`, `reason`, `remedy`).\n\n"
        "`attempts`: every attempt of a call that is or was retried. `total_cost`, `cost_breakdown` and `usage_breakdown` are those of all"
        " attempts together; everything else is of the newest one. `retry_at`, in the webhook of the status with which an attempt ended:"
        " when the next one is due. Null where that status is final.\n\n"
        "In `turns`, `assistant` is what the caller heard of the agent; `assistant_estimated` is true where that"
        " is an estimate: the voice gave no exact times of words, or nobody could say how far the sound got. Null where nobody"
        " speaks, and in records from before the key.\n\n"
        "`switches`: fallbacks that took over (`kind`, `before`, `after`, `failure`, `message`, `at_ms`). `failure` is null where the"
        " first provider was not asked, because it had failed in other calls."
    )


class ExecutionPage(Open):
    """One page of executions, newest first."""

    model_config = example(
        {"page_number": 1, "page_size": 20, "total": 1, "has_more": False, "next_cursor": None, "data": [EXECUTION]}
    )

    page_number: int
    page_size: int
    total: int
    has_more: bool
    next_cursor: str | None = Field(
        default=None, description="Send it as `cursor` for the next page; null on the last."
    )
    data: list[ExecutionView]


class DecisionView(Open):
    """A decision whether a number may be dialled."""

    at: Timestamp
    step: str = Field(description="`admission`, `dialling` or `transfer`.")
    attempt: int
    verdict: str = Field(description="`dial`, `wait` (until `until`) or `never`.")
    rule: str = Field(description="The rule that decided, such as `agent_hours` or `suppressed`.")
    reason: str
    until: Timestamp | None
    inputs: dict[str, Any] = Field(description="What the decision was made from. It does not hold the number.")
    version: str = Field(description="Versions of the calling policy, the country's rule file and the number plan.")


class DecisionsAnswer(Open):
    """The decisions about an execution, oldest first."""

    model_config = example(
        {
            "execution_id": "0c62bce5-0900-4ba2-8d9b-fe63144a5017",
            "data": [
                {
                    "at": "2027-01-12T21:14:07.402118+00:00",
                    "verdict": "wait",
                    "rule": "agent_hours",
                    "reason": "the calling_guardrails of the agent are over or have not begun where the person is",
                    "until": "2027-01-13T08:00:00+00:00",
                    "step": "admission",
                    "attempt": 0,
                    "inputs": {
                        "number_kind": "usual",
                        "country": "DE",
                        "time_zones": ["Europe/Berlin"],
                        "agent_hours": [9, 21],
                    },
                    "version": "policy 0, numbers 9.0.43",
                }
            ],
        }
    )

    execution_id: str
    data: list[DecisionView]


class LogEntry(Open):
    """One line of the raw log."""

    created_at: Timestamp
    type: str
    component: str
    provider: str
    data: str


class LogAnswer(Open):
    """The raw log of a call."""

    model_config = example(
        {
            "status": "success",
            "data": [
                {
                    "created_at": "2026-11-24T16:31:14.918475+00:00",
                    "type": "response",
                    "component": "transcriber",
                    "provider": "scripted",
                    "data": "Goodbye.",
                },
                {
                    "created_at": "2026-11-24T16:31:14.961650+00:00",
                    "type": "request",
                    "component": "llm",
                    "provider": "scripted",
                    "data": "Goodbye.",
                },
            ],
        }
    )

    status: str
    data: list[LogEntry]


class DoctorAdvice(Open):
    """One setting to change."""

    setting: str
    path: str | None = Field(
        default=None,
        description="Where it stands in the agent, for `settings` of a what-if; null where it is no single value of it.",
    )
    direction: str = Field(description="lower, raise, change, or check: nothing of the agent would help, look there.")
    value: float | None = Field(
        default=None,
        description="The value that would have helped in this call, in the unit of the setting; null where the log does not tell one.",
    )
    why: str


class DoctorFinding(Open):
    """One bad moment of a call."""

    rule: str
    severity: str = Field(description="bad, warning or note.")
    call_ms: int = Field(description="Since the attempt began, as in the log.")
    recording_ms: int | None = Field(description="In the recording, which begins at the answer; null before it.")
    lasted_ms: int
    turn: int | None
    what: str
    change: list[DoctorAdvice]


class DoctorAnswer(Open):
    """What the call doctor found. `failed` instead when the log could not be examined."""

    model_config = example(
        {
            "findings": [
                {
                    "rule": "one_way_audio",
                    "severity": "bad",
                    "call_ms": 10170,
                    "recording_ms": 10010,
                    "lasted_ms": 0,
                    "turn": None,
                    "what": "The caller could not be heard (no_audio_from_caller).",
                    "change": [
                        {
                            "setting": "the line",
                            "path": None,
                            "direction": "check",
                            "value": None,
                            "why": "nothing but digital silence came: NAT, firewall, or a muted microphone",
                        }
                    ],
                }
            ],
            "left_out": 0,
        }
    )

    findings: list[DoctorFinding]
    left_out: int = Field(description="How many more there were, none of them worse.")
