"""Bodies that the domain reads: what the published schema of each accepts and refuses, its reader accepts and refuses.

Every setting of each body gets the values at the bounds of its schema, and those just beyond them.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from typing import Any, cast

import jsonschema_rs
from fastapi.routing import APIRoute

import callwright.platform
from callwright.api.app import build_app
from callwright.api.reading import KeptBody
from callwright.api.services import ApiServices
from callwright.domain.errors import BadInputError, CallwrightError
from callwright.domain.fields import Fields
from callwright.domain.settings.setting import Setting, read_all
from callwright.platform.agents.actions.agents import flat_body
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.calling_policy.actions import VERSION
from callwright.platform.calls.actions.calls import read_request
from callwright.platform.dialling.rules.policy import parse_policy
from callwright.platform.dispositions.rules import AGENTS, SEVERAL, check_disposition, disposition_body
from callwright.platform.extraction_templates.actions import TEMPLATE
from callwright.platform.pace.rules.policy import BatchPace
from callwright.platform.sip_trunks.rules import IS_ACTIVE, NUMBERS, PASSWORD, read_trunk, read_trunk_number

Body = dict[str, Any]
Place = tuple[str | int, ...]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def read_body_of_trunk(body: Body) -> None:
    read_trunk({name: value for name, value in body.items() if name != "phone_numbers"})
    read_all((PASSWORD, IS_ACTIVE, NUMBERS), Fields(body, "", BadInputError))


def read_calling_policy(body: Body) -> None:
    parse_policy({name: value for name, value in body.items() if name != "version"})
    VERSION.of(Fields(body, "", BadInputError))


def read_new_disposition(body: Body) -> None:
    check_disposition(disposition_body(body))
    read_all(AGENTS, Fields(body, "", BadInputError))


DISPOSITION: Body = {
    "name": "Confirmed",
    "question": "Did they confirm?",
    "category": "General",
    "system_prompt": "Be brief.",
    "model": "gpt-4.1-mini",
    "is_subjective": True,
    "is_objective": False,
    "subjective_type": "text",
    "subjective_type_config": {"pattern": "a+", "description": "letters"},
    "objective_options": [{"value": "yes", "condition": "They did", "sub_options": []}],
}
TRUNK: Body = {
    "name": "Main",
    "provider": "custom",
    "auth_type": "userpass",
    "auth_username": "u1",
    "auth_password": "p1",
    "gateways": [{"gateway_address": "sip.carrier.example", "port": 5060, "priority": 1, "weight": 2}],
    "ip_identifiers": [{"ip_address": "203.0.113.7"}],
    "transport": "transport-tls",
    "phone_numbers": [{"phone_number": "+15550100", "name": "Desk", "e164_check_enabled": False}],
}
POLICY: Body = {
    "hours": {},
    "country_rules": {},
    "numbers": {},
    "attempts": {},
    "consent": {},
    "caps": {},
    "pace": {"account": {}, "each_number": {}, "breaker": {}, "rotation": {"rest": {}}},
    "fallbacks": {},
}
TASK: Body = {
    "task_type": "conversation",
    "toolchain": {},
    "task_config": {},
    "tools_config": {
        "transcriber": {"provider": "deepgram"},
        "synthesizer": {"provider": "polly", "provider_config": {"voice": "a"}},
        "llm_agent": {"llm_config": {"provider": "openai", "model": "gpt-4.1-mini"}},
    },
}
AGENT: Body = {"agent_config": {"agent_name": "Mira", "tasks": [TASK]}, "agent_prompts": {}}
CALL: Body = {
    "agent_id": "a",
    "recipient_phone_number": "loopback:demo",
    "agent_data": {},
    "retry_config": {},
}


def asked(settings: Iterable[Setting]) -> Callable[[Body], object]:
    return lambda body: read_all(settings, Fields(body, "", BadInputError))


BODIES: Mapping[str, tuple[Body, Callable[[Body], object]]] = {
    "AgentBody": (AGENT, lambda body: parse_agent(flat_body(body))),
    "CallBody": (CALL, lambda body: read_request(body, NOW, strict=False)),
    "CallingPolicyBody": (POLICY, read_calling_policy),
    "DispositionBody": ({**DISPOSITION, "agent_id": "a", "agent_ids": ["b"]}, read_new_disposition),
    "DispositionBulk": ({"agent_id": "a", "dispositions": [DISPOSITION]}, asked(SEVERAL)),
    "PaceBody": ({"breaker": {}}, lambda body: BatchPace.asked(Fields(body, "", BadInputError))),
    "SipNumberBody": (TRUNK["phone_numbers"][0], read_trunk_number),
    "SipTrunkBody": (TRUNK, read_body_of_trunk),
    "TemplateBody": ({"name": "n", "json_schema": {}}, asked(TEMPLATE)),
}
CHANGES = {"AgentPatch", "DispositionUpdate", "SipTrunkPatch", "TemplateUpdate"}
"""They name settings of the others, and are read as part of what they change."""

FORMS = {
    "webhook_url": "https://hooks.example.org",
    "base_url": "https://models.example.org",
    "default_time_zone": "Europe/Berlin",
    "recipient_phone_number": "loopback:demo",
    "from_phone_number": "+15550100",
    "scheduled_at": "2026-03-02T09:00:00+01:00",
    "phone_number": "+15550100",
    "ip_address": "203.0.113.7",
    "web_call_origins": "https://www.example.org",
}
"""Texts of a form that their schema does not tell."""

TOGETHER = {
    "must hold a task with task_type conversation",
    "vector_store is required for a knowledgebase_agent",
    "must be true",
    "is required with auth_type userpass",
}
"""What readers say of settings that do not go together."""

LENIENT = {"agent_flow_type", "from_phone_number", "sip_headers", "voice_id"}
"""Settings that are more than their schema says: nothing reads the first, and of the others anything empty counts as missing."""


class Nothing:
    """The description needs no services: nothing is asked while it is made."""

    version = "0"
    cors_origins = ()


@cache
def schemas() -> dict[str, Any]:
    found: dict[str, Any] = build_app(cast(ApiServices, Nothing())).openapi()["components"]["schemas"]
    return found


def alternatives(schema: Any) -> list[dict[str, Any]]:
    """The schemas of which a value must fit one, without references."""
    if "$ref" in schema:
        return alternatives(schemas()[schema["$ref"].rpartition("/")[2]])
    return [one for each in schema["anyOf"] for one in alternatives(each)] if "anyOf" in schema else [schema]


def settings_of(schema: Any, value: Any, place: Place = ()) -> Iterator[tuple[Place, list[dict[str, Any]]]]:
    """Each setting of an object and of the objects in it: its place, and its schemas."""
    for one in alternatives(schema):
        if isinstance(value, dict) and "properties" in one:
            for name, inner in one["properties"].items():
                yield (*place, name), alternatives(inner)
                if name in value:
                    yield from settings_of(inner, value[name], (*place, name))
        elif isinstance(value, list) and value and "items" in one:
            yield from settings_of(one["items"], value[0], (*place, 0))


def at_bounds(schema: dict[str, Any]) -> Iterator[Any]:
    """Values that a schema accepts."""
    if "enum" in schema:
        yield from schema["enum"]
        return
    match schema.get("type"):
        case "null":
            yield None
        case "boolean":
            yield from (True, False)
        case "string":
            yield "a" * schema.get("maxLength", 1)
        case "integer" | "number":
            yield from (schema.get("minimum", 0), schema.get("maximum", 7))
        case "array":
            items = [one for each in alternatives(schema["items"]) for one in at_bounds(each)]
            yield from (items[:1] * count for count in sorted({schema.get("minItems", 0), 1}))
        case "object":
            shapes = {
                name: alternatives(schema.get("properties", {}).get(name, {"type": "string"}))
                for name in schema.get("required", ())
            }
            yield {name: next(at_bounds(inner[0])) for name, inner in shapes.items()}


def beyond(schema: dict[str, Any]) -> Iterator[Any]:
    """Values that a schema refuses."""
    if "enum" in schema:
        yield "none of these"
    match schema.get("type"):
        case "string":
            yield from (7, [], *(["a" * (schema["maxLength"] + 1)] if "maxLength" in schema else ()))
        case "integer" | "number":
            yield from (
                "five",
                [],
                *(schema[name] + by for name, by in (("minimum", -1), ("maximum", 1)) if name in schema),
            )
        case "array":
            items = [one for each in alternatives(schema["items"]) for one in at_bounds(each)]
            yield from (7, "text", *([items[:1] * (schema["maxItems"] + 1)] if "maxItems" in schema else ()))
        case "boolean":
            yield from ("perhaps", [], 2)
        case "object":
            yield from (7, "text", [])


def with_value(body: Body, place: Place, value: Any) -> Body:
    changed: Any = copy.deepcopy(body)
    at = changed
    for name in place[:-1]:
        at = at[name]
    at[place[-1]] = value
    return cast(Body, changed)


def formed(value: Any, name: Any) -> Any:
    """``value`` with texts of the form that they must have."""
    if isinstance(value, dict):
        return {key: formed(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [formed(one, name) for one in value]
    return FORMS.get(name, value) if isinstance(value, str) else value


def refusal_of(read: Callable[[Body], object], body: Body) -> str:
    try:
        read(body)
    except CallwrightError as error:
        return error.message
    return ""


@cache
def disagreements() -> tuple[list[str], set[str]]:
    """Where readers and schemas differ, and the exceptions that were met."""
    found, met = [], set()
    for model, (body, read) in BODIES.items():
        shape = {"$ref": f"#/components/schemas/{model}", "components": {"schemas": schemas()}}
        validator = jsonschema_rs.validator_for(shape)
        assert validator.is_valid(body), model
        assert refusal_of(read, body) == "", model
        for place, shapes in settings_of(schemas()[model], body):
            for value in [one for each in shapes for one in (*at_bounds(each), *beyond(each))]:
                good = validator.is_valid(with_value(body, place, value))
                given = formed(value, place[-1]) if good else value
                said = refusal_of(read, with_value(body, place, given))
                exceptions = {one for one in TOGETHER if one in said} if good else LENIENT & {str(place[-1])}
                if bool(said) == good and not exceptions:
                    found.append(f"{model} {place} {str(value)[:80]}: {said or 'accepted'}")
                elif bool(said) == good:
                    met |= exceptions
    return found, met


def test_readers_accept_and_refuse_what_the_published_schemas_do() -> None:
    found, _ = disagreements()
    assert found == [], "\n".join(found)


def test_every_exception_is_one() -> None:
    _, met = disagreements()
    assert met == TOGETHER | LENIENT


def test_every_body_that_the_domain_reads_is_here() -> None:
    modules = [import_module(one.name) for one in walk_packages(callwright.platform.__path__, "callwright.platform.")]
    routes = [route for module in modules for route in getattr(getattr(module, "router", None), "routes", ())]
    bodies = [one.call for route in routes if isinstance(route, APIRoute) for one in route.dependant.dependencies]
    assert {one.model.__name__ for one in bodies if isinstance(one, KeptBody)} == set(BODIES) | CHANGES
