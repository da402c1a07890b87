"""Some of the scenarios that come with Callwright, spoken in two-tone text: `make test-scenarios` runs all of them.

Each must pass as often as it says it does, with 95 % confidence. What fails is in ``build/results/scenarios``: log and recording.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from callwright.bootstrap.simulated_calls import Session, run, shipped
from callwright.lab.verdicts import as_lines
from callwright.ops.settings import Settings

IN_EVERY_RUN = (
    "do-not-call",
    "echo-line",
    "hesitater",
    "interrupter",
    "menu",
    "noisy-line",
    "silent",
    "voicemail",
)
IN_A_LONG_RUN = (
    "angry",
    "back-channeller",
    "mumbler",
    "number-dictation",
    "slow-model",
    "slow-speller",
    "two-languages",
)
RUNS = 9
"""As few as show a pass rate of 0.7, if all of them pass."""
KEPT = Path("build/results/scenarios")


@pytest.mark.parametrize(
    "name", [*IN_EVERY_RUN, *(pytest.param(name, marks=pytest.mark.long) for name in IN_A_LONG_RUN)]
)
def test_a_shipped_scenario_passes(name: str) -> None:
    scenario = next(one for one in shipped() if one.name == name)
    verdicts, seconds = run([replace(scenario, runs=RUNS)], Session(Settings(), keep=KEPT), seed=1)
    assert verdicts[0].verdict == "pass", "\n".join(as_lines(verdicts, seconds))
