"""What vendors share that report by forms, take instructions in XML, and know an account by its id and token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit, urlunsplit

from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.door import DoorAnswer, DoorRequest
from callwright.telephony.media_streams.vendor import VendorAccount
from callwright.telephony.number_markets.rest import CarrierApi

_BUSY = (486, 600, 603)
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class VendorKeys:
    """Names of provider keys: the account's ``id`` and ``token``, which are needed; the ``number`` that its calls show; ``api``, another
    address of the vendor."""

    id: str
    token: str
    number: str
    api: str

    @property
    def needed(self) -> tuple[str, str]:
        """Those without which no call can be made."""
        return self.id, self.token

    @property
    def all(self) -> tuple[str, ...]:
        """Those and the others."""
        return self.id, self.token, self.number, self.api


class XmlVendor:
    """The part of a ``media_streams.vendor.Vendor`` that such vendors share."""

    incoming_method = "POST"
    keeps_stream = False
    keeps_recording = False
    streams_at_once = False

    def __init__(self, keys: VendorKeys, rest: CarrierApi) -> None:
        self._keys = keys
        self._rest = rest

    def account(self, access: Access) -> VendorAccount:
        """By its id and token; at the address that is stored with them, where there is one."""
        account = self._rest.account(access)
        return VendorAccount(account.id, account.api, access)

    def own_number(self, access: Access) -> str:
        """See the protocol."""
        return access.keys.get(self._keys.number, "")

    def proof(self, account: VendorAccount, key: str, handover: int = 0) -> Mapping[str, str]:
        """Nothing: the signature covers the address."""
        return {}

    def end_call(self) -> DoorAnswer:
        """Hangup."""
        return response("<Hangup/>")

    def _token(self, account: VendorAccount) -> str:
        return account.access.keys[self._keys.token]


def form_of(request: DoorRequest) -> dict[str, list[str]] | None:
    """The values of each field of a form; None for what is no form."""
    try:
        return parse_qs(request.body.decode(), keep_blank_values=True, errors="strict")
    except (UnicodeDecodeError, ValueError):
        return None


def fields_of(request: DoorRequest) -> dict[str, str]:
    """The first value of each field of a form; nothing for what is no form."""
    return {name: values[0] for name, values in (form_of(request) or {}).items()}


def response(xml: str) -> DoorAnswer:
    """An instruction."""
    body = f'<?xml version="1.0" encoding="UTF-8"?><Response>{xml}</Response>'
    return DoorAnswer(body.encode(), content_type="text/xml")


def reason_of(code: int) -> str:
    """How such vendors name the refusal of a call: as busy, or as not in service."""
    return "busy" if code in _BUSY else "rejected"


def spellings_of(url: str) -> Sequence[str]:
    """An address as it is, and with or without the port of its scheme: vendors sign either."""
    parts = urlsplit(url)
    port = _PORTS.get(parts.scheme)
    if parts.port is None:
        return url, urlunsplit(parts._replace(netloc=f"{parts.netloc}:{port}"))
    return url, urlunsplit(parts._replace(netloc=parts.netloc.removesuffix(f":{parts.port}")))
