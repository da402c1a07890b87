"""Error rates on labelled sets: the thresholds, and how they are shown."""

import pytest

from callwright.simulation import detection
from callwright.simulation.detection import EVALUATORS, Measured, lines, main, measure
from callwright.simulation.measured import measured

MOST_WRONG = {
    "end of turn: numbers cut": 0.01,
    "end of turn: spellings cut": 0.01,
    "end of turn: half sentences cut": 0.02,
    "end of turn: other pauses cut": 0.06,
    "end of turn: yes and no kept waiting": 0.0,
    "end of turn: sentences kept waiting": 0.0,
    "end of turn: not taken back": 0.01,
    "barge-in: interruptions missed": 0.0,
    "barge-in: stop phrases missed": 0.0,
    "barge-in: back-channels that interrupt": 0.0,
    "barge-in: false ones not resumed": 0.0,
    "barge-in: true ones talked over": 0.0,
    "overlap: answers lost": 0.0,
    "overlap: back-channels taken as turns": 0.0,
    "echo: taken for the caller": 0.03,
    "echo: repetitions not heard": 0.0,
    "beep: beeps missed": 0.07,
    "beep: other sounds taken for beeps": 0.005,
    "voicemail: machines talked to": 0.06,
    "voicemail: people taken for machines": 0.02,
    "held out, beep: beeps missed": 0.062,
    "held out, beep: other sounds taken for beeps": 0.0075,
    "held out, voicemail: machines talked to": 0.23,
    "held out, voicemail: people taken for machines": 0.022,
    "opt-out: not understood": 0.0,
    "opt-out: other words taken for it": 0.0,
    "held out, opt-out: not understood": 0.36,
    "held out, opt-out: other words taken for it": 0.08,
}
"""Share of wrong cases. Those of the held-out sets, on which nothing was tuned, are what was measured on 25 November 2026 (3 of 120, 0 of
360, 20 of 120, 0 of 120) and the margin of so few cases: the upper end of the interval that holds the true rate with 95 % confidence.
Those of opting out are few sentences said in many ways, of which only the ways are drawn (26 November 2026: 10 of 31, and 2 of 32)."""


@pytest.fixture(scope="module")
def found() -> dict[str, Measured]:
    return {one.name: one for one in measure(1)}


@pytest.mark.parametrize("name", MOST_WRONG)
def test_error_rates_stay_within_their_thresholds(found: dict[str, Measured], name: str) -> None:
    assert found[name].cases >= 100
    assert found[name].rate <= MOST_WRONG[name], found[name].detail


def test_cases_come_from_the_seed() -> None:
    evaluate = EVALUATORS[0]
    assert evaluate(7) == evaluate(7)


def test_wrong_cases_are_counted_and_the_first_are_shown() -> None:
    one = measured("example", ["", "a", "b", "", "c", "d"])
    assert (one.cases, one.wrong, one.detail) == (6, 4, "a; b; c")
    assert measured("nothing", []).rate == 0
    shown = lines([one])
    assert shown[-3].split() == ["example", "6", "4", "66.67%"]
    assert shown[-1] == "example: a; b; c"


def test_the_command_prints_a_line_for_each(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(detection, "EVALUATORS", (lambda seed: Measured(f"seed {seed}", 10, 0),))
    assert main(["--seed", "9"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].split() == ["seed", "9", "10", "0", "0.00%"]
