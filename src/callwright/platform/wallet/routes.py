"""Routes of wallets (our own)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from callwright.api.answers import answer
from callwright.api.idempotent import IdempotencyKey, answer_once
from callwright.api.reading import json_body
from callwright.api.schemas import errors, shown
from callwright.api.services import principal_of, services_of
from callwright.domain.money import cents_from_nano, cents_of, nano_from_cents
from callwright.insight.wire import wire_time
from callwright.platform.services import Services
from callwright.platform.wallet.actions.account import WalletView as Wallet
from callwright.platform.wallet.actions.account import read_statement, show_wallet, top_up_wallet
from callwright.platform.wallet.rules import ACCOUNTS, Entry
from callwright.platform.wallet.schemas import EXAMPLE, EntriesQuery, EntriesView, TopUpBody, TopUpView, WalletView

router = APIRouter(tags=["wallet"])


@router.get(
    "/v1/callwright/wallet", summary="Read the wallet", responses={200: shown("Its balances.", WalletView), **errors()}
)
async def read(request: Request) -> Response:
    """The wallet of the key's organisation, which its sub-accounts use too. One that is off shows what it held."""
    return answer(_view(await show_wallet(services_of(request).actions, principal_of(request))))


@router.get(
    "/v1/callwright/wallet/entries",
    summary="Read the wallet's statement",
    responses={200: shown("One page.", EntriesView), **errors(400)},
)
async def entries(request: Request, query: Annotated[EntriesQuery, Query()]) -> Response:
    """Every movement of money, oldest first. The postings of an entry sum to 0. A sub-account sees those of its own calls."""
    page = await read_statement(services_of(request).actions, principal_of(request), query.after, query.size)
    rows = [_entry(row) for row in page.rows]
    return answer({"data": rows, "has_more": page.next_after is not None, "next_after": page.next_after})


@router.post(
    "/v1/callwright/wallets/{organization_id}/top-ups",
    summary="Top up a wallet",
    responses={201: shown("The entry and the balances after it.", TopUpView), **errors(400, 404, 409)},
)
async def top_up(
    request: Request,
    organization_id: str,
    body: Annotated[TopUpBody, json_body(TopUpBody, EXAMPLE, once=True)],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """For the operator of the platform alone: needs a key of the scope `operator`, which `callwright keys create` makes."""
    principal = principal_of(request)

    async def work(services: Services) -> dict[str, Any]:
        nano = nano_from_cents(str(body.cents))
        entry, wallet = await top_up_wallet(services, principal, organization_id, nano, body.note)
        return {"entry": _entry(entry), "wallet": _view(wallet)}

    return await answer_once(request, idempotency_key, body.wire, work, 201)


def _view(view: Wallet) -> dict[str, Any]:
    return {
        "organization_id": view.wallet.organisation_id,
        "enabled": view.wallet.enabled,
        "balances": cents_of(view.balances, ACCOUNTS),
    }


def _entry(entry: Entry) -> dict[str, Any]:
    charge = entry.charge
    return {
        "id": entry.id,
        "at": wire_time(entry.at),
        "kind": entry.kind,
        "postings": [{"account": one.account, "cents": cents_from_nano(one.amount_nano)} for one in entry.postings],
        "account_id": None if charge is None else charge.account_id,
        "execution_id": None if charge is None else charge.execution_id,
        "attempt": None if charge is None else charge.attempt,
        "batch_id": None if charge is None else charge.batch_id,
        "note": entry.note,
    }
