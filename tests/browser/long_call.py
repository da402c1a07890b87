"""The timeline and the waveform of a call of forty minutes, as the API would give them, for the page to draw."""

from __future__ import annotations

import base64
from typing import Any

TURNS = 720
TURN_MS = 3_333
PEAKS_PER_SECOND = 50


def long_timeline(execution_id: str) -> dict[str, Any]:
    """A call in which both sides say something in each of 720 turns."""
    turns = range(1, TURNS + 1)
    ended_ms = 1_000.0 + TURNS * TURN_MS
    return {
        "execution_id": execution_id,
        "attempt": 1,
        "live": False,
        "written": False,
        "began_at": "2026-11-24T16:31:12+00:00",
        "answered_ms": 1_000.0,
        "ended_ms": ended_ms,
        "until_ms": ended_ms,
        "recording": {"from_ms": 1_000.0, "duration_ms": ended_ms - 1_000, "url_path": "/nothing.wav"},
        "caller": [_clip(turn, 0, 1_200) for turn in turns],
        "agent": [
            _clip(turn, 1_900, 3_200)
            | {
                "sounds": [],
                "generation": turn,
                "purpose": "reply",
                "cut": False,
                "words": [],
                "words_estimated": False,
            }
            for turn in turns
        ],
        "turns": [_turn(turn) for turn in turns],
        "work": [_work(turn) for turn in turns],
        "marks": [],
        "findings": [],
        "findings_left_out": 0,
    }


def long_peaks() -> dict[str, Any]:
    """Its waveform."""
    values = bytes((number * 37) % 256 for number in range(TURNS * TURN_MS * PEAKS_PER_SECOND // 1_000))
    text = base64.b64encode(values).decode()
    return {"per_second": PEAKS_PER_SECOND, "from_ms": 1_000.0, "duration_ms": 1.0, "caller": text, "agent": text}


def _began(turn: int) -> float:
    return 1_000.0 + (turn - 1) * TURN_MS


def _clip(turn: int, from_ms: int, to_ms: int) -> dict[str, Any]:
    began = _began(turn)
    return {
        "from_ms": began + from_ms,
        "to_ms": began + to_ms,
        "text": f"These are the words of turn {turn}.",
        "turn": turn,
    }


def _turn(turn: int) -> dict[str, Any]:
    began = _began(turn)
    steps = [
        {"part": "end_of_turn", "ms": 300.0},
        {"part": "first_token", "ms": 300.0},
        {"part": "first_audio", "ms": 100.0},
    ]
    return {
        "part": "turn",
        "turn": turn,
        "from_ms": began,
        "to_ms": began + 3_200,
        "user": f"These are the words of turn {turn}.",
        "assistant": f"And these are the words of the answer to turn {turn}.",
        "assistant_estimated": False,
        "interrupted": False,
        "wait": {"from_ms": began + 1_200, "total_ms": 700.0, "steps": steps},
        "cost": None,
        "model": None,
    }


def _work(turn: int) -> dict[str, Any]:
    began = _began(turn)
    return {
        "kind": "model",
        "name": "scripted",
        "provider": "scripted",
        "purpose": "reply",
        "turn": turn,
        "generation": turn,
        "from_ms": began + 1_500,
        "first_ms": began + 1_800,
        "to_ms": began + 2_400,
        "speculative": False,
        "withdrawn": False,
        "status": "stop",
        **dict.fromkeys(("arguments", "result", "error", "http", "input_tokens", "output_tokens", "cached_tokens")),
    }
