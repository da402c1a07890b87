"""The examples of the API's description as requests, on objects that are there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
from tests.api_world import ApiWorld, create, place
from tests.rows import admit, claim
from tests.unit.media.test_sound_file import tone

from callwright.api.app import build_app
from callwright.media.wav import write_wav
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.keys.rules import Right, right_of
from callwright.platform.violations.actions import put_before

JSON = "application/json"
FORM = "multipart/form-data"
PLAIN_FORM = "application/x-www-form-urlencoded"
DISPOSITION = {"name": "Sold", "question": "Was it sold?", "is_subjective": True}
TEMPLATE = {"name": "Appointment", "json_schema": {"type": "object"}, "house": {"floor": 2}}
CONTACTS = b"contact_number\nloopback:demo\n"

#: What is sent as a file, by the ends of names in examples; a list of contacts is written out in its example.
_FILES = {".wav": write_wav(tone(0.5), rate_hz=44_100), ".pdf": b"%PDF-1.4\ntrailer<</Root 1 0 R>>\n%%EOF\n"}

#: Operations whose example cannot be accepted in this world, and the beginning of why.
NOT_HERE = {
    "post /v1/callwright/session": "a request of the dashboard",
    "post /v1/callwright/executions/{execution_id}/extraction": "only a completed call can be asked again",
    "post /v1/callwright/executions/{execution_id}/capture": "the call cannot be captured: it is",
    "post /v1/callwright/executions/{execution_id}/replay": "nothing was written of this call",
    "post /v1/callwright/executions/{execution_id}/what-if": "nothing was written of this call",
    "post /v1/callwright/agents/{agent_id}/chats": "this process holds no chats",
    "post /v1/callwright/agents/{agent_id}/drafts/chats": "this process holds no chats",
    "post /v1/callwright/chats/{execution_id}/messages": "there is no such chat",
    "post /v1/web-call/session": "this process takes no web calls",
    "post /web-call/freeswitch-session": "this process takes no web calls",
    "post /v1/callwright/agents/{agent_id}/drafts/web-calls": "this process takes no web calls",
    "post /v1/callwright/agents/{agent_id}/drafts/tool-calls": "the agent has no tool of this name",
    "post /v1/callwright/voices": "provider: voices can be imported from",
    "post /phone-numbers/buy": "no carrier with a number market",
    "post /v1/callwright/carriers/{carrier}/connect": "there is no carrier",
    "post /v1/callwright/webhooks/endpoints/resume": "there is no such paused webhook endpoint",
}


async def made(world: ApiWorld, client: httpx.AsyncClient) -> dict[str, str]:
    """One of each object whose id stands in a path or a body."""
    agent_id = await create(client)
    run_id = await place(client, agent_id)
    await admit(world.ledger)
    await claim(world.ledger)
    execution_id = await place(client, agent_id)
    disposition = await client.post("/dispositions", json={**DISPOSITION, "agent_id": agent_id})
    template = await client.post("/extractions", json=TEMPLATE)
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
    batch = await client.post("/batches", data={"agent_id": agent_id}, files={"file": ("list.csv", CONTACTS)})
    await client.put("/v1/callwright/extensions/desk", json={"agent_id": agent_id})
    (number,) = [one for one in (await client.get("/phone-numbers/all")).json() if one["phone_number"] == "desk"]
    violation = await put_before(world.services.actions, "", execution_id, "no consent on file")
    return {
        "agent_id": agent_id,
        "run_id": run_id,
        "execution_id": execution_id,
        "disposition_id": disposition.json()["id"],
        "template_id": template.json()["data"]["id"],
        "trunk_id": trunk.json()["id"],
        "sub_account_id": account.json()["id"],
        "batch_id": batch.json()["batch_id"],
        "phone_number_id": number["id"],
        "violation_id": violation.id,
        "extension": "desk",
        "organization_id": DEFAULT_TENANT_ID,
    }


def key_for(world: ApiWorld, method: str, path: str) -> dict[str, str]:
    """The header of a request whose route an administrator's key does not open; nothing for the others."""
    operators = right_of(method.upper(), path) is Right.OPERATOR
    return {"Authorization": f"Bearer {world.operator_key}"} if operators else {}


def filled(path: str, ids: Mapping[str, str]) -> str:
    """The path with ids for its names, where there are some."""
    return re.sub(r"\{(\w+)\}", lambda name: ids.get(name[1], name[1]), path)


def examples(world: ApiWorld, ids: Mapping[str, str]) -> Iterator[tuple[str, str, str, Any]]:
    """Method, path, kind of body and example of every operation that takes a body. Ids in it are those of objects that are there."""
    for path, operations in build_app(world.services).openapi()["paths"].items():
        for method, operation in operations.items():
            for kind, content in operation.get("requestBody", {}).get("content", {}).items():
                example = content["example"]
                if isinstance(example, dict):
                    example = {name: ids.get(name) or value for name, value in example.items()}
                if path == "/sub-accounts/create":
                    # The organisation of the tests has no concurrency to share.
                    example["min_concurrency"] = 0
                yield method, path, kind, example


def sent(kind: str, example: Any) -> dict[str, Any]:
    """What httpx is given to send a body."""
    if kind == JSON:
        return {"json": example}
    if kind == PLAIN_FORM:
        return {"data": example}
    if kind == FORM:
        return {"files": [(name, _part(name, one)) for name, value in example.items() for one in _each(value)]}
    return {"content": example}


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _part(name: str, value: Any) -> tuple[str | None, bytes]:
    if name != "file" and not name.endswith("_file"):
        return None, str(value).encode()
    kept = next((content for end, content in _FILES.items() if value.endswith(end)), None)
    return ("list.csv", value.encode()) if kept is None else (value, kept)
