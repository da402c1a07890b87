"""A call of the ledger from the command line: replayed, examined, and run on with another agent."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path
from uuid import uuid4

import pytest
from tests.database import fetch
from tests.rows import admit, agent_row, claim, execution_row, live_call, move
from tests.unit.lab.recorded_calls import bare

from callwright.cli import main
from callwright.conversation.plan import CallPlan
from callwright.lab.whatif import what_if
from callwright.lab.whatif_answers import RecordedAnswers
from callwright.platform.call_logs.rules import LogChunk
from callwright.platform.executions.rules.execution import Phase
from callwright.platform.ledger import Ledger
from callwright.ports.model import ModelDelta

pytestmark = pytest.mark.real_time


class _Answers(RecordedAnswers):
    def reply(self, _ask: object) -> list[ModelDelta]:
        return [ModelDelta(text="For when?"), ModelDelta(ended="stop")]


def _log() -> str:
    empty = bare(CallPlan(welcome_message="Hello."), ["A table for two please.", "Tonight at eight."])
    return what_if(empty, 0, lambda plan: plan, _Answers(empty, 0), keep_going=True).log


async def _in_the_ledger(dsn: str, log: str) -> str:
    execution_id = str(uuid4())
    ledger = Ledger(dsn)
    await ledger.open()
    try:
        await live_call(ledger, execution_id)
        async with ledger.unit() as unit:
            await unit.logs.append(LogChunk(execution_id, 1, "live", 0, log.encode()))
    finally:
        await ledger.aclose()
    return execution_id


def test_an_executions_log_is_replayed_examined_and_run_on(
    dsn: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", dsn)
    execution_id = asyncio.run(_in_the_ledger(dsn, _log()))
    here = ["--data", str(tmp_path / "data")]

    assert main(["replay", execution_id, *here]) == 0
    assert "the same: " in capsys.readouterr().out
    assert main(["doctor", execution_id, *here]) == 0
    assert "findings: " in capsys.readouterr().out
    assert main(["replay", execution_id, *here, "--from-turn", "2", "--model", "recorded"]) == 0
    assert "caller: Tonight at eight." in capsys.readouterr().out
    assert main(["doctor", str(uuid4()), *here]) == 2
    told = capsys.readouterr().err
    assert "there is no such execution" in told
    assert "--data, CALLWRIGHT_DATA or DATABASE_URL" in told


def test_an_attempt_of_an_execution_is_named(
    dsn: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", dsn)
    execution_id = asyncio.run(_in_the_ledger(dsn, _log()))
    here = ["--data", str(tmp_path / "data")]
    assert main(["replay", execution_id, "--attempt", "1", *here]) == 0
    assert "the same: " in capsys.readouterr().out
    assert main(["doctor", execution_id, "--attempt", "2", *here]) == 2
    assert f"{execution_id} has no log of attempt 2: it was not made yet" in capsys.readouterr().err


def test_a_log_is_of_one_attempt(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "call.log").write_text(_log())
    assert main(["replay", str(tmp_path / "call.log"), "--attempt", "1"]) == 2
    assert "a log is of one attempt: leave it out" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["replay", "a-call", "--attempt", "0"])
    assert "0 is no attempt: they are counted from 1" in capsys.readouterr().err


def test_an_execution_without_a_log_is_told_from_one_that_is_not_there(
    dsn: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", dsn)
    execution_id = asyncio.run(_completed(dsn))
    assert main(["replay", execution_id, "--data", str(tmp_path / "data")]) == 2
    assert f"the execution {execution_id} has no log" in capsys.readouterr().err


def test_a_log_comes_through_a_pipe_that_has_a_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pipe, log = tmp_path / "pipe", _log()
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(log,))
    writer.start()
    status = main(["replay", str(pipe)])
    if status != 0:
        pipe.read_text()  # lets the writer end
    writer.join()
    assert status == 0
    assert "the same: " in capsys.readouterr().out


async def _completed(dsn: str) -> str:
    """A completed call of an agent, both with ids as the API gives them."""
    ledger = Ledger(dsn)
    await ledger.open()
    agent_id, execution_id = str(uuid4()), str(uuid4())
    body = {"agent_name": "Reception", "tasks": [{"task_type": "conversation"}]}
    try:
        async with ledger.unit() as unit:
            await unit.nodes.beat("node-a", "a")
            await unit.agents.insert(agent_row(agent_id, body=body))
            await unit.executions.insert(execution_row(execution_id, agent_id=agent_id))
        await admit(ledger)
        await claim(ledger, "node-a")
        await move(ledger, execution_id, Phase.DIALLING, "initiated", owner="node-a", attempt=1)
        await move(ledger, execution_id, Phase.LIVE, owner="node-a", attempt=1)
        await move(ledger, execution_id, Phase.FINISHING, owner="node-a", attempt=1)
        await move(ledger, execution_id, Phase.DONE, "completed")
    finally:
        await ledger.aclose()
    return execution_id


def test_a_past_call_is_ordered_to_be_asked_again(
    dsn: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", dsn)
    execution_id = asyncio.run(_completed(dsn))
    here = ["--data", str(tmp_path / "data")]
    period = ["--from", "2020-01-01", "--to", "2100-01-01"]
    agent_id = str(asyncio.run(fetch(dsn, "select agent_id from execution"))[0]["agent_id"])

    assert main(["extract", "--agent", agent_id, *period, "--dry-run", *here]) == 0
    assert f"1 calls would be asked again; left out: 0\n{execution_id}\n" in capsys.readouterr().out
    assert main(["extract", execution_id, *here]) == 0
    assert "1 calls wait to be asked again" in capsys.readouterr().out
    jobs = asyncio.run(fetch(dsn, "select convert_from(payload, 'utf8') as payload from pgqueuer"))
    assert [execution_id in job["payload"] for job in jobs] == [True]
    assert main(["extract", *here]) == 1
    assert main(["extract", str(uuid4()), *here]) == 1
    assert main(["extract", "--agent", str(uuid4()), *period, *here]) == 1
    assert "there is no such agent" in capsys.readouterr().err
