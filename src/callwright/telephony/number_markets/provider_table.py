"""The carriers that rent numbers, as plugins of the kind ``market``."""

from __future__ import annotations

from callwright.ports.registry import Plugin
from callwright.telephony.number_markets import plivo, twilio, vobiz
from callwright.telephony.number_markets.rest import sender_of

PLUGINS = (
    Plugin(
        "market",
        twilio.NAME,
        "numbers of Twilio, with the account's own keys",
        lambda context: twilio.TwilioMarket(sender_of(context)),
        keys=(*twilio.KEYS, twilio.API_URL),
        needed_keys=twilio.KEYS,
    ),
    Plugin(
        "market",
        plivo.NAME,
        "numbers of Plivo, with the account's own keys",
        lambda context: plivo.PlivoMarket(sender_of(context)),
        keys=(*plivo.KEYS, plivo.API_URL),
        needed_keys=plivo.KEYS,
    ),
    Plugin(
        "market",
        vobiz.NAME,
        "the numbers of an account at Vobiz, which rents them in its console",
        lambda context: vobiz.VobizNumbers(sender_of(context)),
        keys=(*vobiz.KEYS, vobiz.API_URL),
        needed_keys=vobiz.KEYS,
    ),
)
