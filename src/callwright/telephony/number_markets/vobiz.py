"""Numbers of an account at Vobiz, over its REST API (v1), as its page says (read in 2026):
https://docs.vobiz.ai/account-phone-number/list-account-phone-numbers.

Vobiz has prices in several currencies. So numbers are rented in its console, and only those that the account has are listed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.market import HeldNumber
from callwright.ports.registry import HttpClient
from callwright.telephony.number_markets.listed import ListedNumbers, held_number
from callwright.telephony.number_markets.rest import CarrierApi, auth_headers, stored_address

NAME = "vobiz"
KEYS = ("VOBIZ_AUTH_ID", "VOBIZ_AUTH_TOKEN")
API_URL = "VOBIZ_API_URL"
API = "https://api.vobiz.ai/api"
ACCOUNT = "(MA|SA)[A-Za-z0-9_-]{2,60}"
"""What an account's id looks like."""


class VobizNumbers(ListedNumbers):
    """Its pages are counted from 1. ``api`` is where the vendor is, unless the account's keys name another address."""

    keys = KEYS
    address_keys = (API_URL,)
    _list_name = "items"
    _page_size = 100

    def __init__(self, sender: HttpClient, api: str = API) -> None:
        super().__init__(CarrierApi(sender, NAME, KEYS, ACCOUNT, stored_address(API_URL, api), auth_headers))

    def _page(self, access: Access, page: int) -> str:
        asked = {"page": str(page), "per_page": str(self._page_size), "include_subaccounts": "false"}
        return f"/v1/account/{access.keys[KEYS[0]]}/numbers?{urlencode(asked)}"

    def _held(self, one: Mapping[str, Any]) -> HeldNumber | None:
        return held_number(one.get("e164"), one.get("e164"), one.get("region"))

    def _total(self, answer: Mapping[str, Any]) -> Any:
        return answer.get("total")
