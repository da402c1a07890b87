"""Where a platform is reached, and the link that signs in to its dashboard."""

from __future__ import annotations

import json
import os
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

from callwright.domain.errors import BadInputError
from callwright.ops.settings import Settings
from callwright.platform.sessions.rules import HOME

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}
"""A server that listens everywhere is reached here."""
_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY")


_NOTE = "server.json"
"""In the data folder: where the server that uses it listens, and its process."""


def platform_url(settings: Settings, given: str = "") -> str:
    """Where the platform listens: at ``given`` (``--url``), else as CALLWRIGHT_PUBLIC_URL says, else where the server of the data folder
    says, else by the settings. Raises BadInputError for what is no address."""
    if given:
        return checked_url(given)
    return settings.public_url or running_url(settings.data) or _own_url(settings)


@contextmanager
def noted_address(data: Path, url: str) -> Iterator[None]:
    """Notes in the data folder that this process listens at ``url`` while the block runs. Of several processes the last one counts."""
    note, text = data / _NOTE, json.dumps({"url": url, "pid": os.getpid()})
    note.write_text(text)
    try:
        yield
    finally:
        if note.is_file() and note.read_text() == text:
            note.unlink()


def running_url(data: Path) -> str:
    """Where the server of a data folder listens; empty where none of this machine runs."""
    try:
        found = json.loads((data / _NOTE).read_text())
        os.kill(int(found["pid"]), 0)
        return str(found["url"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _own_url(settings: Settings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}"


def checked_url(url: str) -> str:
    """An address that can be asked. Raises BadInputError."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise BadInputError(f"--url must be an address as http://127.0.0.1:8700, not {url!r}")
    return url


def sign_in_link(base: str, code: str, page: str = "") -> str:
    """The link that signs in with a code at a platform, and leads to a page of the dashboard (empty: the first)."""
    parts = urlsplit(base)
    here = _EVERYWHERE.get(parts.hostname or "")
    if here is not None:
        base = f"{parts.scheme}://{here}:{parts.port}"
    to = f"&to={quote(page)}" if page else ""
    return f"{base.rstrip('/')}{HOME}enter?code={code}{to}"


def open_in_browser(link: str) -> bool:
    """Open a link in the browser of this desktop. False without one: a browser in text would take the terminal."""
    return any(os.environ.get(one) for one in _SCREENS) and webbrowser.open(link)
