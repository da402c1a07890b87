"""The carrier ``telnyx``: calls over Telnyx's Voice API and its media streams. See docs/how-to/carriers.md."""

from __future__ import annotations

from callwright.ports.registry import Plugin
from callwright.telephony.number_markets.rest import sender_of
from callwright.telephony.telnyx.numbers import TelnyxNumbers
from callwright.telephony.telnyx.vendor import KEYS, NAME, NEEDED_KEYS, carrier

_SUMMARY = "calls over Telnyx, with the account's own keys"
_NUMBERS = "numbers of Telnyx that the account has there"

PLUGINS = (
    Plugin("carrier", NAME, _SUMMARY, carrier, keys=KEYS, needed_keys=NEEDED_KEYS),
    Plugin(
        "market",
        NAME,
        _NUMBERS,
        lambda context: TelnyxNumbers(sender_of(context)),
        keys=(*TelnyxNumbers.keys, *TelnyxNumbers.address_keys),
        needed_keys=TelnyxNumbers.keys,
    ),
)
