"""Origins of web pages (RFC 6454): scheme, host and port, as browsers send them with a websocket."""

from __future__ import annotations

from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


def origin_of(text: str) -> str:
    """The origin as browsers write it: small letters, no usual port, no path. Raises ValueError for what is none.

    ``null``, which sandboxed pages send, is none: it would stand for all of them.
    """
    parts = urlsplit(text.strip())
    host, port = parts.hostname or "", parts.port
    if parts.scheme not in _PORTS or not host or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("an origin is http or https, a host and perhaps a port")
    if parts.username is not None or not host.isascii() or not host.isprintable() or " " in host:
        raise ValueError("an origin is http or https, a host and perhaps a port")
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + ("" if port in (None, _PORTS[parts.scheme]) else f":{port}")
