"""What the ledger holds of numbers: which one is called from where, and what goes with what."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.database import run_sql
from tests.rows import OTHER_TENANT_ID, THEN, agent_row, place

from callwright.domain.errors import ConflictError, NotFoundError
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.extensions.rules import Extension
from callwright.platform.ledger import Ledger
from callwright.platform.phone_numbers.rules import CARRIER, ORDER, TRUNK, UNDER_WAY, OwnedNumber, PhoneNumber
from callwright.platform.sip_trunks.rules import SipTrunk, read_trunk

NUMBER = "+918000000002"
DIALLED = "918000000002"


def trunk(trunk_id: str = "t1", tenant_id: str = DEFAULT_TENANT_ID, *, active: bool = True, **changes: Any) -> SipTrunk:
    body = {
        "name": trunk_id,
        "provider": "custom",
        "auth_type": "ip-based",
        "gateways": [{"gateway_address": "a.example"}],
        "ip_identifiers": ["203.0.113.0/24", "192.0.2.7"],
        "inbound_enabled": True,
        **changes,
    }
    return SipTrunk(trunk_id, tenant_id, read_trunk(body)[0], active, THEN, THEN)


def number(number_id: str = "n1", text: str = NUMBER, minutes: int = 0, **changes: Any) -> PhoneNumber:
    made = THEN + timedelta(minutes=minutes)
    row: dict[str, Any] = {"tenant_id": DEFAULT_TENANT_ID, "trunk_id": "t1", "agent_id": "agent-1"}
    row = {**row, "agent_tenant_id": DEFAULT_TENANT_ID, **changes}
    return PhoneNumber(
        number_id, number=text, kind=TRUNK, provider="sip-trunk", created_at=made, updated_at=made, **row
    )


async def called(ledger: Ledger, source: str, dialled: str = DIALLED) -> str | None:
    async with ledger.unit() as unit:
        found = await unit.numbers.called(dialled, source)
    return None if found is None else found.id


async def with_trunk(ledger: Ledger, wanted: SipTrunk) -> None:
    await place(ledger)
    async with ledger.unit() as unit:
        await unit.trunks.add(wanted)
        await unit.numbers.add(number())


@pytest.mark.parametrize(
    ("source", "found"),
    [("203.0.113.200", "n1"), ("192.0.2.7", "n1"), ("192.0.2.8", None), ("", None), ("2001:db8::1", None)],
)
async def test_a_number_of_a_trunk_is_called_from_where_the_trunks_calls_come(
    ledger: Ledger, source: str, found: str | None
) -> None:
    await with_trunk(ledger, trunk())
    assert await called(ledger, source) == found


@pytest.mark.parametrize("closed", [trunk(active=False), trunk(inbound_enabled=False)])
async def test_a_trunk_that_takes_no_calls_has_no_number_that_is_called(ledger: Ledger, closed: SipTrunk) -> None:
    await with_trunk(ledger, closed)
    assert await called(ledger, "192.0.2.7") is None


async def test_nobody_takes_anothers_calls_by_coming_later(ledger: Ledger, dsn: str) -> None:
    await with_trunk(ledger, trunk())
    await run_sql(dsn, f"insert into tenant (id, name, email, max_concurrency) values ('{OTHER_TENANT_ID}', '', '', 1)")
    async with ledger.unit() as unit:
        await unit.agents.insert(agent_row("agent-2", tenant_id=OTHER_TENANT_ID))
        await unit.trunks.add(trunk("t2", OTHER_TENANT_ID, ip_identifiers=["192.0.2.7"]))
        theirs = {
            "tenant_id": OTHER_TENANT_ID,
            "trunk_id": "t2",
            "agent_id": "agent-2",
            "agent_tenant_id": OTHER_TENANT_ID,
        }
        await unit.numbers.add(number("n2", minutes=1, **theirs))
    assert await called(ledger, "192.0.2.7") == "n1"


async def test_a_number_with_an_owner_is_the_owners_alone(ledger: Ledger, dsn: str) -> None:
    await with_trunk(ledger, trunk())
    await run_sql(dsn, f"insert into tenant (id, name, email, max_concurrency) values ('{OTHER_TENANT_ID}', '', '', 1)")
    async with ledger.unit() as unit:
        await unit.trunks.add(trunk("t2", OTHER_TENANT_ID, ip_identifiers=["192.0.2.7"]))
        theirs: dict[str, Any] = {
            "tenant_id": OTHER_TENANT_ID,
            "trunk_id": "t2",
            "agent_id": None,
            "agent_tenant_id": None,
        }
        await unit.numbers.add(number("n2", minutes=1, **theirs))
        assert await unit.numbers.own(OwnedNumber(OTHER_TENANT_ID, NUMBER, THEN)) == OTHER_TENANT_ID
        assert await unit.numbers.own(OwnedNumber(DEFAULT_TENANT_ID, NUMBER, THEN)) == OTHER_TENANT_ID
    assert await called(ledger, "192.0.2.7") == "n2"
    assert await called(ledger, "203.0.113.200") is None, "from where the owner's trunk has no calls"
    async with ledger.unit() as unit:
        assert await unit.numbers.owned() == [OwnedNumber(OTHER_TENANT_ID, NUMBER, THEN)]
        assert [await unit.numbers.disown(NUMBER) for _ in range(2)] == [OTHER_TENANT_ID, None]
    assert await called(ledger, "192.0.2.7") == "n1"


async def test_an_extension_is_called_from_anywhere_and_comes_after_a_trunks_number(ledger: Ledger) -> None:
    await with_trunk(ledger, trunk())
    async with ledger.unit() as unit:
        await unit.extensions.put(Extension(DIALLED, DEFAULT_TENANT_ID, "agent-1", THEN))
    assert await called(ledger, "192.0.2.7") == "n1"
    assert await called(ledger, "10.0.0.1") not in (None, "n1")


async def test_an_extension_of_digits_is_no_way_to_another_organisations_number(ledger: Ledger, dsn: str) -> None:
    await with_trunk(ledger, trunk())
    await run_sql(dsn, f"insert into tenant (id, name, email, max_concurrency) values ('{OTHER_TENANT_ID}', '', '', 1)")
    async with ledger.unit() as unit:
        await unit.extensions.put(Extension(DIALLED, DEFAULT_TENANT_ID, "agent-1", THEN))
        await unit.numbers.own(OwnedNumber(OTHER_TENANT_ID, NUMBER, THEN))
    assert await called(ledger, "10.0.0.1") is None


async def test_a_number_is_there_once_for_a_tenant_however_it_is_spelt(ledger: Ledger) -> None:
    await with_trunk(ledger, trunk())
    with pytest.raises(ConflictError):
        async with ledger.unit() as unit:
            await unit.numbers.add(number("n2", DIALLED))


async def test_a_number_is_not_answered_by_an_agent_that_is_not_there(ledger: Ledger) -> None:
    await with_trunk(ledger, trunk())
    with pytest.raises(NotFoundError):
        async with ledger.unit() as unit:
            await unit.numbers.link(number(agent_id="agent-9"))


async def test_numbers_go_with_their_trunk_and_outlive_their_agent(ledger: Ledger) -> None:
    await with_trunk(ledger, trunk())
    async with ledger.unit() as unit:
        assert await unit.agents.delete(DEFAULT_TENANT_ID, "agent-1")
        (left,) = await unit.numbers.all(DEFAULT_TENANT_ID)
        assert (left.agent_id, left.agent_tenant_id) == (None, None)
        assert await unit.trunks.of_number(DEFAULT_TENANT_ID, DIALLED) == trunk()
        assert await unit.trunks.delete(OTHER_TENANT_ID, "t1") is None
        assert await unit.trunks.delete(DEFAULT_TENANT_ID, "t1") == 1
        assert await unit.numbers.all(DEFAULT_TENANT_ID) == []


async def test_what_is_only_ordered_is_no_number_until_it_is_had(ledger: Ledger) -> None:
    row = PhoneNumber("c1", DEFAULT_TENANT_ID, NUMBER, CARRIER, "acme", THEN, THEN, details={ORDER: UNDER_WAY})
    async with ledger.unit() as unit:
        await unit.numbers.add(row)
        assert await unit.numbers.all(DEFAULT_TENANT_ID) == []
        assert await unit.numbers.get(DEFAULT_TENANT_ID, "c1") is None
        assert not await unit.numbers.has(DEFAULT_TENANT_ID, DIALLED)
        assert await unit.numbers.of_carriers(DEFAULT_TENANT_ID) == [row]
        assert await unit.numbers.find(DEFAULT_TENANT_ID, DIALLED) == row
        assert await unit.numbers.find(OTHER_TENANT_ID, DIALLED) is None
        assert not await unit.numbers.add_seen(replace(row, id="c2"))

        had = replace(row, details={"telephony_sid": "7"})
        assert await unit.numbers.settle(had)

        assert not await unit.numbers.settle(had)
        assert not await unit.numbers.order(had, had)
        assert not await unit.numbers.drop_order(had)
        assert await unit.numbers.all(DEFAULT_TENANT_ID) == [had]
        assert await unit.numbers.has(DEFAULT_TENANT_ID, DIALLED)


async def test_an_order_is_dropped(ledger: Ledger) -> None:
    row = PhoneNumber("c1", DEFAULT_TENANT_ID, NUMBER, CARRIER, "acme", THEN, THEN, details={ORDER: UNDER_WAY})
    async with ledger.unit() as unit:
        await unit.numbers.add(row)
        assert not await unit.numbers.drop_order(replace(row, tenant_id=OTHER_TENANT_ID))
        assert await unit.numbers.drop_order(row)
        assert await unit.numbers.of_carriers(DEFAULT_TENANT_ID) == []


async def test_an_order_is_written_and_dropped_by_who_read_it_last(ledger: Ledger) -> None:
    row = PhoneNumber("c1", DEFAULT_TENANT_ID, NUMBER, CARRIER, "acme", THEN, THEN, details={ORDER: UNDER_WAY})
    later = replace(row, updated_at=THEN + timedelta(minutes=1))
    async with ledger.unit() as unit:
        await unit.numbers.add(row)
        assert await unit.numbers.order(row, later)

        assert not await unit.numbers.order(row, later)
        assert not await unit.numbers.drop_order(row)
        assert await unit.numbers.of_carriers(DEFAULT_TENANT_ID) == [later]
        assert await unit.numbers.drop_order(later)


async def called_at(ledger: Ledger, carrier: str = "house", dialled: str = DIALLED) -> str | None:
    async with ledger.reading() as unit:
        found = await unit.numbers.called_at(carrier, dialled)
    return None if found is None else found.id


def of_carrier(number_id: str, minutes: int = 0, **changes: Any) -> PhoneNumber:
    return replace(number(number_id, minutes=minutes, trunk_id=None), kind=CARRIER, provider="house", **changes)


async def test_a_number_of_a_carrier_is_called_at_that_carrier_only(ledger: Ledger) -> None:
    await place(ledger)
    async with ledger.unit() as unit:
        await unit.numbers.add(of_carrier("n1"))
    assert await called_at(ledger) == "n1"
    assert await called_at(ledger, "another") is None
    assert await called_at(ledger, dialled="15550100") is None


async def test_a_number_with_an_owner_is_called_at_its_owner_and_else_at_the_older_entry(
    ledger: Ledger, dsn: str
) -> None:
    await place(ledger)
    await run_sql(dsn, f"insert into tenant (id, name, email, max_concurrency) values ('{OTHER_TENANT_ID}', '', '', 1)")
    async with ledger.unit() as unit:
        await unit.numbers.add(of_carrier("theirs", tenant_id=OTHER_TENANT_ID, agent_id=None, agent_tenant_id=None))
        await unit.numbers.add(of_carrier("ours", minutes=1))
    assert await called_at(ledger) == "theirs"
    async with ledger.unit() as unit:
        await unit.numbers.own(OwnedNumber(DEFAULT_TENANT_ID, NUMBER, THEN))
    assert await called_at(ledger) == "ours"


async def test_a_number_that_is_ordered_and_not_had_yet_is_called_at_nobody(ledger: Ledger) -> None:
    await place(ledger)
    async with ledger.unit() as unit:
        await unit.numbers.add(of_carrier("n1", details={ORDER: UNDER_WAY}))
    assert await called_at(ledger) is None


async def called_over(ledger: Ledger, dialled: str) -> str | None:
    async with ledger.unit() as unit:
        found = await unit.numbers.called_over("t1", dialled)
    return None if found is None else found.id


async def test_over_a_registration_the_only_number_is_called_whatever_was_dialled(ledger: Ledger) -> None:
    await with_trunk(ledger, trunk())
    assert await called_over(ledger, DIALLED) == "n1"
    assert await called_over(ledger, "u1") == "n1"
    async with ledger.unit() as unit:
        await unit.numbers.add(number("n2", "+918000000003"))
    assert await called_over(ledger, "918000000003") == "n2"
    assert await called_over(ledger, "u1") is None, "of two numbers the one that was dialled"


@pytest.mark.parametrize("closed", [trunk(active=False), trunk(inbound_enabled=False), trunk("t2")])
async def test_over_a_registration_only_a_trunk_that_takes_calls_is_called(ledger: Ledger, closed: SipTrunk) -> None:
    await place(ledger)
    async with ledger.unit() as unit:
        await unit.trunks.add(closed)
        await unit.numbers.add(number(trunk_id=closed.id))
    assert await called_over(ledger, DIALLED) is None


async def test_active_trunks_are_found_whosoever_they_are_the_oldest_first(ledger: Ledger, dsn: str) -> None:
    await place(ledger)
    await run_sql(dsn, f"insert into tenant (id, name, email, max_concurrency) values ('{OTHER_TENANT_ID}', '', '', 1)")
    later = replace(trunk("t2", OTHER_TENANT_ID), created_at=THEN + timedelta(minutes=1))
    async with ledger.unit() as unit:
        for one in (later, trunk("t1"), trunk("t3", active=False)):
            await unit.trunks.add(one)
        assert [one.id for one in await unit.trunks.active(10)] == ["t1", "t2"]
        assert [one.id for one in await unit.trunks.active(1)] == ["t1"]
