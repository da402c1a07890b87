"""One HTTP request of a tool, made of what its agent wrote and what the model gave (contract 14.1). Pure: sending is the shell's."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from callwright.domain.limits import MAX_TOOL_HEADER_CHARACTERS, MAX_TOOL_REQUEST_BYTES, MAX_URL_CHARACTERS
from callwright.platform.agents.rules.spec import ToolSpec
from callwright.platform.tools.rules.address import filled_address
from callwright.platform.tools.rules.arguments import UnfitArgumentsError
from callwright.platform.tools.rules.template import filled, place_text, read_template, read_text, value_text

HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}")
HEADER_VALUE = re.compile(rf"[\x20-\x7e\t]{{0,{MAX_TOOL_HEADER_CHARACTERS}}}")
HEADER_BLANKS = " \t"
"""Around a header's value they mean nothing (RFC 9110, 5.5), and what sends it refuses them: they are stripped."""

_UNSENT = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding"})
"""Headers that are the client's own business."""

_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
_PRINTABLE = "".join(chr(code) for code in range(0x20, 0x7F))


@dataclass(frozen=True, slots=True)
class ToolRequest:
    """What is sent. ``sent`` is the JSON value that went into the body or the query, for the record."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes
    sent: Any = None


def tool_request(tool: ToolSpec, values: Mapping[str, Any], fixed: Mapping[str, Any], extra: Any = None) -> ToolRequest:
    """The request of ``tool``.

    ``values`` fill address and body: the model's arguments and the call's variables; ``fixed`` are the call's variables alone, the only
    ones that fill headers. A tool without a ``param`` sends the arguments it declares. ``extra`` is put under the keys of the body.
    Raises UnfitArgumentsError for values that do not fit or are too long to be sent, BadTemplateError for a template that cannot be read.
    """
    params = tool.params
    method = str(params.get("method") or "POST")
    url = filled_address(str(params["url"]), values)
    sent = _sent(tool, values)
    if isinstance(extra, Mapping) and (sent is None or isinstance(sent, Mapping)):
        sent = {**extra, **(sent or {})}
    headers = _headers(params, fixed)
    body = b""
    if method == "GET":
        url = _with_query(url, sent)
    elif sent is not None:
        kind = headers.setdefault("content-type", _JSON)
        body = _form(sent) if kind.partition(";")[0].strip().lower() == _FORM else _as_json(sent)
    if len(url) > MAX_URL_CHARACTERS or len(body) > MAX_TOOL_REQUEST_BYTES:
        raise UnfitArgumentsError("the arguments are too long to be sent: call the tool again with shorter ones")
    return ToolRequest(method, url, headers, body, sent)


def _sent(tool: ToolSpec, values: Mapping[str, Any]) -> Any:
    template = read_template(tool.params.get("param"))
    if template is not None:
        return filled(template, values)
    declared = tool.parameters.get("properties")
    names = list(declared) if isinstance(declared, Mapping) else []
    given = {name: values[name] for name in names if values.get(name) is not None}
    return given or None


def _headers(params: Mapping[str, Any], fixed: Mapping[str, Any]) -> dict[str, str]:
    given = params.get("headers")
    headers: dict[str, str] = {}
    for name, value in (given if isinstance(given, Mapping) else {}).items():
        text = _header_text(value_text(value), fixed)
        if len(text) > MAX_TOOL_HEADER_CHARACTERS:
            most = f"{MAX_TOOL_HEADER_CHARACTERS:,}"
            raise UnfitArgumentsError(
                f"its header {name} has {len(text):,} characters when it is filled, at most {most} are sent"
            )
        if name.lower() not in _UNSENT and HEADER_NAME.fullmatch(name) and HEADER_VALUE.fullmatch(text):
            headers[name.lower()] = text
    token = params.get("api_token")
    token = token.strip(HEADER_BLANKS) if isinstance(token, str) else ""
    if token and HEADER_VALUE.fullmatch(token):
        headers["authorization"] = token
    return headers


def _header_text(template: str, fixed: Mapping[str, Any]) -> str:
    """A header with the call's variables, without blanks around it or them."""
    parts = read_text(template).parts
    filled_in = (part if isinstance(part, str) else _printable(place_text(part, fixed)) for part in parts)
    return "".join(filled_in).strip(HEADER_BLANKS)


def _printable(value: str) -> str:
    """A value as a header can hold it: as it is, or percent-encoded, its percent signs too, so that it can be decoded."""
    value = value.strip(HEADER_BLANKS)
    if value.isascii() and value.isprintable():
        return value
    return quote(value, safe=_PRINTABLE.replace("%", ""), errors="replace")


def _with_query(url: str, sent: Any) -> str:
    if not isinstance(sent, Mapping):
        return url
    query = urlencode(_pairs(sent), errors="replace", quote_via=quote)
    if not query:
        return url
    return f"{url}{'&' if '?' in url else '?'}{query}"


def _form(sent: Any) -> bytes:
    return urlencode(_pairs(sent), errors="replace").encode() if isinstance(sent, Mapping) else b""


def _pairs(sent: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A query's or a form's values as text, lists and objects as JSON; what is null is left out."""
    return [(name, value_text(value)) for name, value in sent.items() if value is not None]


def _as_json(sent: Any) -> bytes:
    return json.dumps(sent, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
