"""The carrier ``exotel``: calls over Exotel's Voice API and its AgentStream. See docs/how-to/carriers.md."""

from __future__ import annotations

from callwright.ports.registry import Plugin
from callwright.telephony.exotel.numbers import ExotelNumbers
from callwright.telephony.exotel.vendor import KEYS, NAME, NEEDED_KEYS, ExotelCalls
from callwright.telephony.media_streams.carrier import carrier_of
from callwright.telephony.number_markets.rest import sender_of

_SUMMARY = "calls over Exotel, with the account's own keys"
_NUMBERS = "numbers of Exotel that the account has there"

PLUGINS = (
    Plugin("carrier", NAME, _SUMMARY, carrier_of(ExotelCalls), keys=KEYS, needed_keys=NEEDED_KEYS),
    Plugin(
        "market",
        NAME,
        _NUMBERS,
        lambda context: ExotelNumbers(sender_of(context)),
        keys=(*ExotelNumbers.keys, *ExotelNumbers.address_keys),
        needed_keys=ExotelNumbers.keys,
    ),
)
