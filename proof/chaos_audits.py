"""The judges of ``make chaos``: each states one rule over the three ledgers and names what breaks it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from callwright.domain.money import cents_from_nano
from callwright.insight.record import build
from callwright.platform.executions.rules.attempts import earlier_attempts
from callwright.platform.executions.rules.execution import TERMINAL
from proof.chaos_evidence import Dial, Evidence, Row
from proof.customer import PlacedBatch
from proof.hostile_receiver import Arrival

_DIALLED = frozenset({"completed", "busy", "no-answer", "failed"})
"""Final statuses that only a carrier can cause."""
_TALK_TOLERANCE_MS = 400
_GAP_AFTER = timedelta(seconds=180)


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that does not hold, and whose story to read."""

    rule: str
    about: str
    text: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.text} ({self.about or 'the whole run'})"


Audit = Callable[[Evidence], Iterator[Breach]]


def nothing_is_lost(evidence: Evidence) -> Iterator[Breach]:
    """What was accepted is one execution; what was asked for once is there once; the API shows what the ledger has."""
    rule = "nothing is lost"
    for fault in evidence.customer.faults:
        yield Breach(rule, "", fault)
    executions = evidence.executions()
    of_tag = Counter(str(row["user_data"].get("tag")) for row in executions.values())
    for call in evidence.customer.calls:
        if not call.execution_id:
            yield Breach(rule, "", f"call {call.tag} was never accepted")
        elif call.execution_id not in executions:
            yield Breach(rule, call.execution_id, f"call {call.tag} was accepted and is gone")
    wanted = [call.tag for call in evidence.customer.calls]
    wanted += [tag for batch in evidence.customer.batches for tag in batch.tags]
    for tag in wanted:
        if of_tag[tag] != 1:
            yield Breach(rule, "", f"{tag} is {of_tag[tag]} executions")
    for tag in of_tag.keys() - set(wanted):
        yield Breach(rule, "", f"nobody asked for {tag}")
    for row in evidence.rows["contacts"]:
        yield Breach(rule, str(row["batch_id"]), f"contact {row['user_data'].get('tag')} still waits in its batch")
    for execution_id, row in executions.items():
        shown = evidence.shown.get(execution_id)
        if shown is None or shown["status"] != row["status"]:
            yield Breach(
                rule, execution_id, f"the API shows {shown and shown['status']}, the ledger has {row['status']}"
            )


def one_final_state(evidence: Evidence) -> Iterator[Breach]:
    """Every execution has ended, its attempts too, and it was published as ended once for each attempt that ended it."""
    rule = "one final state"
    published = _published(evidence.rows["webhooks"])
    for execution_id, row in evidence.executions().items():
        if row["status"] not in TERMINAL or row["phase"] != "done" or row["owner"] is not None:
            yield Breach(rule, execution_id, f"it is {row['phase']}/{row['detail']} of {row['owner']}")
        statuses = published.get(execution_id, [])
        ends = [status for status in statuses if status in TERMINAL]
        if len(ends) > row["retry_count"] + 1 or not statuses or statuses[-1] != row["status"]:
            yield Breach(
                rule, execution_id, f"it is {row['status']} after {row['retry_count']} retries; published: {statuses}"
            )
    for attempt in evidence.rows["attempts"]:
        if attempt["closed_at"] is None:
            yield Breach(rule, str(attempt["execution_id"]), f"attempt {attempt['attempt']} is open")


def one_dial_of_an_attempt(evidence: Evidence) -> Iterator[Breach]:
    """The carrier dialled each attempt once at most, only attempts we know of, and nobody more often than retries allow."""
    rule = "one dial of an attempt"
    executions = evidence.executions()
    attempts = {(str(row["execution_id"]), int(row["attempt"])): row for row in evidence.rows["attempts"]}
    for callback_id, count in Counter(dial.callback_id for dial in evidence.dials).items():
        if count > 1:
            yield Breach(rule, callback_id.rpartition(".")[0], f"attempt {callback_id} was dialled {count} times")
    for dial in evidence.dials:
        attempt = attempts.get((dial.execution_id, dial.attempt))
        if attempt is None or attempt["initiated_at"] is None:
            yield Breach(rule, dial.execution_id, f"attempt {dial.attempt} was dialled without an intent in the ledger")
    for execution_id, row in executions.items():
        dials = evidence.dials_of.get(execution_id, [])
        if any(dial.to_number != row["to_number"] for dial in dials):
            yield Breach(rule, execution_id, f"another number was dialled: {dials}")
        if len(dials) > row["retry_count"] + 1:
            yield Breach(rule, execution_id, f"{len(dials)} dials and {row['retry_count']} retries")
        if row["status"] in _DIALLED and row["attempt"] not in {dial.attempt for dial in dials}:
            yield Breach(rule, execution_id, f"it is {row['status']}, and the carrier dialled {dials}")


def cost_once(evidence: Evidence) -> Iterator[Breach]:
    """An execution costs what the logs of its attempts come to, the API shows that sum, and the account's usage is the sum of all."""
    rule = "cost once"
    whole, records = 0, Counter[str]()
    for execution_id, row in evidence.executions().items():
        logs = [text for (of, _), text in evidence.logs.items() if of == execution_id]
        by_logs = sum(_cost_of(text, evidence, str(row["carrier"])) for text in logs)
        total = int(row["total_cost_nano"])
        if total != by_logs:
            yield Breach(rule, execution_id, f"it cost {total} nano-cents; its logs come to {by_logs}")
        shown = evidence.shown[execution_id]["total_cost"] if execution_id in evidence.shown else None
        if shown is not None and shown != float(cents_from_nano(total)):
            yield Breach(rule, execution_id, f"the API shows {shown} cents for {total} nano-cents")
        whole += total
        records[str(row["status"])] += 1
    counted = {str(row["model"]): row for row in evidence.rows["usage"] if row["kind"] == "calls"}
    billed = sum(int(row["cost_nano"]) for row in counted.values())
    if billed != whole:
        yield Breach(rule, "", f"the account's usage is {billed} nano-cents, its executions come to {whole}")
    for status in records.keys() | counted.keys():
        usage = int(counted[status]["records"]) if status in counted else 0
        if usage != records[status]:
            yield Breach(rule, "", f"usage counts {usage} calls that are {status}; there are {records[status]}")
    yield from _talk_as_the_carrier_has_it(evidence)


def _talk_as_the_carrier_has_it(evidence: Evidence) -> Iterator[Breach]:
    for execution_id, row in evidence.executions().items():
        talked = [d.talked_ms for d in evidence.dials_of.get(execution_id, ()) if d.attempt == row["attempt"]]
        if row["status"] != "completed" or not talked or talked[0] is None:
            continue
        ours = int(row["record"].get("conversation_ms") or 0)
        if abs(ours - talked[0]) > _TALK_TOLERANCE_MS:
            yield Breach("cost once", execution_id, f"billed for {ours} ms; the carrier connected {talked[0]} ms")


def every_status_is_delivered(evidence: Evidence) -> Iterator[Breach]:
    """Every published status was acknowledged by its receiver, under one id, as what it is."""
    rule = "every status is delivered"
    known: set[str] = set()
    for row in (*evidence.rows["webhooks"], *evidence.rows["batch_webhooks"]):
        known.add(str(row["id"]))
        arrivals = evidence.arrivals_of.get(str(row["id"]), [])
        # A server that dies between the answer and the mark sends it again; ten such deaths in a row, and it is given up as taken.
        if row["state"] == "waiting" or not any(arrival.acknowledged for arrival in arrivals):
            yield Breach(
                rule, str(row["about"]), f"{row['status']} is {row['state']} after {row['tries']} tries: {arrivals}"
            )
        for arrival in arrivals:
            if (arrival.about, arrival.sequence, arrival.status) != (row["about"], row["sequence"], row["status"]):
                yield Breach(rule, str(row["about"]), f"{row['status']} arrived as {arrival}")
    for event_id, arrivals in evidence.arrivals_of.items():
        if event_id not in known:
            yield Breach(rule, arrivals[0].about, f"a webhook arrived that we have no record of: {arrivals[0]}")


def deliveries_in_order(evidence: Evidence) -> Iterator[Breach]:
    """The statuses of one execution, or batch, arrive for the first time in their order, each after the one before was acknowledged. Only
    one that says so (a gap) may overtake another, which has then been failing for three minutes."""
    rule = "deliveries in order"
    rows = (*evidence.rows["webhooks"], *evidence.rows["batch_webhooks"])
    of_number = {(str(row["about"]), int(row["sequence"])): row for row in rows}
    acknowledged: dict[str, int] = defaultdict(int)
    for arrival in evidence.arrivals:
        last = acknowledged[arrival.about]
        if arrival.sequence > last + 1 and not _may_overtake(arrival, of_number.get((arrival.about, last + 1))):
            yield Breach(rule, arrival.about, f"number {arrival.sequence} came when {last} was the last acknowledged")
        if arrival.acknowledged:
            acknowledged[arrival.about] = max(acknowledged[arrival.about], arrival.sequence)
    for about, of_one in _by(evidence.rows["webhooks"], "about").items():
        if [row["sequence"] for row in of_one] != list(range(1, len(of_one) + 1)):
            yield Breach(rule, about, f"webhooks are numbered {[row['sequence'] for row in of_one]}")


def _may_overtake(arrival: Arrival, missing: Row | None) -> bool:
    return arrival.gap and missing is not None and arrival.at - missing["created_at"] >= _GAP_AFTER


def batches_end(evidence: Evidence) -> Iterator[Breach]:
    """A batch that was scheduled is completed or stopped, is there once, after its stop nothing more of it is taken up, and nothing is
    dialled while it is paused."""
    rule = "batches end"
    batches = {str(row["id"]): row for row in evidence.rows["batches"]}
    of_name = Counter(str(row["file_name"]) for row in batches.values())
    of_batch = _by(evidence.rows["executions"], "batch_id")
    attempts = {(str(row["execution_id"]), int(row["attempt"])): row for row in evidence.rows["attempts"]}
    for wanted in evidence.customer.batches:
        row = batches.get(wanted.batch_id)
        if row is None or of_name[f"{wanted.name}.csv"] != 1:
            yield Breach(rule, wanted.batch_id, f"{wanted.name} is {of_name[f'{wanted.name}.csv']} batches")
            continue
        if row["status"] not in ("completed", "stopped"):
            yield Breach(rule, wanted.batch_id, f"{wanted.name} is {row['status']}")
        if wanted.stopped_at is not None and row["status"] != "stopped":
            yield Breach(rule, wanted.batch_id, f"{wanted.name} was stopped and is {row['status']}")
        for execution in of_batch.get(wanted.batch_id, []):
            for dial in evidence.dials_of.get(str(execution["id"]), ()):
                attempt = attempts.get((dial.execution_id, dial.attempt))
                if attempt is not None and (fault := _unwanted(wanted, attempt, dial)):
                    yield Breach(rule, dial.execution_id, fault)


def _unwanted(batch: PlacedBatch, attempt: Row, dial: Dial) -> str:
    """Why this dial should not have been, or nothing. A call that was claimed before the stop is on its way, and no longer the batch's."""
    stopped_at, intent = batch.stopped_at, attempt["initiated_at"]
    if stopped_at is not None and dial.at > stopped_at and attempt["opened_at"] > stopped_at:
        return f"dialled {_ms(dial.at - stopped_at)} ms after its batch was stopped"
    if batch.paused_at and batch.resumed_at and intent and batch.paused_at < intent < batch.resumed_at:
        return f"dialled at {intent}, when its batch was paused"
    return ""


def stopped_calls_end(evidence: Evidence) -> Iterator[Breach]:
    """What ended as stopped was not dialled after that, and no call whose stop was acknowledged is taken up after it."""
    rule = "stopped calls end"
    stops = {call.execution_id: call.stopped_at for call in evidence.customer.calls if call.stopped_at is not None}
    for attempt in evidence.rows["attempts"]:
        execution_id = str(attempt["execution_id"])
        if execution_id in stops and attempt["opened_at"] > stops[execution_id]:
            yield Breach(rule, execution_id, f"attempt {attempt['attempt']} began after its stop")
    for row in evidence.rows["executions"]:
        dials = evidence.dials_of.get(str(row["id"]), [])
        if row["status"] == "stopped" and len(dials) > row["retry_count"]:
            yield Breach(rule, str(row["id"]), f"it was stopped while it waited, and dialled: {dials}")


def nothing_is_left(evidence: Evidence) -> Iterator[Breach]:
    """No job, no file of a live call is left, and a completed call has its recording or says why not."""
    rule = "nothing is left"
    for row in evidence.rows["jobs"]:
        yield Breach(rule, "", f"job {row['id']} {row['entrypoint']} is {row['status']}")
    for path in sorted((evidence.data_folder / "live").iterdir()):
        yield Breach(rule, path.name.partition(".")[0], f"{path.name} is left in the folder of live calls")
    for row in evidence.rows["executions"]:
        record = row["record"]
        told = [one.get("recording") for one in (*earlier_attempts(record), record)]
        names = {str(one["name"]) for one in told if one}
        files = {path.name for path in (evidence.data_folder / "recordings" / str(row["id"])).glob("*")}
        if row["status"] == "completed" and not record.get("recording") and not record.get("post_failures"):
            yield Breach(rule, str(row["id"]), "it has no recording and does not say why")
        if names != files:
            yield Breach(rule, str(row["id"]), f"recordings in the record: {sorted(names)}; files: {sorted(files)}")


def the_wallet_reconciles(evidence: Evidence) -> Iterator[Breach]:
    """Nothing is reserved for calls that are over, every entry sums to zero, and each attempt has spent what its log comes to."""
    rule = "the wallet reconciles"
    if evidence.wallet_check:
        yield Breach(rule, "", f"callwright wallet check: {evidence.wallet_check}")
    balances, entries, by_call = Counter[str](), Counter[int](), Counter[tuple[str, str]]()
    for row in evidence.rows["postings"]:
        amount = int(row["amount_nano"])
        balances[row["account"]] += amount
        entries[row["entry"]] += amount
        by_call[str(row["execution_id"]), row["account"]] += amount
    for entry, amount in entries.items():
        if amount:
            yield Breach(rule, "", f"entry {entry} moves {amount} nano-cents out of nothing")
    if sum(balances.values()):
        yield Breach(rule, "", f"the accounts sum to {sum(balances.values())} nano-cents")
    if not balances:
        return
    for execution_id, row in evidence.executions().items():
        reserved, spent = by_call[execution_id, "reserved"], by_call[execution_id, "spent"]
        if reserved:
            yield Breach(rule, execution_id, f"it is over and reserves {reserved} nano-cents")
        if spent != row["total_cost_nano"]:
            yield Breach(rule, execution_id, f"it spent {spent} nano-cents and cost {row['total_cost_nano']}")


def a_cursor_finds_every_event(evidence: Evidence) -> Iterator[Breach]:
    """Whoever reads events with a cursor has every published status once, under the id of its webhook, in order for each execution."""
    rule = "a cursor finds every event"
    for event_id, count in Counter(str(event["id"]) for event in evidence.events).items():
        if count > 1:
            yield Breach(rule, "", f"event {event_id} was found {count} times")
    found = _by([{**event, "about": event["execution_id"] or event["batch_id"]} for event in evidence.events], "about")
    for about, rows in _by((*evidence.rows["webhooks"], *evidence.rows["batch_webhooks"]), "about").items():
        wanted, read = [str(row["id"]) for row in rows], [str(event["id"]) for event in found.get(about, [])]
        if [event_id for event_id in read if event_id in wanted] != wanted:
            yield Breach(
                rule,
                about,
                f"webhooks: {[row['status'] for row in rows]}; events: {[e['type'] for e in found.get(about, [])]}",
            )


AUDITS: Sequence[Audit] = (
    nothing_is_lost,
    one_final_state,
    one_dial_of_an_attempt,
    cost_once,
    every_status_is_delivered,
    deliveries_in_order,
    batches_end,
    stopped_calls_end,
    the_wallet_reconciles,
    a_cursor_finds_every_event,
    nothing_is_left,
)
"""All rules; a new ledger brings its own."""


def breaches(evidence: Evidence, audits: Iterable[Audit] = AUDITS) -> list[Breach]:
    """Everything that breaks a rule."""
    return [breach for audit in audits for breach in audit(evidence)]


def _published(rows: Sequence[Row]) -> dict[str, list[str]]:
    return {about: [str(row["status"]) for row in of_one] for about, of_one in _by(rows, "about").items()}


def _by(rows: Sequence[Row], key: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[str(row[key])].append(row)
    return found


def _cost_of(log: str, evidence: Evidence, carrier: str) -> int:
    return int(build(log, evidence.book, carrier).columns["total_cost_nano"] or 0)


def _ms(duration: timedelta) -> int:
    return round(duration.total_seconds() * 1000)
