"""The description of the API against the API: its examples are accepted, what is read can be sent back, and what may be refused is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from tests.api_examples import NOT_HERE, examples, filled, key_for, made, sent
from tests.api_world import ApiWorld, create

from callwright.api.app import build_app
from callwright.domain.limits import MAX_BODY_BYTES

#: What is another after every change.
_MOVES = frozenset({"updated_at", "revision"})


def fixed(value: Any) -> Any:
    """What was read without what changes with every write."""
    if isinstance(value, dict):
        return {name: fixed(one) for name, one in value.items() if name not in _MOVES}
    return [fixed(one) for one in value] if isinstance(value, list) else value


async def test_what_is_read_can_be_sent_back_as_it_is(world: ApiWorld) -> None:
    tried = set()
    async with world.client() as client:
        ids = await made(world, client)
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
        ids = await made(world, client)
        url = f"/extractions/{ids['template_id']}"
        wrapped = (await client.get(url)).json()
        await client.put(url, json={"data": {**wrapped["data"], "name": "Renamed"}})
        changed = (await client.get(url)).json()["data"]
        assert (changed["name"], changed["house"], "data" in changed) == ("Renamed", {"floor": 2}, False)
        assert (await client.put(url, json={"name": "Plain"})).json()["data"]["name"] == "Plain"
        copy = await client.post("/extractions", json=wrapped)
        assert (copy.status_code, copy.json()["data"]["name"]) == (201, "Appointment")


async def test_of_several_wrong_fields_the_first_is_named(world: ApiWorld) -> None:
    audit, voices = "/v1/callwright/audit", "/api/v1/voice-config/tts/voices"
    async with world.client() as client:
        asked: list[tuple[str, str, dict[str, Any], str]] = [
            ("GET", audit, {"params": {"before": "x", "page_size": "x"}}, "page_size"),
            ("GET", voices, {"params": {"page": "x"}}, "provider_id"),
            ("GET", voices, {"params": {"provider_id": "x", "page": "x"}}, "model_id"),
            ("GET", "/violations/list", {"params": {"page_number": "x", "status": "x"}}, "status"),
            ("POST", "/phone-numbers/buy", {"json": {"country": "XX", "phone_number": 5}}, "country"),
            ("POST", "/providers", {"json": {"provider_name": "n" * 600}}, "provider_value"),
            ("POST", "/user/model/custom", {"json": {"custom_model_name": "n" * 600, "model": 5}}, "custom_model_name"),
            (
                "POST",
                "/batches",
                {"data": {"agent_id": "x", "from_phone_numbers": "5", "retry_config": "5"}, "files": {"x": b"x"}},
                "from_phone_numbers",
            ),
        ]
        for method, path, sent_with, field in asked:
            answer = await client.request(method, path, **sent_with)
            assert (answer.status_code, answer.json()["field"]) == (400, field), path


async def test_an_unknown_agent_is_not_found_before_its_chat_is_too_large(world: ApiWorld) -> None:
    body = {"user_data": {"text": "a" * 30_000}}
    async with world.client() as client:
        for agent_id, status in (("00000000-0000-4000-8000-000000000001", 404), (await create(client), 413)):
            answer = await client.post(f"/v1/callwright/agents/{agent_id}/chats", json=body)
            assert answer.status_code == status


def test_bounds_of_whole_numbers_are_whole_and_settings_have_types(world: ApiWorld) -> None:
    described = build_app(world.services).openapi()
    assert not list(fractions_of_whole(described))
    shapes = described["components"]["schemas"]
    for shape, name, kind in (
        ("AgentConfig", "agent_welcome_message", "string"),
        ("AgentConfig", "webhook_url", "string"),
        ("LlmAgent", "agent_flow_type", "string"),
        ("Task", "toolchain", "object"),
    ):
        assert shapes[shape]["properties"][name]["anyOf"] == [{"type": kind}, {"type": "null"}], name


def fractions_of_whole(value: Any) -> Iterator[Any]:
    """Shapes of whole numbers with a bound that is a fraction."""
    if isinstance(value, dict):
        if value.get("type") == "integer" and any(isinstance(one, float) for one in value.values()):
            yield value
        for one in value.values():
            yield from fractions_of_whole(one)
    elif isinstance(value, list):
        for one in value:
            yield from fractions_of_whole(one)


async def test_an_extension_that_nobody_answers_can_be_sent_back(world: ApiWorld) -> None:
    async with world.client() as client:
        ids = await made(world, client)
        await client.post("/inbound/unlink", json={"phone_number_id": ids["phone_number_id"]})
        read = await client.get("/v1/callwright/extensions/desk")
        back = await client.put("/v1/callwright/extensions/desk", content=read.content)
        assert (back.status_code, back.json()) == (200, read.json())
        assert (await client.put("/v1/callwright/extensions/new", json={"agent_id": None})).status_code == 400


def times(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text that looks like a time, with its name."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from times(one, key)
    elif isinstance(value, list):
        for one in value:
            yield from times(one, name)
    elif isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT", value):
        yield name, value


async def test_every_time_of_an_answer_has_its_zone(world: ApiWorld) -> None:
    """A time without one is hours off in a program that reads it as its own."""
    async with world.client() as client:
        ids = await made(world, client)
        found = []
        for path, operations in build_app(world.services).openapi()["paths"].items():
            streams = "text/event-stream" in operations.get("get", {}).get("responses", {}).get("200", {}).get(
                "content", {}
            )
            if "get" in operations and not streams:
                answer = await client.get(filled(path, ids))
                if answer.headers["content-type"] == "application/json":
                    found += [(path, *one) for one in times(answer.json())]
        assert {name for _, name, _ in found} >= {"created_at", "updated_at", "from", "to", "at"}
        for path, name, text in found:
            assert datetime.fromisoformat(text).utcoffset() == timedelta(0), (path, name, text)


async def test_every_example_of_a_body_is_accepted(world: ApiWorld) -> None:
    """Forms and files too. The few that cannot be are named, each with the answer it has for want of something in this world."""
    refused = []
    accepted = set()
    missing = set()
    async with world.client() as client:
        ids = await made(world, client)
        for method, path, kind, example in examples(world, ids):
            headers = key_for(world, method, path)
            answer = await client.request(method, filled(path, ids), headers=headers, **sent(kind, example))
            operation = f"{method} {path}"
            if answer.is_success:
                accepted.add((operation, kind))
            elif operation in NOT_HERE and answer.json()["message"].startswith(NOT_HERE[operation]):
                missing.add(operation)
            else:
                refused.append((operation, kind, answer.text))
    assert refused == [], "\n".join(map(str, refused))
    assert missing == set(NOT_HERE)
    assert len(accepted) >= 34


async def test_every_operation_with_a_body_declares_what_a_body_may_be_refused_with(world: ApiWorld) -> None:
    undeclared = []
    tried = 0
    bodies = [b'{"a":"' + b"x" * MAX_BODY_BYTES + b'"}', b"{", b"[" * 60 + b"]" * 60, b'{"a":"\\u0000"}', b""]
    async with world.client() as client:
        ids = await made(world, client)
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


async def test_a_browser_without_a_key_finds_the_front_page_and_the_reference(world: ApiWorld) -> None:
    async with world.client(None) as client:
        front = await client.get("/")
        assert (front.status_code, front.headers["content-type"]) == (200, "text/html; charset=utf-8")
        links = [href for href in re.findall(r'href="([^"]+)"', front.text) if href not in ("readyz", "dashboard")]
        assert {"docs", "openapi.json", "healthz"} <= set(links)
        for link in links:
            assert (await client.get(f"/{link}")).status_code == 200, link
        reference = await client.get("/docs")
        assert "default-src 'none'" in reference.headers["content-security-policy"]
        assert 'id="calls_place"' in reference.text
        assert (await client.get("/nowhere")).status_code == 401
