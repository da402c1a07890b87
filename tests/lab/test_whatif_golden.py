"""A what-if in which nothing is changed is the recorded call, over every golden trace and from each of its turns; and where the rest of a
call has to be simulated, a difference that is not the change's is told as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from callwright.bootstrap.simulated_calls import Session, run, shipped
from callwright.cli import main
from callwright.conversation import effects as fx
from callwright.conversation.plan import CallPlan
from callwright.insight.side_by_side import first_difference
from callwright.insight.view import CallView, view_of
from callwright.lab.caller_scenario import Persona
from callwright.lab.packed_log import unpack
from callwright.lab.whatif import WhatIf, what_if
from callwright.lab.whatif_answers import RecordedAnswers
from callwright.ops.settings import Settings
from callwright.ports.model import ModelDelta

FOLDER = Path(__file__).resolve().parents[1] / "golden"
TRACES = sorted(FOLDER.glob("*.log.xz"))
NOT_EXACT = "with nothing changed, too"


def read(name: str) -> CallView:
    return view_of(unpack((FOLDER / f"{name}.log.xz").read_bytes()))


CALLS = [path.name.removesuffix(".log.xz") for path in TRACES]
ANSWERED = [name for name in CALLS if read(name).answered_us is not None]
SOME = [pytest.param(name, marks=() if at % 3 == 0 else pytest.mark.long) for at, name in enumerate(ANSWERED)]
"""Every third trace: a simulation takes longer than a replay. `make test-all` takes all of them."""


def turns_of(view: CallView) -> list[int]:
    return [0, *(int(entry.values["turn"]) for entry in view.of("UserSaid"))]


def same(plan: CallPlan) -> CallPlan:
    return plan


class AskedAgain:
    """A model that is asked anew and says what it said: all from the first question on is simulated."""

    def __init__(self, view: CallView, turn: int) -> None:
        self._recorded = RecordedAnswers(view, turn)

    def reply(self, ask: fx.AskModel) -> Sequence[ModelDelta]:
        return self._recorded.reply(ask)

    def judge(self, ask: fx.AskClassifier) -> bool:
        return self._recorded.judge(ask)


def asked_again(name: str, turn: int) -> WhatIf:
    view = read(name)
    return what_if(view, turn, same, AskedAgain(view, turn))


@pytest.mark.parametrize("name", ANSWERED)
def test_with_nothing_changed_it_is_the_call_from_every_turn(name: str) -> None:
    view = read(name)
    for turn in turns_of(view):
        found = what_if(view, turn, same, RecordedAnswers(view, turn))
        assert first_difference(found.before, found.after) == "", turn
        assert found.before == found.after, "and everybody waited as long"
        assert found.lasted_ms == (view.conversation_ms, view.conversation_ms)
        assert found.simulated_from is None


@pytest.mark.parametrize("name", SOME)
def test_what_a_simulation_makes_otherwise_by_itself_is_told(name: str) -> None:
    for turn in turns_of(read(name)):
        found = asked_again(name, turn)
        differs = bool(first_difference(found.before, found.after))
        told = any(NOT_EXACT in remark for remark in found.remarks)
        assert told or not differs, turn


@pytest.mark.parametrize(
    ("name", "turn"), [("scenario-slow-model", 3), ("scenario-voicemail", 1), ("scenario-angry", 1)]
)
def test_the_simulation_of_a_call_is_the_call(name: str, turn: int) -> None:
    found = asked_again(name, turn)
    assert found.simulated_from is not None or name != "scenario-angry"
    assert first_difference(found.before, found.after) == ""
    assert abs(found.lasted_ms[1] - found.lasted_ms[0]) < 300


def test_a_shorter_patience_cuts_a_caller_who_spells() -> None:
    view = read("scenario-slow-speller")
    for patience_ms, first in ((200, "L,"), (450, "L,"), (3_000, "L, E, O, N, I.")):
        found = what_if(view, 1, partial(replace, patience_ms=patience_ms), RecordedAnswers(view, 1), keep_going=True)
        assert next(line.text for line in found.after if line.who == "caller") == first, patience_ms
        assert any("kept back" in remark for remark in found.remarks)


def test_a_caller_who_left_while_they_waited_leaves_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scenario = next(one for one in shipped() if one.name == "slow-model")
    impatient = replace(scenario.persona, fallback=Persona("impatient").fallback)
    run([replace(scenario, runs=1, persona=impatient)], Session(Settings(), keep=tmp_path), seed=1)
    (log,) = tmp_path.glob("*.log")
    turns = turns_of(view_of(log.read_text()))
    capsys.readouterr()
    assert main(["replay", str(log), "--from-turn", str(turns[-1]), "--model", "recorded"]) == 0
    told = capsys.readouterr().out
    assert "Sorry, I did not get that" not in told
    assert "first difference: none" in told
    assert "28,940 ms as it was, 28,940 ms what if" in told
