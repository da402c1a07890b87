"""The carrier ``sip``: SIP phones, through a gateway process of its own. See docs/how-to/phones.md."""

from __future__ import annotations

from callwright.ports.registry import Plugin
from callwright.telephony.sip.carrier import SipCarrier

PLUGINS = (Plugin("carrier", "sip", "SIP phones on this machine or a network, by UDP", SipCarrier.build),)
