"""The carrier ``twilio``: calls over Twilio's Programmable Voice and its Media Streams. See docs/how-to/carriers.md."""

from __future__ import annotations

from callwright.ports.registry import Plugin
from callwright.telephony.media_streams.carrier import carrier_of
from callwright.telephony.twilio.vendor import KEYS, NAME, TwilioCalls

_SUMMARY = "calls over Twilio, with the account's own keys"

PLUGINS = (Plugin("carrier", NAME, _SUMMARY, carrier_of(TwilioCalls), keys=KEYS.all, needed_keys=KEYS.needed),)
