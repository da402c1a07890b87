"""ExoPhones that an account has at Exotel.

https://developer.exotel.com/docs/exophones/api-reference/list-numbers (read in 2026), which names no way to a second page
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import FailureKind
from callwright.ports.market import HeldNumber
from callwright.ports.registry import HttpClient
from callwright.telephony.exotel.vendor import (
    ADDRESS_KEYS,
    API,
    ID_FORM,
    NAME,
    NEEDED_KEYS,
    PAGE_SIZE,
    address_of,
    sid_of,
)
from callwright.telephony.number_markets.listed import ListedNumbers, held_number
from callwright.telephony.number_markets.rest import CarrierApi


class ExotelNumbers(ListedNumbers):
    """One page of them. ``api`` is where the vendor is, unless the account's keys name another address."""

    keys = NEEDED_KEYS
    address_keys = ADDRESS_KEYS
    _list_name = "incoming_phone_numbers"
    _page_size = PAGE_SIZE

    def __init__(self, sender: HttpClient, api: str = API) -> None:
        super().__init__(CarrierApi(sender, NAME, NEEDED_KEYS[1:], ID_FORM, partial(address_of, otherwise=api)))

    def _page(self, access: Access, page: int) -> str:
        if page > 1:
            raise self._rest.error(FailureKind.UNAVAILABLE, "it lists only the first of its numbers")
        return f"/v2_beta/Accounts/{sid_of(access)}/IncomingPhoneNumbers"

    def _held(self, one: Mapping[str, Any]) -> HeldNumber | None:
        return held_number(one.get("phone_number"), one.get("sid"), one.get("friendly_name"))
