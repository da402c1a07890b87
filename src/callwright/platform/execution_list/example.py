"""A list of executions as the server gives it, for the API description."""

from __future__ import annotations

from typing import Any

LIST: dict[str, Any] = {
    "items": [
        {
            "id": "0c62bce5-0900-4ba2-8d9b-fe63144a5017",
            "created_at": "2026-11-24T16:31:12.097487+00:00",
            "number": "+15559109330",
            "direction": "outbound",
            "channel": "voice",
            "provider": "loopback",
            "agent_id": "7d1c0c1e-58f4-4b0e-9a55-2b2f6a1d9c10",
            "agent_name": "Reception",
            "status": "completed",
            "smart_status": "completed",
            "live": False,
            "answered": True,
            "talk_ms": 21800,
            "turns": 4,
            "interruptions": 0,
            "waits_ms": [748, 1170, 460, 461],
            "wait_p50_ms": 604,
            "wait_max_ms": 1170,
            "cost": 2.5,
            "findings": [{"rule": "slow_tool", "severity": "warning"}],
            "summary": "The caller booked a visit for Tuesday.",
            "dispositions": {"booked": "yes"},
            "ended_by": "API Request",
            "ended_reason": "end_call_tool",
            "batch_id": None,
            "sandbox": False,
            "recorded": True,
        }
    ],
    "next_cursor": None,
    "totals": {
        "calls": 46,
        "answered": 22,
        "talk_ms": 315000,
        "wait_p50_ms": 751,
        "wait_p95_ms": 1380,
        "cost": 44.68,
        "with_findings": 7,
        "by_status": {"completed": 22, "busy": 12, "no-answer": 6, "failed": 6},
        "exact": True,
        "complete": True,
    },
}
