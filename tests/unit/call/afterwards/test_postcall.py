"""Post-call work that runs twice: what the first run spent stays in the record, and what it found is not asked again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from tests.unit.call.world import BEGAN
from tests.unit.insight.call_log import CallLog

from callwright.call.afterwards.postcall import AT_ONCE_SECONDS, PostCall
from callwright.call.live.deps import RuntimeDeps
from callwright.call.live.endings import FINISH_JOB, before_post_work, job_payload
from callwright.call.live.files import live_files
from callwright.domain.errors import UnavailableError
from callwright.insight.record import execution_body
from callwright.ops.folders import RecordingFiles
from callwright.ops.metrics import Metrics
from callwright.platform.agents.rules.fallbacks import FallbacksPolicy
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.spec import AgentSpec, ProviderDefaults
from callwright.platform.call_logs.rules import LogChunk
from callwright.platform.dialling.rules.policy import CallingPolicy, StoredPolicy
from callwright.platform.dispositions.rules import StoredDisposition
from callwright.platform.executions.rules.attempts import EARLIER, ended_attempt
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Execution, Phase, Status
from callwright.platform.prices.rules import Price, PriceBook
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import ModelDelta, ModelRequest
from callwright.ports.speech import UsageAmount

TOKENS = 100
JOB = json.dumps({"execution_id": "call-1", "attempt": 1}).encode()
MODEL = {"provider": "counting", "model": "m"}
AGENT = {
    "agent_name": "Reception",
    "tasks": [
        {"task_type": "conversation", "tools_config": {"llm_agent": MODEL}},
        {
            "task_type": "extraction",
            "tools_config": {"llm_agent": {**MODEL, "extraction_details": "name : the caller's name"}},
        },
        {"task_type": "summarization", "tools_config": {"llm_agent": MODEL}},
    ],
}


class Model:
    """Answers questions after a call, every answer for TOKENS tokens; ``fails`` are defects, one a question, before it answers."""

    name = "counting"

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fails: dict[str, list[BaseException]] = {}
        self.answers = {"extraction": '{"name": "Ann"}', "summary": "Ann called."}
        self.room: dict[str, int] = {}

    async def answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        self.asked.append(request.purpose)
        yield ModelDelta(usage=UsageAmount("model", "counting", "m", TOKENS, 10))
        if self.fails.get(request.purpose):
            raise self.fails[request.purpose].pop(0)
        self.room[request.purpose] = request.settings.max_tokens
        yield ModelDelta(text=self.answers[request.purpose])


class Jobs(list[tuple[str, bytes, str, int]]):
    """Jobs that were put."""

    async def put(self, name: str, payload: bytes, tenant_id: str, after_seconds: int = 0) -> None:
        self.append((name, payload, tenant_id, after_seconds))


class Ledger:
    """One execution and its log. ``away`` units refuse to begin."""

    def __init__(self, log: str) -> None:
        self.row = Execution(
            id="call-1",
            tenant_id="t",
            agent_id="a",
            status=Status.CALL_DISCONNECTED,
            phase=Phase.FINISHING,
            detail="",
            attempt=1,
            direction="outbound",
            carrier="loopback",
            to_number="+15550199",
            from_number="+15550100",
            created_at=BEGAN,
            updated_at=BEGAN,
            ended_at=BEGAN,
            agent=AGENT,
        )
        self.chunks: dict[tuple[str, int], bytes] = {("live", 0): log.encode()}
        self.away = 0
        self.executions = self.logs = self.outbox = self.dispositions = self.calling_policies = self
        self.asked: list[StoredDisposition] = []
        self.jobs: Any = Jobs()
        self.policy = CallingPolicy()

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[Any]:
        if self.away:
            self.away -= 1
            raise UnavailableError("away")
        yield self

    reading = unit

    async def get_any(self, execution_id: str) -> Execution | None:
        return self.row if self.row.id == execution_id else None

    async def overdue(self, seconds: int) -> list[Execution]:
        return [self.row]

    async def lock(self, execution_id: str) -> Execution | None:
        return await self.get_any(execution_id)

    async def move(self, locked: Execution, *changes: Change) -> list[Execution]:
        return [await self.change(locked.id, change) for change in changes]

    async def change(self, execution_id: str, change: Change, **fence: None) -> Execution:
        status = Status(str(change.detail)) if change.phase is Phase.DONE else self.row.status
        record = {**self.row.record, **(change.record or {})}
        cost = change.columns.get("total_cost_nano", self.row.total_cost_nano)
        self.row = replace(
            self.row, phase=change.phase or self.row.phase, status=status, record=record, total_cost_nano=cost
        )
        return self.row

    async def of_agent(self, tenant_id: str, agent_id: str) -> list[StoredDisposition]:
        return self.asked

    async def binding(self, tenant_id: str) -> StoredPolicy:
        return StoredPolicy(tenant_id, self.policy, 0, None)

    async def append(self, *chunks: LogChunk) -> None:
        self.chunks.update({(chunk.section, chunk.chunk): chunk.data for chunk in chunks})

    async def read(self, execution_id: str, attempt: int | None = None, section: str | None = None) -> bytes:
        return b"".join(self.chunks[key] for key in sorted(self.chunks) if section in (None, key[0]))

    def entry(self, execution: Execution) -> None:
        """Nobody listens."""

    @property
    def posted(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.chunks.get(("post", 0), b"").splitlines()]


class Clock:
    """Time stands so long after the call; sleeping takes none."""

    def __init__(self, seconds: float = 60) -> None:
        self._seconds = seconds

    def now(self) -> Any:
        return BEGAN + timedelta(seconds=self._seconds)

    def monotonic_us(self) -> int:
        return 0

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


class Recordings:
    """No recording."""

    def path(self, execution_id: str, name: str) -> None:
        return None


class Bench:
    """Post-call work on one call."""

    def __init__(self, book: PriceBook | None = None) -> None:
        log = CallLog(BEGAN.isoformat()).answered().at(900).caller_said(1, "My name is Ann.").at(2_000).leg_ended()
        self.ledger, self.model = Ledger(log.text), Model()
        # Only what this work uses is real.
        plain: Any = None

        def plugin(kind: str, name: str) -> Any:
            return self.model

        self.deps = RuntimeDeps(
            self.ledger,  # type: ignore[arg-type]
            Clock(),
            plain,
            plugin,
            self.ledger,
            Recordings(),  # type: ignore[arg-type]
            Path("no-such-folder"),
            book or PriceBook(),
            ThreadPoolExecutor(1),
            Metrics(),
        )

    async def run(self) -> None:
        await PostCall(self.deps).finish(JOB)

    @property
    def tokens(self) -> int:
        """What the record says was used after the call."""
        return sum(fact["v"]["amount"] for fact in self.ledger.posted if fact["type"] == "usage")

    @property
    def record(self) -> dict[str, Any]:
        return self.ledger.row.record


async def test_a_run_that_is_not_interrupted_asks_each_question_once() -> None:
    bench = Bench()
    await bench.run()
    assert bench.model.asked == ["extraction", "summary"]
    assert bench.tokens == 2 * TOKENS
    assert bench.ledger.row.status is Status.COMPLETED
    assert bench.record["extracted_data"] == {"name": "Ann"}
    assert bench.record["summary"] == "Ann called."


async def test_a_run_that_dies_leaves_what_it_spent_and_found_to_the_next() -> None:
    bench = Bench()
    bench.model.fails["summary"] = [asyncio.CancelledError()]
    with pytest.raises(asyncio.CancelledError):
        await bench.run()
    assert bench.ledger.row.status is Status.CALL_DISCONNECTED

    await bench.run()

    assert bench.model.asked == ["extraction", "summary", "summary"], "the answered question is not asked again"
    assert bench.record["extracted_data"] == {"name": "Ann"}
    assert bench.record["summary"] == "Ann called."
    assert bench.tokens == 3 * TOKENS, "the question that was cut short had been paid for"
    sequence = [fact["seq"] for fact in bench.ledger.posted]
    assert sequence == list(range(sequence[0], sequence[0] + len(sequence)))


async def test_tries_that_failed_cost_too_and_are_kept_over_runs() -> None:
    bench = Bench()
    bench.model.fails["extraction"] = [RuntimeError("defect"), asyncio.CancelledError()]
    with pytest.raises(asyncio.CancelledError):
        await bench.run()
    await bench.run()
    assert bench.model.asked == ["extraction", "extraction", "extraction", "summary"]
    assert bench.tokens == 4 * TOKENS


async def test_a_process_that_ends_while_the_database_is_away_ends_at_once() -> None:
    bench = Bench()
    bench.model.fails["extraction"] = [asyncio.CancelledError()]
    finishing = PostCall(bench.deps)

    class Gone(Model):
        async def answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
            bench.ledger.away = 1_000
            async for delta in super().answer(request):
                yield delta

    gone = Gone()
    gone.fails = bench.model.fails
    bench.model = gone
    with pytest.raises(asyncio.CancelledError):
        await finishing.finish(JOB)
    assert bench.ledger.away == 999


async def test_a_failure_for_good_is_told_once_and_its_question_not_asked_again() -> None:
    bench = Bench()
    bench.model.fails["extraction"] = [RuntimeError("defect")] * 3
    bench.model.fails["summary"] = [asyncio.CancelledError()]
    with pytest.raises(asyncio.CancelledError):
        await bench.run()
    await bench.run()
    assert bench.model.asked.count("extraction") == 3
    # The failure to have a recording is this run's own, not carried over from the first.
    assert [one["what"] for one in bench.record["post_failures"]] == ["extraction", "recording"]


@pytest.mark.parametrize("of_the_agent", [True, False])
async def test_the_fallbacks_of_the_agents_model_answer_what_its_own_model_cannot(of_the_agent: bool) -> None:
    bench, spare = Bench(), Model()
    spare.name = "spare"
    fallbacks = [{"provider": "spare", "model": "s"}]
    if of_the_agent:
        talks, *after = cast("list[dict[str, Any]]", AGENT["tasks"])
        talks = {**talks, "tools_config": {"llm_agent": {**MODEL, "fallbacks": fallbacks}}}
        bench.ledger.row = replace(bench.ledger.row, agent={**AGENT, "tasks": [talks, *after]})
    else:
        bench.ledger.policy = CallingPolicy(fallbacks=FallbacksPolicy(model=tuple(fallbacks)))
    own = bench.model
    own.fails = {
        purpose: [ProviderError(FailureKind.REFUSED, "counting", "no key")] for purpose in ("extraction", "summary")
    }
    plugin: Any = lambda kind, name: spare if name == "spare" else own  # noqa: E731 - a getter of plugins is overloaded
    bench.deps = replace(bench.deps, plugin=plugin)
    await bench.run()
    assert own.asked == spare.asked == ["extraction", "summary"]
    assert bench.record["extracted_data"] == {"name": "Ann"}
    assert bench.record["summary"] == "Ann called."
    assert bench.tokens == 4 * TOKENS


@pytest.mark.parametrize(
    ("node", "seconds", "sound_ms", "done"),
    [("other", 10, 0, False), ("other", 61, 0, True), ("other", 10, 10, True), ("callwright", 10, 0, True)],
)
async def test_the_work_waits_for_the_node_that_has_the_sound(
    node: str, seconds: int, sound_ms: int, done: bool, tmp_path: Path
) -> None:
    bench = Bench()
    recordings = RecordingFiles(tmp_path / "recordings")
    bench.deps = replace(bench.deps, clock=Clock(seconds), data_folder=tmp_path, recordings=recordings)
    bench.deps.live_folder.mkdir()
    if sound_ms:
        live_files(bench.deps.live_folder, "call-1", 1).raw.caller.write_bytes(bytes(8 * sound_ms))
    await PostCall(bench.deps).finish(job_payload("call-1", 1, node))
    assert (bench.ledger.row.phase is Phase.DONE) == done
    assert bench.ledger.jobs == ([] if done else [(FINISH_JOB, job_payload("call-1", 1, node), "t", 2)])


async def test_nothing_stays_here_of_a_call_that_was_deleted_while_it_was_finished(tmp_path: Path) -> None:
    bench = Bench()
    bench.deps = replace(bench.deps, data_folder=tmp_path, recordings=RecordingFiles(tmp_path / "recordings"))
    bench.deps.live_folder.mkdir()
    live_files(bench.deps.live_folder, "call-1", 1).raw.caller.write_bytes(b"x")
    live_files(bench.deps.live_folder, "call-10", 1).raw.caller.write_bytes(b"x")
    bench.deps.recordings.write("call-1", "call.wav", b"x")
    bench.ledger.row = replace(bench.ledger.row, id="another")
    await bench.run()
    assert [path.name for path in bench.deps.live_folder.iterdir()] == ["call-10.1.caller.ulaw"]
    assert bench.deps.recordings.path("call-1", "call.wav") is None


def with_details(details: str) -> dict[str, Any]:
    """The agent with these values to extract."""
    talks, extraction, summary = cast("list[dict[str, Any]]", AGENT["tasks"])
    config = {"llm_agent": {**MODEL, "extraction_details": details}}
    return {**AGENT, "tasks": [talks, {**extraction, "tools_config": config}, summary]}


async def test_an_extraction_has_room_for_every_value_it_asks_for() -> None:
    bench = Bench()
    bench.ledger.row = replace(
        bench.ledger.row, agent=with_details("\n".join(f"k{n} : true or false" for n in range(40)))
    )
    await bench.run()
    assert bench.model.room == {"extraction": 4_000, "summary": 400}
    bench = Bench()
    bench.ledger.row = replace(bench.ledger.row, agent=with_details("a : a word\nb : true or false"))
    await bench.run()
    assert bench.model.room["extraction"] == 400 + 3 * 60


async def test_an_extraction_for_which_there_is_no_such_room_is_asked_with_less() -> None:
    bench = Bench()
    bench.model.fails["extraction"] = [ProviderError(FailureKind.BAD_REQUEST, "counting", "too many tokens")]
    await bench.run()
    assert bench.model.asked == ["extraction", "extraction", "summary"]
    assert bench.model.room["extraction"] == 400
    assert bench.record["extracted_data"] == {"name": "Ann"}


async def test_what_was_complete_of_an_answer_that_broke_off_is_kept() -> None:
    bench = Bench()
    bench.ledger.row = replace(bench.ledger.row, agent=with_details("name : the name\ncity : the city"))
    bench.model.answers["extraction"] = '<think>{"name": "Bob"}</think>{"name": "Ann", "city": "Lo'
    await bench.run()
    assert bench.record["extracted_data"] == {"name": "Ann", "city": None}


async def test_an_answer_that_says_nothing_is_a_failure_and_no_finding() -> None:
    bench = Bench()
    bench.model.answers = {"extraction": "I cannot.", "summary": " "}
    await bench.run()
    assert (bench.record["extracted_data"], bench.record["summary"]) == ({"name": None}, None)
    assert [one["what"] for one in bench.record["post_failures"]] == ["extraction", "summary", "recording"]
    assert [one["key"] for one in bench.record["extraction_rejected"]] == ["*"]


@pytest.mark.parametrize(("seconds", "status"), [(700, "call-disconnected"), (1_300, "completed")])
async def test_a_call_whose_record_cannot_be_written_is_completed_without_it_in_the_end(
    seconds: int, status: str
) -> None:
    bench = Bench()
    bench.deps = replace(bench.deps, clock=Clock(seconds))

    async def refused(*chunks: LogChunk) -> None:
        raise ValueError("too large")

    bench.ledger.append = refused  # type: ignore[method-assign]
    await PostCall(bench.deps).sweep()
    assert bench.ledger.row.status.value == status
    assert [one["what"] for one in bench.record.get("post_failures", [])] == (["log"] if status == "completed" else [])


async def test_a_database_that_is_away_for_a_while_costs_no_second_question() -> None:
    bench = Bench()

    class Flaky(Model):
        async def answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
            bench.ledger.away = 3
            async for delta in super().answer(request):
                yield delta

    bench.model = Flaky()
    await bench.run()
    assert bench.model.asked == ["extraction", "summary"]
    assert bench.tokens == 2 * TOKENS


async def test_a_damaged_line_of_an_earlier_run_is_passed_over() -> None:
    bench = Bench()
    spent = {"kind": "model", "provider": "p", "model": "m", "purpose": "summary", "amount": 7, "amount_output": 0}
    line = {"at": 1, "dir": "fact", "sec": "post", "seq": 9, "type": "usage", "v": {**spent, "amount_cached": 0}}
    whole = json.dumps(line, separators=(",", ":")).encode() + b"\n"
    bench.ledger.chunks["post", 0] = whole.replace(b'"at":1', b'"at":x') + whole + whole[:40]
    await bench.run()
    assert bench.tokens == 2 * TOKENS + 7


async def test_an_execution_that_was_completed_meanwhile_is_left_alone() -> None:
    bench = Bench()
    await bench.run()
    before = (bench.record, dict(bench.ledger.chunks))
    await bench.run()
    assert (bench.record, bench.ledger.chunks) == before
    assert bench.model.asked == ["extraction", "summary"]


BOOK = PriceBook(
    {("model_input", "counting", "*"): Price(3_000, 1_000), ("model_output", "counting", "*"): Price(7_000, 1_000)}
)
COST = 3_000 * TOKENS // 1_000 + 7_000 * 10 // 1_000
"""Of one question, in nano-cents."""


class Together(Model):
    """Answers no extraction before ``runs`` runs have asked for it."""

    def __init__(self, runs: int) -> None:
        super().__init__()
        self.all_asked = asyncio.Barrier(runs)

    async def answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        async for delta in super().answer(request):
            if delta.usage is not None and request.purpose == "extraction":
                await self.all_asked.wait()
            yield delta


class Held(Model):
    """The first that asks for an extraction waits for ``let_go``."""

    def __init__(self) -> None:
        super().__init__()
        self.holds, self.let_go = asyncio.Event(), asyncio.Event()

    async def answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        first = not self.holds.is_set()
        self.holds.set()
        async for delta in super().answer(request):
            yield delta
        if first:
            await self.let_go.wait()


def costs(bench: Bench) -> None:
    """Whatever was asked, by whom ever, is in the log, in the usage and in the cost, once."""
    asked = len(bench.model.asked)
    assert bench.tokens == asked * TOKENS
    assert bench.record["usage_breakdown"]["llm_tokens"] == asked * (TOKENS + 10)
    assert bench.ledger.row.total_cost_nano == asked * COST
    assert sum(bench.record["cost_nano"]["legs"].values()) == asked * COST
    assert sum(line["cost"] for line in bench.record["usage_lines"]) == asked * COST
    sequence = [fact["seq"] for fact in bench.ledger.posted]
    assert sequence == list(range(sequence[0], sequence[0] + len(sequence)))


@pytest.mark.parametrize("runs", [2, 3])
async def test_what_runs_at_the_same_moment_spent_is_all_in_the_record(runs: int) -> None:
    bench = Bench(BOOK)
    bench.model = Together(runs)
    await asyncio.gather(*(bench.run() for _ in range(runs)))
    assert bench.model.asked.count("extraction") == runs, "they could not know of each other"
    costs(bench)
    facts = [fact["type"] for fact in bench.ledger.posted]
    assert facts.count("extraction") == 1, "what both found stands there once"
    assert bench.record["extracted_data"] == {"name": "Ann"}
    assert bench.record["summary"] == "Ann called."
    assert [one["what"] for one in bench.record["post_failures"]] == ["recording"]
    assert bench.ledger.row.status is Status.COMPLETED


async def test_what_a_run_spent_that_comes_too_late_is_added_to_the_call() -> None:
    bench = Bench(BOOK)
    bench.model = held = Held()
    late = asyncio.create_task(bench.run())
    await held.holds.wait()
    await bench.run()
    found = {name: bench.record[name] for name in ("extracted_data", "summary", "post_failures")}
    assert bench.ledger.row.status is Status.COMPLETED
    held.let_go.set()
    await late
    assert bench.model.asked == ["extraction", "extraction", "summary"], "and asks no more"
    costs(bench)
    assert {name: bench.record[name] for name in found} == found
    await bench.run()
    costs(bench)


async def test_what_comes_too_late_for_an_attempt_is_added_to_that_attempt() -> None:
    bench = Bench(BOOK)
    bench.model = held = Held()
    late = asyncio.create_task(bench.run())
    await held.holds.wait()
    await bench.run()
    first = bench.ledger.row
    record = {EARLIER: [ended_attempt(first, "completed")]}
    bench.ledger.row = replace(first, phase=Phase.WAITING, status=Status.SCHEDULED, record=record)
    held.let_go.set()
    await late
    asked = len(held.asked)
    (entry,) = bench.record[EARLIER]
    assert entry["cost"] == bench.ledger.row.total_cost_nano == asked * COST > first.total_cost_nano
    assert (
        sum(entry["cost_nano"]["legs"].values()) == sum(line["cost"] for line in entry["usage_lines"]) == asked * COST
    )
    assert entry["usage_breakdown"]["llm_tokens"] == asked * (TOKENS + 10)
    assert bench.record.keys() == {EARLIER}


async def test_a_write_whose_answer_was_lost_is_not_made_twice() -> None:
    bench = Bench(BOOK)
    real = bench.ledger.unit

    class Unsure(Model):
        async def answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
            async for delta in super().answer(request):
                yield delta

            @asynccontextmanager
            async def lost() -> AsyncIterator[Any]:
                bench.ledger.unit = real  # type: ignore[method-assign]
                async with real() as unit:
                    yield unit
                raise UnavailableError("was it saved?")

            bench.ledger.unit = lost  # type: ignore[method-assign]

    bench.model = Unsure()
    await bench.run()
    assert bench.model.asked == ["extraction", "summary"]
    costs(bench)


async def test_a_line_that_was_cut_off_here_leaves_the_end_of_the_sound_that_the_ledger_has(tmp_path: Path) -> None:
    """The process died in the middle of a long line; whoever settled the call added how much sound was kept of it."""
    log = CallLog(BEGAN.isoformat()).answered().at(900).caller_said(1, "My name is Ann.")
    whole = log.text
    bench = Bench()
    bench.deps = replace(bench.deps, data_folder=tmp_path)
    bench.deps.live_folder.mkdir()
    live_files(bench.deps.live_folder, "call-1", 1).log.write_text(whole + '{"at":' + "9" * 1_000)
    bench.ledger.chunks["live", 0] = log.at(8_000).fact("leg", "sound_kept", audio_ms=8_000).text.encode()
    await bench.run()
    assert bench.record["conversation_ms"] == 8_000


@pytest.mark.parametrize("readable", [True, False])
async def test_a_call_that_was_killed_ends_as_error_when_the_work_after_it_is_done(readable: bool) -> None:
    bench = Bench(BOOK)
    killed = before_post_work(Change(Phase.DONE, "error"))
    assert killed.phase is Phase.FINISHING
    bench.ledger.row = replace(bench.ledger.row, record=dict(killed.record))
    if not readable:
        bench.ledger.chunks["live", 0] = b"no log"
    assert not execution_body(bench.ledger.row, public_url="http://here")["billing_settled"]
    await bench.run()
    body = execution_body(bench.ledger.row, public_url="http://here")
    assert (body["status"], body["billing_settled"]) == ("error", True)
    assert bool(body["total_cost"]) == readable
    ordered = {**bench.ledger.row.record, "extraction_state": {"run": "r", "status": "queued"}}
    again = execution_body(replace(bench.ledger.row, record=ordered), public_url="http://here")
    assert not again["billing_settled"], "it is asked again, which costs"


def unasked(body: dict[str, Any] | None = None) -> AgentSpec:
    """An agent that asks nothing after its calls."""
    return replace(parse_agent(AGENT if body is None else body, defaults=ProviderDefaults()), post_call=())


async def test_a_call_about_which_nothing_is_asked_is_finished_with_its_end() -> None:
    bench = Bench(BOOK)
    log = bench.ledger.chunks["live", 0]
    finished = PostCall(bench.deps).at_once(replace(bench.ledger.row, phase=Phase.LIVE), unasked(), log)
    assert finished is not None
    assert (finished.change.phase, finished.change.detail) == (Phase.DONE, "completed")
    assert (finished.section.section, finished.section.execution_id) == ("post", "call-1")
    later = Bench(BOOK)
    later.ledger.row = replace(later.ledger.row, agent={**AGENT, "tasks": AGENT["tasks"][:1]})
    await later.run()
    assert later.record["transcript"] == finished.change.record["transcript"]
    assert later.ledger.row.total_cost_nano == finished.change.columns["total_cost_nano"]


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_call_whose_model_never_answered_ends_as_error_after_the_work_after_it(at_once: bool) -> None:
    bench = Bench()
    log = CallLog(BEGAN.isoformat()).answered().at(500).asked(1, 1).at(9_000).leg_ended().text.encode()
    if at_once:
        finished = PostCall(bench.deps).at_once(bench.ledger.row, unasked(), log)
        assert finished is not None
        assert finished.change.detail == "error"
    else:
        bench.ledger.chunks["live", 0] = log
        await bench.run()
        assert bench.ledger.row.status == "error"


async def test_a_call_about_which_something_is_asked_is_left_to_its_job() -> None:
    bench = Bench()
    row, post_call = bench.ledger.row, PostCall(bench.deps)
    assert await post_call.asks(row, parse_agent(AGENT, defaults=ProviderDefaults()))
    bench.ledger.asked = [cast(Any, object())]
    assert await post_call.asks(row, unasked()), "it has a disposition"
    bench.ledger.asked = []
    assert not await post_call.asks(row, unasked())
    assert post_call.at_once(row, unasked(), b"no log") is None
    bench.ledger.away = 1
    assert await post_call.asks(row, unasked()), "the database is away"


async def test_a_long_call_is_left_to_its_job() -> None:
    bench = Bench()
    for seconds, is_finished in ((AT_ONCE_SECONDS, True), (AT_ONCE_SECONDS + 1, False)):
        log = CallLog(BEGAN.isoformat()).answered().at(seconds * 1000).leg_ended().text.encode()
        finished = PostCall(bench.deps).at_once(bench.ledger.row, unasked(), log)
        assert (finished is not None) == is_finished
