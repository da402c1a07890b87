"""The carrier ``plivo``: calls over Plivo's Voice API and its audio streams."""

from __future__ import annotations

from callwright.ports.registry import Plugin
from callwright.telephony.plivo.vendor import KEYS, NAME, NEEDED_KEYS, carrier

PLUGINS = (
    Plugin(
        "carrier", NAME, "calls over Plivo, with the account's own keys", carrier, keys=KEYS, needed_keys=NEEDED_KEYS
    ),
)
