"""How the settings of the operator's PBX are read and checked. The readers raise ValueError with what to write."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from callwright.domain.errors import ConfigurationError

NUMBER = "{number}"


def read_pbx_address(text: str) -> str:
    """The address of its HTTP server, without a slash at the end."""
    address = text.strip().rstrip("/")
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0 or parts.query or parts.fragment:
        raise ValueError("write http://host:port")
    if "@" in parts.netloc:
        raise ValueError("write the user and the password into their own settings")
    return address


def read_pbx_application(text: str) -> str:
    """The name of an application, which begins the names of its channels too."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", text):
        raise ValueError("write 1 to 40 letters, digits, _ and -")
    return text


def read_pbx_endpoint(text: str) -> str:
    """How a number is dialled."""
    if NUMBER not in text or not text.isprintable():
        raise ValueError(f"write {NUMBER} where the number stands, as in PJSIP/{NUMBER}@trunk")
    return text


def check_pbx(address: str, user: str, password: str) -> None:
    """Raises ConfigurationError where there is an address without a user and a password."""
    if address and not (user and password):
        raise ConfigurationError(
            "CALLWRIGHT_ASTERISK_URL needs CALLWRIGHT_ASTERISK_USER and CALLWRIGHT_ASTERISK_PASSWORD, those of ari.conf"
        )
