"""The carrier ``plivo``: calls over Plivo's Voice API and its audio streams."""

from __future__ import annotations

from callwright.ports.registry import Plugin
from callwright.telephony.media_streams.carrier import carrier_of
from callwright.telephony.plivo.vendor import KEYS, NAME, PlivoCalls

_SUMMARY = "calls over Plivo, with the account's own keys"

PLUGINS = (Plugin("carrier", NAME, _SUMMARY, carrier_of(PlivoCalls), keys=KEYS.all, needed_keys=KEYS.needed),)
