"""Every route of the API description, asked by everybody who must not get an answer. A new route is in the matrix by existing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
from tests.api_world import AGENT, ApiWorld, create, place

from callwright.actions.keys import create_key
from callwright.api.app import build_app
from callwright.api.gate import OPEN_PATHS, OPEN_PREFIX
from callwright.domain.contacts import ContactFile, read_contacts
from callwright.domain.disposition import StoredDisposition
from callwright.domain.phone_number import CARRIER, PhoneNumber
from callwright.domain.tenant import DEFAULT_TENANT_ID

NOBODY = "00000000-0000-4000-8000-00000000dead"
#: What a route needs to be asked properly; routes without an entry are asked without a body.
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/v2/agent"): AGENT,
    ("POST", "/agent"): AGENT,
    ("PUT", "/agent/{agent_id}"): AGENT,
    ("PATCH", "/agent/{agent_id}"): {"agent_config": {"agent_name": "stolen"}},
    ("POST", "/v1/call/{run_id}/events"): {"event": "stolen"},
    ("PUT", "/v2/agent/{agent_id}"): AGENT,
    ("PUT", "/dispositions/{disposition_id}"): {"name": "stolen"},
    ("PATCH", "/v2/agent/{agent_id}"): {"agent_config": {"agent_name": "stolen"}},
    ("POST", "/v1/callwright/agents/{agent_id}/chats"): {},
    ("POST", "/v1/callwright/chats/{execution_id}/messages"): {"text": "Hello?"},
}
#: Routes that act on no object of a path: what another organisation does there happens in its own.
OWN = {
    ("POST", "/v2/agent"),
    ("GET", "/v2/agent/all"),
    ("POST", "/agent"),
    ("GET", "/agent/all"),
    ("POST", "/call"),
    ("GET", "/user/me"),
    ("GET", "/v1/callwright/extensions"),
    ("GET", "/v1/callwright/suppressions"),
    ("POST", "/v1/callwright/suppressions"),
    ("GET", "/dispositions"),
    ("POST", "/dispositions"),
    ("POST", "/dispositions/bulk"),
    ("GET", "/phone-numbers/all"),
    ("GET", "/phone-numbers/search"),
    ("POST", "/phone-numbers/buy"),
    ("POST", "/inbound/setup"),
    ("POST", "/inbound/unlink"),
    ("GET", "/v1/callwright/contact-files"),
}
#: Names of one's own choice: whoever puts one makes it their own.
OWN_NAMES = {("PUT", "/v1/callwright/contact-files/{name}")}
#: Of those, the ones that name an agent: somebody else's is refused there as one that never was, with this status.
NAMES_AGENT = {
    ("POST", "/call"): 404,
    ("POST", "/dispositions"): 403,
    ("POST", "/dispositions/bulk"): 403,
    ("POST", "/inbound/setup"): 404,
    ("POST", "/inbound/unlink"): 404,
}
#: A question after the calls of an agent.
DISPOSITION = {"name": "Mood", "question": "How was it?", "is_subjective": True}
DISPOSITION_ID = "00000000-0000-4000-8000-0000000d0001"
#: A number of ours and a file of contacts.
NUMBER_ID = "00000000-0000-4000-8000-0000000d0002"
FILE = "customers.csv"
#: The extension of our agent.
EXTENSION = "desk"
#: The number we do not call.
NUMBER = "+15550177"


def routes(world: ApiWorld) -> list[tuple[str, str]]:
    """Every method and path that needs a key."""
    described = build_app(world.services).openapi()["paths"]
    return [
        (method.upper(), path)
        for path, operations in described.items()
        for method in operations
        if path not in OPEN_PATHS and not path.startswith(OPEN_PREFIX)
    ]


async def ask(client: httpx.AsyncClient, method: str, path: str, agent_id: str, execution_id: str) -> httpx.Response:
    body = BODIES.get((method, path))
    if path == "/call":
        body = {"agent_id": agent_id, "recipient_phone_number": "loopback:demo"}
    if (method, path) == ("PUT", "/v1/callwright/extensions/{extension}"):
        body = {"agent_id": agent_id}
    if (method, path) == ("POST", "/v1/callwright/suppressions"):
        body = {"number": "loopback:other"}
    if (method, path) == ("POST", "/dispositions"):
        body = {"agent_id": agent_id, **DISPOSITION}
    if (method, path) == ("POST", "/dispositions/bulk"):
        body = {"agent_id": agent_id, "dispositions": [DISPOSITION]}
    number_id = NOBODY if agent_id == NOBODY else NUMBER_ID
    if path in ("/inbound/setup", "/inbound/unlink"):
        body = {"agent_id": agent_id, "phone_number_id": number_id}
    params = {"country": "US"} if path == "/phone-numbers/search" else None
    extension = "nobody" if agent_id == NOBODY else EXTENSION
    number = "loopback:nobody" if agent_id == NOBODY else NUMBER
    url = path.format(
        agent_id=agent_id,
        execution_id=execution_id,
        run_id=execution_id,
        extension=extension,
        number=number,
        phone_number_id=number_id,
        name="nobody" if agent_id == NOBODY else FILE,
        disposition_id=NOBODY if agent_id == NOBODY else DISPOSITION_ID,
    )
    return await client.request(method, url, json=body, params=params)


async def prepared(world: ApiWorld) -> tuple[str, str]:
    """An agent of ours and a call of it with a recording."""
    async with world.client() as client:
        agent_id = await create(client)
        execution_id = await place(client, agent_id)
        await client.put(f"/v1/callwright/extensions/{EXTENSION}", json={"agent_id": agent_id})
        await client.post("/v1/callwright/suppressions", json={"number": NUMBER})
    now = world.clock.now()
    disposition = StoredDisposition(
        DISPOSITION_ID, DEFAULT_TENANT_ID, DISPOSITION, "ours", now, now, agent_ids=(agent_id,)
    )
    async with world.ledger.unit() as unit:
        await unit.dispositions.insert(disposition)
        await unit.numbers.add(PhoneNumber(NUMBER_ID, DEFAULT_TENANT_ID, "+15550188", CARRIER, "acme", now, now))
        file = ContactFile(FILE, DEFAULT_TENANT_ID, ("contact_number",), 1, now, now)
        await unit.contact_files.put(file, read_contacts("contact_number\n+15550199\n"))
    for name in ("call.wav", "transfer.wav"):
        world.recordings.write(execution_id, name, b"RIFF")
    return agent_id, execution_id


async def everything(world: ApiWorld, agent_id: str, execution_id: str) -> list[Any]:
    """What our organisation has, to see that nothing of it was touched."""
    async with world.client() as client:
        return [
            (await client.get("/v2/agent/all")).json(),
            (await client.get(f"/v2/agent/{agent_id}/executions")).json(),
            (await client.get(f"/executions/{execution_id}")).json(),
            (await client.get("/v1/callwright/extensions")).json(),
            (await client.get("/v1/callwright/suppressions")).json(),
            (await client.get("/dispositions")).json(),
            [
                {**each, "humanized_created_at": "", "humanized_updated_at": ""}
                for each in (await client.get("/phone-numbers/all")).json()
            ],
            (await client.get("/v1/callwright/contact-files")).json(),
        ]


async def test_the_matrix_is_not_empty(world: ApiWorld) -> None:
    assert len(routes(world)) >= 16
    assert {route for route in routes(world) if "{" not in route[1]} == OWN


async def test_without_a_key_every_route_is_401(world: ApiWorld) -> None:
    agent_id, execution_id = await prepared(world)
    before = await everything(world, agent_id, execution_id)
    async with world.client(None) as client:
        for header in (
            None,
            "",
            "Bearer",
            "Bearer ",
            "Basic YTpi",
            world.key,
            f"Token {world.key}",
            "Bearer ключ",
        ):
            given = [] if header is None else [(b"Authorization", header.encode())]
            client.headers = httpx.Headers(given)
            for method, path in routes(world):
                answer = await ask(client, method, path, agent_id, execution_id)
                assert answer.status_code == 401, (header, method, path)
                assert answer.json()["error"] == 401
                assert answer.json()["message"] == answer.json()["detail"] == "Access denied"
                assert answer.headers["www-authenticate"] == "Bearer"
    assert await everything(world, agent_id, execution_id) == before


async def test_two_keys_in_one_request_are_none(world: ApiWorld) -> None:
    async with world.client(None) as client:
        headers = [("Authorization", f"Bearer {world.key}"), ("Authorization", f"Bearer {world.other_key}")]
        assert (await client.get("/user/me", headers=headers)).status_code == 401


async def test_with_a_wrong_or_revoked_key_every_route_is_the_same_403(world: ApiWorld) -> None:
    agent_id, execution_id = await prepared(world)
    before = await everything(world, agent_id, execution_id)
    answers: set[str] = set()
    for key in ("bn-" + "0" * 48, world.revoked_key, world.key[:-1], world.key.upper(), "x"):
        async with world.client(key) as client:
            for method, path in routes(world):
                answer = await ask(client, method, path, agent_id, execution_id)
                assert answer.status_code == 403, (key, method, path)
                body = answer.json()
                assert body.pop("request_id") == answer.headers["x-request-id"]
                answers.add(str(body))
                assert key not in answer.text or key == "x"
    assert len(answers) == 1
    assert "Unrecognized access token" in answers.pop()
    assert await everything(world, agent_id, execution_id) == before


async def test_a_foreign_object_and_a_missing_one_are_the_same_404(world: ApiWorld) -> None:
    agent_id, execution_id = await prepared(world)
    before = await everything(world, agent_id, execution_id)
    async with world.client(world.other_key) as client:
        for method, path in routes(world):
            if (method, path) in OWN_NAMES or ((method, path) in OWN and (method, path) not in NAMES_AGENT):
                continue
            foreign = await ask(client, method, path, agent_id, execution_id)
            missing = await ask(client, method, path, NOBODY, NOBODY)
            expected = NAMES_AGENT.get((method, path), 404)
            assert foreign.status_code == missing.status_code == expected, (method, path)
            assert _without_id(foreign) == _without_id(missing)
    assert await everything(world, agent_id, execution_id) == before


def _without_id(answer: httpx.Response) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    body.pop("request_id")
    return body


async def test_lists_show_only_what_is_ones_own(world: ApiWorld) -> None:
    agent_id, _ = await prepared(world)
    async with world.client(world.other_key) as client:
        assert (await client.get("/v2/agent/all")).json() == []
        own = await create(client)
        assert [agent["id"] for agent in (await client.get("/v2/agent/all")).json()] == [own]
    async with world.client() as client:
        assert [agent["id"] for agent in (await client.get("/v2/agent/all")).json()] == [agent_id]


async def test_a_reading_key_reads_and_does_nothing_else(world: ApiWorld) -> None:
    agent_id, execution_id = await prepared(world)
    before = await everything(world, agent_id, execution_id)
    async with world.client(world.read_key) as client:
        for method, path in routes(world):
            answer = await ask(client, method, path, agent_id, execution_id)
            if path == "/phone-numbers/search":
                assert "number market" in answer.json()["message"], "no carrier is there to be asked"
            elif method == "GET":
                assert answer.status_code in (200, 302), (method, path)
            else:
                assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed"), (method, path)
    assert await everything(world, agent_id, execution_id) == before


async def test_an_expired_key_is_as_unknown_as_any(world: ApiWorld) -> None:

    soon = world.clock.now() + timedelta(minutes=5)
    made = await create_key(world.services.actions, DEFAULT_TENANT_ID, "for a while", expires_at=soon)
    async with world.client(made.secret) as client:
        assert (await client.get("/user/me")).status_code == 200
        world.clock.ahead = timedelta(minutes=6)
        assert (await client.get("/user/me")).json()["message"] == "Unrecognized access token"
