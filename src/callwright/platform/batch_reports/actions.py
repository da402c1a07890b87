"""The reports of a batch: the rows that are not called, and what became of the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

from callwright.domain.limits import MAX_RESULT_COLUMNS
from callwright.insight.batch_table import flattened
from callwright.platform.accounts.rules import Principal
from callwright.platform.batches.actions.batches import batch_of
from callwright.platform.batches.rules.batch import Batch, RefusedRow
from callwright.platform.services import Services

_PAGE = 500


async def refused_rows(services: Services, batch: Batch) -> AsyncIterator[list[RefusedRow]]:
    """The refused rows of a batch of the tenant, in the order of the file, so many at a time."""
    line = 0
    while True:
        async with services.ledger.unit() as unit:
            page = await unit.batches.refused.after(batch.id, line, _PAGE)
        if not page:
            return
        yield page
        line = page[-1].line


async def reported_batch(services: Services, principal: Principal, batch_id: str) -> Batch:
    """The batch that is reported of. Raises NotFoundError."""
    async with services.ledger.unit() as unit:
        return await batch_of(unit, principal, batch_id)


async def extracted_paths(services: Services, batch: Batch) -> list[str]:
    """The paths of all extracted values of a batch in order, at most MAX_RESULT_COLUMNS of them."""
    found: set[str] = set()
    after: tuple[datetime, str] | None = None
    while True:
        async with services.ledger.unit() as unit:
            page = await unit.batches.extracted(batch.tenant_id, batch.id, after, _PAGE)
        for _, _, extracted in page:
            for path, _ in flattened(extracted):
                if len(found) < MAX_RESULT_COLUMNS:
                    found.add(path)
        if len(page) < _PAGE:
            return sorted(found)
        after = page[-1][:2]
        # Long lists must not keep calls of this process waiting.
        await asyncio.sleep(0)
