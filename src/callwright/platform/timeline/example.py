"""Answers about one call as the server gives them, for the API description."""

from __future__ import annotations

from typing import Any

_ID = "0c62bce5-0900-4ba2-8d9b-fe63144a5017"
_NO_TOKENS: dict[str, Any] = {"input_tokens": None, "output_tokens": None, "cached_tokens": None}

TIMELINE: dict[str, Any] = {
    "execution_id": _ID,
    "attempt": 1,
    "live": False,
    "written": False,
    "began_at": "2026-11-24T16:31:12.119904+00:00",
    "answered_ms": 157.724,
    "ended_ms": 7602.118,
    "until_ms": 7602.118,
    "recording": {
        "from_ms": 157.724,
        "duration_ms": 7440.0,
        "url_path": f"/v1/callwright/executions/{_ID}/recording?attempt=1",
    },
    "caller": [{"from_ms": 2137.724, "to_ms": 2577.724, "text": "Tuesday, please.", "turn": 1}],
    "agent": [
        {
            "from_ms": 158.61,
            "to_ms": 1718.61,
            "sounds": [{"from_ms": 158.61, "to_ms": 1718.61}],
            "text": "Hello, this is reception.",
            "turn": 0,
            "generation": 1,
            "purpose": "welcome",
            "cut": False,
            "words": [{"from_ms": 158.61, "to_ms": 478.61, "text": "Hello,"}],
            "words_estimated": True,
        },
        {
            "from_ms": 3038.501,
            "to_ms": 3558.501,
            "sounds": [{"from_ms": 3038.501, "to_ms": 3558.501}],
            "text": "One moment.",
            "turn": 1,
            "generation": 2,
            "purpose": "reply",
            "cut": False,
            "words": [],
            "words_estimated": False,
        },
    ],
    "turns": [
        {
            "part": "welcome",
            "turn": 0,
            "from_ms": 158.61,
            "to_ms": 1718.61,
            "user": "",
            "assistant": "Hello, this is reception.",
            "assistant_estimated": False,
            "interrupted": False,
            "wait": None,
            "cost": {"transcriber": 0, "llm": 0, "synthesizer": 0, "network": 0, "platform": 1.25, "total": 1.25},
            "model": None,
        },
        {
            "part": "turn",
            "turn": 1,
            "from_ms": 2137.724,
            "to_ms": 3558.501,
            "user": "Tuesday, please.",
            "assistant": "One moment.",
            "assistant_estimated": False,
            "interrupted": False,
            "wait": {
                "from_ms": 2577.724,
                "total_ms": 460.777,
                "steps": [
                    {"part": "end_of_turn", "ms": 243.213},
                    {"part": "first_token", "ms": 1.522},
                    {"part": "first_audio", "ms": 0.344},
                    {"part": "hold", "ms": 215.698},
                ],
            },
            "cost": {"transcriber": 0, "llm": 0, "synthesizer": 0, "network": 0, "platform": 0.75, "total": 0.75},
            "model": {
                "name": "scripted",
                "provider": "scripted",
                "first_ms": 1.522,
                "all_ms": 1.9,
                "input_tokens": 18,
                "output_tokens": 1,
                "cached_tokens": 0,
            },
        },
    ],
    "work": [
        {
            "kind": "model",
            "name": "scripted",
            "provider": "scripted",
            "purpose": "reply",
            "turn": 1,
            "generation": 2,
            "from_ms": 2820.937,
            "first_ms": 2822.459,
            "to_ms": 2822.837,
            "speculative": False,
            "withdrawn": False,
            "status": "stop",
            "arguments": None,
            "result": "One moment.",
            "error": None,
            "http": None,
            "input_tokens": 18,
            "output_tokens": 1,
            "cached_tokens": 0,
        },
        {
            "kind": "tool",
            "name": "book_visit",
            "provider": "",
            "purpose": "",
            "turn": 1,
            "generation": None,
            "from_ms": 2822.84,
            "first_ms": None,
            "to_ms": 5431.102,
            "speculative": False,
            "withdrawn": False,
            "status": "answered",
            "arguments": '{"day": "Tuesday"}',
            "result": '{"booked": true}',
            "error": None,
            "http": {"method": "POST", "host": "calendar.example.org", "status": 200, "ms": 2605.0},
            **_NO_TOKENS,
        },
    ],
    "marks": [
        {"kind": "answered", "at_ms": 157.724, "to_ms": None, "text": ""},
        {"kind": "ended", "at_ms": 7602.118, "to_ms": None, "text": "API Request: end_call_tool"},
    ],
    "findings": [
        {
            "rule": "slow_tool",
            "title": "Slow tool",
            "severity": "warning",
            "from_ms": 2822.0,
            "to_ms": 5430.0,
            "turn": 1,
            "text": "The tool book_visit took 2,608 ms; the caller heard nothing for 1,872 ms of it.",
            "advice": [
                {
                    "setting": "tools_config.api_tools: pre_call_message",
                    "direction": "change",
                    "value": None,
                    "path": None,
                    "why": "say what is being done; and make the tool itself answer sooner",
                }
            ],
        }
    ],
    "findings_left_out": 0,
}

ENTRIES: dict[str, Any] = {
    "execution_id": _ID,
    "attempt": 1,
    "live": False,
    "items": [
        {
            "seq": 31,
            "at_ms": 2820.937,
            "section": "core",
            "direction": "out",
            "type": "UserSaid",
            "values": {"from_ms": 1980, "text": "Tuesday, please.", "to_ms": 2420, "turn": 1},
        }
    ],
    "next_after": 31,
    "total": 2,
}

PEAKS: dict[str, Any] = {
    "per_second": 50,
    "from_ms": 157.724,
    "duration_ms": 100.0,
    "caller": "AAAAAAA=",
    "agent": "AANBXlY=",
}
