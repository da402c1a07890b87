"""The account of a key (contract 3.11)."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from pydantic import Field

from callwright.api.answers import answer
from callwright.api.schemas import Open, errors, example, shown
from callwright.api.services import principal_of, services_of
from callwright.domain.money import cents_from_nano
from callwright.platform.accounts.rules import NO_EMAIL
from callwright.platform.keys.actions.keys import account_of

router = APIRouter(tags=["account"])


class Concurrency(Open):
    """Calls at once."""

    max: int
    current: int


class AccountView(Open):
    """Who the key belongs to."""

    model_config = example(
        {
            "id": "00000000-0000-4000-8000-000000000001",
            "name": "Default",
            "email": NO_EMAIL,
            "wallet": 0,
            "concurrency": {"max": 100, "current": 2},
            "organization_id": "00000000-0000-4000-8000-000000000001",
        }
    )

    id: str
    name: str
    email: str = Field(
        description=f"`{NO_EMAIL}` until `callwright accounts set ID --email` gives the organisation one."
    )
    wallet: float = Field(
        description="Cents that are available to the organisation's calls; 0 while its wallet is off."
    )
    concurrency: Concurrency


@router.get("/user/me", summary="Who am I", responses={200: shown("The key's organisation.", AccountView), **errors()})
async def me(request: Request) -> Response:
    """The organisation of the key, its balance and how many of its calls are live, those of its sub-accounts too. Of a sub-account: its own
    name and calls, and the balance of its organisation."""
    account = await account_of(services_of(request).actions, principal_of(request))
    tenant = account.tenant
    most = account.organisation.max_concurrency if tenant.max_concurrency is None else tenant.max_concurrency
    return answer(
        {
            "id": tenant.id,
            "name": tenant.name,
            "email": tenant.email or account.organisation.email or NO_EMAIL,
            "wallet": cents_from_nano(account.available_nano),
            "concurrency": {"max": most, "current": account.live_calls},
            "organization_id": account.organisation.id,
        }
    )
