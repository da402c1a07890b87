"""Shapes that several resources share, for the API description."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from callwright.domain.settings.setting import Setting, schema_of

STREAMED = "x-streamed"
"""In ``openapi_extra`` of a route: its answer is sent in pieces as it is read, so it has no ETag."""


Timestamp = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""A time in an answer: RFC 3339, always with ``+00:00`` (``insight.wire.wire_time``)."""


class Open(BaseModel):
    """A shape that may carry further keys: unknown ones are accepted and, where an object is stored, kept."""

    model_config = ConfigDict(extra="allow")


def example(body: dict[str, Any]) -> ConfigDict:
    """``model_config`` of the shape of an answer, with an answer as the server gives it. It stands once in the description, at the shape,
    however many operations answer so."""
    return ConfigDict(extra="allow", json_schema_extra={"examples": [body]})


def declared(settings: Iterable[Setting], *, answer: dict[str, Any] | None = None) -> ConfigDict:
    """``model_config`` of a shape with these settings beside its own fields: of a request, or of an ``answer``, given as an example."""
    own = schema_of(settings, answered=answer is not None)

    def add(schema: dict[str, Any]) -> None:
        schema["properties"] = {**own["properties"], **schema.get("properties", {})}
        needed = own.get("required", ()) if answer is None else own["properties"]
        if needed:
            schema["required"] = list(dict.fromkeys([*needed, *schema.get("required", ())]))
        if answer is not None:
            schema["examples"] = [answer]

    return ConfigDict(json_schema_extra=add)


class Error(Open):
    """Every error: the hosted service's keys together, then ours."""

    error: int = Field(description="The HTTP status as a number.", examples=[400])
    message: str = Field(description="What is wrong and what to do.", examples=["agent_id is required"])
    detail: str = Field(description="The same text, for clients that read this key.", examples=["agent_id is required"])
    code: str = Field(
        description="Stable, machine-readable; docs/reference/errors.md lists them.", examples=["bad_input"]
    )
    hint: str | None = Field(default=None, description="What usually helps.")
    field: str | None = Field(default=None, description="The path of the wrong value.", examples=["agent_id"])
    scope: str | None = Field(default=None, description="Of a web call: `global`, `customer` or `not_enabled`.")
    request_id: str | None = Field(default=None, description="Also in the header X-Request-Id.")


class Acknowledged(Open):
    """It is done."""

    model_config = example({"message": "success", "state": "deleted"})

    message: str = Field(examples=["success"])
    state: str = Field(examples=["deleted"])


MEANINGS = {
    400: "A parameter is missing or wrong; nothing was done.",
    401: "No API key came with the request, or one that is unknown, revoked or expired.",
    408: "The body came too slowly.",
    403: "The key may not do this. By a setting also: the key is unknown, revoked or expired.",
    404: "No such object for this key.",
    409: "The request contradicts the present state.",
    410: "The cursor is no longer good: events after it were deleted.",
    412: "The object was changed since the revision in `If-Match`; nothing was done.",
    413: "The body or a part of it is over its limit.",
    422: "The body is JSON, and what it says is not possible; nothing was done.",
    429: "Too many at once; wait for the seconds in Retry-After.",
    431: "The line or the headers of the request are over their limit.",
    503: "The database cannot be reached, or stored provider keys cannot be opened; nothing was done.",
}


#: What any operation with a body may answer before it looks at what the body says.
BODY_ERRORS = (400, 408, 413)


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors of a route for the description: those given, and those every route behind a key may have."""
    return {
        status: {"model": Error, "description": MEANINGS[status]} for status in (*statuses, 401, 403, 429, 431, 503)
    }


def shown(description: str, model: Any = None) -> dict[str, Any]:
    """The description of a good answer. ``model``: its shape, or ``list[shape]`` for a bare array."""
    found: dict[str, Any] = {"description": description}
    if model is not None:
        found["model"] = model
    return found
