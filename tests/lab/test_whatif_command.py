"""``callwright replay CALL --from-turn N --set agent.path=value`` over the log of a call with the scripted model."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest
from tests.unit.lab.recorded_calls import bare, header

from callwright.bootstrap.plugins import PluginInstances
from callwright.cli import main
from callwright.conversation.log import entry_line
from callwright.conversation.plan import plan_for
from callwright.insight.provision import SANDBOX
from callwright.lab.whatif import what_if
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import ModelDelta, ModelRequest
from callwright.ports.registry import PluginContext
from callwright.providers.openai_compatible.endpoints import EndpointModels

AGENT: dict[str, Any] = {
    "agent_name": "Bakery",
    "agent_welcome_message": "Hello, this is the bakery.",
    "tasks": [
        {
            "task_type": "conversation",
            "tools_config": {
                "llm_agent": {"provider": "scripted", "model": "s", "rules": [{"when": "table", "say": "For when?"}]},
                "transcriber": {"provider": "scripted"},
                "synthesizer": {"provider": "scripted", "provider_config": {"voice": "v"}},
            },
            "task_config": {"hangup_after_LLMCall": True},
        }
    ],
    "agent_prompts": {"task_1": {"system_prompt": "Sell bread."}},
}


class _Answers:
    def reply(self, _ask: object) -> list[ModelDelta]:
        return [ModelDelta(text="For when?"), ModelDelta(ended="stop")]

    def judge(self, _ask: object) -> bool:
        return False


def recorded(folder: Path, **fitted: Any) -> str:
    """A call's log: the bakery's, of a caller who wants a table and then says when. ``fitted``: what the equipment made of its plan."""
    plan = replace(plan_for(parse_agent(AGENT), {}), **fitted)
    said = ("A table for two please.", "Tonight at eight.")
    found = what_if(bare(plan, said), 0, lambda _: plan, _Answers(), keep_going=True)
    path = folder / "call.log"
    path.write_text(header(AGENT) + "".join(found.log.splitlines(keepends=True)[1:]))
    return str(path)


@pytest.fixture
def log(tmp_path: Path) -> str:
    return recorded(tmp_path)


def wait_ms(log: str, capsys: pytest.CaptureFixture[str], *changes: str) -> int:
    """How long the caller waits for the answer to the second turn, with settings of the task changed."""
    given = [part for change in changes for part in ("--set", f"agent.tasks.0.{change}")]
    assert main(["replay", log, "--from-turn", "2", "--model", "recorded", "--json", *given]) == 0
    return int(json.loads(capsys.readouterr().out)["after"][1]["wait_ms"])


def test_both_conversations_are_printed_and_labelled(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    rule = "agent.tasks.0.tools_config.llm_agent.rules.0.say=We are full."
    assert main(["replay", log, "--from-turn", "1", "--set", rule]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"WHAT IF from turn 1 on: {rule}; answers: agent\nNone of it happened.")
    assert "first difference: turn 1: the agent says something else" in told
    assert "answered another reply" in told


def test_as_json_it_is_labelled_too(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    setting = "agent.tasks.0.task_config.incremental_delay=2000"
    assert main(["replay", log, "--from-turn", "2", "--model", "recorded", "--set", setting, "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert (body["what_if"], body["set"], body["first_difference"]) == (True, [setting], None)
    assert [line["text"] for line in body["after"]] == ["Tonight at eight.", "For when?"]
    assert body["after"][1]["wait_ms"] >= 2_000


def test_what_stood_in_for_the_agents_model_is_asked_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(recorded(tmp_path))
    first, *lines = path.read_text().splitlines()
    begins = json.loads(first)
    begins["agent"]["tasks"][0]["tools_config"]["llm_agent"]["provider"] = "openai"
    stood = {"leg": "model", "wanted": "openai", "used": "scripted", "reason": "it has no key", "remedy": ""}
    last = json.loads(lines[-1])
    fact = entry_line(last["seq"] + 1, last["at"], "core", "fact", SANDBOX, {"stand_ins": [stood]})
    path.write_text("\n".join([json.dumps(begins), *lines, fact]))
    assert main(["replay", str(path), "--from-turn", "1"]) == 0
    told = capsys.readouterr().out
    assert "the model asked was scripted, in place of openai\n" in told
    assert "the model failed" not in told


NO_FLOOR = "task_config.incremental_delay=0"


def test_a_call_that_asked_its_free_model_early_can_be_told_not_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    early, late = recorded(tmp_path, speculate=True), "task_config.speculative_replies=false"
    assert wait_ms(early, capsys, NO_FLOOR, late) > wait_ms(early, capsys, NO_FLOOR)


@pytest.mark.parametrize(("provider", "is_free"), [("intents", True), ("scripted", False)])
def test_another_model_is_asked_early_where_it_is_free(
    provider: str, is_free: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, model = recorded(tmp_path), f"tools_config.llm_agent.provider={provider}"
    assert (wait_ms(log, capsys, NO_FLOOR, model) < wait_ms(log, capsys, NO_FLOOR)) == is_free


def test_a_chat_stays_a_chat(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chat = recorded(tmp_path, written=True, incremental_delay_ms=0)
    assert wait_ms(chat, capsys, "task_config.incremental_delay=5000") == wait_ms(chat, capsys)


def test_a_prompted_hang_up_is_asked_of_the_model(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    answers = 'agent.tasks.0.tools_config.llm_agent.answers={"hangup": [{"json": {"answer": "yes"}}]}'
    assert main(["replay", log, "--from-turn", "2", "--set", answers]) == 0
    assert "the agent ended the call (llm_prompted_hangup)" in capsys.readouterr().out


def test_a_model_that_fails_is_part_of_the_what_if(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    rules = 'agent.tasks.0.tools_config.llm_agent.rules=[{"fail": "unavailable"}]'
    assert main(["replay", log, "--from-turn", "2", "--set", rules]) == 0
    told = capsys.readouterr().out
    assert "Sorry, I did not get" in told
    assert "The model scripted failed 2 times, unavailable" in told
    assert "the model asked was scripted s\n" in told


def test_an_agent_that_names_no_model_asks_the_one_of_the_settings(
    log: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def answer(self: EndpointModels, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        if request.messages:
            raise ProviderError(FailureKind.REFUSED, "custom", f"{self.endpoint_of(request.settings).base_url} refused")
        yield ModelDelta()

    monkeypatch.setattr(EndpointModels, "answer", answer)
    monkeypatch.setenv("CALLWRIGHT_MODEL_BASE_URL", "https://llm.example/v1")
    assert main(["replay", log, "--from-turn", "2", "--set", "agent.tasks.0.tools_config.llm_agent=null"]) == 0
    told = capsys.readouterr().out
    assert "the model asked was custom at llm.example\n" in told
    assert 'The model custom failed, refused credentials: "https://llm.example/v1 refused".' in told


def replied_by(log: str, provider: str, model: str) -> None:
    """Add to a log that this model replied in the call."""
    path = Path(log)
    last = json.loads(path.read_text().splitlines()[-1])
    used = {
        "kind": "model",
        "provider": provider,
        "model": model,
        "purpose": "reply",
        "generation": 1,
        "request": 1,
        "amount": 9,
    }
    path.write_text(path.read_text() + entry_line(last["seq"] + 1, last["at"], "core", "in", "UsageReported", used))


def test_another_model_than_the_calls_is_told_before_any_conclusion(
    log: str, capsys: pytest.CaptureFixture[str]
) -> None:
    replied_by(log, "custom", "gemma")
    assert main(["replay", log, "--from-turn", "1"]) == 0
    told = capsys.readouterr().out
    sentence = (
        "the model asked was scripted s; in the call it was custom gemma, so that other words may come of the model"
    )
    assert told.splitlines()[2] == sentence
    assert told.index(sentence) < told.index("first difference:")


def test_an_agent_that_names_no_model_asks_the_provider_that_replied_in_the_call(
    log: str, capsys: pytest.CaptureFixture[str]
) -> None:
    replied_by(log, "scripted", "scripted")
    assert main(["replay", log, "--from-turn", "2", "--set", "agent.tasks.0.tools_config.llm_agent=null"]) == 0
    told = capsys.readouterr().out
    assert "\nthe model asked was scripted" in told
    assert "in the call it was" not in told


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--set", "agent.agent_name=x"], "say which with --from-turn N"),
        (["--model", "agent"], "--model is of a what-if, which goes on from a turn: say which with --from-turn N"),
        (["--keep-going"], "say which with --from-turn N"),
        (["--json"], "say which with --from-turn N"),
        (["--from-turn", "9"], "no turn 9; it has turns 1 to 2"),
        (
            ["--from-turn", "1", "--set", "agent.tasks.0.task_config.incremental_dela=1"],
            "did you mean incremental_delay",
        ),
        (["--from-turn", "1", "--set", "agent.tasks.0.task_config.incremental_delay=soon"], "must be a whole number"),
        (["--from-turn", "1", "--model", "nobody"], "there is no model named 'nobody'"),
    ],
)
def test_what_is_wrong_is_said(log: str, given: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", log, *given]) == 2
    assert told in capsys.readouterr().err


def test_a_log_without_an_agent_can_be_asked_by_what_was_recorded(
    log: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bodiless = tmp_path / "bodiless.log"
    bodiless.write_text(header() + "".join(Path(log).read_text().splitlines(keepends=True)[1:]))
    assert main(["replay", str(bodiless), "--from-turn", "1", "--model", "recorded"]) == 0
    assert "first difference: none" in capsys.readouterr().out
    assert main(["replay", str(bodiless), "--from-turn", "1"]) == 2
    assert "use --model recorded" in capsys.readouterr().err
    assert main(["replay", str(bodiless), "--from-turn", "1", "--set", "agent.agent_name=x"]) == 2
    assert "no agent that could be changed" in capsys.readouterr().err


def test_what_is_no_log_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.log").write_text("no log\n")
    for command in (["replay", "--from-turn", "1"], ["replay"], ["doctor"]):
        assert main([command[0], str(tmp_path / "x.log"), *command[1:]]) == 2
        assert "is not a call log this version can read" in capsys.readouterr().err
    assert main(["replay", str(tmp_path / "none.log")]) == 2
    assert main(["replay", "x" * 300]) == 2
    assert "x cannot be read: File name too long" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["replay", "doctor"])
def test_no_database_is_made_to_look_for_a_call(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    data = tmp_path / "notthere"
    assert main([command, "1f0c0000-0000-4000-8000-000000000000", "--data", str(data)]) == 2
    told = capsys.readouterr().err
    assert f"there is no database in {data}" in told
    assert "Name the data folder with --data or CALLWRIGHT_DATA" in told
    assert not data.exists()


def changed(log: str, change: Callable[[list[str]], list[str]]) -> str:
    """The log with other lines behind its header."""
    head, *lines = Path(log).read_text().splitlines(keepends=True)
    Path(log).write_text(head + "".join(change(lines)))
    return log


ASKED = ["--from-turn", "1", "--model", "recorded"]


@pytest.mark.parametrize("more", [[], ASKED])
def test_a_log_with_holes_is_replayed_as_far_as_it_is_there_and_is_not_whole(
    log: str, more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    fact = '{{"at":1,"dir":"fact","sec":"leg","seq":{},"type":"dialled","v":{{}}}}\n'
    count = len(Path(log).read_text().splitlines())
    assert main(["replay", changed(log, lambda lines: [*lines, fact.format(count + 2)]), *more]) == 1
    told = capsys.readouterr().out
    assert f"the log is not whole: entry {count} to {count + 1} missing" in told.replace("entries", "entry")
    assert "difference at entry" not in told
    if more:
        assert main(["replay", log, *more, "--json"]) == 1
        assert "not whole" in json.loads(capsys.readouterr().out)["remarks"][0]


def test_a_hole_that_the_core_minds_is_told_with_what_it_does(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    changed(log, lambda lines: [one for one in lines if '"StartRecording"' not in one])
    assert main(["replay", log]) == 1
    assert "the log is not whole: entry" in capsys.readouterr().out
    assert main(["replay", log, *ASKED]) == 2
    told = capsys.readouterr().err
    assert "does not repeat this call" in told
    assert "the log is not whole: entry" in told


def test_a_log_that_breaks_off_is_replayed_and_told(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    changed(log, lambda lines: lines[: len(lines) // 2])
    for more in ([], ["--from-turn", "0", "--model", "recorded"]):
        assert main(["replay", log, *more]) == 0
        assert "the log breaks off" in capsys.readouterr().out
    assert main(["doctor", log]) == 0
    assert "Log not whole" in capsys.readouterr().out


def test_a_log_that_lacks_nothing_is_told_nothing_of(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["replay"], ["replay", *ASKED], ["doctor"]):
        assert main([command[0], log, *command[1:]]) == 0
        told = capsys.readouterr().out
        assert "whole" not in told
        assert "breaks off" not in told


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ('{"at":1,"dir":"in","sec":"leg","seq":1,"type":"BrandNewEvent","v":{}}', "unknown event type 'BrandNewEvent'"),
        ('{"at":1,"dir":"in","sec":"leg","seq":1,"type":"Ringing","v":5}', "its v is no object"),
        ('{"at":1,"dir":"in","sec":"leg","seq":1,"type":"Ringing","v":{"new":1}}', "Ringing: "),
        ('{"at":1,"dir":"out","sec":"leg","seq":1,"type":"UserSaid","v":{}}', "UserSaid: "),
        ('{"at":1,"dir":"in","sec":"leg","seq":1,"type":["Ringing"],"v":{}}', "entry 1: its type is no text"),
        ('{"at":1,"dir":"in","sec":"leg","seq":1,"type":"Started","v":{"plan":""}}', "'str' object has no attribute"),
        ("[" * 100_000, "RecursionError: "),
        ("", "it has a header and no entry"),
    ],
)
def test_a_log_of_another_version_is_refused_in_a_sentence(
    log: str, entry: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    changed(log, lambda lines: [f"{entry}\n", *lines] if entry else [])
    for more in ([], ASKED):
        assert main(["replay", log, *more]) == 2
        said = capsys.readouterr().err
        assert "is not a call log this version can read" in said
        assert told in said


def test_what_a_what_if_cannot_show_is_told(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    speed = "agent.tasks.0.tools_config.synthesizer.provider_config.speed=3"
    model = "agent.tasks.0.tools_config.llm_agent.max_tokens=9"
    assert main(["replay", log, *ASKED, "--set", speed, "--set", model]) == 0
    told = capsys.readouterr().out
    assert f"{speed} changes nothing here" in told
    assert f"{model} changes nothing here" in told, "the recorded answers are what they are"
    assert "all of it is as recorded" in told
    assert main(["replay", log, "--from-turn", "1", "--set", speed, "--set", model]) == 0
    told = capsys.readouterr().out
    assert f"{speed} changes nothing here" in told
    assert f"{model} changes nothing here" not in told


def test_why_a_change_shows_nothing_is_told(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    recorded = "the model answers as recorded"
    none_of_it = "a what-if has the times of the recording, no sound, no tool that is called, and nothing that comes after the call"
    why = {
        "agent.tasks.0.task_config.patience=1000": "the agent does with it as it did without",
        "agent.tasks.0.tools_config.synthesizer.provider_config.speed=3": none_of_it,
        "agent.webhook_url=https://hooks.example/x": none_of_it,
        "agent.tasks.0.tools_config.llm_agent.max_tokens=9": recorded,
        "agent.agent_prompts.task_1.system_prompt=Be rude.": recorded,
    }
    assert main(["replay", log, *ASKED, *(word for change in why for word in ("--set", change))]) == 0
    told = capsys.readouterr().out
    assert [f"{change} changes nothing here: {reason}" in told for change, reason in why.items()] == [True] * len(why)


def test_it_is_said_from_where_on_it_is_simulated(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    later = ["--set", "agent.tasks.0.task_config.incremental_delay=2000"]
    for turn, told in ((0, "all of it is simulated"), (2, "simulated from turn 2 on, as recorded before")):
        assert main(["replay", log, "--from-turn", str(turn), "--model", "scripted", *(later if turn else [])]) == 0
        assert (told if turn else "simulated from turn 1 on") in capsys.readouterr().out
    welcome = ["--set", "agent.agent_welcome_message=Good day."]
    assert main(["replay", log, "--from-turn", "0", "--model", "recorded", *welcome]) == 0
    assert "all of it is simulated" in capsys.readouterr().out


def test_replay_and_doctor_of_a_log(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", log]) == 0
    assert re.fullmatch(r"the same: \d+ events gave the same \d+ effects\n", capsys.readouterr().out)
    Path(log).write_text(Path(log).read_text().replace('"type":"StartRecording"', '"type":"StopRecording"'))
    assert main(["replay", log]) == 1
    told = capsys.readouterr().out
    assert "first difference at entry" in told
    assert "the same" not in told
    assert main(["doctor", log]) == 0
    assert "findings: " in capsys.readouterr().out
    assert main(["doctor", log, "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == {"findings", "left_out"}


@pytest.mark.parametrize("more", [[], ASKED])
def test_a_log_in_bytes_that_are_no_text_is_refused(
    more: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(b"\xff\xfe\n"), encoding="utf-8", errors="strict"))
    assert main(["replay", "-", *more]) == 2
    assert "- is not a call log this version can read" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["doctor"], ["replay", "--from-turn", "0"]])
def test_an_entry_that_lacks_a_field_is_refused_in_a_sentence(
    command: list[str], log: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(log).write_text(Path(log).read_text().replace('"from_ms":', '"from":'))
    assert main([command[0], log, *command[1:]]) == 2
    assert "is not a call log this version can read: " in capsys.readouterr().err


@pytest.mark.parametrize("command", [["replay"], ["replay", *ASKED], ["doctor"]])
def test_who_reads_no_more_of_it_ends_it_quietly(
    command: list[str], log: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as unread:
        monkeypatch.setattr(sys, "stdout", unread)
        assert main([command[0], log, *command[1:]]) == 141
    assert capsys.readouterr().err == ""


def test_a_what_if_keeps_nothing_of_a_model_in_the_data_folder(log: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[PluginContext] = []
    monkeypatch.setattr(PluginInstances, "use", lambda _, context: given.append(context))
    assert main(["replay", log, *ASKED]) == 0
    assert [context.settings["data"] for context in given] == [""]
