"""Numbers that are not called any more: a rule of the database."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import asyncpg
import pytest
from tests.database import fetch, run_sql
from tests.rows import THEN, admit_candidates, agent_row, execution_row

from callwright.domain.errors import SuppressedError
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Phase
from callwright.platform.ledger import Ledger
from callwright.platform.suppressions.rules import BY_API, SAID, Suppression

NUMBER = "+15550123"


def entry(number: str = NUMBER) -> Suppression:
    return Suppression(number, DEFAULT_TENANT_ID, SAID, THEN, "call-0", "stop calling me")


async def add(ledger: Ledger, number: str = NUMBER) -> bool:
    async with ledger.unit() as unit:
        return (await unit.suppressions.add(entry(number)))[1]


async def prepare(ledger: Ledger, *execution_ids: str, to_number: str = NUMBER) -> None:
    async with ledger.unit() as unit:
        await unit.nodes.beat("node-a", "a")
        if await unit.agents.get(DEFAULT_TENANT_ID, "agent-1") is None:
            await unit.agents.insert(agent_row())
        for execution_id in execution_ids:
            await unit.executions.insert(execution_row(execution_id, to_number=to_number))


async def claim(ledger: Ledger) -> list[str]:
    async with ledger.unit() as unit:
        await admit_candidates(unit, 50)
    async with ledger.unit() as unit:
        return [row.id for row in await unit.executions.claim("node-a", 50)]


async def dial(ledger: Ledger, execution_id: str) -> None:
    async with ledger.unit() as unit:
        change = Change(Phase.DIALLING, "initiated", columns={"initiated_at": THEN})
        await unit.executions.change(execution_id, change, owner="node-a", attempt=1)


async def test_a_number_is_on_the_list_once(ledger: Ledger) -> None:
    assert await add(ledger)
    async with ledger.unit() as unit:
        later = Suppression(NUMBER, DEFAULT_TENANT_ID, BY_API, THEN, note="by letter")
        assert await unit.suppressions.add(later) == (entry(), False)
        assert await unit.suppressions.page(DEFAULT_TENANT_ID, 1, 10) == ([entry()], 1)
        assert await unit.suppressions.page(DEFAULT_TENANT_ID, 2, 10) == ([], 1)
        assert await unit.suppressions.delete(DEFAULT_TENANT_ID, NUMBER)
        assert not await unit.suppressions.delete(DEFAULT_TENANT_ID, NUMBER)
        assert await unit.suppressions.get(DEFAULT_TENANT_ID, NUMBER) is None


@pytest.mark.parametrize(
    ("address", "same", "others"),
    [
        ("+15550123", ["+15550123", "sip:+15550123@trunk.example"], ["+15550124", "sip:bob@trunk.example"]),
        (
            "sip:Bob@Desk.example:5070;transport=udp",
            ["sip:bob@desk.example", "sips:BOB@desk.example:5061"],
            ["sip:bob@other"],
        ),
        (
            "sip:+15550123@trunk.example",
            ["+15550123", "sip:+15550123@trunk.example:5060"],
            ["sip:+15550124@trunk.example"],
        ),
        ("loopback:Demo", ["loopback:Demo"], ["loopback:demo"]),
        (
            "+4930901820",
            ["+49030901820", "sip:+49030901820@gw.example", "sip:0049-030-901820@gw.example"],
            ["+490030901820", "+49309018200"],
        ),
        (
            "+49030901820",
            ["+4930901820", "sip:+4930901820@gw.example", "sip:+49030901820@gw.example"],
            ["+49309018200"],
        ),
        ("sip:+49030901820@gw.example", ["+4930901820", "+49030901820", "sip:4930901820@b.example"], ["+49309018200"]),
        ("+3612345678", ["+360612345678", "sip:+360612345678@gw.example"], ["+36012345678"]),
        ("+390669812345", ["sip:+390669812345@gw.example"], ["+39669812345"]),
    ],
)
async def test_an_address_is_found_however_it_is_spelt(
    ledger: Ledger, address: str, same: list[str], others: list[str]
) -> None:
    await add(ledger, address)
    await prepare(ledger)
    for index, spelling in enumerate(same):
        async with ledger.unit() as unit:
            assert await unit.suppressions.get(DEFAULT_TENANT_ID, spelling) is not None
        with pytest.raises(SuppressedError):
            await prepare(ledger, f"refused-{index}", to_number=spelling)
    for index, spelling in enumerate(others):
        await prepare(ledger, f"taken-{index}", to_number=spelling)


async def test_rows_of_one_address_have_one_note_and_each_tells_what_it_had(ledger: Ledger, dsn: str) -> None:
    """Rows of one number under several names come from addresses that were listed before the number was."""
    one, other = f"sip:{NUMBER}@a.example", f"sip:{NUMBER}@b.example"
    strangers = ["+15550124", f"sip:{NUMBER}4@a.example", f"sip:1{NUMBER}@a.example", "sip:bob@a.example"]
    for number in (one, other, NUMBER, *strangers):
        await run_sql(
            dsn,
            "insert into suppression (tenant_id, number, reason, created_at, note)"
            f" values ('{DEFAULT_TENANT_ID}', '{number}', 'api', now(), 'of {number}')",
        )
    for round_number, spelling in enumerate((NUMBER, f"SIPS:{one[4:].upper()}:5061", other)):
        async with ledger.unit() as unit:
            before = await unit.suppressions.annotate(DEFAULT_TENANT_ID, spelling, f"note {round_number}")
            assert [row.number for row in before] == [NUMBER, one, other]
            was = f"note {round_number - 1}"
            assert [row.note for row in before] == [was if round_number else f"of {row.number}" for row in before]
            assert await unit.suppressions.annotate(DEFAULT_TENANT_ID, spelling, f"note {round_number}") == []
    async with ledger.unit() as unit:
        gone = await unit.suppressions.delete(DEFAULT_TENANT_ID, NUMBER)
        assert [(row.number, row.note) for row in gone] == [(name, "note 2") for name in (NUMBER, one, other)]
        left, _ = await unit.suppressions.page(DEFAULT_TENANT_ID, 1, 10)
    assert {row.number: row.note for row in left} == {name: f"of {name}" for name in strangers}


@pytest.mark.parametrize(
    ("address", "rows"),
    [
        ("sip:+49030901820@gw.example", ["+49030901820", "+4930901820", "sip:+49030901820@gw.example"]),
        ("sip:+4930901820@gw.example", ["+4930901820", "sip:+4930901820@gw.example"]),
    ],
)
async def test_a_number_is_taken_off_with_the_zero(ledger: Ledger, address: str, rows: list[str]) -> None:
    for number in (address, "+4930901821"):
        await add(ledger, number)
    async with ledger.unit() as unit:
        assert await unit.suppressions.get(DEFAULT_TENANT_ID, "+49 030 901820") is not None
        gone = await unit.suppressions.delete(DEFAULT_TENANT_ID, "+49 030 901820")
        assert [row.number for row in gone] == rows
        assert (await unit.suppressions.page(DEFAULT_TENANT_ID, 1, 10))[1] == 1


async def test_an_address_that_is_listed_twice_at_once_under_two_names_has_one_entry(ledger: Ledger) -> None:
    """Race: whoever comes second finds what the first one wrote."""
    for round_number in range(20):
        number = f"+1555{round_number:04}"
        spellings = (number, f"sip:{number}@a.example")
        first, second = await asyncio.gather(*(add(ledger, spelling) for spelling in spellings))
        assert (first, second) in ((True, False), (False, True))


@pytest.mark.parametrize(("called", "listed"), [(NUMBER, NUMBER), ("+49030901820", "+4930901820")])
async def test_a_new_call_to_it_is_refused_and_one_that_waits_is_not_dialled(
    ledger: Ledger, called: str, listed: str
) -> None:
    await prepare(ledger, "call-1", to_number=called)
    await add(ledger, listed)
    with pytest.raises(SuppressedError):
        await prepare(ledger, "call-2", to_number=called)
    assert await claim(ledger) == ["call-1"]
    with pytest.raises(SuppressedError):
        await dial(ledger, "call-1")
    async with ledger.unit() as unit:
        row = await unit.executions.change("call-1", Change(Phase.DONE, "canceled"), owner="node-a", attempt=1)
    assert row.phase is Phase.DONE


async def test_the_list_of_another_organisation_says_nothing(ledger: Ledger, dsn: str) -> None:
    await run_sql(
        dsn, "insert into tenant (id, name, email, max_concurrency) values ('other', 'O', 'o@example.org', 1)"
    )
    await run_sql(
        dsn,
        f"insert into suppression (tenant_id, number, reason, created_at) values ('other', '{NUMBER}', 'api', now())",
    )
    await prepare(ledger, "call-1")
    await claim(ledger)
    await dial(ledger, "call-1")


async def test_the_list_of_an_organisation_binds_its_sub_accounts_and_theirs_binds_themselves(
    ledger: Ledger, dsn: str
) -> None:
    for name in ("north", "south"):
        await run_sql(
            dsn,
            "insert into tenant (id, name, email, parent_id, min_concurrency)"
            f" values ('{name}', '', '', '{DEFAULT_TENANT_ID}', 0)",
        )
    own = "+15550188"
    async with ledger.unit() as unit:
        await unit.nodes.beat("node-a", "a")
        for name in ("north", "south"):
            await unit.agents.insert(agent_row(name, tenant_id=name))
        await unit.executions.insert(execution_row("waits", tenant_id="north", agent_id="north"))
        await unit.suppressions.add(replace(entry(own), tenant_id="north"))
    assert await claim(ledger) == ["waits"]
    await add(ledger)
    with pytest.raises(SuppressedError):
        await dial(ledger, "waits")
    for tenant, number, refused in (
        ("north", NUMBER, True), ("south", NUMBER, True), ("north", own, True), ("south", own, False),
    ):  # fmt: skip
        async with ledger.unit() as unit:
            assert (await unit.suppressions.among(tenant, [number, "+15550199"]) == {number}) is refused
            bound = await unit.suppressions.binding(tenant, f"sip:{number}@trunk.example")
            assert (bound is not None) is refused
            row = execution_row(f"{tenant}{number}", tenant_id=tenant, agent_id=tenant, to_number=number)
            if not refused:
                await unit.executions.insert(row)
                continue
        with pytest.raises(SuppressedError):
            async with ledger.unit() as unit:
                await unit.executions.insert(row)
    async with ledger.unit() as unit:
        assert await unit.suppressions.get("north", NUMBER) is None, "the organisation's list is not theirs to read"
        assert await unit.suppressions.binding(DEFAULT_TENANT_ID, own) is None


async def test_a_dial_of_a_sub_account_waits_for_a_stop_that_its_organisation_is_writing(
    ledger: Ledger, dsn: str
) -> None:
    await run_sql(
        dsn,
        f"insert into tenant (id, name, email, parent_id, min_concurrency) values ('north', '', '', '{DEFAULT_TENANT_ID}', 0)",
    )
    async with ledger.unit() as unit:
        await unit.nodes.beat("node-a", "a")
        await unit.agents.insert(agent_row("north", tenant_id="north"))
        await unit.executions.insert(execution_row("waits", tenant_id="north", agent_id="north"))
    assert await claim(ledger) == ["waits"]
    async with ledger.unit() as stop:
        await stop.suppressions.add(entry())
        dialling = asyncio.create_task(dial(ledger, "waits"))
        await asyncio.sleep(0.2)
        assert not dialling.done()
    with pytest.raises(SuppressedError):
        await dialling


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ("'', 'api', null, null", "suppression_number_form"),
        ("'+1', 'whim', null, null", "suppression_reason_known"),
        ("'+1', 'said', null, 'stop'", "suppression_said_in_a_call"),
        ("'+1', 'said', 'call-1', null", "suppression_said_in_a_call"),
    ],
)
async def test_the_database_itself_refuses_half_an_entry(
    ledger: Ledger, dsn: str, values: str, constraint: str
) -> None:
    with pytest.raises(asyncpg.CheckViolationError) as caught:
        await run_sql(
            dsn,
            "insert into suppression (tenant_id, number, reason, execution_id, said, created_at)"
            f" values ('{DEFAULT_TENANT_ID}', {values}, now())",
        )
    assert caught.value.constraint_name == constraint


async def test_the_database_itself_refuses_to_dial(ledger: Ledger, dsn: str) -> None:
    await prepare(ledger, "call-1")
    await claim(ledger)
    await add(ledger)
    with pytest.raises(asyncpg.CheckViolationError) as caught:
        await run_sql(dsn, "update execution set phase = 'dialling', detail = 'initiated', status = 'initiated'")
    assert caught.value.constraint_name == "execution_not_suppressed"


async def test_whoever_says_stop_while_it_is_dialled_wins_or_was_later(ledger: Ledger, dsn: str) -> None:
    """Races: no call is dialled after the number was on the list, and a dial under way is waited for."""
    for round_number in range(40):
        number, execution_id = f"+1555{round_number:04}", f"call-{round_number}"
        await prepare(ledger, execution_id, to_number=number)
        assert await claim(ledger) == [execution_id]
        dialled, _ = await asyncio.gather(dial(ledger, execution_id), add(ledger, number), return_exceptions=True)
        assert dialled is None or isinstance(dialled, SuppressedError)
        (row,) = await fetch(dsn, f"select phase from execution where id = '{execution_id}'")
        assert (row["phase"] == "dialling") == (dialled is None)
        async with ledger.unit() as unit:
            await unit.executions.change(execution_id, Change(Phase.DONE, "canceled"), owner="node-a", attempt=1)


async def test_a_dial_that_has_begun_to_be_written_is_waited_for(ledger: Ledger) -> None:
    await prepare(ledger, "call-1")
    await claim(ledger)
    async with ledger.unit() as unit:
        change = Change(Phase.DIALLING, "initiated", columns={"initiated_at": THEN})
        await unit.executions.change("call-1", change, owner="node-a", attempt=1)
        await unit.connection.flush()
        adding = asyncio.create_task(add(ledger))
        await asyncio.wait({adding}, timeout=0.3)
        assert not adding.done()
    assert await adding


async def test_a_dial_waits_for_a_stop_that_is_being_written(ledger: Ledger) -> None:
    await prepare(ledger, "call-1")
    await claim(ledger)
    async with ledger.unit() as unit:
        await unit.suppressions.add(entry())
        dialling = asyncio.create_task(dial(ledger, "call-1"))
        await asyncio.wait({dialling}, timeout=0.3)
        assert not dialling.done()
    with pytest.raises(SuppressedError):
        await dialling
