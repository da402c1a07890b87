"""Numbers over the API: listed, answered by agents, removed; searched and rented where a carrier does that; and files of contacts."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.api_world import PUBLIC_URL, ApiWorld, create

from callwright.domain.limits import MAX_CONTACT_FILE_BYTES, MAX_CONTACT_FILES
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID

NOBODY = "00000000-0000-4000-8000-00000000dead"
FILES = "/v1/callwright/contact-files"
CSV = {"Content-Type": "text/csv"}


async def extension(client: httpx.AsyncClient, name: str = "desk") -> tuple[str, str]:
    """An agent with an extension: the agent's id and the number's."""
    agent_id = await create(client)
    await client.put(f"/v1/callwright/extensions/{name}", json={"agent_id": agent_id})
    (number,) = [each for each in (await client.get("/phone-numbers/all")).json() if each["phone_number"] == name]
    return agent_id, number["id"]


async def test_an_extension_is_a_number_of_the_account(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id, number_id = await extension(client)
        (number,) = (await client.get("/phone-numbers/all")).json()
    assert (number["id"], number["phone_number"], number["agent_id"]) == (number_id, "desk", agent_id)
    assert (number["telephony_provider"], number["rented"], number["price"]) == ("sip", False, None)
    assert number["humanized_created_at"].endswith(("ago", "now"))


async def test_another_agent_answers_and_then_nobody(world: ApiWorld) -> None:
    async with world.client() as client:
        first, number_id = await extension(client)
        second = await create(client)

        answer = await client.post("/inbound/setup", json={"agent_id": second, "phone_number_id": number_id})

        assert answer.status_code == 200, answer.text
        url = f"{PUBLIC_URL}/inbound_call?agent_id={second}&user_id={DEFAULT_TENANT_ID}"
        assert (answer.json()["url"], answer.json()["phone_number"], answer.json()["id"]) == (url, "desk", number_id)
        assert (await client.get("/v1/callwright/extensions/desk")).json()["agent_id"] == second
        answers = {one["id"]: one["inbound_phone_number"] for one in (await client.get("/v2/agent/all")).json()}
        assert answers == {first: None, second: "desk"}

        answer = await client.post("/inbound/unlink", json={"phone_number_id": number_id, "agent_id": second})

        assert answer.status_code == 200, answer.text
        assert (answer.json()["url"], answer.json()["phone_number"], answer.json()["id"]) == (None, "desk", number_id)
        links = (await client.get("/v1/callwright/audit", params={"object_id": number_id})).json()["data"]
        assert [row["after"] for row in links if row["action"] == "phone_number.linked"] == [
            {"phone_number": "desk", "agent_id": None},
            {"phone_number": "desk", "agent_id": second},
        ]
        assert (await client.get("/v1/callwright/extensions/desk")).json()["agent_id"] is None
        assert (await client.put("/v1/callwright/extensions/desk", json={"agent_id": second})).status_code == 200


def menu_to(agent_id: str) -> dict[str, Any]:
    options = [{"digit": "1", "label": "Sales", "agent_id": agent_id}]
    return {"enabled": True, "steps": [{"step_id": "a", "type": "menu", "prompt": "Press 1.", "options": options}]}


async def test_a_menu_is_kept_and_the_answer_says_that_nothing_acts_on_it(world: ApiWorld) -> None:
    menu = {"enabled": True, "steps": [{"step_id": "a", "type": "collect", "prompt": "Number?"}]}
    async with world.client() as client:
        agent_id, number_id = await extension(client)
        body = {"agent_id": agent_id, "phone_number_id": number_id, "ivr_config": menu}

        again = (await client.post("/inbound/setup", json=body)).json()

        assert again["message"] == "Phone number is already mapped to the given agent. IVR config updated."
        assert "not acted on" in again["warning"]
        (number,) = (await client.get("/phone-numbers/all")).json()
        assert number["ivr_config"]["steps"] == menu["steps"]
        off = {**body, "ivr_config": {"enabled": False}}
        without = await client.post("/inbound/setup", json=off)
        assert (without.status_code, without.json().get("warning")) == (200, None)
    async with world.client(strict=True) as client:
        refused = await client.post("/inbound/setup", json=body)
        assert (refused.status_code, refused.json()["field"]) == (400, "ivr_config")


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"agent_id": None}, 400, "agent_id"),
        ({"phone_number_id": " "}, 400, "phone_number_id"),
        ({"phone_number_id": 7}, 400, "phone_number_id"),
        ({"agent_id": NOBODY}, 404, None),
        ({"phone_number_id": NOBODY}, 404, None),
        ({"phone_number_id": "desk"}, 404, None),
        ({"allow_multiple": "perhaps"}, 400, "allow_multiple"),
        ({"ivr_config": {"enabled": True}}, 400, "ivr_config.steps"),
        ({"ivr_config": []}, 400, "ivr_config"),
        ({"ivr_config": {"default_agent_id": NOBODY}}, 404, "ivr_config.default_agent_id"),
        ({"ivr_config": menu_to(NOBODY)}, 404, "ivr_config.steps[0].options[0].agent_id"),
        ({"ivr_config": menu_to("sales")}, 404, "ivr_config.steps[0].options[0].agent_id"),
    ],
)
async def test_a_wrong_setup_changes_nothing(world: ApiWorld, changes: dict[str, Any], status: int, field: str) -> None:
    async with world.client() as client:
        _, number_id = await extension(client)
        before = (await client.get("/phone-numbers/all")).json()
        body = {"agent_id": await create(client), "phone_number_id": number_id, **changes}

        answer = await client.post("/inbound/setup", json=body)

        assert (answer.status_code, answer.json().get("field")) == (status, field), answer.text
        assert (await client.get("/phone-numbers/all")).json()[0]["agent_id"] == before[0]["agent_id"]
        if "phone_number_id" in changes:
            answer = await client.post("/inbound/unlink", json={"phone_number_id": changes["phone_number_id"]})
            assert answer.status_code == status


async def test_a_number_is_removed(world: ApiWorld) -> None:
    async with world.client() as client:
        _, number_id = await extension(client)

        answer = await client.delete(f"/phone-numbers/{number_id}")

        assert answer.json() == {"message": "The phone number has been removed from your account", "state": "deleted"}
        assert (await client.get("/phone-numbers/all")).json() == []
        assert (await client.get("/v1/callwright/extensions")).json() == []
        assert (await client.delete(f"/phone-numbers/{number_id}")).status_code == 404


async def test_without_a_market_nothing_is_rented(world: ApiWorld) -> None:
    async with world.client() as client:
        for answer in (
            await client.get("/phone-numbers/search", params={"country": "US", "provider": "acme"}),
            await client.post("/phone-numbers/buy", json={"country": "US", "phone_number": "+15550100123"}),
        ):
            assert answer.status_code == 400
            assert answer.json()["message"].startswith("no carrier with a number market is configured here")
        assert (await client.get("/phone-numbers/all")).json() == []


async def test_a_file_of_contacts_is_put_replaced_and_deleted(world: ApiWorld) -> None:
    async with world.client() as client:
        first = await client.put(f"{FILES}/customers.csv", content="contact_number,name\n+1,A\n+2,B\n", headers=CSV)
        assert first.status_code == 201, first.text
        assert (first.json()["contacts"], first.json()["columns"]) == (2, ["contact_number", "name"])

        second = await client.put(f"{FILES}/customers.csv", content="contact_number\n+1\n", headers=CSV)

        assert (second.status_code, second.json()["contacts"]) == (200, 1)
        assert (
            (await client.get(FILES)).json() == [second.json()] == [(await client.get(f"{FILES}/customers.csv")).json()]
        )
        assert (await client.delete(f"{FILES}/customers.csv")).json()["state"] == "deleted"
        assert (await client.get(f"{FILES}/customers.csv")).status_code == 404
        assert (await client.delete(f"{FILES}/customers.csv")).status_code == 404


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"name\nAnn\n", 400),
        (b"contact_number\n\xff\n", 400),
        (b"contact_number\na\x00b\n", 400),
        (b"x" * (MAX_CONTACT_FILE_BYTES + 1), 413),
    ],
    ids=["empty", "no number", "not utf-8", "nul", "too large"],
)
async def test_what_is_no_file_of_contacts_is_refused(world: ApiWorld, content: bytes, status: int) -> None:
    async with world.client() as client:
        assert (await client.put(f"{FILES}/x", content=content)).status_code == status
        assert (await client.get(FILES)).json() == []


async def test_there_are_so_many_files_and_no_more(world: ApiWorld) -> None:
    async with world.client() as client:
        for number in range(MAX_CONTACT_FILES):
            assert (await client.put(f"{FILES}/{number}", content="contact_number\n")).status_code == 201
        assert (await client.put(f"{FILES}/more", content="contact_number\n")).status_code == 409
        assert (await client.put(f"{FILES}/0", content="contact_number\n")).status_code == 200
