"""Where the operator's Asterisk is, and how numbers are dialled there."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from callwright.ops.pbx_settings import NUMBER
from callwright.ports.failures import FailureKind, ProviderError

NAME = "asterisk"
_NUMBER = re.compile(r"\+[0-9]{4,15}")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class AsteriskSettings:
    """``url`` is that of its HTTP server, without a slash at the end, empty where there is none. ``endpoint`` has ``{number}`` in the place
    of the number. ``call_headers``: headers beside X-... that a call may carry."""

    url: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    app: str = "callwright"
    endpoint: str = "PJSIP/{number}@trunk"
    call_headers: tuple[str, ...] = ()
    default_number: str = ""

    @classmethod
    def of_texts(cls, texts: Mapping[str, str]) -> AsteriskSettings:
        """From the server's settings."""
        names = ("url", "user", "password", "app", "endpoint")
        given = {name: texts[f"{NAME}_{name}"] for name in names if texts.get(f"{NAME}_{name}")}
        headers = tuple(filter(None, texts.get("sip_call_headers", "").split(",")))
        return cls(**given, call_headers=headers, default_number=texts.get("from_number", ""))

    @property
    def parts(self) -> SplitResult:
        """The parts of the address."""
        return urlsplit(self.url)

    @property
    def port(self) -> int:
        """Its port."""
        return self.parts.port or _PORTS[self.parts.scheme]

    @property
    def socket_url(self) -> str:
        """The address of its websockets, without a path."""
        return f"ws{self.url.removeprefix('http')}"

    @property
    def authorization(self) -> Mapping[str, str]:
        """The header that proves who asks."""
        return {"Authorization": f"Basic {base64.b64encode(f'{self.user}:{self.password}'.encode()).decode()}"}

    def endpoint_of(self, number: str) -> str:
        """How a number is dialled."""
        return self.endpoint.replace(NUMBER, number)


def check_number(number: str) -> None:
    """Raises ProviderError(BAD_REQUEST) for what is no telephone number: in an endpoint anything else could mean another one."""
    if not _NUMBER.fullmatch(number):
        raise ProviderError(FailureKind.BAD_REQUEST, NAME, "only telephone numbers can be called")
