"""Shapes of the calls that go on."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from callwright.api.schemas import Open, Timestamp, example
from callwright.platform.execution_list.schemas import FindingMark


class LiveLine(Open):
    """What somebody said last."""

    who: Literal["caller", "agent"]
    text: str
    at: Timestamp


class LiveCall(Open):
    """A call that goes on."""

    id: str
    agent_id: str
    agent_name: str
    number: str | None
    direction: Literal["inbound", "outbound"]
    channel: Literal["voice", "chat"]
    provider: str
    batch_id: str | None
    status: str = Field(description="`initiated`, `ringing` or `in-progress`.")
    created_at: Timestamp
    answered_at: Timestamp | None
    seconds: float = Field(description="Since the answer; before it, since the dialling.")
    lines: list[LiveLine] = Field(description="The newest lines, oldest first; at most 4.")
    turns: int
    wait_last_ms: int | None = Field(description="The newest wait for the agent.")
    wait_max_ms: int | None
    findings: list[FindingMark] = Field(description="What the call doctor finds so far.")


class LivePlaces(Open):
    """Calls at once."""

    used: int = Field(description="Places that are taken; of an organisation with those of its sub-accounts.")
    most: int | None = Field(description="Most calls at once; null without a limit.")
    waiting: int = Field(description="Calls of the account that are due or wait for their time.")


class LiveView(Open):
    """The calls of the account that go on, the newest first."""

    model_config = example(
        {
            "items": [
                {
                    "id": "0c62bce5-0900-4ba2-8d9b-fe63144a5017",
                    "agent_id": "7d1c0c1e-58f4-4b0e-9a55-2b2f6a1d9c10",
                    "agent_name": "Reception",
                    "number": "+15559109330",
                    "direction": "outbound",
                    "channel": "voice",
                    "provider": "loopback",
                    "batch_id": None,
                    "status": "in-progress",
                    "created_at": "2026-11-24T16:31:12.097487+00:00",
                    "answered_at": "2026-11-24T16:31:12.277628+00:00",
                    "seconds": 12.4,
                    "lines": [{"who": "caller", "text": "Tuesday, please.", "at": "2026-11-24T16:31:20.100000+00:00"}],
                    "turns": 2,
                    "wait_last_ms": 748,
                    "wait_max_ms": 1170,
                    "findings": [],
                }
            ],
            "places": {"used": 1, "most": 100, "waiting": 0},
            "left_out": 0,
        }
    )

    items: list[LiveCall]
    places: LivePlaces
    left_out: int = Field(description="Further live calls that are not shown.")
