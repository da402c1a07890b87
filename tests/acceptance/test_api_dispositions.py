"""Dispositions over the API: made, read, changed for one agent or for all, shared and deleted."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.api_world import ApiWorld, create
from tests.database import fetch

from callwright.domain.limits import MAX_DISPOSITION_AGENTS

NOBODY = "00000000-0000-4000-8000-00000000dead"
OPTIONS = [{"value": "yes", "condition": "They agreed"}, {"value": "no", "condition": "They refused"}]
OURS = "/v1/callwright/dispositions"


def asked(name: str = "Confirmed", **more: Any) -> dict[str, Any]:
    return {"name": name, "question": "Did they confirm?", "is_objective": True, "objective_options": OPTIONS, **more}


async def make(client: httpx.AsyncClient, agent_id: str, name: str = "Confirmed", **more: Any) -> str:
    answer = await client.post("/dispositions/", json=asked(name, agent_id=agent_id, **more))
    assert (answer.status_code, answer.json()["message"]) == (201, "Disposition created successfully"), answer.text
    return str(answer.json()["id"])


async def names(client: httpx.AsyncClient, agent_id: str = "") -> list[str]:
    answer = await client.get("/dispositions/", params={"agent_id": agent_id} if agent_id else {})
    assert answer.status_code == 200
    return [one["name"] for one in answer.json()]


async def test_a_disposition_is_read_with_every_key_and_put_back_unchanged(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        made = await make(client, agent_id, colour={"of": "the caller's choice"})
        read = (await client.get(f"/dispositions/{made}")).json()
        changed = await client.put(f"/dispositions/{made}", json=read)
        again = (await client.get(f"/dispositions/{made}", params={"agent_id": agent_id})).json()
    assert (changed.status_code, changed.json()) == (200, {"message": "Disposition updated successfully", "id": made})
    assert read.pop("updated_at") <= again.pop("updated_at")
    assert read == again
    assert {key: read[key] for key in ("category", "model", "subjective_type", "is_subjective", "system_prompt")} == {
        "category": "General",
        "model": "gpt-4.1-mini",
        "subjective_type": "text",
        "is_subjective": False,
        "system_prompt": None,
    }
    assert read["colour"] == {"of": "the caller's choice"}
    assert (read["agent_ids"], read["objective_options"]) == ([agent_id], OPTIONS)


async def test_it_is_asked_of_the_agents_that_are_named_or_of_none(world: ApiWorld) -> None:
    async with world.client() as client:
        first, second = await create(client), await create(client)
        for more, linked in (
            ({}, []),
            ({"agent_id": None, "agent_ids": None}, []),
            ({"agent_id": "", "agent_ids": []}, []),
            ({"agent_ids": [second, first]}, [second, first]),
            ({"agent_id": first, "agent_ids": [second, first]}, [first, second]),
        ):
            answer = await client.post("/dispositions/", json=asked(**more))
            assert answer.status_code == 201, answer.text
            read = (await client.get(f"/dispositions/{answer.json()['id']}")).json()
            assert read["agent_ids"] == linked
            assert (await client.put(f"/dispositions/{read['id']}", json=read)).status_code == 200


async def test_strict_it_is_asked_of_one_agent(world: ApiWorld) -> None:
    async with world.client(strict=True) as client:
        agent_id, other = await create(client), await create(client)
        refused = await client.post("/dispositions/", json=asked(agent_ids=[agent_id]))
        assert (refused.status_code, refused.json()["field"]) == (422, "agent_id")
        made = await make(client, agent_id, agent_ids=[other])
        assert (await client.get(f"/dispositions/{made}")).json()["agent_ids"] == [agent_id]


async def test_several_are_made_together_in_their_order_or_not_at_all(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        listed = [asked(f"Question {number}") for number in range(4)]
        made = await client.post("/dispositions/bulk", json={"agent_id": agent_id, "dispositions": listed})
        refused = await client.post(
            "/dispositions/bulk", json={"agent_id": agent_id, "dispositions": [asked("Good"), {"name": "Bad"}]}
        )
        read = [(await client.get(f"/dispositions/{one}")).json()["name"] for one in made.json()["ids"]]
        assert (made.status_code, made.json()["message"]) == (201, "Dispositions created successfully")
        assert read == await names(client, agent_id) == [f"Question {number}" for number in range(4)]
    assert (refused.status_code, refused.json()["field"]) == (422, "dispositions[1].question")


async def test_a_shared_one_is_copied_once_under_a_key(world: ApiWorld) -> None:
    async with world.client() as client:
        first, second = await create(client), await create(client)
        shared = await make(client, first)
        await client.put(f"{OURS}/{shared}/agents/{second}")
        change = {"agent_id": second, "name": "Only theirs"}
        key = {"Idempotency-Key": "copy once"}
        answers = [await client.put(f"/dispositions/{shared}", json=change, headers=key) for _ in range(2)]
        assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
        assert await names(client, second) == ["Only theirs"]
        other = await client.put(f"/dispositions/{shared}", json={**change, "name": "Another"}, headers=key)
        assert (other.status_code, other.json()["code"]) == (409, "conflict")


async def test_a_shared_one_changed_for_an_agent_is_copied_for_it_in_its_place(world: ApiWorld) -> None:
    async with world.client() as client:
        first, second = await create(client), await create(client)
        shared = await make(client, first)
        await client.put(f"{OURS}/{shared}/agents/{second}")
        await make(client, second, "Later")
        answer = await client.put(f"/dispositions/{shared}", json={"agent_id": second, "name": "Only theirs"})
        copy = answer.json()["id"]
        assert (answer.status_code, answer.json()["message"]) == (201, "Disposition copy created and linked to agent")
        assert copy != shared
        assert await names(client, first) == ["Confirmed"]
        assert await names(client, second) == ["Only theirs", "Later"]
        assert (await client.get(f"/dispositions/{copy}")).json()["agent_ids"] == [second]
        assert (await client.get(f"/dispositions/{shared}")).json()["agent_ids"] == [first]
        assert (await client.get(f"/dispositions/{shared}", params={"agent_id": second})).status_code == 404
        again = await client.put(f"/dispositions/{copy}", json={"agent_id": second, "name": "Changed in place"})
        assert (again.status_code, again.json()["id"]) == (200, copy)


async def test_changed_without_an_agent_it_changes_for_all(world: ApiWorld) -> None:
    async with world.client() as client:
        first, second = await create(client), await create(client)
        shared = await make(client, first)
        await client.put(f"{OURS}/{shared}/agents/{second}")
        assert (await client.put(f"/dispositions/{shared}", json={"name": "For all"})).status_code == 200
        assert await names(client, first) == await names(client, second) == ["For all"]


async def test_what_belongs_to_another_agent_alone_is_copied_and_what_belongs_to_none_is_linked(
    world: ApiWorld,
) -> None:
    async with world.client() as client:
        first, second = await create(client), await create(client)
        theirs = await make(client, first)
        assert (
            await client.put(f"/dispositions/{theirs}", json={"agent_id": second, "name": "Mine"})
        ).status_code == 201
        await client.delete(f"{OURS}/{theirs}/agents/{first}")
        assert (
            await client.put(f"/dispositions/{theirs}", json={"agent_id": first, "name": "Back"})
        ).status_code == 200
        assert (await names(client, first), await names(client, second)) == (["Back"], ["Mine"])


async def test_sharing_ends_and_deleting_ends_it_for_all(world: ApiWorld) -> None:
    async with world.client() as client:
        first, second = await create(client), await create(client)
        shared = await make(client, first)
        linked = await client.put(f"{OURS}/{shared}/agents/{second}")
        assert linked.json()["agent_ids"] == [first, second]
        assert (await client.put(f"{OURS}/{shared}/agents/{second}")).json()["agent_ids"] == [first, second]
        assert (await client.delete(f"{OURS}/{shared}/agents/{second}")).status_code == 200
        assert (await client.delete(f"{OURS}/{shared}/agents/{second}")).status_code == 404
        assert await names(client, second) == []
        gone = await client.delete(f"/dispositions/{shared}")
        assert gone.json() == {"message": "Disposition deleted successfully", "id": shared}
        assert (await client.delete(f"/dispositions/{shared}")).status_code == 404
        assert await names(client) == []


async def test_it_outlives_its_agent(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        made = await make(client, agent_id)
        assert (await client.delete(f"/v2/agent/{agent_id}")).status_code == 200
        assert (await client.get(f"/dispositions/{made}")).json()["agent_ids"] == []


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (asked(agent_id=7), 422, "agent_id"),
        (asked(agent_ids="x"), 422, "agent_ids"),
        (asked(agent_ids=[NOBODY, " "]), 422, "agent_ids[1]"),
        (asked(agent_ids=[NOBODY] * (MAX_DISPOSITION_AGENTS + 1)), 422, "agent_ids"),
        (asked(agent_ids=[NOBODY] * MAX_DISPOSITION_AGENTS), 403, "agent_ids[0]"),
        (asked(agent_id=NOBODY), 403, "agent_id"),
        (asked(agent_id="nobody"), 403, "agent_id"),
        (asked(is_objective=False), 422, "is_subjective"),
        (asked(objective_options=[]), 422, "objective_options"),
    ],
)
async def test_a_wrong_body_is_refused_by_name(world: ApiWorld, body: dict[str, Any], status: int, field: str) -> None:
    async with world.client() as client:
        await create(client)
        answer = await client.post("/dispositions/", json=body)
        assert (answer.status_code, answer.json()["field"]) == (status, field)
        assert answer.json()["error"] == status
        assert await names(client) == []


@pytest.mark.parametrize("listed", [None, [], {}, [7], [asked()] * 51])
async def test_a_wrong_list_is_refused(world: ApiWorld, listed: Any) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        answer = await client.post("/dispositions/bulk", json={"agent_id": agent_id, "dispositions": listed})
        assert answer.status_code == 422
        assert answer.json()["field"].startswith("dispositions")


async def test_an_agent_has_room_for_fifty(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id, other = await create(client), await create(client)
        listed = [asked(f"Question {number}") for number in range(50)]
        full = {"agent_id": agent_id, "dispositions": listed}
        assert (await client.post("/dispositions/bulk", json=full)).status_code == 201
        refused = await client.post("/dispositions/", json=asked(agent_id=agent_id))
        theirs = await make(client, other)
        assert (await client.put(f"{OURS}/{theirs}/agents/{agent_id}")).status_code == 422
    assert (refused.status_code, refused.json()["field"]) == (422, "agent_id")


async def test_a_change_that_cannot_be_is_refused_and_changes_nothing(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        made = await make(client, agent_id)
        before = (await client.get(f"/dispositions/{made}")).json()
        for body, status in (
            ({}, 400),
            ({"agent_id": agent_id}, 400),
            ({"is_objective": False}, 422),
            ({"name": None}, 422),
            ({"name": "x", "agent_id": NOBODY}, 403),
            ({"name": "x", "agent_id": ""}, 422),
        ):
            assert (await client.put(f"/dispositions/{made}", json=body)).status_code == status, body
        assert (await client.put(f"/dispositions/{NOBODY}", json={"name": "x"})).status_code == 404
        assert (await client.get(f"/dispositions/{made}")).json() == before
        assert (await client.get("/dispositions/", params={"agent_id": NOBODY})).status_code == 403


async def test_every_change_is_in_the_audit_trail(world: ApiWorld) -> None:
    async with world.client() as client:
        first, second = await create(client), await create(client)
        made = await make(client, first)
        await client.put(f"{OURS}/{made}/agents/{second}")
        await client.put(f"/dispositions/{made}", json={"agent_id": second, "name": "Copy"})
        await client.put(f"/dispositions/{made}", json={"name": "Changed"})
        await client.delete(f"{OURS}/{made}/agents/{first}")
        await client.delete(f"/dispositions/{made}")
    rows = await fetch(world.dsn, "select action from audit where object_type = 'disposition' order by id")
    assert [row["action"].partition(".")[2] for row in rows] == [
        "created", "linked", "copied", "changed", "unlinked", "deleted",
    ]  # fmt: skip


async def test_an_agent_says_what_is_asked_after_its_calls(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id, other = await create(client), await create(client)
        made = await make(client, agent_id)
        later = await make(client, agent_id, "Mood", category="Feelings")
        read = (await client.get(f"/v2/agent/{agent_id}")).json()
        assert read["dispositions"] == [
            {"id": made, "name": "Confirmed", "category": "General"},
            {"id": later, "name": "Mood", "category": "Feelings"},
        ]
        assert (await client.put(f"/v2/agent/{agent_id}", json=read)).status_code == 200
        await client.delete(f"/dispositions/{made}")
        listed = {one["id"]: one["dispositions"] for one in (await client.get("/v2/agent/all")).json()}
        assert listed == {agent_id: [{"id": later, "name": "Mood", "category": "Feelings"}], other: None}
