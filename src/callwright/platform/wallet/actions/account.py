"""The wallet as its organisation and the operator see it: the statement, top-ups, the switch, and the proof that the sums are right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from callwright.domain.errors import BadInputError
from callwright.domain.limits import MAX_CAP_CENTS
from callwright.domain.money import NANO_PER_CENT, cents_from_nano
from callwright.platform.accounts.rules import Principal
from callwright.platform.audit.actions.record import audit
from callwright.platform.executions.rules.execution import Phase
from callwright.platform.services import Services, missing, object_id
from callwright.platform.unit import Unit
from callwright.platform.wallet.rules import AVAILABLE, Doubt, Entry, Wallet, top_up


@dataclass(frozen=True, slots=True)
class WalletView:
    """A wallet and its balances in nano-cents by account."""

    wallet: Wallet
    balances: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Statement:
    """Entries, oldest first. ``next_after`` continues behind the last one; None when there is nothing more."""

    rows: list[Entry]
    next_after: int | None


async def show_wallet(services: Services, principal: Principal) -> WalletView:
    """The wallet of the key's organisation; one that never was is off and empty."""
    async with services.ledger.unit() as unit:
        return await _view(unit, principal.organisation_id)


async def _view(unit: Unit, organisation_id: str) -> WalletView:
    wallet = await unit.wallets.get(organisation_id)
    return WalletView(wallet or Wallet(organisation_id, enabled=False), await unit.wallets.balances(organisation_id))


async def read_statement(services: Services, principal: Principal, after: int, size: int) -> Statement:
    """A page of the ledger behind the entry ``after``: of an organisation everything, of a sub-account what its own calls did."""
    account_id = None if principal.parent_id is None else principal.tenant_id
    async with services.ledger.unit() as unit:
        rows = await unit.wallets.entries(principal.organisation_id, account_id, after, size + 1)
    return Statement(rows[:size], rows[size - 1].id if len(rows) > size else None)


async def top_up_wallet(
    services: Services, by: Principal, organisation_id: str, amount_nano: int, note: str | None
) -> tuple[Entry, WalletView]:
    """Add money to an organisation's wallet, or take some away with a negative amount and a note. A wallet that is off stays off. Raises
    NotFoundError, BadInputError."""
    organisation_id = object_id(organisation_id, "organisation")
    if abs(amount_nano) > MAX_CAP_CENTS * NANO_PER_CENT:
        raise BadInputError(f"cents must be at most {MAX_CAP_CENTS}", field="cents")
    entry = top_up(amount_nano, note)
    async with services.ledger.unit() as unit:
        await _organisation(unit, organisation_id)
        await unit.wallets.put(organisation_id)
        entry = await unit.wallets.add(organisation_id, entry)
        view = await _view(unit, organisation_id)
        told = {
            "cents": str(cents_from_nano(amount_nano)),
            "available_cents": str(cents_from_nano(view.balances[AVAILABLE])),
            "note": note,
        }
        of_organisation = Principal(organisation_id, by.key_id, by.name)
        await audit(unit, of_organisation, "wallet_entry.created", str(entry.id), after=told)
    return entry, view


async def switch_wallet(services: Services, by: Principal, *, enabled: bool) -> WalletView:
    """Switch the wallet of an organisation. Calls that have reserved are settled whatever it says. Raises NotFoundError."""
    organisation_id = object_id(by.tenant_id, "organisation")
    async with services.ledger.unit() as unit:
        await _organisation(unit, organisation_id)
        before = await unit.wallets.get(organisation_id)
        await unit.wallets.put(organisation_id, enabled=enabled)
        was = {"enabled": before is not None and before.enabled}
        await audit(unit, by, "wallet.changed", organisation_id, before=was, after={"enabled": enabled})
        return await _view(unit, organisation_id)


async def check_wallets(services: Services, organisation_id: str | None = None) -> list[str]:
    """What is wrong in the ledger of one organisation, or of all: a sentence each. Nothing is, when entries sum to zero, every sum is that
    of its postings, no attempt that is over reserves money, and each has spent what its execution cost."""
    found: list[str] = []
    async with services.ledger.unit() as unit:
        for wallet in await unit.wallets.known():
            if organisation_id in (None, wallet.organisation_id):
                found += await _wrong_in(unit, wallet.organisation_id)
    return found


async def _wrong_in(unit: Unit, organisation_id: str) -> list[str]:
    found = await unit.wallets.contradictions(organisation_id)
    balances = await unit.wallets.balances(organisation_id)
    if sum(balances.values()):
        found.append(f"the accounts sum to {sum(balances.values())} nano-cents, not to 0")
    for doubt in await unit.wallets.doubtful(organisation_id):
        problem = await _problem_of(unit, doubt)
        if problem:
            found.append(problem)
    return [f"{organisation_id}: {one}" for one in found]


async def _problem_of(unit: Unit, doubt: Doubt) -> str:
    execution = await unit.executions.get_any(doubt.execution_id)
    is_over = execution is None or execution.phase in (Phase.WAITING, Phase.DONE)
    if doubt.reserved_nano and is_over:
        return f"execution {doubt.execution_id} is over and still reserves {doubt.reserved_nano} nano-cents"
    if doubt.cost_nano is None or not is_over or doubt.cost_nano == doubt.spent_nano:
        return ""
    return f"execution {doubt.execution_id} cost {doubt.cost_nano} nano-cents and spent {doubt.spent_nano}"


async def _organisation(unit: Unit, organisation_id: str) -> None:
    if await unit.accounts.lock_organisation(organisation_id) is None:
        raise missing("organisation")
