"""Where a platform is reached, and the link that signs in to its dashboard."""

from __future__ import annotations

import os
import webbrowser
from urllib.parse import quote, urlsplit

from callwright.domain.errors import BadInputError
from callwright.domain.session import HOME
from callwright.ops.settings import Settings

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}
"""A server that listens everywhere is reached here."""
_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY")


def platform_url(settings: Settings, given: str = "") -> str:
    """Where the platform listens: at ``given`` (``--url``), else by the settings. Raises BadInputError for what is no address."""
    return checked_url(given) if given else settings.public_url or _own_url(settings)


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
