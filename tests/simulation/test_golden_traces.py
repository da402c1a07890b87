"""The golden traces replay exactly: recorded conversations and whole calls of the real shell, chosen for what happens in them.

A behaviour of the core that changes shows here. When it shall change: ``callwright simulate golden --write`` makes the traces anew and
says which changed and how; read that, and commit it with the change.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from callwright.conversation.log import EFFECT_TYPES, EVENT_TYPES
from callwright.simulation.coverage import STATES
from callwright.simulation.golden import differs, features, unpack

FOLDER = Path(__file__).resolve().parents[1] / "golden"
TRACES = sorted(FOLDER.glob("*.log.xz"))
LARGEST_BYTES = 300_000
UNSEEN_EFFECTS = frozenset(
    {"CancelTool", "PlayAsset", "Mark", "SendKeys", "SetPatience", "StopRecording", "SwitchLanguage"}
)
"""Effects the core does not use yet, or no simulated conversation brings about."""


@pytest.mark.parametrize("trace", TRACES, ids=lambda path: path.name.removesuffix(".log.xz"))
def test_a_golden_trace_replays_exactly(trace: Path) -> None:
    told = differs(unpack(trace.read_bytes()))
    assert told == [], "\n".join([*told, "when it shall be so: callwright simulate golden --write"])


def test_the_traces_show_every_state_event_and_effect_and_are_small() -> None:
    found = frozenset().union(*(features(unpack(trace.read_bytes())) for trace in TRACES))
    states = {name for name in STATES if any(feature.startswith(f"{name} meets ") for feature in found)}
    assert set(STATES) - states == set()
    assert set(EVENT_TYPES) - found == set()
    assert set(EFFECT_TYPES) - found - UNSEEN_EFFECTS == set()
    assert {trace.name.split("-")[0] for trace in TRACES} == {"conversation", "call"}
    assert sum(trace.stat().st_size for trace in TRACES) < LARGEST_BYTES
