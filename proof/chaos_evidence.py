"""What three ledgers say after a run: ours, the carrier's own, and that of the webhooks' receiver."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from callwright.platform.prices.rules import Prices
from callwright.storage.pool import open_connection, prepare
from proof.customer import Customer
from proof.hostile_receiver import Arrival

Row = Mapping[str, Any]

_QUERIES = {
    "executions": "select * from execution order by created_at, id",
    "attempts": "select * from attempt order by execution_id, attempt",
    "webhooks": "select id, execution_id as about, sequence, status, state, tries, gap, created_at from outbox order by 2, 3",
    "batches": "select * from batch order by created_at, id",
    "batch_webhooks": "select id, batch_id as about, sequence, status, state, tries, gap, created_at from batch_outbox order by 2, 3",
    "postings": "select e.id as entry, e.kind, e.execution_id, e.attempt, p.account, p.amount_nano from wallet_entry e"
    " join wallet_posting p on p.entry_id = e.id order by e.id, p.account",
    "contacts": "select batch_id, execution_id::text, user_data from batch_contact",
    "jobs": "select id, entrypoint, status::text from pgqueuer",
    "usage": "select kind, model, sum(records)::bigint as records, sum(cost_nano)::bigint as cost_nano from ("
    "select kind, model, records, cost_nano from usage_quarter union all select kind, model, records, cost_nano from usage_entry"
    ") u group by 1, 2",
}


@dataclass(frozen=True, slots=True)
class Dial:
    """What the carrier wrote of one dial. ``kinds``: its moments in order. ``talked_ms``: from the answer to the end, if both came.
    ``ended_at``: None where the process died before it."""

    callback_id: str
    to_number: str
    at: datetime
    kinds: tuple[str, ...]
    talked_ms: int | None
    ended_at: datetime | None

    @property
    def execution_id(self) -> str:
        """Whose dial it was."""
        return self.callback_id.rpartition(".")[0]

    @property
    def attempt(self) -> int:
        """Which attempt."""
        return int(self.callback_id.rpartition(".")[2])


@dataclass(slots=True)
class Evidence:
    """Everything that is judged. ``logs``: the live and post-call log of each attempt; ``shown``: executions as the API shows them;
    ``events``: all events that a cursor found, in their order; ``wallet_check``: what ``callwright wallet check`` finds wrong, or nothing.
    """

    customer: Customer
    book: Prices
    arrivals: Sequence[Arrival]
    dials: Sequence[Dial]
    rows: Mapping[str, Sequence[Row]]
    logs: Mapping[tuple[str, int], str]
    shown: Mapping[str, Row]
    data_folder: Path
    server_log: Path
    events: Sequence[Row] = ()
    wallet_check: str = ""
    dials_of: dict[str, list[Dial]] = field(default_factory=lambda: defaultdict(list))
    arrivals_of: dict[str, list[Arrival]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for dial in self.dials:
            self.dials_of[dial.execution_id].append(dial)
        for arrival in self.arrivals:
            self.arrivals_of[arrival.event_id].append(arrival)

    def executions(self) -> dict[str, Row]:
        """Ours by id."""
        return {str(row["id"]): row for row in self.rows["executions"]}

    def story(self, about: str) -> list[str]:
        """All that is known of one execution or batch, for whoever looks for the reason."""
        lines = []
        for name, rows in self.rows.items():
            keys = ("id", "execution_id", "about", "batch_id")
            lines += [f"{name}: {_short(row)}" for row in rows if about in (row.get(key) for key in keys)]
        lines += [f"carrier: {dial}" for dial in self.dials_of.get(about, ())]
        lines += [f"receiver: {arrival}" for arrival in self.arrivals if arrival.about == about]
        for (execution_id, attempt), text in self.logs.items():
            if execution_id == about:
                lines += [f"log of attempt {attempt}: {line[:300]}" for line in text.splitlines()]
        if self.server_log.exists():
            printed = self.server_log.read_text(errors="replace").splitlines()
            lines += [f"server: {line[:300]}" for line in printed if about in line]
        return lines


def _short(row: Row) -> str:
    """A row without what is long and says nothing here."""
    return json.dumps({name: value for name, value in row.items() if name != "agent"}, default=str)[:3_000]


def dials_in(path: Path) -> list[Dial]:
    """The carrier's account, dials in the order they were made."""
    moments: dict[str, list[Row]] = {}
    if path.exists():
        for line in path.read_text().splitlines():
            moment = json.loads(line)
            moments.setdefault(moment["call"], []).append(moment)
    found = []
    for of_call in moments.values():
        first, last = of_call[0], of_call[-1]
        kinds = tuple(str(moment["kind"]) for moment in of_call)
        talked_ms = int(last["at_ms"]) if kinds[-1] == "closed" and "answered" in kinds else None
        at = datetime.fromisoformat(str(first["at"]))
        ended_at = datetime.fromisoformat(str(last["at"])) if kinds[-1] == "closed" else None
        found.append(Dial(str(first["callback_id"]), str(first["text"]), at, kinds, talked_ms, ended_at))
    return found


async def ours(dsn: str) -> tuple[dict[str, list[Row]], dict[tuple[str, int], str]]:
    """The rows of our ledger by their kind, and the logs of attempts."""
    connection = await open_connection(dsn)
    try:
        await prepare(connection)
        rows: dict[str, list[Row]] = {
            name: [dict(row) for row in await connection.fetch(query)] for name, query in _QUERIES.items()
        }
        logs: dict[tuple[str, int], str] = {}
        chunks = "select execution_id, attempt, data from call_log order by execution_id, attempt, section, chunk"
        for chunk in await connection.fetch(chunks):
            key = (str(chunk["execution_id"]), int(chunk["attempt"]))
            logs[key] = logs.get(key, "") + bytes(chunk["data"]).decode(errors="replace")
        return rows, logs
    finally:
        await connection.close()
