"""Scenario files become calls and verdicts: the command, from file to exit status."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest

from callwright.bootstrap.simulated_calls import main, scenarios_in, shipped
from callwright.cli import main as cli
from callwright.domain.errors import BadInputError, ConfigurationError

AGENT: dict[str, Any] = {
    "agent_config": {
        "agent_name": "Shop",
        "agent_welcome_message": "Hi.",
        "tasks": [
            {
                "task_type": "conversation",
                "toolchain": {"execution": "parallel", "pipelines": [["transcriber", "llm", "synthesizer"]]},
                "tools_config": {
                    "llm_agent": {
                        "agent_type": "simple_llm_agent",
                        "llm_config": {
                            "provider": "scripted",
                            "rules": [
                                {"when": "bye", "end_call": True},
                                {
                                    "when": "(red|blue)",
                                    "say": "Yes.",
                                    "tool": {"name": "order", "arguments": {"colour": r"\1"}},
                                },
                                {"say": "Fine."},
                            ],
                        },
                    },
                    "api_tools": {
                        "tools": [
                            {
                                "name": "order",
                                "description": "Order",
                                "parameters": {"type": "object", "properties": {"colour": {"type": "string"}}},
                            }
                        ],
                        "tools_params": {"order": {"method": "POST", "url": "https://shop.example/o", "param": {}}},
                    },
                },
                "task_config": {"hangup_after_silence": 5},
            },
        ],
    },
    "agent_prompts": {"task_1": {"system_prompt": "Sell."}},
}
PERSONA = {"think_ms": 200, "rules": [{"say": "Red."}, {"say": "Bye.", "hang_up": True, "linger_ms": 2000}]}


def case(folder: Path, name: str = "order", **changes: Any) -> Path:
    body = {
        "agent": AGENT,
        "persona": PERSONA,
        "tools": {"order": {"answer": {"number": 7}, "ms": 100}},
        "runs": 2,
        "pass_rate": 0.3,
        "expect": [
            {"tool_called": {"name": "order", "with": {"colour": "red"}, "times": 1}},
            {"turns": {"at_least": 2}},
        ],
        **changes,
    }
    path = folder / f"{name}.json"
    path.write_text(json.dumps(body))
    return path


def test_the_log_of_the_process_is_as_it_was_when_the_calls_are_over(tmp_path: Path) -> None:
    logger = logging.getLogger("callwright")
    before = logger.level
    logger.setLevel(logging.INFO)
    try:
        assert main([str(case(tmp_path)), "--keep", str(tmp_path / "kept")]) == 0
        assert logger.level == logging.INFO
    finally:
        logger.setLevel(before)


def test_a_scenario_that_holds_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(case(tmp_path)), "--keep", str(tmp_path / "kept")]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("pass         order  2/2 passed")
    assert "times real time" in printed
    assert not (tmp_path / "kept").exists()


def test_a_run_that_fails_keeps_its_log_and_its_sound_and_the_reports_name_it(tmp_path: Path) -> None:
    case(tmp_path, expect=[{"agent_said": "goodbye forever"}], pass_rate=0.9)
    out, report, kept = tmp_path / "junit.xml", tmp_path / "report.json", tmp_path / "kept"
    assert (
        main(
            [str(tmp_path), "--runs", "3", "--seed", "5", "--out", str(out), "--json", str(report), "--keep", str(kept)]
        )
        == 1
    )
    assert sorted(path.name for path in kept.iterdir()) == [
        f"order-{seed}.{end}" for seed in (5, 6, 7) for end in ("log", "wav")
    ]
    assert (kept / "order-5.wav").read_bytes().startswith(b"RIFF")
    assert "<failure" in out.read_text()
    found = json.loads(report.read_text())
    assert found["verdict"] == "fail"
    assert [one["seed"] for one in found["scenarios"][0]["failures"]] == [5, 6, 7]


def test_a_seed_is_one_call_and_two_processes_find_the_same_as_one(tmp_path: Path) -> None:
    case(tmp_path, expect=[{"agent_said": "goodbye forever"}], line="loss=1", delays={"model_ms": [100, 900]})
    logs = []
    for number, jobs in enumerate(("1", "2")):
        main([str(tmp_path), "--runs", "2", "--jobs", jobs, "--keep", str(tmp_path / f"kept{number}")])
        logs.append([path.read_bytes() for path in sorted((tmp_path / f"kept{number}").glob("*.log"))])
    assert logs[0] == logs[1]
    assert len(logs[0]) == 2


def test_too_few_runs_do_not_decide(tmp_path: Path) -> None:
    assert main([str(case(tmp_path, pass_rate=0.9)), "--runs", "1", "--keep", str(tmp_path / "kept")]) == 3


def test_another_agent_can_take_the_calls(tmp_path: Path) -> None:
    other = tmp_path / "agent.json"
    other.write_text(json.dumps(AGENT).replace("red|blue", "green"))
    folder = tmp_path / "cases"
    folder.mkdir()
    assert main([str(case(folder)), "--agent", str(other), "--keep", str(tmp_path / "kept"), "--runs", "9"]) == 1


def test_speech_that_is_not_spoken_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case(tmp_path)
    case(tmp_path, "accent", needs=["speech"])
    assert main([str(tmp_path), "--keep", str(tmp_path / "kept")]) == 0
    assert "left out (needs real speech, --speech local): accent" in capsys.readouterr().out
    with pytest.raises(BadInputError, match="no scenario is left to run"):
        main([str(tmp_path / "accent.json")])


def test_what_needs_tones_is_left_out_of_real_speech(tmp_path: Path) -> None:
    case(tmp_path, "foreign", needs=["tones"])
    with pytest.raises(BadInputError, match="those that need tones without it"):
        main([str(tmp_path / "foreign.json"), "--speech", "local"])


def test_agents_lie_beside_their_scenarios(tmp_path: Path) -> None:
    path = case(tmp_path, agent="shop")
    with pytest.raises(ConfigurationError, match=r"the agent 'shop' is no file agents/shop\.json"):
        scenarios_in(path)
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "shop.json").write_text("{")
    with pytest.raises(ConfigurationError, match="the agent 'shop' is no JSON"):
        scenarios_in(path)
    (tmp_path / "agents" / "shop.json").write_text(json.dumps(AGENT))
    assert scenarios_in(path)[0].agent["agent_name"] == "Shop"


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="there are no scenario files"):
        main([str(tmp_path)])
    for given, why in (
        ([str(tmp_path / "x.json")], "there is no scenario file or folder"),
        ([str(case(tmp_path)), "--only", "other"], "there is no scenario 'other'; known: order"),
        ([str(tmp_path / "order.json"), str(tmp_path / "order.json")], "the same name"),
        ([str(tmp_path / "order.json"), "--agent", str(tmp_path / "no.json")], "cannot be read"),
    ):
        with pytest.raises(BadInputError, match=why):
            main(given)


@pytest.mark.parametrize("option", ["--out", "--json"])
def test_a_report_that_cannot_be_written_is_told_before_the_first_call(
    option: str, tmp_path: Path, capsys: Any
) -> None:
    failing, there = str(case(tmp_path, expect=[{"turns": {"at_least": 99}}])), tmp_path / "nowhere" / "report"
    with pytest.raises(BadInputError, match="report cannot be written: No such file or directory"):
        main([failing, option, str(there), "--keep", str(tmp_path / "kept")])
    assert capsys.readouterr().out == ""
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize(
    ("option", "read"),
    [("--json", lambda text: json.loads(text)["verdict"]), ("--out", lambda text: fromstring(text)[0].tag)],
)
def test_a_report_on_standard_output_is_all_that_is_there(
    option: str, read: Any, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([str(case(tmp_path)), option, "-"]) == 0
    told = capsys.readouterr()
    assert read(told.out) in ("pass", "testcase")
    assert told.err.startswith("pass         order  2/2 passed")
    assert not Path("-").exists()


def test_two_reports_cannot_share_standard_output(tmp_path: Path, capsys: Any) -> None:
    with pytest.raises(BadInputError, match="only one report can go to standard output"):
        main([str(case(tmp_path)), "--json", "-", "--out", "-"])
    assert capsys.readouterr().out == ""


def test_the_verdict_is_told_also_when_the_disk_is_full_in_the_end(tmp_path: Path, capsys: Any) -> None:
    with pytest.raises(BadInputError, match="/dev/full cannot be written: No space left on device"):
        main([str(case(tmp_path)), "--out", "/dev/full"])
    assert capsys.readouterr().out.startswith("pass         order  2/2 passed")


def test_a_run_that_cannot_be_kept_has_failed_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file")
    report = tmp_path / "report.json"
    failing = str(case(tmp_path, expect=[{"turns": {"at_least": 99}}], pass_rate=0.9))
    assert main([failing, "--runs", "3", "--keep", str(tmp_path / "kept"), "--json", str(report)]) == 1
    assert "kept cannot be written: File exists" in report.read_text()


@pytest.mark.parametrize("given", [["x.json"], ["--only", "nobody"], ["--out", "nowhere/junit.xml"]])
def test_where_nothing_was_judged_the_status_is_none_of_a_verdict(
    given: list[str], tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli(["simulate", "calls", *given]) == 2


@pytest.mark.parametrize("agent", ["[]", "null", '"x"', '{"agent_config": 5}', "[" * 100_000])
def test_an_agent_that_is_no_object_is_refused(agent: str, tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "agent").write_text(agent)
    assert cli(["simulate", "calls", str(case(tmp_path)), "--agent", str(tmp_path / "agent")]) == 2
    assert f"the agent {tmp_path / 'agent'} " in capsys.readouterr().err


def test_nesting_without_end_is_no_scenario_and_no_agent(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "deep.json").write_text("[" * 100_000)
    assert cli(["simulate", "calls", str(tmp_path / "deep.json")]) == 2
    assert "the scenario deep is no JSON" in capsys.readouterr().err
    (tmp_path / "agents").mkdir()
    (tmp_path / "deep.json").rename(tmp_path / "agents" / "deep.json")
    assert cli(["simulate", "calls", str(case(tmp_path, agent="deep"))]) == 2
    assert "the agent 'deep' is no JSON" in capsys.readouterr().err


def test_the_help_tells_of_more_than_random_conversations(capsys: Any) -> None:
    for given in (["--help"], ["simulate", "--help"]):
        with pytest.raises(SystemExit):
            cli(given)
        told = " ".join(capsys.readouterr().out.split())
        assert "random conversations and calls, scenarios with a verdict, error rates, golden traces" in told


def test_the_scenarios_that_come_with_us_can_be_read() -> None:
    names = [one.name for one in shipped()]
    assert len(names) == len(set(names)) >= 12
    assert all(one.about and len(one.expect) >= 3 for one in shipped())


@pytest.mark.parametrize("option", ["--runs", "--jobs"])
def test_a_run_of_nothing_is_refused(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([option, "0"])
    assert f"argument {option}: '0' is not a whole number from 1 on" in capsys.readouterr().err
