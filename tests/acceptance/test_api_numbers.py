"""Numbers over the API: listed, answered by agents, removed; searched and rented where a carrier does that; and files of contacts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from tests.api_world import PUBLIC_URL, ApiWorld, create

from callwright.api.app import build_app
from callwright.domain.limits import MAX_CONTACT_FILE_BYTES, MAX_CONTACT_FILES
from callwright.domain.tenant import DEFAULT_TENANT_ID
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.market import OfferedNumber, RentedNumber

NOBODY = "00000000-0000-4000-8000-00000000dead"
FILES = "/v1/callwright/contact-files"
CSV = {"Content-Type": "text/csv"}


async def extension(client: httpx.AsyncClient, name: str = "desk") -> tuple[str, str]:
    """An agent with an extension: the agent's id and the number's."""
    agent_id = await create(client)
    await client.put(f"/v1/callwright/extensions/{name}", json={"agent_id": agent_id})
    (number,) = [each for each in (await client.get("/phone-numbers/all")).json() if each["phone_number"] == name]
    return agent_id, number["id"]


class Market:
    """A carrier that rents out numbers, as far as its list goes."""

    def __init__(self) -> None:
        self.given_back: list[str] = []

    async def search(self, country: str, pattern: str) -> list[OfferedNumber]:
        return [OfferedNumber(f"+1{pattern}5550123", "acme", 500, "(555) 0123", "CA", "Oakland")]

    async def rent(self, country: str, phone_number: str) -> RentedNumber:
        if not phone_number.startswith("+1"):
            raise ProviderError(FailureKind.BAD_REQUEST, "acme", "that number is taken")
        return RentedNumber(phone_number, 500, "PN1")

    async def give_back(self, sid: str) -> None:
        self.given_back.append(sid)


@asynccontextmanager
async def with_market(world: ApiWorld, market: Market) -> AsyncIterator[httpx.AsyncClient]:
    services = replace(world.services, actions=replace(world.services.actions, markets={"acme": market}))
    headers = {"Authorization": f"Bearer {world.key}"}
    transport = httpx.ASGITransport(build_app(services))
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL, headers=headers) as client:
        yield client


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
        assert (await client.get("/v1/callwright/extensions/desk")).json()["agent_id"] is None
        assert (await client.put("/v1/callwright/extensions/desk", json={"agent_id": second})).status_code == 200


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
        assert (await client.post("/inbound/setup", json=off)).status_code == 200
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


async def test_a_number_is_found_rented_and_given_back(world: ApiWorld) -> None:
    market = Market()
    async with with_market(world, market) as client:
        (found,) = (await client.get("/phone-numbers/search", params={"country": "us", "pattern": "415"})).json()
        assert (found["phone_number"], found["price"], found["provider"]) == ("+14155550123", 5, "acme")

        bought = (
            await client.post("/phone-numbers/buy", json={"country": "US", "phone_number": "+14155550123"})
        ).json()

        assert (bought["phone_number"], bought["price"], bought["telephony_sid"]) == ("+14155550123", 500, "PN1")
        again = {"Idempotency-Key": "rent-1"}
        wanted = {"country": "US", "phone_number": "+14155550124"}
        once = [(await client.post("/phone-numbers/buy", json=wanted, headers=again)).json() for _ in range(2)]
        assert once[0] == once[1]
        assert len((await client.get("/phone-numbers/all")).json()) == 2
        await client.delete(f"/phone-numbers/{once[0]['id']}")
        market.given_back.clear()
        (number,) = (await client.get("/phone-numbers/all")).json()
        assert (number["id"], number["rented"], number["price"]) == (bought["id"], True, "$5.0")
        assert (await client.delete(f"/phone-numbers/{bought['id']}")).status_code == 200
        assert market.given_back == ["PN1"]
        refused = await client.post("/phone-numbers/buy", json={"country": "IN", "phone_number": "+918000000002"})
        assert (refused.status_code, refused.json()["message"]) == (
            400,
            "the carrier acme refused: that number is taken",
        )


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "country"),
        ({"country": "FR"}, "country"),
        ({"country": "US", "pattern": "4151"}, "pattern"),
        ({"country": "US", "provider": "x"}, "provider"),
    ],
)
async def test_a_wrong_search_says_what_is_wrong(world: ApiWorld, query: dict[str, str], field: str) -> None:
    async with with_market(world, Market()) as client:
        answer = await client.get("/phone-numbers/search", params=query)
    assert (answer.status_code, answer.json()["field"]) == (400, field)


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
