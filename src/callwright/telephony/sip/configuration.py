"""The settings of the SIP carrier, as the server has them and as the gateway gets them."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from callwright.domain.limits import MAX_SIP_UNACKNOWLEDGED

_SYSTEM_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"


def system_authorities() -> str:
    """The PEM file with the certificate authorities of this machine; empty where there is none."""
    found = ssl.get_default_verify_paths().cafile or _SYSTEM_AUTHORITIES
    return found if Path(found).is_file() else ""


@dataclass(frozen=True, slots=True)
class SipSettings:
    """How SIP is spoken; see docs/reference/settings.md. ``listen`` is ``address:port``, or empty where SIP is off. ``log_level`` and
    ``log_format`` are those of the server."""

    listen: str = "127.0.0.1:5060"
    rtp_ports: str = "20000-20999"
    max_calls: int = 100
    max_unacknowledged: int = MAX_SIP_UNACKNOWLEDGED
    allow: tuple[str, ...] = ()
    user: str = ""
    password: str = field(default="", repr=False)
    codecs: tuple[str, ...] = ("pcmu", "pcma")
    headers: tuple[str, ...] = ()
    call_headers: tuple[str, ...] = ()
    transfer_to: tuple[str, ...] = ()
    call_to: tuple[str, ...] = ("127.0.0.0/8", "localhost")
    log_level: str = "info"
    log_format: str = "text"
    certificate: str = ""
    authorities: str = ""

    @classmethod
    def of_texts(cls, texts: Mapping[str, str]) -> SipSettings:
        """From the texts a plugin gets. A setting that is missing has its default; checked they are already (``ops.settings``)."""
        given: dict[str, Any] = {}
        for name in ("listen", "certificate", "authorities", "rtp_ports", "user", "password"):
            if f"sip_{name}" in texts:
                given[name] = texts[f"sip_{name}"]
        for name in ("allow", "codecs", "headers", "call_headers", "transfer_to", "call_to"):
            if f"sip_{name}" in texts:
                given[name] = tuple(part for part in texts[f"sip_{name}"].split(",") if part)
        for name in ("log_level", "log_format"):
            if name in texts:
                given[name] = texts[name]
        for name in ("max_calls", "max_unacknowledged"):
            if f"sip_{name}" in texts:
                given[name] = int(texts[f"sip_{name}"])
        return cls(**given)

    @property
    def places(self) -> tuple[str, ...]:
        """Where calls may be placed: what is named for that, and the networks that may call us."""
        return (*self.call_to, *self.allow)

    @property
    def trusted(self) -> str:
        """The PEM file with the authorities that certify far ends."""
        return self.authorities or system_authorities()

    def for_gateway(self) -> dict[str, Any]:
        """The values of the ``settings`` message. Whom the far end may send us to is judged by the server."""
        return {
            "listen": self.listen,
            "certificate": self.certificate,
            "authorities": self.trusted,
            "rtp_ports": self.rtp_ports,
            "max_calls": self.max_calls,
            "max_unacknowledged": self.max_unacknowledged,
            "allow": list(self.allow),
            "user": self.user,
            "password": self.password,
            "codecs": list(self.codecs),
            "headers": list(self.headers),
            "log_level": self.log_level,
            "log_format": self.log_format,
        }
