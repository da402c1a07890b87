"""The carriers ``sip`` and ``sip-trunk``: SIP phones and trunks, through a gateway process of its own. See docs/how-to/phones.md."""

from __future__ import annotations

from callwright.ports.registry import Plugin
from callwright.telephony.sip.carrier import SipCarrier
from callwright.telephony.sip.trunk_carrier import SipTrunkCarrier

PLUGINS = (
    Plugin("carrier", "sip", "SIP phones on this machine or a network, by UDP", SipCarrier.build),
    Plugin("carrier", "sip-trunk", "phone numbers, through the gateways of a SIP trunk", SipTrunkCarrier.build),
)
