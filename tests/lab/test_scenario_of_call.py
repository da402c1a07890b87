"""A scenario file made from a call is accepted by `callwright simulate`, and says of the call what it was."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.insight.doctor_call import healthy

from callwright.cli import main
from callwright.conversation.turn import KEYED_AS
from callwright.domain.errors import BadInputError
from callwright.insight.doctor import examined
from callwright.insight.view import CallView, view_of
from callwright.lab.packed_log import unpack
from callwright.lab.scenario_of_call import MadeScenario, scenario_of_call

GOLDEN = Path("tests/golden")


def view(name: str) -> CallView:
    return view_of(unpack((GOLDEN / f"{name}.log.xz").read_bytes()))


def made(name: str) -> MadeScenario:
    call = view(name)
    return scenario_of_call(call, {"who": "Ada"}, examined(call, over=True)["findings"])


def replaced(call: CallView) -> CallView:
    """The call with an agent in its log."""
    return replace(call, header=replace(call.header, agent=view("scenario-interrupter").header.agent))


def simulated(made_one: MadeScenario, folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.chdir(folder)
    (folder / "made.json").write_text(json.dumps(made_one.scenario))
    return main(["simulate", str(folder / "made.json")])


def test_a_call_without_faults_passes_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert simulated(made("scenario-interrupter"), tmp_path, monkeypatch) == 0


def test_the_fault_of_a_call_fails_until_it_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario = made("scenario-slow-model")
    chosen = next(one.text for one in scenario.expectations if one.chosen)
    assert chosen == "no answer comes later than 1,500 ms, as one did"
    assert simulated(scenario, tmp_path, monkeypatch) == 1
    assert "at most 1500 expected" in capsys.readouterr().out


def test_the_caller_says_interrupts_and_presses_what_they_did() -> None:
    rules = made("scenario-interrupter").scenario["persona"]["rules"]
    assert [rule["say"] for rule in rules][::3] == ["I need a cleaning appointment please.", "No, goodbye now."]
    assert [rule.get("interrupt_after_words") for rule in rules] == [5, None, 5, None]
    call = healthy().takes_turn(f"{KEYED_AS} 471", 13_000, 13_500, 14_000).at(15_000).leg_ended("Callee")
    rules = scenario_of_call(replaced(call.view), {}, ()).scenario["persona"]["rules"]
    assert rules[-1] == {"press": "471", "hang_up": True, "linger_ms": 5_000}


def test_tools_and_data_are_those_of_the_call() -> None:
    scenario = made("scenario-interrupter").scenario
    assert scenario["tools"] == {"book_visit": {"answer": {"ok": True}, "ok": True, "ms": 0}}
    assert scenario["user_data"] == {"who": "Ada"}
    assert scenario["agent"] == view("scenario-interrupter").header.agent


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("call-00165", "was not answered"),
        ("call-00041", "no agent"),
        ("scenario-silent", "said and did nothing"),
    ],
)
def test_what_cannot_be_said_again_is_refused(name: str, why: str) -> None:
    with pytest.raises(BadInputError, match=why):
        made(name)
