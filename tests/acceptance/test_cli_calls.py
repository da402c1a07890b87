"""A call of the ledger from the command line: replayed, examined, and run on with another agent."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest
from tests.rows import live_call
from tests.unit.simulation.recorded_calls import bare

from callwright.cli import main
from callwright.conversation.plan import CallPlan
from callwright.ports.ledger import LogChunk
from callwright.ports.model import ModelDelta
from callwright.simulation.whatif import what_if
from callwright.simulation.whatif_answers import RecordedAnswers
from callwright.storage.ledger import PostgresLedger


class _Answers(RecordedAnswers):
    def reply(self, _ask: object) -> list[ModelDelta]:
        return [ModelDelta(text="For when?"), ModelDelta(ended="stop")]


def _log() -> str:
    empty = bare(CallPlan(welcome_message="Hello."), ["A table for two please.", "Tonight at eight."])
    return what_if(empty, 0, lambda plan: plan, _Answers(empty), keep_going=True).log


async def _in_the_ledger(dsn: str, log: str) -> str:
    execution_id = str(uuid4())
    ledger = PostgresLedger(dsn)
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
    assert "events gave" in capsys.readouterr().out
    assert main(["doctor", execution_id, *here]) == 0
    assert "findings: " in capsys.readouterr().out
    assert main(["replay", execution_id, *here, "--from-turn", "2", "--model", "recorded"]) == 0
    assert "caller: Tonight at eight." in capsys.readouterr().out
    assert main(["doctor", str(uuid4()), *here]) == 1
    assert "log of a call" in capsys.readouterr().err
