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


def place_of(url: str) -> str:
    """Host and port of an address, which can be logged; path, query and user may hold secrets. "?" where it cannot be read."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "?", parts.port
    except ValueError:
        return "?"
    host = f"[{host}]" if ":" in host else host
    return host if port is None else f"{host}:{port}"
