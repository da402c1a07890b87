"""``python -m proof all``: one summary, and exit status 1 for whatever is broken."""

from __future__ import annotations

import pytest
from proof.conversations import Broken, Report
from proof.detection_limits import MOST_WRONG
from proof.measured import Measured

from callwright.lab.arguments import UNDECIDED
from proof import conversations, detection, everything, golden_command

NAME = "barge-in: stop phrases missed"


@pytest.fixture
def sound(monkeypatch: pytest.MonkeyPatch) -> Report:
    """Everything holds: the report of the conversations may be spoilt."""
    report = Report(conversations=3, events=300)
    monkeypatch.setattr(conversations, "run", lambda *given: report)
    monkeypatch.setattr(golden_command, "main", lambda argv: 0)
    monkeypatch.setattr(detection, "measure", lambda seeds, jobs: [Measured(NAME, 100, 0)])
    return report


def proved(*arguments: str) -> int:
    return everything.main(["--count", "3", *arguments])


def test_where_everything_holds_the_last_line_says_so(sound: Report, capsys: pytest.CaptureFixture[str]) -> None:
    assert proved() == 0
    assert (
        capsys.readouterr().out.splitlines()[-1].startswith("all hold: 3 conversations, 300 events; golden traces; 1 ")
    )


def test_a_broken_conversation_is_named(sound: Report, capsys: pytest.CaptureFixture[str]) -> None:
    sound.broken.append(Broken(7, "a call ends: still going on", []))
    assert proved() == 1
    assert capsys.readouterr().out.splitlines()[-2:][0] == "conversation 7: a call ends: still going on"


def test_a_state_that_cannot_be_is_a_break(sound: Report) -> None:
    sound.coverage["dialling", "VoiceFinished"] = 1
    assert proved() == 1


def test_a_full_run_that_sees_too_little_is_a_break(sound: Report) -> None:
    assert proved("--count", "20000") == 1


def test_a_golden_trace_that_differs_is_a_break(sound: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(golden_command, "main", lambda argv: 1)
    assert proved() == 1


def test_a_detection_figure_above_its_limit_is_a_break(sound: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_WRONG[NAME] == 0
    monkeypatch.setattr(detection, "measure", lambda seeds, jobs: [Measured(NAME, 100, 1)])
    assert proved() == 1


def test_a_run_that_is_stopped_decides_nothing(sound: Report) -> None:
    sound.stopped_of = 20_000
    assert proved() == UNDECIDED


def test_detection_in_processes_gives_the_same_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detection, "shared_out", InOneProcess)
    monkeypatch.setattr(detection, "EVALUATORS", (lambda seed: Measured("x", 10, seed),))
    assert (
        detection.measure(range(1, 4), 2) == detection.measure(range(1, 4)) == [Measured("x", 30, 6, by_seed=(1, 2, 3))]
    )


class InOneProcess:
    """Stands for ``shared_out`` where what is measured cannot be sent to another process."""

    def __init__(self, jobs: int, work, parts) -> None:
        self.results = map(work, parts)

    def __enter__(self):
        return self.results

    def __exit__(self, *given: object) -> None:
        return None
