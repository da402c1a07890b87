"""Addresses of web servers that somebody gave: whether they can be asked at all. Which of them may be asked is ``net.policy``'s."""

from __future__ import annotations

from urllib.parse import urlsplit


def names_host(url: str) -> bool:
    """Whether the host of an address can be read, and its port is one: from 1 to 65535, or left out."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        return False
    return port != 0 and bool(host) and host.isprintable() and " " not in host
