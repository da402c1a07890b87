"""Numbers that an account has at Vonage.

https://developer.vonage.com/en/numbers/code-snippets/list-owned (read in 2026); it asks for the account's key and secret
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit

from callwright.domain.provider_access import Access
from callwright.ports.market import HeldNumber
from callwright.ports.registry import HttpClient
from callwright.telephony.number_markets.listed import ListedNumbers, held_number
from callwright.telephony.number_markets.rest import CarrierApi
from callwright.telephony.vonage.vendor import API_URL, NAME

API = "https://rest.nexmo.com"
KEYS = ("VONAGE_API_KEY", "VONAGE_API_SECRET")
PAGE_SIZE = 100
"""The most that the vendor gives at once."""

_REGIONAL = (".nexmo.com", ".vonage.com")
_ID = "[A-Za-z0-9]{1,64}"


def unless_regional(access: Access, otherwise: str) -> str:
    """Where an API is that has no regions. Those of VONAGE_API_URL carry calls only; a stand-in or a proxy answers for all APIs."""
    stored = access.keys.get(API_URL, "")
    host = urlsplit(stored).hostname or ""
    return stored if host and not host.endswith(_REGIONAL) else otherwise


class VonageNumbers(ListedNumbers):
    """Its pages are counted from 1, and its numbers have no plus. ``api`` is where the vendor is, unless the account's keys name an address
    that is not the vendor's own."""

    keys = KEYS
    address_keys = (API_URL,)
    _list_name = "numbers"
    _page_size = PAGE_SIZE

    def __init__(self, sender: HttpClient, api: str = API) -> None:
        super().__init__(CarrierApi(sender, NAME, KEYS, _ID, partial(unless_regional, otherwise=api)))

    def _page(self, access: Access, page: int) -> str:
        return f"/account/numbers?{urlencode({'index': page, 'size': PAGE_SIZE})}"

    def _held(self, one: Mapping[str, Any]) -> HeldNumber | None:
        return held_number(f"+{one.get('msisdn')}", one.get("msisdn"), None)

    def _total(self, answer: Mapping[str, Any]) -> Any:
        return answer.get("count")
