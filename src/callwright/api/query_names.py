"""Query parameters that no route knows: named in the answer, and refused when strict."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote

import msgspec
from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.types import Scope

from callwright.api.services import services_of
from callwright.domain.errors import BadInputError
from callwright.domain.fields import named, nearest
from callwright.domain.limits import MAX_IGNORED_NAMES

HEADER = b"callwright-ignored"
"""Names the parameters in every answer. An object has them in ``callwright.ignored`` too."""

_PLAIN = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) not in ",%")
_BLOCK = "callwright"
_OBJECT = dict[str, msgspec.Raw]


def unknown_names(scope: Scope) -> tuple[str, ...]:
    """The parameters of a routed request that its route does not know, at most MAX_IGNORED_NAMES of them. A name that may be a secret is
    told by its length."""
    if not scope["query_string"]:
        return ()
    route = scope.get("route")
    if not isinstance(route, APIRoute):
        return ()
    known = _names_of(route.path_format, route.endpoint)
    given = dict.fromkeys(name for name, _ in parse_qsl(scope["query_string"].decode("latin-1"), True))
    return tuple([named(name) for name in given if name not in known][:MAX_IGNORED_NAMES])


async def check_names(request: Request) -> None:
    """Raises BadInputError for a parameter that the request's route does not know, when strict."""
    if not request.scope["query_string"] or not services_of(request).actions.policy.strict:
        return
    unknown = unknown_names(request.scope)
    if unknown:
        route = request.scope["route"]
        known = sorted(_names_of(route.path_format, route.endpoint))
        near = nearest(unknown[0], known)
        takes = f"it takes {', '.join(known)}" if known else "it takes none"
        told = f"did you mean {near}?" if near else f"{takes}."
        raise BadInputError(
            f"{request.method} {route.path_format} has no parameter {unknown[0]}: {told}", field=unknown[0]
        )


def header_of(names: Sequence[str]) -> tuple[bytes, bytes]:
    """The header that names the parameters, percent-encoded where a header cannot hold them."""
    return HEADER, ", ".join(quote(name, safe=_PLAIN) for name in names).encode("ascii")


def with_ignored(body: bytes, names: Sequence[str]) -> bytes:
    """A JSON object with the names in ``callwright.ignored``, after those it has. Everything else stays byte for byte, and a body that is
    no object is returned as it is."""
    if not body.startswith(b"{"):
        return body
    found = msgspec.json.decode(body, type=_OBJECT)
    block: Any = msgspec.json.decode(found[_BLOCK], type=_OBJECT | None) if _BLOCK in found else None
    block = block or {}
    before = msgspec.json.decode(block["ignored"], type=list[str]) if "ignored" in block else []
    block["ignored"] = msgspec.Raw(msgspec.json.encode([*before, *names]))
    found[_BLOCK] = msgspec.Raw(msgspec.json.encode(block))
    return msgspec.json.encode(found)


@lru_cache(1_024)
def _names_of(path: str, endpoint: Callable[..., Any]) -> frozenset[str]:
    return frozenset(_declared(get_dependant(path=path, call=endpoint)))


def _declared(dependant: Dependant) -> Iterator[str]:
    for field in dependant.query_params:
        annotation = field.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            for name, one in annotation.model_fields.items():
                yield one.alias or name
        else:
            yield field.alias
    for needed in dependant.dependencies:
        yield from _declared(needed)
