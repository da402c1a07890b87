"""The carrier contract over Twilio: real doors and websockets on loopback, and a stand-in of the vendor at the other end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

from tests.contract.test_plugins import TESTED
from tests.number_vendors import SID, TOKEN
from tests.twilio_vendor import TwilioVendor, twilio_vendor

from callwright.api.doors import Doors
from callwright.cli.serving import bind, http_server, url_of
from callwright.domain.provider_access import Access
from callwright.net.client import GuardedClient
from callwright.ops.clock import SystemClock
from callwright.ops.ids import RandomIds
from callwright.ports.leg import DialRequest, Leg, LegListener
from callwright.ports.registry import PluginContext
from callwright.telephony.media_streams.carrier import StreamCarrier
from callwright.telephony.twilio import PLUGINS
from callwright.testing import CarrierContract

ACCESS = {"TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_PHONE_NUMBER": "+15550100"}


def to(number: str, call: str = "e1.1") -> DialRequest:
    return DialRequest(call, number, "", 20)


class TestTwilio(CarrierContract):
    plugin = PLUGINS[0]
    answers, second = to("+15550199"), to("+15550199", "e2.1")
    rings, refused, impossible = to("+15550111"), to("+15550122"), to("+15550000")

    def opened(self) -> AbstractAsyncContextManager[AtStandIn]:
        return self._at_stand_in()

    @asynccontextmanager
    async def _at_stand_in(self) -> AsyncIterator[AtStandIn]:
        vendor = TwilioVendor(outcomes={"+15550111": "rings", "+15550122": "busy"})
        listener = bind("127.0.0.1", 0)
        doors = Doors(url_of(listener), RandomIds(), SystemClock())
        async with (
            twilio_vendor(vendor),
            GuardedClient(allow_private=True) as client,
            http_server(doors, listener),
        ):
            context = PluginContext({}, self.models_folder, http=client, doors=doors)
            carrier = AtStandIn(self.plugin.factory(context), vendor.url)
            doors.mount(self.plugin.name, carrier.doors())
            yield carrier
            await carrier.aclose()


class AtStandIn:
    """The carrier, whose calls have an account at the stand-in."""

    def __init__(self, carrier: StreamCarrier, api: str) -> None:
        self.name, self.doors, self.open, self.aclose = carrier.name, carrier.doors, carrier.open, carrier.aclose
        self._carrier = carrier
        self._access = Access({**ACCESS, "TWILIO_API_URL": api})

    async def dial(self, request: DialRequest, listener: LegListener) -> Leg:
        return await self._carrier.dial(replace(request, access=self._access), listener)


def test_the_suite_of_plugins_counts_this_one() -> None:
    assert ("carrier", "twilio") in TESTED
