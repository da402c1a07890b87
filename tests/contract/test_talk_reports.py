"""Reports about the talk after a transfer, over a real ledger: in any order and twice, too early, too late, and about calls of others."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.database import fetch
from tests.rows import end_locked, entry_row, live_call, move, place, ringing_row
from tests.unit.insight.call_log import STARTED_AT
from tests.unit.insight.test_transfers import ASKED, asked, bridged, done

from callwright.call.afterwards.handed_over import HandedOver, TalkReports
from callwright.call.live.access import NoAccess
from callwright.call.live.deps import RuntimeDeps
from callwright.call.live.endings import TALK_JOB
from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.domain.money import NANO_PER_CENT
from callwright.insight.record import build, execution_body
from callwright.ops.metrics import Metrics
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.call_logs.rules import LogChunk
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Execution, Phase
from callwright.platform.ledger import Ledger
from callwright.platform.prices.rules import Price, PriceBook
from callwright.platform.provider_keys.rules.access import Access
from callwright.platform.wallet.actions.reservations import reserve
from callwright.platform.wallet.rules import top_up
from callwright.platform.webhooks.rules.outbox import OutboxEntry
from callwright.ports.handover import CarrierCall, TalkEnd

BOOK = PriceBook({("carrier", "loopback", "*"): Price(2 * NANO_PER_CENT, 60_000, 60_000)})
NOW = datetime(2026, 3, 1, 13, 0, tzinfo=UTC)
LOG = done(asked().at(9_000).fact("leg", "handover", number=2)).text
WHOLE = TalkEnd("b-1", 61, cause="normal_clearing")
PIECES = (TalkEnd("b-1"), TalkEnd("", 61), TalkEnd("b-1", cause="normal_clearing"), WHOLE)


class Clock:
    def now(self) -> datetime:
        return NOW


@dataclass
class Publisher:
    """Publishes every status."""

    told: list[Execution] = field(default_factory=list)

    def entry(self, execution: Execution) -> OutboxEntry:
        self.told.append(execution)
        return entry_row(execution.id, status=str(execution.status))


def deps_over(ledger: Ledger, publisher: Publisher) -> RuntimeDeps:
    # Only what reports use is real.
    plain: Any = None
    clock: Any = Clock()
    return RuntimeDeps(
        ledger, clock, plain, plain, publisher, plain, Path("no-folder"), BOOK, ThreadPoolExecutor(1), Metrics()
    )


def job(execution_id: str, end: TalkEnd | None, handover: int = 2, request: int = 0) -> bytes:
    told: dict[str, Any] = {} if end is None else {"handover": handover, "request": request, "end": asdict(end)}
    return json.dumps({"execution_id": execution_id, "attempt": 1, **told}).encode()


async def transferred(ledger: Ledger, execution_id: str = "call-1", log: str = LOG) -> Execution:
    """A call that was handed over and is complete. It reserved 10 cents."""
    row = await live_call(ledger, execution_id)
    built = build(log, BOOK, row.carrier)
    async with ledger.unit() as unit:
        await unit.wallets.put(DEFAULT_TENANT_ID, enabled=True)
        await unit.wallets.add(DEFAULT_TENANT_ID, top_up(100 * NANO_PER_CENT, None))
        await reserve(unit, row, lambda: 10 * NANO_PER_CENT, NOW)
        await unit.logs.append(LogChunk(execution_id, 1, "live", 0, log.encode()))
    row = await move(ledger, execution_id, Phase.FINISHING, owner=row.owner, attempt=1)
    columns = {"total_cost_nano": built.columns["total_cost_nano"], "completed_at": NOW}
    change = Change(Phase.DONE, "completed", columns=columns, record=built.record)
    async with ledger.unit() as unit:
        return await end_locked(unit, row, change, Publisher(), NOW)


async def shown(ledger: Ledger, execution_id: str = "call-1") -> Mapping[str, Any]:
    async with ledger.reading() as unit:
        row = await unit.executions.get_any(execution_id)
    assert row is not None
    return execution_body(row, public_url="")


@pytest.mark.parametrize("seed", range(4))
async def test_reports_shuffled_and_doubled_make_one_record_and_one_cost(ledger: Ledger, dsn: str, seed: int) -> None:
    before = await transferred(ledger)
    reports, publisher = [*PIECES, *PIECES], Publisher()
    random.Random(seed).shuffle(reports)
    first = await shown(ledger)
    for end in reports:
        await TalkReports(deps_over(ledger, publisher)).take(job(before.id, end))
    found = await shown(ledger)
    data = found["transfer_call_data"]
    assert (data["status"], data["duration"], data["cost"], data["provider_call_id"]) == ("completed", "61", 4, "b-1")
    assert (data["hangup_by"], data["hangup_provider_code"]) == ("Callee", 4000)
    assert found["total_cost"] == first["total_cost"] + 4 == sum(found["cost_breakdown"][leg] for leg in LEGS)
    assert sum(part["cost"]["network"] for part in found["callwright"]["turns"]) == found["cost_breakdown"]["network"]
    # No report that adds nothing is told; the last one told has all of it.
    assert 1 <= len(publisher.told) <= len(PIECES)
    assert execution_body(publisher.told[-1], public_url="") == found
    assert {name for name in found if found[name] != first[name]} <= CHANGED
    async with ledger.reading() as unit:
        log = (await unit.logs.read(before.id, 1)).decode()
        assert await check(ledger) == []
    assert log.startswith(LOG)
    rebuilt = build(log, BOOK, before.carrier)
    assert rebuilt.record["transfers"] == found["callwright"]["transfers"]
    assert rebuilt.columns["total_cost_nano"] == publisher.told[-1].total_cost_nano
    extras = await fetch(dsn, "select kind from wallet_entry where execution_id = 'call-1' order by id")
    assert [row["kind"] for row in extras] == ["reserve", "settle", "extra"]


LEGS = ("transcriber", "llm", "synthesizer", "network", "platform")
CHANGED = {
    "total_cost", "price_breakdown", "cost_breakdown", "billing_settled", "transfer_call_data", "callwright", "updated_at",
}  # fmt: skip


async def check(ledger: Ledger) -> list[str]:
    """What is wrong with the wallet."""
    async with ledger.reading() as unit:
        wrong = await unit.wallets.contradictions(DEFAULT_TENANT_ID)
        return [*wrong, *map(str, await unit.wallets.doubtful(DEFAULT_TENANT_ID))]


@pytest.mark.parametrize("seed", range(4))
async def test_the_end_of_the_call_to_a_target_that_was_briefed_makes_one_record_and_one_cost(
    ledger: Ledger, seed: int
) -> None:
    """Whether it is reported as that of the transfer's request or as that of the handover; what is said of another target counts not."""
    before, publisher = await transferred(ledger, log=bridged(asked()).text), Publisher()
    pieces = [(TalkEnd("b-1", 61), 0, 5), (TalkEnd(cause="caller_hung_up"), 1, 0), (TalkEnd("b-0", 7), 0, 4)] * 2
    random.Random(seed).shuffle(pieces)
    first = await shown(ledger)
    for end, handover, request in pieces:
        await TalkReports(deps_over(ledger, publisher)).take(job(before.id, end, handover, request))
    found = await shown(ledger)
    data = found["transfer_call_data"]
    assert (data["status"], data["duration"], data["cost"], data["hangup_by"]) == ("completed", "61", 4, "Caller")
    assert data["provider_call_id"] == "desk-1"
    assert found["total_cost"] == first["total_cost"] + 4
    assert found["billing_settled"]
    assert len(publisher.told) == 2
    assert await check(ledger) == []


@pytest.mark.parametrize("conference_first", [True, False])
async def test_a_talk_whose_length_and_whose_end_are_reported_is_counted_once(
    ledger: Ledger, conference_first: bool
) -> None:
    """As that of the target's own call and as that of the handover: the first to come stands."""
    before, publisher = await transferred(ledger, log=bridged(asked()).text), Publisher()
    over = datetime.fromisoformat(STARTED_AT) + timedelta(seconds=8 + 64)
    of_conference = (TalkEnd("b-1", ended_at=over.isoformat(), cause="caller_hung_up"), 1, 0)
    pieces = [(TalkEnd("b-1", 61), 0, 5), of_conference] * 2
    first = await shown(ledger)
    for end, handover, request in reversed(pieces) if conference_first else pieces:
        await TalkReports(deps_over(ledger, publisher)).take(job(before.id, end, handover, request))
    found = await shown(ledger)
    data = found["transfer_call_data"]
    assert (data["duration"], data["cost"], data["hangup_by"]) == ("64" if conference_first else "61", 4, "Caller")
    assert found["total_cost"] == first["total_cost"] + 4
    assert await check(ledger) == []


async def test_several_processes_that_take_the_same_report_at_once_add_it_once(ledger: Ledger) -> None:
    before, publisher = await transferred(ledger), Publisher()
    reports = (TalkReports(deps_over(ledger, publisher)).take(job(before.id, WHOLE)) for _ in range(5))
    await asyncio.gather(*reports)
    assert len(publisher.told) == 1
    assert (await shown(ledger))["cost_breakdown"]["transfer_cost"] == 4
    assert await check(ledger) == []


async def test_until_the_report_the_talk_goes_on_and_without_one_it_stays_unknown(ledger: Ledger, dsn: str) -> None:
    before = await transferred(ledger)
    found = await shown(ledger)
    data = found["transfer_call_data"]
    assert (data["status"], data["duration"], data["hangup_by"]) == ("in-progress", None, None)
    assert not found["billing_settled"]
    (waits,) = await fetch(
        dsn,
        "select payload, execute_after > now() + interval '1 hour' as later from pgqueuer"
        f" where entrypoint = '{TALK_JOB}'",
    )
    assert waits["later"]
    publisher = Publisher()
    await TalkReports(deps_over(ledger, publisher)).take(bytes(waits["payload"]))
    found = await shown(ledger)
    data = found["transfer_call_data"]
    assert (data["status"], data["duration"], data["hangup_by"], data["cost"]) == ("completed", None, None, 0)
    assert found["billing_settled"]
    # Nothing was guessed: what comes all the same counts.
    await TalkReports(deps_over(ledger, publisher)).take(job(before.id, WHOLE))
    assert (await shown(ledger))["transfer_call_data"]["duration"] == "61"
    await TalkReports(deps_over(ledger, publisher)).take(bytes(waits["payload"]))
    assert len(publisher.told) == 2


async def test_a_talk_whose_end_alone_is_reported_lasts_from_the_handover_to_then(ledger: Ledger) -> None:
    before = await transferred(ledger)
    began = datetime.fromisoformat(STARTED_AT)
    end = TalkEnd("v3:b", ended_at=began.replace(second=9 + 41).isoformat(), cause="caller_hung_up")
    for told in ("soon", "2026-03-01T12:00:50", "2026-03-02T13:00:00Z"):
        one = replace(end, ended_at=told)
        await TalkReports(deps_over(ledger, Publisher())).take(job(before.id, one))
        assert (await shown(ledger))["transfer_call_data"]["duration"] is None
    await TalkReports(deps_over(ledger, Publisher())).take(job(before.id, end))
    data = (await shown(ledger))["transfer_call_data"]
    assert (data["duration"], data["hangup_by"]) == ("41", "Caller")


async def test_a_talk_that_began_unseen_lasts_as_long_as_the_carrier_says(ledger: Ledger) -> None:
    log = done(asked().at(9_000).fact("leg", "handover", number=2, late=True)).text
    before = await transferred(ledger, log=log)
    ended_at = datetime.fromisoformat(STARTED_AT).replace(second=9 + 41).isoformat()
    for end, duration, cost in ((TalkEnd("v3:b", ended_at=ended_at), None, 0), (WHOLE, "61", 4)):
        await TalkReports(deps_over(ledger, Publisher())).take(job(before.id, end))
        data = (await shown(ledger))["transfer_call_data"]
        assert (data["status"], data["duration"], data["cost"]) == ("completed", duration, cost)
    (row,) = (await shown(ledger))["callwright"]["transfers"]
    assert row["target"]["answered_at_ms"] is None


async def test_a_report_about_another_handover_or_a_call_that_is_not_done_changes_nothing(
    ledger: Ledger, dsn: str
) -> None:
    before, publisher = await transferred(ledger), Publisher()
    reports = TalkReports(deps_over(ledger, publisher))
    await reports.take(job(before.id, WHOLE, handover=1))
    await reports.take(job("nobody", WHOLE))
    await live_call(ledger, "call-2")
    await reports.take(job("call-2", WHOLE))
    assert publisher.told == []
    # It waits for the end of the call.
    rows = await fetch(dsn, "select payload from pgqueuer where execute_after < now() + interval '1 minute'")
    assert [bytes(row["payload"]) for row in rows] == [job("call-2", WHOLE)]


async def test_a_report_that_changes_nothing_of_the_record_is_not_told(ledger: Ledger) -> None:
    """The first target was busy after its handover; the caller talks with the second."""
    log = asked().at(7_000).fact("leg", "handover", number=1).event(ev.TransferProgress, 5, "failed", "", "busy", 17)
    log.write(fx.TransferSettled(5, False, "busy")).at(8_000).write(replace(ASKED, request=6))
    log.fact("leg", "handover", number=2).at(9_000).event(ev.TransferProgress, 6, "completed")
    whole = log.write(fx.TransferSettled(6, True, "")).leg_ended("API Request", "Call completed", 4000).text
    before, publisher = await transferred(ledger, log=whole), Publisher()
    found = await shown(ledger)
    reports = TalkReports(deps_over(ledger, publisher))
    await reports.take(job(before.id, TalkEnd("b-1", cause="user_busy"), handover=1))
    assert {**await shown(ledger), "updated_at": None} == {**found, "updated_at": None}
    assert publisher.told == []
    await reports.take(job(before.id, WHOLE))
    assert [row.record["transfers"][1]["target"]["status"] for row in publisher.told] == ["completed"]


@dataclass
class Keys(NoAccess):
    """Everybody has the keys of the account AC1. Its number may be another one by now."""

    number: str = "+15550100"

    async def of_carrier(self, tenant_id: str, carrier: str) -> Access:
        return Access({"SID": "AC1", "X_PHONE_NUMBER": self.number})


async def test_a_call_is_found_by_the_names_that_its_carrier_repeats_and_reported_with_its_keys(
    ledger: Ledger, dsn: str
) -> None:
    kept = Keys()
    handed, keys = HandedOver(ledger, kept), await kept.of_carrier("", "")
    await live_call(ledger)
    await place(ledger)
    async with ledger.unit() as unit:
        assert await unit.executions.insert_owned(ringing_row(carrier="twilio", provider_call_id="CA1"), 10)
    out, came_in = CarrierCall("call-1.1"), CarrierCall(account="AC1", provider_call_id="CA1")
    assert await handed.access("loopback", out) == await handed.access("twilio", came_in) == keys
    for carrier, call in (
        ("twilio", out),
        ("loopback", CarrierCall("call-1.2")),
        ("loopback", CarrierCall("call-1")),
        ("loopback", CarrierCall("nobody.1")),
        ("plivo", came_in),
        ("twilio", CarrierCall(account="AC2", provider_call_id="CA1")),
        ("twilio", CarrierCall(account="AC1", provider_call_id="CA2")),
    ):
        assert await handed.access(carrier, call) is None
        await handed.talk_ended(carrier, call, keys, 2, WHOLE)
    await handed.talk_ended("loopback", out, Access({"SID": "AC2"}), 2, WHOLE)
    assert await fetch(dsn, "select payload from pgqueuer") == []
    kept.number = "+15550101"
    for carrier, call in (("loopback", out), ("twilio", came_in)):
        await handed.talk_ended(carrier, call, keys, 2, WHOLE)
    await handed.talk_ended("loopback", replace(out, request=5), keys, 0, WHOLE)
    rows = await fetch(dsn, "select payload from pgqueuer order by id")
    told = [job("call-1", WHOLE), job("in-1", WHOLE), job("call-1", WHOLE, 0, 5)]
    assert [bytes(row["payload"]) for row in rows] == told


async def test_a_report_that_adds_nothing_is_not_kept(ledger: Ledger, dsn: str) -> None:
    before, handed, keys = await transferred(ledger), HandedOver(ledger, Keys()), await Keys().of_carrier("", "")
    await TalkReports(deps_over(ledger, Publisher())).take(job(before.id, WHOLE))
    await handed.talk_ended("loopback", CarrierCall("call-1.1"), keys, 2, WHOLE)
    assert len(await fetch(dsn, f"select payload from pgqueuer where entrypoint = '{TALK_JOB}'")) == 1
