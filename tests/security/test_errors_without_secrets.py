"""What was sent comes back in no error: whoever puts a secret in a wrong place, or in a wrong form, must not find it in their logs."""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from tests.api_examples import FORM, JSON, PLAIN_FORM, examples, filled, key_for, made, sent
from tests.api_world import ApiWorld

from callwright.api.app import build_app
from callwright.domain.errors import BadInputError
from callwright.platform.agents.rules.parsing import parse_agent

WORD = "pwcanary77"
DIGITS = "987654321987"
HEX = "9f8e7d6c5b4a39281706f5e4d3c2b1a098765432"
CARD = "4929123456781236"
BEARER = f"Bearer sk-live-{WORD}"
#: Secrets as they are, which stand as a value or as a name.
BARE: tuple[str, ...] = (HEX, BEARER, CARD, f"sk-live-{WORD}", f"ghp_{WORD}", f"eyJhbGciOi.{WORD}.a")
#: What holds a secret by its form, wherever it stands. A word with digits is no provider's name and no status.
FORMS: tuple[Any, ...] = (
    HEX,
    BEARER,
    WORD,
    f"ftp://u:{WORD}@h/x",
    f"https://u:{WORD}@x y",
    f"https://h/x?token={WORD} y",
    f"Authorization: {WORD}",
    f'{{"api_token": "{WORD}"}}',
    [f"Authorization: {WORD}"],
    {f"Authorization: {WORD}": None},
    {f"Authorization: {WORD}": WORD},
    {HEX: None},
    {BEARER: 5},
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


def spoiled(body: dict[str, Any], *more: Any, every: int = 1) -> Iterator[tuple[tuple[Any, ...], Any, dict[str, Any]]]:
    """The body with each canary in each place, or with every third, the next place then with others. A number is one where no number
    belongs."""
    for number, path in enumerate(places(body)):
        canaries = [*FORMS, *more]
        if not isinstance(at(body, path), int | float) or isinstance(at(body, path), bool):
            canaries.append(int(DIGITS))
        if path[-1] == "name":
            # What a tool is called is told: an error without its place is useless.
            canaries.remove(WORD)
        for canary in canaries[number % every :: every]:
            yield path, canary, with_value(body, path, canary)


def renamed(body: dict[str, Any]) -> Iterator[tuple[tuple[Any, ...], Any, dict[str, Any]]]:
    """The body with each canary as the name of each field, once with its value and once with one that fits nowhere."""
    for path in places(body):
        if isinstance(path[-1], int):
            continue
        for canary in BARE:
            for value in (at(body, path), 5, "\n"):
                changed = copy.deepcopy(body)
                holder = at(changed, path[:-1])
                del holder[path[-1]]
                holder[canary] = value
                yield path, canary, changed


def tells(text: str) -> bool:
    """Whether a secret stands in it, whole or the most of it."""
    return any(secret in text for secret in (WORD, DIGITS, HEX[8:24], CARD[:12]))


def refusal_in(answer: httpx.Response) -> str:
    """What an answer says against a body: all of an error, and of a validation its list of errors. Empty where it says nothing."""
    if not answer.is_success:
        return answer.text
    body = answer.json() if answer.request.url.path.endswith("/validate") else {}
    return json.dumps(body["errors"]) if body.get("errors") else ""


def test_no_place_and_no_name_of_an_agent_is_quoted_in_an_error() -> None:
    refused = 0
    told = []
    for path, canary, body in (*spoiled(AGENT, *BARE, [HEX], {CARD: "\n"}), *renamed(AGENT)):
        config = body.get("agent_config")
        flat = {**config} if isinstance(config, dict) else {}
        try:
            parse_agent({**flat, "agent_prompts": body.get("agent_prompts")}, lambda kind: ())
        except BadInputError as error:
            refused += 1
            if tells(f"{error.message} {error.field}"):
                told.append((path, canary, error.message))
    assert told == [], "\n".join(map(str, told))
    assert refused > 1000


@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.long)])
async def test_no_place_of_any_body_is_quoted_in_an_error(world: ApiWorld, every: int) -> None:
    """Each operation is asked with the ids of objects that are there, so that it comes to its body: it refuses some of them for what
    they hold."""
    told = []
    refused: Counter[str] = Counter()
    async with world.client() as client:
        ids = await made(world, client)
        for method, path, kind, example in examples(world, ids):
            if kind != JSON:
                continue
            refused[f"{method} {path}"] = 0
            for where, canary, body in spoiled(example, every=every):
                headers = key_for(world, method, path)
                answer = await client.request(method, filled(path, ids), json=body, headers=headers)
                text = refusal_in(answer)
                refused[f"{method} {path}"] += '"field"' in text or '"path"' in text
                if tells(text):
                    told.append((method, path, where, canary, answer.text))
    assert told == [], "\n".join(map(str, told))
    assert [operation for operation, count in refused.items() if not count] == []
    assert refused.total() > 1000


async def test_no_field_of_a_form_and_no_parameter_is_quoted_in_an_error(world: ApiWorld) -> None:
    texts = [canary for canary in FORMS if isinstance(canary, str)]
    told = []
    refused: Counter[str] = Counter()
    forms = set()
    async with world.client() as client:
        ids = await made(world, client)
        asked: list[tuple[str, str, dict[str, Any]]] = []
        for path, operations in build_app(world.services).openapi()["paths"].items():
            for method, operation in operations.items():
                queries = [one["name"] for one in operation.get("parameters", []) if one["in"] == "query"]
                if queries and not path.endswith("/events"):
                    asked.extend((method, path, {"params": {name: text}}) for name in queries for text in texts)
        for method, path, kind, example in examples(world, ids):
            if kind in {FORM, PLAIN_FORM}:
                forms.add(f"{method} {path}")
                spoilt = [{**example, name: text} for name in example for text in texts]
                # A list's first line are the names of its columns, and a word is a name.
                spoilt = [one for one in spoilt if one.get("file") != WORD]
                spoilt.extend({**example, text: "\x00"} for text in BARE)
                asked.extend((method, path, sent(kind, one)) for one in spoilt)
        for method, path, one in asked:
            answer = await client.request(method, filled(path, ids), **one)
            refused[f"{method} {path}"] += not answer.is_success and "field" in answer.json()
            if not answer.is_success and tells(answer.text):
                told.append((method, path, one, answer.text))
    assert told == [], "\n".join(map(str, told))
    assert [form for form in forms if not refused[form]] == []
    assert refused.total() > 300
