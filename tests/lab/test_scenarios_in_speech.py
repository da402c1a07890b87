"""A scenario in real speech under the virtual clock: local voices, recogniser, detector and turn model, whose work stops virtual time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from callwright.bootstrap.scenario_runner import LOCAL
from callwright.bootstrap.simulated_calls import Session, run, shipped
from callwright.lab.verdicts import as_lines
from callwright.ops.settings import Settings

pytestmark = pytest.mark.voice


def test_a_silent_caller_and_a_noisy_line_are_the_same_in_real_speech() -> None:
    chosen = [replace(one, runs=1, pass_rate=0.1) for one in shipped() if one.name in ("silent", "noisy-line")]
    session = Session(Settings(), speech=LOCAL, keep=Path("build/results/scenarios"))
    verdicts, seconds = run(chosen, session, seed=1)
    assert [verdict.passed for verdict in verdicts] == [1, 1], "\n".join(as_lines(verdicts, seconds))
