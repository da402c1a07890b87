"""The carrier ``plivo``: calls over Plivo's Voice API and its audio streams. See docs/how-to/carriers.md."""

from __future__ import annotations

from callwright.ports.registry import Plugin
from callwright.telephony.media_streams.carrier import carrier_of
from callwright.telephony.plivo.vendor import PLIVO, PlivoCalls

_KEYS = PLIVO.keys
_SUMMARY = "calls over Plivo, with the account's own keys"

PLUGINS = (Plugin("carrier", PLIVO.name, _SUMMARY, carrier_of(PlivoCalls), keys=_KEYS.all, needed_keys=_KEYS.needed),)
