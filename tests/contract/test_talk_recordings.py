"""A carrier's recording of the talk after a transfer, over a real ledger and HTTP: kept once, or said why not."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.contract.test_talk_reports import NOW, WHOLE, Clock, Keys, Publisher, deps_over, job, shown, transferred
from tests.database import fetch
from tests.http_server import Exchange, serving
from tests.number_vendors import TALK_WAV
from tests.waiting import until

from callwright.call.afterwards.handed_over import AGAIN_SECONDS, HandedOver, TalkReports
from callwright.call.afterwards.talk_recordings import PAUSES_SECONDS, TalkRecordings
from callwright.call.live.deps import RuntimeDeps, RuntimeSettings
from callwright.call.live.endings import RECORDING_JOB
from callwright.call.process.retention import delete_expired
from callwright.domain.limits import MAX_TALK_RECORDING_BYTES
from callwright.insight.record import build
from callwright.net.client import GuardedClient
from callwright.ops.folders import RecordingFiles
from callwright.ops.ids import RandomIds
from callwright.platform.executions.rules.attempts import TRANSFER_RECORDING
from callwright.platform.executions.rules.execution import Execution
from callwright.platform.ledger import Ledger
from callwright.platform.provider_keys.rules.access import Access
from callwright.platform.webhooks.rules.outbox import OutboxEntry
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.handover import CarrierCall, RemoteFile, TalkRecording

SECRET = {"authorization": "Bearer of-the-account"}
WAV_HEAD = {"content_type": "audio/x-wav"}


@dataclass
class Carrier:
    """Has the recordings ``good`` at an address, and no other."""

    url: str

    async def recording(self, access: Access, name: str) -> RemoteFile:
        assert access == await Keys().of_carrier("", "")
        if name != "good":
            raise ProviderError(FailureKind.REFUSED, "loopback", "it does not accept the provider keys")
        return RemoteFile(self.url, SECRET)


class Mute:
    """A carrier that records nothing."""


@dataclass
class Place:
    """A call that was handed over and is complete, and the job that fetches its recording."""

    call: Execution
    deps: RuntimeDeps
    publisher: Publisher
    folder: Path

    async def report(self, recording: TalkRecording, **more: Any) -> None:
        told = {"execution_id": self.call.id, "attempt": 1, "handover": 2, **asdict(recording), **more}
        await TalkRecordings(self.deps).take(json.dumps(told).encode())

    @property
    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (self.folder / self.call.id).glob("*")}


GOOD = TalkRecording("good")


@asynccontextmanager
async def place(ledger: Ledger, folder: Path, carrier: Any, *, ended: bool = True) -> AsyncIterator[Place]:
    publisher = Publisher()
    async with GuardedClient(allow_private=True) as client:
        deps = replace(
            deps_over(ledger, publisher),
            recordings=RecordingFiles(folder),
            ids=RandomIds(),
            plugin=lambda kind, name: carrier,
            files=client,
            access=Keys(),
        )
        call = await transferred(ledger)
        if ended:
            await TalkReports(deps).take(job(call.id, WHOLE))
        publisher.told.clear()
        yield Place(call, deps, publisher, folder)


async def sends_wav(exchange: Exchange) -> None:
    await exchange.answer(200, TALK_WAV, **WAV_HEAD)


async def waiting(dsn: str) -> list[Mapping[str, Any]]:
    """The jobs of recordings: what each is told, and in how many seconds it runs."""
    rows = await fetch(
        dsn,
        "select payload, extract(epoch from execute_after - now()) as pause from pgqueuer"
        f" where entrypoint = '{RECORDING_JOB}' and execute_after < now() + interval '62 minutes' order by id",
    )
    return [{**json.loads(bytes(row["payload"])), "pause": round(row["pause"])} for row in rows]


async def test_a_recording_is_kept_with_the_call_and_told_of_once(ledger: Ledger, tmp_path: Path) -> None:
    async with serving(sends_wav) as server, place(ledger, tmp_path, Carrier(server.url)) as at:
        before = await shown(ledger)
        assert before["transfer_call_data"]["recording_url"] is None
        for _ in "abc":
            await at.report(GOOD)
        assert [one.headers["authorization"] for one in server.requests] == [SECRET["authorization"]]
        found = await shown(ledger)
        assert at.files == {TRANSFER_RECORDING: TALK_WAV}
        assert (tmp_path / at.call.id / TRANSFER_RECORDING).stat().st_mode & 0o777 == 0o600
        assert found["transfer_call_data"] == {
            **before["transfer_call_data"],
            "recording_url": f"/recordings/transfer/{at.call.id}",
        }
        changed = {name for name in found if found[name] != before[name]}
        assert changed == {"transfer_call_data", "callwright", "updated_at"}
        assert [one.record["transfers"] for one in at.publisher.told] == [found["callwright"]["transfers"]]
        async with ledger.reading() as unit:
            log = (await unit.logs.read(at.call.id, 1)).decode()
        assert build(log, at.deps.book, at.call.carrier).record["transfers"] == found["callwright"]["transfers"]
        assert f'"recording_ms":3000,"request":5,"size_bytes":{len(TALK_WAV)}' in log


async def test_a_recording_comes_once_the_talk_is_over_and_not_for_another_handover(
    ledger: Ledger, dsn: str, tmp_path: Path
) -> None:
    async with serving(sends_wav) as server, place(ledger, tmp_path, Carrier(server.url), ended=False) as at:
        await at.report(GOOD)
        assert [(one["name"], one["pause"] > 20) for one in await waiting(dsn)] == [("good", True)]
        assert server.requests == []
        await TalkReports(at.deps).take(job(at.call.id, WHOLE))
        await at.report(GOOD, handover=1)
        assert at.files == {}
        await at.report(GOOD)
        assert at.files == {TRANSFER_RECORDING: TALK_WAV}


async def sends_page(exchange: Exchange) -> None:
    await exchange.answer(200, b"<html>", content_type="text/html")


async def sends_noise(exchange: Exchange) -> None:
    await exchange.answer(200, b"no sound at all", **WAV_HEAD)


async def refuses(exchange: Exchange) -> None:
    await exchange.answer(410, b"no")


async def never_ends(exchange: Exchange) -> None:
    exchange.head(200, **WAV_HEAD)
    while True:
        await exchange.write(bytes(1_000_000))


LOST = [
    (GOOD, sends_page, "no sound"),
    (GOOD, sends_noise, "no WAV file"),
    (GOOD, refuses, "HTTP 410"),
    (GOOD, never_ends, f"larger than {MAX_TALK_RECORDING_BYTES} bytes"),
    (TalkRecording("gone"), sends_wav, "does not accept the provider keys"),
    (TalkRecording(lost="the carrier has no recording: absent"), sends_wav, "absent"),
]


@pytest.mark.parametrize(("recording", "handler", "why"), LOST)
async def test_a_recording_that_cannot_be_had_leaves_null_and_the_reason(
    ledger: Ledger, dsn: str, tmp_path: Path, recording: TalkRecording, handler: Any, why: str
) -> None:
    async with serving(handler) as server, place(ledger, tmp_path, Carrier(server.url)) as at:
        for _ in "ab":
            await at.report(recording)
        found = await shown(ledger)
        assert found["transfer_call_data"]["recording_url"] is None
        assert found["status"] == "completed"
        (row,) = found["callwright"]["transfers"]
        assert why in row["target"]["unrecorded"]
        assert SECRET["authorization"] not in json.dumps(found, default=str)
        assert (at.files, len(at.publisher.told), await waiting(dsn)) == ({}, 1, [])


@pytest.mark.parametrize("status", [403, 404])
async def test_what_may_come_later_is_tried_again_and_not_for_ever(
    ledger: Ledger, dsn: str, tmp_path: Path, status: int
) -> None:
    async def not_yet(exchange: Exchange) -> None:
        await exchange.answer(status, b"")

    carrier = Carrier("")
    async with serving(not_yet) as server, place(ledger, tmp_path, carrier) as at:
        carrier.url = server.url
        for tries, pause in enumerate(PAUSES_SECONDS):
            await at.report(GOOD, tries=tries)
            (*_, last) = await waiting(dsn)
            assert (last["tries"], last["pause"]) == (tries + 1, pause)
            assert at.publisher.told == []
        await at.report(GOOD, tries=len(PAUSES_SECONDS))
        (row,) = (await shown(ledger))["callwright"]["transfers"]
        assert f"HTTP {status}" in row["target"]["unrecorded"]
        # A file that comes all the same counts.
        async with serving(sends_wav) as later:
            carrier.url = later.url
            await at.report(GOOD)
        assert at.files == {TRANSFER_RECORDING: TALK_WAV}


async def test_an_organisation_has_one_recording_fetched_at_a_time(ledger: Ledger, dsn: str, tmp_path: Path) -> None:
    goes_on = asyncio.Event()

    async def slow(exchange: Exchange) -> None:
        await goes_on.wait()
        await sends_wav(exchange)

    async with serving(slow) as server, place(ledger, tmp_path, Carrier(server.url)) as at:
        told = json.dumps({"execution_id": at.call.id, "attempt": 1, "handover": 2, **asdict(GOOD)}).encode()
        recordings = TalkRecordings(at.deps)
        first = asyncio.create_task(recordings.take(told))
        await until(lambda: len(server.requests) == 1)
        await recordings.take(told)
        assert [one["pause"] for one in await waiting(dsn)] == [AGAIN_SECONDS]
        goes_on.set()
        await first
        assert (len(server.requests), at.files) == (1, {TRANSFER_RECORDING: TALK_WAV})


async def test_who_asks_is_said_to_the_carrier_and_not_to_whom_it_redirects(ledger: Ledger, tmp_path: Path) -> None:
    async with serving(sends_wav) as store:

        async def redirects(exchange: Exchange) -> None:
            there = "/again" if exchange.request.target == "/" else store.url
            await exchange.answer(302, b"", location=there)

        async with serving(redirects) as server, place(ledger, tmp_path, Carrier(server.url)) as at:
            await at.report(GOOD)
            assert ["authorization" in one.headers for one in server.requests] == [True, True]
            assert ["authorization" in one.headers for one in store.requests] == [False]
            assert at.files == {TRANSFER_RECORDING: TALK_WAV}


@pytest.mark.parametrize(
    ("there", "why"),
    [
        ("file:///etc/passwd?signature=s3cret", "refused"),
        ("http://[s3cret", "no address"),
        ("/s3cret", "HTTP 302"),
    ],
)
async def test_a_redirect_that_leads_nowhere_is_not_followed_for_ever(
    ledger: Ledger, tmp_path: Path, there: str, why: str
) -> None:
    async def redirects(exchange: Exchange) -> None:
        await exchange.answer(302, b"", location=there)

    async with serving(redirects) as server, place(ledger, tmp_path, Carrier(server.url)) as at:
        await at.report(GOOD)
        found = json.dumps((await shown(ledger))["callwright"]["transfers"])
        assert why in found
        assert len(server.requests) <= 3
        assert "s3cret" not in found


async def test_a_death_before_the_commit_leaves_nothing_that_a_second_run_does_not_put_right(
    ledger: Ledger, tmp_path: Path
) -> None:
    class Dies(Publisher):
        def entry(self, execution: Execution) -> OutboxEntry:
            raise RuntimeError("the process is gone")

    async with serving(sends_wav) as server, place(ledger, tmp_path, Carrier(server.url)) as at:
        left = tmp_path / at.call.id / f".{TRANSFER_RECORDING}.of-a-dead-process"
        left.parent.mkdir()
        left.write_bytes(b"half")
        with pytest.raises(RuntimeError):
            await replace(at, deps=replace(at.deps, publisher=Dies())).report(GOOD)
        assert (await shown(ledger))["transfer_call_data"]["recording_url"] is None
        await at.report(GOOD)
        assert (await shown(ledger))["transfer_call_data"]["recording_url"]
        assert (at.files, len(at.publisher.told)) == ({TRANSFER_RECORDING: TALK_WAV}, 1)


async def test_no_file_outlives_a_call_that_is_deleted_while_it_is_fetched(ledger: Ledger, tmp_path: Path) -> None:
    async def deletes(exchange: Exchange) -> None:
        async with ledger.unit() as unit:
            await unit.executions.delete(["call-1"])
        await sends_wav(exchange)

    async with serving(deletes) as server, place(ledger, tmp_path, Carrier(server.url)) as at:
        await at.report(GOOD)
        assert os.listdir(tmp_path) == []
        # A process that died left a draft, and the job runs again.
        (tmp_path / "call-1").mkdir()
        (tmp_path / "call-1" / f".{TRANSFER_RECORDING}.x").write_bytes(b"half")
        await at.report(GOOD)
        assert os.listdir(tmp_path) == []


async def test_no_file_comes_between_the_deletion_of_the_files_and_of_the_row(ledger: Ledger, tmp_path: Path) -> None:
    files_are_gone, goes_on = threading.Event(), threading.Event()

    class Deleting(RecordingFiles):
        def delete(self, execution_id: str) -> None:
            super().delete(execution_id)
            files_are_gone.set()
            assert goes_on.wait(20)

    @dataclass
    class Later(Clock):
        def now(self) -> datetime:
            return NOW + timedelta(days=2)

    async with serving(sends_wav) as server, place(ledger, tmp_path / "recordings", Carrier(server.url)) as at:
        old: Any = {"clock": Later(), "settings": RuntimeSettings(retention_days=1), "data_folder": tmp_path}
        deleting = replace(at.deps, recordings=Deleting(tmp_path / "recordings"), **old)
        (tmp_path / "live").mkdir()
        retention = asyncio.create_task(delete_expired(deleting))
        assert await asyncio.to_thread(files_are_gone.wait, 20)
        adding = asyncio.create_task(at.report(GOOD))
        await until(lambda: bool(server.requests), 20)
        goes_on.set()
        await adding
        assert await retention == 1
        assert os.listdir(tmp_path / "recordings") == []


async def test_a_recording_that_nobody_reports_is_said_to_be_missing_and_counts_when_it_comes_all_the_same(
    ledger: Ledger, dsn: str, tmp_path: Path
) -> None:
    async with serving(sends_wav) as server, place(ledger, tmp_path, Carrier(server.url)) as at:
        (kept,) = await fetch(
            dsn,
            "select payload, execute_after > now() + interval '1 hour' as later from pgqueuer"
            f" where entrypoint = '{RECORDING_JOB}'",
        )
        assert kept["later"]
        for _ in "ab":
            await TalkRecordings(at.deps).take(bytes(kept["payload"]))
        (row,) = (await shown(ledger))["callwright"]["transfers"]
        assert row["target"]["unrecorded"] == "the carrier reported no recording"
        assert len(at.publisher.told) == 1
        await at.report(GOOD)
        await TalkRecordings(at.deps).take(bytes(kept["payload"]))
        (row,) = (await shown(ledger))["callwright"]["transfers"]
        assert (row["target"]["recording_ms"], row["target"]["unrecorded"]) == (3_000, "")


async def test_a_carrier_that_records_nothing_is_said(ledger: Ledger, tmp_path: Path) -> None:
    async with place(ledger, tmp_path, Mute()) as at:
        await at.report(GOOD)
        (row,) = (await shown(ledger))["callwright"]["transfers"]
        assert row["target"]["unrecorded"] == "this carrier records no talks"


async def test_a_report_is_kept_as_a_job_until_the_recording_is_there(ledger: Ledger, dsn: str, tmp_path: Path) -> None:
    async with serving(sends_wav) as server, place(ledger, tmp_path, Carrier(server.url)) as at:
        handed, keys, call = HandedOver(ledger, Keys()), await Keys().of_carrier("", ""), CarrierCall("call-1.1")
        await handed.talk_recorded("loopback", call, Access({"SID": "AC2"}), 2, GOOD)
        assert await waiting(dsn) == []
        await handed.talk_recorded("loopback", call, keys, 2, GOOD)
        (kept,) = await waiting(dsn)
        assert (kept["execution_id"], kept["handover"], kept["name"]) == ("call-1", 2, "good")
        await at.report(GOOD)
        await handed.talk_recorded("loopback", call, keys, 2, GOOD)
        assert len(await waiting(dsn)) == 1
