"""Numbers that an account has at Vonage.

https://developer.vonage.com/en/numbers/code-snippets/list-owned (read in 2026); it asks for the account's key and secret
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.market import HeldNumber
from callwright.ports.registry import HttpClient
from callwright.telephony.number_markets.listed import ListedNumbers, held_number
from callwright.telephony.vonage.account import API_URL, KEYS, NUMBERS_API, account_api

PAGE_SIZE = 100
"""The most that the vendor gives at once."""


class VonageNumbers(ListedNumbers):
    """Its pages are counted from 1, and its numbers have no plus. ``api`` is where the vendor is, unless the account's keys name another
    address."""

    keys = KEYS
    address_keys = (API_URL,)
    _list_name = "numbers"
    _page_size = PAGE_SIZE

    def __init__(self, sender: HttpClient, api: str = NUMBERS_API) -> None:
        super().__init__(account_api(sender, api))

    def _page(self, access: Access, page: int) -> str:
        return f"/account/numbers?{urlencode({'index': page, 'size': PAGE_SIZE})}"

    def _held(self, one: Mapping[str, Any]) -> HeldNumber | None:
        return held_number(f"+{one.get('msisdn')}", one.get("msisdn"), None)

    def _total(self, answer: Mapping[str, Any]) -> Any:
        return answer.get("count")
