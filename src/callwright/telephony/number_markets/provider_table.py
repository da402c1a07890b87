"""The carriers that rent numbers, as plugins of the kind ``market``."""

from __future__ import annotations

from callwright.ports.registry import Plugin
from callwright.telephony.number_markets import plivo, twilio

PLUGINS = (
    Plugin(
        "market",
        twilio.NAME,
        "numbers of Twilio, with the account's own keys",
        lambda context: twilio.TwilioMarket(context.services["market_client"]),
        keys=twilio.KEYS,
    ),
    Plugin(
        "market",
        plivo.NAME,
        "numbers of Plivo, with the account's own keys",
        lambda context: plivo.PlivoMarket(context.services["market_client"]),
        keys=plivo.KEYS,
    ),
)
