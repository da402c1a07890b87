"""The API reference as one HTML page, made from the OpenAPI description. It needs no script and loads nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from callwright.api.pages.layout import code, page, slug

_COMMON = ("401", "403", "408", "413", "429", "431", "503")
"""Answers that almost every operation may give. The page explains them once."""

_FIRST = ("agents", "calls", "executions", "batches", "chats")
"""Groups that most readers want; the others follow by name."""

_REFERENCE = "#/components/schemas/"
_CODE = re.compile(r"`([^`]+)`")


def reference_page(description: Mapping[str, Any]) -> str:
    """Returns the page: the contents, every operation by group, then every shape."""
    schemas = description["components"]["schemas"]
    groups = _groups(description["paths"], schemas)
    contents = "".join(f'<a href="#{slug(group)}">{escape(group)}</a> ' for group in groups)
    sections = "".join(
        f'<section><h2 id="{slug(group)}">{escape(group)}</h2>{"".join(operations)}</section>'
        for group, operations in groups.items()
    )
    shapes = "".join(_shape(name, schemas[name]) for name in sorted(schemas))
    body = (
        f"<h1>{escape(description['info']['title'])} API</h1>"
        f"<p>{_text(description['info']['description'])}</p>"
        f'<p>Version {escape(description["info"]["version"])}. The same as OpenAPI: <a href="openapi.json">openapi.json</a>.</p>'
        f"<nav>{contents}<a href='#shapes'>shapes</a></nav>"
        f"{_common_answers(description['paths'])}{sections}"
        f'<section><h2 id="shapes">Shapes</h2>{shapes}</section>'
    )
    return page(f"{description['info']['title']} API", body)


def _groups(paths: Mapping[str, Mapping[str, Any]], schemas: Mapping[str, Any]) -> dict[str, list[str]]:
    """Each group with its operations as HTML, in the order of the description."""
    found: dict[str, list[str]] = {name: [] for name in _FIRST}
    rest: dict[str, list[str]] = {}
    for path, operations in paths.items():
        for method, operation in operations.items():
            group = operation["tags"][0]
            (found if group in found else rest).setdefault(group, []).append(
                _operation(method.upper(), path, operation, schemas)
            )
    return found | dict(sorted(rest.items(), key=lambda group: group[0].lower()))


def _operation(method: str, path: str, operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    parts = [f"<p>{_text(operation['description'])}</p>"]
    if not operation.get("security"):
        parts.append("<p>Needs no key.</p>")
    parts += [_parameters(operation.get("parameters", ())), _request(operation.get("requestBody", {}), schemas)]
    parts.append(_answers(operation["responses"]))
    return (
        f'<details id="{escape(operation["operationId"])}">'
        f"<summary><b>{method}</b> {code(path)} {_text(operation['summary'])}</summary>{''.join(parts)}</details>"
    )


def _parameters(parameters: Any) -> str:
    rows = [
        (
            code(one["name"]),
            f"{one['in']}, {_type(one['schema'])}" + (", required" if one.get("required") else ""),
            _text(one.get("description", "")),
        )
        for one in parameters
    ]
    return _table("Parameters", rows)


def _request(body: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    """The body of a request. Where it may come as several media types, they have one shape and one example."""
    content = body.get("content", {})
    if not content:
        return ""
    one = next(iter(content.values()))
    name = one["schema"].get("$ref", "").removeprefix(_REFERENCE)
    fields = _table("Body", _fields(schemas[name])) if name else ""
    return f"{fields}<p>{escape(' or '.join(content))}, for example:</p>{_sample(one['example'])}"


def _answers(responses: Mapping[str, Any]) -> str:
    rows = [
        (escape(status), ", ".join(_answer_types(response)), _text(response["description"]))
        for status, response in sorted(responses.items())
        if status not in _COMMON
    ]
    return _table("Answers", rows)


def _answer_types(response: Mapping[str, Any]) -> Iterator[str]:
    for kind, content in response.get("content", {}).items():
        yield _type(content["schema"]) if kind == "application/json" else escape(kind)


def _common_answers(paths: Mapping[str, Mapping[str, Any]]) -> str:
    meanings = {
        status: response["description"]
        for operations in paths.values()
        for operation in operations.values()
        for status, response in operation["responses"].items()
        if status in _COMMON and "security" in operation
    }
    rows = [(status, _type({"$ref": f"{_REFERENCE}Error"}), _text(meanings[status])) for status in sorted(meanings)]
    return f"<details><summary>Answers that operations have in common</summary>{_table('Answers', rows)}</details>"


def _shape(name: str, schema: Mapping[str, Any]) -> str:
    examples = "".join(_sample(one) for one in schema.get("examples", ()))
    example = f"<details><summary>Example</summary>{examples}</details>" if examples else ""
    return (
        f'<h3 id="{_shape_id(name)}">{escape(name)}</h3><p>{_text(schema.get("description", ""))}</p>'
        f"{_table('Fields', _fields(schema))}{example}"
    )


def _fields(schema: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Name, type and meaning of each field of an object."""
    required = schema.get("required", ())
    return [
        (
            code(field),
            _type(one) + (", required" if field in required else "") + _default(one),
            _text(one.get("description", "")),
        )
        for field, one in schema.get("properties", {}).items()
    ]


def _default(schema: Mapping[str, Any]) -> str:
    value = schema.get("default")
    return "" if value in (None, "") else f", default {code(json.dumps(value, ensure_ascii=False))}"


def _type(schema: Mapping[str, Any]) -> str:
    """A schema in a few words, with links to the shapes it names."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_REFERENCE)
        return f'<a href="#{_shape_id(name)}">{escape(name)}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(code(json.dumps(one)) for one in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return escape(_kind(schema) + _bounds(schema))


def _kind(schema: Mapping[str, Any]) -> str:
    if schema.get("format") == "binary":
        return "file"
    return str(schema.get("type", "any value"))


def _bounds(schema: Mapping[str, Any]) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is None and most is None:
        return ""
    if least is None or most is None:
        return f" of at most {most}" if least is None else f" of at least {least}"
    return f" from {least} to {most}"


def _table(title: str, rows: list[tuple[str, str, str]]) -> str:
    if not rows:
        return ""
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<h4>{title}</h4><table>{lines}</table>"


def _sample(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
    return f"<pre>{escape(text)}</pre>"


def _text(text: str) -> str:
    """Plain text as HTML; what stands in backticks becomes code."""
    return "<br><br>".join(_CODE.sub(r"<code>\1</code>", escape(part)) for part in text.split("\n\n"))


def _shape_id(name: str) -> str:
    return f"shape-{slug(name)}"
