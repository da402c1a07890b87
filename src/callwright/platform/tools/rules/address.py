"""The address of an HTTP tool: scheme and host are the agent's own words; places are allowed in the path and the query only.

What fills a place is percent-encoded and stays within its path segment or its query value, whatever it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from callwright.domain.limits import MAX_URL_CHARACTERS
from callwright.domain.variables import name_of
from callwright.platform.tools.rules.arguments import UnfitArgumentsError
from callwright.platform.tools.rules.template import BadTemplateError, Place, place_text

_NO_PART = r"/?#\\\x00-\x1f\x7f"
"""What no name holds here: the address is divided at it."""
_PLACE = re.compile(
    rf"%\(((?:[^(){_NO_PART}]|\([^(){_NO_PART}]*\))+)\)([sidf])|\{{((?:[^{{}}%{_NO_PART}]|%(?!\())+)\}}"
)
_WRITTEN = "".join(chr(code) for code in range(0x21, 0x7F))
_OUTSIDE = re.compile(r"[\x00-\x20\x7f\\]")
_DOTS = frozenset({".", ".."})


def check_address(url: str) -> None:
    """Raises BadTemplateError for what is no address of a tool."""
    if not url.startswith(("http://", "https://")):
        raise BadTemplateError("must be an http or https URL")
    if len(url) > MAX_URL_CHARACTERS:
        raise BadTemplateError(f"is longer than {MAX_URL_CHARACTERS} characters")
    host, _path, _query = _split(url)
    if _PLACE.search(host):
        raise BadTemplateError("has a placeholder in its host: placeholders are allowed in the path and the query only")
    if "@" in host:
        raise BadTemplateError("must not hold a user name or password: use api_token or headers")
    if _OUTSIDE.search(_PLACE.sub("x", url)):
        raise BadTemplateError("holds a space, a backslash or a control character: percent-encode it")
    try:
        parts = urlsplit(f"{host}/")
        named, port = parts.hostname, parts.port
    except ValueError:
        raise BadTemplateError("cannot be read as a URL") from None
    if not named:
        raise BadTemplateError("names no host")
    if port == 0:
        raise BadTemplateError("names port 0, which is no address")


def filled_address(url: str, values: Mapping[str, Any]) -> str:
    """The address with its places filled. Raises UnfitArgumentsError for a value that cannot be a part of a path."""
    host, path, query = _split(url)
    segments = [_segment(segment, values) for segment in path.split("/")]
    return host + "/".join(segments) + _PLACE.sub(lambda match: _encoded(match, values), query)


def host_of(url: str) -> str:
    """The host alone: what may be told of an address, whose path and query can hold secrets."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _split(url: str) -> tuple[str, str, str]:
    """Scheme and host, the path, and the query with its question mark; a fragment is not sent."""
    scheme, _, rest = url.partition("#")[0].partition("://")
    end = next((at for at, sign in enumerate(rest) if sign in "/?"), len(rest))
    path, mark, query = rest[end:].partition("?")
    return f"{scheme}://{rest[:end]}", path, f"{mark}{query}"


def _segment(segment: str, values: Mapping[str, Any]) -> str:
    if not _PLACE.search(segment):
        return segment
    plain = _PLACE.sub(lambda match: _part(match, values), segment)
    if plain in _DOTS:
        raise UnfitArgumentsError(f"{plain!r} cannot be a part of the address")
    return _PLACE.sub(lambda match: _encoded(match, values), segment)


def _part(match: re.Match[str], values: Mapping[str, Any]) -> str:
    name, value = _name(match, values), _value(match, values)
    if name is None:
        return match[0]
    if not value.strip():
        raise UnfitArgumentsError(f"{name} is missing: it is a part of the address")
    if "/" in value or "\\" in value or not value.isprintable():
        raise UnfitArgumentsError(f"{name} must not hold slashes, backslashes or line breaks")
    return value


def _encoded(match: re.Match[str], values: Mapping[str, Any]) -> str:
    """What is sent for a place. What is no name is sent as it is written, as far as an address can hold it."""
    safe = _WRITTEN if _name(match, values) is None else ""
    return quote(_value(match, values), safe=safe, errors="replace")


def _name(match: re.Match[str], values: Mapping[str, Any]) -> str | None:
    return name_of(match[1] or match[3], values)


def _value(match: re.Match[str], values: Mapping[str, Any]) -> str:
    name = _name(match, values)
    return match[0] if name is None else place_text(Place(name, match[2] or "s"), values)
