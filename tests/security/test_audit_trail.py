"""Every change leaves a row that tells who did what, in the unit of the change, and never a secret."""

from __future__ import annotations

import json
from typing import Any

from tests.api_world import AGENT, ApiWorld, create, place
from tests.database import fetch

CANARY = "canary-51c2"


async def trail(world: ApiWorld) -> list[tuple[str, str, Any, Any]]:
    """Action, object, before and after of every row that did not come from the preparation of the test."""
    rows = await fetch(world.dsn, "select action, object_id, before, after from audit where actor <> 'cli' order by id")
    return [
        (row["action"], row["object_id"], *(value and json.loads(value) for value in (row["before"], row["after"])))
        for row in rows
    ]


async def test_every_change_of_an_agent_is_in_the_trail(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        named = {**AGENT, "agent_config": {**AGENT["agent_config"], "agent_name": "Other"}}
        await client.put(f"/v2/agent/{agent_id}", json=named)
        await client.put(f"/v2/agent/{agent_id}", json=named)
        await client.patch(f"/v2/agent/{agent_id}", json={"agent_config": {"agent_welcome_message": "Hi."}})
        await client.post(f"/v2/agent/{agent_id}/stop")
        execution_id = await place(client, agent_id)
        await client.post(f"/v2/agent/{agent_id}/stop")
        await client.delete(f"/v2/agent/{agent_id}")
    entries = await trail(world)
    assert [(action, what) for action, what, _, _ in entries] == [
        ("agent.created", agent_id),
        ("agent.changed", agent_id),
        ("agent.changed", agent_id),
        ("execution.placed", execution_id),
        ("agent.stopped", agent_id),
        ("agent.deleted", agent_id),
    ]
    assert entries[1][2:] == ({"agent_name": "Clinic reminder"}, {"agent_name": "Other"})
    assert entries[2][3] == {"agent_welcome_message": "Hi."}
    assert entries[5][2] == {"agent_name": "Other", "executions": 1}


async def test_other_changes_are_in_the_trail_too(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        for number in (1, 2):
            execution_id = await place(client, agent_id, scheduled_at="2027-01-01T00:00:00Z" if number == 2 else None)
        await client.post(f"/call/{execution_id}/stop")
        other = await create(client)
        for answering in (agent_id, other, other):
            await client.put("/v1/callwright/extensions/desk", json={"agent_id": answering})
        await client.delete("/v1/callwright/extensions/desk")
        for note in ("asked", "asked", "asked twice", None):
            await client.post("/v1/callwright/suppressions", json={"number": "+15550177", "note": note})
        assert (await client.get("/v1/callwright/suppressions/+15550177")).json()["note"] == "asked twice"
        await client.delete("/v1/callwright/suppressions/+15550177")
        for contacts in ("contact_number\n+15550101\n", "contact_number,name\n+15550101,Ada\n"):
            await client.put("/v1/callwright/contact-files/crm", content=contacts)
        await client.delete("/v1/callwright/contact-files/crm")
        for value in ("sk-first-1111", "sk-second-2222"):
            await client.post("/providers", json={"provider_name": "OPENAI", "provider_value": value})
        await client.delete("/providers/OPENAI")
    rows = await trail(world)
    told = {action: (before, after) for action, _, before, after in rows}
    assert told["execution.stopped"] == ({"status": "scheduled"}, {"status": "stopped"})
    assert told["extension.deleted"] == ({"agent_id": other}, None)
    assert told["suppression.changed"] == ({"note": "asked"}, {"note": "asked twice"})
    was, now = told["contact_file.replaced"]
    assert (was["columns"], now["columns"]) == (["contact_number"], ["contact_number", "name"])
    assert told["contact_file.deleted"][0]["columns"] == ["contact_number", "name"]
    was, now = told["provider_key.replaced"]
    assert (was["ends_with"], now["ends_with"]) == ("11", "22")
    assert was["name"] == now["name"] == "OPENAI", "which of the keys it was"
    assert [action for action, *_ in rows] == [
        "agent.created",
        "execution.placed",
        "execution.placed",
        "execution.stopped",
        "agent.created",
        "extension.created",
        "extension.changed",
        "extension.deleted",
        "suppression.created",
        "suppression.changed",
        "suppression.deleted",
        "contact_file.created",
        "contact_file.replaced",
        "contact_file.deleted",
        "provider_key.created",
        "provider_key.replaced",
        "provider_key.deleted",
    ]


async def test_a_note_of_a_number_is_the_same_under_every_spelling_and_none_is_lost_from_the_trail(
    world: ApiWorld,
) -> None:
    listed, plain, spelt = "/v1/callwright/suppressions", "+15550100123", "sip:+15550100123@trunk.example"
    async with world.client() as client:

        async def note(number: str, text: str) -> int:
            return (await client.post(listed, json={"number": number, "note": text})).status_code

        async def notes() -> set[str]:
            return {(await client.get(f"{listed}/{number}")).json()["note"] for number in (plain, spelt)}

        assert await note(plain, "asked by mail") == 201
        for number, text in ((spelt, "A"), (spelt, "B"), (plain, "C")):
            assert await note(number, text) == 200, "it is on the list, however it is spelt"
            assert await notes() == {text}
        assert (await client.delete(f"{listed}/{spelt}")).status_code == 200
        # Listed by the address, it has a row of each name.
        assert await note(spelt, "D") == 201
        assert await note(plain, "E") == 200
        assert await notes() == {"E"}
        assert (await client.delete(f"{listed}/{plain}")).status_code == 200
        assert (await client.get(listed)).json()["total"] == 0
    assert [
        (action.partition(".")[2], what, was and was["note"], now and now["note"])
        for action, what, was, now in await trail(world)
    ] == [
        ("created", plain, None, "asked by mail"),
        ("changed", plain, "asked by mail", "A"),
        ("changed", plain, "A", "B"),
        ("changed", plain, "B", "C"),
        ("deleted", plain, "C", None),
        ("created", spelt, None, "D"),
        ("changed", plain, "D", "E"),
        ("changed", spelt, "D", "E"),
        ("deleted", plain, "E", None),
        ("deleted", spelt, "E", None),
    ]


async def test_what_was_refused_leaves_no_row(world: ApiWorld) -> None:
    async with world.client() as client:
        await client.post("/v2/agent", json={"agent_config": {}})
        await client.post("/call", json={"agent_id": "nobody", "recipient_phone_number": "loopback:demo"})
        await client.delete("/v1/callwright/extensions/desk")
    assert await trail(world) == []


async def test_the_trail_holds_no_secret_of_an_agent(world: ApiWorld) -> None:
    async with world.client() as client:
        await create(
            client,
            webhook_headers={"X-Mine": CANARY},
            webhook_url=f"https://user:{CANARY}@hooks.example.org/?token={CANARY}",
            custom={"api_key": CANARY, "note": f"Bearer {CANARY}"},
        )
    (row,) = await fetch(world.dsn, "select audit::text from audit where actor <> 'cli'")
    assert CANARY not in row[0]
