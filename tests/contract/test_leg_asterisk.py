"""The carrier contract over a stand-in of Asterisk, and what Asterisk alone does to a leg."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from tests.asterisk_stand_in import BUSY, PASSWORD, RINGS, USER, StandIn, stand_in
from tests.phone.bare_carrier import Desk

from callwright.ports.leg import Carrier, DialRequest
from callwright.ports.registry import PluginContext
from callwright.telephony.asterisk import PLUGINS
from callwright.telephony.asterisk.carrier import AsteriskCarrier
from callwright.testing import CarrierContract


class TestLines(CarrierContract):
    plugin = PLUGINS[0]
    answers, second = DialRequest("e1.1", "+15550199", "", 20), DialRequest("e2.1", "+15550199", "", 20)
    rings, refused = DialRequest("e1.1", "+15550111", "", 20), DialRequest("e1.1", "+15550122", "", 20)
    impossible = DialRequest("e1.1", "sip:bob@127.0.0.1", "", 20)
    as_json = False

    def opened(self) -> AbstractAsyncContextManager[Carrier]:
        return self._at_stand_in()

    @asynccontextmanager
    async def _at_stand_in(self) -> AsyncIterator[Carrier]:
        outcomes = {"+15550111": RINGS, "+15550122": BUSY}
        async with stand_in(StandIn(outcomes, as_json=self.as_json)) as pbx:
            settings = {"asterisk_url": pbx.url, "asterisk_user": USER, "asterisk_password": PASSWORD}
            carrier = self.plugin.factory(PluginContext(settings, self.models_folder))
            assert isinstance(carrier, AsteriskCarrier)
            await carrier.open(Desk())
            yield carrier
            await carrier.aclose()


class TestJson(TestLines):
    as_json = True
