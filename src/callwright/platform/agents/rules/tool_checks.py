"""Tools of a stored agent as they are written, and what in them does not do what it seems to."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from callwright.domain.fields import Fields, named, nearest, plain_value, slip_of
from callwright.domain.limits import MAX_TOOL_VALUE_DEPTH
from callwright.domain.variables import name_of
from callwright.platform.agents.rules.spec import AgentWarning
from callwright.platform.agents.rules.transfers import SYSTEM_VARIABLES
from callwright.platform.tools.rules.template import BadTemplateError, Node, Place, Text, read_template, read_text

_TYPES = ("string", "integer", "number", "boolean", "array", "object", "null")
_ANY_TYPE = f"one of {', '.join(_TYPES)}"
_OTHER_TYPES = {
    "str": "string",
    "text": "string",
    "date": "string",
    "datetime": "string",
    "int": "integer",
    "float": "number",
    "double": "number",
    "decimal": "number",
    "bool": "boolean",
    "list": "array",
    "dict": "object",
    "map": "object",
    "none": "null",
}
"""What other languages call them."""

_KEYWORDS = frozenset(
    {"type", "properties", "required", "additionalProperties", "description", "title", "default", "examples"}
    | {"anyOf", "oneOf", "allOf", "not", "$ref", "$defs", "$schema", "definitions", "strict"}
)
"""What may stand at the top of a schema."""


_Wrong: TypeAlias = tuple[tuple[str, ...], object, str, str]
"""Names to a part of a schema, what is there, what is wrong, and what to do."""


@dataclass(frozen=True, slots=True)
class WrittenTool:
    """A tool as an agent has it. ``function`` holds its name and its parameters, and is ``tool`` itself unless it is wrapped. ``params`` is
    how it is called."""

    tool: Fields
    function: Fields
    params: Fields = field(default_factory=lambda: Fields({}, ""))

    @property
    def name(self) -> str:
        """The name, empty where there is none."""
        found = self.function.raw("name")
        return found if isinstance(found, str) else ""


def object_at(fields: Fields, name: str) -> Fields | None:
    """The object in a field; None for everything else."""
    value = fields.raw(name)
    return Fields(value, fields.at(name)) if isinstance(value, Mapping) else None


def written_tools(tools_config: Fields) -> Iterator[WrittenTool]:
    """The tools of a task. What cannot be read is left out."""
    api_tools = object_at(tools_config, "api_tools")
    listed = tools_config.raw("api_tools") if api_tools is None else api_tools.raw("tools")
    path = tools_config.at("api_tools") if api_tools is None else api_tools.at("tools")
    by_name = None if api_tools is None else object_at(api_tools, "tools_params")
    if isinstance(listed, str):
        listed = _parsed(listed)
    for index, one in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(one, Mapping):
            tool = Fields(one, f"{path}[{index}]")
            function = object_at(tool, "function") or tool
            name = str(function.raw("name"))
            params = by_name and object_at(by_name, name)
            params = params or object_at(tool, "value") or object_at(function, "value")
            yield WrittenTool(tool, function) if params is None else WrittenTool(tool, function, params)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def wrong_schemas(tool: WrittenTool) -> Iterator[AgentWarning]:
    """Parameters that are no JSON Schema of an object: endpoints refuse them, or the model never learns of them."""
    for name in ("parameters", "input_schema"):
        schema = object_at(tool.function, name)
        if schema is not None and schema.value:
            for path, value, message, remedy in _wrong_root(schema.value):
                # Names are told late: there may be thousands, and each is looked at for a secret.
                at = ".".join([schema.path, *map(named, path)])
                yield AgentWarning(at, plain_value(value, at), message, remedy)
            return


def _wrong_root(schema: Mapping[str, Any]) -> Iterator[_Wrong]:
    if "properties" not in schema and _KEYWORDS.isdisjoint(schema):
        first = next(iter(schema))
        kind = _type_meant(schema[first]) or "string"
        example = json.dumps({"type": "object", "properties": {named(first): {"type": kind}}})
        message = "The parameters are no JSON Schema: without properties, the model is told of no parameter."
        yield (), schema, message, f"Write {example}."
        return
    if schema.get("type") not in (None, "object"):
        remedy = 'Write "type": "object" and name each parameter in properties.'
        yield ("type",), schema["type"], "The parameters of a tool are an object.", remedy
    yield from _wrong_object(schema, ())


def _wrong_object(schema: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[_Wrong]:
    properties = schema.get("properties")
    if properties is not None and not isinstance(properties, Mapping):
        message = "The properties are an object of parameter to schema."
        yield (*path, "properties"), properties, message, "Write each parameter's name as a key."
        return
    for name, one in (properties or {}).items():
        yield from _wrong_property(one, (*path, "properties", name))
    yield from _wrong_required(schema.get("required"), properties or {}, (*path, "required"))


def _wrong_property(given: object, path: tuple[str, ...]) -> Iterator[_Wrong]:
    if isinstance(given, bool) or len(path) > 2 * MAX_TOOL_VALUE_DEPTH:
        return
    if not isinstance(given, Mapping):
        example = json.dumps({"type": _type_meant(given) or "string"})
        yield path, given, "An object describes a parameter.", f"Write {example}."
        return
    kinds = given.get("type")
    for kind in kinds if isinstance(kinds, list) else [] if kinds is None else [kinds]:
        if kind not in _TYPES:
            remedy = f"Write {_type_meant(kind) or _ANY_TYPE}."
            yield (*path, "type"), kind, "This is no type of JSON Schema.", remedy
    yield from _wrong_object(given, path)
    if "items" in given:
        yield from _wrong_property(given["items"], (*path, "items"))


def _wrong_required(required: object, properties: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[_Wrong]:
    if required is not None and not isinstance(required, list):
        remedy = "List the required names in required of the object that has them as properties."
        yield path, required, "The required parameters are a list of names.", remedy
        return
    for name in required or ():
        if not isinstance(name, str) or name not in properties:
            near = slip_of(name, properties) if isinstance(name, str) else None
            remedy = f"Write {named(near)}." if near else "Add it to properties, or take it out of required."
            yield path, name, "A required parameter that is no property can never be given.", remedy


def _type_meant(given: object) -> str | None:
    if not isinstance(given, str):
        return None
    kind = given.lower()
    return kind if kind in _TYPES else _OTHER_TYPES.get(kind) or nearest(kind, _TYPES)


def unfilled_places(tool: WrittenTool, variables: Collection[str]) -> Iterator[AgentWarning]:
    """Places of what a tool sends that neither its parameters nor ``variables``, names that the agent uses for the call's own, fill."""
    schema = object_at(tool.function, "parameters") or object_at(tool.function, "input_schema") or Fields({}, "")
    properties = object_at(schema, "properties")
    declared = [] if properties is None else [str(name) for name in properties.value]
    known = {*declared, *variables, *SYSTEM_VARIABLES}
    for name in ("url", "param", "pre_call_webhook_param"):
        seen = set()
        given = tool.params.raw(name)
        for place in _places_in(read_text(given)) if name == "url" and isinstance(given, str) else _places(given):
            if place.name in seen or (name_of(place.name, known) or place.name) in known:
                continue
            seen.add(place.name)
            yield _unfilled(tool.params.at(name), place, declared)


def _places(param: object) -> Sequence[Place]:
    try:
        return [*_places_in(read_template(param))]
    except BadTemplateError:
        return []


def _places_in(node: Node) -> Iterator[Place]:
    if isinstance(node, Place):
        yield node
    elif isinstance(node, Text):
        yield from (part for part in node.parts if isinstance(part, Place))
    elif isinstance(node, dict | list):
        for one in node.values() if isinstance(node, dict) else node:
            yield from _places_in(one)


def _unfilled(path: str, place: Place, declared: Collection[str]) -> AgentWarning:
    name = named(place.name)
    near = slip_of(place.name, declared)
    remedy = f"Write %({named(near)}){place.kind or 's'}" if near else f"Add {name} to the tool's parameters"
    return AgentWarning(
        path,
        f"%({name}){place.kind or 's'}",
        f"{name} is no parameter of the tool, so its place stays empty.",
        f"{remedy}, unless user_data or the answer of an earlier tool has {name}.",
    )
