"""The description of the API against the API: its examples are accepted, what is read can be sent back, and what may be refused is told."""

from __future__ import annotations

import re
from typing import Any

import httpx
from tests.api_world import ApiWorld, create

from callwright.api.app import build_app
from callwright.domain.limits import MAX_BODY_BYTES

#: What is another after every change.
_MOVES = frozenset({"updated_at", "revision"})
#: Nothing here rents numbers or holds chats, and the call has not ended: none of it is about the body.
_NOT_HERE = frozenset({"wrong_state", "unavailable"})
_NO_CARRIER = "no carrier with a number market"
_DISPOSITION = {"name": "Sold", "question": "Was it sold?", "is_subjective": True}
_TEMPLATE = {"name": "Appointment", "json_schema": {"type": "object"}, "house": {"floor": 2}}


async def made(client: httpx.AsyncClient) -> dict[str, str]:
    """One of each object whose id stands in a path or a body."""
    agent_id = await create(client)
    disposition = await client.post("/dispositions", json={**_DISPOSITION, "agent_id": agent_id})
    template = await client.post("/extractions", json=_TEMPLATE)
    trunk = await client.post(
        "/sip-trunks/trunks",
        json={
            "name": "Main",
            "provider": "custom",
            "auth_type": "userpass",
            "auth_username": "u",
            "auth_password": "p-1",
            "gateways": [{"gateway_address": "sip.carrier.example"}],
        },
    )
    account = await client.post("/sub-accounts/create", json={"name": "south", "min_concurrency": 0})
    await client.put("/v1/callwright/extensions/desk", json={"agent_id": agent_id})
    (number,) = [one for one in (await client.get("/phone-numbers/all")).json() if one["phone_number"] == "desk"]
    found = {
        "agent_id": agent_id,
        "disposition_id": disposition.json()["id"],
        "template_id": template.json()["data"]["id"],
        "trunk_id": trunk.json()["id"],
        "sub_account_id": account.json()["id"],
        "phone_number_id": number["id"],
        "extension": "desk",
        "execution_id": "",
    }
    call = await client.post("/call", json={"agent_id": agent_id, "recipient_phone_number": "loopback:demo"})
    return {**found, "execution_id": call.json()["execution_id"]}


def filled(path: str, ids: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda name: ids.get(name[1], name[1]), path)


def fixed(value: Any) -> Any:
    """What was read without what changes with every write."""
    if isinstance(value, dict):
        return {name: fixed(one) for name, one in value.items() if name not in _MOVES}
    return [fixed(one) for one in value] if isinstance(value, list) else value


async def test_what_is_read_can_be_sent_back_as_it_is(world: ApiWorld) -> None:
    tried = set()
    async with world.client() as client:
        ids = await made(client)
        for path, operations in build_app(world.services).openapi()["paths"].items():
            for method in ("put", "patch"):
                body = operations.get(method, {}).get("requestBody", {}).get("content", {})
                if "get" not in operations or "application/json" not in body:
                    continue
                url = filled(path, ids)
                before = await client.get(url)
                assert before.status_code == 200, (path, before.text)
                for _ in range(2):
                    back = await client.request(method, url, content=before.content)
                    assert back.status_code == 200, (method, path, back.text)
                    assert fixed((await client.get(url)).json()) == fixed(before.json()), (method, path)
                tried.add(f"{method} {path}")
    assert len(tried) >= 8


async def test_a_change_in_what_was_read_is_kept(world: ApiWorld) -> None:
    async with world.client() as client:
        ids = await made(client)
        url = f"/extractions/{ids['template_id']}"
        wrapped = (await client.get(url)).json()
        await client.put(url, json={"data": {**wrapped["data"], "name": "Renamed"}})
        changed = (await client.get(url)).json()["data"]
        assert (changed["name"], changed["house"], "data" in changed) == ("Renamed", {"floor": 2}, False)
        assert (await client.put(url, json={"name": "Plain"})).json()["data"]["name"] == "Plain"
        copy = await client.post("/extractions", json=wrapped)
        assert (copy.status_code, copy.json()["data"]["name"]) == (201, "Appointment")


async def test_an_extension_that_nobody_answers_can_be_sent_back(world: ApiWorld) -> None:
    async with world.client() as client:
        ids = await made(client)
        await client.post("/inbound/unlink", json={"phone_number_id": ids["phone_number_id"]})
        read = await client.get("/v1/callwright/extensions/desk")
        back = await client.put("/v1/callwright/extensions/desk", content=read.content)
        assert (back.status_code, back.json()) == (200, read.json())
        assert (await client.put("/v1/callwright/extensions/new", json={"agent_id": None})).status_code == 400


async def test_every_example_of_a_body_is_accepted(world: ApiWorld) -> None:
    """Or fails only for what this world does not have: a carrier with numbers, a chat, an ended call."""
    refused = []
    tried = 0
    async with world.client() as client:
        ids = await made(client)
        for path, operations in build_app(world.services).openapi()["paths"].items():
            for method, operation in operations.items():
                content = operation.get("requestBody", {}).get("content", {})
                for kind in ("application/json", "text/csv"):
                    if kind not in content:
                        continue
                    example = content[kind]["example"]
                    send: dict[str, Any] = {"content": example}
                    if kind == "application/json":
                        send = {"json": {name: ids.get(name) or value for name, value in example.items()}}
                    if path == "/sub-accounts/create":
                        send["json"]["min_concurrency"] = 0
                    if path == "/inbound/setup":
                        send["json"]["phone_number_id"] = ids["phone_number_id"]
                    answer = await client.request(method, filled(path, ids), **send)
                    tried += 1
                    missing = answer.status_code == 404 or answer.json().get("code") in _NOT_HERE
                    missing = missing or _NO_CARRIER in answer.text
                    if answer.status_code >= 300 and not missing:
                        refused.append((method, path, answer.text))
    assert refused == [], "\n".join(map(str, refused))
    assert tried >= 30


async def test_every_operation_with_a_body_declares_what_a_body_may_be_refused_with(world: ApiWorld) -> None:
    undeclared = []
    tried = 0
    bodies = [b'{"a":"' + b"x" * MAX_BODY_BYTES + b'"}', b"{", b"[" * 60 + b"]" * 60, b'{"a":"\\u0000"}', b""]
    async with world.client() as client:
        ids = await made(client)
        for path, operations in build_app(world.services).openapi()["paths"].items():
            for method, operation in operations.items():
                if "requestBody" not in operation:
                    continue
                tried += 1
                assert {"400", "408", "413", "429", "431", "503"} <= set(operation["responses"]), (method, path)
                for body in bodies:
                    headers = {"Content-Type": next(iter(operation["requestBody"]["content"]))}
                    answer = await client.request(method, filled(path, ids), content=body, headers=headers)
                    if str(answer.status_code) not in operation["responses"]:
                        undeclared.append((method, path, answer.status_code))
    assert undeclared == []
    assert tried >= 30
