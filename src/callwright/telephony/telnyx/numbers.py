"""Numbers that an account has at Telnyx.

https://developers.telnyx.com/api-reference/phone-number-configurations/list-phone-numbers (read in 2026)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.market import HeldNumber
from callwright.ports.registry import HttpClient
from callwright.telephony.number_markets.listed import ListedNumbers, held_number
from callwright.telephony.number_markets.rest import CarrierApi, stored_address
from callwright.telephony.telnyx.vendor import API, API_URL, ID_FORM, NAME, NEEDED_KEYS, bearer

PAGE_SIZE = 250
"""The most that the vendor gives at once."""


class TelnyxNumbers(ListedNumbers):
    """Its pages are counted from 1. ``api`` is where the vendor is, unless the account's keys name another address."""

    keys = NEEDED_KEYS[:2]
    address_keys = (API_URL,)
    _list_name = "data"
    _page_size = PAGE_SIZE

    def __init__(self, sender: HttpClient, api: str = API) -> None:
        super().__init__(CarrierApi(sender, NAME, NEEDED_KEYS[:2], ID_FORM, stored_address(API_URL, api), bearer))

    def _page(self, access: Access, page: int) -> str:
        return f"/v2/phone_numbers?{urlencode({'page[number]': page, 'page[size]': PAGE_SIZE})}"

    def _held(self, one: Mapping[str, Any]) -> HeldNumber | None:
        return held_number(one.get("phone_number"), one.get("id"), one.get("customer_reference"))

    def _total(self, answer: Mapping[str, Any]) -> Any:
        meta = answer.get("meta")
        return meta.get("total_results") if isinstance(meta, dict) else None
