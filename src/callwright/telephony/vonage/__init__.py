"""The carrier ``vonage``: calls over Vonage's Voice API and its websockets. See docs/how-to/carriers.md."""

from __future__ import annotations

from callwright.ops.clock import SystemClock
from callwright.ops.ids import RandomIds
from callwright.ports.registry import Plugin
from callwright.telephony.media_streams.carrier import carrier_of
from callwright.telephony.number_markets.rest import sender_of
from callwright.telephony.vonage.account import NAME
from callwright.telephony.vonage.numbers import VonageNumbers
from callwright.telephony.vonage.vendor import KEYS, NEEDED_KEYS, VonageCalls

_SUMMARY = "calls over Vonage, with the account's own keys"
_CARRIER = carrier_of(lambda sender: VonageCalls(sender, SystemClock(), RandomIds()))
_NUMBERS = "numbers of Vonage that the account has there"

PLUGINS = (
    Plugin("carrier", NAME, _SUMMARY, _CARRIER, keys=KEYS, needed_keys=NEEDED_KEYS),
    Plugin(
        "market",
        NAME,
        _NUMBERS,
        lambda context: VonageNumbers(sender_of(context)),
        keys=(*VonageNumbers.keys, *VonageNumbers.address_keys),
        needed_keys=VonageNumbers.keys,
    ),
)
