"""The carrier ``twilio``: calls over Twilio's Programmable Voice and its Media Streams. See docs/how-to/twilio.md."""

from __future__ import annotations

from callwright.ports.registry import Plugin
from callwright.telephony.twilio.vendor import KEYS, NAME, NEEDED_KEYS, carrier

PLUGINS = (
    Plugin(
        "carrier", NAME, "calls over Twilio, with the account's own keys", carrier, keys=KEYS, needed_keys=NEEDED_KEYS
    ),
)
