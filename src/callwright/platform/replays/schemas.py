"""Shapes of replays, what-ifs and scenarios of a call."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from callwright.api.reading import Asked, reads
from callwright.api.schemas import Open, example
from callwright.domain.limits import MAX_PAGE_NUMBER
from callwright.domain.settings.kinds import SWITCH, choice, whole
from callwright.platform.executions.rules.attempts import MOST_ATTEMPTS
from callwright.ports.replays import ASK, RECORDED


class CallReplayRequest(Asked):
    """Which attempt is replayed."""

    attempt: Annotated[int | None, reads(whole(1, MOST_ATTEMPTS))] = Field(
        default=None, description="From 1; the newest one by default."
    )


class ReplayDifference(Open):
    """The first place where today's core differs from the log."""

    seq: int = Field(description="The entry of the log.")
    at_ms: float
    event_seq: int = Field(description="The entry of the event whose effects differ; 0 where there is none.")
    event: str = Field(description="Type and fields of that event.")
    logged: str = Field(description="What the log has; empty for nothing.")
    now: str = Field(description="What today's core does; empty for nothing.")
    lines: list[str] = Field(description="The same for people, field by field.")


class CallReplayView(Open):
    """Whether today's core does what it did in the call."""

    model_config = example(
        {
            "execution_id": "0c62bce5-0900-4ba2-8d9b-fe63144a5017",
            "attempt": 1,
            "exact": True,
            "events": 118,
            "effects": 96,
            "core_version": 41,
            "logged_core_version": 41,
            "difference": None,
            "missing": [],
            "computed_ms": 61.3,
        }
    )

    execution_id: str
    attempt: int
    exact: bool = Field(description="Whether every event had the same effects.")
    events: int
    effects: int
    core_version: int
    logged_core_version: int = Field(description="An older core may differ on purpose.")
    difference: ReplayDifference | None
    missing: list[str] = Field(description="What the log lacks, in sentences.")
    computed_ms: float


class WhatIfRequest(Asked):
    """The call again from a turn on, with a changed agent."""

    from_turn: Annotated[int, reads(whole(0, MAX_PAGE_NUMBER))] = Field(
        description="The caller's turn with which the change begins; 0: the whole call."
    )
    model: Annotated[str, reads(choice((RECORDED, ASK)))] = Field(
        default=RECORDED,
        description="`recorded`: the answers of the call; `ask`: the agent's model answers anew, or what stood in for it, and is paid for.",
    )
    settings: dict[str, Any] = Field(
        default_factory=dict,
        description="Values of the agent by path. `task_config.` and `tools_config.` begin in the first task; any other path in the agent.",
        examples=[{"task_config.incremental_delay": 1800}],
    )
    keep_going: Annotated[bool, reads(SWITCH)] = Field(
        default=False, description="The caller says the recorded words even where they no longer fit."
    )
    attempt: Annotated[int | None, reads(whole(1, MOST_ATTEMPTS))] = Field(
        default=None, description="From 1; the newest one by default."
    )


class SpokenLine(Open):
    """What one side said in a turn, or what the caller heard of it."""

    who: Literal["caller", "agent"]
    turn: int
    text: str
    cut: bool = Field(description="Whether it broke off.")
    wait_ms: int | None = Field(description="How long the caller had waited for it.")


class ComparedRow(Open):
    """The same place of both conversations."""

    turn: int
    before: SpokenLine | None
    after: SpokenLine | None
    differs: bool


class WhatIfFinding(Open):
    """A finding of the call doctor."""

    rule: str
    severity: Literal["bad", "warning", "note"]
    turn: int | None
    text: str


class WhatIfView(Open):
    """Both conversations side by side. Nothing of the second one happened."""

    model_config = example(
        {
            "execution_id": "0c62bce5-0900-4ba2-8d9b-fe63144a5017",
            "attempt": 1,
            "from_turn": 1,
            "simulated_from": 1,
            "model": "recorded",
            "settings": {"task_config.incremental_delay": 1800},
            "rows": [
                {
                    "turn": 1,
                    "before": {"who": "agent", "turn": 1, "text": "Sure, please", "cut": True, "wait_ms": 1231},
                    "after": {
                        "who": "agent",
                        "turn": 1,
                        "text": "Sure, please provide your name.",
                        "cut": False,
                        "wait_ms": 1800,
                    },
                    "differs": True,
                }
            ],
            "first_difference": "turn 1: the agent says something else",
            "ended": "the caller had nothing more to say",
            "before_ms": 26600,
            "after_ms": 28000,
            "before_wait_ms": 1231.0,
            "after_wait_ms": 1800.0,
            "before_findings": [
                {
                    "rule": "early_cut",
                    "severity": "bad",
                    "turn": 1,
                    "text": 'The agent began 1,231 ms after "My name is", and the caller went on.',
                }
            ],
            "after_findings": [],
            "remarks": ["simulated from turn 1 on, as recorded before"],
            "computed_ms": 1450.2,
        }
    )

    execution_id: str
    attempt: int
    from_turn: int
    simulated_from: int | None = Field(description="From which turn it is no longer the recording; null for nowhere.")
    model: str
    settings: dict[str, Any]
    rows: list[ComparedRow]
    first_difference: str | None
    ended: str = Field(description="Why the second conversation is over.")
    before_ms: int = Field(description="From the answer to the end, in the call.")
    after_ms: int
    before_wait_ms: float | None = Field(description="Mean wait for the agent from `from_turn` on, in the call.")
    after_wait_ms: float | None
    before_findings: list[WhatIfFinding] = Field(description="What the call doctor finds from `from_turn` on.")
    after_findings: list[WhatIfFinding]
    remarks: list[str]
    computed_ms: float


class ScenarioExpectation(Open):
    """An assertion that a scenario of this call may hold."""

    text: str = Field(description="What it says, for people.")
    expect: dict[str, Any] = Field(description="Keys for `expect` of the scenario.")
    chosen: bool = Field(description="Whether the scenario has it already.")


class ScenarioView(Open):
    """A scenario file made from a call, for `callwright simulate`."""

    model_config = example(
        {
            "execution_id": "0c62bce5-0900-4ba2-8d9b-fe63144a5017",
            "attempt": 1,
            "name": "call-0c62bce5",
            "scenario": {
                "about": "Made from call 0c62bce5-0900-4ba2-8d9b-fe63144a5017.",
                "agent": {"agent_name": "Reception", "tasks": []},
                "persona": {"rules": [{"say": "Tuesday, please."}, {"say": "Thank you. Goodbye.", "hang_up": True}]},
                "tools": {"book_visit": {"answer": {"booked": True}, "ms": 2609}},
                "expect": [{"interruptions": {"at_most": 0}}],
            },
            "expectations": [
                {
                    "text": "the agent is never interrupted, as it was",
                    "expect": {"interruptions": {"at_most": 0}},
                    "chosen": True,
                }
            ],
            "remarks": ["the caller says what the recogniser understood"],
        }
    )

    execution_id: str
    attempt: int
    name: str
    scenario: dict[str, Any]
    expectations: list[ScenarioExpectation]
    remarks: list[str] = Field(description="What of the call is not in the scenario.")
