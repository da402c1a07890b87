"""Shapes of executions for the API description (contract chapter 5)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from callwright.api.executions.example import EXECUTION
from callwright.api.schemas import Open, example


class ExecutionView(Open):
    """An execution. Every documented key is present, null when empty; our own keys are under `callwright`."""

    model_config = example(EXECUTION)

    id: str
    agent_id: str
    status: str
    conversation_duration: float = Field(description="Seconds.")
    total_cost: float = Field(description="Cents, exact: the sum of `cost_breakdown`.")
    transcript: str | None
    created_at: str = Field(description="Naive ISO 8601, UTC, microseconds.", examples=["2026-11-24T16:31:07.193399"])
    updated_at: str
    cost_breakdown: dict[str, Any]
    usage_breakdown: dict[str, Any]
    telephony_data: dict[str, Any]
    extracted_data: dict[str, Any] | None
    context_details: dict[str, Any]
    latency_data: dict[str, Any] | None
    callwright: dict[str, Any] = Field(
        description="What is ours. In `turns`, `assistant` is what the caller heard of the agent; `assistant_estimated` is true where that"
        " is an estimate: the voice gave no exact times of words, or nobody could say how far the sound got. Null where nobody"
        " speaks, and in records from before the key."
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


class LogEntry(Open):
    """One line of the raw log."""

    created_at: str
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
                    "created_at": "2026-11-24T16:31:14.918475",
                    "type": "response",
                    "component": "transcriber",
                    "provider": "scripted",
                    "data": "Goodbye.",
                },
                {
                    "created_at": "2026-11-24T16:31:14.961650",
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
    direction: str = Field(description="lower, raise, change, or check: nothing of the agent would help, look there.")
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
                            "direction": "check",
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
