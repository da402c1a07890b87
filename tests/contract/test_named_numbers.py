"""Which number an address names: the platform and its database say the same, and so all spellings of one number are one on the list of
those not to be called."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from random import Random
from typing import Any, cast

import asyncpg
import phonenumbers
import pytest
from tests.database import database_at, fetch, run_sql
from tests.number_spellings import users_of
from tests.rows import THEN

from callwright.domain.dialled import named_number, number_in
from callwright.domain.national_number import without_national_prefix
from callwright.domain.number import parse_destination
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.ledger import Ledger
from callwright.platform.suppressions.rules import SAID, Suppression
from callwright.storage.migrate import migrate
from callwright.storage.migrations import REVISIONS

NUMBER = "+15550100999"
SPELLINGS = (
    NUMBER,
    "15550100999",
    "0015550100999",
    " +1 (555) 010-0999 ",
    "+1.555.010.0999",
    "+1\u00a0555\u00a0010\u00a00999",
    "tel:+15550100999",
    "TEL:+1-555-010-0999;ext=7",
    "tel:15550100999;phone-context=+1",
    "sip:+15550100999@trunk.example",
    "SIPS:+15550100999@Trunk.Example:5061;transport=tls",
    "sip:15550100999@trunk.example",
    "sip:0015550100999@trunk.example",
    "sip:+1-555-010-0999@trunk.example",
    "sip:+1.555.0100.999@10.0.0.1:5060",
    "sip:+15550100999;phone-context=x@t",
    "sip:+15550100999:secret@t",
    "sip:+15550100999@[2001:db8::1]:5060?Subject=x",
    "sip:%2B15550100999@trunk.example",
    "sip:%2b1555010099%39@trunk.example",
    "sip:+1%20555%20010%2D0999@t",
    "sip:+15550100999%3Bx=y@t",
    "sip:+15550100999,,5@t",
    "sip:+15550100999&x@t",
    "sip:+15550100999",
    "sip:15550100999",
    "+1 (0) 555 0100999",
    "(+1)(0)555/0100999",
    "sip:+1%280%295550100999@gw",
    "++15550100999",
    "+15550100999w1",
    *(f"sip:{user}@gw" for user in users_of(NUMBER)),
)
"""Of one number."""
OTHERS = {
    "+15550100998": "+15550100998",
    "sip:4711@pbx.example": "4711",
    "sip:47-11@pbx.example": "4711",
    "4711": "4711",
    "+4711": "+4711",
    "05550100999": "05550100999",
    "00123456": "00123456",
    "001234567": "+1234567",
    "123456": "123456",
    "1234567": "+1234567",
    "123456789012345": "+123456789012345",
    "1234567890123456": "1234567890123456",
    "+": "",
    "": "",
    "ann": "",
    "anonymous": "",
    "loopback:demo": "",
    "loopback:15550100999": "",
    "sip:ann@phone.example": "",
    "sip:ann15550100999@phone.example": "",
    "sip:phone.example": "",
    "sip:10.20.30.40": "",
    "sip:10.20.30.40:5060;transport=udp": "",
    "sip:@15550100999": "",
    "sip:": "",
    "sip:%2531%2532@gw": "",
    "sip:1555010099%C3%A9@gw": "+1555010099",
    "sip:1555010099\u0669@gw": "+1555010099",
    "sip:4711,,15550100999@gw": "4711",
    "sip:4711*15550100999@gw": "4711",
    "sip:ann+15550100999@gw": "",
    "sip:desk_1+15550100999@gw": "",
    "sip:*97@gw": "97",
    "sip:*671001@gw": "1001",
    # Area codes that begin with 11: Johannesburg, Sheffield, Delhi, Buenos Aires.
    "sip:0115550100@gw": "0115550100",
    "0114 496 0999": "01144960999",
    "011 2612 3456": "01126123456",
    "sip:01149001234@gw": "01149001234",
    "+0170555012": "+0170555012",
    "+39 (0)6 69812345": "+390669812345",
    "030 (0) 901820": "0300901820",
    "+4930 (0) 901820": "+49300901820",
    "http://15550100999@gw": "",
}
"""Other addresses, and the numbers they name."""


@pytest.fixture
async def connection(dsn: str):
    opened = await asyncpg.connect(dsn)
    yield opened
    await opened.close()


async def test_the_database_and_the_platform_name_the_same_number(connection: asyncpg.Connection) -> None:
    for address, number in (dict.fromkeys(SPELLINGS, NUMBER) | OTHERS).items():
        assert named_number(address) == number, address
        assert await connection.fetchval("select named_number($1)", address) == number, address


async def test_they_say_the_same_of_every_text(connection: asyncpg.Connection) -> None:
    chance = Random(20261201)
    pieces = [
        "+",
        "0",
        "00",
        "011",
        "*",
        "#",
        "*67",
        "9",
        ",",
        "p",
        "x",
        "_",
        "a",
        "%23",
        "%2B",
        "%C2%A0",
        "(0)",
        "(0",
        ")",
        "_",
        " ",
        "-",
        "4930901820",
        "5",
    ]
    for _ in range(3_000):
        user = "".join(chance.choices(pieces, k=chance.randint(1, 7)))
        for address in (user, f"sip:{user}@gw.example"):
            assert await connection.fetchval("select named_number($1)", address) == named_number(address), address


async def test_each_spelling_is_known_by_the_number_and_its_keys_are_known_by_themselves(
    connection: asyncpg.Connection,
) -> None:
    for address in (*SPELLINGS, *OTHERS):
        keys = await connection.fetchval("select address_keys($1)", address)
        assert (NUMBER in keys) == (address in SPELLINGS), address
        for key in keys:
            assert key in await connection.fetchval("select address_keys($1)", key), address


async def test_the_keys_of_the_longest_address_can_be_listed(ledger: Ledger) -> None:
    address = f"sip:15550100999@{'h' * 180}.exa"
    assert len(address) == 200
    async with ledger.unit() as unit:
        await unit.suppressions.add(said(address))
        assert await unit.suppressions.get(DEFAULT_TENANT_ID, NUMBER) is not None
        assert len(await unit.suppressions.delete(DEFAULT_TENANT_ID, address)) == 2
        assert (await unit.suppressions.page(DEFAULT_TENANT_ID, 1, 9))[1] == 0


def said(number: str) -> Suppression:
    return Suppression(number, DEFAULT_TENANT_ID, SAID, THEN, "call-0", "stop calling me")


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_what_is_listed_in_one_spelling_is_listed_in_all_and_taken_off_in_all(
    ledger: Ledger, spelling: str
) -> None:
    async with ledger.unit() as unit:
        await unit.suppressions.add(said(spelling))
        assert await unit.suppressions.among(DEFAULT_TENANT_ID, [*SPELLINGS, *OTHERS]) == set(SPELLINGS)
        for other in SPELLINGS:
            assert (await unit.suppressions.add(said(other)))[1] is False
        assert await unit.suppressions.delete(DEFAULT_TENANT_ID, NUMBER)
        assert (await unit.suppressions.page(DEFAULT_TENANT_ID, 1, 9))[1] == 0


@pytest.mark.parametrize(
    ("address", "number"), [("sip:%2B1-555@gw", "+1555"), ("0015550100999", "0015550100999"), ("ann", "")]
)
def test_a_number_is_read_as_it_is_written(address: str, number: str) -> None:
    assert number_in(address) == number


async def test_the_database_knows_each_number_without_the_prefix_that_the_platform_takes_off(
    connection: asyncpg.Connection,
) -> None:
    shortened = set()
    for code, prefix in ((code, prefix) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE for prefix in ("0", "06")):
        for region in phonenumbers.region_codes_for_country_code(code):
            for kind in phonenumbers.PhoneNumberType.values():
                example = phonenumbers.example_number_for_type(region, kind)
                if example is None:
                    continue
                written = f"+{code}{prefix}{phonenumbers.national_significant_number(example)}"[:16]
                short = without_national_prefix(parse_destination(written)).value
                if short != written:
                    shortened.add(region)
                    assert await connection.fetchval("select address_keys($1)", written) == [written, short]
    assert {"DE", "FR", "GB", "HU", "IN", "JP"} <= shortened
    assert not {"IT", "US", "CI"} & shortened


@pytest.fixture
async def older(postgres_server: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """The address of a database of the first revision."""
    name = f"cw_spellings_{os.getpid()}"
    await run_sql(postgres_server, f"drop database if exists {name} with (force)", f"create database {name}")
    dsn = database_at(postgres_server, name)
    with monkeypatch.context() as patch:
        # The last one first: they come back in the opposite order.
        for revision in reversed(list(REVISIONS)[1:]):
            patch.delitem(cast(dict[str, Any], REVISIONS), revision)
        await migrate(dsn)
    yield dsn
    await run_sql(postgres_server, f"drop database {name} with (force)")


async def test_what_an_older_version_wrote_down_is_found_by_every_spelling(older: str) -> None:
    await run_sql(
        older,
        "insert into suppression (tenant_id, number, reason, created_at) select id, number, 'api', now() from tenant,"
        " unnest(array['sip:*67+15550100999@gw', 'sip:0114930901820@gw', '+490301234567', '+390669812345', 'sip:ann@gw']) number",
    )

    assert await migrate(older)

    listed = {row["number"] for row in await fetch(older, "select number from suppression")}
    assert listed == {
        *("sip:+15550100999@gw", NUMBER, "sip:+4930901820@gw", "+4930901820"),
        # Written as +49 (0)30 1234567.
        *("+490301234567", "+49301234567"),
        *("+390669812345", "sip:ann@gw"),
    }


async def test_what_was_listed_with_the_zero_is_listed_without_it_too(older: str) -> None:
    await run_sql(
        older,
        "insert into suppression (tenant_id, number, reason, created_at, note) select id, number, 'api', now(), number from tenant,"
        " unnest(array['sip:+49030901820@gw', '+49030901820', '+490301234567', '+49301234567', '+390669812345', '+15550100999']) number",
    )

    assert await migrate(older)

    listed = {row["number"]: row["note"] for row in await fetch(older, "select number, note from suppression")}
    assert listed.pop("+4930901820") in ("sip:+49030901820@gw", "+49030901820")
    assert listed == {
        number: number
        for number in (
            *("sip:+49030901820@gw", "+49030901820", "+490301234567", "+49301234567", "+390669812345"),
            "+15550100999",
        )
    }
