"""The carrier ``asterisk``: calls through an Asterisk of the operator, over ARI and its media websocket."""

from __future__ import annotations

from callwright.ports.registry import Plugin
from callwright.telephony.asterisk.carrier import AsteriskCarrier

PLUGINS = (Plugin("carrier", "asterisk", "phone numbers, through the operator's own Asterisk", AsteriskCarrier.build),)
