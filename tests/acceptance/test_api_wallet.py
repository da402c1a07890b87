"""The wallet over HTTP: the statement, and who may top up."""

from __future__ import annotations

from typing import Any

from tests.api_world import OTHER_TENANT_ID, ApiWorld
from tests.rows import THEN, claimed_call

from callwright.domain.money import NANO_PER_CENT
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID, operator
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Phase
from callwright.platform.wallet.actions.account import switch_wallet
from callwright.platform.wallet.actions.reservations import reserve

WALLET = "/v1/callwright/wallet"
TOP_UPS = f"/v1/callwright/wallets/{DEFAULT_TENANT_ID}/top-ups"


async def test_the_operator_tops_up_any_organisation_and_nobody_else_does(world: ApiWorld) -> None:
    async with (
        world.client(world.operator_key) as billing,
        world.client() as ours,
        world.client(world.other_key) as others,
    ):
        answer = await billing.post(TOP_UPS, json={"cents": 500.25, "note": "invoice 17"})
        assert answer.status_code == 201, answer.text
        made = answer.json()
        assert made["wallet"]["balances"]["available"] == 500.25
        assert made["entry"]["postings"] == [
            {"account": "available", "cents": 500.25},
            {"account": "topped_up", "cents": -500.25},
        ]
        theirs = TOP_UPS.replace(DEFAULT_TENANT_ID, OTHER_TENANT_ID)
        assert (await billing.post(theirs, json={"cents": 1})).status_code == 201
        nobodys = TOP_UPS.replace(DEFAULT_TENANT_ID, "00000000-0000-4000-8000-00000000dead")
        assert (await billing.post(nobodys, json={"cents": 1})).status_code == 404
        assert (await billing.get(WALLET)).status_code == 403
        assert (await billing.get("/v2/agent/all")).status_code == 403
        for key in (world.key, world.member_key, world.read_key, world.call_key, world.sub_key):
            async with world.client(key) as client:
                refused = await client.post(TOP_UPS, json={"cents": 1})
                assert (refused.status_code, refused.json()["message"]) == (
                    403,
                    "Forbidden: only the operator of the platform can do this",
                )
        assert (await ours.get(WALLET)).json()["balances"]["available"] == 500.25
        assert (await others.get(WALLET)).json()["balances"]["available"] == 1


async def test_an_organisation_makes_no_operators_key(world: ApiWorld) -> None:
    async with world.client() as client:
        answer = await client.post("/v1/callwright/keys", json={"name": "mine", "scope": "operator"})
    assert answer.status_code == 400


async def test_a_top_up_is_done_once_under_its_key_and_leaves_a_row_in_the_trail(world: ApiWorld) -> None:
    async with world.client(world.operator_key) as billing, world.client() as ours:
        asked: dict[str, Any] = {"json": {"cents": 500}, "headers": {"Idempotency-Key": "invoice-17"}}
        first, again = [await billing.post(TOP_UPS, **asked) for _ in range(2)]
        assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
        other = await billing.post(TOP_UPS, json={"cents": 501}, headers=asked["headers"])
        assert other.status_code == 409
        assert (await ours.get(WALLET)).json()["balances"]["available"] == 500
        rows = (await ours.get("/v1/callwright/audit", params={"object_type": "wallet_entry"})).json()["data"]
    assert [(row["action"], row["after"]["cents"]) for row in rows] == [("wallet_entry.created", "500")]


async def test_what_is_no_top_up_is_refused(world: ApiWorld) -> None:
    async with world.client(world.operator_key) as billing:
        for body in ({}, {"cents": 0}, {"cents": -5}, {"cents": "much"}, {"cents": 10**10}):
            assert (await billing.post(TOP_UPS, json=body)).status_code == 400
        corrected = await billing.post(TOP_UPS, json={"cents": -5, "note": "typed twice"})
        assert corrected.json()["entry"]["kind"] == "correction"


async def test_the_wallet_of_the_key_is_shown_where_it_is_on(world: ApiWorld) -> None:
    services = world.services.actions
    async with world.client(world.operator_key) as billing:
        await billing.post(TOP_UPS, json={"cents": 42.42})
    async with world.client() as ours, world.client(world.sub_key) as sub:
        assert (await ours.get("/user/me")).json()["wallet"] == 0
        await switch_wallet(services, operator(DEFAULT_TENANT_ID), enabled=True)
        assert (await ours.get("/user/me")).json()["wallet"] == 42.42
        assert (await sub.get("/user/me")).json()["wallet"] == 42.42
        assert (await sub.get(WALLET)).json() == {
            "organization_id": DEFAULT_TENANT_ID,
            "enabled": True,
            "balances": {"available": 42.42, "postpaid": 0, "reserved": 0, "spent": 0, "topped_up": -42.42},
        }


async def test_the_statement_is_read_from_an_entry_on_and_a_sub_account_sees_its_own_calls(world: ApiWorld) -> None:
    services = world.services.actions
    await switch_wallet(services, operator(DEFAULT_TENANT_ID), enabled=True)
    async with world.client(world.operator_key) as billing:
        await billing.post(TOP_UPS, json={"cents": 10})
    row = await claimed_call(world.ledger)
    async with world.ledger.unit() as unit:
        await reserve(unit, row, lambda: 4 * NANO_PER_CENT, THEN)
    async with world.ledger.unit() as unit:
        ended = Change(Phase.DONE, "error", columns={"total_cost_nano": NANO_PER_CENT})
        await unit.executions.change(row.id, ended, owner=row.owner)
    async with world.client() as ours, world.client(world.sub_key) as sub, world.client(world.other_key) as others:
        page = (await ours.get(f"{WALLET}/entries", params={"page_size": 2})).json()
        assert ([one["kind"] for one in page["data"]], page["has_more"]) == (["top-up", "reserve"], True)
        rest = (await ours.get(f"{WALLET}/entries", params={"after": page["next_after"]})).json()
        assert (rest["has_more"], rest["next_after"]) == (False, None)
        (settled,) = rest["data"]
        assert (settled["kind"], settled["execution_id"], settled["attempt"]) == ("settle", row.id, 1)
        assert {one["account"]: one["cents"] for one in settled["postings"]} == {
            "available": 3,
            "reserved": -4,
            "spent": 1,
        }
        assert (await sub.get(f"{WALLET}/entries")).json()["data"] == []
        assert (await others.get(f"{WALLET}/entries")).json()["data"] == []
        assert (await ours.get(f"{WALLET}/entries", params={"after": "x"})).status_code == 400
