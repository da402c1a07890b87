"""The carrier ``web-call``: calls that a page in a browser makes over a websocket. See docs/how-to/browser-calls.md."""

from __future__ import annotations

from callwright.ports.registry import Plugin
from callwright.ports.web_call import WEB_CALL
from callwright.telephony.browser.carrier import BrowserCarrier

PLUGINS = (Plugin("carrier", WEB_CALL, "calls from a page in a browser", BrowserCarrier.build, aliases=("browser",)),)
