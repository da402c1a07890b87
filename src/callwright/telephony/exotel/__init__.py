"""The carrier ``exotel``: calls over Exotel's Voice API and its AgentStream. See docs/how-to/more-carriers.md."""

from __future__ import annotations

from callwright.ports.registry import Plugin
from callwright.telephony.exotel.vendor import KEYS, NAME, NEEDED_KEYS, ExotelCalls
from callwright.telephony.media_streams.carrier import carrier_of

_SUMMARY = "calls over Exotel, with the account's own keys"

PLUGINS = (Plugin("carrier", NAME, _SUMMARY, carrier_of(ExotelCalls), keys=KEYS, needed_keys=NEEDED_KEYS),)
