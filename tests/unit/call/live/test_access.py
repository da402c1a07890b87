"""What a carrier gets of an organisation: the keys that its plugin names, by the organisation or by one of its numbers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from callwright.call.live.access import TenantAccess
from callwright.domain.errors import UnavailableError
from callwright.platform.ledger import Ledger
from callwright.platform.unit import Unit
from callwright.ports.vault import Vault
from callwright.ports.world import Clock

ORGANISATION, SUB_ACCOUNT = "organisation", "sub-account"
OURS = "+15550100"


class Tables:
    """A ledger with an organisation, its sub-account, two keys of the carrier ``house``, one of another, and a number."""

    def __init__(self, failures: int = 0) -> None:
        self.accounts = self.provider_keys = self.numbers = self
        self.custom_models = SimpleNamespace(all=self._none)
        self.read = 0
        self._failures = failures

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Unit]:
        self.read += 1
        if self.read <= self._failures:
            raise UnavailableError("the database is away")
        yield cast(Unit, self)

    async def tenant(self, tenant_id: str) -> Any:
        return SimpleNamespace(parent_id=ORGANISATION if tenant_id == SUB_ACCOUNT else None)

    async def all(self, tenant_id: str) -> list[Any]:
        names = ("house_id", "HOUSE_TOKEN", "OTHER_TOKEN") if tenant_id == ORGANISATION else ()
        return [SimpleNamespace(name=name, sealed=name.upper().encode()) for name in names]

    async def data_key(self, tenant_id: str) -> Any:
        return object() if tenant_id == ORGANISATION else None

    async def called_at(self, carrier: str, dialled: str) -> Any:
        had = (carrier, dialled) == ("house", OURS.removeprefix("+"))
        return SimpleNamespace(tenant_id=SUB_ACCOUNT) if had else None

    async def _none(self, tenant_id: str) -> list[Any]:
        return []


class Waits:
    """A clock that notes how long somebody slept."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def access_of(tables: Tables, clock: Waits | None = None) -> TenantAccess:
    vault = SimpleNamespace(open=lambda data_key, name, sealed: f"open {sealed.decode()}")
    names = {"house": ("HOUSE_ID", "HOUSE_TOKEN", "HOUSE_URL"), "free": ()}
    return TenantAccess(
        cast(Ledger, tables), cast(Vault, vault), cast(Clock, clock or Waits()), lambda _, name: names.get(name)
    )


BOTH = {"HOUSE_ID": "open HOUSE_ID", "HOUSE_TOKEN": "open HOUSE_TOKEN"}


@pytest.mark.parametrize(
    ("tenant_id", "carrier", "keys", "reads"),
    [
        (ORGANISATION, "house", BOTH, 1),
        (SUB_ACCOUNT, "house", BOTH, 1),
        ("stranger", "house", {}, 1),
        (ORGANISATION, "free", {}, 0),
        (ORGANISATION, "not installed", {}, 0),
    ],
)
async def test_a_carrier_gets_the_keys_that_it_names_of_the_accounts_organisation(
    tenant_id: str, carrier: str, keys: dict[str, str], reads: int
) -> None:
    tables = Tables()
    assert (await access_of(tables).of_carrier(tenant_id, carrier)).keys == keys
    assert tables.read == reads


async def test_a_number_leads_to_the_keys_of_whoever_has_it_at_that_carrier() -> None:
    found = await access_of(Tables()).of_number("house", OURS)
    assert found is not None
    assert found.keys == BOTH
    assert await access_of(Tables()).of_number("house", "+15559999") is None
    assert await access_of(Tables()).of_number("free", OURS) is None


async def test_a_database_that_is_away_for_a_moment_is_asked_again_and_then_given_up() -> None:
    waits = Waits()
    assert await access_of(Tables(failures=2), waits).of_number("house", OURS) is not None
    assert waits.slept == [1, 1]
    with pytest.raises(UnavailableError):
        await access_of(Tables(failures=3)).of_number("house", OURS)
