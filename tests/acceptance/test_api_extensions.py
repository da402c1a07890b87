"""Extensions over the API: given, moved, read, deleted, and gone with their agent."""

from __future__ import annotations

from typing import Any

import pytest
from tests.api_world import ApiWorld, create
from tests.database import run_sql
from tests.rows import OTHER_TENANT_ID

EXTENSIONS = "/v1/callwright/extensions"
NOBODY = "00000000-0000-4000-8000-00000000dead"


async def test_an_extension_is_given_moved_and_deleted(world: ApiWorld) -> None:
    async with world.client() as client:
        first, second = await create(client), await create(client)
        assert (await client.put(f"{EXTENSIONS}/reception", json={"agent_id": first})).status_code == 201
        made = (await client.get(f"{EXTENSIONS}/reception")).json()
        assert (made["extension"], made["agent_id"]) == ("reception", first)
        moved = await client.put(f"{EXTENSIONS}/reception", json={"agent_id": second})
        assert (moved.status_code, moved.json()) == (200, {**made, "agent_id": second})
        await client.put(f"{EXTENSIONS}/100", json={"agent_id": first})
        assert [each["extension"] for each in (await client.get(EXTENSIONS)).json()] == ["100", "reception"]

        assert (await client.delete(f"{EXTENSIONS}/100")).json()["state"] == "deleted"

        assert (await client.get(f"{EXTENSIONS}/100")).status_code == 404
        assert (await client.delete(f"{EXTENSIONS}/100")).status_code == 404
        assert [each["extension"] for each in (await client.get(EXTENSIONS)).json()] == ["reception"]


async def test_an_extension_goes_with_its_agent(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        await client.put(f"{EXTENSIONS}/reception", json={"agent_id": agent_id})

        assert (await client.delete(f"/v2/agent/{agent_id}")).status_code == 200

        assert (await client.get(EXTENSIONS)).json() == []


async def test_the_number_of_another_organisation_is_no_extension(world: ApiWorld, dsn: str) -> None:
    await run_sql(
        dsn,
        f"insert into tenant (id, name, email, max_concurrency) values ('{OTHER_TENANT_ID}', '', '', 1)",
        "insert into number_owner (dialled, tenant_id, number, proved_at)"
        f" values ('15550100123', '{OTHER_TENANT_ID}', '+15550100123', now())",
    )
    async with world.client() as client:
        agent_id = await create(client)
        answer = await client.put(f"{EXTENSIONS}/15550100123", json={"agent_id": agent_id})
        assert answer.status_code == 409
        assert (await client.put(f"{EXTENSIONS}/15550100124", json={"agent_id": agent_id})).status_code == 201


@pytest.mark.parametrize(
    ("name", "body", "status", "field"),
    [
        ("Reception", None, 400, "extension"),
        ("x" * 33, None, 400, "extension"),
        ("a%00b", None, 404, None),
        ("911", None, 400, "extension"),
        ("desk", {}, 400, "agent_id"),
        ("desk", {"agent_id": 7}, 400, "agent_id"),
        ("desk", {"agent_id": NOBODY}, 404, None),
        ("desk", {"agent_id": "nobody"}, 404, None),
    ],
)
async def test_a_wrong_request_says_what_is_wrong(
    world: ApiWorld, name: str, body: dict[str, Any] | None, status: int, field: str | None
) -> None:
    async with world.client() as client:
        given = {"agent_id": await create(client)} if body is None else body
        answer = await client.put(f"{EXTENSIONS}/{name}", json=given)
        assert (answer.status_code, answer.json().get("field")) == (status, field), answer.text
        assert (await client.get(EXTENSIONS)).json() == []


@pytest.mark.parametrize("name", ["Reception", "x" * 33, "nobody"])
async def test_what_cannot_be_an_extension_is_missing(world: ApiWorld, name: str) -> None:
    async with world.client() as client:
        assert (await client.get(f"{EXTENSIONS}/{name}")).status_code == 404
        assert (await client.delete(f"{EXTENSIONS}/{name}")).status_code == 404


async def test_a_name_of_another_organisation_is_taken_and_stays_theirs(world: ApiWorld) -> None:
    async with world.client(world.other_key) as others:
        theirs = await create(others)
        await others.put(f"{EXTENSIONS}/desk", json={"agent_id": theirs})
    async with world.client() as client:
        ours = await create(client)

        taken = await client.put(f"{EXTENSIONS}/desk", json={"agent_id": ours})

        assert (taken.status_code, taken.json()["code"]) == (409, "conflict")
        assert "taken" in taken.json()["message"]
        assert (await client.get(f"{EXTENSIONS}/desk")).status_code == 404
        assert (await client.delete(f"{EXTENSIONS}/desk")).status_code == 404
    async with world.client(world.other_key) as others:
        assert (await others.get(f"{EXTENSIONS}/desk")).json()["agent_id"] == theirs
