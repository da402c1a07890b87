"""Pages of a batch's executions, newest first, with the contacts that still wait to become some."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from callwright.platform.batches.rows.batches import BatchContactRows
from callwright.platform.batches.rules.batch import WAITING_AS, Batch, Contact
from callwright.platform.executions.rows.columns import SHOWN, execution_of
from callwright.platform.executions.rules.changes import ExecutionFilter
from callwright.platform.executions.rules.execution import Execution, status_of

#: ``platform.batches.rules.batch.execution_of_contact`` says when the execution of a contact was created.
_CREATED = "(b.created_at + c.position * interval '1 microsecond')"
_CONTACTS = "batch_contact c join batch b on b.id = c.batch_id"
_FILTERS = {"provider": "c.carrier = ", "created_from": f"{_CREATED} >= ", "created_to": f"{_CREATED} <= "}


async def page_of_batch(
    connection: Any,
    where: str,
    arguments: list[Any],
    batch: Batch,
    narrow: ExecutionFilter,
    place: tuple[int, tuple[datetime, str] | None, int],
) -> tuple[list[Execution | Contact], int]:
    """The rows of a page, and how many match in all. ``where`` says which executions match, ``narrow`` which contacts. ``place``: how many
    to skip, behind which execution the page begins, and how many it has."""
    (skip, after, size), given = place, [*arguments, batch.id]
    waiting = [f"c.batch_id = ${len(given)}", *([] if _may_match(batch, narrow) else ["false"])]
    for name, condition in _FILTERS.items():
        if (wanted := getattr(narrow, name)) is not None:
            given.append(wanted)
            waiting.append(f"{condition}${len(given)}")
    contacts = " and ".join(waiting)
    total = await connection.fetchval(
        f"select (select count(*) from execution where {where}) + (select count(*) from {_CONTACTS} where {contacts})",
        *given,
    )
    if after is not None:
        given += after
        behind = f"(${len(given) - 1}::timestamptz, ${len(given)}::text)"
        where += f" and (created_at, id) < {behind}"
        contacts += f" and ({_CREATED}, c.execution_id::text) < {behind}"
    # Each side is read from its index only as far as the page may reach.
    most = f"limit ${len(given) + 1}::bigint + ${len(given) + 2}::bigint"
    keys = await connection.fetch(
        f"(select id, created_at, null as position from execution where {where} order by created_at desc, id desc {most})"
        f" union all (select c.execution_id::text, {_CREATED}, c.position from {_CONTACTS} where {contacts}"
        f" order by c.position desc {most}) order by 2 desc, 1 desc limit ${len(given) + 2} offset ${len(given) + 1}",
        *given,
        skip,
        size,
    )
    return await _rows(connection, batch.id, keys), int(total)


def _may_match(batch: Batch, narrow: ExecutionFilter) -> bool:
    """Whether contacts of the batch match as far as all of them are alike."""
    status = status_of(*WAITING_AS[batch.status])
    is_wanted = narrow.status in (None, status) and narrow.call_type in (None, "outbound")
    return is_wanted and not narrow.answered_by_voice_mail


async def _rows(connection: Any, batch_id: str, keys: list[Any]) -> list[Execution | Contact]:
    # Contacts first: one that is released between the looks is seen twice, and kept once.
    positions = [key["position"] for key in keys if key["position"] is not None]
    waiting = await BatchContactRows(connection).at(batch_id, positions) if positions else []
    found: dict[str, Execution | Contact] = {one.execution_id: one for one in waiting}
    ids = [key["id"] for key in keys]
    rows = await connection.fetch(f"select {SHOWN} from execution where id = any ($1::text[])", ids)
    found |= {row["id"]: execution_of(row) for row in rows}
    return [found[one] for one in ids if one in found]
