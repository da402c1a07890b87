"""The carrier ``vobiz``: calls over Vobiz, which speaks Plivo's API. See docs/how-to/carriers.md.

As its pages say (read in 2026): https://docs.vobiz.ai/call/make-call, .../call/transfer-call, .../xml/stream, .../xml/conference,
.../xml/record, .../concepts/validating-callbacks, .../applications and .../applications/attach-number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from callwright.ports.registry import Plugin
from callwright.telephony.media_streams.carrier import carrier_of
from callwright.telephony.media_streams.xml_vendor import VendorKeys
from callwright.telephony.number_markets.rest import auth_headers
from callwright.telephony.number_markets.vobiz import ACCOUNT, API, API_URL, KEYS, NAME
from callwright.telephony.plivo.vendor import FRAMING, Dialect, PlivoCalls


def _media(stream: str, payload: str) -> Mapping[str, Any]:
    return {**FRAMING.media(stream, payload), "streamId": stream}


VOBIZ = Dialect(
    NAME,
    VendorKeys(*KEYS, number="VOBIZ_PHONE_NUMBER", api=API_URL),
    API,
    ACCOUNT,
    "x-vobiz-signature-v3",
    replace(FRAMING, media=_media),
    auth_headers,
    signs_address=True,
    cancels_orders=False,
    attaches_numbers=True,
)

_KEYS = VOBIZ.keys
_SUMMARY = "calls over Vobiz, with the account's own keys"
_CARRIER = carrier_of(partial(PlivoCalls, dialect=VOBIZ))

PLUGINS = (Plugin("carrier", VOBIZ.name, _SUMMARY, _CARRIER, keys=_KEYS.all, needed_keys=_KEYS.needed),)
