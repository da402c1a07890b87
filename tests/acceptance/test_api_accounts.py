"""Sub-accounts, keys, rate limits and the audit trail over HTTP, on a real database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from tests.api_world import PUBLIC_URL, ApiWorld, create, place
from tests.contract.test_ledger_usage import record_of
from tests.database import fetch, run_sql
from tests.rows import admit, agent_row, claim, move
from tests.waiting import until

from callwright.api.app import build_app
from callwright.api.rates import RateLimits
from callwright.domain.limits import (
    MAX_BODY_BYTES,
    MAX_KEYS,
    MAX_SUB_ACCOUNTS,
    MAX_SUSPECT_LOOKUPS,
    MAX_SUSPECTS_WAITING_OF_ADDRESS,
)
from callwright.insight.wire import wire_time
from callwright.platform.accounts.actions import OrganisationWish, change_organisation
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID, NO_EMAIL
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Phase
from callwright.platform.keys.actions.keys import create_key, digest_of
from callwright.platform.keys.actions.use import WRITE_EVERY, KeyUse
from callwright.platform.ledger import Ledger
from callwright.platform.sub_accounts.actions.end import PURGE_AGAIN_SECONDS, PURGE_JOB, AccountPurge
from callwright.platform.sub_accounts.schemas import UsageQuery

KEYS = "/v1/callwright/keys"
AUDIT = "/v1/callwright/audit"


async def branch(client: httpx.AsyncClient, **places: Any) -> dict[str, Any]:
    """Make a sub-account."""
    answer = await client.post("/sub-accounts/create", json={"name": "east", "min_concurrency": 0, **places})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def refused(client: httpx.AsyncClient, method: str, path: str, body: Mapping[str, Any]) -> tuple[int, str]:
    answer = await client.request(method, path, json=body)
    return answer.status_code, answer.json()["message"]


async def test_the_address_of_an_account_is_that_of_its_organisation_and_none_can_be_somebodys(world: ApiWorld) -> None:
    async with world.client() as client:
        assert (await client.get("/user/me")).json()["email"] == NO_EMAIL
        made = await branch(client)
        wish = OrganisationWish(email="ann@example.org")
        await change_organisation(world.services.actions, DEFAULT_TENANT_ID, wish)
        assert (await client.get("/user/me")).json()["email"] == "ann@example.org"
    async with world.client(made["api_key"]) as own:
        assert (await own.get("/user/me")).json()["email"] == "ann@example.org"
    assert NO_EMAIL.endswith(".invalid"), "RFC 2606: nobody has such a domain"


# Sub-accounts


async def test_a_sub_account_is_made_with_a_key_that_works_at_once(world: ApiWorld) -> None:
    async with world.client() as client:
        made = await branch(client, min_concurrency=2, max_concurrency=6)
    assert made["api_key"].startswith("sa-")
    assert len(made["api_key"]) == 35
    assert (made["min_concurrency"], made["max_concurrency"], made["multi_tenant"]) == (2, 6, False)
    assert made["organization_id"] == DEFAULT_TENANT_ID
    assert made["user_id"] == made["id"]
    assert all(made[key] is None for key in ("db_host", "db_name", "db_port", "db_user", "db_password"))
    async with world.client(made["api_key"]) as own:
        me = (await own.get("/user/me")).json()
        assert me["email"] == NO_EMAIL, "nobody has named an address yet"
        assert (me["id"], me["name"], me["concurrency"]) == (made["id"], "east", {"max": 6, "current": 0})
        agent_id = await create(own)
        await place(own, agent_id)
    async with world.client() as client:
        assert (await client.get(f"/v2/agent/{agent_id}")).status_code == 404, "its data is its own"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"min_concurrency": 1}, "name is required: 1 to 200 printable characters"),
        ({"name": "x"}, "Bad request. Please provide min_concurrency and/or max_concurrency."),
        ({"name": "x", "min_concurrency": -1}, "min_concurrency must be a whole number from 0 to 100000, not -1"),
        ({"name": "x", "min_concurrency": 7, "max_concurrency": 6}, "min_concurrency (7) must not exceed max_concurrency (6)"),
        (
            {"name": "x", "min_concurrency": 110},
            "Sum of account minimums (110) exceeds the org minimum (100) by 10; lower an account minimum first.",
        ),
        (
            {"name": "x", "max_concurrency": 120},
            "Sum of capped account maximums (120) exceeds the org maximum (100) by 20; lower an account maximum or raise the org maximum.",
        ),
        (
            {"name": "x", "min_concurrency": 1, "multi_tenant": True},
            "databases of their own are not possible for sub-accounts here; leave out multi_tenant and db_*, their data is apart anyway",
        ),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_refused_in_the_words_of_the_contract(
    world: ApiWorld, body: dict[str, Any], message: str
) -> None:
    async with world.client() as client:
        assert await refused(client, "POST", "/sub-accounts/create", body) == (400, message)


async def test_places_are_changed_and_null_is_elastic(world: ApiWorld) -> None:
    async with world.client() as client:
        made = await branch(client, allow_concurrent_calls=5)
        assert (made["min_concurrency"], made["max_concurrency"], made["allow_concurrent_calls"]) == (0, 5, 5)
        path = f"/sub-accounts/{made['id']}"
        for change in ({"name": "west", "min_concurrency": 3}, {"max_concurrency": 0}, {"max_concurrency": None}):
            assert (await client.patch(path, json=change)).json() == {"message": "success", "state": "updated"}
        (found,) = [one for one in (await client.get("/sub-accounts/all")).json() if one["id"] == made["id"]]
        assert (found["name"], found["min_concurrency"], found["max_concurrency"]) == ("west", 3, None)
        nothing = await client.patch(path, json={"colour": "red"})
        assert (nothing.status_code, nothing.json()["message"]) == (400, "No valid fields provided")
        assert nothing.json()["status"] == "failure"


async def test_whom_the_organisation_does_not_call_its_sub_accounts_do_not_call(world: ApiWorld) -> None:
    number, theirs = "+15557770001", "+15557770002"
    listed = "/v1/callwright/suppressions"
    async with world.client() as client:
        made = await branch(client)
        assert (await client.post(listed, json={"number": number})).status_code == 201
        async with world.client(made["api_key"]) as own:
            agent = await create(own)
            order = {"agent_id": agent, "recipient_phone_number": number}
            answer = await own.post("/call", json=order)
            assert (answer.status_code, answer.json()["code"]) == (400, "suppressed")
            assert "your organisation" in answer.json()["message"]
            # Whoever reads it cannot do it: the list is not theirs.
            assert "whoever keeps the list must take the number off" in answer.json()["hint"]
            assert (await own.get(f"{listed}/{number}")).status_code == 404
            assert (await own.delete(f"{listed}/{number}")).status_code == 404
            assert (await own.post(listed, json={"number": theirs})).status_code == 201
            answer = await own.post("/call", json={**order, "recipient_phone_number": theirs})
            assert answer.json()["code"] == "suppressed"
            assert "your organisation" not in answer.json()["message"]
        assert (await client.get(f"{listed}/{theirs}")).status_code == 404
        assert (await client.delete(f"{listed}/{number}")).status_code == 200
        async with world.client(made["api_key"]) as own:
            assert (await own.post("/call", json=order)).json().get("code") != "suppressed"


async def test_two_changes_at_once_do_not_exceed_together_what_each_keeps_to(world: ApiWorld) -> None:
    async with world.client() as client:
        accounts = [await branch(client) for _ in range(4)]
        answers = await asyncio.gather(
            *(client.patch(f"/sub-accounts/{one['id']}", json={"min_concurrency": 40}) for one in accounts)
        )
        assert sorted(answer.status_code for answer in answers) == [200, 200, 400, 400]


async def test_lists_mask_the_keys_unless_the_setting_shows_those_made_with_it(world: ApiWorld, tmp_path: Any) -> None:
    async with world.client() as client:
        hidden = await branch(client)
        (listed,) = [one for one in (await client.get("/sub-accounts/all")).json() if one["id"] == hidden["id"]]
    assert listed["api_key"] == f"sa-{'0' * 28}{hidden['api_key'][-4:]}"
    assert listed["api_key_masked"] is True
    showing = replace(
        world, services=replace(world.services, actions=replace(world.services.actions, show_sub_account_keys=True))
    )
    async with showing.client() as client:
        made = await branch(client)
        listed_now = {one["id"]: one for one in (await client.get("/sub-accounts/all")).json()}
    assert (listed_now[made["id"]]["api_key"], listed_now[made["id"]]["api_key_masked"]) == (made["api_key"], False)
    assert listed_now[hidden["id"]]["api_key"] == listed["api_key"], "what was made before stays masked"
    async with world.client(made["api_key"]) as own:
        assert (await own.get("/user/me")).status_code == 200
    tables = await fetch(world.dsn, "select table_name from information_schema.tables where table_schema = 'public'")
    for table in tables:
        (row,) = await fetch(world.dsn, f"select coalesce(string_agg(t::text, ''), '') from \"{table[0]}\" t")
        for key in (made["api_key"], hidden["api_key"], world.key, world.member_key):
            assert key[3:] not in row[0], table[0]


async def test_the_same_request_under_a_key_makes_one_account_and_shows_it_again(world: ApiWorld) -> None:
    body = {"name": "east", "min_concurrency": 1}
    async with world.client() as client:
        answers = await asyncio.gather(
            *(client.post("/sub-accounts/create", json=body, headers={"Idempotency-Key": "once"}) for _ in range(10))
        )
        assert len({answer.content for answer in answers}) == 1
        assert sum(one["name"] == "east" for one in (await client.get("/sub-accounts/all")).json()) == 1
        other = await client.post(
            "/sub-accounts/create", json={**body, "name": "x"}, headers={"Idempotency-Key": "once"}
        )
        assert other.status_code == 409
    async with world.client(answers[0].json()["api_key"]) as own:
        assert (await own.get("/user/me")).json()["name"] == "east"


async def test_a_deleted_account_ends_its_calls_and_leaves_only_what_it_did(world: ApiWorld) -> None:
    async with world.client() as client:
        made = await branch(client, min_concurrency=2)
        async with world.client(made["api_key"]) as own:
            agent_id = await create(own)
            live, waiting = await place(own, agent_id), await place(own, agent_id)
            await admit(world.ledger, 1)
            (row,) = await claim(world.ledger, count=1)
            live, waiting = (row.id, waiting if row.id == live else live)
            world.recordings.write(live, "call.wav", b"RIFF")
            assert (await client.delete(f"/sub-accounts/{made['id']}")).json() == {
                "message": "success",
                "state": "deleted",
            }
            assert (await own.get("/user/me")).status_code == 401, "its key is refused at once"
        assert (await client.delete(f"/sub-accounts/{made['id']}")).status_code == 404
        assert made["id"] not in [one["id"] for one in (await client.get("/sub-accounts/all")).json()]
    assert [wish[0] for wish in world.control.asked] == [live]
    purge = AccountPurge(world.services.actions)
    await purge.run(made["id"].encode())
    left = {row["id"]: row["status"] for row in await fetch(world.dsn, "select id, status from execution")}
    assert left == {live: "queued", waiting: "stopped"}, "nothing is deleted while a call lives"
    await move(world.ledger, live, Phase.DONE, "error", owner="node-a")
    await purge.run(made["id"].encode())
    assert await fetch(world.dsn, "select id from execution union all select id from agent") == []
    assert world.recordings.path(live, "call.wav") is None
    assert len(await fetch(world.dsn, f"select 1 from audit where tenant_id = '{made['id']}'")) > 0
    jobs = await fetch(world.dsn, f"select 1 from pgqueuer where entrypoint = '{PURGE_JOB}'")
    assert len(jobs) == 1 + 1 + 1 + 1, (
        "one by the preparation, one by the deletion, one to look again, one for what was under way"
    )
    await purge.run(DEFAULT_TENANT_ID.encode())
    assert await fetch(world.dsn, f"select 1 from api_key where tenant_id = '{DEFAULT_TENANT_ID}'")


async def test_what_a_request_wrote_that_was_under_way_at_the_deletion_of_its_account_goes_too(world: ApiWorld) -> None:
    async with world.client() as client:
        account_id = (await branch(client))["id"]
        purge = AccountPurge(world.services.actions)
        async with world.ledger.unit() as unit:
            await unit.agents.insert(agent_row("late", tenant_id=account_id))
            assert (await client.delete(f"/sub-accounts/{account_id}")).status_code == 200
            await purge.run(account_id.encode())
    assert await fetch(world.dsn, "select id from agent")
    later = f"select from pgqueuer where convert_from(payload, 'utf8') = '{account_id}' and execute_after > now() + interval '50 minutes'"
    assert len(await fetch(world.dsn, later)) == 1
    world.clock.ahead = timedelta(seconds=PURGE_AGAIN_SECONDS)
    await purge.run(account_id.encode())
    assert await fetch(world.dsn, "select id from agent") == []
    assert len(await fetch(world.dsn, later)) == 1, "the last one"


async def test_only_administrators_of_the_organisation_manage_accounts(world: ApiWorld) -> None:
    for key in (world.sub_key, world.member_key):
        async with world.client(key) as client:
            assert await refused(client, "POST", "/sub-accounts/create", {"name": "x", "min_concurrency": 1}) == (
                403,
                "Forbidden: only organization admins can manage sub-account concurrency",
            )
            for method, path in (("PATCH", "/sub-accounts/x"), ("GET", "/sub-accounts/all")):
                assert await refused(client, method, path, {}) == (
                    403,
                    "Forbidden: only organization admins can manage sub-accounts",
                )
    async with world.client(world.sub_key) as client:
        hint = (await client.get("/sub-accounts/all")).json()["hint"]
    assert hint == "This is a sub-account's key: use the key of an administrator of the organization."


async def test_what_is_full_is_refused(world: ApiWorld) -> None:
    await run_sql(
        world.dsn,
        "insert into tenant (id, name, email, parent_id, min_concurrency, created_at)"
        f" select 'a' || n, '', '', '{DEFAULT_TENANT_ID}', 0, now() from generate_series(1, {MAX_SUB_ACCOUNTS - 2}) n",
        "insert into api_key (id, tenant_id, name, digest, last4, scope, created_at)"
        f" select 'k' || n, '{DEFAULT_TENANT_ID}', '', decode(lpad(n::text, 32, '0'), 'hex'), 'abcd', 'full', now()"
        f" from generate_series(1, {MAX_KEYS - 6}) n",
    )
    async with world.client() as client:
        await branch(client)
        status, message = await refused(client, "POST", "/sub-accounts/create", {"name": "x", "min_concurrency": 0})
        assert (status, f"there are {MAX_SUB_ACCOUNTS} sub-accounts" in message) == (409, True)
        answers = [(await client.post(KEYS, json={"name": "x"})).status_code for _ in range(3)]
        assert answers[-1] == 409


# Usage


async def test_usage_adds_up_to_the_cents_of_the_executions(world: ApiWorld) -> None:
    async with world.client() as client, world.client(world.sub_key) as own:
        agent_id = await create(own)
        for number in range(1, 4):
            execution_id = await place(own, agent_id)
            await admit(world.ledger)
            await claim(world.ledger)
            await move(world.ledger, execution_id, Phase.DIALLING, "initiated", owner="node-a", attempt=1)
            await move(world.ledger, execution_id, Phase.LIVE, owner="node-a", attempt=1)
            await move(world.ledger, execution_id, Phase.FINISHING, owner="node-a", attempt=1)
            columns, record = record_of(number)
            async with world.ledger.unit() as unit:
                await unit.executions.change(execution_id, Change(Phase.DONE, "completed", columns, record))
        waiting = await place(own, agent_id)
        page = (await own.get(f"/v2/agent/{agent_id}/executions")).json()["data"]
        done = [row for row in page if row["id"] != waiting]
        me = (await own.get("/user/me")).json()
        usage = json.loads((await own.get(f"/sub-accounts/{me['id']}/usage")).text, parse_float=Decimal)
        by_admin = (await client.get(f"/sub-accounts/{me['id']}/usage")).json()
        (listed,) = [
            one for one in (await client.get("/sub-accounts/all/usage")).json() if one["sub_account_id"] == me["id"]
        ]
        mine = (await own.get("/v1/callwright/usage")).json()
        ours = (await client.get("/v1/callwright/usage")).json()

    def by_hand(leg: str) -> Decimal:
        return sum((Decimal(str(row["cost_breakdown"][leg])) for row in done), Decimal())

    assert usage["total_records"] == 4
    assert usage["status_map"] == {"completed": 3, "queued": 1}
    assert usage["total_cost"] == sum(Decimal(str(row["total_cost"])) for row in done)
    assert usage["total_platform_cost"] == by_hand("platform") > 0
    assert usage["total_telephony_cost"] == by_hand("network") > 0
    for leg in ("synthesizer", "transcriber"):
        (models,) = usage[f"{leg}_cost_map"].values()
        assert sum(one["cost"] for one in models.values()) == by_hand(leg) > 0
    assert usage["llm_cost_map"]["cost"] == by_hand("llm") > 0
    parts = [
        usage["total_platform_cost"],
        usage["total_telephony_cost"],
        *(by_hand(leg) for leg in ("synthesizer", "transcriber", "llm")),
    ]
    assert sum(parts) == usage["total_cost"]
    tokens = [row["usage_breakdown"]["llm_model"]["m"] for row in done]
    assert usage["llm_cost_map"]["tokens"] == {
        "m": {side: sum(one[side] for one in tokens) for side in ("input", "output")}
    }
    named = {"sub_account_id": me["id"], "sub_account_name": "north", "callwright": {"deleted_at": None}}
    assert by_admin == listed == {**named, **mine}
    assert ours["total_records"] == 0, "an organisation's own calls are apart"


async def test_what_a_deleted_account_spent_is_told_to_its_organisation(world: ApiWorld) -> None:
    async with world.client() as client:
        spent, idle = await branch(client), await branch(client)
        async with world.client(spent["api_key"]) as own:
            execution_id = await place(own, await create(own))
        columns, record = record_of(1)
        async with world.ledger.unit() as unit:
            await unit.executions.change(execution_id, Change(Phase.DONE, "error", columns, record))
        before = (await client.get(f"/sub-accounts/{spent['id']}/usage")).json()
        assert before["total_cost"] > 0
        for account in (spent, idle):
            await client.delete(f"/sub-accounts/{account['id']}")
            await AccountPurge(world.services.actions).run(account["id"].encode())
        assert await fetch(world.dsn, f"select 1 from execution where tenant_id = '{spent['id']}'") == []
        after = (await client.get(f"/sub-accounts/{spent['id']}/usage")).json()
        listed = {one["sub_account_id"]: one for one in (await client.get("/sub-accounts/all/usage")).json()}
        assert after["callwright"]["deleted_at"] is not None
        assert {**after, "callwright": before["callwright"]} == before
        assert listed[spent["id"]] == after
        assert idle["id"] not in listed, "a deleted account that used nothing"
        month_ago = {"from": "2020-01-01", "to": "2020-01-31"}
        earlier = (await client.get("/sub-accounts/all/usage", params=month_ago)).json()
        assert spent["id"] not in [one["sub_account_id"] for one in earlier]
    async with world.client(world.sub_key) as sibling:
        assert (await sibling.get(f"/sub-accounts/{spent['id']}/usage")).status_code == 404


@pytest.mark.parametrize(
    ("query", "begins", "ends"),
    [
        ({}, "2026-03-01T00:00:00.000000+00:00", "2026-03-18T00:00:00.000000+00:00"),
        ({"from": "2026-03-05"}, "2026-03-05T00:00:00.000000+00:00", "2026-03-18T00:00:00.000000+00:00"),
        (
            {"from": "2026-03-05", "to": "2026-03-06"},
            "2026-03-05T00:00:00.000000+00:00",
            "2026-03-07T00:00:00.000000+00:00",
        ),
        (
            {"from": "20260305", "to": "20260306"},
            "2026-03-05T00:00:00.000000+00:00",
            "2026-03-07T00:00:00.000000+00:00",
        ),
        (
            {"from": "2026-03-05", "to": "2026-W10-5"},
            "2026-03-05T00:00:00.000000+00:00",
            "2026-03-07T00:00:00.000000+00:00",
        ),
        (
            {"from": "2026-03-05", "to": "20260306T00"},
            "2026-03-05T00:00:00.000000+00:00",
            "2026-03-06T00:00:00.000000+00:00",
        ),
        (
            {"from": "2026-03-05T00:07:00+05:30", "to": "2026-03-05T10:01:00Z"},
            "2026-03-04T18:30:00.000000+00:00",
            "2026-03-05T10:15:00.000000+00:00",
        ),
        (
            {"from": "2026-01-01", "to": "2026-02-01"},
            "2026-01-01T00:00:00.000000+00:00",
            "2026-02-02T00:00:00.000000+00:00",
        ),
    ],
)
def test_a_period_is_what_was_asked_for_in_quarters_of_an_hour(query: dict[str, str], begins: str, ends: str) -> None:
    period = UsageQuery.model_validate(query).period(datetime(2026, 3, 17, 13, 14, 15, tzinfo=UTC))
    assert (wire_time(period.since), wire_time(period.until)) == (begins, ends)


async def test_a_period_that_cannot_be_is_refused(world: ApiWorld) -> None:
    async with world.client() as client:
        for query, field in (
            ({"from": "yesterday"}, "from"),
            ({"from": "2026-03-02", "to": "2026-03-01T00:00:00"}, "to"),
            ({"from": "2026-01-01", "to": "2026-02-02"}, "to"),
            ({"from": "0001-01-01"}, "to"),
            ({"to": "9999-12-31"}, "to"),
        ):
            answer = await client.get("/sub-accounts/all/usage", params=query)
            assert (answer.status_code, answer.json()["field"]) == (400, field), query
        assert (await client.get("/sub-accounts/nobody/usage")).status_code == 404


# Keys


async def test_a_key_is_shown_once_listed_masked_and_refused_when_revoked(world: ApiWorld) -> None:
    async with world.client() as client:
        made = (await client.post(KEYS, json={"name": "crm", "scope": "read-only"})).json()
        assert made["key"].startswith("bn-")
        (listed,) = [key for key in (await client.get(KEYS)).json() if key["id"] == made["id"]]
        assert made["key"] not in str(listed)
        assert (listed["masked"], listed["scope"], listed["state"]) == (
            f"bn-…{made['key'][-4:]}",
            "read-only",
            "active",
        )
        async with world.client(made["key"]) as crm:
            assert (await crm.get("/v2/agent/all")).status_code == 200
            assert (await client.delete(f"{KEYS}/{made['id']}")).json() == {"message": "success", "state": "revoked"}
            assert (await crm.get("/v2/agent/all")).status_code == 401
        assert (await client.get(f"{KEYS}/{made['id']}")).json()["state"] == "revoked"
        assert (await client.delete(f"{KEYS}/{made['id']}")).status_code == 200


async def test_a_key_that_is_revoked_here_is_refused_by_another_process_at_its_next_request(world: ApiWorld) -> None:
    other = Ledger(world.dsn)
    await other.open()
    elsewhere = replace(world, services=replace(world.services, actions=replace(world.services.actions, ledger=other)))
    try:
        async with world.client() as client:
            for _ in range(5):
                made = (await client.post(KEYS, json={"name": "crm"})).json()
                account = await branch(client)
                for key, revoke in (
                    (made["key"], f"{KEYS}/{made['id']}"),
                    (account["api_key"], f"/sub-accounts/{account['id']}"),
                ):
                    async with world.client(key) as here, elsewhere.client(key) as there:
                        assert [(await one.get("/user/me")).status_code for one in (here, there, there)] == [200] * 3
                        await client.delete(revoke)
                        assert [(await one.get("/user/me")).status_code for one in (there, here)] == [401] * 2
    finally:
        await other.aclose()


async def test_a_key_expires(world: ApiWorld) -> None:
    at = (world.clock.now() + timedelta(hours=1)).isoformat()
    async with world.client() as client:
        made = (await client.post(KEYS, json={"name": "guest", "expires_at": at})).json()
        async with world.client(made["key"]) as guest:
            assert (await guest.get("/user/me")).status_code == 200
            world.clock.ahead = timedelta(hours=2)
            assert (await guest.get("/user/me")).status_code == 401
        assert (await client.get(f"{KEYS}/{made['id']}")).json()["state"] == "expired"


async def test_a_key_that_expires_makes_none_that_outlives_it(world: ApiWorld) -> None:
    at = world.clock.now() + timedelta(hours=1)
    async with world.client() as client:
        made = (await client.post(KEYS, json={"name": "guest", "expires_at": at.isoformat()})).json()
    async with world.client(made["key"]) as guest:
        later = await guest.post(KEYS, json={"name": "x", "expires_at": (at + timedelta(minutes=1)).isoformat()})
        assert (later.status_code, later.json()["field"]) == (400, "expires_at")
        assert "when the key that makes this one expires" in later.json()["message"]
        of_guest = (await guest.post(KEYS, json={"name": "no wish"})).json()
        assert of_guest["expires_at"] == made["expires_at"]
        account = await branch(guest)
        of_branch = (await guest.post(KEYS, json={"name": "of it", "sub_account_id": account["id"]})).json()
    keys = (of_guest["key"], account["api_key"], of_branch["key"])
    for ahead, status in ((timedelta(), 200), (timedelta(hours=2), 401)):
        world.clock.ahead = ahead
        for key in keys:
            async with world.client(key) as maker:
                assert (await maker.get("/user/me")).status_code == status


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "a\tb"}, "name"),
        ({"name": "x", "scope": "everything"}, "scope"),
        ({"name": "x", "role": "king"}, "role"),
        ({"name": "x", "member": "asha"}, "member"),
        ({"name": "x", "expires_at": "soon"}, "expires_at"),
        ({"name": "x", "expires_at": "2020-01-01"}, "expires_at"),
    ],
)
async def test_a_key_that_cannot_be_is_refused_with_its_field(world: ApiWorld, body: Any, field: str) -> None:
    async with world.client() as client:
        answer = await client.post(KEYS, json=body)
        assert (answer.status_code, answer.json()["field"]) == (400, field)


async def test_a_member_makes_and_revokes_own_keys_only(world: ApiWorld) -> None:
    async with world.client(world.member_key) as member, world.client() as client:
        made = (await member.post(KEYS, json={"name": "phone"})).json()
        assert (made["role"], made["member"]) == ("member", "asha")
        for body in ({"name": "x", "role": "admin"}, {"name": "x", "member": "ben"}):
            assert (await member.post(KEYS, json=body)).status_code == 403
        ben = (await client.post(KEYS, json={"name": "ben's", "role": "member", "member": "ben"})).json()
        assert {key["member"] for key in (await member.get(KEYS)).json()} == {"asha"}
        assert (await member.delete(f"{KEYS}/{ben['id']}")).status_code == 404
        assert (await member.delete(f"{KEYS}/{made['id']}")).status_code == 200


async def test_an_administrator_makes_a_new_key_for_a_sub_account_that_lost_its_own(world: ApiWorld) -> None:
    async with world.client() as client:
        account = await branch(client)
        made = (await client.post(KEYS, json={"name": "again", "sub_account_id": account["id"]})).json()
        assert made["key"].startswith("sa-")
        async with world.client(made["key"]) as own:
            assert (await own.get("/user/me")).json()["id"] == account["id"]
            assert {key["sub_account_id"] for key in (await own.get(KEYS)).json()} == {account["id"]}
            assert (await own.post(KEYS, json={"name": "x", "sub_account_id": DEFAULT_TENANT_ID})).status_code == 404
            assert (await own.post(KEYS, json={"name": "own"})).json()["key"].startswith("sa-")
        assert (await client.post(KEYS, json={"name": "x", "sub_account_id": "nobody"})).status_code == 404


async def test_the_same_request_for_a_key_gives_the_same_key_again(world: ApiWorld) -> None:
    async with world.client() as client:
        headers = {"Idempotency-Key": "k1"}
        answers = [await client.post(KEYS, json={"name": "crm"}, headers=headers) for _ in range(3)]
        assert len({answer.content for answer in answers}) == 1
        assert sum(key["name"] == "crm" for key in (await client.get(KEYS)).json()) == 1
    (row,) = await fetch(world.dsn, "select convert_from(body, 'utf8') from idempotency where key = 'k1'")
    assert answers[0].json()["key"] not in row[0]


async def test_a_key_that_expires_does_not_get_one_that_outlives_it_by_asking_again(world: ApiWorld) -> None:
    until = world.clock.now() + timedelta(hours=1)
    expiring = await create_key(world.services.actions, DEFAULT_TENANT_ID, "for an hour", expires_at=until)
    headers = {"Idempotency-Key": "k1"}
    async with world.client() as client, world.client(expiring.secret) as other:
        made = await client.post(KEYS, json={"name": "crm"}, headers=headers)
        assert made.json()["expires_at"] is None
        answer = await other.post(KEYS, json={"name": "crm"}, headers=headers)
        assert answer.status_code == 403, answer.text
        assert made.json()["key"] not in answer.text
        own = {**headers, "Idempotency-Key": "k2"}
        first, again = [await other.post(KEYS, json={"name": "own"}, headers=own) for _ in range(2)]
        assert first.status_code == again.status_code == 201
        assert first.content == again.content


async def test_keys_and_links_outlive_a_change_of_the_servers_secret(world: ApiWorld) -> None:
    secrets, links = [b"k" * 32], [b"l" * 32]
    actions = replace(world.services.actions, key_secrets=lambda: secrets)
    rotated = replace(world, services=replace(world.services, actions=actions, link_secrets=lambda: links))
    unused = await create_key(actions, DEFAULT_TENANT_ID, "not used after the change")
    async with rotated.client() as client, rotated.client(None) as anybody, rotated.client(unused.secret) as late:
        execution_id = await place(client, await create(client))
        world.recordings.write(execution_id, "call.wav", b"RIFF0123456789")
        link = (await client.get(f"/recordings/call/{execution_id}")).headers["location"]
        headers = {"Idempotency-Key": "k1"}
        made = await client.post(KEYS, json={"name": "crm"}, headers=headers)

        secrets.insert(0, b"K" * 32)
        links.insert(0, b"L" * 32)
        assert [(await client.get("/user/me")).status_code for _ in range(2)] == [200, 200]
        assert (await anybody.get(link)).status_code == 200
        assert (await client.post(KEYS, json={"name": "crm"}, headers=headers)).content == made.content
        async with rotated.client(made.json()["key"]) as crm:
            assert (await crm.get("/user/me")).status_code == 200
        assert (await client.post(KEYS, json={"name": "crm"}, headers=headers)).content == made.content

        del secrets[1:], links[1:]
        assert (await client.get("/user/me")).status_code == 200
        assert (await late.get("/user/me")).status_code == 401
        assert (await anybody.get(link)).status_code == 403
        again = await client.post(KEYS, json={"name": "crm"}, headers=headers)
        assert (again.status_code, "cannot be shown again" in again.text) == (409, True)


async def test_the_last_use_of_a_key_is_kept_without_a_write_for_each_request(world: ApiWorld) -> None:
    use = KeyUse()
    noting = replace(
        world, services=replace(world.services, actions=replace(world.services.actions, key_used=use.note))
    )
    async with noting.client() as client:
        for _ in range(5):
            (key,) = [one for one in (await client.get(KEYS)).json() if one["name"] == "ours"]
        assert key["last_used_at"] is None
        now = world.clock.now()
        assert await use.write(world.ledger, now) == 1
        assert await use.write(world.ledger, now) == 0
        (key,) = [one for one in (await client.get(KEYS)).json() if one["name"] == "ours"]
        assert key["last_used_at"] is not None
        assert await use.write(world.ledger, now + WRITE_EVERY / 2) == 0
        assert await use.write(world.ledger, now + WRITE_EVERY / 2, all_of_them=True) == 1


# Rate limits


async def test_an_address_without_a_good_key_is_slowed_down_and_good_keys_behind_it_are_served(world: ApiWorld) -> None:
    services = replace(world.services, rates=RateLimits({"bad_key": 3}, lambda: 0.0))
    app = build_app(services)

    def client(address: str, key: str = "") -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        transport = httpx.ASGITransport(app, client=(address, 1234))
        return httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL, headers=headers)

    async with client("192.0.2.1") as none, client("192.0.2.1", world.revoked_key) as revoked:
        bad = [await none.get("/v2/agent/all"), await revoked.get("/v2/agent/all"), await none.post("/call", json={})]
        assert [answer.status_code for answer in bad] == [401, 401, 401]
        for one in (await none.get("/nowhere"), await revoked.get("/v2/agent/all")):
            assert (one.status_code, one.json()["code"], one.headers["retry-after"]) == (429, "rate_limited", "60")
        assert (await none.get("/healthz")).status_code == 200
        # Whoever is behind the same proxy and has a key is not shut out, and what another sends as its own address is not believed.
        spoofed = await none.get("/v2/agent/all", headers={"X-Forwarded-For": "192.0.2.9"})
        assert spoofed.status_code == 429
    async with client("192.0.2.1", world.key) as good, client("192.0.2.2") as elsewhere:
        assert (await good.get("/v2/agent/all")).status_code == 200
        assert (await elsewhere.get("/v2/agent/all")).status_code == 401


class CountedLookUps(RateLimits):
    """Limits that count the look-ups which were begun."""

    begun = 0

    @asynccontextmanager
    async def look_up(self, address: str) -> AsyncIterator[None]:
        self.begun += 1
        async with super().look_up(address):
            yield


async def test_a_good_key_in_memory_is_served_while_an_attacker_fills_every_place_of_its_address(
    world: ApiWorld,
) -> None:
    rates, address = CountedLookUps({"bad_key": 1}, lambda: 0.0), "192.0.2.1"
    app = build_app(replace(world.services, rates=rates))
    headers = {"Authorization": f"Bearer {world.key}"}
    transport = httpx.ASGITransport(app, client=(address, 1234))
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client, AsyncExitStack() as attackers:
        digest = digest_of(world.key, world.services.actions.key_secrets()[0])

        async def is_in_memory() -> bool:
            assert (await client.get("/user/me", headers=headers)).status_code == 200
            return world.services.actions.ledger.known_key(digest) is not None

        await until(is_in_memory)
        assert (await client.get("/user/me")).status_code == 401
        assert rates.is_suspect(address)
        for _ in range(MAX_SUSPECT_LOOKUPS):
            await attackers.enter_async_context(rates.look_up(address))
        waiting = [
            asyncio.create_task(client.get("/user/me", headers={"Authorization": f"Bearer bn-{number}"}))
            for number in range(MAX_SUSPECTS_WAITING_OF_ADDRESS - MAX_SUSPECT_LOOKUPS)
        ]
        await until(lambda: rates.begun == MAX_SUSPECTS_WAITING_OF_ADDRESS)
        async with asyncio.timeout(5):
            assert (await client.get("/user/me", headers=headers)).status_code == 200
            unknown = await client.get("/user/me", headers={"Authorization": f"Bearer {world.revoked_key}"})
        assert unknown.status_code == 429
        assert not any(one.done() for one in waiting)
        await attackers.aclose()
        assert {answer.status_code for answer in await asyncio.gather(*waiting)} == {429}


async def test_one_request_too_many_waits_and_its_body_is_not_read(world: ApiWorld) -> None:
    seconds = [0.0]
    rates = RateLimits({"call": 2, "agent": 0, "other": 3}, lambda: seconds[0])
    limited = replace(world, services=replace(world.services, rates=rates))
    ours, sub, theirs = (limited.client(key) for key in (world.key, world.sub_key, world.other_key))
    async with ours as client, sub as branch_of_ours, theirs as others:
        assert [(await client.get("/user/me")).status_code for _ in range(3)] == [200, 200, 200]
        answer = await client.post("/v2/agent", content=b"{" * (MAX_BODY_BYTES + 1))
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
        assert answer.json()["code"] == "rate_limited"
        assert (await branch_of_ours.get("/user/me")).status_code == 429, "the organisation is counted"
        assert (await others.get("/user/me")).status_code == 200
        assert (await client.post("/call", json={})).status_code == 400, "each class has its own counter"
        assert [(await client.get("/v2/agent/x")).status_code for _ in range(9)] == [404] * 9, "0: no limit"
        seconds[0] = 60.0
        assert (await client.get("/user/me")).status_code == 200


# The audit trail


async def test_the_trail_is_read_page_by_page_and_narrowed(world: ApiWorld) -> None:
    async with world.client() as client:
        agents = [await create(client) for _ in range(3)]
        await client.delete(f"/v2/agent/{agents[0]}")
        first = (await client.get(AUDIT, params={"page_size": 2, "object_type": "agent"})).json()
        second = (
            await client.get(AUDIT, params={"page_size": 2, "object_type": "agent", "before": first["next_before"]})
        ).json()
        assert [row["action"] for row in first["data"] + second["data"]] == ["agent.deleted", *["agent.created"] * 3]
        assert (first["has_more"], second["has_more"], second["next_before"]) == (True, False, None)
        of_one = (await client.get(AUDIT, params={"object_id": agents[0]})).json()["data"]
        assert [row["action"] for row in of_one] == ["agent.deleted", "agent.created"]
        actor = of_one[0]["actor"]
        assert len((await client.get(AUDIT, params={"actor": actor})).json()["data"]) == 4
        assert (await client.get(AUDIT, params={"from": "2999-01-01"})).json()["data"] == []
        for wrong in ({"page_size": "0"}, {"before": "x"}, {"from": "soon"}):
            assert (await client.get(AUDIT, params=wrong)).status_code == 400


async def test_what_is_done_to_accounts_and_keys_is_in_the_trail(world: ApiWorld) -> None:
    async with world.client() as client:
        account = await branch(client, min_concurrency=2)
        await client.patch(f"/sub-accounts/{account['id']}", json={"max_concurrency": 9})
        await client.delete(f"/sub-accounts/{account['id']}")
        rows = (await client.get(AUDIT, params={"object_id": account["id"]})).json()["data"]
        assert [row["action"] for row in rows] == ["sub_account.deleted", "sub_account.changed", "sub_account.created"]
        assert (rows[1]["before"], rows[1]["after"]) == ({"max_concurrency": None}, {"max_concurrency": 9})
        made = (await client.post(KEYS, json={"name": "crm"})).json()
        await client.delete(f"{KEYS}/{made['id']}")
        rows = (await client.get(AUDIT, params={"object_type": "key", "object_id": made["id"]})).json()["data"]
        assert [row["action"] for row in rows] == ["key.revoked", "key.created"]
        assert made["key"] not in str(rows)


async def test_what_a_path_names_is_looked_for_before_its_query_and_body_are_judged(world: ApiWorld) -> None:
    nobody = "00000000-0000-4000-8000-000000000123"
    async with world.client() as client:
        agent_id = await create(client)
        for agent, status in ((nobody, 404), ("x", 404), (agent_id, 400)):
            chat = await client.post(f"/v1/callwright/agents/{agent}/chats", json={"call_terminate": "x"})
            asked = await client.post(f"/v1/callwright/agents/{agent}/extraction")
            tried = await client.post(
                f"/v2/agent/{agent}/dispositions/test", json={"transcript": "hello", "call_date": "x"}
            )
            assert (chat.status_code, asked.status_code) == (status, status)
            assert tried.status_code == (422 if status == 400 else 404)
            force = await client.post(f"/v1/callwright/agents/{agent}/extraction", json={"force": "x", "from": "x"})
            assert (force.status_code, force.json()["field"]) == (400, "force")
        for account in (nobody, "x"):
            assert (await client.get(f"/sub-accounts/{account}/usage", params={"from": "x"})).status_code == 404
            assert (await client.patch(f"/sub-accounts/{account}", json={"name": 1})).status_code == 404
        late = await client.get("/v1/callwright/usage", params={"to": "9999-12-31"})
        assert late.json()["message"] == "to must be a time before the year 9999"
