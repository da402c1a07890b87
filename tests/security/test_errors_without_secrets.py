"""What was sent comes back in no error: whoever puts a secret in a wrong place, or in a wrong form, must not find it in their logs."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from tests.api_world import ApiWorld, create

from callwright.api.app import build_app
from callwright.domain.agent import parse_agent
from callwright.domain.audit import may_hold_secret
from callwright.domain.errors import BadInputError

WORD = "pwcanary77"
DIGITS = "987654321987"
#: What holds a secret by its form, wherever it stands.
FORMS: tuple[Any, ...] = (
    f"ftp://u:{WORD}@h/x",
    f"https://u:{WORD}@x y",
    f"https://h/x?token={WORD} y",
    f"Authorization: {WORD}",
    f'{{"api_token": "{WORD}"}}',
    [f"Authorization: {WORD}"],
    {f"Authorization: {WORD}": None},
    {f"Authorization: {WORD}": WORD},
)

AGENT: dict[str, Any] = {
    "agent_config": {
        "agent_name": "Clinic",
        "agent_welcome_message": "Hello.",
        "webhook_url": "https://hooks.example.org/calls",
        "webhook_headers": {"Authorization": "Bearer x"},
        "webhook_config": {"statuses": ["completed"]},
        "telephony_provider": "plivo",
        "calling_guardrails": {"call_start_hour": 9, "call_end_hour": 21},
        "ingest_source_config": {
            "source_type": "api",
            "source_url": "https://crm.example.org/who",
            "source_auth_token": "x",
            "source_name": "crm",
        },
        "ingest_lookup_key": "X-Customer",
        "sip_header_variables": {"X-Customer": "customer"},
        "tasks": [
            {
                "task_type": "conversation",
                "toolchain": {"execution": "parallel", "pipelines": [["transcriber", "llm", "synthesizer"]]},
                "tools_config": {
                    "llm_agent": {
                        "agent_type": "simple_llm_agent",
                        "llm_config": {
                            "provider": "openai",
                            "model": "gpt-5",
                            "max_tokens": 100,
                            "temperature": 1,
                            "base_url": "https://llm.example.org/v1",
                            "reasoning_effort": "low",
                        },
                    },
                    "transcriber": {"provider": "deepgram", "model": "nova-3", "language": "en", "endpointing": 250},
                    "synthesizer": {
                        "provider": "elevenlabs",
                        "provider_config": {"voice": "Nila", "voice_id": "v", "model": "m", "speed": 1},
                        "buffer_size": 250,
                        "caching": True,
                    },
                    "input": {"provider": "plivo", "format": "wav"},
                    "output": {"provider": "plivo", "format": "wav"},
                    "api_tools": {
                        "tools": [
                            {
                                "name": "book",
                                "description": "Book.",
                                "key": "custom_task",
                                "pre_call_message": "One moment.",
                                "parameters": {"type": "object", "properties": {"day": {"type": "string"}}},
                            }
                        ],
                        "tools_params": {
                            "book": {
                                "method": "POST",
                                "url": "https://crm.example.org/book",
                                "api_token": "x",
                                "headers": {"X-Key": "x"},
                                "param": '{"day": "%(day)s"}',
                                "pre_call_webhook_url": "https://crm.example.org/ahead",
                            }
                        },
                    },
                },
                "task_config": {"hangup_after_silence": 10, "call_terminate": 90, "ambient_noise": False},
            },
            {"task_type": "extraction", "tools_config": {"llm_agent": {"llm_config": {"extraction_details": "day"}}}},
        ],
    },
    "agent_prompts": {"task_1": {"system_prompt": "You are Ava."}},
}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a body, those that hold something of their own included."""
    if path:
        yield path
    members = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for name, one in members:
        yield from places(one, (*path, name))


def at(body: Any, path: tuple[Any, ...]) -> Any:
    for name in path:
        body = body[name]
    return body


def with_value(body: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(body)
    at(changed, path[:-1])[path[-1]] = value
    return changed


def spoiled(body: dict[str, Any]) -> Iterator[tuple[tuple[Any, ...], Any, dict[str, Any]]]:
    """The body with each canary in each place. A number is one where no number belongs, and a word where a secret may stand."""
    for path in places(body):
        canaries = list(FORMS)
        if not isinstance(at(body, path), int | float) or isinstance(at(body, path), bool):
            canaries.append(int(DIGITS))
        if may_hold_secret(".".join(str(name) for name in path)) or isinstance(at(body, path), dict | list):
            canaries.append(WORD)
        for canary in canaries:
            yield path, canary, with_value(body, path, canary)


def test_no_place_of_an_agent_is_quoted_in_an_error() -> None:
    refused = 0
    told = []
    for path, canary, body in spoiled(AGENT):
        flat = {**body["agent_config"]} if isinstance(body["agent_config"], dict) else {}
        prompts = body["agent_prompts"]
        try:
            parse_agent({**flat, "agent_prompts": prompts}, lambda kind, name: False)
        except BadInputError as error:
            refused += 1
            if WORD in f"{error.message} {error.field}" or DIGITS in f"{error.message} {error.field}":
                told.append((path, canary, error.message))
    assert told == []
    assert refused > 200


@pytest.mark.parametrize("method", ["post", "put", "patch"])
async def test_no_place_of_any_body_is_quoted_in_an_error(world: ApiWorld, method: str) -> None:
    description = build_app(world.services).openapi()
    told = []
    asked = 0
    async with world.client() as client:
        agent_id = await create(client)
        for path, operations in description["paths"].items():
            content = operations.get(method, {}).get("requestBody", {}).get("content", {}).get("application/json", {})
            example = content.get("example")
            if not isinstance(example, dict) or path == "/call/stop":
                continue
            url = path.replace("{agent_id}", agent_id)
            if "agent_id" in example:
                example = {**example, "agent_id": agent_id}
            for where, canary, body in spoiled(example):
                answer = await client.request(method, url, json=body)
                asked += 1
                if answer.status_code >= 400 and (WORD in answer.text or DIGITS in answer.text):
                    told.append((method, path, where, canary, answer.text))
    assert told == [], "\n".join(map(str, told))
    assert asked > 20


async def test_no_field_of_a_form_and_no_parameter_is_quoted_in_an_error(world: ApiWorld) -> None:
    description = build_app(world.services).openapi()
    texts = [canary for canary in FORMS if isinstance(canary, str)]
    told = []
    asked = 0
    async with world.client() as client:
        agent_id = await create(client)
        for path, operations in description["paths"].items():
            if path.endswith("/events"):
                continue
            url = path.replace("{agent_id}", agent_id)
            for method, operation in operations.items():
                content = operation.get("requestBody", {}).get("content", {})
                example = content.get("multipart/form-data", {}).get("example", {})
                queries = [one["name"] for one in operation.get("parameters", []) if one["in"] == "query"]
                for canary in texts:
                    sent: list[dict[str, Any]] = [{"params": {name: canary}} for name in queries]
                    for name in example:
                        file = {"file": ("list.csv", b"contact_number\n+15550101\n", "text/csv")}
                        data = {**example, "agent_id": agent_id, name: canary}
                        sent.append({"data": {one: data[one] for one in data if one != "file"}, "files": file})
                    for one in sent:
                        answer = await client.request(method, url, **one)
                        asked += 1
                        if answer.status_code >= 400 and WORD in answer.text:
                            told.append((method, path, one, answer.text))
    assert told == [], "\n".join(map(str, told))
    assert asked > 100
