"""The price book as everybody reads it and the operator changes it: a price changes by another row that is valid from a later time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from callwright.domain.errors import BadInputError, ConflictError
from callwright.domain.limits import MAX_PRICES
from callwright.domain.money import cents_from_nano
from callwright.platform.accounts.rules import Principal
from callwright.platform.audit.actions.record import audit
from callwright.platform.prices.rules import PriceRow, check_billed_names, read_price
from callwright.platform.services import Services, missing, object_id


async def list_prices(services: Services) -> Sequence[PriceRow]:
    """All rows: those of the file, which have no id, then those that were added by the API."""
    await refresh_prices(services)
    return services.prices.rows


async def add_price(services: Services, by: Principal, given: Mapping[str, Any]) -> PriceRow:
    """Add a row, valid from now on where ``given`` says no time. Calls that have begun keep their prices. Raises BadInputError for what is
    no price, and for one under a name that no usage has, ConflictError for a second one from the same time on."""
    row = read_price(given)
    check_billed_names(row, services.billed_as)
    row = replace(row, id=services.ids.uuid(), valid_from=row.valid_from or services.clock.now())
    async with services.ledger.unit() as unit:
        if len(await unit.wallets.prices.all()) >= MAX_PRICES:
            raise BadInputError(
                f"the price book has {MAX_PRICES} rows already; delete those of former times", field="kind"
            )
        if not await unit.wallets.prices.insert(row):
            raise ConflictError(
                f"{', '.join(row.key)} has a price from that time on already",
                hint="Delete that row, or name another time.",
            )
        await audit(unit, by, "price.created", row.id, after=_shown(row))
    await refresh_prices(services)
    return row


async def delete_price(services: Services, by: Principal, price_id: str) -> None:
    """Delete a row that was added by the API: the one before it is valid again, for calls that end from now on. Raises NotFoundError."""
    async with services.ledger.unit() as unit:
        row = await unit.wallets.prices.delete(object_id(price_id, "price"))
        if row is None:
            raise missing("price")
        await audit(unit, by, "price.deleted", row.id, before=_shown(row))
    await refresh_prices(services)


def unused_prices(services: Services) -> list[str]:
    """What is wrong with rows under names that no usage has, in a sentence for each."""
    found = []
    for row in services.prices.rows:
        try:
            check_billed_names(row, services.billed_as)
        except BadInputError as error:
            found.append(f"the price of {', '.join(row.key)} is never used: {error.message}")
    return found


async def refresh_prices(services: Services) -> None:
    """Take the ledger's rows if they changed: other processes write them too. Raises UnavailableError."""
    async with services.ledger.reading() as unit:
        state = await unit.wallets.prices.state()
        if state != services.prices.state:
            services.prices.take(await unit.wallets.prices.all(), state)


def _shown(row: PriceRow) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "provider": row.provider,
        "model": row.model,
        "cents": str(cents_from_nano(row.price.nano_cents)),
        "per": row.price.per,
        "increment": row.price.increment,
        "valid_from": row.valid_from.isoformat() if row.valid_from else None,
        "source": row.source,
    }
