"""The carrier ``telnyx``: calls over Telnyx's Voice API and its media streams. See docs/how-to/more-carriers.md."""

from __future__ import annotations

from callwright.ports.registry import Plugin
from callwright.telephony.telnyx.vendor import KEYS, NAME, NEEDED_KEYS, carrier

PLUGINS = (
    Plugin(
        "carrier", NAME, "calls over Telnyx, with the account's own keys", carrier, keys=KEYS, needed_keys=NEEDED_KEYS
    ),
)
