"""The golden traces replay exactly: recorded conversations and whole calls of the real shell, chosen for what happens in them, and one call
of each scenario that comes with Callwright.

A behaviour of the core that changes shows here. When it shall change: raise ``CORE_VERSION``, then ``python -m proof golden --write``
makes the traces anew and says which changed and how; read that, and commit it with the change.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from proof.coverage import STATES
from proof.golden import UNDECLARED, differs, features
from proof.golden_command import SCENARIO_SEED, scenario_traces

from callwright.bootstrap.simulated_calls import shipped
from callwright.conversation.log import EFFECT_TYPES, EVENT_TYPES, read_log
from callwright.conversation.patience import PAUSES
from callwright.conversation.plan import CORE_VERSION
from callwright.lab.packed_log import unpack
from callwright.lab.virtual_loop import BEGAN

FOLDER = Path(__file__).resolve().parents[1] / "golden"
TRACES = sorted(FOLDER.glob("*.log.xz"))
NAMES = [path.name.removesuffix(".log.xz") for path in TRACES]
LARGEST_BYTES = 300_000
UNSEEN_EFFECTS = {"CancelTool", "StopRecording"}
"""Effects that are in none of the chosen traces."""


@pytest.mark.parametrize("trace", TRACES, ids=NAMES)
def test_a_golden_trace_replays_exactly(trace: Path) -> None:
    told = differs(unpack(trace.read_bytes()))
    assert told == [], "\n".join([*told, "when it shall be so: python -m proof golden --write"])


def test_the_traces_are_of_todays_core() -> None:
    assert {read_log(unpack(trace.read_bytes()))[0].core_version for trace in TRACES} == {CORE_VERSION}


def test_the_traces_show_every_state_event_and_effect_and_are_small() -> None:
    found = frozenset().union(*(features(unpack(trace.read_bytes())) for trace in TRACES))
    states = {name for name in STATES if any(feature.startswith(f"{name} meets ") for feature in found)}
    assert set(STATES) - states == set()
    assert set(EVENT_TYPES) - found == set()
    assert set(EFFECT_TYPES) - found == UNSEEN_EFFECTS
    assert {trace.name.split("-")[0] for trace in TRACES} == {"conversation", "call", "scenario"}
    assert sum(trace.stat().st_size for trace in TRACES) < LARGEST_BYTES


def test_each_scenario_has_a_trace_of_itself() -> None:
    assert {name for name in NAMES if name.startswith("scenario-")} == set(scenario_traces())
    for scenario in shipped():
        log = _log(f"scenario-{scenario.name}")
        header, _ = read_log(log)
        assert header.agent == scenario.agent, f"{scenario.name} has another agent now: python -m proof golden --write"
        assert header.seed == SCENARIO_SEED
        assert header.started_at == BEGAN.isoformat(), "the time of no machine"
        assert "/root" not in log
        assert "/home/" not in log


def test_one_changed_decision_is_reported_with_the_moment_it_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = _log("scenario-number-dictation")
    least, patience = PAUSES["number"]
    monkeypatch.setitem(PAUSES, "number", (least + 10, patience))
    told = differs(trace)
    assert told[0].startswith("first difference at entry ")
    assert told[1].startswith("  after  entry ")
    assert told[2:] == ["  both   SetPatience", "         silence_ms: the log has 900, today's core 1000", UNDECLARED]


def _log(name: str) -> str:
    return unpack((FOLDER / f"{name}.log.xz").read_bytes())
