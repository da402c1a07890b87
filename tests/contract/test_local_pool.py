"""Inference processes: real ones, with an engine that needs no models."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from callwright.domain.limits import MAX_QUEUED_JOBS
from callwright.ports.failures import FailureKind, ProviderError
from callwright.providers.local.pool import InferenceProcess, Priority, ProcessPlan


@pytest.fixture
async def process():
    inference = InferenceProcess(ProcessPlan("drill", {"engine": "drill"}))
    await inference.ready()
    yield inference
    await inference.aclose()


def environment_of(pid):
    return Path(f"/proc/{pid}/environ").read_bytes()


async def test_the_process_has_none_of_our_secrets_in_its_environment(monkeypatch):
    monkeypatch.setenv("CALLWRIGHT_MASTER_KEY", "canary")
    inference = InferenceProcess(ProcessPlan("drill", {"engine": "drill"}))
    await inference.ready()
    environment = environment_of(inference.pid)
    await inference.aclose()
    assert b"OMP_NUM_THREADS=1" in environment
    assert b"canary" not in environment


async def running(stream):
    """Start a stream and wait for its first piece."""
    report = await anext(stream)
    assert report.kind == "piece"
    return report


async def test_a_job_streams_its_pieces_and_ends(process):
    stream = process.stream("echo", {"texts": ["a", "b"]})
    reports = [report async for report in stream]
    assert [r.kind for r in reports] == ["piece", "piece", "done"]
    assert [r.body.get("text") for r in reports[:2]] == ["a", "b"]
    assert process.is_idle


async def test_a_post_call_job_delivers_the_same(process):
    reports = [report async for report in process.stream("echo", {"texts": ["a"]}, Priority.POST_CALL)]
    assert [r.kind for r in reports] == ["piece", "done"]


async def test_failures_have_a_kind(process):
    with pytest.raises(ProviderError) as refused:
        await process.ask("refuse", {})
    with pytest.raises(ProviderError) as failed:
        await process.ask("fail", {})
    assert (refused.value.kind, failed.value.kind) == (FailureKind.BAD_REQUEST, FailureKind.UNAVAILABLE)


async def test_closing_a_stream_cancels_the_running_job(process):
    stream = process.stream("wait", {})
    await running(stream)
    await stream.aclose()
    assert (await asyncio.wait_for(process.ask("echo", {}), 2))["kind"] == "echo"


async def test_live_work_overtakes_partials_and_post_call_work(process):
    blocker = process.stream("wait", {})
    await running(blocker)
    done = []

    async def job(name, priority):
        await process.ask("echo", {}, priority)
        done.append(name)

    jobs = [
        asyncio.create_task(job(name, priority))
        for name, priority in (
            ("post", Priority.POST_CALL),
            ("partial", Priority.PARTIAL),
            ("live", Priority.LIVE),
            ("turn", Priority.TURN),
        )
    ]
    await asyncio.sleep(0)
    await blocker.aclose()
    await asyncio.gather(*jobs)
    assert done == ["turn", "live", "partial", "post"]


async def test_a_running_post_call_job_steps_back_for_a_live_one_and_still_finishes(process):
    post = process.stream("wait", {}, Priority.POST_CALL)
    waiting = asyncio.create_task(anext(post))
    await asyncio.sleep(0.1)
    assert (await asyncio.wait_for(process.ask("echo", {}, Priority.LIVE), 2))["kind"] == "echo"
    await asyncio.sleep(0.05)
    assert process.load == 1  # it is running again
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await post.aclose()


async def test_a_full_queue_refuses_at_once(process):
    blocker = process.stream("wait", {})
    await running(blocker)
    jobs = [asyncio.create_task(process.ask("echo", {})) for _ in range(MAX_QUEUED_JOBS)]
    await asyncio.sleep(0)
    with pytest.raises(ProviderError) as refused:
        await process.ask("echo", {})
    assert refused.value.kind == FailureKind.LIMIT
    await blocker.aclose()
    assert len(await asyncio.gather(*jobs)) == MAX_QUEUED_JOBS


async def test_a_cancelled_waiting_job_leaves_the_queue(process):
    blocker = process.stream("wait", {})
    await running(blocker)
    waiting = asyncio.create_task(process.ask("echo", {}))
    await asyncio.sleep(0)
    assert process.load == 2
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert process.load == 1
    await blocker.aclose()


async def test_a_crash_fails_open_jobs_and_the_process_comes_back(process):
    first = process.pid
    waiting = asyncio.create_task(process.ask("wait", {}))
    await asyncio.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(ProviderError) as crashed:
        await waiting
    assert crashed.value.kind == FailureKind.UNAVAILABLE
    assert (await asyncio.wait_for(process.ask("echo", {}), 10))["kind"] == "echo"
    assert process.pid != first


async def test_a_process_that_cannot_start_says_why():
    inference = InferenceProcess(ProcessPlan("language", {"engine": "language", "path": "missing.gguf", "key": "k"}))
    with pytest.raises(ProviderError, match=r"missing\.gguf") as failed:
        await inference.ready()
    assert failed.value.kind == FailureKind.UNAVAILABLE
    await inference.aclose()
    with pytest.raises(ProviderError, match="shutting down"):
        await inference.ask("echo", {})


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_process_dies_with_its_parent_even_after_kill_9():
    code = (
        "import asyncio, sys\n"
        "from callwright.providers.local.pool import *\n"
        "async def main():\n"
        "    p = InferenceProcess(ProcessPlan('drill', {'engine': 'drill'}))\n"
        "    await p.ready()\n"
        "    print(p.pid, flush=True)\n"
        "    await p.ask('wait', {})\n"
        "asyncio.run(main())\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 5
    while is_alive(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(worker)
