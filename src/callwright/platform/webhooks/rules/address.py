"""The address of a webhook, in whose path and query variables of the call may stand as ``{name}`` (contract 13).

Scheme, host and port are the agent's own words. What fills a place is percent-encoded and stays within its path segment or its query
value: nothing that a caller says, or that is known of them, sends the webhook elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from urllib.parse import quote, unquote

from callwright.domain.limits import MAX_URL_CHARACTERS
from callwright.domain.variables import names_in, outside_braces, render

_DOTS = frozenset({".", ".."})


def has_fixed_host(url: str) -> bool:
    """Whether no place stands before the path."""
    host = _split(url)[0]
    return outside_braces(host) == host


def has_blanks(url: str) -> bool:
    """Whether there are blanks that do not belong to the name of a variable, or line breaks and the like in one."""
    return " " in outside_braces(url) or any(sign.isspace() and sign != " " for sign in url)


def endpoint_of(url: str) -> str:
    """The endpoint of a ``webhook_url`` as it can be stored and shown: scheme, host and port, and a digest of the rest, which may hold
    secrets. The digest of an address that differs from call to call stands in braces."""
    host, path, query = _split(url)
    scheme, mark, rest = host.partition("://")
    user, at, place = rest.rpartition("@")
    private = user + at + path.removesuffix("/") + query
    if not private:
        return f"{scheme}{mark}{place}".lower()
    digest = "~" + hashlib.sha256(private.encode()).hexdigest()[:8]
    return f"{scheme}{mark}{place}".lower() + "/" + (f"{{{digest}}}" if "{" in path else digest)


def is_of_one_address(endpoint: str) -> bool:
    """Whether all webhooks of an endpoint go to one address: no variable is in its path."""
    return "{" not in endpoint


def webhook_address(url: str, values: Mapping[str, str]) -> str:
    """The address with its places filled; a name without a value is nothing. So is every name where ``url`` would become longer than
    MAX_URL_CHARACTERS, and a value that would be a step to another folder. Places before the path stay as they are."""
    if not names_in(url, values):
        return _written(url)
    host, path, query = _split(url)
    sent = {name: quote(value, safe="", errors="replace") for name, value in values.items()}
    found = _written(host + "/".join(_segment(segment, sent) for segment in path.split("/")) + render(query, sent))
    return found if len(found) <= MAX_URL_CHARACTERS or not any(sent.values()) else webhook_address(url, _nothing(sent))


def _segment(segment: str, values: Mapping[str, str]) -> str:
    found = render(segment, values)
    return render(segment, _nothing(values)) if found != segment and unquote(found) in _DOTS else found


def _written(url: str) -> str:
    """What stands in braces and is no name in this call stays as it is written, blanks included."""
    return url.replace(" ", "%20")


def _nothing(values: Mapping[str, str]) -> dict[str, str]:
    """The names, which are still names, without their values."""
    return dict.fromkeys(values, "")


def _split(url: str) -> tuple[str, str, str]:
    """What stands before the path, the path, and the query with its question mark; a fragment is not sent."""
    scheme, mark, rest = url.partition("#")[0].partition("://")
    end = next((at for at, sign in enumerate(rest) if sign in "/?"), len(rest))
    path, question, query = rest[end:].partition("?")
    return scheme + mark + rest[:end], path, question + query
