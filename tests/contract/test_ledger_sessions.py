"""Sessions of the dashboard and the codes of sign-in links, against the real database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from tests.database import fetch, run_sql
from tests.rows import OTHER_TENANT_ID, key_row

from callwright.domain.limits import MAX_SESSIONS_OF_KEY
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.ledger import Ledger
from callwright.platform.sessions.rules import Session

NOW = datetime.now(UTC).replace(microsecond=0)


def session(number: int = 1, **changed: object) -> Session:
    made = Session(
        f"session-{number}",
        DEFAULT_TENANT_ID,
        "key-1",
        number.to_bytes(32, "big"),
        "Browser",
        NOW,
        NOW,
        NOW + timedelta(days=7),
    )
    return replace(made, **changed)  # type: ignore[arg-type]


@pytest.fixture
async def kept(ledger: Ledger) -> Ledger:
    """A ledger with one key."""
    async with ledger.unit() as unit:
        await unit.keys.insert(key_row())
    return ledger


async def test_a_session_is_found_by_its_hash_and_its_id_until_it_ends(kept: Ledger) -> None:
    async with kept.unit() as unit:
        await unit.keys.sessions.insert(session())
        assert await unit.keys.sessions.by_digest(session().digest) == session()
        assert await unit.keys.sessions.by_id("session-1") == session()
        assert await unit.keys.sessions.by_digest(b"x" * 32) is None
        assert await unit.keys.sessions.delete("session-1")
        assert not await unit.keys.sessions.delete("session-1")
        assert await unit.keys.sessions.by_id("session-1") is None


async def test_the_last_use_never_goes_back(kept: Ledger) -> None:
    async with kept.unit() as unit:
        await unit.keys.sessions.insert(session())
        for minutes in (5, 3):
            await unit.keys.sessions.used("session-1", NOW + timedelta(minutes=minutes))
        found = await unit.keys.sessions.by_id("session-1")
    assert found is not None
    assert found.used_at == NOW + timedelta(minutes=5)


async def test_one_session_too_many_ends_the_one_used_longest_ago(kept: Ledger) -> None:
    async with kept.unit() as unit:
        for number in range(MAX_SESSIONS_OF_KEY):
            await unit.keys.sessions.insert(session(number, used_at=NOW + timedelta(minutes=number)))
        assert await unit.keys.sessions.by_id("session-0") is not None
        await unit.keys.sessions.insert(session(MAX_SESSIONS_OF_KEY))
        found = await unit.keys.sessions.of_tenant(DEFAULT_TENANT_ID, None, NOW)
        assert await unit.keys.sessions.by_id("session-0") is None
    assert len(found) == MAX_SESSIONS_OF_KEY
    assert "session-1" in {one.session.id for one in found}
    assert f"session-{MAX_SESSIONS_OF_KEY}" in {one.session.id for one in found}, (
        "the new one stays, however old its use"
    )


async def test_sign_ins_at_the_same_time_keep_the_bound(kept: Ledger) -> None:
    async def sign_in(number: int) -> None:
        async with kept.unit() as unit:
            await unit.keys.sessions.insert(session(number))

    await asyncio.gather(*(sign_in(number) for number in range(MAX_SESSIONS_OF_KEY + 5)))
    async with kept.unit() as unit:
        assert len(await unit.keys.sessions.of_tenant(DEFAULT_TENANT_ID, None, NOW)) == MAX_SESSIONS_OF_KEY


async def test_an_account_sees_its_own_sessions_and_a_member_those_of_own_keys(kept: Ledger, dsn: str) -> None:
    await run_sql(dsn, f"insert into tenant (id, name, email, max_concurrency) values ('{OTHER_TENANT_ID}', '', '', 1)")
    async with kept.unit() as unit:
        await unit.keys.insert(
            replace(key_row(), id="key-2", digest=b"2" * 32, name="asha's", role="member", holder="asha")
        )
        await unit.keys.insert(replace(key_row(), id="key-3", digest=b"3" * 32, tenant_id=OTHER_TENANT_ID))
        await unit.keys.sessions.insert(session(1))
        await unit.keys.sessions.insert(session(2, key_id="key-2", used_at=NOW + timedelta(minutes=1)))
        await unit.keys.sessions.insert(session(3, key_id="key-3", tenant_id=OTHER_TENANT_ID))

        async def listed(tenant_id: str, holder: str | None) -> list[tuple[str, str]]:
            found = await unit.keys.sessions.of_tenant(tenant_id, holder, NOW)
            return [(one.session.id, one.key_name) for one in found]

        assert await listed(DEFAULT_TENANT_ID, None) == [("session-2", "asha's"), ("session-1", key_row().name)]
        assert await listed(DEFAULT_TENANT_ID, "asha") == [("session-2", "asha's")]
        assert await listed(DEFAULT_TENANT_ID, "ravi") == []
        assert await unit.keys.sessions.one_of_tenant(DEFAULT_TENANT_ID, "asha", "session-1") is None
        assert await unit.keys.sessions.one_of_tenant(DEFAULT_TENANT_ID, None, "session-3") is None
        found = await unit.keys.sessions.one_of_tenant(OTHER_TENANT_ID, None, "session-3")
    assert found is not None
    assert found.session.key_id == "key-3"


async def test_sessions_that_have_ended_are_not_listed(kept: Ledger) -> None:
    async with kept.unit() as unit:
        await unit.keys.sessions.insert(session(1))
        await unit.keys.sessions.insert(session(2, expires_at=NOW + timedelta(hours=1)))
        for hours, left in ((0.5, 2), (2, 1), (12, 0)):
            later = NOW + timedelta(hours=hours)
            assert len(await unit.keys.sessions.of_tenant(DEFAULT_TENANT_ID, None, later)) == left
        await unit.keys.revoke(DEFAULT_TENANT_ID, "key-1", NOW)
        assert await unit.keys.sessions.of_tenant(DEFAULT_TENANT_ID, None, NOW) == []


async def test_a_code_is_good_once_and_for_its_time(kept: Ledger) -> None:
    until = NOW + timedelta(minutes=10)
    async with kept.unit() as unit:
        for digest in (b"a" * 32, b"b" * 32):
            await unit.keys.sessions.insert_code(digest, DEFAULT_TENANT_ID, NOW, until)
        assert await unit.keys.sessions.take_code(b"x" * 32, NOW) is None
        assert await unit.keys.sessions.take_code(b"a" * 32, until - timedelta(seconds=1)) == DEFAULT_TENANT_ID
        assert await unit.keys.sessions.take_code(b"a" * 32, NOW) is None
        assert await unit.keys.sessions.take_code(b"b" * 32, until) is None


async def test_two_who_open_a_link_at_the_same_time_are_one_too_many(kept: Ledger) -> None:
    async with kept.unit() as unit:
        await unit.keys.sessions.insert_code(b"a" * 32, DEFAULT_TENANT_ID, NOW, NOW + timedelta(minutes=10))

    async def take() -> str | None:
        async with kept.unit() as unit:
            return await unit.keys.sessions.take_code(b"a" * 32, NOW)

    assert sorted(map(str, await asyncio.gather(*(take() for _ in range(5))))) == [DEFAULT_TENANT_ID, *["None"] * 4]


@pytest.mark.parametrize(
    ("column", "value", "constraint"),
    [
        ("digest", "'short'", "dashboard_session_digest"),
        ("client", "repeat('x', 201)", "dashboard_session_client_short"),
        ("used_at", "created_at - interval '1 s'", "dashboard_session_used_later"),
        ("expires_at", "created_at + interval '8 days'", "dashboard_session_at_most_seven_days"),
        ("expires_at", "created_at", "dashboard_session_at_most_seven_days"),
        ("key_id", "'nobody'", "dashboard_session_key_id_fkey"),
    ],
)
async def test_the_database_refuses_what_no_session_is(
    kept: Ledger, dsn: str, column: str, value: str, constraint: str
) -> None:
    async with kept.unit() as unit:
        await unit.keys.sessions.insert(session())
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
        await run_sql(dsn, f"update dashboard_session set {column} = {value}")
    assert refused.value.constraint_name == constraint


async def test_the_database_refuses_a_link_that_is_good_for_longer(kept: Ledger, dsn: str) -> None:
    async with kept.unit() as unit:
        await unit.keys.sessions.insert_code(b"a" * 32, DEFAULT_TENANT_ID, NOW, NOW + timedelta(minutes=10))
    with pytest.raises(asyncpg.CheckViolationError):
        await run_sql(dsn, "update sign_in_code set expires_at = created_at + interval '601 s'")


async def test_what_has_ended_is_deleted(kept: Ledger, dsn: str) -> None:
    # A whole run may take longer than a code is good for: now is not when it began.
    now, then = datetime.now(UTC), NOW - timedelta(hours=13)
    async with kept.unit() as unit:
        await unit.keys.sessions.insert(session(1))
        await unit.keys.sessions.insert(session(2, created_at=then, used_at=then, expires_at=then + timedelta(days=7)))
        await unit.keys.sessions.insert(session(3, created_at=then, expires_at=NOW - timedelta(hours=1)))
        await unit.keys.sessions.insert_code(b"a" * 32, DEFAULT_TENANT_ID, now, now + timedelta(minutes=10))
        await unit.keys.sessions.insert_code(b"b" * 32, DEFAULT_TENANT_ID, then, then + timedelta(minutes=10))
    await kept.prune()
    assert [row["id"] for row in await fetch(dsn, "select id from dashboard_session")] == ["session-1"]
    assert [row["digest"] for row in await fetch(dsn, "select digest from sign_in_code")] == [b"a" * 32]
