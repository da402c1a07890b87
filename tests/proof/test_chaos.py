"""``make chaos``: the plan of its kills, the ledgers it reads, and judges that find what they are there to find."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from proof.chaos import Kill, Report, planned
from proof.chaos_audits import Breach, breaches
from proof.chaos_evidence import Evidence, dials_in
from proof.crash_steps import NEEDS_LIVE_CALLS, STEPS
from proof.customer import Customer, PlacedBatch, PlacedCall
from proof.hostile_receiver import Arrival

from callwright.platform.prices.rules import PriceBook
from callwright.telephony.loopback.ledger import DialLedger
from callwright.telephony.loopback.observer import LineMoment

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
CALL, IN_BATCH, BATCH = "call-1", "call-2", "b" * 32


def test_a_plan_has_every_step_and_random_instants_between_them() -> None:
    plan = planned(60, Random(1))
    assert len(plan) == 60
    assert {kill.step for kill in plan} == {*STEPS, ""}
    assert plan == planned(60, Random(1))
    assert plan != planned(60, Random(2))


def test_a_process_that_settles_is_killed_after_one_that_had_calls() -> None:
    plan = planned(1_000, Random(3))
    for before, kill in pairwise(plan):
        assert kill.step not in NEEDS_LIVE_CALLS or before.step == "leg.answered"


def test_a_kill_says_where() -> None:
    assert str(Kill("row.written", 2)) == "row.written #2"
    assert str(Kill(after_s=0.5, in_start=True)) == "0.50 s after its start"


def test_the_summary_names_each_broken_rule_once_and_the_seed() -> None:
    report = Report(
        7, broken=[Breach("cost once", "a", "x"), Breach("batches end", "b", "y"), Breach("cost once", "c", "z")]
    )
    assert report.lines()[-2].startswith("broken with seed 7: cost once (2), batches end: 0 kills, ")
    assert Report(7).lines()[-2].startswith("all rules hold: 0 kills, ")


def test_the_carriers_ledger_has_dials_and_ends_and_no_words(tmp_path: Path) -> None:
    path = tmp_path / "dials.jsonl"
    ledger, other_process = DialLedger(path), DialLedger(path)
    for kind, text, at_ms in (
        ("dialled", "+15550000001", 0),
        ("answered", "", 0),
        ("said", "my card is 4111", 40),
        ("closed", "Callee: done", 700),
    ):
        ledger(LineMoment("leg-1", "call-1.1", "demo", kind, text, at_ms))
    other_process(LineMoment("leg-2", "call-2.3", "demo", "dialled", "+15550000002", 0))
    assert "4111" not in path.read_text()
    answered, unanswered = dials_in(path)
    assert (answered.execution_id, answered.attempt, answered.to_number) == ("call-1", 1, "+15550000001")
    assert (answered.kinds, answered.talked_ms) == (("dialled", "answered", "closed"), 700)
    assert (unanswered.execution_id, unanswered.attempt, unanswered.talked_ms) == ("call-2", 3, None)


def execution(execution_id: str, tag: str, **more: Any) -> dict[str, Any]:
    return {
        "id": execution_id,
        "status": "busy",
        "phase": "done",
        "detail": "busy",
        "owner": None,
        "attempt": 1,
        "retry_count": 0,
        "to_number": "+15550000001",
        "carrier": "loopback",
        "total_cost_nano": 0,
        "record": {},
        "user_data": {"tag": tag},
        "batch_id": None,
        **more,
    }


def attempt(execution_id: str, **more: Any) -> dict[str, Any]:
    return {
        "execution_id": execution_id,
        "attempt": 1,
        "opened_at": NOW,
        "initiated_at": NOW,
        "closed_at": NOW,
        **more,
    }


def webhook(about: str, sequence: int, status: str, **more: Any) -> dict[str, Any]:
    event = {"id": f"{about}/{sequence}", "about": about, "sequence": sequence, "status": status}
    return {**event, "state": "delivered", "tries": 0, "gap": False, **more}


def arrival(about: str, sequence: int, status: str, fate: str = "taken") -> Arrival:
    return Arrival(NOW, f"{about}/{sequence}", about, sequence, status, fate)


def dial(execution_id: str, at: datetime = NOW) -> dict[str, Any]:
    return {
        "at": at.isoformat(),
        "kind": "dialled",
        "call": f"leg-{execution_id}-{at}",
        "callback_id": f"{execution_id}.1",
        "text": "+15550000001",
        "at_ms": 0,
    }


class Run:
    """A run in which everything holds: a call that was busy, and a batch of one that was stopped."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "live").mkdir(parents=True)
        self.customer = Customer("", "", Random(0), "")
        self.customer.calls.append(PlacedCall("one", CALL))
        self.customer.batches.append(PlacedBatch("list", ("two",), BATCH, True, NOW))
        self.executions = [
            execution(CALL, "one"),
            execution(IN_BATCH, "two", status="stopped", detail="stopped", attempt=0, batch_id=BATCH),
        ]
        self.attempts = [attempt(CALL)]
        self.webhooks = [webhook(CALL, 1, "initiated"), webhook(CALL, 2, "busy"), webhook(IN_BATCH, 1, "stopped")]
        self.arrivals = [
            arrival(CALL, 1, "initiated", "failed"),
            arrival(CALL, 1, "initiated"),
            arrival(IN_BATCH, 1, "stopped", "lost"),
            arrival(CALL, 2, "busy"),
        ]
        self.dials = [dial(CALL)]
        self.batches = [{"id": BATCH, "file_name": "list.csv", "status": "stopped"}]
        self.contacts: list[dict[str, Any]] = []
        self.jobs: list[dict[str, Any]] = []
        self.postings = [
            {"entry": entry, "execution_id": execution_id, "account": account, "amount_nano": amount}
            for entry, execution_id, account, amount in (
                (1, None, "available", 90),
                (1, None, "topped_up", -90),
                (2, CALL, "available", -20),
                (2, CALL, "reserved", 20),
                (3, CALL, "available", 20),
                (3, CALL, "reserved", -20),
            )
        ]
        self.events = [
            {"id": row["id"], "type": row["status"], "execution_id": row["about"], "batch_id": None}
            for row in self.webhooks
        ]
        self.wallet_check = ""
        self.usage = [
            {"kind": "calls", "model": status, "records": 1, "cost_nano": 0} for status in ("busy", "stopped")
        ]
        self.shown = {CALL: {"status": "busy", "total_cost": 0.0}, IN_BATCH: {"status": "stopped", "total_cost": 0.0}}

    def broken(self) -> set[str]:
        """The rules that do not hold."""
        path = self.folder / "dials.jsonl"
        path.write_text("".join(f"{json.dumps(one)}\n" for one in self.dials))
        rows = {
            "executions": self.executions,
            "attempts": self.attempts,
            "webhooks": self.webhooks,
            "batches": self.batches,
            "batch_webhooks": [],
            "contacts": self.contacts,
            "jobs": self.jobs,
            "postings": self.postings,
            "usage": self.usage,
        }
        evidence = Evidence(
            self.customer,
            PriceBook(),
            self.arrivals,
            dials_in(path),
            rows,
            {},
            self.shown,
            self.folder,
            self.folder / "no log",
            self.events,
            self.wallet_check,
        )
        return {breach.rule for breach in breaches(evidence)}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


def test_a_sound_run_breaks_no_rule(run: Run) -> None:
    assert run.broken() == set()


def lose(run: Run) -> None:
    run.executions.pop(0)
    run.usage.pop(0)


def place_twice(run: Run) -> None:
    run.executions.append(execution("call-3", "one"))


def leave_a_contact(run: Run) -> None:
    run.contacts.append({"batch_id": BATCH, "execution_id": "call-4", "user_data": {"tag": "three"}})


def show_another_status(run: Run) -> None:
    run.shown[CALL]["status"] = "failed"


def answer_500(run: Run) -> None:
    run.customer.faults.append("POST /call was answered 500")


def leave_open(run: Run) -> None:
    run.executions[0].update(status="initiated", phase="dialling", owner="somebody")


def end_twice(run: Run) -> None:
    run.webhooks.insert(1, webhook(CALL, 2, "error"))
    run.webhooks[2]["sequence"] = 3


def leave_an_attempt_open(run: Run) -> None:
    run.attempts[0]["closed_at"] = None


def dial_twice(run: Run) -> None:
    run.dials.append(dial(CALL, NOW + timedelta(seconds=1)))


def dial_without_an_intent(run: Run) -> None:
    run.attempts[0]["initiated_at"] = None


def dial_without_an_attempt(run: Run) -> None:
    run.dials.append(dial(IN_BATCH))


def dial_somebody_else(run: Run) -> None:
    run.dials[0]["text"] = "+15550000009"


def be_busy_without_a_dial(run: Run) -> None:
    run.dials.clear()


def cost_more_than_the_log(run: Run) -> None:
    run.executions[0]["total_cost_nano"] = 5


def show_another_cost(run: Run) -> None:
    run.shown[CALL]["total_cost"] = 1.0


def bill_twice(run: Run) -> None:
    run.usage[0]["cost_nano"] = 7


def count_twice(run: Run) -> None:
    run.usage[0]["records"] = 2


def leave_a_webhook(run: Run) -> None:
    run.webhooks[1]["state"] = "waiting"


def give_up_a_webhook(run: Run) -> None:
    run.webhooks[1]["state"] = "given_up"
    run.arrivals[3] = replace(run.arrivals[3], fate="failed")


def mark_without_an_acknowledgement(run: Run) -> None:
    run.arrivals[3] = replace(run.arrivals[3], fate="failed")


def send_another_body(run: Run) -> None:
    run.arrivals[3] = replace(run.arrivals[3], status="completed")


def send_what_nobody_wrote(run: Run) -> None:
    run.arrivals.append(arrival("call-9", 1, "busy"))


def send_out_of_order(run: Run) -> None:
    run.arrivals.insert(0, run.arrivals.pop())


def skip_a_number(run: Run) -> None:
    run.webhooks[1]["sequence"] = 3


def leave_a_batch_running(run: Run) -> None:
    run.batches[0]["status"] = "running"


def make_a_batch_twice(run: Run) -> None:
    run.batches.append({**run.batches[0], "id": "c" * 32})


def dial_after_the_stop(run: Run) -> None:
    later = NOW + timedelta(seconds=1)
    run.executions[1].update(status="busy", attempt=1)
    run.attempts.append(attempt(IN_BATCH, opened_at=later))
    run.dials.append(dial(IN_BATCH, later))


def take_up_after_the_stop(run: Run) -> None:
    run.customer.calls[0].stopped_at = NOW - timedelta(seconds=1)


def overtake(run: Run, after: timedelta, *, gap: bool) -> None:
    """The end arrives before the first status was acknowledged."""
    for row in run.webhooks:
        row["created_at"] = NOW
    late = replace(run.arrivals[3], at=NOW + after, gap=gap)
    run.arrivals[:] = [run.arrivals[0], late, run.arrivals[2], replace(run.arrivals[1], at=late.at)]


def dial_while_paused(run: Run) -> None:
    batch = run.customer.batches[0]
    batch.paused_at, batch.resumed_at = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)
    run.attempts.append(attempt(IN_BATCH, opened_at=NOW - timedelta(seconds=2)))
    run.dials.append(dial(IN_BATCH))


def leave_money_reserved(run: Run) -> None:
    del run.postings[4:]


def spend_what_nothing_cost(run: Run) -> None:
    run.postings += [
        {"entry": 4, "execution_id": CALL, "account": account, "amount_nano": amount}
        for account, amount in (("available", -3), ("spent", 3))
    ]


def make_money(run: Run) -> None:
    run.postings.pop(0)


def contradict_in_the_wallet(run: Run) -> None:
    run.wallet_check = "the balance of reserved is 5 nano-cents, its postings sum to 0"


def lose_an_event(run: Run) -> None:
    run.events.pop(1)


def tell_an_event_twice(run: Run) -> None:
    run.events.append(run.events[0])


def tell_events_out_of_order(run: Run) -> None:
    run.events.insert(0, run.events.pop(1))


def leave_a_job(run: Run) -> None:
    run.jobs.append({"id": 4, "entrypoint": "finish", "status": "picked"})


def leave_a_file(run: Run) -> None:
    (run.folder / "live" / f"{CALL}.1.log").write_text("")


def lose_a_recording(run: Run) -> None:
    run.executions[0]["record"] = {"recording": {"name": "call.wav"}}


LOST, FINAL, DIALS = "nothing is lost", "one final state", "one dial of an attempt"
COST, DELIVERED, ORDER = "cost once", "every status is delivered", "deliveries in order"
BATCHES, STOPPED, LEFT = "batches end", "stopped calls end", "nothing is left"
WALLET, EVENTS = "the wallet reconciles", "a cursor finds every event"


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        (lose, LOST),
        (place_twice, LOST),
        (leave_a_contact, LOST),
        (show_another_status, LOST),
        (answer_500, LOST),
        (leave_open, FINAL),
        (end_twice, FINAL),
        (leave_an_attempt_open, FINAL),
        (dial_twice, DIALS),
        (dial_without_an_intent, DIALS),
        (dial_without_an_attempt, DIALS),
        (dial_somebody_else, DIALS),
        (be_busy_without_a_dial, DIALS),
        (cost_more_than_the_log, COST),
        (show_another_cost, COST),
        (bill_twice, COST),
        (count_twice, COST),
        (leave_a_webhook, DELIVERED),
        (give_up_a_webhook, DELIVERED),
        (mark_without_an_acknowledgement, DELIVERED),
        (send_another_body, DELIVERED),
        (send_what_nobody_wrote, DELIVERED),
        (send_out_of_order, ORDER),
        (skip_a_number, ORDER),
        (leave_a_batch_running, BATCHES),
        (make_a_batch_twice, BATCHES),
        (dial_after_the_stop, BATCHES),
        (dial_without_an_attempt, STOPPED),
        (take_up_after_the_stop, STOPPED),
        (dial_while_paused, BATCHES),
        (leave_money_reserved, WALLET),
        (spend_what_nothing_cost, WALLET),
        (make_money, WALLET),
        (contradict_in_the_wallet, WALLET),
        (lose_an_event, EVENTS),
        (tell_an_event_twice, EVENTS),
        (tell_events_out_of_order, EVENTS),
        (leave_a_job, LEFT),
        (leave_a_file, LEFT),
        (lose_a_recording, LEFT),
    ],
)
def test_the_judges_find(run: Run, spoil: Callable[[Run], None], rule: str) -> None:
    spoil(run)
    assert rule in run.broken()


def test_a_gap_may_overtake_what_has_been_failing_for_long_and_nothing_else(run: Run) -> None:
    overtake(run, timedelta(minutes=3), gap=True)
    assert run.broken() == set()


@pytest.mark.parametrize(("after_s", "gap"), [(180, False), (179, True)])
def test_nothing_else_overtakes(run: Run, after_s: int, gap: bool) -> None:
    overtake(run, timedelta(seconds=after_s), gap=gap)
    assert run.broken() == {ORDER}


def test_a_story_has_everything_of_one_execution_and_nothing_of_another(run: Run) -> None:
    path = run.folder / "dials.jsonl"
    path.write_text(f"{json.dumps(dial(CALL))}\n{json.dumps(dial(IN_BATCH))}\n")
    log = run.folder / "serve.log"
    log.write_text(f"webhook of {CALL} failed\nwebhook of {IN_BATCH} failed\n")
    rows = {"executions": run.executions, "webhooks": run.webhooks}
    evidence = Evidence(
        run.customer,
        PriceBook(),
        run.arrivals,
        dials_in(path),
        rows,
        {(CALL, 1): "first\nsecond"},
        run.shown,
        run.folder,
        log,
    )
    story = "\n".join(evidence.story(CALL))
    assert IN_BATCH not in story
    for part in ("executions: ", "webhooks: ", "carrier: ", "receiver: ", "log of attempt 1: second", "server: "):
        assert part in story
