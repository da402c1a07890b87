"""The API's description of itself (``/openapi.json``): what the framework finds in the routes, and what only we know."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.routing import BaseRoute

from callwright.api.doors import Doors
from callwright.api.gate import needs_key
from callwright.api.reading import DescribedBody
from callwright.api.schemas import BODY_ERRORS, MEANINGS, STREAMED, Open
from callwright.domain.settings.setting import SHAPE

#: What makes an object: its route, the status of its answer, where the id stands in it, and the parameters of paths that take it.
MADE: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("/v2/agent", "201", "agent_id", ("agent_id",)),
    ("/agent", "200", "agent_id", ("agent_id",)),
    ("/call", "200", "execution_id", ("execution_id", "run_id")),
    ("/batches", "201", "batch_id", ("batch_id",)),
    ("/dispositions", "201", "id", ("disposition_id",)),
    ("/sip-trunks/trunks", "201", "id", ("trunk_id",)),
    ("/knowledgebase", "200", "rag_id", ("rag_id",)),
    ("/sub-accounts/create", "200", "id", ("sub_account_id",)),
    ("/ambient-sounds/custom", "200", "id", ("sound_id",)),
)


_BOUNDS = ("minimum", "maximum")
_PUBLIC_NAMES = {
    **{
        f"{one}Policy": f"{one}Section"
        for one in ("Attempts", "Consent", "CountryRules", "Fallbacks", "Hours", "Numbers", "Pace")
    },
    **{one: f"{one}Section" for one in ("Breaker", "Caps", "Rest", "Rotation")},
    "AnswerPattern": "SubjectiveTypeConfig",
    "Disposition": "DispositionFields",
    "Gateway": "SipGateway",
    "Limit": "PaceLimit",
    "Option": "ObjectiveOption",
}
"""What records of the domain are called in the description, and so in generated clients, where the name alone must say what they are of."""
_FRAMEWORKS_OWN = "Successful Response"


def operation_id(route: APIRoute) -> str:
    """The name of an operation in generated clients: its group and its function."""
    group = str(route.tags[0]) if route.tags else "own"
    return f"{group}_{route.name}".replace(" ", "_").replace("-", "_")


def description_of(app: FastAPI, routes: Sequence[BaseRoute], doors: Doors) -> dict[str, Any]:
    """The description of ``routes``, made once. The framework does not see ``doors``."""
    if app.openapi_schema is None:
        found = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        models = _describe_bodies(found["paths"], routes)
        _, definitions = models_json_schema(
            [(model, "validation") for model in models], ref_template="#/components/schemas/{model}"
        )
        components = found.setdefault("components", {})
        components["schemas"] = {**definitions["$defs"], **components.get("schemas", {})}
        _give_examples_back_their_nulls(components["schemas"])
        _give_shapes_their_names(components["schemas"])
        _make_bounds_whole(found)
        components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        for path, operations_of_path in found["paths"].items():
            for method, operation in operations_of_path.items():
                _without_frameworks_own(operation.get("responses", {}))
                if needs_key(path, method.upper()):
                    operation["security"] = [{"key": []}]
                if "requestBody" in operation:
                    _may_be_refused(operation.get("responses", {}))
            _tag(operations_of_path.get("get", {}))
        _link(found["paths"])
        for path, method, operation in doors.described():
            found["paths"].setdefault(path, {})[method] = operation
        app.openapi_schema = found
    return app.openapi_schema


def _describe_bodies(paths: Mapping[str, Any], routes: Sequence[BaseRoute]) -> list[type[BaseModel]]:
    """Add the bodies that routes take as a :class:`DescribedBody`, and return their models."""
    models: list[type[BaseModel]] = []
    for route in routes:
        for dependency in route.dependant.dependencies if isinstance(route, APIRoute) else ():
            body: object = dependency.call
            if isinstance(route, APIRoute) and isinstance(body, DescribedBody):
                schema = {"$ref": f"#/components/schemas/{body.model.__name__}"}
                content = {kind: {"schema": schema, "example": body.example} for kind in body.media}
                for method in route.methods or ():
                    operation = paths[route.path_format][method.lower()]
                    needed = body.required or any(field.is_required() for field in body.model.model_fields.values())
                    operation["requestBody"] = {"required": needed, "content": content}
                models.append(body.model)
    return models


def _give_examples_back_their_nulls(schemas: Mapping[str, Any]) -> None:
    """The framework leaves nulls out of its description, also where they are the example of an answer."""
    for shape in _shapes(Open):
        extra: Any = shape.model_config.get("json_schema_extra")
        if shape.__name__ in schemas and callable(extra):
            extra(schemas[shape.__name__])
        elif shape.__name__ in schemas and extra is not None:
            schemas[shape.__name__].update(copy.deepcopy(extra))


def _give_shapes_their_names(schemas: dict[str, Any]) -> None:
    """Objects that a declaration holds stand among the shapes, as those of models do."""

    def named(value: Any) -> Any:
        if isinstance(value, list):
            return [named(one) for one in value]
        if not isinstance(value, dict):
            return value
        found = {key: named(one) for key, one in value.items() if key != SHAPE}
        if SHAPE not in value:
            return found
        shape = str(value[SHAPE])
        name = _PUBLIC_NAMES.get(shape, shape)
        if "properties" in found:
            schemas[name] = found
        return {"$ref": f"#/components/schemas/{name}"}

    for name, schema in list(schemas.items()):
        schemas[name] = named(schema)


def _make_bounds_whole(described: Any) -> None:
    """The framework holds bounds as fractions, also those of integers; generated clients refuse ``1000000.0`` there."""
    if isinstance(described, dict):
        if described.get("type") == "integer":
            described.update({name: int(described[name]) for name in _BOUNDS if name in described})
        for one in described.values():
            _make_bounds_whole(one)
    elif isinstance(described, list):
        for one in described:
            _make_bounds_whole(one)


def _shapes(shape: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for narrower in shape.__subclasses__():
        yield narrower
        yield from _shapes(narrower)


def _without_frameworks_own(responses: dict[str, Any]) -> None:
    """What the framework says by itself about parameters it cannot read: ours are refused with 400. A route's own 422 stays."""
    if "HTTPValidationError" in str(responses.get("422", "")):
        del responses["422"]
    # A route that answers otherwise than with 200, or with something else than JSON, has the framework's empty answer beside its own.
    good = [status for status in responses if status[0] in "23"]
    if len(good) > 1 and responses.get("200", {}).get("description") == _FRAMEWORKS_OWN:
        del responses["200"]
    for response in responses.values():
        content = response.get("content", {})
        if len(content) > 1 and content.get("application/json") == {"schema": {}}:
            del content["application/json"]


def _may_be_refused(responses: dict[str, Any]) -> None:
    """Whatever has a body may be sent one that cannot be read, comes too slowly or is too large: it is refused before any route looks at
    what it says."""
    like = responses.get("401")
    if like is not None:
        for status in BODY_ERRORS:
            responses.setdefault(str(status), {**like, "description": MEANINGS[status]})


def _tag(operation: dict[str, Any]) -> None:
    """Whole answers of JSON have an ETag, and none at all for whoever has that one already. An answer that is sent while it is read has
    none: its headers leave before anybody knows what it will say."""
    responses = operation.get("responses", {})
    good = responses.get("200", {})
    if "application/json" in good.get("content", {}) and not operation.get(STREAMED):
        header = {"description": "Send it as `If-None-Match`.", "required": True, "schema": {"type": "string"}}
        good["headers"] = {"ETag": header}
        responses["304"] = {"description": "Nothing has changed since the answer with the ETag in `If-None-Match`."}


def _link(paths: Mapping[str, Any]) -> None:
    """Say where what a route made can be used: in every path that takes its id."""
    for maker, status, key, parameters in MADE:
        made = paths.get(maker, {}).get("post", {}).get("responses", {}).get(status)
        if made is None:
            continue
        links = made.setdefault("links", {})
        for path, operations_of_path in paths.items():
            for parameter in parameters:
                if path.count("{") == 1 and f"{{{parameter}}}" in path:
                    for operation in operations_of_path.values():
                        links[operation["operationId"]] = {
                            "operationId": operation["operationId"],
                            "parameters": {parameter: f"$response.body#/{key}"},
                        }
