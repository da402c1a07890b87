"""Scenario files become calls and verdicts: the command, from file to exit status."""

from __future__ import annotations

import argparse
import copy
import itertools
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest

from callwright.bootstrap.scenario_runner import CallMade, ScenarioRunner
from callwright.bootstrap.simulated_calls import Session, check, command, configure, recorded, scenarios_in, shipped
from callwright.cli import main as cli
from callwright.conversation.log import read_log
from callwright.domain.errors import BadInputError, ConfigurationError
from callwright.lab.arguments import report_file
from callwright.lab.call_scenario import CallScenario
from callwright.ops.settings import Settings
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import ModelDelta, ModelRequest
from callwright.ports.speech import UsageAmount
from callwright.providers.openai_compatible.endpoint import Endpoint
from callwright.providers.openai_compatible.endpoints import EndpointModels

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


def main(argv: list[str]) -> int:
    """The command of these arguments, with the errors that ``callwright`` turns into a message."""
    parser = argparse.ArgumentParser()
    configure(parser)
    return command(parser.parse_args(argv))


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


def test_who_is_told_what_is_wrong_is_told_where_to_read_what_is_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli(["simulate", str(case(tmp_path, expect=[]))]) == 2
    told = capsys.readouterr().err
    assert "needs an assertion" in told
    assert "docs/how-to/simulate.md" in told
    assert cli(["simulate", str(case(tmp_path)), "--only", "other"]) == 2
    assert "`callwright simulate --help`" in capsys.readouterr().err


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
    assert cli(["simulate", *given]) == 2


@pytest.mark.parametrize("agent", ["[]", "null", '"x"', '{"agent_config": 5}', "[" * 100_000])
def test_an_agent_that_is_no_object_is_refused(agent: str, tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "agent").write_text(agent)
    assert cli(["simulate", str(case(tmp_path)), "--agent", str(tmp_path / "agent")]) == 2
    assert f"the agent {tmp_path / 'agent'} " in capsys.readouterr().err


def test_nesting_without_end_is_no_scenario_and_no_agent(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "deep.json").write_text("[" * 100_000)
    assert cli(["simulate", str(tmp_path / "deep.json")]) == 2
    assert "the scenario deep is no JSON" in capsys.readouterr().err
    (tmp_path / "agents").mkdir()
    (tmp_path / "deep.json").rename(tmp_path / "agents" / "deep.json")
    assert cli(["simulate", str(case(tmp_path, agent="deep"))]) == 2
    assert "the agent 'deep' is no JSON" in capsys.readouterr().err


def test_the_help_tells_what_a_scenario_may_be(capsys: Any) -> None:
    with pytest.raises(SystemExit):
        cli(["simulate", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert "a scenario file, a folder of them, or the name of one that comes with Callwright" in told
    assert "Exit status: 0 every scenario passes" in told


def test_a_scenario_that_comes_with_us_is_called_by_its_name(tmp_path: Path, capsys: Any) -> None:
    assert cli(["simulate", "angry", "--runs", "1", "--keep", str(tmp_path / "kept")]) in (0, 3)
    assert "angry  1/1 passed" in capsys.readouterr().out
    with pytest.raises(BadInputError, match=r"no scenario file or folder nobody, .*; known: .*angry, "):
        main(["nobody"])


def test_a_folder_goes_before_a_scenario_of_ours_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "angry").mkdir()
    case(tmp_path / "angry")
    assert main(["angry", "--keep", str(tmp_path / "kept")]) == 0
    assert capsys.readouterr().out.startswith("pass         order")


def test_the_scenarios_that_come_with_us_can_be_read() -> None:
    names = [one.name for one in shipped()]
    assert len(names) == len(set(names)) >= 12
    assert all(one.about and len(one.expect) >= 3 for one in shipped())


@pytest.mark.parametrize("option", ["--runs", "--jobs"])
def test_a_run_of_nothing_is_refused(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([option, "0"])
    assert f"argument {option}: '0' is not a whole number from 1 on" in capsys.readouterr().err


@pytest.mark.parametrize("seed", ["-5", "first"])
def test_a_seed_is_a_whole_number_from_0_on(seed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--seed", seed])
    assert f"argument --seed: {seed!r} is not a whole number from 0 on" in capsys.readouterr().err


EXTRACTION: dict[str, Any] = {
    "task_type": "extraction",
    "tools_config": {
        "llm_agent": {"llm_config": {"provider": "custom", "model": "m", "extraction_details": "day : when"}}
    },
}
ENDPOINT = "https://models.example/v1"


def with_extraction(**llm_config: Any) -> dict[str, Any]:
    """The agent with a task after the call that asks a model on the network."""
    agent = copy.deepcopy(AGENT)
    task = copy.deepcopy(EXTRACTION)
    task["tools_config"]["llm_agent"]["llm_config"].update(llm_config)
    agent["agent_config"]["tasks"].append(task)
    return agent


def test_a_provider_that_fails_after_one_call_fails_that_run_alone(tmp_path: Path, monkeypatch: Any) -> None:
    asked = itertools.count(1)

    async def answer(self: EndpointModels, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        if request.purpose != "check" and next(asked) == 2:
            raise ProviderError(FailureKind.UNAVAILABLE, "custom", "the endpoint failed (HTTP 503)")
        yield ModelDelta(text="{}")
        yield ModelDelta(ended="stop")

    monkeypatch.setattr(EndpointModels, "answer", answer)
    report = tmp_path / "report.json"
    case(tmp_path, agent=with_extraction(base_url=ENDPOINT), runs=4, pass_rate=0.1)
    assert main([str(tmp_path / "order.json"), "--json", str(report), "--keep", str(tmp_path / "kept")]) == 0
    calls = json.loads(report.read_text())["scenarios"][0]["calls"]
    assert [one["reasons"] for one in calls] == [
        [],
        ["the extraction could not be made: custom: the endpoint failed (HTTP 503)"],
        [],
        [],
    ]
    assert (tmp_path / "kept" / "order-2.log").exists()


def test_a_model_that_fails_in_the_call_is_told_among_the_reasons(tmp_path: Path, monkeypatch: Any) -> None:
    async def answer(self: EndpointModels, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        if request.purpose != "check":
            raise ProviderError(FailureKind.UNAVAILABLE, "custom", "the endpoint cannot be reached")
        yield ModelDelta(ended="stop")

    monkeypatch.setattr(EndpointModels, "answer", answer)
    agent = copy.deepcopy(AGENT)
    llm = agent["agent_config"]["tasks"][0]["tools_config"]["llm_agent"]["llm_config"]
    llm.clear()
    llm.update({"provider": "custom", "model": "m", "base_url": ENDPOINT})
    report = tmp_path / "report.json"
    case(tmp_path, agent=agent, expect=[{"agent_said": "hi"}], runs=1)
    main([str(tmp_path / "order.json"), "--json", str(report), "--keep", str(tmp_path / "kept")])
    found = json.loads(report.read_text())["scenarios"][0]["calls"][0]["reasons"]
    assert found == ["the model failed: custom: the endpoint cannot be reached"]


def naming_no_model() -> dict[str, Any]:
    agent = copy.deepcopy(AGENT)
    agent["agent_config"]["tasks"][0]["tools_config"].pop("llm_agent")
    return agent


def test_an_agent_that_names_no_model_has_the_one_of_the_settings_and_it_is_told(
    tmp_path: Path, monkeypatch: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[str, str]] = []

    async def answer(self: EndpointModels, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        endpoint = self.endpoint_of(request.settings)
        asked.append((endpoint.base_url, request.purpose))
        yield ModelDelta(text="Hi there.")
        yield ModelDelta(ended="stop", usage=UsageAmount("model", "custom", endpoint.default_model, 1, 1))

    monkeypatch.setattr(EndpointModels, "answer", answer)
    monkeypatch.setenv("CALLWRIGHT_MODEL_BASE_URL", "https://llm.example/v1")
    monkeypatch.setenv("CALLWRIGHT_MODEL_NAME", "m-9")
    report = tmp_path / "report.json"
    case(tmp_path, agent=naming_no_model(), expect=[{"agent_said": "hi there"}], runs=1, pass_rate=0.1)
    assert main([str(tmp_path / "order.json"), "--keep", str(tmp_path / "kept"), "--json", str(report)]) == 0
    ran = "model custom m-9 at llm.example, voice scripted, recogniser scripted, in tones"
    assert f"ran with {ran}\n" in capsys.readouterr().out
    assert json.loads(report.read_text())["scenarios"][0]["providers"] == ran
    assert {url for url, _ in asked} == {"https://llm.example/v1"}
    assert [purpose for _, purpose in asked].count("check") == 1


def test_a_model_that_is_down_is_told_once_before_the_first_call(tmp_path: Path, monkeypatch: Any) -> None:
    asked: list[str] = []

    async def answer(self: EndpointModels, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        asked.append(request.purpose)
        if request.messages:
            raise ProviderError(FailureKind.UNAVAILABLE, "custom", "the endpoint failed (HTTP 500)")
        yield ModelDelta()

    monkeypatch.setattr(EndpointModels, "answer", answer)
    monkeypatch.setenv("CALLWRIGHT_MODEL_BASE_URL", "https://llm.example/v1")
    case(tmp_path, agent=naming_no_model(), runs=5)
    with pytest.raises(ConfigurationError, match=r"order: the model custom failed: the endpoint failed \(HTTP 500\)"):
        main([str(tmp_path / "order.json"), "--keep", str(tmp_path / "kept")])
    assert asked == ["check"]


def test_scenarios_with_different_models_are_told_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case(tmp_path)
    case(tmp_path, "other", agent=with_model_name("scripted-2"))
    main([str(tmp_path), "--runs", "1", "--keep", str(tmp_path / "kept")])
    printed = capsys.readouterr().out.splitlines()
    assert "ran with model scripted, voice scripted, recogniser scripted, in tones: order" in printed
    assert "ran with model scripted scripted-2, voice scripted, recogniser scripted, in tones: other" in printed


def test_speech_that_stands_for_another_voice_says_so(tmp_path: Path) -> None:
    found = check(scenarios_in(case(tmp_path)), Session(Settings(voice="elsewhere"), "local"))
    assert found == {"order": "model scripted, voice local in place of elsewhere, recogniser local"}


def with_model_name(name: str) -> dict[str, Any]:
    agent = copy.deepcopy(AGENT)
    agent["agent_config"]["tasks"][0]["tools_config"]["llm_agent"]["llm_config"]["model"] = name
    return agent


def test_the_agents_own_endpoint_gets_the_operators_key(tmp_path: Path, monkeypatch: Any) -> None:
    seen: list[Endpoint] = []

    async def answer(self: EndpointModels, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        if request.purpose != "check":
            seen.append(self.endpoint_of(request.settings))
        yield ModelDelta(text="{}")
        yield ModelDelta(ended="stop")

    monkeypatch.setattr(EndpointModels, "answer", answer)
    monkeypatch.setenv("CUSTOM_API_KEY", "key-of-the-operator")
    case(tmp_path, agent=with_extraction(base_url=ENDPOINT), runs=1, pass_rate=0.1)
    assert main([str(tmp_path / "order.json"), "--keep", str(tmp_path / "kept")]) == 0
    assert [(one.base_url, one.api_key, one.key_from) for one in seen] == [
        (ENDPOINT, "key-of-the-operator", "the provider key CUSTOM_API_KEY")
    ]


@pytest.mark.parametrize(
    ("llm_config", "why"),
    [
        ({}, "order: the model 'custom' cannot be used: it has no endpoint; name one in base_url of the agent"),
        (
            {"provider": "openai"},
            r"it has no key; POST /providers.* \(here provider keys are environment variables: OPENAI_API_KEY, OPENAI_API_BASE\)",
        ),
        (
            {"provider": "openai", "base_url": ENDPOINT},
            "base_url of the agent is no address of openai, whose key goes nowhere",
        ),
        ({"provider": "house"}, "order: the agent needs the model 'house', which is not installed here"),
    ],
)
def test_a_model_that_could_not_be_asked_is_told_before_the_first_call(
    llm_config: dict[str, Any], why: str, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("CALLWRIGHT_MODEL_BASE_URL", raising=False)
    report = tmp_path / "report"
    report.write_text("an older one")
    case(tmp_path, agent=with_extraction(**llm_config))
    with pytest.raises(ConfigurationError, match=why):
        main([str(tmp_path / "order.json"), "--json", str(report)])
    assert capsys.readouterr().out == ""
    assert report.read_text() == "an older one"


def test_a_bad_file_is_named_and_no_report_is_touched(tmp_path: Path, capsys: Any) -> None:
    case(tmp_path)
    case(tmp_path, "z-bad", agent={})
    report = tmp_path / "report.xml"
    report.write_text("an older one")
    assert cli(["simulate", str(tmp_path), "--out", str(report)]) == 2
    told = capsys.readouterr()
    assert told.err.startswith("callwright: z-bad: scenario: agent: agent_name is required")
    assert told.out == ""
    assert report.read_text() == "an older one"


def test_an_agent_that_cannot_be_used_is_told_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "agent").write_text('{"agent_name": "x", "tasks": []}')
    with pytest.raises(BadInputError, match=r"/agent cannot be used: scenario: agent: .*tasks must hold 1 to"):
        main([str(case(tmp_path)), "--agent", str(tmp_path / "agent")])


@pytest.fixture
def stopped_in_the_third_call(monkeypatch: Any) -> None:
    """Ctrl-C comes in the third call."""
    made, numbers = ScenarioRunner.call, itertools.count(1)

    async def call(self: ScenarioRunner, scenario: CallScenario, seed: int) -> CallMade:
        if next(numbers) == 3:
            raise KeyboardInterrupt
        return await made(self, scenario, seed)

    monkeypatch.setattr(ScenarioRunner, "call", call)


@pytest.mark.parametrize(("pass_rate", "status"), [(0.3, 3), (1, 3)])
@pytest.mark.usefixtures("stopped_in_the_third_call")
def test_a_run_that_is_stopped_tells_and_writes_what_it_has(
    pass_rate: float, status: int, tmp_path: Path, capsys: Any
) -> None:
    out, report = tmp_path / "junit.xml", tmp_path / "report.json"
    case(tmp_path, runs=5, pass_rate=pass_rate)
    given = [str(tmp_path / "order.json"), "--out", str(out), "--json", str(report), "--keep", str(tmp_path / "kept")]
    assert main(given) == status
    assert "stopped after 2 of 5; " in capsys.readouterr().out
    found = json.loads(report.read_text())
    assert (found["stopped_of"], [one["runs"] for one in found["scenarios"]]) == (5, [2])
    assert fromstring(out.read_text()).get("tests") == "1"
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [
        "junit.xml",
        "order.json",
        "report.json",
    ]


def test_a_report_is_whole_or_the_one_of_before(tmp_path: Path) -> None:
    place = tmp_path / "report"
    place.write_text("an older one")
    with pytest.raises(ZeroDivisionError), report_file(str(place)):
        raise ZeroDivisionError
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("report", "an older one")]
    with report_file(str(place)) as write:
        assert place.read_text() == "an older one"
        write("a new one")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("report", "a new one")]


def test_a_report_behind_a_link_is_written_where_the_link_points(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "there")
    with report_file(str(tmp_path / "link")) as write:
        write("text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there").read_text() == "text"


def test_a_folder_is_no_report(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="Is a directory"), report_file(str(tmp_path)):
        pass


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("Asia/Kolkata", "Friday, January 2, 2026 08:34:05 AM Asia/Kolkata"),
        ("", "Friday, January 2, 2026 03:04:05 AM UTC"),
        ("Nowhere/None", "Friday, January 2, 2026 03:04:05 AM UTC"),
    ],
)
def test_a_simulated_call_has_the_date_and_time_of_its_time_zone(zone: str, said: str, tmp_path: Path) -> None:
    agent = copy.deepcopy(AGENT)
    agent["agent_config"]["agent_welcome_message"] = "It is {current_date} {current_time} {timezone}."
    path = case(tmp_path, agent=agent, user_data={"timezone": zone})
    header, _ = read_log(recorded(scenarios_in(path)[0], 1))
    assert " ".join(header.variables[name] for name in ("current_date", "current_time", "timezone")) == said


@pytest.mark.parametrize(
    ("user_data", "asked"), [({"colour": "red"}, []), ({"colour": ""}, ["colour"]), ({}, ["colour"])]
)
def test_a_simulated_model_is_asked_for_what_a_real_one_is(
    user_data: dict[str, Any], asked: list[str], tmp_path: Path
) -> None:
    """A parameter of a tool that is named as a variable of the call is filled from it (contract 13)."""
    _, entries = read_log(recorded(scenarios_in(case(tmp_path, user_data=user_data))[0], 1))
    started = next(entry for entry in entries if entry.type == "Started")
    (tool,) = started.values["plan"]["tools"]
    assert list(json.loads(tool["parameters"])["properties"]) == asked


NOISY: dict[str, Any] = {
    "persona": {"think_ms": 4_000, "rules": [{"say": "Red."}, {"say": "Bye.", "hang_up": True, "linger_ms": 2_000}]}
}


@pytest.mark.parametrize("line", ["noise=-30dB", "echo=-3dB/180ms", "noise=-35dB,echo=-10dB/100ms,loss=2"])
def test_neither_noise_nor_echo_of_a_line_is_the_caller(line: str, tmp_path: Path) -> None:
    """A caller who thinks for four seconds leaves silence, and speaks over nobody, whatever the line adds."""
    quiet = [{"silence_ms": {"at_least": 2_400}}, {"overlap_ms": {"at_most": 0}}]
    path = case(tmp_path, line=line, expect=quiet, runs=2, **NOISY)
    assert main([str(path), "--keep", str(tmp_path / "kept")]) == 0
