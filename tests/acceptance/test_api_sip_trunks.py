"""SIP trunks over the API: made, read, changed, deleted, with their numbers; and calls that are made from them."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from tests.api_world import OTHER_TENANT_ID, ApiWorld, create
from tests.database import fetch

from callwright.domain.limits import MAX_TRUNK_NUMBERS, MAX_TRUNKS
from callwright.platform.phone_numbers.actions.owners import prove_number

TRUNKS = "/sip-trunks/trunks"
NOBODY = "00000000-0000-4000-8000-00000000dead"
SECRET = "trunk-password-1"
TRUNK: dict[str, Any] = {
    "name": "Main carrier",
    "provider": "custom",
    "auth_type": "userpass",
    "auth_username": "u1",
    "auth_password": SECRET,
    "gateways": [{"gateway_address": "sip.carrier.example", "port": 5060}],
}


async def made(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    answer = await client.post(TRUNKS, json={**TRUNK, **changes})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_two_changes_at_once_both_take_effect_and_stand_in_the_audit_trail(world: ApiWorld) -> None:
    async with world.client() as client:
        trunks = [await made(client, name=f"Carrier {number}") for number in range(10)]
        for trunk in trunks:
            path = f"{TRUNKS}/{trunk['id']}"
            changes: list[dict[str, Any]] = [{"is_active": False}, {"name": f"{trunk['name']} b"}, {"colour": "red"}]
            answers = await asyncio.gather(*(client.patch(path, json=change) for change in changes))
            assert [answer.status_code for answer in answers] == [200, 200, 200]
            read = (await client.get(path)).json()
            assert (read["is_active"], read["name"], read["colour"]) == (False, f"{trunk['name']} b", "red")
            told = await fetch(
                world.dsn, f"select before from audit where object_id = '{trunk['id']}' and action like '%changed'"
            )
            assert sorted(row["before"] for row in told) == [
                '{"is_active":true}',
                f'{{"name":"{trunk["name"]}"}}',
                "{}",
            ]


async def test_a_trunk_is_made_read_changed_and_deleted(world: ApiWorld) -> None:
    async with world.client() as client:
        numbers = [
            {"phone_number": "918000000002", "name": "Desk"},
            {"phone_number": "+918000000003", "e164_check_enabled": True},
        ]
        trunk = await made(client, phone_numbers=numbers, colour="red")
        path = f"{TRUNKS}/{trunk['id']}"
        assert (trunk["is_active"], trunk["transport"], trunk["colour"]) == (True, "transport-udp", "red")
        assert {number["phone_number"] for number in trunk["phone_numbers"]} == {"918000000002", "+918000000003"}
        assert (await client.get(path)).json() == trunk
        assert (await client.get(TRUNKS)).json() == [trunk]

        gateways = [{"gateway_address": "a.example", "priority": 2}, {"gateway_address": "b.example", "port": 5080}]
        refused = await client.patch(path, json={"ip_identifiers": ["203.0.0.0/16"]})
        assert (refused.status_code, refused.json()["field"]) == (400, "ip_identifiers[0].ip_address")
        change = {"gateways": gateways, "ip_identifiers": [{"ip_address": "203.0.113.7"}], "inbound_enabled": True}
        changed = (await client.patch(path, json={**change, "is_active": False})).json()

        assert [gateway["gateway_address"] for gateway in changed["gateways"]] == ["a.example", "b.example"]
        assert changed["ip_identifiers"] == [{"ip_address": "203.0.113.7"}]
        assert (changed["is_active"], changed["inbound_enabled"], changed["name"]) == (False, True, "Main carrier")
        assert (await client.get(TRUNKS, params={"is_active": "true"})).json() == []
        assert (await client.get(TRUNKS, params={"is_active": "false"})).json() == [changed]
        assert (await client.patch(path, json=changed)).json()["gateways"] == changed["gateways"], (
            "a body that was read"
        )

        assert (await client.delete(path)).json() == {
            "message": "Trunk deleted successfully. 2 phone number(s) removed."
        }
        assert (await client.get(path)).status_code == 404
        assert (await client.get("/phone-numbers/all")).json() == []


async def test_the_password_is_nowhere_to_be_read(world: ApiWorld) -> None:
    async with world.client() as client:
        trunk = await made(client)
        answers = [
            await client.get(f"{TRUNKS}/{trunk['id']}"),
            await client.get(TRUNKS),
            await client.patch(f"{TRUNKS}/{trunk['id']}", json={"auth_password": f"{SECRET}2"}),
            await client.post(TRUNKS, json={**TRUNK, "name": "x", "auth_password": f'{SECRET}"'}),
        ]
        keyed = {"Idempotency-Key": "trunk-1"}
        once = [await client.post(TRUNKS, json={**TRUNK, "name": "Other"}, headers=keyed) for _ in range(2)]
        assert once[0].json() == once[1].json()
        for answer in (*answers, *once):
            assert SECRET not in answer.text
    for table in ("sip_trunk", "audit", "idempotency"):
        rows = await fetch(world.dsn, f"select t::text as text from {table} t")
        assert rows
        assert not any(SECRET in row["text"] or SECRET.encode().hex() in row["text"] for row in rows), table


async def test_encrypted_sound_without_tls_is_422_and_tls_is_kept(world: ApiWorld) -> None:
    async with world.client() as client:
        refused = await client.post(TRUNKS, json={**TRUNK, "media_encryption": "sdes"})
        assert refused.status_code == 422
        assert refused.json()["message"] == "media_encryption='sdes' requires transport='transport-tls'"
        trunk = await made(client, media_encryption="sdes", transport="transport-tls")
        assert trunk["callwright"] == {"undiallable": None, "registration": None, "gateways": []}
        back = await client.patch(f"{TRUNKS}/{trunk['id']}", json={"transport": "transport-udp"})
        assert back.status_code == 422


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"name": None}, 400, "name"),
        ({"auth_password": None}, 400, "auth_password"),
        ({"gateways": []}, 400, "gateways"),
        ({"auth_type": "ip-based"}, 400, "ip_identifiers"),
        ({"ip_identifiers": ["127.0.0.0/8"]}, 400, "ip_identifiers[0].ip_address"),
        ({"ip_identifiers": ["203.0.113.7", "10.0.0.1"]}, 400, "ip_identifiers[1].ip_address"),
        ({"phone_numbers": [{"phone_number": "911"}]}, 400, "phone_numbers[0].phone_number"),
        ({"phone_numbers": [{"phone_number": "4711"}, {"phone_number": "+4711"}]}, 409, "phone_number"),
        ({"is_active": "perhaps"}, 400, "is_active"),
    ],
)
async def test_a_wrong_trunk_is_not_made(world: ApiWorld, changes: dict[str, Any], status: int, field: str) -> None:
    async with world.client() as client:
        answer = await client.post(TRUNKS, json={**TRUNK, **changes})
        assert (answer.status_code, answer.json()["field"]) == (status, field), answer.text
        assert (await client.get(TRUNKS)).json() == []


async def test_a_name_is_there_once(world: ApiWorld) -> None:
    async with world.client() as client:
        await made(client)
        other = await made(client, name="Other")
        assert (await client.post(TRUNKS, json=TRUNK)).status_code == 409
        assert (await client.patch(f"{TRUNKS}/{other['id']}", json={"name": "Main carrier"})).status_code == 409
    async with world.client(world.other_key) as others:
        await made(others)


async def test_numbers_are_added_listed_and_removed(world: ApiWorld) -> None:
    async with world.client() as client:
        path = f"{TRUNKS}/{(await made(client))['id']}/numbers"
        number = (await client.post(path, json={"phone_number": "918000000002", "name": "Desk"})).json()
        assert (number["telephony_provider"], number["deleted"], number["name"]) == ("sip-trunk", False, "Desk")
        assert (await client.get(path)).json() == [number]
        (listed,) = (await client.get("/phone-numbers/all")).json()
        assert (listed["id"], listed["telephony_provider"]) == (number["id"], "sip-trunk")
        assert (await client.post(path, json={"phone_number": "+91 8000000002"})).status_code == 409

        other = f"{TRUNKS}/{(await made(client, name='Other'))['id']}/numbers"
        assert (await client.delete(f"{other}/{number['id']}")).status_code == 404

        assert (await client.delete(f"{path}/{number['id']}")).json() == {
            "message": "Phone number removed successfully"
        }
        assert (await client.get(path)).json() == []
        assert (await client.delete(f"{path}/{number['id']}")).status_code == 404


async def test_a_number_that_belongs_to_another_account_cannot_be_added(world: ApiWorld) -> None:
    services = world.services.actions
    await prove_number(services, OTHER_TENANT_ID, "+918000000002")
    async with world.client() as client, world.client(world.other_key) as owner:
        path = f"{TRUNKS}/{(await made(client))['id']}/numbers"
        refused = await client.post(path, json={"phone_number": "918000000002"})
        assert (refused.status_code, "belongs to another account" in refused.json()["message"]) == (409, True)
        path = f"{TRUNKS}/{(await made(owner))['id']}/numbers"
        assert (await owner.post(path, json={"phone_number": "918000000002"})).status_code == 201


async def test_a_number_of_a_trunk_is_answered_by_an_agent_for_trunks_only(world: ApiWorld) -> None:
    async with world.client() as client:
        trunk = await made(client, phone_numbers=[{"phone_number": "918000000002"}])
        number_id = trunk["phone_numbers"][0]["id"]
        other, fitting = await create(client), await create(client, telephony_provider="sip-trunk")

        refused = await client.post("/inbound/setup", json={"agent_id": other, "phone_number_id": number_id})
        assert (refused.status_code, refused.json()["field"]) == (400, "agent_id")

        done = await client.post("/inbound/setup", json={"agent_id": fitting, "phone_number_id": number_id})
        assert done.json()["message"] == "SIP trunk number successfully mapped to agent"
        assert (await client.get(f"{TRUNKS}/{trunk['id']}/numbers")).json()[0]["agent_id"] == fitting
        assert (await client.get(f"/v2/agent/{fitting}")).json()["inbound_phone_number"] == "918000000002"
        assert (await client.get(f"/v2/agent/{other}")).json()["inbound_phone_number"] is None

        assert (await client.delete(f"/v2/agent/{fitting}")).status_code == 200
        assert (await client.get("/phone-numbers/all")).json()[0]["agent_id"] is None, "a number outlives its agent"


async def call(client: httpx.AsyncClient, agent_id: str, **more: Any) -> httpx.Response:
    return await client.post("/call", json={"agent_id": agent_id, "recipient_phone_number": "+15550199887", **more})


@pytest.mark.proves("agent.telephony_provider")
async def test_a_call_is_made_from_a_number_of_an_active_trunk(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client, telephony_provider="sip-trunk")
        none = await call(client, agent_id)
        assert (none.status_code, none.json()["field"]) == (400, "recipient_phone_number")
        trunk = await made(client, phone_numbers=[{"phone_number": "918000000002"}, {"phone_number": "918000000003"}])
        (mapped,) = [each["id"] for each in trunk["phone_numbers"] if each["phone_number"] == "918000000003"]
        await client.post("/inbound/setup", json={"agent_id": agent_id, "phone_number_id": mapped})

        for given, used in ((None, "918000000003"), ("+918000000002", "918000000002")):
            answer = await call(client, agent_id, from_phone_number=given)
            assert answer.status_code == 200, answer.text
            shown = (await client.get(f"/executions/{answer.json()['execution_id']}")).json()
            assert (shown["agent_number"], shown["provider"]) == (used, "sip-trunk")

        foreign = await call(client, agent_id, from_phone_number="+15550100999")
        assert (foreign.status_code, foreign.json()["field"]) == (400, "from_phone_number")
        await client.patch(f"{TRUNKS}/{trunk['id']}", json={"is_active": False})
        assert (await call(client, agent_id)).status_code == 400


async def test_a_call_is_made_from_a_number_of_the_account(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        to = {"agent_id": agent_id, "recipient_phone_number": "loopback:demo"}
        refused = await client.post("/call", json={**to, "from_phone_number": "+15550100999"})
        assert (refused.status_code, refused.json()["field"]) == (400, "from_phone_number")
        assert "must be a number of the account" in refused.json()["message"]
        await client.put("/v1/callwright/extensions/15550100999", json={"agent_id": agent_id})
        assert (await client.post("/call", json={**to, "from_phone_number": "+15550100999"})).status_code == 200


@pytest.mark.long
async def test_there_are_so_many_trunks_and_numbers_and_no_more(world: ApiWorld) -> None:
    async with world.client() as client:
        numbers = [{"phone_number": str(1_000_000 + number)} for number in range(MAX_TRUNK_NUMBERS)]
        full = await made(client, phone_numbers=numbers)
        assert (await client.post(f"{TRUNKS}/{full['id']}/numbers", json={"phone_number": "4711"})).status_code == 409
        for number in range(1, MAX_TRUNKS):
            await made(client, name=f"trunk {number}")
        assert (await client.post(TRUNKS, json={**TRUNK, "name": "one more"})).status_code == 409


async def test_a_trunk_nobody_has_is_missing(world: ApiWorld) -> None:
    async with world.client() as client:
        for trunk_id in (NOBODY, "main"):
            for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/numbers"), ("POST", "/numbers")):
                body = {"phone_number": "4711"} if method == "POST" else {}
                answer = await client.request(method, f"{TRUNKS}/{trunk_id}{path}", json=body)
                assert answer.status_code == 404, (method, path)
