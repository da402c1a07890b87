"""Shapes of wallets for the API description."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from callwright.api.reading import Asked, AskedQuery, reads
from callwright.api.schemas import Open, Timestamp, example
from callwright.domain.limits import MAX_CAP_CENTS, MAX_NAME_CHARACTERS, MAX_PAGE_SIZE
from callwright.domain.settings.kinds import number, text, whole

_LARGEST = 2**62
_ORGANISATION = "00000000-0000-4000-8000-000000000001"
_BALANCES = {"available": 487.5, "postpaid": 0, "reserved": 9.4, "spent": 3.1, "topped_up": -500}
_WALLET: dict[str, Any] = {"organization_id": _ORGANISATION, "enabled": True, "balances": _BALANCES}
_TOP_UP: dict[str, Any] = {
    "id": 1,
    "at": "2026-11-24T16:31:07.193399+00:00",
    "kind": "top-up",
    "postings": [{"account": "available", "cents": 500}, {"account": "topped_up", "cents": -500}],
    "account_id": None,
    "execution_id": None,
    "attempt": None,
    "batch_id": None,
    "note": "invoice 17",
}


class EntriesQuery(AskedQuery):
    """Which entries."""

    after: Annotated[int, reads(whole(0, _LARGEST))] = Field(
        default=0, description="Entries with an id above this one: `next_after` of a page."
    )
    page_size: Annotated[int, reads(whole(1, _LARGEST))] = Field(default=50, description="Larger than 50 is 50.")

    @property
    def size(self) -> int:
        """How many entries a page has."""
        return min(MAX_PAGE_SIZE, self.page_size)


class TopUpBody(Asked):
    """Money for a wallet."""

    cents: Annotated[float, reads(number(-MAX_CAP_CENTS, MAX_CAP_CENTS))] = Field(
        description="Added to what is available; negative for a correction, which needs a note."
    )
    note: Annotated[str | None, reads(text(MAX_NAME_CHARACTERS))] = Field(
        default=None, description="Why, for the statement."
    )


class BalancesView(Open):
    """Cents by account. They sum to 0."""

    available: float = Field(
        description="What further calls may reserve. Below 0 where calls cost more than they reserved."
    )
    postpaid: float = Field(description="What calls took while only caps were set, as a negative amount.")
    reserved: float = Field(description="Set aside for calls under way.")
    spent: float = Field(description="What calls have cost.")
    topped_up: float = Field(description="What came in, as a negative amount.")


class WalletView(Open):
    """The wallet of an organisation."""

    model_config = example(_WALLET)

    organization_id: str
    enabled: bool = Field(description="Whether calls need money. While it is off they do not.")
    balances: BalancesView


class PostingView(Open):
    """What an entry adds to one account."""

    account: str = Field(description="`available`, `postpaid`, `reserved`, `spent` or `topped_up`.")
    cents: float


class EntryView(Open):
    """A movement of money."""

    id: int
    at: Timestamp | None
    kind: str = Field(
        description="`top-up`, `correction`, `reserve` before an attempt, `settle` after it, `extra` for what it cost later on."
    )
    postings: list[PostingView]
    account_id: str | None = Field(description="Whose call: the organisation or a sub-account.")
    execution_id: str | None
    attempt: int | None
    batch_id: str | None
    note: str | None


class EntriesView(Open):
    """One page of the statement, oldest first."""

    model_config = example({"data": [_TOP_UP], "has_more": True, "next_after": 1})

    data: list[EntryView]
    has_more: bool
    next_after: int | None = Field(description="`after` of the next page.")


class TopUpView(Open):
    """A top-up and what the wallet holds after it."""

    model_config = example({"entry": _TOP_UP, "wallet": _WALLET})

    entry: EntryView
    wallet: WalletView


EXAMPLE: dict[str, Any] = {"cents": 500, "note": "invoice 17"}
