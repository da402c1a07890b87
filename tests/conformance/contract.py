"""What the contract promises of each operation: read from the contract's own OpenAPI file, or from the compact table beside this module.

The table is ours: of each operation its statuses, and of the objects in its good answers the keys, their JSON types and which of them are
required. It is written by ``python -m tests.conformance.run --contract FILE --write-table`` and is what CI has.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml  # type: ignore[import-untyped]

TABLE = Path(__file__).with_name("table.json")
#: Shapes that are given back as the client wrote them: what it left out is left out.
AS_GIVEN = frozenset({"AgentPrompts", "CallingGuardrails", "IngestSourceConfig", "ObjectiveOption", "Task"})
#: Keys that the contract itself leaves out at times.
NOT_ALWAYS = frozenset({("ExecutionLogEntry", "reasoning_content"), ("InboundSetupResult", "message")})
_METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: ``answers`` maps a status (``2XX`` for any good one) to the schema of its JSON, None where there is none to check."""

    name: str
    status: str
    answers: Mapping[str, Any]

    def schema_of(self, status: int) -> Any:
        """The schema of an answer with ``status``. KeyError when the contract knows no such answer."""
        if str(status) in self.answers:
            return self.answers[str(status)]
        return self.answers[f"{status // 100}XX"]

    def check(self, status: int, body: Any) -> str:
        """What is wrong with a body, or nothing. More keys than promised are welcome."""
        schema = self.schema_of(status)
        if schema is None:
            return ""
        for error in jsonschema_rs.validator_for(schema).iter_errors(body):
            place = "/".join(str(step) for step in error.instance_path)
            return f"{place or 'the body'}: {error.message[:160]}"
        if not 200 <= status < 300:
            return ""
        definitions = {name: schema[name] for name in ("components", "shapes") if name in schema}
        return ", ".join(sorted({f"{place} is left out" for place in _left_out(definitions, schema, body, "the body")}))


def _left_out(definitions: Mapping[str, Any], schema: Mapping[str, Any], value: Any, place: str) -> Iterator[str]:
    """Documented keys that a valid ``value`` does not have, also where they may be absent: ours are there, and null when empty."""
    name = schema.get("$ref", "").rpartition("/")[2]
    schema = _resolved(definitions, schema)
    if name in AS_GIVEN:
        return
    for part in schema.get("allOf", ()):
        yield from _left_out(definitions, part, value, place)
    for part in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        if jsonschema_rs.validator_for({**definitions, **part}).is_valid(value):
            yield from _left_out(definitions, part, value, place)
            break
    if isinstance(value, dict):
        for key, part in schema.get("properties", {}).items():
            if key in value:
                yield from _left_out(definitions, part, value[key], f"{place}.{key}")
            elif (name, key) not in NOT_ALWAYS:
                yield f"{place}.{key}"
        for key in value.keys() - schema.get("properties", {}).keys():
            further = schema.get("additionalProperties")
            if isinstance(further, dict):
                yield from _left_out(definitions, further, value[key], f"{place}.*")
    elif isinstance(value, list) and "items" in schema:
        for one in value:
            yield from _left_out(definitions, schema["items"], one, f"{place}[]")


def read_contract(path: Path) -> list[Operation]:
    """All operations of an OpenAPI file that are not beta."""
    document = yaml.safe_load(path.read_text())
    found = []
    for route, methods in document["paths"].items():
        for method in _METHODS:
            operation = methods.get(method)
            if operation is None or operation.get("x-status") == "beta":
                continue
            answers = {str(status): _schema(document, response) for status, response in operation["responses"].items()}
            name = f"{method.upper()} {route.rstrip('/')}"
            found.append(Operation(name, operation.get("x-status", "current"), answers))
    return found


def _schema(document: Mapping[str, Any], response: Any) -> Any:
    response = _resolved(document, response)
    content = response.get("content", {}).get("application/json")
    if content is None or "schema" not in content:
        return None
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **content["schema"],
        "components": document["components"],
    }


def _resolved(document: Mapping[str, Any], value: Any) -> Any:
    while isinstance(value, dict) and "$ref" in value:
        found: Any = document
        for step in value["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        value = found
    return value


def read_table(path: Path = TABLE) -> list[Operation]:
    """The operations of the compact table."""
    table = json.loads(path.read_text())
    return [
        Operation(
            name,
            one["is"],
            {
                status: None if shape is None else {**shape, "shapes": table["shapes"]}
                for status, shape in one["answers"].items()
            },
        )
        for name, one in table["operations"].items()
    ]


def write_table(operations: list[Operation], document_path: Path, path: Path = TABLE) -> None:
    """Write the compact table of a contract."""
    table = _Table(yaml.safe_load(document_path.read_text()))
    found = {
        one.name: {
            "is": one.status,
            "answers": {
                status: table.compact(schema) if status.startswith("2") and schema else None
                for status, schema in one.answers.items()
            },
        }
        for one in operations
    }
    lines = [f" {json.dumps(name)}: {json.dumps(one, sort_keys=True)}" for name, one in found.items()]
    shapes = [f" {json.dumps(name)}: {json.dumps(one, sort_keys=True)}" for name, one in sorted(table.shapes.items())]
    path.write_text('{"operations": {\n' + ",\n".join(lines) + '\n},\n"shapes": {\n' + ",\n".join(shapes) + "\n}}\n")


class _Table:
    """The objects that good answers hold, by name: types, keys and what is required; no texts, values, formats or examples."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self.shapes: dict[str, Any] = {}

    def compact(self, schema: Any) -> dict[str, Any]:
        """One schema; named ones become shapes."""
        if not isinstance(schema, dict):
            return {}
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            if name not in self.shapes:
                self.shapes[name] = {}
                self.shapes[name] = self.compact(_resolved(self._document, schema))
            return {"$ref": f"#/shapes/{name}"}
        for together, becomes in (("anyOf", "anyOf"), ("oneOf", "anyOf"), ("allOf", "allOf")):
            if together in schema:
                return {becomes: [self.compact(one) for one in schema[together]]}
        compact = {key: schema[key] for key in ("type", "required") if key in schema}
        if "properties" in schema:
            compact["properties"] = {name: self.compact(one) for name, one in sorted(schema["properties"].items())}
        if "items" in schema:
            compact["items"] = self.compact(schema["items"])
        return compact
